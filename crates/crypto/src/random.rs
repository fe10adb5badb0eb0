use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::SecureRandom;
use ring::rand::SecureRandom as _;

/// The operating system's randomness.
#[derive(Debug)]
pub struct SystemRandom(ring::rand::SystemRandom);

impl SystemRandom {
    /// A handle; nothing is kept in it.
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl SecureRandom for SystemRandom {
    fn fill(&mut self, output: &mut [u8]) -> Result<(), KeyError> {
        self.0.fill(output).map_err(|_| KeyError::Random)
    }

    fn is_seeded(&self) -> bool {
        false
    }
}

/// Randomness that follows from a seed, so that a simulation repeats. It says so: [`SecureRandom::is_seeded`].
#[cfg(feature = "seeded")]
pub struct SeededRandom {
    stream: blake3::OutputReader,
}

#[cfg(feature = "seeded")]
impl SeededRandom {
    /// The stream of a seed and a name; streams of different names are independent.
    pub fn new(seed: u64, name: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("cosmosmesh/crypto/seeded/1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(name.as_bytes());
        Self { stream: hasher.finalize_xof() }
    }
}

#[cfg(feature = "seeded")]
impl SecureRandom for SeededRandom {
    fn fill(&mut self, output: &mut [u8]) -> Result<(), KeyError> {
        self.stream.fill(output);
        Ok(())
    }

    fn is_seeded(&self) -> bool {
        true
    }
}
