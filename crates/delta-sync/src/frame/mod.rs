//! What travels in a session: eight kinds of frame, each complete in itself.
//!
//! A decoder borrows what it can and allocates at most four times its input and 64 kB.

mod batch;
mod beacon;
mod compress;
mod evidence;
mod piece;
mod row;
mod sketch;
mod summary;

pub use batch::Batch;
pub use beacon::Beacon;
pub use compress::Compression;
pub use evidence::Evidence;
pub use piece::{Piece, Votes, WANTED_RANGES_MAX, Wanted};
pub use sketch::{Difference, SKETCH_CELLS_MAX, Sketch};
pub use summary::{Summary, SummaryLog};

pub(crate) use batch::{BatchHead, BatchWriter};
pub(crate) use piece::PIECE_HEAD_BYTES_MAX;
pub use row::BatchRow;
pub(crate) use summary::{SHORT_BYTES, SummaryHead, write_summary};

use cosmosmesh_contracts::traits::ContentHasher;

use crate::codec::{CodecError, Reader};

/// The first byte of every frame.
const MAGIC: u8 = 0xD5;
/// The version of the session protocol.
pub const PROTOCOL_VERSION: u8 = 1;
/// The longest frame taken.
pub const FRAME_BYTES_MAX: usize = 256 << 10;

/// The kinds of frame, by the byte that stands for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameType {
    Beacon = 1,
    Summary = 2,
    Batch = 3,
    Evidence = 4,
    Sketch = 5,
    Votes = 6,
    Piece = 7,
    Wanted = 8,
}

/// A frame, taken apart and checked for everything that bytes alone can show.
#[derive(Debug)]
pub enum Frame<'a> {
    /// I am here, and this is the hash of what I hold.
    Beacon(Beacon),
    /// This is what I hold.
    Summary(Summary<'a>),
    /// These are entries.
    Batch(Batch<'a>),
    /// This author forked.
    Evidence(Box<Evidence>),
    /// This is what I hold, for somebody to whom a summary would say nothing.
    Sketch(Sketch),
    /// These vote for a checkpoint.
    Votes(Votes),
    /// This is a part of a snapshot.
    Piece(Piece<'a>),
    /// These parts of a snapshot are missing.
    Wanted(Wanted),
}

impl<'a> Frame<'a> {
    /// Takes a frame apart.
    ///
    /// # Errors
    /// [`CodecError`] for anything but the one encoding of a frame.
    pub fn decode(
        bytes: &'a [u8],
        compression: &mut Compression,
        hasher: &dyn ContentHasher,
    ) -> Result<Self, CodecError> {
        let (frame_type, mut reader) = open(bytes)?;
        let frame = match frame_type {
            1 => Self::Beacon(Beacon::read(&mut reader)?),
            2 => return Summary::read(bytes, reader).map(Self::Summary),
            3 => return Batch::read(bytes.len(), reader, compression).map(Self::Batch),
            4 => return Evidence::read(reader, hasher).map(|evidence| Self::Evidence(Box::new(evidence))),
            5 => Self::Sketch(Sketch::read(&mut reader)?),
            6 => Self::Votes(Votes::read(&mut reader, hasher)?),
            7 => return Piece::read(reader).map(Self::Piece),
            8 => Self::Wanted(Wanted::read(&mut reader)?),
            _ => return Err(CodecError::FrameType),
        };
        reader.finish()?;
        Ok(frame)
    }

    /// The mission's tag, which every frame begins with.
    pub fn mission_tag(&self) -> [u8; 8] {
        match self {
            Self::Beacon(beacon) => beacon.mission,
            Self::Summary(summary) => summary.mission,
            Self::Batch(batch) => batch.head.mission,
            Self::Evidence(evidence) => evidence.mission,
            Self::Sketch(sketch) => sketch.mission,
            Self::Votes(votes) => votes.mission,
            Self::Piece(piece) => piece.mission,
            Self::Wanted(wanted) => wanted.mission,
        }
    }

    /// Writes the frame again. A compressed part is written as it came, since compressing again may choose other bytes for the same content.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Beacon(beacon) => beacon.encode(out),
            Self::Summary(summary) => summary.encode(out),
            Self::Batch(batch) => batch.encode(out),
            Self::Evidence(evidence) => evidence.encode(out),
            Self::Sketch(sketch) => sketch.encode(out),
            Self::Votes(votes) => votes.encode(out),
            Self::Piece(piece) => piece.encode(out),
            Self::Wanted(wanted) => wanted.encode(out),
        }
    }
}

/// Checks length, magic and version.
pub(crate) fn open(bytes: &[u8]) -> Result<(u8, Reader<'_>), CodecError> {
    if bytes.len() > FRAME_BYTES_MAX {
        return Err(CodecError::TooLong { bytes: bytes.len() });
    }
    let mut reader = Reader::new(bytes);
    if reader.byte()? != MAGIC {
        return Err(CodecError::FrameType);
    }
    let version = reader.byte()?;
    if version != PROTOCOL_VERSION {
        return Err(CodecError::Version { version });
    }
    Ok((reader.byte()?, reader))
}

pub(crate) fn start(out: &mut Vec<u8>, frame_type: FrameType, mission: &[u8; 8]) {
    out.extend([MAGIC, PROTOCOL_VERSION, frame_type as u8]);
    out.extend(mission);
}
