//! Something large and rewritten, in a stream of records: the index, and the snapshot of the checkpoint in force.

use cosmosmesh_contracts::traits::{Store, StoreError};

use super::damaged;
use crate::codec::{CodecError, Reader, put_u64};

/// Where something whole stands in its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) first: u64,
    pub(super) count: u64,
}

/// Appends bytes in parts of at most `part_bytes`.
pub(super) fn append_parts(
    store: &mut impl Store,
    stream: &str,
    bytes: &[u8],
    part_bytes: usize,
) -> Result<Parts, StoreError> {
    let first = store.len(stream)?;
    let count = bytes.len().div_ceil(part_bytes).max(1) as u64;
    let mut pieces = bytes.chunks(part_bytes);
    for part in 0..count {
        let piece = pieces.next().unwrap_or_default();
        let mut record = Vec::with_capacity(piece.len() + 20);
        put_u64(&mut record, part);
        put_u64(&mut record, count);
        record.extend_from_slice(piece);
        store.append(stream, &record)?;
    }
    Ok(Parts { first, count })
}

/// The bytes of one part.
pub(super) fn read_part(store: &impl Store, stream: &str, parts: Parts, part: u64) -> Result<Vec<u8>, StoreError> {
    let mut record = store.read(stream, parts.first + part, 1)?.pop().ok_or_else(|| damaged(stream))?;
    let (at, _, start) = head(&record).map_err(|_| damaged(stream))?;
    if at != part {
        return Err(damaged(stream));
    }
    record.drain(..start);
    Ok(record)
}

/// All of it.
pub(super) fn read_whole(store: &impl Store, stream: &str, parts: Parts) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    for part in 0..parts.count {
        bytes.extend_from_slice(&read_part(store, stream, parts, part)?);
    }
    Ok(bytes)
}

/// Where the newest whole one that ends before `end` stands: a crash between the parts leaves the last unfinished, and the one before counts.
pub(super) fn newest(store: &impl Store, stream: &str, mut end: u64) -> Result<Option<Parts>, StoreError> {
    loop {
        let Some(last) = end.checked_sub(1) else { return Ok(None) };
        let record = match store.read(stream, last, 1) {
            Err(StoreError::Trimmed { .. }) => return Ok(None),
            other => other?.pop().ok_or_else(|| damaged(stream))?,
        };
        let (part, count, _) = head(&record).map_err(|_| damaged(stream))?;
        let first = last.checked_sub(part).ok_or_else(|| damaged(stream))?;
        if part + 1 == count {
            return match store.read(stream, first, 1) {
                Err(StoreError::Trimmed { .. }) => Ok(None),
                other => other.map(|_| Some(Parts { first, count })),
            };
        }
        end = first;
    }
}

fn head(record: &[u8]) -> Result<(u64, u64, usize), CodecError> {
    let mut reader = Reader::new(record);
    let (part, parts) = (reader.u64()?, reader.u64()?);
    if part >= parts { Err(CodecError::Number) } else { Ok((part, parts, record.len() - reader.remaining())) }
}
