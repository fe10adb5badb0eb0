//! One entry on its way: a row without what the receiver can work out.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, Signature};
use cosmosmesh_contracts::message::Priority;

use crate::codec::{CodecError, Reader};
use crate::entry::{
    DEPENDENCIES_MAX, EntryId, Header, LogId, LogicalTime, NO_ENTRY, body_bytes_max, priority_of, read_id, read_log,
};
use crate::range::SEQUENCE_END;

/// One entry of a batch, as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow<'b> {
    /// Where it stands.
    pub id: EntryId,
    /// Hash of the entry before, if the sender could not rely on the receiver to know it.
    pub previous: Option<Digest>,
    /// Whether the entry before it is the row before it.
    pub follows: bool,
    /// When it was written.
    pub time: LogicalTime,
    /// What the body is.
    pub kind: u16,
    /// In which order it travels.
    pub priority: Priority,
    /// From when on it may be disregarded.
    pub expiry: Option<MissionTime>,
    /// What it builds on.
    pub dependencies: Vec<EntryId>,
    /// Length of the body.
    pub body_bytes: u32,
    /// The body, or only its hash.
    pub body: Result<&'b [u8], Digest>,
    /// The author's signature.
    pub signature: Signature,
}

/// Walks the entries of a batch.
#[derive(Debug)]
pub struct Rows<'b> {
    rows: Reader<'b>,
    bodies: Reader<'b>,
    signatures: Reader<'b>,
    groups_left: Option<u64>,
    rows_left: u64,
    log: Option<LogId>,
    sequence: u64,
    at: MissionTime,
    kind: u16,
    body_bytes: u32,
    first: bool,
}

impl<'b> Rows<'b> {
    pub(super) fn over(rows: &'b [u8], signatures: &'b [u8]) -> Self {
        Self {
            rows: Reader::new(rows),
            bodies: Reader::new(&[]),
            signatures: Reader::new(signatures),
            groups_left: None,
            rows_left: 0,
            log: None,
            sequence: 0,
            at: MissionTime(0),
            kind: 0,
            body_bytes: 0,
            first: false,
        }
    }

    /// The next entry; nothing after the last.
    ///
    /// # Errors
    /// [`CodecError`], though not for a batch that was decoded.
    pub fn next_row(&mut self) -> Result<Option<BatchRow<'b>>, CodecError> {
        let groups_left = match self.groups_left {
            Some(left) => left,
            None => {
                let rows_bytes = self.rows.count(1)?;
                let mut rows = Reader::new(self.rows.take(rows_bytes)?);
                self.bodies = self.rows;
                let groups = rows.count(37)? as u64;
                self.rows = rows;
                groups
            }
        };
        self.groups_left = Some(groups_left);
        if self.rows_left == 0 {
            if groups_left == 0 {
                self.rows.finish()?;
                self.bodies.finish()?;
                self.signatures.finish()?;
                return Ok(None);
            }
            let log = read_log(&mut self.rows)?;
            if self.log.is_some_and(|before| before >= log) {
                return Err(CodecError::Order);
            }
            self.log = Some(log);
            self.sequence = self.rows.up_to(SEQUENCE_END - 1)?;
            self.at = self.rows.time()?;
            self.rows_left = self.rows.count(3)? as u64;
            if self.rows_left == 0 {
                return Err(CodecError::Order);
            }
            (self.kind, self.body_bytes, self.first) = (0, 0, true);
            self.groups_left = Some(groups_left - 1);
        }
        self.rows_left -= 1;
        self.row().map(Some)
    }

    fn row(&mut self) -> Result<BatchRow<'b>, CodecError> {
        let reader = &mut self.rows;
        let flags = reader.byte()?;
        let priority = priority_of(flags & 3)?;
        let step = reader.u64()?;
        let (gap, has_count) = (step >> 1, step & 1 == 1);
        if self.first && gap != 0 {
            return Err(CodecError::Order);
        }
        let next = if self.first { 0 } else { 1 };
        let sequence = self.sequence.checked_add(gap + next).filter(|&n| n < SEQUENCE_END).ok_or(CodecError::Number)?;
        let at = MissionTime(self.at.as_ms().wrapping_add(reader.i64()?));
        if self.first && at != self.at {
            return Err(CodecError::Order);
        }
        let count = if has_count { reader.u32()? } else { 0 };
        if has_count && count == 0 {
            return Err(CodecError::Number);
        }
        if flags & OTHER_KIND != 0 {
            let kind = reader.u16()?;
            if kind == self.kind {
                return Err(CodecError::Number);
            }
            self.kind = kind;
        }
        if flags & OTHER_LENGTH != 0 {
            let length = reader.u32()?;
            if length == self.body_bytes {
                return Err(CodecError::Number);
            }
            self.body_bytes = length;
        }
        if self.body_bytes as usize > body_bytes_max(self.kind) {
            return Err(CodecError::Number);
        }
        let previous = if flags & HAS_PREVIOUS != 0 { Some(reader.digest()?) } else { None };
        let follows = !self.first && gap == 0;
        // The first entry has none before it, and a row's hash is known to the next.
        if previous.is_some() && (sequence == 0 || follows) || previous == Some(NO_ENTRY) {
            return Err(CodecError::Contradiction);
        }
        let expiry = match flags & HAS_EXPIRY {
            0 => None,
            _ => Some(MissionTime(at.as_ms().wrapping_add(reader.i64()?))),
        };
        let mut dependencies = Vec::new();
        if flags & HAS_DEPENDENCIES != 0 {
            let count = reader.count(35)?;
            if count == 0 || count > DEPENDENCIES_MAX {
                return Err(CodecError::TooLong { bytes: count });
            }
            dependencies.reserve_exact(count);
            for _ in 0..count {
                let id = read_id(reader)?;
                if dependencies.last().is_some_and(|last| *last >= id) {
                    return Err(CodecError::Order);
                }
                dependencies.push(id);
            }
        }
        let body = if flags & NO_BODY != 0 {
            Err(reader.digest()?)
        } else {
            Ok(self.bodies.take(self.body_bytes as usize)?)
        };
        let log = self.log.ok_or(CodecError::Order)?;
        (self.sequence, self.at, self.first) = (sequence, at, false);
        Ok(BatchRow {
            id: EntryId { log, sequence },
            previous,
            follows,
            time: LogicalTime { at, count },
            kind: self.kind,
            priority,
            expiry,
            dependencies,
            body_bytes: self.body_bytes,
            body,
            signature: self.signatures.signature()?,
        })
    }
}

impl<'b> BatchRow<'b> {
    /// The row of a stored entry. Its `previous` goes along only if asked for.
    pub(crate) fn of(raw: &crate::entry::RawEntry<'b>, with_previous: bool) -> Self {
        let header = &raw.header;
        Self {
            id: header.id,
            previous: (with_previous && header.id.sequence > 0).then_some(header.previous),
            follows: false,
            time: header.time,
            kind: header.kind,
            priority: header.priority,
            expiry: header.expiry,
            dependencies: header.dependencies.clone(),
            body_bytes: header.body_bytes,
            body: raw.body.ok_or(header.body_hash),
            signature: raw.signature,
        }
    }

    /// The header that the author signed, given the hash before it and that of the body.
    pub(crate) fn header(&self, mission: crate::entry::MissionId, previous: Digest, body_hash: Digest) -> Header {
        Header {
            mission,
            id: self.id,
            previous,
            time: self.time,
            kind: self.kind,
            priority: self.priority,
            expiry: self.expiry,
            dependencies: self.dependencies.clone(),
            body_bytes: self.body_bytes,
            body_hash,
        }
    }
}

pub(super) const HAS_PREVIOUS: u8 = 4;
pub(super) const HAS_EXPIRY: u8 = 8;
pub(super) const HAS_DEPENDENCIES: u8 = 16;
pub(super) const NO_BODY: u8 = 32;
pub(super) const OTHER_KIND: u8 = 64;
pub(super) const OTHER_LENGTH: u8 = 128;
