//! What is said of checkpoints in the logs: proposals in parts, votes, and what lets another propose in a proposer's place.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::message::Priority;

use super::Quorum;
use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{Entry, EntryId, Topic};
use crate::replica::Draft;

/// The topic of proposals and votes, reserved for them.
pub const CONTROL_TOPIC: Topic = Topic(u16::MAX);
/// The kind of an entry that is a part of a proposal.
pub const PROPOSAL_KIND: u16 = 65_534;
/// The kind of an entry that votes.
pub const VOTE_KIND: u16 = 65_533;
/// The kind of an entry that claims a ballot for its author. Of the reserved topic only, as the next one.
pub const CLAIM_KIND: u16 = 65_532;
/// The kind of an entry that promises a claimed ballot to vote in no lower one.
pub const PROMISE_KIND: u16 = 65_531;
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

/// A proposer's wish to propose in a ballot, whatever was proposed in lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) number: u64,
    pub(crate) ballot: u64,
}

impl Claim {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(body);
        let (number, ballot) = (reader.u64()?, reader.u64()?);
        reader.finish()?;
        if number == 0 || ballot == 0 { Err(CodecError::Number) } else { Ok(Self { number, ballot }) }
    }

    pub(crate) fn draft(&self) -> Draft {
        let mut body = Vec::new();
        put_u64(&mut body, self.number);
        put_u64(&mut body, self.ballot);
        note(CLAIM_KIND, body)
    }
}

/// One voter's answer to a claim: from now on it votes in no lower ballot of the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) number: u64,
    pub(crate) ballot: u64,
    /// The highest lower ballot in which it voted for a checkpoint, and for which.
    pub(crate) voted: Option<(u64, Digest)>,
}

impl Promise {
    pub(crate) fn decode(body: &[u8]) -> Result<Self, CodecError> {
        let mut reader = Reader::new(body);
        let (number, ballot) = (reader.u64()?, reader.u64()?);
        let voted = if reader.flag()? { Some((reader.u64()?, reader.digest()?)) } else { None };
        reader.finish()?;
        if number == 0 || voted.is_some_and(|(lower, _)| lower >= ballot) {
            return Err(CodecError::Number);
        }
        Ok(Self { number, ballot, voted })
    }

    pub(crate) fn draft(&self) -> Draft {
        let mut body = Vec::new();
        put_u64(&mut body, self.number);
        put_u64(&mut body, self.ballot);
        body.push(u8::from(self.voted.is_some()));
        if let Some((ballot, hash)) = &self.voted {
            put_u64(&mut body, *ballot);
            body.extend(hash.as_bytes());
        }
        note(PROMISE_KIND, body)
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

/// What the logs that are here say of one number.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The proposals that are whole, by rising ballot.
    pub(crate) proposals: Vec<(u64, Vec<u8>)>,
    /// The ballots of which any part of a proposal is there.
    pub(crate) begun: BTreeSet<u64>,
    /// The ballots that are claimed, and when.
    pub(crate) claims: BTreeMap<u64, MissionTime>,
    /// Of each voter and ballot the first vote, by rising voter.
    pub(crate) votes: BTreeMap<(NodeId, u64), (Vote, Entry)>,
    /// Of each voter and ballot the first promise.
    pub(crate) promises: BTreeMap<(NodeId, u64), Promise>,
    /// When a proposer last said something.
    pub(crate) said_at: Option<MissionTime>,
}

/// A proposal of which some parts are there: where it began, its ballot, its next part, its bytes.
pub(crate) type OpenProposal = Option<(EntryId, u64, u64, Vec<u8>)>;

impl Notes {
    /// Takes in what an author says, log by log and in order; `open` is the proposal that the entry before left unfinished.
    pub(crate) fn take(&mut self, number: u64, quorum: &Quorum, entry: Entry, open: &mut OpenProposal) {
        let author = entry.id().log.author;
        let Some(body) = entry.body() else { return };
        match entry.header().kind {
            PROPOSAL_KIND => {
                let Ok(proposal) = Proposal::decode(body) else { return };
                if proposal.number == number && quorum.owner(proposal.ballot) == author {
                    self.said(entry.header().time.at);
                    self.take_part(entry.id(), &proposal, open);
                }
            }
            CLAIM_KIND => {
                let Ok(claim) = Claim::decode(body) else { return };
                if claim.number == number && quorum.owner(claim.ballot) == author {
                    self.said(entry.header().time.at);
                    self.claims.insert(claim.ballot, entry.header().time.at);
                }
            }
            VOTE_KIND if quorum.voters().contains(&author) => {
                let Ok(vote) = Vote::decode(body) else { return };
                if vote.number == number {
                    self.votes.entry((author, vote.ballot)).or_insert((vote, entry));
                }
            }
            PROMISE_KIND if quorum.voters().contains(&author) => {
                let Ok(promise) = Promise::decode(body) else { return };
                if promise.number == number {
                    self.promises.entry((author, promise.ballot)).or_insert(promise);
                }
            }
            _ => {}
        }
    }

    fn said(&mut self, at: MissionTime) {
        self.said_at = self.said_at.max(Some(at));
    }

    fn take_part(&mut self, id: EntryId, proposal: &Proposal<'_>, open: &mut OpenProposal) {
        self.begun.insert(proposal.ballot);
        if proposal.part == 0 {
            *open = Some((id, proposal.ballot, 0, Vec::new()));
        }
        let Some((begun, ballot, next, mut bytes)) = open.take() else { return };
        let follows = id.log == begun.log
            && id.sequence.checked_sub(begun.sequence) == Some(proposal.part)
            && (ballot, next) == (proposal.ballot, proposal.part);
        if !follows {
            return;
        }
        bytes.extend_from_slice(proposal.bytes);
        if next + 1 == proposal.parts {
            let at = self.proposals.partition_point(|(other, _)| *other <= ballot);
            self.proposals.insert(at, (ballot, bytes));
        } else {
            *open = Some((begun, ballot, next + 1, bytes));
        }
    }

    /// The highest ballot in which a proposer said anything.
    pub(crate) fn ballot_max(&self) -> u64 {
        let begun = self.begun.last().copied().unwrap_or(0);
        self.claims.keys().next_back().copied().unwrap_or(0).max(begun)
    }

    /// Whether so many voters will never vote for what a ballot proposes that the rest are too few.
    pub(crate) fn is_dead(&self, ballot: u64, quorum: &Quorum) -> bool {
        let never = self.votes.values().filter(|(vote, _)| vote.ballot == ballot && vote.checkpoint.is_none()).count();
        quorum.voters().len() - never < quorum.needed()
    }

    /// What may be proposed in a claimed ballot: the checkpoint that a lower one may have certified, or anything; nothing yet if too few promised it.
    ///
    /// # Source
    /// Lamport, Paxos Made Simple (2001), section 2.2: of the votes that a majority reports, the highest binds.
    /// Votes of none are ours: what they show can never be certified binds nobody.
    pub(crate) fn bound(&self, ballot: u64, quorum: &Quorum) -> Option<Option<Digest>> {
        let given: BTreeMap<NodeId, Option<(u64, Digest)>> = self
            .promises
            .iter()
            .filter(|((_, promised), _)| *promised == ballot)
            .map(|((voter, _), promise)| (*voter, promise.voted))
            .collect();
        if given.len() < quorum.needed() {
            return None;
        }
        let Some((highest, hash)) = given.values().flatten().max().copied() else { return Some(None) };
        let may_have_voted = |voter: &NodeId, lower: u64| match (self.votes.get(&(*voter, lower)), given.get(voter)) {
            (Some((vote, _)), _) => vote.checkpoint.is_some(),
            // It has not, nor will it, or it has voted higher since.
            (None, Some(voted)) => voted.is_some_and(|(at, _)| at >= lower),
            (None, None) => true,
        };
        let possible =
            |lower: u64| quorum.voters().iter().filter(|voter| may_have_voted(voter, lower)).count() >= quorum.needed();
        // Beyond so many ballots nobody looks for a way out of the binding; being bound is always safe.
        let binds = highest > BALLOTS_LOOKED_AT_MAX || (1..=highest).any(possible);
        Some(binds.then_some(hash))
    }
}

/// How many ballots of one number are looked at one by one.
const BALLOTS_LOOKED_AT_MAX: u64 = 4_096;

fn note(kind: u16, body: Vec<u8>) -> Draft {
    Draft { topic: CONTROL_TOPIC, kind, priority: Priority::Expedited, body, ..Draft::default() }
}
