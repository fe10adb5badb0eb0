//! A snapshot on its way here, piece by piece, from whomever and over as many contacts as it takes.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{Certificate, SNAPSHOT_BYTES_MAX, put_votes, read_front, read_votes, verify_votes};
use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::Entry;
use crate::frame::{Piece, Votes};
use crate::range::RangeSet;
use crate::state::{State, digest_of};

use super::{Adoption, Closed, Refusal, Replica, damaged};

/// The votes for the snapshot that is coming, then its pieces.
const INCOMING_STREAM: &str = "incoming";

/// What has come of a snapshot whose checkpoint enough voters vouch for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Incoming {
    pub(super) number: u64,
    pub(crate) checkpoint: Digest,
    pub(super) votes: Vec<Entry>,
    /// As the first piece said.
    length: Option<u64>,
    have: RangeSet,
    /// The record of its votes; its pieces follow.
    first: u64,
}

impl Incoming {
    /// Which bytes are missing; all that there may be if nothing has come.
    pub(crate) fn missing(&self) -> RangeSet {
        RangeSet::from_range(0, self.length.unwrap_or(SNAPSHOT_BYTES_MAX)).minus(&self.have)
    }
}

/// What a piece brought.
#[derive(Debug)]
pub(crate) enum Landed {
    /// Nothing: it was here, or is not wanted.
    Nothing,
    /// Some of the snapshot.
    Part,
    /// The last of it, and the checkpoint is in force.
    Whole(Adoption),
    /// The last of it, and it is not what was voted for; all of it is forgotten.
    Refused(Refusal),
}

impl<S: Store> Replica<S> {
    /// What is coming.
    pub(crate) fn incoming(&self) -> Option<&Incoming> {
        self.incoming.as_ref()
    }

    /// Takes in the votes for a checkpoint, if it is newer than the one in force and than the one that is coming.
    pub(crate) fn take_votes(&mut self, frame: &Votes) -> Result<Option<Refusal>, StoreError> {
        let known = self.closed.as_ref().map_or(0, Closed::number);
        let coming = self.incoming.as_ref().map_or(0, |incoming| incoming.number);
        if frame.number <= known.max(coming) {
            return Ok(None);
        }
        let mission = self.config.mission;
        let good = self.config.quorum.as_ref().is_some_and(|quorum| {
            verify_votes(&frame.votes, frame.number, frame.checkpoint, mission, quorum, &self.keys).is_ok()
        });
        if !good {
            return Ok(Some(Refusal::Certificate));
        }
        self.forget_incoming()?;
        let mut record = vec![VOTES];
        put_u64(&mut record, frame.number);
        record.extend(frame.checkpoint.as_bytes());
        put_votes(&mut record, &frame.votes);
        let first = self.store.append(INCOMING_STREAM, &record)?;
        self.touch();
        self.closing.news = true;
        self.incoming = Some(Incoming {
            number: frame.number,
            checkpoint: frame.checkpoint,
            votes: frame.votes.clone(),
            length: None,
            have: RangeSet::new(),
            first,
        });
        Ok(None)
    }

    /// Takes in a piece of the snapshot that is coming.
    pub(crate) fn take_piece(&mut self, now: MissionTime, piece: &Piece<'_>) -> Result<Landed, StoreError> {
        let Some(incoming) = self.incoming.as_mut().filter(|incoming| incoming.checkpoint == piece.checkpoint) else {
            return Ok(Landed::Nothing);
        };
        let end = piece.offset + piece.bytes.len() as u64;
        let new = RangeSet::from_range(piece.offset, end).minus(&incoming.have);
        let fits = incoming.length.is_none_or(|length| length == piece.length);
        if new.is_empty() || !fits || incoming.have.ranges().len() >= STRETCHES_MAX {
            return Ok(Landed::Nothing);
        }
        incoming.length = Some(piece.length);
        incoming.have.insert(piece.offset, end);
        let whole = incoming.have.count() == piece.length;
        let mut record = vec![PIECE];
        put_u64(&mut record, piece.length);
        put_u64(&mut record, piece.offset);
        record.extend_from_slice(piece.bytes);
        self.store.append(INCOMING_STREAM, &record)?;
        self.touch();
        if whole { self.conclude_incoming(now) } else { Ok(Landed::Part) }
    }

    fn conclude_incoming(&mut self, now: MissionTime) -> Result<Landed, StoreError> {
        let Some(incoming) = self.incoming.clone() else { return Ok(Landed::Nothing) };
        let mut bytes = vec![0; usize::try_from(incoming.length.unwrap_or(0)).map_err(|_| damaged(INCOMING_STREAM))?];
        let end = self.store.len(INCOMING_STREAM)?;
        for at in incoming.first + 1..end {
            let record = self.store.read(INCOMING_STREAM, at, 1)?.pop().ok_or_else(|| damaged(INCOMING_STREAM))?;
            let (_, offset, piece) = decode_piece(&record).map_err(|_| damaged(INCOMING_STREAM))?;
            let place = bytes.get_mut(offset as usize..offset as usize + piece.len());
            place.ok_or_else(|| damaged(INCOMING_STREAM))?.copy_from_slice(piece);
        }
        let Some((certificate, state)) = self.is_voted_for(&incoming, &bytes) else {
            self.forget_incoming()?;
            return Ok(Landed::Refused(Refusal::Certificate));
        };
        let adoption = self.adopt(now, &certificate, state)?;
        self.forget_incoming()?;
        Ok(Landed::Whole(adoption))
    }

    /// Certificate and state, if the bytes are those that the votes name.
    fn is_voted_for<'b>(&self, incoming: &Incoming, bytes: &'b [u8]) -> Option<(Certificate, &'b [u8])> {
        let mut reader = Reader::new(bytes);
        let (checkpoint, state) = read_front(&mut reader).ok()?;
        reader.finish().ok()?;
        let hasher = &*self.keys.hasher;
        let good = checkpoint.hash(hasher) == incoming.checkpoint
            && checkpoint.number == incoming.number
            && checkpoint.mission == self.config.mission
            && digest_of(state, hasher) == checkpoint.state_hash
            && State::decode(state).is_ok();
        good.then(|| (Certificate { checkpoint, votes: incoming.votes.clone() }, state))
    }

    pub(super) fn forget_incoming(&mut self) -> Result<(), StoreError> {
        self.incoming = None;
        let end = self.store.len(INCOMING_STREAM)?;
        // What is trimmed must be durable first.
        self.store.sync()?;
        self.store.trim(INCOMING_STREAM, end)
    }

    pub(super) fn read_incoming(&mut self) -> Result<(), StoreError> {
        let mut at = 0;
        loop {
            let records = match self.store.read(INCOMING_STREAM, at, 16) {
                Err(StoreError::Trimmed { first }) => {
                    at = first;
                    continue;
                }
                other => other?,
            };
            if records.is_empty() {
                break;
            }
            for record in records {
                self.read_incoming_record(at, &record).map_err(|_| damaged(INCOMING_STREAM))?;
                at += 1;
            }
        }
        Ok(())
    }

    pub(super) fn forget_overtaken(&mut self) -> Result<(), StoreError> {
        let number = self.closed.as_ref().map_or(0, Closed::number);
        // Whole or overtaken, and the crash came before it was forgotten.
        if self.incoming.as_ref().is_some_and(|incoming| incoming.number <= number || incoming.missing().is_empty()) {
            self.forget_incoming()?;
        }
        Ok(())
    }

    fn read_incoming_record(&mut self, at: u64, record: &[u8]) -> Result<(), CodecError> {
        if record.first() == Some(&VOTES) {
            let mut reader = Reader::new(&record[1..]);
            let (number, checkpoint) = (reader.u64()?, reader.digest()?);
            let votes = read_votes(&mut reader, &*self.keys.hasher)?;
            reader.finish()?;
            self.incoming =
                Some(Incoming { number, checkpoint, votes, length: None, have: RangeSet::new(), first: at });
            return Ok(());
        }
        let (length, offset, bytes) = decode_piece(record)?;
        // A piece whose votes were let go belongs to what was forgotten.
        if let Some(incoming) = &mut self.incoming {
            incoming.length = Some(length);
            incoming.have.insert(offset, offset + bytes.len() as u64);
        }
        Ok(())
    }
}

/// The most stretches of one snapshot that are kept apart.
const STRETCHES_MAX: usize = 4_096;
const VOTES: u8 = 0;
const PIECE: u8 = 1;

fn decode_piece(record: &[u8]) -> Result<(u64, u64, &[u8]), CodecError> {
    let mut reader = Reader::new(record);
    if reader.byte()? != PIECE {
        return Err(CodecError::Variant);
    }
    let length = reader.up_to(SNAPSHOT_BYTES_MAX)?;
    let offset = reader.up_to(length)?;
    let bytes = reader.rest();
    if bytes.len() as u64 > length - offset { Err(CodecError::Number) } else { Ok((length, offset, bytes)) }
}
