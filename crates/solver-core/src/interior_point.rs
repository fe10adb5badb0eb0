use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables};
use cosmosmesh_contracts::traits::{
    Budget, LocalOutcome, LocalReport, LocalSolver, ProblemClass, SolveError, WarmStart,
};

use crate::convex::check_convex;
use crate::local::{Centred, Engine, Model, Point};

/// A primal-dual interior-point solver of convex QPs, as every asset runs it.
///
/// # Cost
/// 8 to 25 Newton steps, each one sparse `LDL'` of order (variables + rows); one analysis per problem.
/// An infeasible or unbounded problem costs one or two auxiliary problems more, which are always feasible and bounded.
/// # Source
/// docs/math/federated-solver.md#local.
#[derive(Clone, Copy, Debug, Default)]
pub struct InteriorPoint;

/// Violations below this are accuracy, not infeasibility.
const INFEASIBLE: f64 = 1e-7;

impl LocalSolver for InteriorPoint {
    fn supports(&self, class: ProblemClass) -> bool {
        supports(class)
    }

    fn solve(
        &mut self,
        problem: &LocalProblem,
        warm: Option<&WarmStart>,
        budget: Budget,
    ) -> Result<LocalReport, SolveError> {
        PreparedInteriorPoint::new().solve(problem, warm, budget)
    }
}

/// The same solver for a stream of problems: what it found out about one problem's pattern serves the next of the same pattern.
///
/// A problem of another pattern is analysed anew, so the answers are those of [`InteriorPoint`] whatever comes.
/// # Cost
/// A problem of the last one's pattern saves the ordering and the symbolic factor.
#[derive(Default)]
pub struct PreparedInteriorPoint {
    engine: Option<Engine>,
}

impl PreparedInteriorPoint {
    /// A solver that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl LocalSolver for PreparedInteriorPoint {
    fn supports(&self, class: ProblemClass) -> bool {
        supports(class)
    }

    fn solve(
        &mut self,
        problem: &LocalProblem,
        warm: Option<&WarmStart>,
        budget: Budget,
    ) -> Result<LocalReport, SolveError> {
        check_convex(problem)?;
        let (n, rows) = (problem.variable_count(), problem.row_count());
        if let Some(warm) = warm
            && (warm.x.len() != n || warm.row_multipliers.len() != rows || warm.bound_multipliers.len() != n)
        {
            return Err(SolveError::WarmStart);
        }
        let model = Model::new(problem, &SparseMatrix::zeros(0, n), 0.0);
        let mut engine = match self.engine.take() {
            Some(engine) => engine.renewed(model),
            None => Engine::new(model),
        };
        let mut point = engine.cold().clone();
        if let Some(warm) = warm {
            point.warm(&engine.model, &engine.model.reduced(&warm.x));
        }
        let (found, steps) = minimise(&mut engine, &mut point, budget);
        let report = |outcome, more: u64| {
            Ok(LocalReport { outcome, iterations: (steps + more).min(u64::from(u32::MAX)) as u32 })
        };
        let solution = solution_of(problem, &engine.model, &point);
        if found == Centred::Yes {
            self.engine = Some(engine);
            let objective = problem.objective().value(&solution.x);
            return report(LocalOutcome::Optimal { solution, objective }, 0);
        }
        let (proof, more) = prove_infeasible(problem)?;
        if let Some(proof) = proof {
            return report(LocalOutcome::Infeasible { proof }, more);
        }
        let (direction, again) = prove_unbounded(problem)?;
        if let Some(direction) = direction {
            return report(LocalOutcome::Unbounded { direction }, more + again);
        }
        report(LocalOutcome::Stopped { solution }, more + again)
    }
}

fn supports(class: ProblemClass) -> bool {
    matches!(class, ProblemClass::Linear | ProblemClass::ConvexQuadratic)
}

/// Follows the barrier down until the complementarity left is below the tolerance of the cost.
fn minimise(engine: &mut Engine, point: &mut Point, budget: Budget) -> (Centred, u64) {
    let linear = engine.model.q.clone();
    let sides = engine.model.sides().max(1) as f64;
    let mut mu = 0.1 * budget.tolerance / sides;
    let steps = engine.steps;
    let mut found = engine.descend(&linear, 1.0, mu, point, budget.iterations_max);
    if found == Centred::No {
        found = engine.centre(&linear, 1.0, None, mu, point, budget.iterations_max);
    }
    let cost = engine.model.cost(&point.x).abs();
    if found == Centred::No && cost.is_finite() && cost > 1.0 {
        // A large cost makes the absolute target unreachable; the relative one is what was asked for.
        mu *= cost;
        found = engine.centre(&linear, 1.0, None, mu, point, budget.iterations_max);
    }
    if found == Centred::No {
        engine.newton.be_careful();
        let cold = engine.cold().clone();
        point.assign(&cold);
        found = engine.attempt(&linear, 1.0, None, 0.1 * budget.tolerance / sides, point, budget.iterations_max);
    }
    (found, engine.steps - steps)
}

fn solution_of(problem: &LocalProblem, model: &Model, point: &Point) -> WarmStart {
    let finite = |v: f64| if v.is_finite() { v } else { 0.0 };
    let x: Vec<f64> = point.x.iter().map(|v| finite(*v)).collect();
    let x = model.original(&x, &problem.variables().bounds);
    let w: Vec<f64> = (0..model.rows).map(|i| finite(point.multiplier(model, model.n + i))).collect();
    let row_multipliers = model.row_multipliers(&w, problem.row_count());
    // Bound multipliers close stationarity exactly: what P x + q + A' w leaves is what the bounds must push.
    let mut rest = problem.objective().q.clone();
    for (i, j, v) in problem.objective().p.triplets() {
        rest[i] += v * x[j];
        if i != j {
            rest[j] += v * x[i];
        }
    }
    problem.rows().matrix.transpose_multiply_add(&row_multipliers, &mut rest);
    WarmStart { x, row_multipliers, bound_multipliers: rest.iter().map(|v| -v).collect() }
}

/// The elastic problem `min t, lower - t <= A x <= upper + t, x within its bounds`: its optimum is the least violation.
fn prove_infeasible(problem: &LocalProblem) -> Result<(Option<WarmStart>, u64), ProblemError> {
    let (n, rows) = (problem.variable_count(), problem.row_count());
    let a = &problem.rows().matrix;
    // One elastic row per side: A x - t w <= upper and A x + t w >= lower, so the t column enters both.
    let mut entries = Vec::new();
    let (mut lower, mut upper, mut source) = (Vec::new(), Vec::new(), Vec::new());
    let mut row_norm = vec![0.0_f64; rows];
    a.triplets().for_each(|(i, _, v)| row_norm[i] = row_norm[i].max(v.abs()));
    for i in 0..rows {
        for (side, bound) in [(1.0, problem.rows().bounds.upper()[i]), (-1.0, problem.rows().bounds.lower()[i])] {
            if bound.is_finite() {
                entries.push((source.len(), n, -side * row_norm[i].max(1.0)));
                source.push((i, side));
                lower.push(if side < 0.0 { bound } else { f64::NEG_INFINITY });
                upper.push(if side > 0.0 { bound } else { f64::INFINITY });
            }
        }
    }
    let mut places = vec![Vec::new(); rows];
    source.iter().enumerate().for_each(|(k, (i, _))| places[*i].push(k));
    for (i, j, v) in a.triplets() {
        entries.extend(places[i].iter().map(|&k| (k, j, v)));
    }
    let bounds = &problem.variables().bounds;
    let mut x_lower = bounds.lower().to_vec();
    let mut x_upper = bounds.upper().to_vec();
    x_lower.push(0.0);
    x_upper.push(f64::INFINITY);
    let mut q = vec![0.0; n];
    q.push(1.0);
    let elastic =
        assemble(x_lower, x_upper, SparseMatrix::zeros(n + 1, n + 1), q, source.len(), &entries, lower, upper)?;
    let mut engine = Engine::new(Model::new(&elastic, &SparseMatrix::zeros(0, n + 1), 0.0));
    let mut point = engine.cold().clone();
    let (found, steps) = minimise(&mut engine, &mut point, Budget { iterations_max: 200, tolerance: 1e-9 });
    let x = engine.model.original(&point.x, &elastic.variables().bounds);
    // The proof is judged by itself, so it does not matter how exactly the elastic problem was solved.
    if !x[n].is_finite() || (found == Centred::Yes && x[n] <= INFEASIBLE) {
        return Ok((None, steps));
    }
    let solution = solution_of(&elastic, &engine.model, &point);
    let mut row_multipliers = vec![0.0; rows];
    for ((i, _), w) in source.iter().zip(&solution.row_multipliers) {
        row_multipliers[*i] += w;
    }
    let mut rest = vec![0.0; n];
    a.transpose_multiply_add(&row_multipliers, &mut rest);
    let bound_multipliers = rest.iter().map(|v| -v).collect();
    let proof = WarmStart { x: Vec::new(), row_multipliers, bound_multipliers };
    Ok((proves(problem, &proof).then_some(proof), steps))
}

/// Whether the weighted rows and bounds contradict each other by more than rounding.
fn proves(problem: &LocalProblem, proof: &WarmStart) -> bool {
    let size = proof.row_multipliers.iter().fold(0.0_f64, |worst, w| worst.max(w.abs()));
    let (mut support, mut terms) = (0.0, 0.0);
    let sides =
        [(&proof.row_multipliers, &problem.rows().bounds), (&proof.bound_multipliers, &problem.variables().bounds)];
    for (weights, bounds) in sides {
        for (k, &w) in weights.iter().enumerate() {
            let end = if w > 0.0 { bounds.upper()[k] } else { bounds.lower()[k] };
            if end.is_finite() {
                support += w * end;
                terms += (w * end).abs();
            } else if w.abs() > 1e-8 * size {
                return false;
            }
        }
    }
    size > 0.0 && support < -1e-8 * (size + terms)
}

/// `min q'd` over directions that no row or bound stops and that the quadratic cost does not feel, `-1 <= d <= 1`.
fn prove_unbounded(problem: &LocalProblem) -> Result<(Option<Vec<f64>>, u64), ProblemError> {
    let (n, rows) = (problem.variable_count(), problem.row_count());
    let side = |lower: f64, upper: f64| {
        (if lower.is_finite() { 0.0 } else { f64::NEG_INFINITY }, if upper.is_finite() { 0.0 } else { f64::INFINITY })
    };
    let bounds = &problem.variables().bounds;
    let (mut x_lower, mut x_upper) = (vec![0.0; n], vec![0.0; n]);
    for j in 0..n {
        let (l, u) = side(bounds.lower()[j], bounds.upper()[j]);
        (x_lower[j], x_upper[j]) = (l.max(-1.0), u.min(1.0));
    }
    let mut entries: Vec<(usize, usize, f64)> = problem.rows().matrix.triplets().collect();
    let (mut lower, mut upper) = (vec![0.0; rows], vec![0.0; rows]);
    for i in 0..rows {
        (lower[i], upper[i]) = side(problem.rows().bounds.lower()[i], problem.rows().bounds.upper()[i]);
    }
    for (i, j, v) in problem.objective().p.triplets() {
        entries.push((rows + i, j, v));
        if i != j {
            entries.push((rows + j, i, v));
        }
    }
    lower.extend(std::iter::repeat_n(0.0, n));
    upper.extend(std::iter::repeat_n(0.0, n));
    let q = problem.objective().q.clone();
    let scale = q.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
    let cone = assemble(x_lower, x_upper, SparseMatrix::zeros(n, n), q, rows + n, &entries, lower, upper)?;
    let mut engine = Engine::new(Model::new(&cone, &SparseMatrix::zeros(0, n), 1e-9));
    let mut point = engine.cold().clone();
    let (found, steps) = minimise(&mut engine, &mut point, Budget { iterations_max: 200, tolerance: 1e-8 });
    let d = engine.model.original(&point.x, &cone.variables().bounds);
    let fall: f64 = problem.objective().q.iter().zip(&d).map(|(q, d)| q * d).sum();
    let unbounded = found == Centred::Yes && fall < -1e-6 * scale;
    Ok((unbounded.then_some(d), steps))
}

#[expect(clippy::too_many_arguments, reason = "the parts of a QP, each once")]
fn assemble(
    x_lower: Vec<f64>,
    x_upper: Vec<f64>,
    p: SparseMatrix,
    q: Vec<f64>,
    rows: usize,
    entries: &[(usize, usize, f64)],
    lower: Vec<f64>,
    upper: Vec<f64>,
) -> Result<LocalProblem, ProblemError> {
    let n = q.len();
    let matrix = SparseMatrix::from_triplets(rows, n, entries)?;
    LocalProblem::new(
        Variables { names: vec![String::new(); n], bounds: Bounds::new(x_lower, x_upper)? },
        Objective { p, q, c: 0.0 },
        Rows { names: vec![String::new(); rows], matrix, bounds: Bounds::new(lower, upper)? },
    )
}
