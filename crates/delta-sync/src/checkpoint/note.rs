//! What is said of checkpoints in the logs: proposals in parts, and votes.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::message::Priority;

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{Entry, EntryId, Topic};
use crate::replica::Draft;

/// The topic of proposals and votes, reserved for them.
pub const CONTROL_TOPIC: Topic = Topic(u16::MAX);
/// The kind of an entry that is a part of a proposal.
pub const PROPOSAL_KIND: u16 = 65_534;
/// The kind of an entry that votes.
pub const VOTE_KIND: u16 = 65_533;
/// How much of a checkpoint one entry proposes.
const PART_BYTES: usize = 30_000;

/// One part of a proposed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proposal<'a> {
    pub(crate) number: u64,
    pub(crate) ballot: u64,
    pub(crate) part: u64,
    pub(crate) parts: u64,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Proposal<'a> {
    pub(crate) fn decode(body: &'a [u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(body);
        let (number, ballot, part, parts) = (reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?);
        let bytes = reader.rest();
        let last = part.checked_add(1) == Some(parts);
        if number == 0 || ballot == 0 || part >= parts || bytes.is_empty() {
            return Err(CodecError::Number);
        }
        if bytes.len() > PART_BYTES || bytes.len() < PART_BYTES && !last {
            return Err(CodecError::TooLong { bytes: bytes.len() });
        }
        Ok(Self { number, ballot, part, parts, bytes })
    }
}

/// One voter's word on a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vote {
    pub(crate) number: u64,
    pub(crate) ballot: u64,
    /// The checkpoint's hash; nothing if the voter will never vote for what this ballot proposes.
    pub(crate) checkpoint: Option<Digest>,
}

impl Vote {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(body);
        let (number, ballot) = (reader.u64()?, reader.u64()?);
        let checkpoint = if reader.flag()? { Some(reader.digest()?) } else { None };
        reader.finish()?;
        Ok(Self { number, ballot, checkpoint })
    }

    pub(crate) fn draft(&self) -> Draft {
        let mut body = Vec::new();
        put_u64(&mut body, self.number);
        put_u64(&mut body, self.ballot);
        body.push(u8::from(self.checkpoint.is_some()));
        if let Some(hash) = &self.checkpoint {
            body.extend(hash.as_bytes());
        }
        note(VOTE_KIND, body)
    }
}

/// The entries that propose a checkpoint, in order.
pub(crate) fn proposals(number: u64, ballot: u64, checkpoint: &[u8]) -> Vec<Draft> {
    let parts = checkpoint.len().div_ceil(PART_BYTES) as u64;
    let part = |(part, bytes): (usize, &[u8])| {
        let mut body = Vec::with_capacity(bytes.len() + 20);
        put_u64(&mut body, number);
        put_u64(&mut body, ballot);
        put_u64(&mut body, part as u64);
        put_u64(&mut body, parts);
        body.extend_from_slice(bytes);
        note(PROPOSAL_KIND, body)
    };
    checkpoint.chunks(PART_BYTES).enumerate().map(part).collect()
}

/// What entries of one author, log by log and in order, propose for a number.
#[derive(Debug, Default)]
pub(crate) struct Proposed {
    /// The highest ballot of which any part is there.
    pub(crate) ballot_max: u64,
    /// The proposals that are whole, by ballot.
    pub(crate) whole: Vec<(u64, Vec<u8>)>,
    /// One that is not whole yet: where it began, its ballot, its next part, its bytes.
    open: Option<(EntryId, u64, u64, Vec<u8>)>,
}

impl Proposed {
    pub(crate) fn take(&mut self, number: u64, entry: &Entry) {
        let Some(Ok(proposal)) = entry.body().map(Proposal::decode) else { return };
        if proposal.number != number {
            return;
        }
        self.ballot_max = self.ballot_max.max(proposal.ballot);
        let id = entry.id();
        if proposal.part == 0 {
            self.open = Some((id, proposal.ballot, 0, Vec::new()));
        }
        let Some((begun, ballot, next, mut bytes)) = self.open.take() else { return };
        let follows = id.log == begun.log
            && id.sequence.checked_sub(begun.sequence) == Some(proposal.part)
            && (ballot, next) == (proposal.ballot, proposal.part);
        if !follows {
            return;
        }
        bytes.extend_from_slice(proposal.bytes);
        if next + 1 == proposal.parts {
            self.whole.push((ballot, bytes));
        } else {
            self.open = Some((begun, ballot, next + 1, bytes));
        }
    }
}

fn note(kind: u16, body: Vec<u8>) -> Draft {
    Draft { topic: CONTROL_TOPIC, kind, priority: Priority::Expedited, body, ..Draft::default() }
}
