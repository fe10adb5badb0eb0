use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::Aead;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, MAX_TAG_LEN, Nonce, UnboundKey};
use zeroize::Zeroize;

/// ChaCha20-Poly1305 with the caller's nonces.
///
/// # Source
/// RFC 8439.
#[derive(Clone, Copy, Debug, Default)]
pub struct ChaCha20Poly1305;

impl ChaCha20Poly1305 {
    /// The most that one nonce seals: 2^32 - 1 blocks of the stream, of which one makes the tag's key.
    const SEALED_MAX: u64 = 64 * ((1 << 32) - 2);
}

impl Aead for ChaCha20Poly1305 {
    fn seal(&self, key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], buffer: &mut Vec<u8>) -> Result<(), KeyError> {
        let too_long = KeyError::OutputTooLong { bytes: buffer.len() };
        if buffer.len() as u64 > Self::SEALED_MAX {
            return Err(too_long);
        }
        // The text must not be left behind, unwiped, where the buffer stood before it grew.
        if buffer.capacity() - buffer.len() < MAX_TAG_LEN {
            let mut larger = Vec::with_capacity(buffer.len() + MAX_TAG_LEN);
            larger.extend_from_slice(buffer);
            buffer.zeroize();
            *buffer = larger;
        }
        let nonce = Nonce::assume_unique_for_key(*nonce);
        cipher(key).seal_in_place_append_tag(nonce, Aad::from(associated), buffer).map_err(|_| too_long)
    }

    fn open(&self, key: &[u8; 32], nonce: &[u8; 12], associated: &[u8], buffer: &mut Vec<u8>) -> Result<(), KeyError> {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        match cipher(key).open_in_place(nonce, Aad::from(associated), buffer).map(|text| text.len()) {
            Ok(len) => {
                buffer.truncate(len);
                Ok(())
            }
            Err(_) => {
                buffer.zeroize();
                Err(KeyError::Sealed)
            }
        }
    }
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("this cannot fail because the key has 32 bytes"))
}
