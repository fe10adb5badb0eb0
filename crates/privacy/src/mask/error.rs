use core::fmt;

use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::StoreError;

/// Why a part of the masked sum was refused.
///
/// Nothing of it says anything about a secret. Unless a variant says otherwise, the same input fails again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MaskError {
    /// The bytes are no such message.
    Malformed {
        /// Which message was to be read.
        message: &'static str,
        /// Where it went wrong.
        byte: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A signature, a box or the source of randomness failed.
    Key(KeyError),
    /// The durable record failed; the guardian answers nothing until it is opened again.
    Store(StoreError),
    /// The message belongs to another roster, and so to another mission or epoch.
    OtherRoster,
    /// The message belongs to another round, or to another header of it.
    OtherRound,
    /// The header speaks of another state or other ranges than this agent knows: its facilitator shows different fleets different things, or is out of step.
    OtherState,
    /// The message belongs to another online set.
    OtherSet,
    /// The sender may not do this by the roster.
    NotInRoster {
        /// As what: `agent`, `guardian` or `facilitator`.
        role: &'static str,
    },
    /// The round lies outside the epoch, or so far ahead that the keys would have to be ratcheted beyond reason, or behind what is still known.
    Round {
        /// The round.
        round: u64,
        /// The earliest that can be served.
        earliest: u64,
        /// The latest.
        latest: u64,
    },
    /// An agent's keys do not match their commitments: the bundle itself convicts it.
    Commitment {
        /// The agent.
        agent: u32,
    },
    /// A second, different bundle of one agent.
    SecondBundle {
        /// The agent.
        agent: u32,
    },
    /// No bundle of this agent was accepted.
    NoBundle {
        /// The agent.
        agent: u32,
    },
    /// Fewer contributors than the roster or the header allow: each could be told apart.
    TooFew {
        /// How many there are.
        found: u32,
        /// How many it takes.
        min: u32,
    },
    /// Too few guardians, or not those of the roster, would open the round.
    Responders {
        /// The guardians, as bits.
        responders: u8,
        /// How many it takes.
        threshold: u8,
    },
    /// The set differs from the last one by so few agents that their reports would show.
    Churn {
        /// By how many.
        found: u32,
        /// By how many at least, if at all.
        min: u32,
    },
    /// Another header or another online set of this round was answered before. Never answer again.
    Answered {
        /// The round.
        round: u64,
    },
    /// The header does not stand in the log. It may be there later.
    NotLogged,
    /// The guardian's disk is behind what the log says, or other: it was rolled back.
    RolledBack {
        /// How many records the log knows.
        expected: u64,
        /// How many are there.
        found: u64,
    },
    /// The number of words is not the header's.
    WordCount {
        /// The header's.
        expected: usize,
        /// What came.
        found: usize,
    },
    /// This agent has answered this round or a later one.
    Spoken {
        /// The last round that it answered.
        last: u64,
    },
    /// Guardians answered ahead, and this agent's message has another nonce than was promised: it was started anew, or missed a round. The round is void.
    Promise {
        /// The agent.
        agent: u32,
    },
    /// Guardians answered ahead, and this agent is not heard. The round is open until it is, or void.
    Absent {
        /// The agent.
        agent: u32,
    },
    /// A word is beyond the range that the roster promises, so sums could wrap.
    OutOfRange {
        /// The word's index.
        word: usize,
    },
    /// The masks do not come off: the head count or a check word is wrong. The round is void; ask for pieces to find who cheated.
    Check,
    /// An opening is missing.
    Missing {
        /// The guardians that have not answered, as bits.
        guardians: u8,
    },
}

impl fmt::Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { message, byte, what } => {
                write!(f, "a {message} {what} at byte {byte}; refuse its sender")
            }
            Self::Key(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
            Self::OtherRoster => f.write_str("the message belongs to another roster; bring both sides to the same epoch"),
            Self::OtherRound => f.write_str("the message belongs to another round or header; discard it"),
            Self::OtherState => f.write_str(
                "the header is for another state or other ranges than are known here; do not answer, and report its facilitator",
            ),
            Self::OtherSet => f.write_str("the message belongs to another online set; discard it"),
            Self::NotInRoster { role } => write!(f, "the sender is no {role} of the roster; refuse it"),
            Self::Round { round, earliest, latest } => {
                write!(f, "round {round} is outside {earliest} to {latest}, which can be served; begin a new epoch")
            }
            Self::Commitment { agent } => {
                write!(f, "the keys of agent {agent} are not those it committed to; keep its bundle as evidence and exclude it")
            }
            Self::SecondBundle { agent } => {
                write!(f, "agent {agent} sent a second bundle in one epoch; keep both as evidence and exclude it")
            }
            Self::NoBundle { agent } => write!(f, "no bundle of agent {agent} was accepted; leave it out of the round"),
            Self::TooFew { found, min } => write!(
                f,
                "{found} contributors where {min} are the fewest whose sum hides each of them; wait for more, or sum in the open if nothing is secret"
            ),
            Self::Responders { responders, threshold } => write!(
                f,
                "{} guardians would answer where {threshold} of the roster must; wait for more",
                responders.count_ones()
            ),
            Self::Churn { found, min } => write!(
                f,
                "the online set differs from the last one by {found}, and differences of fewer than {min} would show reports; keep the set or wait"
            ),
            Self::Answered { round } => {
                write!(f, "round {round} was answered for another header or online set, and is answered once; void it")
            }
            Self::NotLogged => f.write_str("the header does not stand in the log; ask again when it does"),
            Self::RolledBack { expected, found } => write!(
                f,
                "the log knows {expected} records of this guardian and {found} are on its disk or differ; restore the disk or leave the committee until the next epoch"
            ),
            Self::WordCount { expected, found } => {
                write!(f, "{found} words where the header says {expected}; it belongs to another round")
            }
            Self::Spoken { last } => write!(f, "this agent answered round {last} already; rounds only go upwards"),
            Self::Promise { agent } => write!(
                f,
                "agent {agent} answered under another nonce than guardians took masks off ahead for; void the round and ask again without"
            ),
            Self::Absent { agent } => {
                write!(f, "agent {agent} is missing from a set that was fixed ahead; wait for it, or void the round")
            }
            Self::OutOfRange { word } => {
                write!(f, "word {word} is beyond the range of the roster, sums could wrap; clip before masking")
            }
            Self::Check => f.write_str("the masks do not come off, somebody cheated; void the round and ask for pieces"),
            Self::Missing { guardians } => {
                write!(f, "{} openings are missing; wait, or ask other guardians for the same set", guardians.count_ones())
            }
        }
    }
}

impl std::error::Error for MaskError {}

impl From<KeyError> for MaskError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl From<StoreError> for MaskError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
