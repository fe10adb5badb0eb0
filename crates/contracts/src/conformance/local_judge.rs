use crate::problem::{Bounds, LocalProblem};
use crate::traits::{LocalOutcome, WarmStart};

/// What a claim about a local problem may be off by, relative: the tolerance of every table of this project.
pub const LOCAL_TOLERANCE: f64 = 1e-6;

/// Multipliers on an open side, and leftovers of a proof's combination, up to here (relative to its largest multiplier) are rounding.
const ROUNDING: f64 = 1e-8;

/// Recomputes what a local outcome claims, from the problem and the outcome's numbers alone.
///
/// # Errors
/// The claim that does not hold, in words with figures.
/// # Source
/// Optimality: the duality gap of a convex QP with two-sided rows. Proofs: Farkas' lemma and a recession direction.
pub fn judge(problem: &LocalProblem, outcome: &LocalOutcome) -> Result<(), String> {
    match outcome {
        LocalOutcome::Optimal { solution, objective } => judge_optimal(problem, solution, *objective),
        LocalOutcome::Infeasible { proof } => judge_infeasible(problem, proof),
        LocalOutcome::Unbounded { direction } => judge_unbounded(problem, direction),
        LocalOutcome::Stopped { solution } => has_shape(problem, solution, problem.variable_count()),
    }
}

fn has_shape(problem: &LocalProblem, point: &WarmStart, x_len: usize) -> Result<(), String> {
    let found = (point.x.len(), point.row_multipliers.len(), point.bound_multipliers.len());
    let expected = (x_len, problem.row_count(), problem.variable_count());
    if found != expected {
        return Err(format!("lists of lengths {found:?} where {expected:?} are due"));
    }
    let lists = [&point.x, &point.row_multipliers, &point.bound_multipliers];
    if lists.iter().any(|list| list.iter().any(|v| !v.is_finite())) {
        return Err("a number of the point is not finite".to_owned());
    }
    Ok(())
}

fn judge_optimal(problem: &LocalProblem, solution: &WarmStart, objective: f64) -> Result<(), String> {
    has_shape(problem, solution, problem.variable_count())?;
    let WarmStart { x, row_multipliers, bound_multipliers } = solution;
    at_most("violation of rows and bounds", problem.violation(x), LOCAL_TOLERANCE)?;
    let value = problem.objective().value(x);
    at_most("claimed cost against the cost of x", (value - objective).abs() / (1.0 + value.abs()), 1e-9)?;

    // Stationarity: P x + q + A' row + bound = 0, relative to its largest term.
    let px = hessian_times(problem, x);
    let mut pull = vec![0.0; x.len()];
    problem.rows().matrix.transpose_multiply_add(row_multipliers, &mut pull);
    let q = &problem.objective().q;
    let scale = 1.0 + [&px, q, &pull, bound_multipliers].iter().fold(0.0, |worst, list| f64::max(worst, largest(list)));
    let rest = (0..x.len()).map(|j| (px[j] + q[j] + pull[j] + bound_multipliers[j]).abs()).fold(0.0, f64::max);
    at_most("stationarity", rest / scale, LOCAL_TOLERANCE)?;

    // Complementarity as one number: cost less the dual value, -1/2 x'Px + c - support(row) - support(bound).
    let floor = scale * LOCAL_TOLERANCE;
    let support = support(&problem.rows().bounds, row_multipliers, floor)
        .and_then(|rows| Ok(rows + self::support(&problem.variables().bounds, bound_multipliers, floor)?));
    let curved: f64 = px.iter().zip(x).map(|(p, x)| p * x).sum();
    let dual = -0.5 * curved + problem.objective().c - support?;
    at_most("duality gap", (value - dual).abs() / (1.0 + value.abs()), 10.0 * LOCAL_TOLERANCE)
}

fn judge_infeasible(problem: &LocalProblem, proof: &WarmStart) -> Result<(), String> {
    has_shape(problem, proof, 0)?;
    let size = largest(&proof.row_multipliers).max(largest(&proof.bound_multipliers));
    if size == 0.0 {
        return Err("the proof is all zeros".to_owned());
    }
    let row: Vec<f64> = proof.row_multipliers.iter().map(|v| v / size).collect();
    let bound: Vec<f64> = proof.bound_multipliers.iter().map(|v| v / size).collect();
    let mut rest = bound.clone();
    problem.rows().matrix.transpose_multiply_add(&row, &mut rest);
    at_most("what the proof's combination leaves over", largest(&rest), ROUNDING * (1.0 + coefficient(problem)))?;
    let support = support(&problem.rows().bounds, &row, ROUNDING)?
        + self::support(&problem.variables().bounds, &bound, ROUNDING)?;
    // Zero is in reach of every point, so a support below zero is a contradiction.
    if support < -ROUNDING { Ok(()) } else { Err(format!("the proof's support is {support:e}, not below zero")) }
}

fn judge_unbounded(problem: &LocalProblem, direction: &[f64]) -> Result<(), String> {
    if direction.len() != problem.variable_count() || direction.iter().any(|v| !v.is_finite()) {
        return Err("the direction is no point of the problem's space".to_owned());
    }
    let size = largest(direction);
    if size == 0.0 {
        return Err("the direction is all zeros".to_owned());
    }
    let d: Vec<f64> = direction.iter().map(|v| v / size).collect();
    let slack = LOCAL_TOLERANCE * (1.0 + coefficient(problem));
    at_most("curvature along the direction", largest(&hessian_times(problem, &d)), slack)?;
    let fall: f64 = problem.objective().q.iter().zip(&d).map(|(q, d)| q * d).sum();
    if fall >= -10.0 * slack {
        return Err(format!("the cost changes by {fall:e} along the direction, which is no fall"));
    }
    let mut ad = vec![0.0; problem.row_count()];
    problem.rows().matrix.multiply_add(&d, &mut ad);
    at_most("rows left along the direction", outward(&problem.rows().bounds, &ad), slack)?;
    at_most("bounds left along the direction", outward(&problem.variables().bounds, &d), slack)
}

/// `max over l <= v <= u of w'v`. A multiplier up to `floor` on an open side counts as zero.
fn support(bounds: &Bounds, w: &[f64], floor: f64) -> Result<f64, String> {
    let mut total = 0.0;
    for (k, &w) in w.iter().enumerate() {
        let side = if w > 0.0 { bounds.upper()[k] } else { bounds.lower()[k] };
        if side.is_finite() {
            total += w * side;
        } else if w.abs() > floor {
            return Err(format!("multiplier {k} is {w:e} where the side is open"));
        }
    }
    Ok(total)
}

/// The fastest departure through a finite bound along a direction.
fn outward(bounds: &Bounds, d: &[f64]) -> f64 {
    let sides = d.iter().zip(bounds.lower().iter().zip(bounds.upper()));
    sides.fold(0.0, |worst, (&d, (l, u))| {
        let up = if u.is_finite() { d } else { 0.0 };
        let down = if l.is_finite() { -d } else { 0.0 };
        f64::max(worst, up.max(down))
    })
}

fn hessian_times(problem: &LocalProblem, x: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; x.len()];
    for (i, j, v) in problem.objective().p.triplets() {
        out[i] += v * x[j];
        if i != j {
            out[j] += v * x[i];
        }
    }
    out
}

fn largest(list: &[f64]) -> f64 {
    list.iter().fold(0.0, |worst, v| f64::max(worst, v.abs()))
}

fn coefficient(problem: &LocalProblem) -> f64 {
    largest(problem.rows().matrix.values()).max(largest(problem.objective().p.values()))
}

fn at_most(what: &str, found: f64, limit: f64) -> Result<(), String> {
    if found <= limit { Ok(()) } else { Err(format!("{what}: {found:e}, at most {limit:e} is allowed")) }
}
