use std::time::Instant;

use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;

use super::{ADMM_ROUNDS_MAX, Entrant, Record, Setting, Solver};
use crate::central::{self, Assembled, CentralSolution, CentralStatus};
use crate::judge::{Claim, judge};
use crate::osqp;
use crate::trial::{Away, Course, TOLERANCE_LOOSE, Trial};
use crate::watched::admm;
use crate::{median, quantile};

/// A plan called safe may violate a row by this much, relative as everywhere: the rounding of a sum over many assets.
const SAFE_VIOLATION_MAX: f64 = 1e-6;

/// What one run gave; everything but the time repeats.
struct Run {
    claim: Claim,
    /// Why there was no run, in words.
    error: Option<String>,
    rounds: Option<u32>,
    rounds_loose: Option<u32>,
    safe_round: Option<u32>,
    safe_round_one_percent: Option<u32>,
    says_safe: bool,
    bytes_up: Option<u64>,
    bytes_down: Option<u64>,
    /// Newton steps per asset, or iterations of the central solver.
    iterations: u64,
    wall_ms: f64,
    /// Of all repetitions, where the run repeated itself.
    walls: Vec<f64>,
}

pub(super) fn record(
    entrant: &Entrant,
    reference: &CentralSolution,
    solver: Solver,
    tolerance: f64,
    setting: &Setting,
) -> Option<Record> {
    let fleet = &entrant.fleet;
    let once = || match solver {
        Solver::Method(method) => method_run(fleet, method, tolerance, setting),
        Solver::Central => central_run(fleet, tolerance),
        Solver::Osqp => osqp_run(fleet, reference, tolerance, setting),
        Solver::Hindsight => hindsight_run(fleet, reference, setting),
    };
    if solver == Solver::Hindsight && (tolerance != TOLERANCE_LOOSE || !setting.tuned.contains_key(fleet.name())) {
        return None;
    }
    let first = once();
    let mut walls = if first.walls.is_empty() { vec![first.wall_ms] } else { first.walls.clone() };
    let mut repeats = true;
    if first.walls.is_empty() && first.wall_ms <= 1e3 * setting.repeat_below_s {
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
    Some(Record {
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
        rounds_loose: first.rounds_loose,
        wall_ms: median(&walls),
        wall_ms_min: quantile(&walls, 0.0),
        wall_ms_max: quantile(&walls, 1.0),
        repetitions: walls.len(),
        verdict,
    })
}

fn method_run(fleet: &FleetProblem, method: Method, tolerance: f64, setting: &Setting) -> Run {
    let rounds_max = setting.rounds_max.or((method == Method::Admm).then_some(ADMM_ROUNDS_MAX));
    let away = setting.presence.map(|presence| Away { presence, seed: 0 });
    let course = Course { rounds_max, away, thin: setting.thin, sum: setting.sum, ..Course::new(method, tolerance) };
    let trial = Trial::run(fleet, &course);
    let (safe_round, safe_round_one_percent) = trial.safe_rounds();
    let mut claim = trial.claim();
    if setting.drill {
        spoil(&mut claim);
    }
    Run {
        claim,
        error: trial.outcome.as_ref().err().cloned(),
        rounds: Some(trial.rounds),
        rounds_loose: trial.rounds_loose,
        safe_round,
        safe_round_one_percent,
        says_safe: trial.says_safe(),
        bytes_up: Some(trial.bytes_up),
        bytes_down: Some(trial.bytes_down),
        iterations: trial.newton_steps,
        wall_ms: trial.wall_ms,
        walls: Vec::new(),
    }
}

/// What a solver that errs might claim: the first asset does half of what its plan says, and the proofs stay as they were.
fn spoil(claim: &mut Claim) {
    claim.x.iter_mut().filter_map(|x| x.first_mut()).flatten().for_each(|x| *x *= 0.5);
    claim.conflict.iter_mut().for_each(|weight| *weight = -*weight);
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
        rounds_loose: None,
        safe_round: None,
        safe_round_one_percent: None,
        says_safe: false,
        bytes_up: None,
        bytes_down: None,
        iterations: u64::from(found.iterations),
        wall_ms,
        walls: Vec::new(),
    }
}

/// OSQP states neither a bound nor a proof, so it is judged by its plan alone: the reference stands in for both.
fn osqp_run(fleet: &FleetProblem, reference: &CentralSolution, tolerance: f64, setting: &Setting) -> Run {
    let assembled = Assembled::new(fleet);
    let mut run = nothing();
    let found = match osqp::solve(&setting.python, &assembled, tolerance, setting.repetitions.max(1)) {
        Ok(found) => found,
        Err(error) => return Run { error: Some(error), ..run },
    };
    run.claim.status = match found.status.as_str() {
        "optimal" => Status::Optimal,
        "infeasible" => Status::Infeasible,
        "unbounded" => Status::Unbounded,
        other => {
            run.error = Some(other.to_owned());
            Status::Numerical
        }
    };
    if run.claim.status == Status::Optimal {
        let x = assembled.split(&found.x);
        run.claim.objective = Some(fleet.objective(&x));
        run.claim.dual_bound = Some(reference.objective);
        run.claim.x = Some(x);
    }
    if run.claim.status == Status::Infeasible {
        run.claim.conflict.clone_from(&reference.prices);
    }
    run.iterations = found.iterations;
    run.wall_ms = median(&found.walls);
    run.walls = found.walls;
    run
}

fn hindsight_run(fleet: &FleetProblem, reference: &CentralSolution, setting: &Setting) -> Run {
    let start = Instant::now();
    let mut run = nothing();
    let Some(&(penalty, relaxation)) = setting.tuned.get(fleet.name()) else { return run };
    let arrival = admm(fleet, reference.objective, TOLERANCE_LOOSE, penalty, relaxation, ADMM_ROUNDS_MAX);
    run.wall_ms = start.elapsed().as_secs_f64() * 1e3;
    match arrival.map(|arrival| (arrival.certified, arrival.claim)) {
        Ok((Some(rounds), Some(claim))) => {
            run.rounds = Some(rounds);
            run.claim = claim;
        }
        Ok(_) => {
            run.rounds = Some(ADMM_ROUNDS_MAX);
            run.error = Some("not within the limit of rounds".into());
        }
        Err(error) => run.error = Some(error),
    }
    run
}

fn nothing() -> Run {
    Run {
        claim: Claim { status: Status::Numerical, objective: None, dual_bound: None, x: None, conflict: Vec::new() },
        error: None,
        rounds: None,
        rounds_loose: None,
        safe_round: None,
        safe_round_one_percent: None,
        says_safe: false,
        bytes_up: None,
        bytes_down: None,
        iterations: 0,
        wall_ms: 0.0,
        walls: Vec::new(),
    }
}
