//! Proposing that the past be closed.

use core::fmt;
use std::collections::BTreeSet;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{
    CONTROL_TOPIC, Checkpoint, Claim, Cut, CutLog, Notes, Quorum, SNAPSHOT_BYTES_MAX, hash_of, proposals,
};
use crate::entry::{Entry, LogId, NO_ENTRY, RawEntry};
use crate::interest::Interest;
use crate::range::RangeSet;
use crate::state::{Fold, digest_of};

use super::{Replica, ReplicaError, damaged};

impl<S: Store> Replica<S> {
    /// The latest time at which a checkpoint may be proposed: a whole number of periods, and at least so old.
    pub fn proposal_time(now: MissionTime, age_ms: i64, period_ms: i64) -> MissionTime {
        let (latest, period) = (now.as_ms().saturating_sub(age_ms.max(0)), period_ms.max(1));
        MissionTime(latest.div_euclid(period).saturating_mul(period))
    }

    /// Proposes that the past up to a time be closed, in this replica's own log; the quorum's votes decide. It is durable after [`Replica::sync`].
    ///
    /// In a ballot that this replica has claimed it may be bound to propose again what another did; the checkpoint that comes back then closes another past than was asked for.
    ///
    /// # Errors
    /// [`ReplicaError::Propose`] says why not; nothing was written then.
    /// # Cost
    /// Reads the entries between the checkpoint in force and that time.
    pub fn propose(&mut self, now: MissionTime, at: MissionTime) -> Result<Checkpoint, ReplicaError> {
        self.propose_with(now, at, false)
    }

    /// The same, and entries that are missing before others of the same log are given up: whoever has them writes them again.
    ///
    /// # Errors
    /// As [`Replica::propose`], but for holes.
    pub fn propose_over_holes(&mut self, now: MissionTime, at: MissionTime) -> Result<Checkpoint, ReplicaError> {
        self.propose_with(now, at, true)
    }

    fn propose_with(
        &mut self,
        now: MissionTime,
        at: MissionTime,
        over_holes: bool,
    ) -> Result<Checkpoint, ReplicaError> {
        let refuse = |error| Err(ReplicaError::Propose(error));
        let (quorum, rank) = match self.proposing() {
            Ok(proposing) => proposing,
            Err(error) => return refuse(error),
        };
        if let Some(closed) = &self.closed
            && at <= closed.checkpoint.at
        {
            return refuse(ProposeError::Closed { at: closed.checkpoint.at });
        }
        if at >= now {
            return refuse(ProposeError::Future);
        }
        let number = self.number_next();
        let notes = self.notes(&quorum, number)?;
        let ballot = match ballot_for(&notes, &quorum, rank, number) {
            Ok((ballot, None)) => ballot,
            Ok((ballot, Some(bound))) => return self.propose_again(now, &notes, ballot, bound),
            Err(error) => return refuse(error),
        };
        let cut = match self.cut_at(at, over_holes)? {
            Ok(cut) => cut,
            Err(log) => return refuse(ProposeError::Hole { log }),
        };
        if !self.brings_something(&cut) {
            return refuse(ProposeError::Nothing { at });
        }
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
        for draft in proposals(number, ballot, &bytes) {
            self.write(now, draft)?;
        }
        Ok(checkpoint)
    }

    /// Claims a ballot for this replica, above all that it knows of: once enough voters have promised it, [`Replica::propose`] proposes in it.
    ///
    /// It is how another proposes in the place of one that is lost or stuck, and safe while that one goes on: of what any two of them propose for one number, at most one checkpoint is certified.
    ///
    /// # Errors
    /// [`ReplicaError::Propose`] says why not; nothing was written then.
    pub fn claim(&mut self, now: MissionTime) -> Result<u64, ReplicaError> {
        let (quorum, rank) = self.proposing().map_err(ReplicaError::Propose)?;
        let number = self.number_next();
        let notes = self.notes(&quorum, number)?;
        let highest = notes.ballot_max();
        if highest > 0 && quorum.owner(highest) == self.me() && !notes.begun.contains(&highest) {
            return Err(ReplicaError::Propose(ProposeError::Claimed { number }));
        }
        let Some(ballot) = quorum.ballot_above(rank, highest) else {
            return Err(ReplicaError::Propose(ProposeError::Pending { number }));
        };
        self.write(now, Claim { number, ballot }.draft())?;
        Ok(ballot)
    }

    /// The quorum and this replica's place among its proposers.
    fn proposing(&self) -> Result<(Quorum, usize), ProposeError> {
        let quorum = self.config.quorum.clone().ok_or(ProposeError::NotProposer)?;
        let rank = quorum.rank_of(&self.me()).ok_or(ProposeError::NotProposer)?;
        if self.config.restored {
            return Err(ProposeError::Restored);
        }
        if self.config.interest != Interest::All {
            return Err(ProposeError::Topics);
        }
        Ok((quorum, rank))
    }

    /// Proposes what a lower ballot may have certified, as it was.
    fn propose_again(
        &mut self,
        now: MissionTime,
        notes: &Notes,
        ballot: u64,
        bound: Digest,
    ) -> Result<Checkpoint, ReplicaError> {
        let hasher = self.keys.hasher.clone();
        let number = self.number_next();
        let found = notes.proposals.iter().find(|(_, bytes)| hash_of(bytes, &*hasher) == bound);
        let decoded = found.and_then(|(_, bytes)| Some((bytes, Checkpoint::decode(bytes).ok()?)));
        let Some((bytes, checkpoint)) = decoded else {
            return Err(ReplicaError::Propose(ProposeError::Waits { number }));
        };
        for draft in proposals(number, ballot, bytes) {
            self.write(now, draft)?;
        }
        Ok(checkpoint)
    }

    /// What is said in the logs that are here of the next checkpoint.
    pub(super) fn notes(&self, quorum: &Quorum, number: u64) -> Result<Notes, StoreError> {
        let mut notes = Notes::default();
        let authors: BTreeSet<&NodeId> = quorum.voters().iter().chain(quorum.proposers()).collect();
        for author in authors {
            let first = LogId { author: *author, epoch: 0, topic: CONTROL_TOPIC };
            let last = LogId { author: *author, epoch: u32::MAX, topic: CONTROL_TOPIC };
            let mut open = None;
            for (_, log) in self.logs.range(first..=last).filter(|(id, _)| id.topic == CONTROL_TOPIC) {
                // What is below a base speaks of checkpoints that are past.
                let there = log.have().minus(&RangeSet::from_range(0, log.base));
                self.for_each_record(log, &there, |record| {
                    let entry = Entry::decode(record, &*self.keys.hasher).map_err(|_| damaged(&log.stream))?;
                    notes.take(number, quorum, entry, &mut open);
                    Ok(true)
                })?;
            }
        }
        Ok(notes)
    }

    /// Whether a cut has more than the checkpoint in force: what was said of that alone is not worth another one.
    pub(super) fn brings_something(&self, cut: &Cut) -> bool {
        let before = |id: &LogId| self.closed.as_ref().map_or(0, |closed| closed.checkpoint.cut.count(id));
        cut.logs().any(|(id, log)| id.topic != CONTROL_TOPIC && log.have.count() > before(id))
    }

    /// Of each log the entries up to the first that was written after a time; the log that has a hole there, if one has.
    pub(super) fn cut_at(&self, at: MissionTime, over_holes: bool) -> Result<Result<Cut, LogId>, StoreError> {
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
                hole = !over_holes && sequence != part.have.end();
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
    pub(super) fn state_of(&self, cut: &Cut, at: MissionTime) -> Result<Option<Vec<u8>>, StoreError> {
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
}

/// In which ballot a proposer proposes next, and what it is bound to propose there.
fn ballot_for(notes: &Notes, quorum: &Quorum, rank: usize, number: u64) -> Result<(u64, Option<Digest>), ProposeError> {
    let me = quorum.proposers()[rank];
    let mine = |ballot: &&u64| quorum.owner(**ballot) == me;
    let begun = notes.begun.iter().rfind(mine).copied().unwrap_or(0);
    let claimed = notes.claims.keys().rfind(mine).copied().unwrap_or(0);
    let highest = notes.ballot_max();
    if claimed > begun {
        return match notes.bound(claimed, quorum) {
            Some(bound) => Ok((claimed, bound)),
            None if claimed == highest => Err(ProposeError::Claimed { number }),
            // Somebody has claimed a higher one since.
            None => Err(ProposeError::Unclaimed { number }),
        };
    }
    // A ballot of its own that is not whole in its own logs was never whole anywhere.
    let whole = |ballot: u64| notes.proposals.iter().any(|(there, _)| *there == ballot);
    let dead = |ballot: u64| notes.is_dead(ballot, quorum) || quorum.owner(ballot) == me && !whole(ballot);
    match quorum.ballot_above(rank, begun) {
        // Nothing is or can be certified below it.
        Some(next) if next > highest && (1..next).all(dead) => Ok((next, None)),
        _ if begun > 0 && begun == highest && !dead(begun) => Err(ProposeError::Pending { number }),
        _ => Err(ProposeError::Unclaimed { number }),
    }
}

/// Room for the votes of a certificate.
const CERTIFICATE_SPARE: u64 = 1 << 20;

/// Why no checkpoint was proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProposeError {
    /// This replica is none of the quorum's proposers.
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
    /// Nobody wrote anything between the past that is closed and that time.
    Nothing {
        /// Which time.
        at: MissionTime,
    },
    /// The time is not past yet.
    Future,
    /// The next number is proposed and may still be certified.
    Pending {
        /// Which.
        number: u64,
    },
    /// Something was proposed or claimed for the next number that may still be certified: a ballot above must be claimed first.
    Unclaimed {
        /// Which.
        number: u64,
    },
    /// A ballot is claimed, and too few voters have promised it yet.
    Claimed {
        /// Of which number.
        number: u64,
    },
    /// A voter has voted for a proposal that is not here yet, and that must be proposed again.
    Waits {
        /// Of which number.
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
            Self::NotProposer => f.write_str("this node is none of the quorum's proposers; ask one that is"),
            Self::Restored => f.write_str("the store was restored from a copy; open it once more as it is now"),
            Self::Topics => f.write_str("this replica holds some topics only; let one propose that holds all"),
            Self::Closed { at } => write!(f, "the past is closed up to {} ms already; name a later time", at.as_ms()),
            Self::Nothing { at } => {
                write!(f, "nobody wrote anything up to {} ms that is not closed; name a later time", at.as_ms())
            }
            Self::Future => f.write_str("the time is not past, or an entry of the cut is later; name an earlier time"),
            Self::Pending { number } => write!(f, "checkpoint {number} is proposed already; wait for its votes"),
            Self::Unclaimed { number } => {
                write!(f, "another may have proposed checkpoint {number}; claim a ballot of your own first")
            }
            Self::Claimed { number } => {
                write!(f, "a ballot of checkpoint {number} is claimed; wait for the voters' promises")
            }
            Self::Waits { number } => {
                write!(f, "a voter voted for a proposal of checkpoint {number} that is not here yet; wait for it")
            }
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
