use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::ContentHasher;

/// BLAKE3: digests in its key-derivation mode, one domain each; streams in its keyed mode.
///
/// A digest is `derive_key(domain)` over every part as its length (8 bytes, little-endian) and its bytes.
/// A stream is the keyed hash of the context, read from the offset on.
/// # Source
/// The BLAKE3 specification, sections 2.3 (modes), 2.6 (extendable output).
#[derive(Clone, Copy, Debug, Default)]
pub struct Blake3;

impl ContentHasher for Blake3 {
    fn digest(&self, domain: &str, parts: &[&[u8]]) -> Digest {
        let mut hasher = blake3::Hasher::new_derive_key(domain);
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Digest::from_bytes(*hasher.finalize().as_bytes())
    }

    fn expand(&self, key: &[u8; 32], context: &[u8], offset: u64, output: &mut [u8]) {
        let mut hasher = zeroize::Zeroizing::new(blake3::Hasher::new_keyed(key));
        hasher.update(context);
        let mut stream = zeroize::Zeroizing::new(hasher.finalize_xof());
        stream.set_position(offset);
        stream.fill(output);
    }
}
