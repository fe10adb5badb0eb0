use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};
use cosmosmesh_contracts::round::ColumnKey;

use crate::local::{Centred, Engine, Model};

/// A column of the mixing programs: an aggregated plan, or a mix of them found before.
pub(crate) struct Candidate {
    pub(crate) usage: Vec<f64>,
    pub(crate) cost: f64,
    pub(crate) boxed: f64,
    pub(crate) mix: Vec<(ColumnKey, f64)>,
}

/// Weights that minimise the larger of violation and certified gap; with a stale bound, cost plus an exact penalty at `prices`.
pub(crate) fn best(
    candidates: &[Candidate],
    bounds: &Bounds,
    dual_bound: f64,
    cost_scale: f64,
    magnitude: f64,
    prices: &[f64],
    fresh: bool,
) -> Option<Vec<f64>> {
    let n = candidates.len();
    let reference = if dual_bound.is_finite() {
        dual_bound
    } else {
        candidates.iter().map(|c| c.cost).fold(f64::INFINITY, f64::min)
    };
    let mut program = Program::over(candidates, bounds, Some(magnitude), 0.0);
    let cost: Vec<f64> = candidates.iter().map(|c| (c.cost - reference) / cost_scale).collect();
    let mut objective = vec![0.0; n];
    if fresh {
        program.row(&cost, Some(-1.0), f64::NEG_INFINITY, 0.0);
        objective.push(1.0);
    } else {
        objective.copy_from_slice(&cost);
        objective.push(2.0 * (1.0 + magnitude * prices.iter().map(|p| p.abs()).sum::<f64>() / cost_scale));
    }
    program.solve(objective, true)
}

/// Weights of the least costly mix that violates nothing.
pub(crate) fn safe(candidates: &[Candidate], bounds: &Bounds, cost_scale: f64, magnitude: f64) -> Option<Vec<f64>> {
    let least = candidates.iter().map(|c| c.cost).fold(f64::INFINITY, f64::min);
    let objective = candidates.iter().map(|c| (c.cost - least) / cost_scale).collect();
    Program::over(candidates, bounds, None, 2e-10 * magnitude).solve(objective, false)
}

/// A linear program over the simplex of weights, with one elastic variable if a magnitude is given.
struct Program {
    n: usize,
    elastic: bool,
    entries: Vec<(usize, usize, f64)>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Program {
    /// The fleet's rows over the weights: `lower + margin <= sum_c theta_c Y_c <= upper - margin`, softened by `magnitude * t`.
    fn over(candidates: &[Candidate], bounds: &Bounds, magnitude: Option<f64>, margin: f64) -> Self {
        let n = candidates.len();
        let mut program =
            Self { n, elastic: magnitude.is_some(), entries: Vec::new(), lower: Vec::new(), upper: Vec::new() };
        program.row(&vec![1.0; n], None, 1.0, 1.0);
        for k in 0..bounds.len() {
            let usage: Vec<f64> = candidates.iter().map(|c| c.usage[k]).collect();
            let size = usage.iter().fold(0.0_f64, |worst, v| worst.max(v.abs())).max(1e-12);
            let usage: Vec<f64> = usage.iter().map(|v| v / size).collect();
            let softness = magnitude.map(|m| m / size);
            let (lower, upper) = (bounds.lower()[k], bounds.upper()[k]);
            if bounds.is_equality(k) {
                // An equality row is met to rounding: inside a band narrower than what counts as a violation.
                let band = 4.0 * margin.max(1e-12 * (1.0 + upper.abs()));
                program.row(&usage, softness.map(|s| -s), f64::NEG_INFINITY, (upper + band) / size);
                program.row(&usage, softness, (lower - band) / size, f64::INFINITY);
                continue;
            }
            let margin = if upper - lower > 4.0 * margin { margin } else { 0.0 };
            if upper.is_finite() {
                program.row(&usage, softness.map(|s| -s), f64::NEG_INFINITY, (upper - margin) / size);
            }
            if lower.is_finite() {
                program.row(&usage, softness, (lower + margin) / size, f64::INFINITY);
            }
        }
        program
    }

    fn row(&mut self, weights: &[f64], elastic: Option<f64>, lower: f64, upper: f64) {
        let row = self.lower.len();
        self.entries.extend(weights.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(j, v)| (row, j, *v)));
        if let Some(v) = elastic {
            self.entries.push((row, self.n, v));
        }
        self.lower.push(lower);
        self.upper.push(upper);
    }

    /// The weights, cleaned of rounding and summing to one; none if no mix meets the rows.
    fn solve(self, objective: Vec<f64>, elastic: bool) -> Option<Vec<f64>> {
        let columns = self.n + usize::from(elastic);
        debug_assert_eq!(elastic, self.elastic, "one objective entry per column");
        let rows = self.lower.len();
        let matrix = SparseMatrix::from_triplets(rows, columns, &self.entries).ok()?;
        let problem = LocalProblem::new(
            Variables {
                names: vec![String::new(); columns],
                bounds: Bounds::new(vec![0.0; columns], vec![f64::INFINITY; columns]).ok()?,
            },
            Objective { p: SparseMatrix::zeros(columns, columns), q: objective, c: 0.0 },
            Rows { names: vec![String::new(); rows], matrix, bounds: Bounds::new(self.lower, self.upper).ok()? },
        )
        .ok()?;
        let mut engine = Engine::new(Model::new(&problem, &SparseMatrix::zeros(0, columns), 0.0));
        let mut point = engine.cold().clone();
        let linear = engine.model.q.clone();
        // A coarse end first, so that a program that cannot be solved finely still gives its mix.
        let mut last = None;
        for mu in [1e-9, 1e-12] {
            if engine.attempt(&linear, 1.0, None, mu, &mut point, 80) == Centred::Yes {
                last = Some(engine.model.original(&point.x, &problem.variables().bounds));
            } else {
                break;
            }
        }
        let mut weights = last?;
        weights.truncate(self.n);
        let cut = 1e-11 / self.n as f64;
        weights.iter_mut().filter(|w| **w < cut).for_each(|w| *w = 0.0);
        let total: f64 = weights.iter().sum();
        (total > 0.5).then(|| weights.iter().map(|w| w / total).collect())
    }
}
