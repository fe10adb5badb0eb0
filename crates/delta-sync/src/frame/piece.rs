use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::ContentHasher;

use super::{FrameType, start};
use crate::checkpoint::{SNAPSHOT_BYTES_MAX, put_votes, read_votes};
use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::Entry;
use crate::range::RangeSet;

/// Who says that a checkpoint is one: with them its hash is known to be good before any of it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Votes {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Number of the checkpoint.
    pub number: u64,
    /// Hash of the checkpoint.
    pub checkpoint: Digest,
    /// Whether pieces of the snapshot follow without being asked for.
    pub pieces_follow: bool,
    /// The votes, by rising author.
    pub votes: Vec<Entry>,
}

/// A part of a snapshot: of checkpoint and state, without the votes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Number of the checkpoint.
    pub number: u64,
    /// Hash of the checkpoint.
    pub checkpoint: Digest,
    /// Length of checkpoint and state.
    pub length: u64,
    /// Where the bytes belong.
    pub offset: u64,
    /// The bytes, at least one.
    pub bytes: &'a [u8],
}

/// Which bytes of a snapshot have not arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Tag of the mission.
    pub mission: [u8; 8],
    /// Hash of the checkpoint.
    pub checkpoint: Digest,
    /// The bytes, at most [`WANTED_RANGES_MAX`] stretches of them, the lowest.
    pub missing: RangeSet,
}

/// The most stretches that are asked for at once.
pub const WANTED_RANGES_MAX: usize = 256;
/// The most bytes of a piece before those of the snapshot.
pub(crate) const PIECE_HEAD_BYTES_MAX: usize = 11 + 10 + 32 + 5 + 5;

impl Votes {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Votes, &self.mission);
        put_u64(out, self.number);
        out.extend(self.checkpoint.as_bytes());
        out.push(u8::from(self.pieces_follow));
        put_votes(out, &self.votes);
    }

    pub(super) fn read(reader: &mut Reader<'_>, hasher: &dyn ContentHasher) -> Result<Self, CodecError> {
        let (mission, number, checkpoint) = (reader.array()?, reader.u64()?, reader.digest()?);
        let pieces_follow = reader.flag()?;
        Ok(Self { mission, number, checkpoint, pieces_follow, votes: read_votes(reader, hasher)? })
    }
}

impl<'a> Piece<'a> {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Piece, &self.mission);
        put_u64(out, self.number);
        out.extend(self.checkpoint.as_bytes());
        put_u64(out, self.length);
        put_u64(out, self.offset);
        out.extend_from_slice(self.bytes);
    }

    pub(super) fn read(mut reader: Reader<'a>) -> Result<Self, CodecError> {
        let mission = reader.array()?;
        let (number, checkpoint) = (reader.u64()?, reader.digest()?);
        let length = reader.up_to(SNAPSHOT_BYTES_MAX)?;
        let offset = reader.up_to(length)?;
        let bytes = reader.rest();
        if number == 0 || bytes.is_empty() || bytes.len() as u64 > length - offset {
            return Err(CodecError::Number);
        }
        Ok(Self { mission, number, checkpoint, length, offset, bytes })
    }
}

impl Wanted {
    /// Writes the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        start(out, FrameType::Wanted, &self.mission);
        out.extend(self.checkpoint.as_bytes());
        self.missing.encode(out);
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let (mission, checkpoint) = (reader.array()?, reader.digest()?);
        let missing = RangeSet::decode_at_most(reader, WANTED_RANGES_MAX)?;
        if missing.end() > SNAPSHOT_BYTES_MAX {
            return Err(CodecError::Number);
        }
        Ok(Self { mission, checkpoint, missing })
    }
}
