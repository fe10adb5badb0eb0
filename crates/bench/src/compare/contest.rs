use std::time::Instant;

use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;

use super::{ADMM_ROUNDS_MAX, Entrant, Record, Setting, Solver, median};
use crate::central::{self, CentralSolution, CentralStatus};
use crate::judge::{Claim, judge};
use crate::trial::{Course, Trial};

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
    let rounds_max = rounds_max.or((method == Method::Admm).then_some(ADMM_ROUNDS_MAX));
    let trial = Trial::run(fleet, &Course { rounds_max, ..Course::new(method, tolerance) });
    let (safe_round, safe_round_one_percent) = trial.safe_rounds();
    Run {
        claim: trial.claim(),
        error: trial.outcome.as_ref().err().cloned(),
        rounds: Some(trial.rounds),
        safe_round,
        safe_round_one_percent,
        says_safe: trial.says_safe(),
        bytes_up: Some(trial.bytes_up),
        bytes_down: Some(trial.bytes_down),
        iterations: trial.newton_steps,
        wall_ms: trial.wall_ms,
    }
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
