//! Opening a replica: from the last index snapshot and the few records after it.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::entry::{LogId, LogicalTime, RawEntry, priority_code, put_log, read_log};
use crate::keys::Keys;
use crate::log::Log;

use super::fork::FORKS_STREAM;
use super::parts::{append_parts, newest, read_whole};
use super::{Fork, LOGS_STREAM, READ_MAX, Replica, ReplicaConfig, damaged};

/// Snapshots of the index, each in one record or several.
const INDEX_STREAM: &str = "index";
/// The longest part of a snapshot.
const PART_BYTES_MAX: usize = 1 << 20;
const INDEX_VERSION: u8 = 2;

impl<S: Store> Replica<S> {
    /// Opens the replica that a store holds; an empty store makes an empty replica.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails or does not give back what was written.
    /// # Cost
    /// The last index snapshot and the records after it are read, not the history.
    pub fn open(now: MissionTime, store: S, keys: Keys, config: ReplicaConfig) -> Result<Self, StoreError> {
        let mut replica = Self::open_to_look(now, store, keys, config)?;
        replica.forget_overtaken()?;
        // A crash came between the checkpoint and what follows from it.
        if replica.closed.as_ref().is_some_and(|closed| closed.number() > replica.settled) {
            let settled = replica.settle_checkpoint(now)?;
            replica.closing.untold.push(settled);
        }
        Ok(replica)
    }

    /// The same without writing anything, for whoever only looks. What a crash left to be done stays undone.
    ///
    /// # Errors
    /// As [`Replica::open`].
    pub fn open_to_look(now: MissionTime, store: S, keys: Keys, config: ReplicaConfig) -> Result<Self, StoreError> {
        let mut replica = Self {
            store,
            keys,
            config,
            logs: BTreeMap::new(),
            log_names: 0,
            forks: BTreeMap::new(),
            fork_records: 0,
            clock: LogicalTime { at: MissionTime(i64::MIN), count: 0 },
            epoch: 0,
            unindexed: 0,
            unsynced: false,
            roots: super::root::Roots::default(),
            closed: None,
            settled: 0,
            broken: false,
            closing: super::ballot::Closing::default(),
            incoming: None,
        };
        replica.read_checkpoint()?;
        replica.read_index()?;
        replica.read_names()?;
        replica.read_forks()?;
        let ids: Vec<LogId> = replica.logs.keys().copied().collect();
        for id in ids {
            replica.read_tail(&id)?;
        }
        let me = replica.me();
        replica.epoch = replica.logs.keys().filter(|id| id.author == me).map(|id| id.epoch).max().unwrap_or(0);
        if replica.config.restored {
            replica.begin_epoch(now);
        }
        replica.read_ballots()?;
        replica.read_incoming()?;
        Ok(replica)
    }

    /// Takes the newest index that is whole and not ahead of the streams; without one the history is read.
    fn read_index(&mut self) -> Result<(), StoreError> {
        let mut end = self.store.len(INDEX_STREAM)?;
        while let Some(parts) = newest(&self.store, INDEX_STREAM, end)? {
            let bytes = read_whole(&self.store, INDEX_STREAM, parts)?;
            // One of a version before there was pruning: the history is whole.
            if bytes.first().is_some_and(|version| *version < INDEX_VERSION) {
                break;
            }
            self.decode_index(&bytes).map_err(|_| damaged(INDEX_STREAM))?;
            let mut fits = self.store.len(LOGS_STREAM)? >= self.log_names;
            for log in self.logs.values() {
                fits = fits && self.store.len(&log.stream)? >= log.records;
            }
            if fits {
                return Ok(());
            }
            end = parts.first;
        }
        self.logs.clear();
        self.log_names = 0;
        self.settled = 0;
        self.clock = LogicalTime { at: MissionTime(i64::MIN), count: 0 };
        Ok(())
    }

    fn decode_index(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != INDEX_VERSION {
            return Err(CodecError::Version { version });
        }
        self.logs.clear();
        self.clock = LogicalTime { at: reader.time()?, count: reader.u32()? };
        self.settled = reader.u64()?;
        self.log_names = reader.u64()?;
        for _ in 0..reader.count(36)? {
            let id = read_log(&mut reader)?;
            let log = Log::read(&id, &mut reader)?;
            self.logs.insert(id, log);
        }
        reader.finish()
    }

    /// Writes the index out and lets the store forget the snapshot before.
    pub(super) fn write_index(&mut self) -> Result<(), StoreError> {
        if self.broken {
            return Err(StoreError::Failed { detail: "a checkpoint came into force only in part".to_owned() });
        }
        let mut bytes = vec![INDEX_VERSION];
        put_i64(&mut bytes, self.clock.at.as_ms());
        put_u64(&mut bytes, u64::from(self.clock.count));
        put_u64(&mut bytes, self.settled);
        put_u64(&mut bytes, self.log_names);
        put_u64(&mut bytes, self.logs.len() as u64);
        for (id, log) in &self.logs {
            put_log(&mut bytes, id);
            log.encode(&mut bytes);
        }
        // What the index speaks of must be durable before it is.
        self.store.sync()?;
        let before = append_parts(&mut self.store, INDEX_STREAM, &bytes, PART_BYTES_MAX)?.first;
        // The new snapshot must be durable before the old one goes.
        self.store.sync()?;
        self.store.trim(INDEX_STREAM, before)?;
        self.unindexed = 0;
        self.unsynced = false;
        Ok(())
    }

    fn read_names(&mut self) -> Result<(), StoreError> {
        loop {
            let names = self.store.read(LOGS_STREAM, self.log_names, READ_MAX as usize)?;
            if names.is_empty() {
                return Ok(());
            }
            for name in names {
                let mut reader = Reader::new(&name);
                let id = read_log(&mut reader).map_err(|_| damaged(LOGS_STREAM))?;
                reader.finish().map_err(|_| damaged(LOGS_STREAM))?;
                self.logs.entry(id).or_insert_with(|| Log::new(&id));
                self.log_names += 1;
            }
        }
    }

    fn read_forks(&mut self) -> Result<(), StoreError> {
        loop {
            let records = self.store.read(FORKS_STREAM, self.fork_records, READ_MAX as usize)?;
            if records.is_empty() {
                return Ok(());
            }
            for record in records {
                let fork = Fork::decode(&record, &*self.keys.hasher).map_err(|_| damaged(FORKS_STREAM))?;
                self.fork_records += 1;
                let known = self.forks.get(&fork.at().log).is_some_and(|known| known.at() <= fork.at());
                if !known {
                    self.apply_fork(fork)?;
                }
            }
        }
    }

    /// Takes in the records that the index does not know yet.
    fn read_tail(&mut self, id: &LogId) -> Result<(), StoreError> {
        let hasher = self.keys.hasher.clone();
        loop {
            let log = &self.logs[id];
            let records = match self.store.read(&log.stream, log.records, READ_MAX as usize) {
                // Pruned since: what the snapshot of the index does not know is below the base.
                Err(StoreError::Trimmed { first }) => {
                    if let Some(log) = self.logs.get_mut(id) {
                        log.records = first;
                    }
                    continue;
                }
                other => other?,
            };
            if records.is_empty() {
                return Ok(());
            }
            for record in records {
                let raw = RawEntry::decode(&record).map_err(|_| damaged(&self.logs[id].stream))?;
                let (hash, header) = (raw.hash(&*hasher), raw.header);
                let Some(log) = self.logs.get_mut(id) else { return Err(damaged(LOGS_STREAM)) };
                let (at, sequence) = (log.records, header.id.sequence);
                log.records += 1;
                self.unindexed += 1;
                // Kept as evidence only, or written before a fork was known, or late; the last is carried when the checkpoint is settled.
                let late = self
                    .closed
                    .as_ref()
                    .is_some_and(|closed| closed.number() <= self.settled && closed.is_late(&header.id, header.time));
                let counts = log.fork.is_none_or(|fork| sequence < fork) && !log.has(sequence) && !late;
                if counts && log.chain_break(sequence, &header.previous, &hash).is_none() {
                    log.add(sequence, header.previous, hash, priority_code(header.priority), at);
                }
                // Our own entries move the clock whatever it says: nothing of ours may be written before them.
                if header.time > self.clock
                    && (id.author == self.keys.signer.node_id() || header.time.at <= self.clock.at)
                {
                    self.clock = header.time;
                }
            }
        }
    }
}
