use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{Signer, Store as _};
use cosmosmesh_crypto::{Blake3, Ed25519Verifier};
use cosmosmesh_delta_sync::receipt::RECEIPTS_STREAM;
use cosmosmesh_delta_sync::state::Base;
use cosmosmesh_delta_sync::{Entry, EntryId, Keys, LogId, MissionId, Receipt, Replica, ReplicaConfig};
use cosmosmesh_host::store::SqliteStore;

use crate::exit::Failure;
use crate::log_book;

/// A replica's store, opened to be looked at: nothing is appended to it.
pub(super) struct Opened {
    path: PathBuf,
    pub(super) replica: Replica<SqliteStore>,
    pub(super) keys: Keys,
    pub(super) receipts: Vec<Receipt>,
}

/// The first bytes of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// How many records are read at once.
const BLOCK: usize = 1_024;

impl Opened {
    /// Opens the store in a file.
    ///
    /// # Errors
    /// [`Failure`] naming the file: not there, no store, damaged, or held by another process.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        check_magic(path)?;
        let refuse = |error: &dyn Display| refused(path, error);
        let store = SqliteStore::open_read_only(path).map_err(|error| refuse(&error))?;
        if log_book::holds_log(&store) {
            let shown = path.display();
            return Err(Failure::bad_input(format!("{shown}: is a log and no replica's store; use `ledger show`")));
        }
        let mut receipts = Vec::new();
        loop {
            let records = store.read(RECEIPTS_STREAM, receipts.len() as u64, BLOCK).map_err(|error| refuse(&error))?;
            if records.is_empty() {
                break;
            }
            for record in records {
                let number = receipts.len();
                let receipt = Receipt::decode(&record)
                    .map_err(|error| refuse(&format!("receipt {number} cannot be read: {error}")))?;
                receipts.push(receipt);
            }
        }
        let keys = keys();
        // The mission matters to what is taken in, and nothing is.
        let config = ReplicaConfig::new(MissionId([0; 16]));
        let replica =
            Replica::open_to_look(MissionTime(i64::MAX), store, keys.clone(), config).map_err(|e| refuse(&e))?;
        Ok(Self { path: path.to_path_buf(), replica, keys, receipts })
    }

    /// The entries of one log from a place on, a block of them; none at its end.
    ///
    /// # Errors
    /// [`Failure`] if the store does not give back what its index says.
    pub(super) fn block(&self, log: &LogId, start: u64) -> Result<Vec<Entry>, Failure> {
        let end = self.replica.have(log).end();
        self.replica.read(log, start, end, BLOCK).map_err(|error| refused(&self.path, &error))
    }

    /// The hash of one entry, if it is here or was.
    ///
    /// # Errors
    /// As [`Opened::block`].
    pub(super) fn hash(&self, id: &EntryId) -> Result<Option<Digest>, Failure> {
        self.replica.hash(id).map_err(|error| refused(&self.path, &error))
    }

    /// Where a fold begins, if a checkpoint is in force.
    ///
    /// # Errors
    /// As [`Opened::block`].
    pub(super) fn base(&self) -> Result<Option<Base>, Failure> {
        self.replica.base().map_err(|error| refused(&self.path, &error))
    }

    /// Hands every entry to `take`, log by log.
    ///
    /// # Errors
    /// As [`Opened::block`].
    pub(super) fn for_each(&self, mut take: impl FnMut(&Entry)) -> Result<(), Failure> {
        for log in self.replica.logs() {
            let mut start = 0;
            loop {
                let block = self.block(&log, start)?;
                let Some(last) = block.last() else { break };
                start = last.id().sequence + 1;
                block.iter().for_each(&mut take);
            }
        }
        Ok(())
    }

    /// The mission of the first entry; every other entry has the same, since a replica takes in no other.
    ///
    /// # Errors
    /// As [`Opened::block`].
    pub(super) fn mission(&self) -> Result<Option<MissionId>, Failure> {
        if let Some(checkpoint) = self.replica.checkpoint() {
            return Ok(Some(checkpoint.mission));
        }
        for log in self.replica.logs() {
            if let Some(entry) = self.block(&log, 0)?.first() {
                return Ok(Some(entry.header().mission));
            }
        }
        Ok(None)
    }
}

/// The replica of a file for its owner, who may change it; nothing is signed.
///
/// # Errors
/// As [`Opened::open`].
pub(super) fn owned(path: &Path) -> Result<Replica<SqliteStore>, Failure> {
    check_magic(path)?;
    let refuse = |error: &dyn Display| refused(path, error);
    let store = SqliteStore::open(path).map_err(|error| refuse(&error))?;
    Replica::open(MissionTime(i64::MAX), store, keys(), ReplicaConfig::new(MissionId([0; 16])))
        .map_err(|error| refuse(&error))
}

fn keys() -> Keys {
    Keys { signer: Arc::new(Onlooker), verifier: Arc::new(Ed25519Verifier::new()), hasher: Arc::new(Blake3) }
}

fn check_magic(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    // Said better here than by SQLite.
    let mut magic = [0; 16];
    let read = File::open(path).and_then(|mut file| {
        if file.metadata()?.is_dir() { Ok(false) } else { Ok(file.read_exact(&mut magic).is_ok()) }
    });
    match read {
        Err(error) => {
            return Err(Failure::bad_input(format!("{shown}: {error}; check the path and its permissions")));
        }
        Ok(whole) if !whole || magic != *MAGIC => {
            return Err(Failure::bad_input(format!(
                "{shown}: is no replica's store; name the SQLite file that a node keeps its logs in"
            )));
        }
        Ok(_) => {}
    }
    Ok(())
}

pub(super) fn refused(path: &Path, error: &dyn Display) -> Failure {
    let (shown, error) = (path.display().to_string(), error.to_string());
    let place = if error.contains(&shown) { String::new() } else { format!("{shown}: ") };
    Failure::bad_input(format!(
        "{place}{error}; stop the node that holds the store, or look at a copy of the file and of its journal (`-wal`), if it has one"
    ))
}

/// Signs nothing.
struct Onlooker;

impl Signer for Onlooker {
    fn node_id(&self) -> NodeId {
        NodeId::from_bytes([0; 32])
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, KeyError> {
        Err(KeyError::Unavailable)
    }
}
