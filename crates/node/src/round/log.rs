use std::collections::BTreeMap;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_privacy::mask::{HeaderLog, SignedHeader};

/// Where a node keeps the headers of rounds: one per round, for ever.
///
/// Implemented by [`MemoryLog`]; by the ledger when the node has one.
pub trait RoundLog: HeaderLog {
    /// Puts a header in; says whether it stands there now. A second, different header of a round does not.
    fn append(&mut self, header: &SignedHeader) -> bool;
}

/// The headers that one node has heard, in memory.
///
/// It tells what this node heard first, not what everybody heard: two nodes can be shown two headers until a log that the fleet shares is there.
/// Quorums of guardians still open at most one of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    rounds: BTreeMap<u64, Digest>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }
}

impl HeaderLog for MemoryLog {
    fn holds(&self, header: &Digest) -> bool {
        self.rounds.values().any(|known| known == header)
    }
}

impl RoundLog for MemoryLog {
    fn append(&mut self, header: &SignedHeader) -> bool {
        *self.rounds.entry(header.header().round).or_insert(header.hash()) == header.hash()
    }
}
