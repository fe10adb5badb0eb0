use core::fmt;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, Signature};
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{REBASED_KIND, carried_of};
use crate::entry::{Entry, EntryId, Header, RawEntry, signed_prefix};
use crate::log::{ChainBreak, Log};

use super::{Fork, LOGS_MAX, Replica, damaged};

/// An entry that has arrived and not yet been judged.
pub(crate) struct Candidate<'a> {
    pub(crate) header: Header,
    /// What the author signed: the fixed text, then the header.
    pub(crate) signed: Vec<u8>,
    pub(crate) signature: Signature,
    pub(crate) hash: Digest,
    pub(crate) body: Option<&'a [u8]>,
    /// Whether the hash before it, or before a row that it follows, was put in here and not sent.
    pub(crate) guessed: bool,
}

/// What became of an entry that arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It is new here and was taken.
    New,
    /// It was here.
    Duplicate,
    /// Its log forks at or before it.
    Quarantined,
    /// It showed that its log forks, or that it forks earlier than was known.
    Fork(EntryId),
    /// It was not taken.
    Refused(Refusal),
}

/// Why an entry was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Refusal {
    /// Another mission's.
    Mission,
    /// Its author is not on the roster.
    Author,
    /// Its topic is not wanted here.
    Topic,
    /// Its signature is not its author's, or its body is another.
    Signature,
    /// The sender left out the hash before it, and it is not here.
    PreviousUnknown,
    /// There are as many logs as a replica holds.
    Full,
    /// What was pruned here has another hash.
    Pruned,
    /// It was written before the checkpoint in force and is not in it; whoever holds it writes it again.
    Late,
    /// What it carries is no entry, or not signed by its author.
    Carried,
    /// A snapshot whose certificate does not hold, or not for this mission's quorum.
    Certificate,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mission => "of another mission",
            Self::Author => "of an author who is not on the roster",
            Self::Topic => "of a topic that is not wanted here",
            Self::Signature => "not signed by its author, or with another body",
            Self::PreviousUnknown => "without the hash before it, which is not here",
            Self::Full => "of one log more than a replica holds",
            Self::Pruned => "unlike what was pruned here",
            Self::Late => "written before the checkpoint and not in it; to be written again by whoever holds it",
            Self::Carried => "carrying what its author did not sign",
            Self::Certificate => "of a checkpoint that no quorum of this mission certifies",
        })
    }
}

/// What is known of a candidate before its signature is checked.
pub(crate) enum Arrival {
    /// Nothing more is to be done.
    Settled(Verdict),
    /// Its signature decides.
    Open,
}

impl<S: Store> Replica<S> {
    /// What can be said of a candidate without its signature.
    pub(crate) fn look(&self, candidate: &Candidate<'_>) -> Result<Arrival, StoreError> {
        let header = &candidate.header;
        let (log, sequence) = (header.id.log, header.id.sequence);
        let refused = |refusal| Ok(Arrival::Settled(Verdict::Refused(refusal)));
        if header.mission != self.config.mission {
            return refused(Refusal::Mission);
        }
        if !self.config.roster.admits(&log.author) {
            return refused(Refusal::Author);
        }
        if !self.config.interest.covers(log.topic) {
            return refused(Refusal::Topic);
        }
        if self.closed.as_ref().is_some_and(|closed| closed.is_late(&header.id, header.time)) {
            return refused(Refusal::Late);
        }
        let Some(index) = self.logs.get(&log) else {
            return if self.logs.len() < LOGS_MAX { Ok(Arrival::Open) } else { refused(Refusal::Full) };
        };
        if index.fork.is_some_and(|fork| sequence >= fork) {
            return Ok(Arrival::Settled(Verdict::Quarantined));
        }
        if sequence < index.base {
            return match self.pruned_hash(&log, sequence)? {
                Some(kept) if kept != candidate.hash => refused(Refusal::Pruned),
                _ => Ok(Arrival::Settled(Verdict::Duplicate)),
            };
        }
        if let Some(record) = index.record_of(sequence) {
            let stored = self.stored(index, record)?;
            let raw = RawEntry::decode(&stored).map_err(|_| damaged(&index.stream))?;
            let same =
                raw.header_bytes == &candidate.signed[signed_prefix().len()..] && raw.signature == candidate.signature;
            if same {
                return Ok(Arrival::Settled(Verdict::Duplicate));
            }
        }
        Ok(Arrival::Open)
    }

    /// Takes in a candidate whose signature was found good.
    pub(crate) fn insert(&mut self, now: MissionTime, candidate: Candidate<'_>) -> Result<Verdict, StoreError> {
        // Looked at again, because the entries before it in the same batch have been taken since.
        if let Arrival::Settled(verdict) = self.look(&candidate)? {
            return Ok(verdict);
        }
        if candidate.header.kind == REBASED_KIND && !candidate.body.is_none_or(|body| self.is_carried_properly(body)) {
            return Ok(Verdict::Refused(Refusal::Carried));
        }
        let Candidate { header, mut signed, signature, hash, body, .. } = candidate;
        let EntryId { log: id, sequence } = header.id;
        let other = match self.logs.get(&id) {
            Some(index) if index.has(sequence) => index.record_of(sequence),
            Some(index) => match index.chain_break(sequence, &header.previous, &hash) {
                // What stands beside it may be pruned: then there is nothing to show against the author, and the chain stands.
                Some(side) => {
                    let beside = if side == ChainBreak::Before { sequence.wrapping_sub(1) } else { sequence + 1 };
                    match index.record_of(beside) {
                        Some(record) => Some(record),
                        None => return Ok(Verdict::Refused(Refusal::Pruned)),
                    }
                }
                None => None,
            },
            None => None,
        };
        if let Some(record) = other {
            let index = &self.logs[&id];
            let stored = self.stored(index, record)?;
            let mine = Entry::decode(&stored, &*self.keys.hasher).map_err(|_| damaged(&index.stream))?;
            let theirs = Entry::from_parts(header, signature, hash, None);
            return Ok(match Fork::of(mine, theirs) {
                Some(fork) => {
                    let at = fork.at();
                    self.quarantine(fork)?;
                    Verdict::Fork(at)
                }
                None => Verdict::Refused(Refusal::Pruned),
            });
        }
        // The record goes on where the signed bytes end: nothing is copied but signature and body.
        signed.extend_from_slice(signature.as_bytes());
        match body {
            None => signed.push(0),
            Some(body) => {
                signed.push(1);
                signed.extend_from_slice(body);
            }
        }
        let record = &signed[signed_prefix().len()..];
        self.add(&id, sequence, header.previous, hash, header.priority, record)?;
        self.observe(now, header.time);
        Ok(Verdict::New)
    }

    /// Whether what an entry carries is an entry of this mission that its author signed.
    fn is_carried_properly(&self, body: &[u8]) -> bool {
        carried_of(body).is_ok_and(|(header, _)| {
            header.mission == self.config.mission
                && self.config.roster.admits(&header.id.log.author)
                && Entry::decode(body, &*self.keys.hasher).is_ok_and(|entry| entry.verify(&self.keys).is_ok())
        })
    }

    fn stored(&self, index: &Log, record: u64) -> Result<Vec<u8>, StoreError> {
        self.store.read(&index.stream, record, 1)?.pop().ok_or_else(|| damaged(&index.stream))
    }

    /// Takes in a whole entry, as from a file: signature, then all that a batch's entries go through. It is durable after [`Replica::sync`].
    ///
    /// # Errors
    /// As [`Replica::sync`]; what is wrong with the entry is a verdict.
    pub fn take(&mut self, now: MissionTime, entry: &Entry) -> Result<Verdict, StoreError> {
        let mut signed = Vec::new();
        entry.header().signed_bytes(&mut signed);
        let candidate = Candidate {
            header: entry.header().clone(),
            signed,
            signature: *entry.signature(),
            hash: entry.hash(),
            body: entry.body(),
            guessed: false,
        };
        if let Arrival::Settled(verdict) = self.look(&candidate)? {
            return Ok(verdict);
        }
        match entry.verify(&self.keys) {
            Ok(()) => self.insert(now, candidate),
            Err(_) => Ok(Verdict::Refused(Refusal::Signature)),
        }
    }
}
