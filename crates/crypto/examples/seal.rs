//! Two nodes come to a key over an open link, and one seals a text for the other.

#![allow(clippy::print_stdout)] // an example shows what it did

use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::{Aead, Kdf, KeyAgreement};
use cosmosmesh_crypto::{ChaCha20Poly1305, HkdfSha256, Secret, SystemRandom, X25519};

fn main() -> Result<(), KeyError> {
    let mut random = SystemRandom::new();
    let (rover, habitat) = (Secret::random(&mut random)?, Secret::random(&mut random)?);
    let key = |own: &Secret, peer: &Secret| {
        let mut shared = [0; 32];
        X25519.agree(own.expose(), &X25519.public_key(peer.expose()), &mut shared)?;
        let mut key = [0; 32];
        HkdfSha256.derive(&shared, b"", b"example/seal/1", &mut key)?;
        Ok::<_, KeyError>(Secret::take(&mut key))
    };
    let mut text = b"battery low".to_vec();
    ChaCha20Poly1305.seal(key(&rover, &habitat)?.expose(), &[0; 12], b"from rover to habitat", &mut text)?;
    println!("{} bytes on the link", text.len());
    ChaCha20Poly1305.open(key(&habitat, &rover)?.expose(), &[0; 12], b"from rover to habitat", &mut text)?;
    println!("{}", String::from_utf8_lossy(&text));
    Ok(())
}
