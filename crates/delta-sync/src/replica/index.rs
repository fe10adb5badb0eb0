//! Opening a replica: from the last index snapshot and the few records after it.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::codec::{CodecError, Reader, put_i64, put_u64};
use crate::entry::{LogId, LogicalTime, RawEntry, priority_code, put_log, read_log};
use crate::keys::Keys;
use crate::log::Log;

use super::fork::FORKS_STREAM;
use super::{Fork, LOGS_STREAM, READ_MAX, Replica, ReplicaConfig, damaged};

/// Snapshots of the index, each in one record or several.
const INDEX_STREAM: &str = "index";
/// The longest part of a snapshot.
const PART_BYTES_MAX: usize = 1 << 20;
const INDEX_VERSION: u8 = 1;

impl<S: Store> Replica<S> {
    /// Opens the replica that a store holds; an empty store makes an empty replica.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails or does not give back what was written.
    /// # Cost
    /// The last index snapshot and the records after it are read, not the history.
    pub fn open(now: MissionTime, store: S, keys: Keys, config: ReplicaConfig) -> Result<Self, StoreError> {
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
        };
        let indexed = replica.read_index()?;
        if !indexed {
            replica.logs.clear();
            replica.log_names = 0;
        }
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
        Ok(replica)
    }

    /// Takes the newest whole snapshot; says no if there is none or the streams are shorter than it says.
    fn read_index(&mut self) -> Result<bool, StoreError> {
        let length = self.store.len(INDEX_STREAM)?;
        let Some(last) = length.checked_sub(1) else { return Ok(false) };
        let head = |record: &[u8]| -> Result<(u64, u64, usize), CodecError> {
            let mut reader = Reader::new(record);
            let (part, parts) = (reader.u64()?, reader.u64()?);
            Ok((part, parts, record.len() - reader.remaining()))
        };
        let record = self.store.read(INDEX_STREAM, last, 1)?.pop().ok_or_else(|| damaged(INDEX_STREAM))?;
        let (part, parts, _) = head(&record).map_err(|_| damaged(INDEX_STREAM))?;
        // A crash between the parts leaves the last snapshot unfinished: the history is read instead.
        if part + 1 != parts || parts > length {
            return Ok(false);
        }
        let mut bytes = Vec::new();
        for record in self.store.read(INDEX_STREAM, length - parts, parts as usize)? {
            let (_, _, start) = head(&record).map_err(|_| damaged(INDEX_STREAM))?;
            bytes.extend_from_slice(&record[start..]);
        }
        self.decode_index(&bytes).map_err(|_| damaged(INDEX_STREAM))?;
        if self.store.len(LOGS_STREAM)? < self.log_names {
            return Ok(false);
        }
        for log in self.logs.values() {
            if self.store.len(&log.stream)? < log.records {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn decode_index(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if version != INDEX_VERSION {
            return Err(CodecError::Version { version });
        }
        self.clock = LogicalTime { at: reader.time()?, count: reader.u32()? };
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
        let mut bytes = vec![INDEX_VERSION];
        put_i64(&mut bytes, self.clock.at.as_ms());
        put_u64(&mut bytes, u64::from(self.clock.count));
        put_u64(&mut bytes, self.log_names);
        put_u64(&mut bytes, self.logs.len() as u64);
        for (id, log) in &self.logs {
            put_log(&mut bytes, id);
            log.encode(&mut bytes);
        }
        let before = self.store.len(INDEX_STREAM)?;
        let parts = bytes.len().div_ceil(PART_BYTES_MAX).max(1);
        for (part, piece) in bytes.chunks(PART_BYTES_MAX).enumerate() {
            let mut record = Vec::with_capacity(piece.len() + 20);
            put_u64(&mut record, part as u64);
            put_u64(&mut record, parts as u64);
            record.extend_from_slice(piece);
            self.store.append(INDEX_STREAM, &record)?;
        }
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
                // Kept as evidence only, or written before a fork was known.
                let counts = log.fork.is_none_or(|fork| sequence < fork) && !log.has(sequence);
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
