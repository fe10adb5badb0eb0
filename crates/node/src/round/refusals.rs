use std::collections::BTreeSet;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_contracts::trust::{
    Act, Capability, Contract, Invalid, Reach, Role, Roles, TrustRefusal, Unknown, Verdict,
};

use super::RoundLogError;

/// The part of a node's log of rounds that says who was not heard: each author, act and reason once, until the author is heard again.
///
/// In memory, or on a store, where a refusal is durable when it was noted and still there after a crash.
/// A record is, little-endian: 0x02, when by this node's clock (8), the author (32), capability, contract and reach (1 each, by their place in the lists of docs/protocol/05-identity.md),
/// the verdict (1: 0 invalid, 1 indeterminate), the reason (1), what belongs to the reason (8), and the age of the evidence (8).
pub struct RefusalLog {
    store: Option<(Box<dyn Store + Send>, String)>,
    refusals: Vec<(MissionTime, TrustRefusal)>,
    standing: BTreeSet<(NodeId, Act, u8)>,
    /// After a write that failed nothing is known of the disk.
    failed: Option<StoreError>,
}

/// The most refusals that one log takes; later ones are events only.
pub const REFUSALS_MAX: usize = 1 << 12;

/// The length of a record.
pub const REFUSAL_BYTES: usize = 1 + 8 + 32 + 3 + 1 + 1 + 8 + 8;

const RECORD_KIND: u8 = 0x02;
const RECORDS_AT_ONCE: usize = 1024;

impl RefusalLog {
    /// An empty log that ends with the process.
    pub fn in_memory() -> Self {
        Self { store: None, refusals: Vec::new(), standing: BTreeSet::new(), failed: None }
    }

    /// Opens the log on a store: what it ever took is read again. `stream` is its place, one for each mission and node, beside that of the headers.
    ///
    /// # Errors
    /// [`RoundLogError::Malformed`] or [`RoundLogError::Store`].
    pub fn open(mut store: Box<dyn Store + Send>, stream: String) -> Result<Self, RoundLogError> {
        // What is read below was perhaps never synced.
        store.sync()?;
        let mut refusals = Vec::new();
        let mut record = 0;
        loop {
            let records = store.read(&stream, record, RECORDS_AT_ONCE)?;
            if records.is_empty() {
                break;
            }
            for bytes in records {
                refusals.push(decode_refusal(&bytes).ok_or(RoundLogError::Malformed { record })?);
                record += 1;
            }
        }
        Ok(Self { store: Some((store, stream)), refusals, standing: BTreeSet::new(), failed: None })
    }

    /// Everything that was refused, oldest first.
    pub fn refusals(&self) -> &[(MissionTime, TrustRefusal)] {
        &self.refusals
    }

    /// Gives the store back, as a process that ends does.
    pub fn close(self) -> Option<Box<dyn Store + Send>> {
        self.store.map(|(store, _)| store)
    }

    /// Notes a refusal, unless it stands there for the same reason.
    pub(crate) fn note(&mut self, now: MissionTime, refusal: TrustRefusal) -> Result<(), RoundLogError> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        let key = (refusal.author, refusal.act, reason_of(&refusal.verdict).1);
        if self.refusals.len() >= REFUSALS_MAX || !self.standing.insert(key) {
            return Ok(());
        }
        if let Some((store, stream)) = &mut self.store {
            let written = store.append(stream, &encode_refusal(now, &refusal)).and_then(|_| store.sync());
            if let Err(error) = written {
                self.failed = Some(error.clone());
                return Err(error.into());
            }
        }
        self.refusals.push((now, refusal));
        Ok(())
    }

    /// The author was heard again: what is refused of it next is news.
    ///
    /// # Cost
    /// A search, and as much as is refused of this author.
    pub(crate) fn forgive(&mut self, author: &NodeId) {
        let least = (*author, Act::new(Capability::Read, Contract::Telemetry, Reach::Own), 0);
        while let Some(key) = self.standing.range(least..).next().filter(|(refused, _, _)| refused == author).copied() {
            self.standing.remove(&key);
        }
    }
}

/// Whether indeterminate, which reason, and its number.
fn reason_of(verdict: &Verdict) -> (u8, u8, u64) {
    match *verdict {
        Verdict::Valid { .. } => (2, 0, 0),
        Verdict::Invalid(why) => {
            let (code, number) = match why {
                Invalid::Early => (1, 0),
                Invalid::Expired => (2, 0),
                Invalid::Superseded => (3, 0),
                Invalid::Later => (4, 0),
                Invalid::Revoked { since } => (5, since),
                Invalid::Issuer => (6, 0),
                Invalid::Subject => (7, 0),
                Invalid::Unshown => (8, 0),
                Invalid::Role { has, needed } => (9, bits(has) | bits(needed) << 8),
                _ => (0, 0),
            };
            (0, code, number)
        }
        Verdict::Indeterminate { unknown, .. } => {
            let (code, number) = match unknown {
                Unknown::Time => (0x11, 0),
                Unknown::Log { needed } => (0x12, needed),
                Unknown::Freshness => (0x13, 0),
                _ => (0x10, 0),
            };
            (1, code, number)
        }
    }
}

/// A refusal as a record of the log.
///
/// # Shape
/// [`REFUSAL_BYTES`] long.
pub fn encode_refusal(now: MissionTime, refusal: &TrustRefusal) -> Vec<u8> {
    let (indeterminate, code, number) = reason_of(&refusal.verdict);
    let mut bytes = vec![RECORD_KIND];
    bytes.extend_from_slice(&now.as_ms().to_le_bytes());
    bytes.extend_from_slice(refusal.author.as_bytes());
    let act = refusal.act;
    bytes.extend_from_slice(&[act.capability as u8, act.contract as u8, act.reach as u8, indeterminate, code]);
    bytes.extend_from_slice(&number.to_le_bytes());
    bytes.extend_from_slice(&refusal.verdict.evidence_age_ms().unwrap_or(0).to_le_bytes());
    bytes
}

/// Reads a record; nothing if it is none in its one encoding.
pub fn decode_refusal(bytes: &[u8]) -> Option<(MissionTime, TrustRefusal)> {
    let bytes: &[u8; REFUSAL_BYTES] = bytes.try_into().ok()?;
    let word = |at: usize| bytes[at..].first_chunk::<8>().map(|bytes| u64::from_le_bytes(*bytes));
    let now = MissionTime(word(1)? as i64);
    let author = NodeId::from_bytes(*bytes[9..].first_chunk::<32>()?);
    let act = Act::new(
        *Capability::ALL.get(usize::from(bytes[41]))?,
        *Contract::ALL.get(usize::from(bytes[42]))?,
        *Reach::ALL.get(usize::from(bytes[43]))?,
    );
    let (number, evidence_age_ms) = (word(46)?, word(54)? as i64);
    let verdict = match bytes[45] {
        1 => Verdict::Invalid(Invalid::Early),
        2 => Verdict::Invalid(Invalid::Expired),
        3 => Verdict::Invalid(Invalid::Superseded),
        4 => Verdict::Invalid(Invalid::Later),
        5 => Verdict::Invalid(Invalid::Revoked { since: number }),
        6 => Verdict::Invalid(Invalid::Issuer),
        7 => Verdict::Invalid(Invalid::Subject),
        8 => Verdict::Invalid(Invalid::Unshown),
        9 => Verdict::Invalid(Invalid::Role { has: roles(number as u8), needed: roles((number >> 8) as u8) }),
        0x11 => Verdict::Indeterminate { unknown: Unknown::Time, evidence_age_ms },
        0x12 => Verdict::Indeterminate { unknown: Unknown::Log { needed: number }, evidence_age_ms },
        0x13 => Verdict::Indeterminate { unknown: Unknown::Freshness, evidence_age_ms },
        _ => return None,
    };
    let refusal = TrustRefusal { author, act, verdict };
    (encode_refusal(now, &refusal) == bytes).then_some((now, refusal))
}

fn bits(roles: Roles) -> u64 {
    roles.iter().fold(0, |bits, role| bits | 1 << role as u8)
}

fn roles(bits: u8) -> Roles {
    Role::ALL.iter().copied().filter(|role| bits & 1 << *role as u8 != 0).collect()
}
