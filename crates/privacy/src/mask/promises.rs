use std::collections::BTreeMap;

use cosmosmesh_contracts::traits::{ContentHasher, CryptoProvider};

/// The nonces that agents will use next where guardians answer ahead: they follow from those of the messages that were heard last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises(pub(crate) BTreeMap<u32, [u8; 16]>);

impl Promises {
    /// Of these agents, whose last nonces these are.
    pub(crate) fn after(last: impl Iterator<Item = (u32, [u8; 16])>, crypto: &CryptoProvider) -> Self {
        Self(last.map(|(agent, nonce)| (agent, next_nonce(&nonce, &*crypto.hasher))).collect())
    }

    /// How many agents promise.
    pub fn agent_count(&self) -> usize {
        self.0.len()
    }
}

/// The nonce that follows from this one.
///
/// # Privacy
/// Everybody can work it out; nonces are public. They keep masks apart together with the round's header.
pub(crate) fn next_nonce(last: &[u8; 16], hasher: &dyn ContentHasher) -> [u8; 16] {
    let digest = hasher.digest("cosmosmesh/mask/nonce/1", &[last]);
    let mut next = [0; 16];
    next.copy_from_slice(&digest.as_bytes()[..16]);
    next
}
