//! The checkpoint in force: its snapshot in the store, and the state that begins there.

use std::sync::Arc;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{Certificate, Checkpoint, put_snapshot, read_front, read_votes};
use crate::codec::Reader;
use crate::entry::{Entry, EntryId, LogId, LogicalTime, RawEntry};
use crate::log::Log;
use crate::range::RangeSet;
use crate::state::{Base, Fold, State};

use super::parts::{Parts, append_parts, newest, read_part, read_whole};
use super::{Replica, damaged};

/// The snapshot of the checkpoint in force.
const CHECKPOINT_STREAM: &str = "checkpoint";
const PART_BYTES_MAX: usize = 256 << 10;

/// The checkpoint in force, and where its snapshot stands in the store.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) hash: Digest,
    /// Length of checkpoint and state together, which is what travels in pieces.
    pub(crate) front_bytes: u64,
    pub(super) parts: Parts,
    pub(crate) votes: Vec<Entry>,
}

impl Closed {
    pub(crate) fn number(&self) -> u64 {
        self.checkpoint.number
    }

    pub(crate) fn is_late(&self, id: &EntryId, time: LogicalTime) -> bool {
        self.checkpoint.cut.is_late(id, time, self.checkpoint.at)
    }
}

impl<S: Store> Replica<S> {
    /// The checkpoint in force here.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.closed.as_ref().map(|closed| &closed.checkpoint)
    }

    /// The certificate of the checkpoint in force here.
    pub fn certificate(&self) -> Option<Certificate> {
        self.closed
            .as_ref()
            .map(|closed| Certificate { checkpoint: closed.checkpoint.clone(), votes: closed.votes.clone() })
    }

    /// The state of the checkpoint in force, and what is in it: where a fold begins.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails or does not give back what was written.
    pub fn base(&self) -> Result<Option<Base>, StoreError> {
        let Some(closed) = &self.closed else { return Ok(None) };
        let bytes = read_whole(&self.store, CHECKPOINT_STREAM, closed.parts)?;
        let (_, state) = read_front(&mut Reader::new(&bytes)).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        let state = State::decode(state).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        Ok(Some(Base { state, at: closed.checkpoint.at, cut: Arc::clone(&closed.checkpoint.cut) }))
    }

    /// The fold of the checkpoint in force and of every entry after it whose body is an operation.
    ///
    /// # Errors
    /// As [`Replica::base`].
    /// # Cost
    /// Reads the entries after the checkpoint.
    pub fn fold(&self) -> Result<Fold, StoreError> {
        let mut fold = self.base()?.map_or_else(Fold::new, Fold::from_base);
        for (id, log) in &self.logs {
            let end = self.closed.as_ref().map_or(0, |closed| closed.checkpoint.cut.end(id));
            let after = log.have().minus(&RangeSet::from_range(0, end));
            self.for_each_record(log, &after, |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
                // What is no operation says nothing to the state.
                let _ = fold.take_parts(&raw.header, raw.body);
                Ok(true)
            })?;
        }
        Ok(fold)
    }

    pub(super) fn number_next(&self) -> u64 {
        self.closed.as_ref().map_or(0, Closed::number) + 1
    }

    /// Keeps a snapshot and puts its checkpoint in force.
    pub(super) fn put_checkpoint(&mut self, certificate: &Certificate, state: &[u8]) -> Result<(), StoreError> {
        let mut snapshot = Vec::with_capacity(state.len() + 1_024);
        let front = put_snapshot(&mut snapshot, certificate, state);
        let parts = append_parts(&mut self.store, CHECKPOINT_STREAM, &snapshot, PART_BYTES_MAX)?;
        self.unsynced = true;
        self.closed = Some(self.closed_of(certificate.clone(), front, parts));
        self.closing.worked_out = None;
        Ok(())
    }

    /// Lets the store forget the snapshot before the one in force.
    pub(super) fn forget_older(&mut self) -> Result<(), StoreError> {
        let first = self.closed.as_ref().map_or(0, |closed| closed.parts.first);
        self.store.trim(CHECKPOINT_STREAM, first)
    }

    fn closed_of(&self, certificate: Certificate, front: usize, parts: Parts) -> Closed {
        Closed {
            hash: certificate.checkpoint.hash(&*self.keys.hasher),
            front_bytes: front as u64,
            checkpoint: certificate.checkpoint,
            votes: certificate.votes,
            parts,
        }
    }

    pub(super) fn read_checkpoint(&mut self) -> Result<(), StoreError> {
        let end = self.store.len(CHECKPOINT_STREAM)?;
        let Some(parts) = newest(&self.store, CHECKPOINT_STREAM, end)? else { return Ok(()) };
        let bytes = read_whole(&self.store, CHECKPOINT_STREAM, parts)?;
        let mut reader = Reader::new(&bytes);
        let (checkpoint, _) = read_front(&mut reader).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        let front = bytes.len() - reader.remaining();
        let votes = read_votes(&mut reader, &*self.keys.hasher).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        self.closed = Some(self.closed_of(Certificate { checkpoint, votes }, front, parts));
        Ok(())
    }

    /// Bytes of the snapshot in force, at most to the end of the part that holds the first of them.
    pub(crate) fn snapshot_piece(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, StoreError> {
        let Some(closed) = &self.closed else { return Ok(Vec::new()) };
        let (part, within) = (offset / PART_BYTES_MAX as u64, (offset % PART_BYTES_MAX as u64) as usize);
        let mut piece = read_part(&self.store, CHECKPOINT_STREAM, closed.parts, part)?;
        if within >= piece.len() {
            return Err(damaged(CHECKPOINT_STREAM));
        }
        piece.drain(..within);
        piece.truncate(bytes_max);
        Ok(piece)
    }

    pub(crate) fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    pub(super) fn log_mut(&mut self, id: &LogId) -> Option<&mut Log> {
        self.logs.get_mut(id)
    }
}
