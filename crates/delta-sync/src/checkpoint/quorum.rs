use core::fmt;
use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;

/// Who closes the past: data of the mission, the same for every replica.
///
/// With more than half needed, a number has at most one certified checkpoint as long as no voter votes twice; where `f` of `n` voters may lie, more than `(n + f) / 2` are needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quorum {
    /// Never empty; the first proposes as long as it is there.
    proposers: Vec<NodeId>,
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
        Ok(Self { proposers: vec![proposer], voters, needed })
    }

    /// The same with nodes that may propose in the proposer's place, in this order.
    ///
    /// # Errors
    /// [`QuorumError`] if one is named twice or there are too many.
    pub fn with_successors(mut self, successors: &[NodeId]) -> Result<Self, QuorumError> {
        for node in successors {
            if self.proposers.contains(node) {
                return Err(QuorumError::Twice { node: *node });
            }
            self.proposers.push(*node);
        }
        if self.proposers.len() > PROPOSERS_MAX {
            return Err(QuorumError::TooManyProposers { proposers: self.proposers.len() });
        }
        Ok(self)
    }

    /// Who proposes as long as it is there.
    pub fn proposer(&self) -> NodeId {
        self.proposers[0]
    }

    /// Who may propose, in the order in which they stand in for each other.
    pub fn proposers(&self) -> &[NodeId] {
        &self.proposers
    }

    /// Whose a ballot is: each has every so-many-th of them, the first the first.
    pub fn owner(&self, ballot: u64) -> NodeId {
        self.proposers[((ballot.max(1) - 1) % self.proposers.len() as u64) as usize]
    }

    /// The lowest ballot of a proposer above another ballot.
    pub(crate) fn ballot_above(&self, rank: usize, ballot: u64) -> Option<u64> {
        let (rank, count) = (rank as u64 + 1, self.proposers.len() as u64);
        let turns = if ballot < rank { 0 } else { (ballot - rank) / count + 1 };
        turns.checked_mul(count)?.checked_add(rank)
    }

    /// The place of a node among the proposers.
    pub fn rank_of(&self, node: &NodeId) -> Option<usize> {
        self.proposers.iter().position(|proposer| proposer == node)
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

/// The most nodes that may propose.
pub const PROPOSERS_MAX: usize = 16;
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
    /// A proposer is named twice.
    Twice {
        /// Which.
        node: NodeId,
    },
    /// More proposers than [`PROPOSERS_MAX`].
    TooManyProposers {
        /// How many.
        proposers: usize,
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
            Self::Twice { node } => write!(f, "{node} is named twice among the proposers; name each once"),
            Self::TooManyProposers { proposers } => {
                write!(f, "{proposers} proposers are more than {PROPOSERS_MAX}; name fewer")
            }
            Self::TooMany { voters } => write!(f, "{voters} voters are more than {VOTERS_MAX}; name fewer"),
        }
    }
}

impl std::error::Error for QuorumError {}
