//! ADMM with a given penalty, watched by one who knows the optimum.

use core::cell::Cell;
use core::ops::ControlFlow;

use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::{Contribution, FieldKind, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Sum, SumError};
use cosmosmesh_solver_core::coordination::Admm;
use cosmosmesh_solver_core::{Options, Participant, PlainSum, run};

use crate::judge::Claim;

/// When ADMM arrives.
pub(crate) struct Arrival {
    /// The round whose own certificate ends the run.
    pub(crate) certified: Option<u32>,
    /// What it then claims.
    pub(crate) claim: Option<Claim>,
    /// The first round in which its iterate or its best mix is within the tolerance, as one who knows the optimum sees it.
    pub(crate) seen: Option<u32>,
}

/// Runs ADMM with a penalty and a relaxation until its own certificate, or for less than `limit` rounds.
pub(crate) fn admm(
    fleet: &FleetProblem,
    optimum: f64,
    tolerance: f64,
    penalty: f64,
    relaxation: f64,
    limit: u32,
) -> Result<Arrival, String> {
    let mut participants = Vec::new();
    for asset in fleet.assets() {
        participants.push(Participant::new(asset).map_err(|error| error.to_string())?);
    }
    let rounds_max = Some(limit.saturating_sub(1).max(1));
    let options = Options { tolerance, rounds_max, cost_scale: penalty, ..Options::default() };
    let mut admm =
        Admm::relaxed(fleet.coupling(), participants.len(), &options, relaxation).map_err(|error| error.to_string())?;
    let mut arrival = Arrival { certified: None, claim: None, seen: None };
    let iterate = Cell::new(f64::INFINITY);
    let mut sum = Watched { fleet, optimum, scale: None, error: &iterate };
    let outcome = run(&mut admm, &mut participants, &mut sum, &mut |query, outcome| {
        let mixed = outcome.certificate.as_ref().map_or(f64::INFINITY, |certificate| {
            let gap = (certificate.objective - optimum).abs() / (1.0 + optimum.abs());
            gap.max(certificate.coupling_violation)
        });
        if iterate.get().min(mixed) <= tolerance {
            arrival.seen.get_or_insert(query.round);
        }
        ControlFlow::Continue(())
    })
    .map_err(|error| error.to_string())?;
    if outcome.status == Status::Optimal {
        arrival.certified = Some(outcome.rounds);
        let plan = |mix| -> Option<Vec<Vec<f64>>> {
            participants.iter().map(|participant| Some(participant.plan(mix).ok()?.x)).collect()
        };
        arrival.claim = Some(Claim {
            status: outcome.status,
            objective: outcome.certificate.as_ref().map(|certificate| certificate.objective),
            dual_bound: outcome.certificate.as_ref().map(|certificate| certificate.dual_bound),
            x: outcome.mix.as_ref().and_then(plan),
            conflict: Vec::new(),
        });
    }
    Ok(arrival)
}

/// A plain sum that notes how far the iterate is from the optimum.
struct Watched<'a> {
    fleet: &'a FleetProblem,
    optimum: f64,
    scale: Option<Vec<f64>>,
    /// Larger of cost and violation error of the last iterate, read by the observer of the run.
    error: &'a Cell<f64>,
}

impl Sum for Watched<'_> {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        if let Some(scale) = &query.row_scale {
            self.scale = Some(scale.clone());
        }
        let summed = PlainSum.sum(query, contributions)?;
        let used = summed.field(FieldKind::Use, 0);
        let factor = |k: usize| self.scale.as_ref().and_then(|scale| scale.get(k)).copied().unwrap_or(1.0);
        let used: Vec<f64> = used.iter().enumerate().map(|(k, v)| v / factor(k)).collect();
        let violation = self.fleet.coupling().bounds.violation(&used);
        let gap = (summed.scalar(FieldKind::Cost, 0) - self.optimum).abs() / (1.0 + self.optimum.abs());
        self.error.set(gap.max(violation));
        Ok(summed)
    }
}
