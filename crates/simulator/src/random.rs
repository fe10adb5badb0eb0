//! Seeded random streams, one per name: what one link draws never shifts what another one sees.

/// A stream of random numbers that follows from a seed and a name alone.
///
/// # Source
/// xoshiro256++ (Blackman and Vigna, 2019), its state filled by SplitMix64 from the seed and the FNV-1a hash of the name.
/// Not for cryptography.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    state: [u64; 4],
}

impl Stream {
    /// The stream of a name.
    pub fn new(seed: u64, name: &str) -> Self {
        let hash = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        let mut mix = seed ^ hash.rotate_left(32);
        let state = core::array::from_fn(|_| split_mix(&mut mix));
        Self { state }
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0.0..1.0`, evenly spread over multiples of 2^-53.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// A number in `lower..upper`.
    pub fn between(&mut self, lower: f64, upper: f64) -> f64 {
        lower + (upper - lower) * self.unit()
    }

    /// True with this probability. Always draws once, so that streams stay in step whatever the probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xoshiro_gives_the_published_numbers() {
        let mut stream = Stream { state: [1, 2, 3, 4] };
        let first = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205];
        assert_eq!(first, core::array::from_fn(|_| stream.bits()));
    }

    #[test]
    fn split_mix_gives_the_published_numbers() {
        let mut state = 1_234_567;
        let first = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(first, core::array::from_fn(|_| split_mix(&mut state)));
    }

    #[test]
    fn streams_differ_by_name_and_by_seed_and_repeat() {
        let draw = |seed, name: &str| Stream::new(seed, name).bits();
        assert_eq!(draw(7, "rover-1"), draw(7, "rover-1"));
        assert_ne!(draw(7, "rover-1"), draw(7, "rover-2"));
        assert_ne!(draw(7, "rover-1"), draw(8, "rover-1"));
    }

    #[test]
    fn chance_comes_near_its_probability() {
        let mut stream = Stream::new(1, "coin");
        let hits = (0..100_000).filter(|_| stream.chance(0.1)).count();
        // Standard deviation 95: five of them.
        assert!((9_500..10_500).contains(&hits), "{hits} of 100000 at probability 0.1");
    }
}
