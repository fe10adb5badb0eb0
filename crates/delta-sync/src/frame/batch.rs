//! Entries on their way: rows without what the receiver can work out, then bodies, then signatures.

use std::borrow::Cow;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Signature;

use super::row::{BatchRow, HAS_DEPENDENCIES, HAS_EXPIRY, HAS_PREVIOUS, NO_BODY, OTHER_KIND, OTHER_LENGTH, Rows};
use super::{Compression, FrameType, start};
use crate::codec::{CodecError, Reader, put_i64, put_u64, u64_bytes};
use crate::entry::{LogId, priority_code, put_id, put_log};
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

const LAST: u8 = 1;
const PACKED: u8 = 2;

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
        Rows::over(&self.rows, self.signatures)
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
