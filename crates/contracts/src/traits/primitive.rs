use crate::key::{Digest, KeyError};

/// Seals and opens with one key. Implemented by `crypto`; used by `privacy`, `identity` and `node`.
///
/// A nonce is used once for a key, which is the caller's duty.
pub trait Aead {
    /// Seals the buffer in place and appends a tag of 16 bytes.
    ///
    /// # Errors
    /// [`KeyError::OutputTooLong`] beyond what one nonce may seal.
    fn seal(&self, key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], buffer: &mut Vec<u8>) -> Result<(), KeyError>;

    /// Opens the buffer in place and takes the tag off.
    ///
    /// # Errors
    /// [`KeyError::Sealed`] if anything differs from what was sealed; the buffer is then empty.
    fn open(&self, key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], buffer: &mut Vec<u8>) -> Result<(), KeyError>;
}

/// Two parties come to one secret over an open link. Implemented by `crypto`; used by `privacy` and `node`.
pub trait KeyAgreement {
    /// The public key of a secret.
    fn public_key(&self, secret: &[u8; 32]) -> [u8; 32];

    /// Fills `shared` with the secret shared with the peer. It is not a key yet: derive one with [`Kdf`].
    ///
    /// # Errors
    /// [`KeyError::Agreement`] if the peer's key is of small order; `shared` is then zero.
    fn agree(&self, secret: &[u8; 32], peer: &[u8; 32], shared: &mut [u8; 32]) -> Result<(), KeyError>;
}

/// Derives keys from a secret. Implemented by `crypto`; used by `privacy` and `identity`.
pub trait Kdf {
    /// Fills `output` with what follows from secret, salt and purpose.
    ///
    /// # Errors
    /// [`KeyError::OutputTooLong`] beyond what one derivation may give.
    fn derive(&self, secret: &[u8], salt: &[u8], info: &[u8], output: &mut [u8]) -> Result<(), KeyError>;
}

/// Hashes contents. Implemented by `crypto`; used by every engine that names things by their contents.
pub trait ContentHasher {
    /// The digest of the parts, each taken with its length, under a domain such as `cosmosmesh/sync/entry/1`.
    ///
    /// Two domains never give one digest, and neither do two ways to cut the same bytes into parts.
    fn digest(&self, domain: &str, parts: &[&[u8]]) -> Digest;

    /// Fills `output` with the stretch that starts `offset` bytes into the keyed stream of a context.
    ///
    /// A pseudo-random function of key and context; equal arguments give equal bytes.
    /// # Cost
    /// One pass over the context for each call, then as much as the output is long.
    fn expand(&self, key: &[u8; 32], context: &[u8], offset: u64, output: &mut [u8]);
}

/// Where randomness comes from. Implemented by `crypto` from the system, and by a seeded source for simulations.
pub trait SecureRandom {
    /// Fills `output`.
    ///
    /// # Errors
    /// [`KeyError::Random`]; nothing that needs a secret may go on.
    fn fill(&mut self, output: &mut [u8]) -> Result<(), KeyError>;

    /// Whether somebody who knows a seed can foretell it: right for simulations, refused for flight.
    fn is_seeded(&self) -> bool;
}
