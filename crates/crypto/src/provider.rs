use std::sync::Arc;

use cosmosmesh_contracts::key::Suite;
use cosmosmesh_contracts::traits::{CryptoProvider, SecureRandom, Signer};

use crate::{Blake3, ChaCha20Poly1305, Ed25519Verifier, HkdfSha256, SystemRandom, X25519};

/// Suite one with the system's randomness, signing in the given name.
pub fn provider(signer: Arc<dyn Signer + Send + Sync>) -> CryptoProvider {
    assemble(signer, Box::new(SystemRandom::new()))
}

/// Suite one with a seed's randomness: for simulations. [`CryptoProvider::is_seeded`] tells, and flight software refuses it.
#[cfg(feature = "seeded")]
pub fn seeded_provider(signer: Arc<dyn Signer + Send + Sync>, seed: u64, name: &str) -> CryptoProvider {
    assemble(signer, Box::new(crate::SeededRandom::new(seed, name)))
}

/// The signer that a seed and a name stand for, in a simulation.
#[cfg(feature = "seeded")]
pub fn seeded_signer(seed: u64, name: &str) -> crate::Ed25519Signer {
    let mut bytes = [0; 32];
    let filled = crate::SeededRandom::new(seed, &format!("signer/{name}")).fill(&mut bytes);
    filled.expect("this cannot fail because a seeded stream does not end");
    crate::Ed25519Signer::new(crate::Secret::take(&mut bytes))
}

fn assemble(signer: Arc<dyn Signer + Send + Sync>, random: Box<dyn SecureRandom + Send>) -> CryptoProvider {
    CryptoProvider {
        suite: Suite::One,
        signer,
        verifier: Arc::new(Ed25519Verifier::new()),
        aead: Arc::new(ChaCha20Poly1305),
        agreement: Arc::new(X25519),
        kdf: Arc::new(HkdfSha256),
        hasher: Arc::new(Blake3),
        random,
    }
}
