use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{ContentHasher, Store, StoreError};

use crate::codec::{CodecError, Reader, put_bytes};
use crate::entry::{Entry, EntryId, HEADER_BYTES_MAX};
use crate::keys::Keys;
use crate::log::{Log, fork_of};

use super::{Replica, damaged};

/// The proof that an author wrote two different entries in one place: both of them, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    at: EntryId,
    first: Entry,
    second: Entry,
}

impl Fork {
    /// The proof that two entries make, if they make one: same place and different hash, or one that repeats another hash than that of the one before it.
    pub fn of(a: Entry, b: Entry) -> Option<Self> {
        let at = fork_of(&a, &b)?;
        let (a, b) = (a.without_body(), b.without_body());
        // One pair has one form.
        let swap = (a.id(), a.hash()) > (b.id(), b.hash());
        let (first, second) = if swap { (b, a) } else { (a, b) };
        Some(Self { at, first, second })
    }

    /// Where the log forks, as far as this pair shows.
    pub fn at(&self) -> EntryId {
        self.at
    }

    /// The two entries, without their bodies.
    pub fn entries(&self) -> [&Entry; 2] {
        [&self.first, &self.second]
    }

    /// Whether the author signed both.
    pub fn is_signed(&self, keys: &Keys) -> bool {
        self.first.verify(keys).is_ok() && self.second.verify(keys).is_ok()
    }

    /// Writes both entries, each after its length.
    pub fn encode(&self, out: &mut Vec<u8>) {
        for entry in self.entries() {
            let mut bytes = Vec::with_capacity(HEADER_BYTES_MAX);
            entry.encode(&mut bytes);
            put_bytes(out, &bytes);
        }
    }

    /// Reads what [`Fork::encode`] wrote. The signatures are not checked.
    ///
    /// # Errors
    /// [`CodecError`] for anything but two entries, without bodies and in order, that make a proof.
    pub fn decode(bytes: &[u8], hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let mut reader = Reader::new(bytes);
        let mut entry = || Entry::decode(reader.bytes(HEADER_BYTES_MAX + 65)?, hasher);
        let (first, second) = (entry()?, entry()?);
        reader.finish()?;
        let bare = first.body().is_none() && second.body().is_none();
        let fork = Self::of(first.clone(), second).ok_or(CodecError::Contradiction)?;
        if !bare || fork.first != first { Err(CodecError::Contradiction) } else { Ok(fork) }
    }
}

impl<S: Store> Replica<S> {
    /// The forks that are known, each by the proof of its earliest place.
    pub fn forks(&self) -> impl Iterator<Item = &Fork> {
        self.forks.values()
    }

    /// The proof of one log's fork.
    pub fn fork(&self, log: &crate::entry::LogId) -> Option<&Fork> {
        self.forks.get(log)
    }

    /// Takes in somebody's proof of a fork. Gives whether it says more than was known.
    ///
    /// # Errors
    /// As [`Replica::sync`].
    pub fn take_fork(&mut self, fork: Fork) -> Result<bool, StoreError> {
        let id = fork.at.log;
        let known = self.logs.get(&id).and_then(|log| log.fork);
        let wanted = self.config.interest.covers(id.topic) && self.config.roster.admits(&id.author);
        let room = self.logs.contains_key(&id) || self.logs.len() < super::LOGS_MAX;
        let sequence = self.fork_place(&fork);
        let ours =
            fork.first.header().mission == self.config.mission && fork.second.header().mission == self.config.mission;
        if known.is_some_and(|known| known <= sequence) || !(wanted && room && ours) || !fork.is_signed(&self.keys) {
            return Ok(false);
        }
        self.quarantine(fork)?;
        Ok(true)
    }

    /// From where on a log is disregarded for a proof: what a checkpoint has of it stays.
    pub(crate) fn fork_place(&self, fork: &Fork) -> u64 {
        fork.at.sequence.max(self.closed.as_ref().map_or(0, |closed| closed.checkpoint.cut.end(&fork.at.log)))
    }

    /// Keeps the proof and disregards the log from there on.
    pub(super) fn quarantine(&mut self, fork: Fork) -> Result<(), StoreError> {
        let mut record = Vec::new();
        fork.encode(&mut record);
        self.fork_records = self.store.append(FORKS_STREAM, &record)? + 1;
        self.unsynced = true;
        self.apply_fork(fork)
    }

    pub(super) fn apply_fork(&mut self, fork: Fork) -> Result<(), StoreError> {
        let (id, sequence) = (fork.at.log, self.fork_place(&fork));
        if !self.logs.contains_key(&id) {
            self.name_log(&id)?;
        }
        let last = match sequence.checked_sub(1) {
            Some(before) => self.hash_at(&id, before)?,
            None => None,
        };
        let Some(log) = self.logs.get_mut(&id) else { return Err(damaged("logs")) };
        cut(log, sequence, last);
        self.forks.insert(id, fork);
        self.roots.clear();
        Ok(())
    }
}

fn cut(log: &mut Log, sequence: u64, last: Option<Digest>) {
    log.fork = Some(log.fork.map_or(sequence, |known| known.min(sequence)));
    // Without the entry before there is no run that ends there.
    log.truncate(sequence, last.unwrap_or(crate::entry::NO_ENTRY));
}

/// Proofs of forks, in the order in which they were found.
pub(super) const FORKS_STREAM: &str = "forks";
