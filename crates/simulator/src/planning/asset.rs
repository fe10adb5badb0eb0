use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::{Event, EventKind, Severity};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::round::{RoundQuery, RoundResult};
use cosmosmesh_contracts::wire::{WireForm, decode, encode, kind_of};
use cosmosmesh_solver_core::Participant;

use crate::SimulateError;

/// One asset's process: its participant, and the plan it was told of.
pub(super) struct AssetProcess {
    name: String,
    participant: Participant,
    result: Option<RoundResult>,
    in_effect: bool,
}

/// What an asset does about a message.
pub(super) enum Reply {
    /// Nothing.
    Nothing,
    /// Sends this after its computing time.
    AfterSolving(Vec<u8>),
    /// Sends this at once.
    Now(Vec<u8>),
    /// The plan is in effect.
    InEffect,
}

/// The most bytes an asset takes in one message.
const FRAME_BYTES_MAX: usize = 1 << 26;

impl AssetProcess {
    pub(super) fn new(name: String, problem: &AssetProblem) -> Result<Self, SimulateError> {
        let participant =
            Participant::new(problem).map_err(|error| SimulateError::Problem { asset: name.clone(), error })?;
        Ok(Self { name, participant, result: None, in_effect: false })
    }

    /// Reads one message from the facilitator.
    pub(super) fn hear(&mut self, now: MissionTime, frame: &[u8]) -> Result<Reply, SimulateError> {
        match kind_of(frame).map_err(unreadable)? {
            RoundQuery::KIND => {
                let query: RoundQuery = decode(frame, FRAME_BYTES_MAX).map_err(unreadable)?;
                let answer = self.participant.answer(&query);
                let answer = answer.map_err(|error| SimulateError::Participant { asset: self.name.clone(), error })?;
                Ok(Reply::AfterSolving(encode(&answer)))
            }
            RoundResult::KIND => {
                let result: RoundResult = decode(frame, FRAME_BYTES_MAX).map_err(unreadable)?;
                let version = u64::from(result.rounds);
                let holds = result.plan.is_some() && result.mix.is_some();
                self.result = Some(result);
                Ok(if holds { Reply::Now(encode(&activated(now, version))) } else { Reply::Nothing })
            }
            Event::KIND => {
                let event: Event = decode(frame, FRAME_BYTES_MAX).map_err(unreadable)?;
                match (&event.kind, &self.result) {
                    (EventKind::PlanActivated { version }, Some(result)) if *version == u64::from(result.rounds) => {
                        self.in_effect = true;
                        Ok(Reply::InEffect)
                    }
                    _ => Ok(Reply::Nothing),
                }
            }
            kind => Err(SimulateError::Message { reason: format!("kind {kind} is not for assets") }),
        }
    }

    /// Whether the announced plan is in effect here.
    pub(super) fn in_effect(&self) -> bool {
        self.in_effect
    }

    /// This asset's own plan in a mix of its answers.
    pub(super) fn plan(&self, mix: &cosmosmesh_contracts::round::Mix) -> Result<Plan, SimulateError> {
        self.participant.plan(mix).map_err(|error| SimulateError::Participant { asset: self.name.clone(), error })
    }
}

/// "Plan `version` is in effect here", or, from the facilitator, everywhere.
pub(super) fn activated(at: MissionTime, version: u64) -> Event {
    Event { at, severity: Severity::Nominal, kind: EventKind::PlanActivated { version } }
}

pub(super) fn unreadable(error: cosmosmesh_contracts::wire::WireError) -> SimulateError {
    SimulateError::Message { reason: error.to_string() }
}
