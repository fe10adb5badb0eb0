use core::fmt;
use std::collections::BTreeSet;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, Verifier};

use crate::checkpoint::{Checkpoint, CheckpointError, LogPolicy, OpenCheckpoint};
use crate::governance::{Governance, Outcome};
use crate::hash::leaf_hash;
use crate::log::{LogError, each};
use crate::note::{Note, NoteSignature};
use crate::tree::Tree;

/// By whose word an audit judges signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditTrust {
    /// By keys that the auditor got from somebody it trusts.
    Given(LogPolicy),
    /// By the keys that the log's own roots name, each for its stretch of the log; a fleet's id pins the first root.
    ///
    /// Without an id the log vouches for itself: whoever writes all of it anew can name keys of their own.
    Roots {
        /// Which fleet must have been founded.
        fleet: Option<Digest>,
    },
}

/// What an audit of a stored log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogAudit {
    /// How many entries.
    pub entries: u64,
    /// How many checkpoints hold.
    pub checkpoints: usize,
    /// How many of them are signed by a key that the trust names.
    pub signed: usize,
    /// The size up to which everything is as it was signed.
    pub sound: u64,
    /// In whose names there are signature lines of keys that the trust does not name; they say nothing.
    pub unknown: BTreeSet<String>,
    /// The last checkpoint that holds and is signed, with its witnesses.
    pub last: Option<OpenCheckpoint>,
    /// What is not as it should be; nothing behind it was looked at.
    pub fault: Option<AuditFault>,
}

/// The first thing in a log that is not as it was signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditFault {
    /// A checkpoint cannot be read any more.
    Unreadable {
        /// Which checkpoint, from 0.
        checkpoint: usize,
    },
    /// Entries were taken away at the end.
    Short {
        /// Which checkpoint.
        checkpoint: usize,
        /// Over so many entries.
        size: u64,
        /// So many are there.
        entries: u64,
    },
    /// A checkpoint was changed; the entries are those signed before it.
    Checkpoint {
        /// Which checkpoint.
        checkpoint: usize,
        /// Over so many entries.
        size: u64,
    },
    /// One of some entries was changed.
    Entries {
        /// Not before this one.
        from: u64,
        /// And before this one.
        to: u64,
        /// The checkpoint that shows it.
        checkpoint: usize,
    },
    /// A checkpoint fits the entries, and its signatures do not fit it.
    Signature {
        /// Which checkpoint.
        checkpoint: usize,
        /// Over so many entries.
        size: u64,
        /// What is wrong.
        why: CheckpointError,
    },
    /// The log founds another fleet than the one that was asked for, or none.
    Fleet {
        /// Which was asked for.
        asked: Digest,
    },
    /// The log holds evidence that it showed two faces.
    SplitView {
        /// At which entry.
        at: u64,
        /// The sizes of the two checkpoints.
        sizes: (u64, u64),
    },
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { checkpoint } => {
                write!(f, "checkpoint {checkpoint} was changed: it is none any more; restore it from a copy")
            }
            Self::Short { checkpoint, size, entries } => write!(
                f,
                "checkpoint {checkpoint} was signed over {size} entries, {entries} are there; \
                 the last ones were taken away, restore a copy"
            ),
            Self::Checkpoint { checkpoint, size } => write!(
                f,
                "checkpoint {checkpoint} over {size} entries was changed; \
                 the entries are those signed before it, restore a copy"
            ),
            Self::Entries { from, to, checkpoint } => {
                match to - from {
                    1 => write!(f, "entry {from} was")?,
                    _ => write!(f, "one of the entries {from} to {} was", to - 1)?,
                }
                write!(f, " changed after checkpoint {checkpoint} over {to} entries was signed; restore a copy")
            }
            Self::Signature { checkpoint, size, why } => {
                write!(f, "checkpoint {checkpoint} over {size} entries is not signed as it should be: {why}")
            }
            Self::Fleet { asked } => {
                write!(f, "the log does not found the fleet {asked}; it is another log, ask for the right one")
            }
            Self::SplitView { at, sizes: (earlier, later) } => write!(
                f,
                "entry {at} proves that the log showed two faces, at {earlier} and {later} entries; \
                 believe only what witnesses have seen"
            ),
        }
    }
}

/// Checks a stored log whole: every entry against every checkpoint, and every checkpoint's signatures and cosignatures.
///
/// Signature lines of keys that the trust does not name are passed over, as everywhere; a false line of a named key is a fault.
/// Under [`AuditTrust::Roots`] a checkpoint is judged by the roots in force between the checkpoint before it and itself,
/// and one from before the founding by the first root; a log without a root is judged by its hashes alone, and `signed` is 0.
/// # Errors
/// [`LogError::Store`] if the store cannot be read. What is wrong with the log is no error but [`LogAudit::fault`].
/// # Cost
/// One hash of each entry, one signature check for each line of a named key and for each statement of governance.
pub fn audit_log(
    store: &dyn Store,
    stream: &str,
    trust: &AuditTrust,
    verifier: &dyn Verifier,
) -> Result<LogAudit, LogError> {
    let mut tree = Tree::new();
    let mut state = match trust {
        AuditTrust::Roots { fleet: Some(fleet) } => Governance::pinned(*fleet),
        _ => Governance::new(),
    };
    let mut roots: Vec<(u64, LogPolicy)> = Vec::new();
    each(store, &format!("{stream}/entries"), |entry| {
        tree.push(leaf_hash(entry));
        if let Outcome::Accepted(_) = state.apply(entry, verifier)
            && let Some(root) = &state.root
            && root.since + 1 == tree.size()
        {
            roots.extend(root.document.log_policy().map(|policy| (tree.size(), policy)));
        }
        Ok(())
    })?;
    let mut audit = LogAudit { entries: tree.size(), ..LogAudit::default() };
    let mut notes = Vec::new();
    each(store, &format!("{stream}/checkpoints"), |note| {
        notes.push(note.to_vec());
        Ok(())
    })?;
    for (checkpoint, note) in notes.iter().enumerate() {
        if let Err(fault) = audit.take(&tree, trust, &roots, (checkpoint, note), verifier) {
            audit.fault = Some(fault);
            return Ok(audit);
        }
    }
    audit.fault = match (trust, state.root, state.forks.first()) {
        (AuditTrust::Roots { fleet: Some(asked) }, None, _) => Some(AuditFault::Fleet { asked: *asked }),
        (_, _, Some(fork)) => Some(AuditFault::SplitView { at: fork.at, sizes: fork.sizes }),
        _ => None,
    };
    Ok(audit)
}

impl LogAudit {
    fn take(
        &mut self,
        tree: &Tree,
        trust: &AuditTrust,
        roots: &[(u64, LogPolicy)],
        (checkpoint, bytes): (usize, &[u8]),
        verifier: &dyn Verifier,
    ) -> Result<(), AuditFault> {
        let note = Note::parse(bytes).ok();
        let read = note.and_then(|note| Checkpoint::parse(note.text()).ok());
        let Checkpoint { size, root, .. } = read.ok_or(AuditFault::Unreadable { checkpoint })?;
        let sound = self.sound;
        if tree.root_at(size) != Ok(root) {
            return Err(match () {
                () if size > tree.size() => AuditFault::Short { checkpoint, size, entries: tree.size() },
                () if size <= sound => AuditFault::Checkpoint { checkpoint, size },
                () => AuditFault::Entries { from: sound, to: size, checkpoint },
            });
        }
        let policies: Vec<&LogPolicy> = match trust {
            AuditTrust::Given(policy) => vec![policy],
            AuditTrust::Roots { .. } => in_force(roots, sound.min(size), size),
        };
        // The newest first: its refusal is the one to tell.
        let mut refused = None;
        for policy in policies.iter().rev() {
            match policy.open(bytes, verifier) {
                Ok(open) => {
                    let known = |line: &&NoteSignature| {
                        let mut keys = policy.keys.iter().chain(&policy.witnesses);
                        keys.any(|key| key.name() == line.name && key.id() == line.id)
                    };
                    let lines = open.note.signatures().iter().filter(|line| !known(line));
                    self.unknown.extend(lines.map(|line| line.name.clone()));
                    self.signed += 1;
                    self.last = Some(open);
                    refused = None;
                    break;
                }
                Err(why) => refused = refused.or(Some(AuditFault::Signature { checkpoint, size, why })),
            }
        }
        if let Some(fault) = refused {
            return Err(fault);
        }
        self.checkpoints += 1;
        self.sound = sound.max(size);
        Ok(())
    }
}

/// The policies in force at some number of entries from `from` to `to`; the first one if there was none yet.
fn in_force(roots: &[(u64, LogPolicy)], from: u64, to: u64) -> Vec<&LogPolicy> {
    let ends = roots.iter().skip(1).map(|(since, _)| *since).chain([u64::MAX]);
    let held = roots.iter().zip(ends).filter(|((since, _), end)| *since <= to && *end > from);
    let found: Vec<&LogPolicy> = held.map(|((_, policy), _)| policy).collect();
    if found.is_empty() { roots.first().map(|(_, policy)| policy).into_iter().collect() } else { found }
}
