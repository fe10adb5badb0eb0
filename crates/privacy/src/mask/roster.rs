use core::fmt;

use cosmosmesh_contracts::key::{Digest, NodeId, Suite};
use cosmosmesh_contracts::round::{Ranges, WordWidth};
use cosmosmesh_contracts::traits::ContentHasher;

use super::Committee;
use super::codec::Writer;

/// Who takes part in an epoch's sums, and by which rules; a [`Roster`] once it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterTerms {
    /// The mission.
    pub mission: Digest,
    /// The epoch; keys, records and rounds are its own.
    pub epoch: u64,
    /// The assets whose reports are summed; an agent is its index here.
    pub agents: Vec<NodeId>,
    /// Who holds mask keys; a guardian is its index here. Agents may be among them.
    pub guardians: Vec<GuardianKeys>,
    /// How many guardians must answer, and how many may be corrupt.
    pub committee: Committee,
    /// Who may begin rounds and ask guardians.
    pub facilitators: Vec<NodeId>,
    /// The fewest contributors of a sum that is opened; at least [`Roster::CONTRIBUTORS_MIN`].
    pub contributors_min: u32,
    /// By how many agents an online set must differ from the last one, if at all; 1 allows every difference.
    pub churn_min: u32,
    /// How wide words are.
    pub width: WordWidth,
    /// The most data words of one round: what a guardian may be asked to allocate.
    pub words_max: u32,
    /// `l`: a contribution's word is at most `2^l - 1` in absolute value; noise at most as much again.
    pub bits_per_word: u8,
}

/// By which keys a guardian is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuardianKeys {
    /// Its signing key.
    pub node: NodeId,
    /// Its X25519 key, to which bundles are sealed.
    pub agreement: [u8; 32],
}

/// Who takes part in an epoch's sums: checked, and hashed to the name under which everything else speaks of it.
///
/// # Source
/// docs/protocol/03-secure-aggregation.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    terms: RosterTerms,
    hash: Digest,
}

impl Roster {
    /// With fewer, each contributor learns the others' sum, or the other's report.
    pub const CONTRIBUTORS_MIN: u32 = 3;
    /// The most agents.
    pub const AGENTS_MAX: usize = Ranges::CONTRIBUTORS_MAX as usize;
    /// The most facilitators.
    pub const FACILITATORS_MAX: usize = 1 << 16;
    /// How many rounds an epoch has.
    pub const ROUNDS: u64 = 1 << 16;

    /// Checks the terms: enough agents, one name each, and no sum that could wrap.
    ///
    /// # Errors
    /// [`RosterError`], which whoever made the roster must answer for.
    pub fn new(terms: RosterTerms, hasher: &dyn ContentHasher) -> Result<Self, RosterError> {
        let agents = u32::try_from(terms.agents.len()).unwrap_or(u32::MAX);
        if terms.agents.len() > Self::AGENTS_MAX || terms.facilitators.len() > Self::FACILITATORS_MAX {
            return Err(RosterError::TooMany);
        }
        if terms.contributors_min < Self::CONTRIBUTORS_MIN || agents < terms.contributors_min {
            return Err(RosterError::TooFew { agents, min: terms.contributors_min.max(Self::CONTRIBUTORS_MIN) });
        }
        if terms.guardians.len() != usize::from(terms.committee.guardians()) {
            return Err(RosterError::Guardians {
                found: terms.guardians.len(),
                committee: terms.committee.guardians(),
            });
        }
        let guardians: Vec<NodeId> = terms.guardians.iter().map(|guardian| guardian.node).collect();
        for (role, list) in [("agent", &terms.agents), ("guardian", &guardians), ("facilitator", &terms.facilitators)] {
            let mut sorted = list.clone();
            sorted.sort();
            if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(RosterError::Twice { role, node: pair[0] });
            }
        }
        if terms.facilitators.is_empty() {
            return Err(RosterError::NoFacilitator);
        }
        // N 2 (2^l - 1) < 2^(w-1): no sum wraps, not even with noise as large as the contributions.
        let bits = u32::from(terms.bits_per_word);
        let most = 2 * u128::from(agents) * ((1_u128 << bits.min(64)) - 1);
        if bits == 0 || most >= 1 << (terms.width.bits() - 1) {
            return Err(RosterError::Wraps { agents, bits_per_word: terms.bits_per_word, width: terms.width });
        }
        let hash = hasher.digest("cosmosmesh/mask/roster/1", &[&text(&terms)]);
        Ok(Self { terms, hash })
    }

    /// What was agreed on.
    pub fn terms(&self) -> &RosterTerms {
        &self.terms
    }

    /// The roster's name.
    pub fn hash(&self) -> Digest {
        self.hash
    }

    /// The committee.
    pub fn committee(&self) -> &Committee {
        &self.terms.committee
    }

    /// How many agents there are.
    pub fn agent_count(&self) -> u32 {
        self.terms.agents.len() as u32
    }

    /// How many agents and how many guardians a round may lack.
    pub fn survival(&self) -> Survival {
        let committee = &self.terms.committee;
        Survival {
            agents: self.agent_count() - self.terms.contributors_min,
            guardians: u32::from(committee.guardians() - committee.threshold()),
        }
    }

    /// The widest `l` with which the sum of so many agents, and noise as large, cannot wrap.
    pub fn bits_per_word(agents: u32, width: WordWidth) -> u8 {
        Ranges { width, contributors_max: agents.max(1), fields: Vec::new() }.bits_per_word() as u8
    }
}

/// How many may be missing from a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survival {
    /// Agents.
    pub agents: u32,
    /// Guardians.
    pub guardians: u32,
}

impl fmt::Display for Survival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = |count: u32, one: &str, many: &str| match count {
            0 => format!("no {one}"),
            1 => format!("one {one}"),
            count => format!("{count} {many}"),
        };
        let agents = missing(self.agents, "asset", "assets");
        let guardians = missing(self.guardians, "guardian", "guardians");
        write!(f, "{agents} and {guardians} may be missing from a round")?;
        if self.agents == 0 || self.guardians == 0 {
            f.write_str("; if more are, it is void and the previous sum stands")?;
        }
        Ok(())
    }
}

fn text(terms: &RosterTerms) -> Vec<u8> {
    let committee = &terms.committee;
    let mut text = Writer::bare()
        .u8(Suite::One.code())
        .bytes(terms.mission)
        .u64(terms.epoch)
        .u8(committee.guardians())
        .u8(committee.threshold())
        .u8(committee.corrupt())
        .u32(terms.contributors_min)
        .u32(terms.churn_min)
        .u8(terms.width.bits() as u8)
        .u8(terms.bits_per_word)
        .u32(terms.words_max)
        .u32(terms.agents.len() as u32);
    for agent in &terms.agents {
        text = text.bytes(agent);
    }
    for guardian in &terms.guardians {
        text = text.bytes(guardian.node).bytes(guardian.agreement);
    }
    text = text.u32(terms.facilitators.len() as u32);
    for facilitator in &terms.facilitators {
        text = text.bytes(facilitator);
    }
    text.done()
}

/// Why terms are no roster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RosterError {
    /// Fewer agents than a private sum takes.
    TooFew {
        /// How many agents there are.
        agents: u32,
        /// How many it takes.
        min: u32,
    },
    /// More agents or facilitators than this protocol numbers.
    TooMany,
    /// Not as many guardians as the committee has.
    Guardians {
        /// The guardians named.
        found: usize,
        /// The committee's.
        committee: u8,
    },
    /// A key comes twice in one list.
    Twice {
        /// In which list.
        role: &'static str,
        /// The key.
        node: NodeId,
    },
    /// Nobody may begin a round.
    NoFacilitator,
    /// A sum could wrap: `N 2 (2^l - 1)` does not stay below `2^(w-1)`.
    Wraps {
        /// `N`.
        agents: u32,
        /// `l`.
        bits_per_word: u8,
        /// `w`.
        width: WordWidth,
    },
}

impl fmt::Display for RosterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { agents, min } => write!(
                f,
                "{agents} assets, where a private sum takes at least {min}: with fewer each would learn the others' reports; add assets, or sum in the open"
            ),
            Self::TooMany => {
                write!(f, "more than {} assets or {} facilitators", Roster::AGENTS_MAX, Roster::FACILITATORS_MAX)
            }
            Self::Guardians { found, committee } => {
                write!(f, "{found} guardians are named for a committee of {committee}; make the two agree")
            }
            Self::Twice { role, node } => write!(f, "{role} {node} comes twice; name everybody once"),
            Self::NoFacilitator => f.write_str("no facilitator is named, so no round can begin; name one"),
            Self::Wraps { agents, bits_per_word, width } => write!(
                f,
                "words of {} bits would wrap in a sum of {agents} with {bits_per_word} bits each; allow at most {} bits",
                width.bits(),
                Roster::bits_per_word(*agents, *width)
            ),
        }
    }
}

impl std::error::Error for RosterError {}
