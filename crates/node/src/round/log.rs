use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_privacy::mask::{HeaderLog, SignedHeader};

/// Where a node keeps the headers of rounds: one per round, for ever.
///
/// Implemented by [`MemoryLog`] and [`StoreLog`]; by the ledger when the node has one.
pub trait RoundLog: HeaderLog {
    /// Puts a header in. It stands there for ever once this returns.
    ///
    /// # Errors
    /// [`RoundLogError::Second`] for another header of a round that has one; [`RoundLogError::Store`].
    fn append(&mut self, header: &SignedHeader) -> Result<(), RoundLogError>;
}

/// Why a header did not go into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RoundLogError {
    /// The round has another header: its facilitator shows different nodes different rounds.
    Second {
        /// The round.
        round: u64,
    },
    /// What was read from the store is no log of headers.
    Malformed {
        /// Which record, from 0.
        record: u64,
    },
    /// The store failed; nothing is known of the log until it is opened again.
    Store(StoreError),
}

impl fmt::Display for RoundLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Second { round } => write!(f, "a second header for round {round}; report its facilitator"),
            Self::Malformed { record } => write!(
                f,
                "record {record} of the log of rounds is no header; restore the store, or leave the committee until the next epoch"
            ),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RoundLogError {}

impl From<StoreError> for RoundLogError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The headers that one node has heard, in memory.
///
/// It tells what this node heard first, not what everybody heard: two nodes can be shown two headers until a log that the fleet shares is there.
/// Quorums of guardians still open at most one of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryLog {
    rounds: BTreeMap<u64, Digest>,
    headers: BTreeSet<Digest>,
}

impl MemoryLog {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the header is new; an error if the round has another.
    fn is_new(&self, round: u64, hash: &Digest) -> Result<bool, RoundLogError> {
        match self.rounds.get(&round) {
            None => Ok(true),
            Some(known) if known == hash => Ok(false),
            Some(_) => Err(RoundLogError::Second { round }),
        }
    }

    fn insert(&mut self, round: u64, hash: Digest) {
        self.rounds.insert(round, hash);
        self.headers.insert(hash);
    }
}

impl HeaderLog for MemoryLog {
    fn holds(&self, header: &Digest) -> bool {
        self.headers.contains(header)
    }
}

impl RoundLog for MemoryLog {
    fn append(&mut self, header: &SignedHeader) -> Result<(), RoundLogError> {
        let (round, hash) = (header.header().round, header.hash());
        if self.is_new(round, &hash)? {
            self.insert(round, hash);
        }
        Ok(())
    }
}

/// The headers that one node has heard, on a store: a header counts as heard once it is durable, and still after a crash.
///
/// A record is the round (8 bytes, little-endian) and the header's hash (32).
pub struct StoreLog {
    store: Box<dyn Store + Send>,
    stream: String,
    known: MemoryLog,
    /// After a write that failed nothing is known of the disk.
    failed: Option<StoreError>,
}

const RECORDS_AT_ONCE: usize = 1024;

impl StoreLog {
    /// Opens the log of an epoch on its store: everything that it ever took is read again.
    ///
    /// `stream` is its place in the store, one for each mission, epoch and node.
    /// # Errors
    /// [`RoundLogError`].
    pub fn open(mut store: Box<dyn Store + Send>, stream: String) -> Result<Self, RoundLogError> {
        // What is read below was perhaps never synced, and what rests on it must not be taken back by the next crash.
        store.sync()?;
        let mut known = MemoryLog::new();
        let mut record = 0;
        loop {
            let records = store.read(&stream, record, RECORDS_AT_ONCE)?;
            if records.is_empty() {
                return Ok(Self { store, stream, known, failed: None });
            }
            for bytes in records {
                let Some((round, hash)) = bytes.split_first_chunk::<8>() else {
                    return Err(RoundLogError::Malformed { record });
                };
                let hash: [u8; 32] = hash.try_into().map_err(|_| RoundLogError::Malformed { record })?;
                let (round, hash) = (u64::from_le_bytes(*round), Digest::from_bytes(hash));
                if !known.is_new(round, &hash)? {
                    return Err(RoundLogError::Malformed { record });
                }
                known.insert(round, hash);
                record += 1;
            }
        }
    }

    /// The first round of the epoch that has no header yet: where a facilitator goes on after a restart.
    pub fn next_round(&self) -> u64 {
        self.known.rounds.last_key_value().map_or(0, |(round, _)| round + 1)
    }

    /// Gives the store back, as a process that ends does.
    pub fn close(self) -> Box<dyn Store + Send> {
        self.store
    }
}

impl HeaderLog for StoreLog {
    fn holds(&self, header: &Digest) -> bool {
        self.known.holds(header)
    }
}

impl RoundLog for StoreLog {
    fn append(&mut self, header: &SignedHeader) -> Result<(), RoundLogError> {
        if let Some(error) = &self.failed {
            return Err(error.clone().into());
        }
        let (round, hash) = (header.header().round, header.hash());
        if !self.known.is_new(round, &hash)? {
            return Ok(());
        }
        let mut record = round.to_le_bytes().to_vec();
        record.extend_from_slice(hash.as_ref());
        let written = self.store.append(&self.stream, &record).and_then(|_| self.store.sync());
        if let Err(error) = written {
            self.failed = Some(error.clone());
            return Err(error.into());
        }
        self.known.insert(round, hash);
        Ok(())
    }
}
