use core::fmt;
use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;

/// Who closes the past: data of the mission, the same for every replica.
///
/// With more than half needed, a number has at most one certified checkpoint as long as no voter votes twice; where `f` of `n` voters may lie, more than `(n + f) / 2` are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    proposer: NodeId,
    voters: BTreeSet<NodeId>,
    needed: usize,
}

impl Quorum {
    /// A quorum of `needed` of the voters, for what the proposer proposes.
    ///
    /// # Errors
    /// [`QuorumError`] if that could certify two checkpoints of one number, or none ever.
    pub fn new(proposer: NodeId, voters: BTreeSet<NodeId>, needed: usize) -> Result<Self, QuorumError> {
        if voters.len() > VOTERS_MAX {
            return Err(QuorumError::TooMany { voters: voters.len() });
        }
        if needed * 2 <= voters.len() || needed > voters.len() {
            return Err(QuorumError::Needed { needed, voters: voters.len() });
        }
        Ok(Self { proposer, voters, needed })
    }

    /// Who proposes.
    pub fn proposer(&self) -> NodeId {
        self.proposer
    }

    /// Who votes.
    pub fn voters(&self) -> &BTreeSet<NodeId> {
        &self.voters
    }

    /// How many votes certify.
    pub fn needed(&self) -> usize {
        self.needed
    }
}

/// The most voters.
pub const VOTERS_MAX: usize = 512;

/// Why voters and a number are no quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QuorumError {
    /// Not more than half of the voters, or more than all.
    Needed {
        /// How many were to be needed.
        needed: usize,
        /// Of how many.
        voters: usize,
    },
    /// More voters than [`VOTERS_MAX`].
    TooMany {
        /// How many.
        voters: usize,
    },
}

impl fmt::Display for QuorumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needed { needed, voters } => {
                write!(f, "{needed} of {voters} voters is no quorum; ask for more than half of them and at most all")
            }
            Self::TooMany { voters } => write!(f, "{voters} voters are more than {VOTERS_MAX}; name fewer"),
        }
    }
}

impl std::error::Error for QuorumError {}
