/// One of the seeds, changed in one to four places by a number: the same number gives the same bytes on every machine.
///
/// For the tests of readers and decoders. Bits are flipped, bytes set to the edges of their range, texts cut, lengthened and joined, and figures made to claim a great deal.
/// The result is never empty, and may happen to be a seed.
///
/// # Panics
/// If there is no seed.
pub fn mutant(seeds: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut state = number;
    // The remainder prefers small numbers by far less than a test can see.
    let mut draw = |below: usize| (split_mix(&mut state) % below.max(1) as u64) as usize;
    let mut bytes = seeds[draw(seeds.len())].clone();
    for _ in 0..=draw(3) {
        if bytes.is_empty() {
            bytes.push(0);
        }
        // Most structure is at the beginning.
        let reach = if draw(2) == 0 { bytes.len() } else { bytes.len().min(400) };
        let at = draw(reach);
        match draw(7) {
            0 => bytes[at] ^= 1 << draw(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][draw(5)],
            2 => bytes.truncate(at.max(1)),
            3 => bytes.insert(at, draw(256) as u8),
            4 => drop(bytes.drain(at..(at + 1 + draw(40)).min(bytes.len()))),
            5 => {
                let claim: &[u8] = if draw(2) == 0 { b"9999999999" } else { &[0xff; 9] };
                bytes.splice(at..at, claim.iter().copied()).for_each(drop);
            }
            _ => {
                let other = &seeds[draw(seeds.len())];
                let from = draw(other.len());
                let stretch = &other[from..other.len().min(from + 1 + draw(40))];
                bytes.truncate(at);
                bytes.extend_from_slice(stretch);
            }
        }
    }
    if bytes.is_empty() {
        bytes.push(0);
    }
    bytes
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
