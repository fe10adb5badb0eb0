use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::KeyAgreement;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroize;

/// X25519; the all-zero result of a peer's key of small order is refused.
///
/// # Source
/// RFC 7748, sections 5 and 6.1.
#[derive(Clone, Copy, Debug, Default)]
pub struct X25519;

impl KeyAgreement for X25519 {
    fn public_key(&self, secret: &[u8; 32]) -> [u8; 32] {
        PublicKey::from(&StaticSecret::from(*secret)).to_bytes()
    }

    fn agree(&self, secret: &[u8; 32], peer: &[u8; 32], shared: &mut [u8; 32]) -> Result<(), KeyError> {
        let result = StaticSecret::from(*secret).diffie_hellman(&PublicKey::from(*peer));
        if result.was_contributory() {
            shared.copy_from_slice(result.as_bytes());
            Ok(())
        } else {
            shared.zeroize();
            Err(KeyError::Agreement)
        }
    }
}
