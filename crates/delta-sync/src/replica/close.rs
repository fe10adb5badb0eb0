//! Closing the past: proposing a checkpoint, voting for one, and finding that one is certified.

use core::fmt;
use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{
    CONTROL_TOPIC, Certificate, Checkpoint, Cut, CutLog, PROPOSAL_KIND, Proposed, Quorum, SNAPSHOT_BYTES_MAX,
    VOTE_KIND, Vote, hash_of, proposals, put_snapshot, read_front, read_votes,
};
use crate::codec::Reader;
use crate::entry::{Entry, EntryId, LogId, LogicalTime, NO_ENTRY, RawEntry};
use crate::interest::Interest;
use crate::log::Log;
use crate::range::RangeSet;
use crate::state::{Base, Fold, State, digest_of};

use super::parts::{Parts, append_parts, newest, read_part, read_whole};
use super::{Adoption, Replica, ReplicaError, damaged};

/// The snapshot of the checkpoint in force.
const CHECKPOINT_STREAM: &str = "checkpoint";
/// The votes that this replica has given; the last counts.
const BALLOTS_STREAM: &str = "ballots";
const PART_BYTES_MAX: usize = 256 << 10;

/// The checkpoint in force, and where its snapshot stands in the store.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) hash: Digest,
    /// Length of checkpoint and state together, which is what travels in pieces.
    pub(crate) front_bytes: u64,
    pub(super) parts: Parts,
    pub(crate) votes: Vec<Entry>,
}

impl Closed {
    pub(crate) fn number(&self) -> u64 {
        self.checkpoint.number
    }

    pub(crate) fn is_late(&self, id: &EntryId, time: LogicalTime) -> bool {
        self.checkpoint.cut.is_late(id, time, self.checkpoint.at)
    }
}

/// What a replica remembers of the next checkpoint.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Whether something was said of checkpoints since it was last looked at.
    pub(super) news: bool,
    /// Whether a proposal waits for entries that are not here yet.
    pub(super) waiting: bool,
    /// The last vote given; it may have been lost on its way into the log, and is then given again as it was.
    voted: Option<Vote>,
    /// The state that a proposed checkpoint comes to, by its hash.
    worked_out: Option<(Digest, Vec<u8>)>,
    /// What came into force while the replica was opened.
    pub(super) untold: Vec<Adoption>,
}

/// What a replica has come to on a proposed cut.
enum Opinion {
    /// It holds all of it, and this is the state.
    Holds(Vec<u8>),
    /// Some of it is not here yet.
    Waits,
    /// It can never be right as this replica sees it.
    Never,
}

impl<S: Store> Replica<S> {
    /// The checkpoint in force here.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.closed.as_ref().map(|closed| &closed.checkpoint)
    }

    /// The certificate of the checkpoint in force here.
    pub fn certificate(&self) -> Option<Certificate> {
        self.closed
            .as_ref()
            .map(|closed| Certificate { checkpoint: closed.checkpoint.clone(), votes: closed.votes.clone() })
    }

    /// The state of the checkpoint in force, and what is in it: where a fold begins.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails or does not give back what was written.
    pub fn base(&self) -> Result<Option<Base>, StoreError> {
        let Some(closed) = &self.closed else { return Ok(None) };
        let bytes = read_whole(&self.store, CHECKPOINT_STREAM, closed.parts)?;
        let (_, state) = read_front(&mut Reader::new(&bytes)).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        let state = State::decode(state).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        Ok(Some(Base { state, at: closed.checkpoint.at, cut: Arc::clone(&closed.checkpoint.cut) }))
    }

    /// The fold of the checkpoint in force and of every entry after it whose body is an operation.
    ///
    /// # Errors
    /// As [`Replica::base`].
    /// # Cost
    /// Reads the entries after the checkpoint.
    pub fn fold(&self) -> Result<Fold, StoreError> {
        let mut fold = self.base()?.map_or_else(Fold::new, Fold::from_base);
        for (id, log) in &self.logs {
            let end = self.closed.as_ref().map_or(0, |closed| closed.checkpoint.cut.end(id));
            let after = log.have().minus(&RangeSet::from_range(0, end));
            self.for_each_record(log, &after, |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
                // What is no operation says nothing to the state.
                let _ = fold.take_parts(&raw.header, raw.body);
                Ok(true)
            })?;
        }
        Ok(fold)
    }

    /// The latest time at which a checkpoint may be proposed: a whole number of periods, and at least so old.
    pub fn proposal_time(now: MissionTime, age_ms: i64, period_ms: i64) -> MissionTime {
        let (latest, period) = (now.as_ms().saturating_sub(age_ms.max(0)), period_ms.max(1));
        MissionTime(latest.div_euclid(period).saturating_mul(period))
    }

    /// Proposes that the past up to a time be closed, in this replica's own log; the quorum's votes decide. It is durable after [`Replica::sync`].
    ///
    /// # Errors
    /// [`ReplicaError::Propose`] says why not; nothing was written then.
    /// # Cost
    /// Reads the entries between the checkpoint in force and that time.
    pub fn propose(&mut self, now: MissionTime, at: MissionTime) -> Result<Checkpoint, ReplicaError> {
        let refuse = |error| Err(ReplicaError::Propose(error));
        let quorum = match &self.config.quorum {
            Some(quorum) if quorum.proposer() == self.me() => quorum.clone(),
            _ => return refuse(ProposeError::NotProposer),
        };
        if self.config.restored {
            return refuse(ProposeError::Restored);
        }
        if self.config.interest != Interest::All {
            return refuse(ProposeError::Topics);
        }
        if let Some(closed) = &self.closed
            && at <= closed.checkpoint.at
        {
            return refuse(ProposeError::Closed { at: closed.checkpoint.at });
        }
        if at >= now {
            return refuse(ProposeError::Future);
        }
        let number = self.number_next();
        let proposed = self.proposed(&quorum, number)?;
        let votes = self.votes(&quorum, number)?;
        if let Some((ballot, _)) = proposed.whole.iter().max_by_key(|(ballot, _)| *ballot) {
            let never = votes.iter().filter(|(vote, _)| vote.ballot == *ballot && vote.checkpoint.is_none()).count();
            if quorum.voters().len() - never >= quorum.needed() {
                return refuse(ProposeError::Pending { number });
            }
        }
        let cut = match self.cut_at(at)? {
            Ok(cut) => cut,
            Err(log) => return refuse(ProposeError::Hole { log }),
        };
        let Some(state) = self.state_of(&cut, at)? else { return refuse(ProposeError::Future) };
        let checkpoint = Checkpoint {
            mission: self.config.mission,
            number,
            at,
            before: self.closed.as_ref().map_or(NO_ENTRY, |closed| closed.hash),
            cut: Arc::new(cut),
            state_bytes: state.len() as u64,
            state_hash: digest_of(&state, &*self.keys.hasher),
        };
        let mut bytes = Vec::new();
        checkpoint.encode(&mut bytes);
        if bytes.len() as u64 + state.len() as u64 + CERTIFICATE_SPARE > SNAPSHOT_BYTES_MAX {
            return refuse(ProposeError::TooLarge { bytes: bytes.len() as u64 + state.len() as u64 });
        }
        self.closing.worked_out = Some((hash_of(&bytes, &*self.keys.hasher), state));
        for draft in proposals(number, proposed.ballot_max + 1, &bytes) {
            self.write(now, draft)?;
        }
        Ok(checkpoint)
    }

    /// Looks at what was said of the next checkpoint: votes if this replica is to, and adopts what is certified.
    ///
    /// # Errors
    /// [`ReplicaError`] if the store fails or the key's device does not answer.
    pub fn attend(&mut self, now: MissionTime) -> Result<Vec<Adoption>, ReplicaError> {
        let mut adopted = core::mem::take(&mut self.closing.untold);
        while core::mem::take(&mut self.closing.news) {
            let Some(quorum) = self.config.quorum.clone() else { break };
            let number = self.number_next();
            let proposed = self.proposed(&quorum, number)?;
            if proposed.whole.is_empty() {
                break;
            }
            self.closing.waiting = false;
            let votes = self.votes(&quorum, number)?;
            for (ballot, bytes) in &proposed.whole {
                if let Some(adoption) = self.consider(now, &quorum, *ballot, bytes, &votes)? {
                    adopted.push(adoption);
                    if self.incoming.as_ref().is_some_and(|incoming| incoming.number <= number) {
                        self.forget_incoming()?;
                    }
                    // The next number may be certified as well.
                    self.closing.news = true;
                    break;
                }
            }
        }
        Ok(adopted)
    }

    fn consider(
        &mut self,
        now: MissionTime,
        quorum: &Quorum,
        ballot: u64,
        bytes: &[u8],
        votes: &[(Vote, Entry)],
    ) -> Result<Option<Adoption>, ReplicaError> {
        let hash = hash_of(bytes, &*self.keys.hasher);
        let number = self.number_next();
        let checkpoint = Checkpoint::decode(bytes).ok().filter(|checkpoint| self.follows(checkpoint));
        let expected = Vote { number, ballot, checkpoint: Some(hash) };
        let mut yes: Vec<Entry> =
            votes.iter().filter(|(vote, _)| *vote == expected).map(|(_, entry)| entry.clone()).collect();
        // A peer's word with enough votes is as good as votes in the logs.
        if let Some(incoming) = self.incoming.as_ref().filter(|incoming| incoming.checkpoint == hash) {
            yes.clone_from(&incoming.votes);
        }
        let certified = yes.len() >= quorum.needed();
        let me = self.me();
        let may_vote = quorum.voters().contains(&me) && !self.config.restored && self.config.interest == Interest::All;
        let voted = self.closing.voted.map_or((0, 0), |vote| (vote.number, vote.ballot));
        let here = votes.iter().any(|(vote, entry)| vote.ballot == ballot && entry.id().log.author == me);
        if let Some(vote) = self.closing.voted.filter(|_| may_vote && voted == (number, ballot) && !here) {
            self.write(now, vote.draft())?;
            return Ok(None);
        }
        let to_vote = may_vote && voted < (number, ballot);
        if !certified && !to_vote {
            return Ok(None);
        }
        let opinion = match &checkpoint {
            Some(checkpoint) => self.opinion(checkpoint, hash)?,
            None => Opinion::Never,
        };
        match (opinion, checkpoint) {
            (Opinion::Holds(state), Some(checkpoint)) if certified => {
                let certificate = Certificate { checkpoint, votes: yes };
                return Ok(Some(self.adopt(now, &certificate, &state)?));
            }
            (Opinion::Waits, _) => {
                self.closing.waiting = true;
                return Ok(None);
            }
            (opinion, _) if to_vote => {
                let holds = matches!(opinion, Opinion::Holds(_));
                let vote = Vote { number, ballot, checkpoint: holds.then_some(hash) };
                // That a vote was given must be durable before the vote can be.
                let draft = vote.draft();
                let at = self.store.append(BALLOTS_STREAM, &draft.body)?;
                self.store.sync()?;
                self.store.trim(BALLOTS_STREAM, at)?;
                self.closing.voted = Some(vote);
                self.write(now, draft)?;
            }
            _ => {}
        }
        Ok(None)
    }

    fn number_next(&self) -> u64 {
        self.closed.as_ref().map_or(0, Closed::number) + 1
    }

    /// Whether a checkpoint is the next one after that in force.
    fn follows(&self, checkpoint: &Checkpoint) -> bool {
        let before = self.closed.as_ref().map_or(NO_ENTRY, |closed| closed.hash);
        checkpoint.mission == self.config.mission
            && checkpoint.number == self.number_next()
            && checkpoint.before == before
            && self.closed.as_ref().is_none_or(|closed| checkpoint.at > closed.checkpoint.at)
    }

    fn opinion(&mut self, checkpoint: &Checkpoint, hash: Digest) -> Result<Opinion, StoreError> {
        for (id, log) in checkpoint.cut.logs() {
            let Some(mine) = self.logs.get(id) else { return Ok(Opinion::Waits) };
            if mine.fork.is_some_and(|fork| fork < log.have.end()) {
                return Ok(Opinion::Never);
            }
            if !log.have.minus(&mine.have()).is_empty() {
                return Ok(Opinion::Waits);
            }
            for (&(_, end), last) in log.have.ranges().iter().zip(&log.lasts) {
                if self.hash_at(id, end - 1)? != Some(*last) {
                    return Ok(Opinion::Never);
                }
            }
        }
        // Nothing that the checkpoint before has may be missing.
        if let Some(closed) = &self.closed {
            for (id, log) in closed.checkpoint.cut.logs() {
                let kept = checkpoint.cut.log(id).is_some_and(|next| log.have.minus(&next.have).is_empty());
                if !(kept || log.have.is_empty()) {
                    return Ok(Opinion::Never);
                }
            }
        }
        if let Some((known, state)) = &self.closing.worked_out
            && *known == hash
        {
            return Ok(Opinion::Holds(state.clone()));
        }
        let Some(state) = self.state_of(&checkpoint.cut, checkpoint.at)? else { return Ok(Opinion::Never) };
        if state.len() as u64 != checkpoint.state_bytes
            || digest_of(&state, &*self.keys.hasher) != checkpoint.state_hash
        {
            return Ok(Opinion::Never);
        }
        self.closing.worked_out = Some((hash, state.clone()));
        Ok(Opinion::Holds(state))
    }

    /// Of each log the entries up to the first that was written after a time; the log that has a hole there, if one has.
    fn cut_at(&self, at: MissionTime) -> Result<Result<Cut, LogId>, StoreError> {
        let hasher = &*self.keys.hasher;
        let mut cut = Cut::default();
        for (id, log) in &self.logs {
            let before =
                self.closed.as_ref().and_then(|closed| closed.checkpoint.cut.log(id)).cloned().unwrap_or_default();
            let from = before.have.end();
            let mut part = CutLog { fork: log.fork, ..before };
            let mut hole = false;
            self.for_each_record(log, &log.have().minus(&RangeSet::from_range(0, from)), |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
                let sequence = raw.header.id.sequence;
                if raw.header.time.at > at {
                    return Ok(false);
                }
                hole = hole || sequence != part.have.end();
                part.take(sequence, raw.hash(hasher));
                Ok(!hole)
            })?;
            if hole {
                return Ok(Err(*id));
            }
            cut.push(*id, part);
        }
        Ok(Ok(cut))
    }

    /// What the entries of a cut come to, in its one encoding; nothing if one of them was written after the time.
    fn state_of(&self, cut: &Cut, at: MissionTime) -> Result<Option<Vec<u8>>, StoreError> {
        let base = self.base()?;
        let mut fold = base.map_or_else(Fold::new, Fold::from_base);
        let mut in_time = true;
        for (id, part) in cut.logs() {
            let Some(log) = self.logs.get(id) else { continue };
            let from = self.closed.as_ref().map_or(0, |closed| closed.checkpoint.cut.end(id));
            self.for_each_record(log, &part.have.minus(&RangeSet::from_range(0, from)), |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
                in_time = in_time && raw.header.time.at <= at;
                let _ = fold.take_parts(&raw.header, raw.body);
                Ok(in_time)
            })?;
        }
        let mut bytes = Vec::new();
        fold.into_state().encode(&mut bytes);
        Ok(in_time.then_some(bytes))
    }

    /// What the proposer says of a number.
    fn proposed(&self, quorum: &Quorum, number: u64) -> Result<Proposed, StoreError> {
        let mut proposed = Proposed::default();
        self.for_each_note(&quorum.proposer(), PROPOSAL_KIND, |entry| proposed.take(number, &entry))?;
        Ok(proposed)
    }

    /// The votes for a number: of each voter and ballot the first, by rising voter.
    fn votes(&self, quorum: &Quorum, number: u64) -> Result<Vec<(Vote, Entry)>, StoreError> {
        let mut first: BTreeMap<(NodeId, u64), (Vote, Entry)> = BTreeMap::new();
        for voter in quorum.voters() {
            self.for_each_note(voter, VOTE_KIND, |entry| {
                if let Some(Ok(vote)) = entry.body().map(Vote::decode)
                    && vote.number == number
                {
                    first.entry((*voter, vote.ballot)).or_insert((vote, entry));
                }
            })?;
        }
        Ok(first.into_values().collect())
    }

    /// Hands what one author says of checkpoints to `take`, log by log; nothing of what is below a base.
    fn for_each_note(&self, author: &NodeId, kind: u16, mut take: impl FnMut(Entry)) -> Result<(), StoreError> {
        let first = LogId { author: *author, epoch: 0, topic: CONTROL_TOPIC };
        let last = LogId { author: *author, epoch: u32::MAX, topic: CONTROL_TOPIC };
        for (_, log) in self.logs.range(first..=last).filter(|(id, _)| id.topic == CONTROL_TOPIC) {
            let there = log.have().minus(&RangeSet::from_range(0, log.base));
            self.for_each_record(log, &there, |record| {
                let entry = Entry::decode(record, &*self.keys.hasher).map_err(|_| damaged(&log.stream))?;
                if entry.header().kind == kind {
                    take(entry);
                }
                Ok(true)
            })?;
        }
        Ok(())
    }

    /// Keeps a snapshot and puts its checkpoint in force.
    pub(super) fn put_checkpoint(&mut self, certificate: &Certificate, state: &[u8]) -> Result<(), StoreError> {
        let mut snapshot = Vec::with_capacity(state.len() + 1_024);
        let front = put_snapshot(&mut snapshot, certificate, state);
        let parts = append_parts(&mut self.store, CHECKPOINT_STREAM, &snapshot, PART_BYTES_MAX)?;
        self.unsynced = true;
        self.closed = Some(self.closed_of(certificate.clone(), front, parts));
        self.closing.worked_out = None;
        Ok(())
    }

    /// Lets the store forget the snapshot before the one in force.
    pub(super) fn forget_older(&mut self) -> Result<(), StoreError> {
        let first = self.closed.as_ref().map_or(0, |closed| closed.parts.first);
        self.store.trim(CHECKPOINT_STREAM, first)
    }

    fn closed_of(&self, certificate: Certificate, front: usize, parts: Parts) -> Closed {
        Closed {
            hash: certificate.checkpoint.hash(&*self.keys.hasher),
            front_bytes: front as u64,
            checkpoint: certificate.checkpoint,
            votes: certificate.votes,
            parts,
        }
    }

    pub(super) fn read_checkpoint(&mut self) -> Result<(), StoreError> {
        let end = self.store.len(CHECKPOINT_STREAM)?;
        let Some(parts) = newest(&self.store, CHECKPOINT_STREAM, end)? else { return Ok(()) };
        let bytes = read_whole(&self.store, CHECKPOINT_STREAM, parts)?;
        let mut reader = Reader::new(&bytes);
        let (checkpoint, _) = read_front(&mut reader).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        let front = bytes.len() - reader.remaining();
        let votes = read_votes(&mut reader, &*self.keys.hasher).map_err(|_| damaged(CHECKPOINT_STREAM))?;
        self.closed = Some(self.closed_of(Certificate { checkpoint, votes }, front, parts));
        Ok(())
    }

    pub(super) fn read_ballots(&mut self) -> Result<(), StoreError> {
        self.closing.news = true;
        let Some(last) = self.store.len(BALLOTS_STREAM)?.checked_sub(1) else { return Ok(()) };
        let record = self.store.read(BALLOTS_STREAM, last, 1)?.pop().ok_or_else(|| damaged(BALLOTS_STREAM))?;
        self.closing.voted = Some(Vote::decode(&record).map_err(|_| damaged(BALLOTS_STREAM))?);
        Ok(())
    }

    /// Bytes of the snapshot in force, at most to the end of the part that holds the first of them.
    pub(crate) fn snapshot_piece(&self, offset: u64, bytes_max: usize) -> Result<Vec<u8>, StoreError> {
        let Some(closed) = &self.closed else { return Ok(Vec::new()) };
        let (part, within) = (offset / PART_BYTES_MAX as u64, (offset % PART_BYTES_MAX as u64) as usize);
        let mut piece = read_part(&self.store, CHECKPOINT_STREAM, closed.parts, part)?;
        if within >= piece.len() {
            return Err(damaged(CHECKPOINT_STREAM));
        }
        piece.drain(..within);
        piece.truncate(bytes_max);
        Ok(piece)
    }

    pub(crate) fn closed(&self) -> Option<&Closed> {
        self.closed.as_ref()
    }

    pub(super) fn log_mut(&mut self, id: &LogId) -> Option<&mut Log> {
        self.logs.get_mut(id)
    }
}

/// Room for the votes of a certificate.
const CERTIFICATE_SPARE: u64 = 1 << 20;

/// Why no checkpoint was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProposeError {
    /// This replica is not the quorum's proposer.
    NotProposer,
    /// The store was restored from a copy and may have forgotten a proposal.
    Restored,
    /// It does not hold every topic.
    Topics,
    /// The past is closed up to there already.
    Closed {
        /// Up to when.
        at: MissionTime,
    },
    /// The time is not past yet.
    Future,
    /// The next number is proposed and may still be certified.
    Pending {
        /// Which.
        number: u64,
    },
    /// Entries of a log are missing that were written up to then.
    Hole {
        /// Of which.
        log: LogId,
    },
    /// Checkpoint and state are longer than a snapshot may be.
    TooLarge {
        /// How long.
        bytes: u64,
    },
}

impl fmt::Display for ProposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotProposer => f.write_str("this node is not the quorum's proposer; ask the one that is"),
            Self::Restored => f.write_str("the store was restored from a copy; open it once more as it is now"),
            Self::Topics => f.write_str("this replica holds some topics only; let one propose that holds all"),
            Self::Closed { at } => write!(f, "the past is closed up to {} ms already; name a later time", at.as_ms()),
            Self::Future => f.write_str("the time is not past, or an entry of the cut is later; name an earlier time"),
            Self::Pending { number } => write!(f, "checkpoint {number} is proposed already; wait for its votes"),
            Self::Hole { log } => {
                write!(
                    f,
                    "log {}/{}/{} has a hole up to then; wait until it is filled, or name an earlier time",
                    log.author, log.epoch, log.topic.0
                )
            }
            Self::TooLarge { bytes } => {
                write!(
                    f,
                    "{bytes} bytes of checkpoint and state are more than {SNAPSHOT_BYTES_MAX}; let the state shrink"
                )
            }
        }
    }
}

impl std::error::Error for ProposeError {}
