use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::ContentHasher;
use zeroize::{Zeroize, Zeroizing};

use super::codec::Writer;

/// One secret key that an agent shares with a subset of guardians: wiped when dropped, never shown, copied only to be ratcheted.
pub(crate) struct MaskKey(Zeroizing<[u8; 32]>);

impl MaskKey {
    /// Takes the bytes over and wipes where they stood.
    pub(crate) fn take(bytes: &mut [u8; 32]) -> Self {
        let key = Self(Zeroizing::new(*bytes));
        bytes.zeroize();
        key
    }

    pub(crate) fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that follows from this one; the way back is closed.
    fn next(&self, hasher: &dyn ContentHasher) -> Self {
        let mut next = Zeroizing::new([0; 32]);
        hasher.expand(&self.0, b"cosmosmesh/mask/ratchet/1", 0, &mut *next);
        Self(next)
    }

    /// What an agent commits to.
    pub(crate) fn commitment(&self, hasher: &dyn ContentHasher, roster: &Digest, agent: u32, subset: u8) -> Digest {
        let key: &[u8] = &*self.0;
        hasher.digest("cosmosmesh/mask/commitment/1", &[roster.as_ref(), &agent.to_le_bytes(), &[subset], key])
    }
}

/// Keys of one agent, at one step of the ratchet.
pub(crate) struct KeyRing {
    step: u64,
    keys: Vec<MaskKey>,
}

/// For how many rounds a key serves.
pub(crate) const ROUNDS_PER_STEP: u64 = 64;

impl KeyRing {
    pub(crate) fn new(keys: Vec<MaskKey>) -> Self {
        Self { step: 0, keys }
    }

    /// The oldest step that is still known.
    pub(crate) fn step(&self) -> u64 {
        self.step
    }

    /// Forgets every step before this one; older ones stay forgotten.
    pub(crate) fn forget_before(&mut self, step: u64, hasher: &dyn ContentHasher) {
        while self.step < step {
            self.keys.iter_mut().for_each(|key| *key = key.next(hasher));
            self.step += 1;
        }
    }

    /// The key with this index in a round, handed to whoever needs it; `None` if it is forgotten.
    pub(crate) fn with_key<T>(
        &self,
        index: usize,
        round: u64,
        hasher: &dyn ContentHasher,
        use_it: impl FnOnce(&MaskKey) -> T,
    ) -> Option<T> {
        let ahead = (round / ROUNDS_PER_STEP).checked_sub(self.step)?;
        let key = &self.keys[index];
        if ahead == 0 {
            return Some(use_it(key));
        }
        let mut later = key.next(hasher);
        for _ in 1..ahead {
            later = later.next(hasher);
        }
        Some(use_it(&later))
    }
}

/// Where a mask is used: no two transmissions have the same, and all fields are of fixed length, so no two are written alike.
#[derive(Clone, Copy)]
pub(crate) struct MaskContext<'a> {
    pub(crate) header: &'a Digest,
    pub(crate) agent: u32,
    pub(crate) subset: u8,
    pub(crate) nonce: &'a [u8; 16],
}

impl MaskContext<'_> {
    pub(crate) fn text(&self) -> Vec<u8> {
        let Self { header, agent, subset, nonce } = self;
        let text = Writer::bare().bytes("cosmosmesh/mask/words/1").u8(0).bytes(header);
        text.u32(*agent).u8(*subset).bytes(nonce).done()
    }
}

/// Adds masks to words, with one buffer for all of them.
pub(crate) struct Masker<'a> {
    hasher: &'a dyn ContentHasher,
    width: WordWidth,
    buffer: Zeroizing<Vec<u8>>,
}

/// Whole words of either width, and whole blocks of the stream.
const BUFFER_BYTES: usize = 24_576;

impl<'a> Masker<'a> {
    pub(crate) fn new(hasher: &'a dyn ContentHasher, width: WordWidth, word_count: usize) -> Self {
        let bytes = (word_count * width.bytes()).min(BUFFER_BYTES);
        Self { hasher, width, buffer: Zeroizing::new(vec![0; bytes]) }
    }

    /// Adds one mask, without reducing modulo `2^w`: see [`reduce`].
    pub(crate) fn add(&mut self, key: &MaskKey, context: &MaskContext<'_>, words: &mut [u64]) {
        let text = context.text();
        let mut offset = 0;
        for words in words.chunks_mut(BUFFER_BYTES / self.width.bytes()) {
            let bytes = &mut self.buffer[..words.len() * self.width.bytes()];
            self.hasher.expand(key.expose(), &text, offset, bytes);
            offset += bytes.len() as u64;
            add_packed(words, bytes, self.width);
        }
    }
}

/// Adds packed words, without reducing.
pub(crate) fn add_packed(words: &mut [u64], bytes: &[u8], width: WordWidth) {
    match width {
        WordWidth::Bits64 => {
            for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
                *word = word.wrapping_add(u64::from_le_bytes(*bytes));
            }
        }
        WordWidth::Bits48 => {
            // Four words are three words of the machine, which are read at once.
            let (whole, rest) = bytes.as_chunks::<24>();
            let (fours, others) = words.split_at_mut((4 * whole.len()).min(words.len()));
            for (four, bytes) in fours.as_chunks_mut::<4>().0.iter_mut().zip(whole) {
                let [a, b, c] = *bytes.as_chunks::<8>().0 else { continue };
                let (a, b, c) = (u64::from_le_bytes(a), u64::from_le_bytes(b), u64::from_le_bytes(c));
                four[0] = four[0].wrapping_add(a & LOW_48);
                four[1] = four[1].wrapping_add(a >> 48 | (b & 0xffff_ffff) << 16);
                four[2] = four[2].wrapping_add(b >> 32 | (c & 0xffff) << 32);
                four[3] = four[3].wrapping_add(c >> 16);
            }
            for (word, [a, b, c, d, e, f]) in others.iter_mut().zip(rest.as_chunks::<6>().0) {
                *word = word.wrapping_add(u64::from_le_bytes([*a, *b, *c, *d, *e, *f, 0, 0]));
            }
        }
    }
}

const LOW_48: u64 = (1 << 48) - 1;

/// Subtracts words, without reducing.
pub(crate) fn subtract(words: &mut [u64], others: &[u64]) {
    words.iter_mut().zip(others).for_each(|(word, other)| *word = word.wrapping_sub(*other));
}

/// Takes words modulo `2^w`.
pub(crate) fn reduce(words: &mut [u64], width: WordWidth) {
    if width != WordWidth::Bits64 {
        words.iter_mut().for_each(|word| *word &= width.mask());
    }
}

/// Words as bytes, behind what is there.
pub(crate) fn pack(words: &[u64], width: WordWidth, bytes: &mut Vec<u8>) {
    let start = bytes.len();
    bytes.resize(start + words.len() * width.bytes(), 0);
    match width {
        WordWidth::Bits64 => {
            let places = bytes[start..].as_chunks_mut::<8>().0;
            places.iter_mut().zip(words).for_each(|(place, word)| *place = word.to_le_bytes());
        }
        WordWidth::Bits48 => {
            let places = bytes[start..].as_chunks_mut::<6>().0;
            places.iter_mut().zip(words).for_each(|(place, word)| place.copy_from_slice(&word.to_le_bytes()[..6]));
        }
    }
}

/// Bytes as words.
pub(crate) fn unpack(bytes: &[u8], width: WordWidth) -> Vec<u64> {
    let mut words = vec![0; bytes.len() / width.bytes()];
    add_packed(&mut words, bytes, width);
    words
}

/// The words behind the data: the head count and two check words.
pub(crate) const EXTRA_WORDS: usize = 3;

/// A round's two check words of these data words, not reduced: sums with public coefficients, two for each word.
///
/// # Cost
/// Eight bytes of stream and two multiplications a word.
pub(crate) fn check_words(hasher: &dyn ContentHasher, header: &Digest, data: &[u64]) -> [u64; 2] {
    let (mut first, mut second) = (0_u64, 0_u64);
    let mut buffer = vec![0; (data.len() * 8).min(BUFFER_BYTES)];
    for (k, words) in data.chunks(BUFFER_BYTES / 8).enumerate() {
        let bytes = &mut buffer[..words.len() * 8];
        hasher.expand(header.as_bytes(), b"cosmosmesh/mask/check/1", (k * BUFFER_BYTES) as u64, bytes);
        for (word, [a, b, c, d, e, f, g, h]) in words.iter().zip(bytes.as_chunks::<8>().0) {
            first = first.wrapping_add(word.wrapping_mul(u64::from(u32::from_le_bytes([*a, *b, *c, *d]))));
            second = second.wrapping_add(word.wrapping_mul(u64::from(u32::from_le_bytes([*e, *f, *g, *h]))));
        }
    }
    [first, second]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn contexts_that_differ_are_written_differently() {
        let mut seen = BTreeSet::new();
        for header in [0, 1, 255].map(|byte| Digest::from_bytes([byte; 32])) {
            for agent in [0, 1, 256, u32::MAX] {
                for subset in [1, 2, 255] {
                    for nonce in [[0; 16], [1; 16], [255; 16]] {
                        let context = MaskContext { header: &header, agent, subset, nonce: &nonce };
                        assert!(seen.insert(context.text()));
                    }
                }
            }
        }
        assert_eq!(seen.iter().map(Vec::len).collect::<BTreeSet<_>>().len(), 1, "all are equally long");
    }

    #[test]
    fn words_pack_and_unpack_in_both_widths() {
        for width in [WordWidth::Bits48, WordWidth::Bits64] {
            for count in (0..20).chain([100]) {
                let word = |k: u64| (k + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) & width.mask();
                let words: Vec<u64> = (0..count).map(word).collect();
                let mut bytes = Vec::new();
                pack(&words, width, &mut bytes);
                assert_eq!(bytes.len(), words.len() * width.bytes());
                assert_eq!(unpack(&bytes, width), words);
                let first = words.iter().flat_map(|word| word.to_le_bytes().into_iter().take(width.bytes()));
                assert!(first.eq(bytes), "little-endian, one behind the other");
            }
        }
    }
}
