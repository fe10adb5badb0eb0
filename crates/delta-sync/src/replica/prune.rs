//! Below the checkpoint in force only hashes stay.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{LogId, RawEntry};
use crate::log::{Extent, Log};
use crate::range::RangeSet;

use super::{Replica, damaged};

/// What pruning took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// How many entries; their hashes stay.
    pub entries: u64,
    /// How long they were, bodies included.
    pub bytes: u64,
}

/// How many hashes stand in one record.
const HASHES_MAX: usize = 1_024;

impl<S: Store> Replica<S> {
    /// Drops the entries of the cut of the checkpoint in force and keeps their hashes. Ranges and roots stay what they were; without a checkpoint nothing is done.
    ///
    /// A crash at any point leaves the replica as it was before or as it is after; what was not yet let go is let go the next time.
    /// # Errors
    /// [`StoreError`] if the store fails: open it again.
    /// # Cost
    /// Reads the entries that go; writes 32 bytes for each, and anew the entries that stay and stand among them.
    pub fn prune(&mut self) -> Result<Pruned, StoreError> {
        let Some(closed) = &self.closed else { return Ok(Pruned::default()) };
        let cut = closed.checkpoint.cut.clone();
        let mut pruned = Pruned::default();
        let mut begun: Vec<(LogId, Log)> = Vec::new();
        for (id, part) in cut.logs() {
            let Some(log) = self.logs.get(id).filter(|log| log.base < part.have.end()) else { continue };
            let mut next = log.clone();
            self.prune_log(id, &mut next, &part.have, &mut pruned)?;
            next.base = part.have.end();
            next.base_hash = part.lasts.last().copied().unwrap_or(next.base_hash);
            begun.push((*id, next));
        }
        for (id, log) in begun {
            if let Some(old) = self.log_mut(&id) {
                *old = log;
            }
        }
        // The index makes it so; only then may the store forget.
        self.write_index()?;
        for log in self.logs.values().filter(|log| log.base > 0) {
            self.store.trim(&log.stream, log.first_record())?;
        }
        self.store.sync()?;
        Ok(pruned)
    }

    /// Writes the hashes of what goes, and what stays among it, to the end of its stream.
    fn prune_log(&mut self, id: &LogId, log: &mut Log, have: &RangeSet, pruned: &mut Pruned) -> Result<(), StoreError> {
        let end = have.end();
        let going = have.minus(&RangeSet::from_range(0, log.base));
        let mut hashes = Hashes::default();
        let hasher = self.keys.hasher.clone();
        let mut records = Vec::new();
        self.for_each_record(log, &going, |record| {
            let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
            pruned.entries += 1;
            pruned.bytes += record.len() as u64;
            hashes.put(raw.header.id.sequence, raw.hash(&*hasher), &mut records);
            Ok(true)
        })?;
        hashes.flush(&mut records);
        let stream = hashes_stream(id);
        for record in records {
            self.store.append(&stream, &record)?;
        }
        // What stays and stands before the last of what goes would keep that from being let go.
        let below = |extent: &Extent| extent.start < end;
        let last = log
            .extents
            .iter()
            .filter(|extent| below(extent))
            .map(|extent| extent.record + extent.count.min(end - extent.start))
            .max()
            .unwrap_or(0);
        let mut kept: Vec<Extent> = Vec::new();
        for extent in &log.extents {
            let skip = end.saturating_sub(extent.start).min(extent.count);
            let (start, count, record) = (extent.start + skip, extent.count - skip, extent.record + skip);
            if count == 0 {
                continue;
            }
            if record >= last {
                kept.push(Extent { start, count, record });
                continue;
            }
            let mut moved = self.store.len(&log.stream)?;
            let place = Extent { start, count, record: moved };
            for at in record..record + count {
                let bytes = self.store.read(&log.stream, at, 1)?.pop().ok_or_else(|| damaged(&log.stream))?;
                moved = self.store.append(&log.stream, &bytes)?;
            }
            log.records = moved + 1;
            kept.push(place);
        }
        log.extents = kept;
        for set in &mut log.unusual {
            *set = set.minus(&RangeSet::from_range(0, end));
        }
        self.touch();
        Ok(())
    }

    /// The hash of an entry that was pruned here, if it is kept: a replica that took a snapshot has none for what it never had.
    pub(super) fn pruned_hash(&self, id: &LogId, sequence: u64) -> Result<Option<Digest>, StoreError> {
        let stream = hashes_stream(id);
        let (mut below, mut above) = (0, self.store.len(&stream)?);
        while below < above {
            let middle = below + (above - below) / 2;
            let record = self.store.read(&stream, middle, 1)?.pop().ok_or_else(|| damaged(&stream))?;
            let (first, hashes) = decode_hashes(&record).map_err(|_| damaged(&stream))?;
            let count = (hashes.len() / Digest::LEN) as u64;
            if sequence < first {
                above = middle;
            } else if sequence - first < count {
                let at = (sequence - first) as usize * Digest::LEN;
                return Ok(hashes[at..at + Digest::LEN].try_into().ok().map(Digest::from_bytes));
            } else {
                below = middle + 1;
            }
        }
        Ok(None)
    }
}

/// Hashes of what was pruned of one log: in each record the first sequence number and the hashes from there on.
fn hashes_stream(id: &LogId) -> String {
    format!("hash/{}/{}/{}", id.author, id.epoch, id.topic.0)
}

/// Hashes that follow each other, on their way into records.
#[derive(Default)]
struct Hashes {
    first: u64,
    bytes: Vec<u8>,
}

impl Hashes {
    fn put(&mut self, sequence: u64, hash: Digest, records: &mut Vec<Vec<u8>>) {
        let count = self.bytes.len() / Digest::LEN;
        if count == HASHES_MAX || self.first + count as u64 != sequence {
            self.flush(records);
            self.first = sequence;
        }
        self.bytes.extend(hash.as_bytes());
    }

    fn flush(&mut self, records: &mut Vec<Vec<u8>>) {
        if !self.bytes.is_empty() {
            let mut record = Vec::with_capacity(self.bytes.len() + 10);
            put_u64(&mut record, self.first);
            record.append(&mut self.bytes);
            records.push(record);
        }
    }
}

fn decode_hashes(record: &[u8]) -> Result<(u64, &[u8]), CodecError> {
    let mut reader = Reader::new(record);
    let first = reader.u64()?;
    let hashes = reader.rest();
    if hashes.len().is_multiple_of(Digest::LEN) && !hashes.is_empty() {
        Ok((first, hashes))
    } else {
        Err(CodecError::Truncated)
    }
}
