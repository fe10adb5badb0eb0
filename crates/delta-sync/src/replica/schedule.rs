//! Closing the past again and again: who proposes what, and when somebody stands in.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::Store;

use crate::checkpoint::Checkpoint;

use super::{ProposeError, Replica, ReplicaError};

/// When the past is closed: data of the mission, the same for every proposer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The past is closed up to whole multiples of this, milliseconds.
    pub period_ms: i64,
    /// How old entries are before they are closed, milliseconds: what has not reached the proposer by then is late.
    pub age_ms: i64,
    /// How long each proposer waits for the one before it, and for what was said last, before it stands in; and how long a hole is waited for. Milliseconds.
    ///
    /// Longer than a claim or a proposal and their answers take over the mission's links; shorter ones cost legs, and never safety.
    pub patience_ms: i64,
}

/// What [`Replica::close_past`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PastStep {
    /// Nothing, and why.
    Waited(ProposeError),
    /// It claimed a ballot, since the proposers before it are overdue.
    Claimed {
        /// Which.
        ballot: u64,
    },
    /// It proposed a checkpoint.
    Proposed(Checkpoint),
}

impl<S: Store> Replica<S> {
    /// Does what is due to close the past: nothing, a claim or a proposal. To be asked every now and then, at every replica alike.
    ///
    /// The first of the quorum's proposers proposes what is old enough; each one after it waits longer, so that one that is lost is stood in for and two seldom compete.
    /// Entries that are missing before others of the same log hold a checkpoint up for [`Schedule::patience_ms`]; then they are given up, and late if they come after all.
    ///
    /// # Errors
    /// [`ReplicaError`] if the store fails or the key's device does not answer.
    /// # Cost
    /// As [`Replica::propose`].
    pub fn close_past(&mut self, now: MissionTime, schedule: &Schedule) -> Result<PastStep, ReplicaError> {
        let rank = self.config.quorum.as_ref().and_then(|quorum| quorum.rank_of(&self.me()));
        let Some(rank) = rank else { return Ok(PastStep::Waited(ProposeError::NotProposer)) };
        let patience_ms = schedule.patience_ms.max(0);
        let age_ms = schedule.age_ms.max(0).saturating_add(patience_ms.saturating_mul(rank as i64));
        let at = |age_ms: i64| Self::proposal_time(now, age_ms, schedule.period_ms);
        // The first past that is closed is that of the mission's first whole period.
        if at(age_ms) <= MissionTime::EPOCH {
            return Ok(PastStep::Waited(ProposeError::Nothing { at: at(age_ms) }));
        }
        let mut said = self.propose(now, at(age_ms));
        if let Err(ReplicaError::Propose(ProposeError::Hole { .. })) = said {
            let given_up = self.propose_over_holes(now, at(age_ms.saturating_add(patience_ms)));
            // What is not old enough to be given up is still waited for.
            if !matches!(given_up, Err(ReplicaError::Propose(_))) {
                said = given_up;
            }
        }
        match said {
            Ok(checkpoint) => Ok(PastStep::Proposed(checkpoint)),
            Err(ReplicaError::Propose(ProposeError::Unclaimed { number })) => {
                let wait_ms = patience_ms.saturating_mul(rank as i64 + 1);
                // Whether there is anything to close is looked at before anybody is bothered.
                let there = self.cut_at(at(age_ms), true)?;
                if !there.is_ok_and(|cut| self.brings_something(&cut)) {
                    return Ok(PastStep::Waited(ProposeError::Nothing { at: at(age_ms) }));
                }
                if self.last_said(number)?.is_some_and(|said| now.ms_since(said) < wait_ms) {
                    return Ok(PastStep::Waited(ProposeError::Unclaimed { number }));
                }
                match self.claim(now) {
                    Ok(ballot) => Ok(PastStep::Claimed { ballot }),
                    Err(ReplicaError::Propose(error)) => Ok(PastStep::Waited(error)),
                    Err(error) => Err(error),
                }
            }
            Err(ReplicaError::Propose(error)) => Ok(PastStep::Waited(error)),
            Err(error) => Err(error),
        }
    }

    /// When a proposer last said something of a number.
    fn last_said(&self, number: u64) -> Result<Option<MissionTime>, ReplicaError> {
        match self.config.quorum.clone() {
            Some(quorum) => Ok(self.notes(&quorum, number)?.said_at),
            None => Ok(None),
        }
    }
}
