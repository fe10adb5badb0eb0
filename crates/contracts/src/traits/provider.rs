use std::sync::Arc;

use super::{Aead, ContentHasher, Kdf, KeyAgreement, SecureRandom, Signer, Verifier};
use crate::key::Suite;

/// One implementation of each key trait: a value that is built at the edge and handed inwards.
///
/// Built by `crypto` and by whoever keeps keys in hardware; used by `privacy` and `node`. Any field may be replaced, such as the signer or the source of randomness.
pub struct CryptoProvider {
    /// Which primitives the others stand for; its code goes into everything signed or sealed.
    pub suite: Suite,
    /// Signs in this node's name.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// Checks everybody's signatures.
    pub verifier: Arc<dyn Verifier + Send + Sync>,
    /// Seals and opens.
    pub aead: Arc<dyn Aead + Send + Sync>,
    /// Comes to a secret with a peer.
    pub agreement: Arc<dyn KeyAgreement + Send + Sync>,
    /// Derives keys from it.
    pub kdf: Arc<dyn Kdf + Send + Sync>,
    /// Names things by their contents and expands keys to streams.
    pub hasher: Arc<dyn ContentHasher + Send + Sync>,
    /// Draws secrets, nonces and noise.
    pub random: Box<dyn SecureRandom + Send>,
}

impl CryptoProvider {
    /// Whether somebody who knows a seed can foretell its secrets: right for simulations, refused for flight.
    pub fn is_seeded(&self) -> bool {
        self.random.is_seeded()
    }

    /// The same provider with another source of randomness, signing in another name.
    pub fn with(&self, signer: Arc<dyn Signer + Send + Sync>, random: Box<dyn SecureRandom + Send>) -> Self {
        Self {
            suite: self.suite,
            signer,
            verifier: Arc::clone(&self.verifier),
            aead: Arc::clone(&self.aead),
            agreement: Arc::clone(&self.agreement),
            kdf: Arc::clone(&self.kdf),
            hasher: Arc::clone(&self.hasher),
            random,
        }
    }
}
