//! Entries on their way: rows without what the receiver can work out, then bodies, then signatures.

use std::borrow::Cow;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, Signature};
use cosmosmesh_contracts::message::Priority;

use super::{Compression, FrameType, start};
use crate::codec::{CodecError, Reader, put_i64, put_u64, u64_bytes};
use crate::entry::{
    DEPENDENCIES_MAX, EntryId, Header, LogId, LogicalTime, NO_ENTRY, body_bytes_max, priority_code, priority_of,
    put_id, put_log, read_id, read_log,
};
use crate::range::SEQUENCE_END;
use crate::replica::Root;

/// What a batch says besides its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHead {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Counts the sender's flights to this receiver.
    pub flight: u32,
    /// Counts the batches of the flight.
    pub index: u32,
    /// Whether it is the flight's last: the receiver answers.
    pub last: bool,
    /// Which topics the root is over.
    pub scope: [u8; 4],
    /// Hash of the sender's logs when this was sent.
    pub root: Root,
}

/// Entries, complete in themselves: any batch may be lost, doubled or late, and the others mean the same.
#[derive(Debug)]
pub struct Batch<'a> {
    /// What it says besides its entries.
    pub head: BatchHead,
    rows: Cow<'a, [u8]>,
    /// The compressed form of the rows, if they came so.
    packed: Option<&'a [u8]>,
    signatures: &'a [u8],
}

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

const LAST: u8 = 1;
const PACKED: u8 = 2;

const HAS_PREVIOUS: u8 = 4;
const HAS_EXPIRY: u8 = 8;
const HAS_DEPENDENCIES: u8 = 16;
const NO_BODY: u8 = 32;
const OTHER_KIND: u8 = 64;
const OTHER_LENGTH: u8 = 128;

/// The most bytes of a batch before its rows.
pub(crate) const HEAD_BYTES_MAX: usize = 80;

impl<'a> Batch<'a> {
    pub(super) fn read(
        frame_bytes: usize,
        mut reader: Reader<'a>,
        compression: &mut Compression,
    ) -> Result<Self, CodecError> {
        let mission = reader.array()?;
        let flags = reader.byte()?;
        if flags > LAST | PACKED {
            return Err(CodecError::Variant);
        }
        let head = BatchHead {
            mission,
            flight: reader.u32()?,
            index: reader.u32()?,
            last: flags & LAST != 0,
            scope: reader.array()?,
            root: reader.array()?,
        };
        let raw_bytes = reader.u64()?;
        let (rows, packed) = if flags & PACKED == 0 {
            if raw_bytes > reader.remaining() as u64 {
                return Err(CodecError::Truncated);
            }
            (Cow::Borrowed(reader.take(raw_bytes as usize)?), None)
        } else {
            if raw_bytes > Compression::raw_bytes_max(frame_bytes) as u64 {
                return Err(CodecError::Compression);
            }
            let packed = reader.bytes(frame_bytes)?;
            (Cow::Owned(compression.decompress(packed, raw_bytes as usize)?), Some(packed))
        };
        let signatures = reader.rest();
        let batch = Self { head, rows, packed, signatures };
        let mut rows = batch.rows();
        while rows.next_row()?.is_some() {}
        Ok(batch)
    }

    /// The entries, in order. A decoded batch gives them all.
    pub fn rows(&self) -> Rows<'_> {
        Rows {
            rows: Reader::new(&self.rows),
            bodies: Reader::new(&[]),
            signatures: Reader::new(self.signatures),
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

    /// How many entries.
    pub fn entry_count(&self) -> usize {
        self.signatures.len() / Signature::LEN
    }

    /// Writes the frame again: the rows one by one, and their compressed form as it came.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut writer = BatchWriter::new();
        let mut rows = self.rows();
        while let Ok(Some(row)) = rows.next_row() {
            writer.push(&row);
        }
        let raw = writer.raw();
        self.head.write(out, self.packed.is_some());
        put_u64(out, raw.len() as u64);
        match self.packed {
            Some(packed) => {
                put_u64(out, packed.len() as u64);
                out.extend_from_slice(packed);
            }
            None => out.extend_from_slice(&raw),
        }
        out.extend_from_slice(&writer.signatures);
    }

    /// The rows and bodies after decompression, for whoever compares encodings.
    pub fn raw(&self) -> &[u8] {
        &self.rows
    }
}

impl BatchHead {
    fn write(&self, out: &mut Vec<u8>, packed: bool) {
        start(out, FrameType::Batch, &self.mission);
        out.push(if self.last { LAST } else { 0 } | if packed { PACKED } else { 0 });
        put_u64(out, u64::from(self.flight));
        put_u64(out, u64::from(self.index));
        out.extend(self.scope);
        out.extend(self.root);
    }
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

/// Puts a batch together, entry by entry, in rising order.
#[derive(Debug, Default)]
pub(crate) struct BatchWriter {
    groups: Vec<u8>,
    group_count: u64,
    /// The open group: its log, its first entry, its rows.
    open: Option<(LogId, u64, MissionTime)>,
    rows: Vec<u8>,
    row_count: u64,
    bodies: Vec<u8>,
    pub(crate) signatures: Vec<u8>,
    sequence: u64,
    at: MissionTime,
    kind: u16,
    body_bytes: u32,
}

impl BatchWriter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// How long rows, bodies and signatures are now, uncompressed.
    pub(crate) fn bytes(&self) -> usize {
        self.groups.len() + self.rows.len() + self.bodies.len() + self.signatures.len() + 48
    }

    /// How many entries.
    pub(crate) fn entry_count(&self) -> usize {
        self.signatures.len() / Signature::LEN
    }

    pub(crate) fn push(&mut self, row: &BatchRow<'_>) {
        let id = row.id;
        let first = self.open.is_none_or(|(log, _, _)| log != id.log);
        if first {
            self.close_group();
            self.open = Some((id.log, id.sequence, row.time.at));
            (self.sequence, self.at, self.kind, self.body_bytes) = (id.sequence, row.time.at, 0, 0);
        }
        let gap = if first { 0 } else { id.sequence - self.sequence - 1 };
        let mut flags = priority_code(row.priority);
        flags |= if row.previous.is_some() { HAS_PREVIOUS } else { 0 };
        flags |= if row.expiry.is_some() { HAS_EXPIRY } else { 0 };
        flags |= if row.dependencies.is_empty() { 0 } else { HAS_DEPENDENCIES };
        flags |= if row.body.is_err() { NO_BODY } else { 0 };
        flags |= if row.kind == self.kind { 0 } else { OTHER_KIND };
        flags |= if row.body_bytes == self.body_bytes { 0 } else { OTHER_LENGTH };
        let out = &mut self.rows;
        out.push(flags);
        put_u64(out, gap << 1 | u64::from(row.time.count > 0));
        put_i64(out, row.time.at.as_ms().wrapping_sub(self.at.as_ms()));
        if row.time.count > 0 {
            put_u64(out, u64::from(row.time.count));
        }
        if flags & OTHER_KIND != 0 {
            put_u64(out, u64::from(row.kind));
        }
        if flags & OTHER_LENGTH != 0 {
            put_u64(out, u64::from(row.body_bytes));
        }
        if let Some(previous) = &row.previous {
            out.extend(previous.as_bytes());
        }
        if let Some(expiry) = row.expiry {
            put_i64(out, expiry.as_ms().wrapping_sub(row.time.at.as_ms()));
        }
        if !row.dependencies.is_empty() {
            put_u64(out, row.dependencies.len() as u64);
            for id in &row.dependencies {
                put_id(out, id);
            }
        }
        match row.body {
            Ok(body) => self.bodies.extend_from_slice(body),
            Err(hash) => out.extend(hash.as_bytes()),
        }
        self.signatures.extend(row.signature.as_bytes());
        self.row_count += 1;
        (self.sequence, self.at, self.kind, self.body_bytes) = (id.sequence, row.time.at, row.kind, row.body_bytes);
    }

    fn close_group(&mut self) {
        if let Some((log, sequence, at)) = self.open.take() {
            put_log(&mut self.groups, &log);
            put_u64(&mut self.groups, sequence);
            put_i64(&mut self.groups, at.as_ms());
            put_u64(&mut self.groups, self.row_count);
            self.groups.append(&mut self.rows);
            self.group_count += 1;
            self.row_count = 0;
        }
    }

    /// Rows and bodies, uncompressed.
    fn raw(&mut self) -> Vec<u8> {
        self.close_group();
        let rows_bytes = u64_bytes(self.group_count) + self.groups.len();
        let mut raw = Vec::with_capacity(rows_bytes + self.bodies.len() + 10);
        put_u64(&mut raw, rows_bytes as u64);
        put_u64(&mut raw, self.group_count);
        raw.extend_from_slice(&self.groups);
        raw.extend_from_slice(&self.bodies);
        raw
    }

    /// The frame, compressed where that helps; nothing if no decoder would take it because it compresses too well.
    pub(crate) fn finish(mut self, head: &BatchHead, compression: Option<&mut Compression>) -> Option<Vec<u8>> {
        let raw = self.raw();
        let packed = compression.and_then(|compression| compression.compress(&raw));
        let mut out =
            Vec::with_capacity(HEAD_BYTES_MAX + packed.as_ref().unwrap_or(&raw).len() + self.signatures.len());
        head.write(&mut out, packed.is_some());
        put_u64(&mut out, raw.len() as u64);
        match &packed {
            Some(packed) => {
                put_u64(&mut out, packed.len() as u64);
                out.extend_from_slice(packed);
            }
            None => out.extend_from_slice(&raw),
        }
        out.extend_from_slice(&self.signatures);
        (packed.is_none() || raw.len() <= Compression::raw_bytes_max(out.len())).then_some(out)
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
