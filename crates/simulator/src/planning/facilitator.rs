use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::{Event, EventKind};
use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::round::{Ask, Contribution, ReportLayout, RoundQuery, RoundResult};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step, SumError};
use cosmosmesh_contracts::wire::{decode, encode};

use super::asset::{activated, unreadable};
use super::running_sum::RunningSum;
use crate::SimulateError;

/// The facilitator's process: the coordination, and the sum of the present round.
///
/// It cannot hold an asset's answer once that is in the sum.
pub(super) struct Facilitator {
    coordination: Box<dyn Coordination + Send>,
    asset_count: usize,
    phase: Phase,
}

enum Phase {
    Idle,
    Collecting(RunningSum),
    Committing { version: u64, held: Vec<bool> },
}

/// A new question: its frame and what the report wants to know of it.
pub(super) struct Question {
    pub(super) round: u32,
    pub(super) barrier: Option<f64>,
    pub(super) frame: Vec<u8>,
}

impl Facilitator {
    /// Runs a coordination over rows with this head-room.
    pub(super) fn new(coordination: Box<dyn Coordination + Send>, asset_count: usize) -> Self {
        Self { coordination, asset_count, phase: Phase::Idle }
    }

    /// The next question, or nothing once the rounds are over.
    pub(super) fn ask(&mut self) -> Result<Option<Question>, SimulateError> {
        let query = match self.coordination.query() {
            Ok(query) => query,
            Err(CoordinationError::Finished) => return Ok(None),
            Err(error) => return Err(SimulateError::Coordination(error)),
        };
        let layout = ReportLayout::of(&query).map_err(|error| SimulateError::Sum(SumError::Report(error)))?;
        self.phase = Phase::Collecting(RunningSum::new(layout, self.asset_count));
        Ok(Some(Question { round: query.round, barrier: barrier(&query), frame: encode(&query) }))
    }

    /// Reads an asset's answer; says whether another round is wanted once everybody's is in.
    pub(super) fn hear_answer(&mut self, asset: usize, frame: &[u8]) -> Result<Option<Step>, SimulateError> {
        let Phase::Collecting(sum) = &mut self.phase else { return Ok(None) };
        let report = |error| SimulateError::Sum(SumError::Report(error));
        let contribution: Contribution = decode(frame, sum.frame_bytes_max()).map_err(unreadable)?;
        sum.accept(asset, contribution).map_err(report)?;
        if sum.missing().is_some() {
            return Ok(None);
        }
        let Phase::Collecting(sum) = std::mem::replace(&mut self.phase, Phase::Idle) else { return Ok(None) };
        let step = self.coordination.absorb(&sum.open().map_err(report)?).map_err(SimulateError::Coordination)?;
        Ok(Some(if self.outcome().status == Status::Optimal { Step::Done } else { step }))
    }

    /// The first asset that is waited for.
    pub(super) fn missing(&self) -> Option<usize> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Collecting(sum) => sum.missing(),
            Phase::Committing { held, .. } => held.iter().position(|held| !held),
        }
    }

    /// What is known now about the fleet's true rows.
    pub(super) fn outcome(&self) -> Outcome {
        self.coordination.outcome()
    }

    /// Announces the result.
    pub(super) fn announce(&mut self) -> Vec<u8> {
        let mut result = RoundResult::from(&self.outcome());
        if let Some(mix) = &mut result.mix {
            // A weight that underflowed to nothing says nothing, and the wire form does not take it.
            mix.weights.retain(|(_, weight)| *weight > 0.0);
        }
        self.phase = Phase::Committing { version: u64::from(result.rounds), held: vec![false; self.asset_count] };
        encode(&result)
    }

    /// Reads that an asset holds the plan; once everybody does, gives what to tell everybody.
    pub(super) fn hear_held(
        &mut self,
        now: MissionTime,
        asset: usize,
        frame: &[u8],
    ) -> Result<Option<Vec<u8>>, SimulateError> {
        let Phase::Committing { version, held } = &mut self.phase else { return Ok(None) };
        let event: Event = decode(frame, 1 << 10).map_err(unreadable)?;
        if event.kind == (EventKind::PlanActivated { version: *version }) {
            held[asset] = true;
        }
        Ok(held.iter().all(|held| *held).then(|| encode(&activated(now, *version))))
    }
}

/// The smallest barrier parameter of a query, where the method has one.
fn barrier(query: &RoundQuery) -> Option<f64> {
    match query.ask {
        Ask::Path { .. } | Ask::Follow { .. } | Ask::Newton { .. } => {
            query.points.iter().map(|point| point.barrier).reduce(f64::min)
        }
        Ask::Proximal { .. } | Ask::Accelerated { .. } => None,
    }
}
