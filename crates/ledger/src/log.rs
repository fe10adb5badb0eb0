use core::fmt;
use core::ops::Range;

use cosmosmesh_contracts::traits::{Signer, Store, StoreError};

use crate::checkpoint::Checkpoint;
use crate::hash::leaf_hash;
use crate::note::{Note, NoteError};
use crate::proof::verify_consistency;
use crate::tile::ENTRY_BYTES_MAX;
use crate::tlog_proof::TlogProof;
use crate::tree::{Tree, TreeError};
use crate::witness::WitnessRequest;

/// A log with its entries in a store: what was acknowledged is durable, and what was signed is never taken back.
///
/// The store is handed in at every call, since it is shared with the other engines of a node.
/// # Cost
/// 64 bytes of memory an entry. Opening reads and hashes every entry.
#[derive(Clone, Debug)]
pub struct Log {
    origin: String,
    entries: String,
    checkpoints: String,
    tree: Tree,
    signed: Option<(Checkpoint, Note)>,
    broken: bool,
}

impl Log {
    /// Takes up a log where the store has it; a store without it gives an empty one.
    ///
    /// `stream` names the streams `stream/entries` and `stream/checkpoints`; `origin` is what checkpoints call the log.
    /// # Errors
    /// [`LogError::Rewritten`] if the entries are not those of a checkpoint that was signed: sign nothing more, find out why.
    pub fn open(store: &dyn Store, stream: &str, origin: &str) -> Result<Self, LogError> {
        let mut log = Self {
            origin: origin.to_owned(),
            entries: format!("{stream}/entries"),
            checkpoints: format!("{stream}/checkpoints"),
            tree: Tree::new(),
            signed: None,
            broken: false,
        };
        each(store, &log.entries, |entry| {
            log.tree.push(leaf_hash(entry));
            Ok(())
        })?;
        let mut signed: Option<(Checkpoint, Note)> = None;
        each(store, &log.checkpoints, |record| {
            let note = Note::parse(record).map_err(LogError::Note)?;
            let checkpoint = Checkpoint::parse(note.text()).map_err(|_| LogError::Rewritten { size: 0 })?;
            let size = checkpoint.size;
            if checkpoint.origin != origin || log.tree.root_at(size) != Ok(checkpoint.root) {
                return Err(LogError::Rewritten { size });
            }
            if signed.as_ref().is_some_and(|(last, _)| last.size > size) {
                return Err(LogError::Rewritten { size });
            }
            signed = Some((checkpoint, note));
            Ok(())
        })?;
        log.signed = signed;
        Ok(log)
    }

    /// What checkpoints call it.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The tree over the entries.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The last checkpoint that was signed.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.signed.as_ref().map(|(checkpoint, _)| checkpoint)
    }

    /// The same as a note, with the signatures it has by now.
    pub fn checkpoint_note(&self) -> Option<&Note> {
        self.signed.as_ref().map(|(_, note)| note)
    }

    /// Adds entries and returns their indices. They are durable once this returns.
    ///
    /// # Errors
    /// [`LogError::Entry`] before anything is written; [`LogError::Store`] and then [`LogError::Broken`] until the log is opened again.
    /// # Cost
    /// One sync for all of them: hand over many at once.
    pub fn append<E: AsRef<[u8]>>(&mut self, store: &mut dyn Store, entries: &[E]) -> Result<Range<u64>, LogError> {
        if self.broken {
            return Err(LogError::Broken);
        }
        let too_long = entries.iter().map(|entry| entry.as_ref().len()).find(|bytes| *bytes > ENTRY_BYTES_MAX);
        if let Some(bytes) = too_long {
            return Err(LogError::Entry { bytes });
        }
        let first = self.size();
        if entries.is_empty() {
            return Ok(first..first);
        }
        // Until the sync has returned nothing is known of what was written, so the log stands still if it does not.
        self.broken = true;
        for (index, entry) in (first..).zip(entries) {
            let at = store.append(&self.entries, entry.as_ref()).map_err(LogError::Store)?;
            if at != index {
                return Err(LogError::OtherWriter { expected: index, found: at });
            }
        }
        store.sync().map_err(LogError::Store)?;
        self.broken = false;
        entries.iter().for_each(|entry| self.tree.push(leaf_hash(entry.as_ref())));
        Ok(first..self.size())
    }

    /// Entries from an index on, at most `limit` of them.
    ///
    /// # Errors
    /// [`LogError::Store`]; [`LogError::Rewritten`] if one is not what was logged.
    pub fn read(&self, store: &dyn Store, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, LogError> {
        let left = usize::try_from(self.size().saturating_sub(from)).unwrap_or(usize::MAX);
        let entries = store.read(&self.entries, from, limit.min(left)).map_err(LogError::Store)?;
        // In this order an index past the end, as large as it may be, is never counted on.
        for (entry, index) in entries.iter().zip(from..) {
            if self.tree.leaf(index) != Some(leaf_hash(entry)) {
                return Err(LogError::Rewritten { size: index });
            }
        }
        Ok(entries)
    }

    /// Signs the log as it stands. The checkpoint is durable before it is returned, so no restart can sign against it.
    ///
    /// # Errors
    /// [`LogError::Note`] if the origin is no key name or the signer fails; otherwise as [`Log::append`].
    pub fn sign(&mut self, store: &mut dyn Store, signer: &dyn Signer) -> Result<&Note, LogError> {
        if self.broken {
            return Err(LogError::Broken);
        }
        let (size, root) = (self.tree.size(), self.tree.root());
        if let Some((last, _)) = &self.signed {
            let proof = self.tree.consistency(last.size, size).map_err(LogError::Tree)?;
            let grown = verify_consistency(last.size, &last.root, size, &root, &proof);
            grown.map_err(|_| LogError::Rewritten { size: last.size })?;
        }
        let checkpoint = Checkpoint { origin: self.origin.clone(), size, root, extensions: Vec::new() };
        let mut note = Note::new(checkpoint.to_text()).map_err(LogError::Note)?;
        note.sign(&self.origin, signer).map_err(LogError::Note)?;
        self.broken = true;
        store.append(&self.checkpoints, note.to_string().as_bytes()).map_err(LogError::Store)?;
        store.sync().map_err(LogError::Store)?;
        self.broken = false;
        Ok(&self.signed.insert((checkpoint, note)).1)
    }

    /// Keeps a witness's signature of the last checkpoint; the caller has verified it.
    ///
    /// # Errors
    /// [`LogError::Unsigned`] if there is no checkpoint; otherwise as [`Log::append`].
    pub fn add_cosignature(
        &mut self,
        store: &mut dyn Store,
        signature: crate::note::NoteSignature,
    ) -> Result<(), LogError> {
        if self.broken {
            return Err(LogError::Broken);
        }
        let (_, note) = self.signed.as_mut().ok_or(LogError::Unsigned)?;
        note.push(signature).map_err(LogError::Note)?;
        self.broken = true;
        store.append(&self.checkpoints, note.to_string().as_bytes()).map_err(LogError::Store)?;
        store.sync().map_err(LogError::Store)?;
        self.broken = false;
        Ok(())
    }

    /// What shows an outsider that entry `index` stands in the last checkpoint.
    ///
    /// # Errors
    /// [`LogError::Unsigned`] if there is no checkpoint, [`LogError::Tree`] if the entry came after it.
    pub fn prove(&self, index: u64) -> Result<TlogProof, LogError> {
        let (checkpoint, note) = self.signed.as_ref().ok_or(LogError::Unsigned)?;
        let path = self.tree.inclusion(index, checkpoint.size).map_err(LogError::Tree)?;
        Ok(TlogProof { extra: None, index, path, checkpoint: note.clone() })
    }

    /// What a witness that signed size `old_size` last must be sent.
    ///
    /// # Errors
    /// As [`Log::prove`].
    pub fn witness_request(&self, old_size: u64) -> Result<WitnessRequest, LogError> {
        let (checkpoint, note) = self.signed.as_ref().ok_or(LogError::Unsigned)?;
        let proof = self.tree.consistency(old_size, checkpoint.size).map_err(LogError::Tree)?;
        Ok(WitnessRequest { old_size, proof, checkpoint: note.clone() })
    }
}

/// Hands over every record of a stream, oldest first.
pub(crate) fn each(
    store: &dyn Store,
    stream: &str,
    mut take: impl FnMut(&[u8]) -> Result<(), LogError>,
) -> Result<(), LogError> {
    let mut from = 0;
    loop {
        let records = store.read(stream, from, RECORDS_AT_ONCE).map_err(LogError::Store)?;
        if records.is_empty() {
            return Ok(());
        }
        records.iter().try_for_each(|record| take(record))?;
        from += records.len() as u64;
    }
}

const RECORDS_AT_ONCE: usize = 4096;

/// Why a log did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogError {
    /// An entry is longer than [`ENTRY_BYTES_MAX`].
    Entry {
        /// How long.
        bytes: usize,
    },
    /// The store failed.
    Store(StoreError),
    /// The store failed before; open the log again.
    Broken,
    /// Somebody else writes to the same streams.
    OtherWriter {
        /// The index that was due.
        expected: u64,
        /// The one it got.
        found: u64,
    },
    /// Nothing was signed yet.
    Unsigned,
    /// The entries are not those that were signed.
    Rewritten {
        /// The checkpoint or entry at which it shows.
        size: u64,
    },
    /// The tree has not what was asked for.
    Tree(TreeError),
    /// The checkpoint cannot be written or signed.
    Note(NoteError),
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { bytes } => {
                write!(f, "an entry has {bytes} bytes, at most {ENTRY_BYTES_MAX} can be logged; log its digest")
            }
            Self::Store(error) => error.fmt(f),
            Self::Broken => f.write_str("the log's store failed before; open the log again"),
            Self::OtherWriter { expected, found } => {
                write!(f, "entry {expected} was stored as {found}; end the other program that writes to this log")
            }
            Self::Unsigned => f.write_str("the log has no checkpoint yet; sign one first"),
            Self::Rewritten { size } => {
                write!(f, "the stored entries are not those signed at size {size}; sign nothing, restore a copy")
            }
            Self::Tree(error) => error.fmt(f),
            Self::Note(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LogError {}
