use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;

use crate::checkpoint::Quorum;
use crate::entry::MissionId;
use crate::interest::Interest;

/// What a replica is told when it is opened.
#[derive(Clone, Debug)]
pub struct ReplicaConfig {
    /// The mission; entries of another are refused.
    pub mission: MissionId,
    /// Which topics to hold.
    pub interest: Interest,
    /// Who may write; nobody else's entries are taken.
    pub roster: Roster,
    /// An entry further ahead of the clock than this is held: kept and passed on, but not yet part of the state. Milliseconds.
    pub skew_ms_max: i64,
    /// After how many new records the index is written out again.
    pub index_every: u64,
    /// Whether the store was restored from a copy; the replica then writes to new logs, since it may have forgotten entries, and neither proposes nor votes, since it may have forgotten that too.
    pub restored: bool,
    /// Who closes the past. Without a quorum no checkpoint counts here.
    pub quorum: Option<Quorum>,
}

impl ReplicaConfig {
    /// Every topic, every author, five minutes of skew.
    pub fn new(mission: MissionId) -> Self {
        Self {
            mission,
            interest: Interest::All,
            roster: Roster::Anyone,
            skew_ms_max: 300_000,
            index_every: 8_192,
            restored: false,
            quorum: None,
        }
    }
}

/// Who may write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Roster {
    /// Everybody, up to [`LOGS_MAX`] logs: for tests and for missions whose links admit members only.
    #[default]
    Anyone,
    /// These nodes.
    Only(BTreeSet<NodeId>),
}

impl Roster {
    /// Whether a node may write.
    pub fn admits(&self, node: &NodeId) -> bool {
        match self {
            Self::Anyone => true,
            Self::Only(nodes) => nodes.contains(node),
        }
    }
}

/// The most logs of one replica.
pub const LOGS_MAX: usize = 65_536;
