//! A replica: the logs it holds, in a store, with an index of them in memory.

mod adopt;
mod ballot;
mod closed;
mod config;
mod fork;
mod incoming;
mod index;
mod insert;
mod parts;
mod proposal;
mod prune;
mod root;
mod schedule;
mod write;

use core::fmt;
use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId};
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::CONTROL_TOPIC;
use crate::codec::CodecError;
use crate::entry::{Entry, EntryId, LogId, LogicalTime, RawEntry};
use crate::keys::Keys;
use crate::log::Log;
use crate::range::RangeSet;

pub use adopt::Adoption;
pub(crate) use closed::Closed;
pub use config::{LOGS_MAX, ReplicaConfig, Roster};
pub use fork::Fork;
pub(crate) use incoming::{Incoming, Landed};
pub(crate) use insert::{Arrival, Candidate};
pub use insert::{Refusal, Verdict};
pub use proposal::ProposeError;
pub use prune::Pruned;
pub use root::Root;
pub use schedule::{PastStep, Schedule};
pub use write::Draft;

/// Signed logs in a store, and what is known of them.
///
/// # Cost
/// Memory follows the number of logs, of stretches and of forks; entries stay in the store.
#[derive(Debug)]
pub struct Replica<S> {
    pub(crate) store: S,
    pub(crate) keys: Keys,
    pub(crate) config: ReplicaConfig,
    logs: BTreeMap<LogId, Log>,
    /// How many records the stream of log names has.
    log_names: u64,
    forks: BTreeMap<LogId, Fork>,
    fork_records: u64,
    /// The latest logical time of anything written or seen that was not too far ahead.
    clock: LogicalTime,
    /// Epoch of the logs this replica writes.
    epoch: u32,
    /// Records appended since the last index snapshot.
    unindexed: u64,
    unsynced: bool,
    roots: root::Roots,
    /// The checkpoint in force.
    closed: Option<Closed>,
    /// The number of the checkpoint that the logs are in line with.
    settled: u64,
    /// Whether the logs in memory are no longer those of the store, so that nothing more may be written of them.
    broken: bool,
    closing: ballot::Closing,
    /// A snapshot that is on its way here.
    incoming: Option<Incoming>,
}

impl<S: Store> Replica<S> {
    /// Returns when everything appended and taken in is durable.
    ///
    /// # Errors
    /// [`StoreError::Failed`]: open the store again.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        if self.unindexed >= self.config.index_every {
            self.write_index()?;
        }
        if self.unsynced {
            self.store.sync()?;
            self.unsynced = false;
        }
        Ok(())
    }

    /// Writes the index out, so that opening again reads no entry, and gives the store back.
    ///
    /// # Errors
    /// As [`Replica::sync`].
    pub fn close(mut self) -> Result<S, StoreError> {
        self.write_index()?;
        self.store.sync()?;
        Ok(self.store)
    }

    /// The store as it is, as a crash would leave it.
    pub fn into_store(self) -> S {
        self.store
    }

    /// The store, to be looked at.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// In whose name this replica writes.
    pub fn me(&self) -> NodeId {
        self.keys.signer.node_id()
    }

    /// What the replica was told when it was opened.
    pub fn config(&self) -> &ReplicaConfig {
        &self.config
    }

    /// Epoch of the logs that this replica writes.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// The logs, rising.
    pub fn logs(&self) -> impl Iterator<Item = LogId> + '_ {
        self.logs.keys().copied()
    }

    /// Which entries of a log are here; pruned ones count.
    pub fn have(&self, log: &LogId) -> RangeSet {
        self.logs.get(log).map(Log::have).unwrap_or_default()
    }

    /// Below which sequence number of a log only hashes are kept here.
    pub fn base_of(&self, log: &LogId) -> u64 {
        self.logs.get(log).map_or(0, |log| log.base)
    }

    /// The hash of an entry that is here or was before it was pruned; a replica that took a snapshot has none for most of what it never had.
    ///
    /// # Errors
    /// As [`Replica::read`].
    pub fn hash(&self, id: &EntryId) -> Result<Option<Digest>, StoreError> {
        self.hash_at(&id.log, id.sequence)
    }

    /// Whether the index in the store knows every record, as after [`Replica::close`].
    pub fn is_indexed(&self) -> bool {
        self.unindexed == 0
    }

    /// How many entries are here, pruned ones included.
    pub fn entry_count(&self) -> u64 {
        self.logs.values().flat_map(|log| &log.runs).map(|run| run.end - run.start).sum()
    }

    /// The entries of a log in a range, in order; those that are not here or were pruned are left out, and so is everything after the first `limit`.
    ///
    /// # Errors
    /// [`ReplicaError::Store`] if the store does not give back what was written.
    pub fn read(&self, log: &LogId, start: u64, end: u64, limit: usize) -> Result<Vec<Entry>, ReplicaError> {
        let mut out = Vec::new();
        let Some(index) = self.logs.get(log) else { return Ok(out) };
        let wanted = index.have().intersection(&RangeSet::from_range(start.max(index.base), end));
        self.for_each_record(index, &wanted, |record| {
            let entry = Entry::decode(record, &*self.keys.hasher).map_err(|_| damaged(&index.stream))?;
            out.push(entry);
            Ok(out.len() < limit)
        })?;
        Ok(out)
    }

    /// Every entry that is here, log by log.
    ///
    /// # Errors
    /// As [`Replica::read`].
    pub fn read_all(&self) -> Result<Vec<Entry>, ReplicaError> {
        let mut out = Vec::new();
        for (id, log) in &self.logs {
            out.extend(self.read(id, 0, log.end(), usize::MAX)?);
        }
        Ok(out)
    }

    /// Whether an entry's time has come: too far ahead of the clock it is held.
    pub fn is_due(&self, now: MissionTime, time: LogicalTime) -> bool {
        time.at <= now.plus_ms(self.config.skew_ms_max)
    }

    /// Hands the records of `wanted` to `take`, rising, until it says no. Reads stretches, a bounded number of records at a time.
    pub(crate) fn for_each_record(
        &self,
        log: &Log,
        wanted: &RangeSet,
        mut take: impl FnMut(&[u8]) -> Result<bool, StoreError>,
    ) -> Result<(), StoreError> {
        for &(mut at, end) in wanted.ranges() {
            while at < end {
                let Some((record, there)) = log.extent_of(at) else {
                    // Not here, for however many numbers that is true.
                    at = log.next_stored(at).unwrap_or(end);
                    continue;
                };
                let count = there.min(end - at).min(BLOCK);
                let records = self.store.read(&log.stream, record, count as usize)?;
                if records.len() as u64 != count {
                    return Err(damaged(&log.stream));
                }
                for record in &records {
                    if !take(record)? {
                        return Ok(());
                    }
                }
                at += count;
            }
        }
        Ok(())
    }

    /// The hash of an entry, from the index if it is at an end of a run, else from the store.
    pub(crate) fn hash_at(&self, log: &LogId, sequence: u64) -> Result<Option<Digest>, StoreError> {
        let Some(index) = self.logs.get(log) else { return Ok(None) };
        let Some(run) = index.run_at(sequence) else { return Ok(None) };
        if run.end == sequence + 1 {
            return Ok(Some(run.last));
        }
        if index.base == sequence + 1 {
            return Ok(Some(index.base_hash));
        }
        let Some(record) = index.record_of(sequence) else { return self.pruned_hash(log, sequence) };
        let records = self.store.read(&index.stream, record, 1)?;
        let bytes = records.first().ok_or_else(|| damaged(&index.stream))?;
        let raw = RawEntry::decode(bytes).map_err(|_| damaged(&index.stream))?;
        Ok(Some(raw.hash(&*self.keys.hasher)))
    }

    /// Something was appended to the store past this replica, and wants flushing.
    pub(crate) fn touch(&mut self) {
        self.unsynced = true;
    }

    pub(crate) fn index_of(&self, log: &LogId) -> Option<&Log> {
        self.logs.get(log)
    }

    pub(crate) fn indices(&self) -> impl Iterator<Item = (&LogId, &Log)> {
        self.logs.iter()
    }

    /// Appends a record to its log's stream and takes it into the index.
    fn add(
        &mut self,
        id: &LogId,
        sequence: u64,
        previous: Digest,
        hash: Digest,
        priority: Priority,
        record: &[u8],
    ) -> Result<(), StoreError> {
        self.unsynced = true;
        if !self.logs.contains_key(id) {
            self.name_log(id)?;
        }
        let log = self.logs.get_mut(id).expect("this cannot fail because the log was just put there");
        let at = self.store.append(&log.stream, record)?;
        log.add(sequence, previous, hash, crate::entry::priority_code(priority), at);
        log.records = at + 1;
        self.unindexed += 1;
        self.closing.news |= id.topic == CONTROL_TOPIC || self.closing.waiting;
        self.roots.clear();
        Ok(())
    }

    fn name_log(&mut self, id: &LogId) -> Result<(), StoreError> {
        let mut name = Vec::new();
        crate::entry::put_log(&mut name, id);
        self.log_names = self.store.append(LOGS_STREAM, &name)? + 1;
        self.logs.insert(*id, Log::new(id));
        Ok(())
    }
}

/// Names of the logs, in the order in which they were first written to.
const LOGS_STREAM: &str = "logs";
/// How many records are read at once.
const READ_MAX: u64 = 256;
/// How many entries are read at once for whoever may soon have enough of them.
const BLOCK: u64 = 64;

pub(crate) fn damaged(stream: &str) -> StoreError {
    StoreError::Damaged { detail: format!("stream `{stream}` does not hold what its index says") }
}

/// Why a replica did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReplicaError {
    /// The store failed or gave back something else.
    Store(StoreError),
    /// The key's device does not answer.
    Key(KeyError),
    /// The draft is too long, has too many dependencies, or is of a kind or topic that is reserved for checkpoints.
    Draft(CodecError),
    /// No checkpoint was proposed.
    Propose(ProposeError),
}

impl fmt::Display for ReplicaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Key(error) => error.fmt(f),
            Self::Draft(error) => write!(f, "a draft cannot be an entry: {error}"),
            Self::Propose(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplicaError {}

impl From<StoreError> for ReplicaError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
