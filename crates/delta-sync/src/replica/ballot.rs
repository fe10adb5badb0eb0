//! Deciding on the next checkpoint: promising, voting, and finding that one is certified.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{Certificate, Checkpoint, Notes, Promise, Quorum, Vote, hash_of};
use crate::entry::{Entry, NO_ENTRY};
use crate::interest::Interest;
use crate::state::digest_of;

use super::{Adoption, Replica, ReplicaError, damaged};

/// The votes that this replica has given: the last, and the last for a checkpoint.
const BALLOTS_STREAM: &str = "ballots";
/// The promises that this replica has given; the last counts.
const PROMISES_STREAM: &str = "promises";

/// What a replica remembers of the next checkpoint.
#[derive(Debug, Default)]
pub(super) struct Closing {
    /// Whether something was said of checkpoints since it was last looked at.
    pub(super) news: bool,
    /// Whether a proposal waits for entries that are not here yet.
    pub(super) waiting: bool,
    /// The last vote given; it may have been lost on its way into the log, and is then given again as it was.
    voted: Option<Vote>,
    /// The last vote given for a checkpoint, and where it stands in the store: a promise tells of it.
    shared: Option<(Vote, u64)>,
    /// The last promise given; given again as the vote is.
    promised: Option<Promise>,
    /// The state that a proposed checkpoint comes to, by its hash.
    pub(super) worked_out: Option<(Digest, Vec<u8>)>,
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
    /// Looks at what was said of the next checkpoint: promises and votes if this replica is to, and adopts what is certified.
    ///
    /// # Errors
    /// [`ReplicaError`] if the store fails or the key's device does not answer.
    pub fn attend(&mut self, now: MissionTime) -> Result<Vec<Adoption>, ReplicaError> {
        let mut adopted = core::mem::take(&mut self.closing.untold);
        while core::mem::take(&mut self.closing.news) {
            let Some(quorum) = self.config.quorum.clone() else { break };
            let number = self.number_next();
            let notes = self.notes(&quorum, number)?;
            self.promise(now, &quorum, &notes)?;
            if notes.proposals.is_empty() {
                continue;
            }
            self.closing.waiting = false;
            for (ballot, bytes) in &notes.proposals {
                if let Some(adoption) = self.consider(now, &quorum, *ballot, bytes, &notes)? {
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

    /// Whether this replica's word counts: of one restored from a copy nobody knows what it has forgotten.
    fn may_vote(&self, quorum: &Quorum) -> bool {
        quorum.voters().contains(&self.me()) && !self.config.restored && self.config.interest == Interest::All
    }

    /// Promises the highest ballot that its proposer claims to vote in no lower one, and says for what it has voted there.
    fn promise(&mut self, now: MissionTime, quorum: &Quorum, notes: &Notes) -> Result<(), ReplicaError> {
        let number = self.number_next();
        let Some(ballot) = notes.claims.keys().next_back().copied().filter(|_| self.may_vote(quorum)) else {
            return Ok(());
        };
        let me = self.me();
        if let Some(promise) =
            self.closing.promised.filter(|promise| (promise.number, promise.ballot) == (number, ballot))
        {
            if !notes.promises.contains_key(&(me, ballot)) {
                self.write(now, promise.draft())?;
            }
            return Ok(());
        }
        let promised = self.closing.promised.map_or((0, 0), |promise| (promise.number, promise.ballot));
        let voted = self.closing.voted.map_or((0, 0), |vote| (vote.number, vote.ballot));
        if (number, ballot) <= promised.max(voted) {
            return Ok(());
        }
        // A store of before there were promises may have let the vote go; the log has it.
        let shared = self.closing.shared.map(|(vote, _)| vote).filter(|vote| vote.number == number);
        let logged = notes.votes.iter().filter(|((voter, _), _)| *voter == me).map(|(_, (vote, _))| *vote);
        let voted = shared.into_iter().chain(logged).filter_map(|vote| Some((vote.ballot, vote.checkpoint?))).max();
        let promise = Promise { number, ballot, voted };
        // That it was given must be durable before it can be seen.
        let draft = promise.draft();
        let at = self.store.append(PROMISES_STREAM, &draft.body)?;
        self.store.sync()?;
        self.store.trim(PROMISES_STREAM, at)?;
        self.closing.promised = Some(promise);
        self.write(now, draft)?;
        Ok(())
    }

    fn consider(
        &mut self,
        now: MissionTime,
        quorum: &Quorum,
        ballot: u64,
        bytes: &[u8],
        notes: &Notes,
    ) -> Result<Option<Adoption>, ReplicaError> {
        let hash = hash_of(bytes, &*self.keys.hasher);
        let number = self.number_next();
        let checkpoint = Checkpoint::decode(bytes).ok().filter(|checkpoint| self.follows(checkpoint));
        let expected = Vote { number, ballot, checkpoint: Some(hash) };
        let mut yes: Vec<Entry> =
            notes.votes.values().filter(|(vote, _)| *vote == expected).map(|(_, entry)| entry.clone()).collect();
        // A peer's word with enough votes is as good as votes in the logs.
        if let Some(incoming) = self.incoming.as_ref().filter(|incoming| incoming.checkpoint == hash) {
            yes.clone_from(&incoming.votes);
        }
        let certified = yes.len() >= quorum.needed();
        let may_vote = self.may_vote(quorum);
        let voted = self.closing.voted.map_or((0, 0), |vote| (vote.number, vote.ballot));
        let promised = self.closing.promised.map_or((0, 0), |promise| (promise.number, promise.ballot));
        let here = notes.votes.contains_key(&(self.me(), ballot));
        if let Some(vote) = self.closing.voted.filter(|_| may_vote && voted == (number, ballot) && !here) {
            self.write(now, vote.draft())?;
            return Ok(None);
        }
        let to_vote = may_vote && voted < (number, ballot) && promised <= (number, ballot);
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
                self.vote(now, Vote { number, ballot, checkpoint: holds.then_some(hash) })?;
            }
            _ => {}
        }
        Ok(None)
    }

    fn vote(&mut self, now: MissionTime, vote: Vote) -> Result<(), ReplicaError> {
        // That a vote was given must be durable before the vote can be.
        let draft = vote.draft();
        let at = self.store.append(BALLOTS_STREAM, &draft.body)?;
        self.store.sync()?;
        if vote.checkpoint.is_some() {
            self.closing.shared = Some((vote, at));
        }
        let kept = self.closing.shared.filter(|(shared, _)| shared.number == vote.number).map_or(at, |(_, at)| at);
        self.store.trim(BALLOTS_STREAM, kept)?;
        self.closing.voted = Some(vote);
        self.write(now, draft)?;
        Ok(())
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

    pub(super) fn read_ballots(&mut self) -> Result<(), StoreError> {
        self.closing.news = true;
        let last_of = |at: u64, stream: &str| -> Result<Vec<u8>, StoreError> {
            self.store.read(stream, at, 1)?.pop().ok_or_else(|| damaged(stream))
        };
        if let Some(last) = self.store.len(PROMISES_STREAM)?.checked_sub(1) {
            let record = last_of(last, PROMISES_STREAM)?;
            self.closing.promised = Some(Promise::decode(&record).map_err(|_| damaged(PROMISES_STREAM))?);
        }
        // From the last on backwards, to the last that is for a checkpoint or the first that is there.
        let end = self.store.len(BALLOTS_STREAM)?;
        for at in (0..end).rev() {
            let record = match last_of(at, BALLOTS_STREAM) {
                Err(StoreError::Trimmed { .. }) => break,
                other => other?,
            };
            let vote = Vote::decode(&record).map_err(|_| damaged(BALLOTS_STREAM))?;
            self.closing.voted.get_or_insert(vote);
            if vote.checkpoint.is_some() {
                self.closing.shared = Some((vote, at));
                break;
            }
        }
        Ok(())
    }
}
