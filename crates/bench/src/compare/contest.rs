use core::ops::ControlFlow;
use std::time::Instant;

use cosmosmesh_contracts::plan::{PlanKind, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::{Method, Options, Participant, PlainSum, coordinator, run};

use super::{ADMM_ROUNDS_MAX, Counted, Entrant, Record, Setting, Solver, median};
use crate::central::{self, CentralSolution, CentralStatus};
use crate::judge::{Claim, judge};

/// A plan called safe may violate a row by this much, relative as everywhere: the rounding of a sum over many assets.
const SAFE_VIOLATION_MAX: f64 = 1e-6;

/// What one run gave; everything but the time repeats.
struct Run {
    claim: Claim,
    /// Why there was no run, in words.
    error: Option<String>,
    rounds: Option<u32>,
    safe_round: Option<u32>,
    safe_round_one_percent: Option<u32>,
    says_safe: bool,
    bytes_up: Option<u64>,
    bytes_down: Option<u64>,
    /// Newton steps per asset, or iterations of the central solver.
    iterations: u64,
    wall_ms: f64,
}

pub(super) fn record(
    entrant: &Entrant,
    reference: &CentralSolution,
    solver: Solver,
    tolerance: f64,
    setting: &Setting,
) -> Record {
    let fleet = &entrant.fleet;
    let once = || match solver {
        Solver::Method(method) => method_run(fleet, method, tolerance, setting.rounds_max),
        Solver::Central => central_run(fleet, tolerance),
    };
    let first = once();
    let mut walls = vec![first.wall_ms];
    let mut repeats = true;
    if first.wall_ms <= 1e3 * setting.repeat_below_s {
        for _ in 1..setting.repetitions {
            let again = once();
            walls.push(again.wall_ms);
            repeats &= again.rounds == first.rounds && again.claim == first.claim;
        }
    }
    let mut verdict = judge(fleet, reference, &first.claim, tolerance);
    if let Some(error) = &first.error {
        verdict.reasons.push(error.clone());
        verdict.ok = false;
    }
    let claims = matches!(first.claim.status, Status::Optimal | Status::Infeasible | Status::Unbounded);
    let beyond = |figure: Option<f64>| figure.is_some_and(|v| v.is_nan() || v > SAFE_VIOLATION_MAX);
    let unsafe_plan = first.says_safe && (beyond(verdict.coupling) || beyond(verdict.local));
    if unsafe_plan {
        verdict.reasons.push("a plan called safe violates a row".into());
    }
    if !repeats {
        verdict.reasons.push("a second run gave something else".into());
    }
    let wrong = (claims && !verdict.ok) || verdict.bound_is_valid == Some(false) || unsafe_plan || !repeats;
    Record {
        problem: fleet.name().to_owned(),
        recipe: entrant.recipe,
        assets: fleet.assets().len(),
        rows: fleet.row_count(),
        solver,
        tolerance,
        status: first.claim.status,
        solved: verdict.ok && !wrong,
        wrong,
        rounds: first.rounds,
        safe_round: first.safe_round,
        safe_round_one_percent: first.safe_round_one_percent,
        bytes_up: first.bytes_up,
        bytes_down: first.bytes_down,
        iterations: first.iterations,
        wall_ms: median(&walls),
        repetitions: walls.len(),
        verdict,
    }
}

fn method_run(fleet: &FleetProblem, method: Method, tolerance: f64, rounds_max: Option<u32>) -> Run {
    let start = Instant::now();
    let mut sum = Counted::new(PlainSum);
    let mut participants = Vec::new();
    let result = rounds(fleet, method, tolerance, rounds_max, &mut participants, &mut sum);
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    let steps: u64 = participants.iter().map(Participant::newton_steps).sum();
    let mut run = Run {
        claim: nothing(),
        error: None,
        rounds: Some(sum.rounds),
        safe_round: None,
        safe_round_one_percent: None,
        says_safe: false,
        bytes_up: Some(sum.bytes_up),
        bytes_down: Some(sum.bytes_down),
        iterations: steps / fleet.assets().len() as u64,
        wall_ms,
    };
    match result {
        Ok((outcome, x)) => {
            run.claim = Claim {
                status: outcome.status,
                objective: outcome.certificate.as_ref().map(|certificate| certificate.objective),
                dual_bound: outcome.certificate.as_ref().map(|certificate| certificate.dual_bound),
                x,
                conflict: outcome.conflict,
            };
            run.says_safe = outcome.plan == Some(PlanKind::Safe);
            run.safe_round = outcome.safe_round;
            run.safe_round_one_percent = outcome.safe_round_one_percent;
        }
        Err(error) => run.error = Some(error),
    }
    run
}

type Planned = (cosmosmesh_contracts::plan::Outcome, Option<Vec<Vec<f64>>>);

fn rounds(
    fleet: &FleetProblem,
    method: Method,
    tolerance: f64,
    rounds_max: Option<u32>,
    participants: &mut Vec<Participant>,
    sum: &mut Counted<PlainSum>,
) -> Result<Planned, String> {
    for asset in fleet.assets() {
        participants.push(Participant::new(asset).map_err(|error| format!("{}: {error}", asset.id))?);
    }
    let rounds_max = rounds_max.or((method == Method::Admm).then_some(ADMM_ROUNDS_MAX));
    let options = Options { tolerance, rounds_max, ..Options::default() };
    let words = |error: &dyn core::fmt::Display| error.to_string();
    let mut coordination =
        coordinator(method, fleet.coupling(), participants.len(), &options).map_err(|error| words(&error))?;
    let outcome = run(&mut *coordination, participants, sum, &mut |_, _| ControlFlow::Continue(()))
        .map_err(|error| words(&error))?;
    let Some(mix) = &outcome.mix else { return Ok((outcome, None)) };
    let plans: Result<Vec<_>, _> = participants.iter().map(|participant| participant.plan(mix)).collect();
    let x = plans.map_err(|error| words(&error))?.into_iter().map(|plan| plan.x).collect();
    Ok((outcome, Some(x)))
}

fn central_run(fleet: &FleetProblem, tolerance: f64) -> Run {
    let start = Instant::now();
    let found = central::solve(fleet, tolerance);
    let wall_ms = start.elapsed().as_secs_f64() * 1e3;
    let (status, error) = match found.status {
        CentralStatus::Optimal => (Status::Optimal, None),
        CentralStatus::Infeasible => (Status::Infeasible, None),
        CentralStatus::Unbounded => (Status::Unbounded, None),
        CentralStatus::Failed(words) => (Status::Numerical, Some(words)),
    };
    let optimal = status == Status::Optimal;
    let claim = Claim {
        status,
        objective: optimal.then_some(found.objective),
        dual_bound: optimal.then_some(found.dual_objective),
        x: optimal.then_some(found.x),
        conflict: if status == Status::Infeasible { found.prices } else { Vec::new() },
    };
    Run {
        claim,
        error,
        rounds: None,
        safe_round: None,
        safe_round_one_percent: None,
        says_safe: false,
        bytes_up: None,
        bytes_down: None,
        iterations: u64::from(found.iterations),
        wall_ms,
    }
}

fn nothing() -> Claim {
    Claim { status: Status::Numerical, objective: None, dual_bound: None, x: None, conflict: Vec::new() }
}
