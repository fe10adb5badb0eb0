use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};
use cosmosmesh_contracts::round::ColumnKey;

use super::evidence::Evidence;
use crate::local::{Centred, Engine, Model};

/// A column of the mixing programs: an aggregated plan, or a mix of them found before.
pub(crate) struct Candidate {
    pub(crate) usage: Vec<f64>,
    pub(crate) cost: f64,
    pub(crate) boxed: f64,
    /// How far the use may be from what was summed, because sums were coded.
    pub(crate) blur: Vec<f64>,
    pub(crate) mix: Vec<(ColumnKey, f64)>,
}

/// Weights that minimise the larger of violation and certified gap; with a stale bound, cost plus an exact penalty at `prices`.
pub(crate) fn best(
    candidates: &[Candidate],
    bounds: &Bounds,
    dual_bound: f64,
    cost_scale: f64,
    row_scale: &[f64],
    prices: &[f64],
    fresh: bool,
) -> Option<Vec<f64>> {
    let least = candidates.iter().map(|c| c.cost).fold(f64::INFINITY, f64::min);
    let reference = if dual_bound.is_finite() { dual_bound } else { least };
    let error = |c: &Candidate| {
        row_violation(bounds, row_scale, &c.usage, &c.blur).max((c.cost - reference).abs() / cost_scale)
    };
    // The elastic variable is counted in units of the best single column's error, so that it is of order one.
    let (centre, unit) = candidates
        .iter()
        .map(error)
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(k, e)| (k, e.clamp(1e-12, 1e12)))?;
    // A violation counts by its size and by what it could save, whichever is more.
    let priced = prices.iter().filter(|p| **p != 0.0).count().max(1) as f64;
    let softness: Vec<f64> =
        prices.iter().zip(row_scale).map(|(p, r)| unit * r.min(cost_scale / (priced * p.abs()))).collect();
    let mut program = Program::over(candidates, bounds, centre, Some(&softness), &vec![0.0; row_scale.len()]);
    let cost: Vec<f64> = candidates.iter().map(|c| (c.cost - candidates[centre].cost) / cost_scale).collect();
    if fresh {
        // A plan that violates rows may also cost less than any that does not: both sides of the gap count.
        let distance = (reference - candidates[centre].cost) / cost_scale;
        program.row(&cost, Some(-unit), f64::NEG_INFINITY, distance);
        program.row(&cost, Some(unit), distance, f64::INFINITY);
        program.objective = vec![0.0; candidates.len()];
        program.objective.push(1.0);
    } else {
        program.objective = cost;
        let penalty = row_scale.iter().zip(prices).map(|(r, p)| r * p.abs()).sum::<f64>() / cost_scale;
        program.objective.push(2.0 * (1.0 + penalty) * unit);
    }
    program.solve()
}

/// Weights of the least costly mix that violates nothing.
///
/// A closed row has no inside: there a plan may be beyond the limit by half of what counts as rounding.
pub(crate) fn safe(
    candidates: &[Candidate],
    bounds: &Bounds,
    row_scale: &[f64],
    is_closed: impl Fn(usize) -> bool,
) -> Option<Vec<f64>> {
    let violation = |c: &Candidate| row_violation(bounds, row_scale, &c.usage, &c.blur);
    let blur = |k: usize| candidates.iter().fold(0.0, |worst: f64, c| worst.max(c.blur[k]));
    let rounding = 0.5 * Evidence::SAFE * (1.0 + bounds.magnitude());
    let inside = |(k, r): (usize, &f64)| blur(k) + if is_closed(k) { -rounding } else { 1e-11 * r };
    let margin: Vec<f64> = row_scale.iter().enumerate().map(inside).collect();
    let centre =
        (0..candidates.len()).min_by(|a, b| violation(&candidates[*a]).total_cmp(&violation(&candidates[*b])))?;
    let mut program = Program::over(candidates, bounds, centre, None, &margin);
    program.objective = candidates.iter().map(|c| c.cost - candidates[centre].cost).collect();
    program.solve()
}

/// The worst violation of a row, relative to that row's own scale.
pub(crate) fn row_violation(bounds: &Bounds, row_scale: &[f64], usage: &[f64], blur: &[f64]) -> f64 {
    let (lower, upper) = (bounds.lower(), bounds.upper());
    let over = |k: usize| ((usage[k] - upper[k]).max(lower[k] - usage[k]) + blur[k]) / row_scale[k];
    (0..usage.len()).map(over).fold(0.0, f64::max)
}

/// A linear program over the simplex of weights, with one elastic variable if a magnitude is given.
///
/// Late in a run all columns are nearly the same, so rows and costs are differences to one of them, scaled to order one.
struct Program {
    n: usize,
    elastic: bool,
    objective: Vec<f64>,
    entries: Vec<(usize, usize, f64)>,
    lower: Vec<f64>,
    upper: Vec<f64>,
}

impl Program {
    /// The fleet's rows over the weights: `lower + margin <= sum_c theta_c Y_c <= upper - margin`, each softened by its `softness * t`.
    ///
    /// A side that every column keeps is left out: no mix can break it.
    fn over(
        candidates: &[Candidate],
        bounds: &Bounds,
        centre: usize,
        softness: Option<&[f64]>,
        margin: &[f64],
    ) -> Self {
        let n = candidates.len();
        let (entries, lower, upper) = (Vec::new(), Vec::new(), Vec::new());
        let mut program = Self { n, elastic: softness.is_some(), objective: Vec::new(), entries, lower, upper };
        program.row(&vec![1.0; n], None, 1.0, 1.0);
        for k in 0..bounds.len() {
            let base = candidates[centre].usage[k];
            let (softness, margin) = (softness.map(|list| list[k]), margin[k]);
            let usage: Vec<f64> = candidates.iter().map(|c| c.usage[k] - base).collect();
            let (lower, upper) = (bounds.lower()[k], bounds.upper()[k]);
            let (mut low, mut high) = (lower + margin, upper - margin);
            if bounds.is_equality(k) || upper - lower <= 4.0 * margin {
                // An equality row is met to rounding: inside a band narrower than what counts as a violation.
                let band = 2.0 * margin.max(1e-13 * (1.0 + upper.abs()));
                (low, high) = (lower - band, upper + band);
            }
            if usage.iter().any(|y| y + base > high) {
                program.row(&usage, softness.map(|s| -s), f64::NEG_INFINITY, high - base);
            }
            if usage.iter().any(|y| y + base < low) {
                program.row(&usage, softness, low - base, f64::INFINITY);
            }
        }
        program
    }

    fn row(&mut self, weights: &[f64], elastic: Option<f64>, lower: f64, upper: f64) {
        let size = weights.iter().chain(&elastic).fold(0.0_f64, |worst, v| worst.max(v.abs())).max(1e-300);
        let row = self.lower.len();
        self.entries.extend(weights.iter().enumerate().filter(|(_, v)| **v != 0.0).map(|(j, v)| (row, j, v / size)));
        if let Some(v) = elastic {
            self.entries.push((row, self.n, v / size));
        }
        self.lower.push(lower / size);
        self.upper.push(upper / size);
    }

    /// The weights, cleaned of rounding and summing to one; none if no point comes near the simplex.
    ///
    /// The caller judges the mix by its own sums, so a program that was solved coarsely only costs a little quality.
    fn solve(mut self) -> Option<Vec<f64>> {
        let columns = self.n + usize::from(self.elastic);
        let rows = self.lower.len();
        let size = self.objective.iter().fold(0.0_f64, |worst, v| worst.max(v.abs())).max(1e-300);
        self.objective.iter_mut().for_each(|v| *v /= size);
        let matrix = SparseMatrix::from_triplets(rows, columns, &self.entries).ok()?;
        let problem = LocalProblem::new(
            Variables {
                names: vec![String::new(); columns],
                bounds: Bounds::new(vec![0.0; columns], vec![f64::INFINITY; columns]).ok()?,
            },
            Objective { p: SparseMatrix::zeros(columns, columns), q: self.objective, c: 0.0 },
            Rows { names: vec![String::new(); rows], matrix, bounds: Bounds::new(self.lower, self.upper).ok()? },
        )
        .ok()?;
        let mut engine = Engine::new(Model::new(&problem, &SparseMatrix::zeros(0, columns), 0.0));
        let mut point = engine.cold().clone();
        let linear = engine.model.q.clone();
        let mut last = point.x.clone();
        for mu in [1e-6, 1e-9, 1e-12] {
            let found = engine.attempt(&linear, 1.0, None, mu, &mut point, 60);
            if point.x.iter().all(|v| v.is_finite()) {
                last.copy_from_slice(&point.x);
            }
            if found == Centred::No {
                break;
            }
        }
        let mut weights = engine.model.original(&last, &problem.variables().bounds);
        weights.truncate(self.n);
        let cut = 1e-11 / self.n as f64;
        weights.iter_mut().filter(|w| **w < cut).for_each(|w| *w = 0.0);
        let total: f64 = weights.iter().sum();
        (total > 0.5 && total < 2.0).then(|| weights.iter().map(|w| w / total).collect())
    }
}
