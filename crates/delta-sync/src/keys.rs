//! The primitives that a replica is handed.

use core::fmt;
use std::sync::Arc;

use cosmosmesh_contracts::traits::{ContentHasher, Signer, Verifier};

/// The key traits as one value: who signs, who checks, who hashes.
#[derive(Clone)]
pub struct Keys {
    /// Signs this replica's own entries.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// Checks everybody's.
    pub verifier: Arc<dyn Verifier + Send + Sync>,
    /// Hashes entries, bodies and states.
    pub hasher: Arc<dyn ContentHasher + Send + Sync>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys {{ signer: {} }}", self.signer.node_id())
    }
}
