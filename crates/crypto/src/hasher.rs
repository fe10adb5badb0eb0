use std::cell::RefCell;

use blake3::hazmat::{ContextKey, HasherExt as _, hash_derive_key_context};
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
        let mut hasher = blake3::Hasher::new_from_context_key(&context_key(domain));
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

thread_local! {
    /// The domains hashed under last on this thread, and what they hash to.
    static CONTEXTS: RefCell<Vec<(String, ContextKey)>> = const { RefCell::new(Vec::new()) };
}

/// How many domains are remembered.
const CONTEXTS_MAX: usize = 8;

/// The key that a domain stands for. Short parts are most of what is hashed, and for them this would be a quarter of the work.
fn context_key(domain: &str) -> ContextKey {
    CONTEXTS.with_borrow_mut(|contexts| {
        if let Some((_, key)) = contexts.iter().find(|(known, _)| known == domain) {
            return *key;
        }
        let key = hash_derive_key_context(domain);
        if contexts.len() == CONTEXTS_MAX {
            contexts.remove(0);
        }
        contexts.push((domain.to_owned(), key));
        key
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_domain_hashes_as_a_new_one() {
        for round in 0..3 {
            for k in 0..2 * CONTEXTS_MAX {
                let domain = format!("cosmosmesh/test/{k}");
                let digest = Blake3.digest(&domain, &[b"part"]);
                let mut plain = blake3::Hasher::new_derive_key(&domain);
                plain.update(&4_u64.to_le_bytes()).update(b"part");
                assert_eq!(digest.as_bytes(), plain.finalize().as_bytes(), "{round} {k}");
            }
        }
        assert_eq!(CONTEXTS.with_borrow(Vec::len), CONTEXTS_MAX);
    }
}
