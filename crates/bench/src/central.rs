//! The central peer: Clarabel on the assembled problem, which only an omniscient caller can have.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{NonnegativeConeT, ZeroConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus};
use cosmosmesh_contracts::problem::{FleetProblem, LocalProblem};

/// How a central solve ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CentralStatus {
    /// Optimal to the tolerance, or to a hundred times it where the arithmetic gives no more.
    Optimal,
    /// No point meets the rows; the prices are weights that prove it.
    Infeasible,
    /// The cost falls without end.
    Unbounded,
    /// None of these, in the solver's words.
    Failed(String),
}

/// What a central solve found.
#[derive(Clone, Debug, PartialEq)]
pub struct CentralSolution {
    /// How it ended.
    pub status: CentralStatus,
    /// The cost of `x`, recomputed from it.
    pub objective: f64,
    /// The cost of the dual solution: a lower bound as far as that solution is feasible.
    pub dual_objective: f64,
    /// One plan per asset.
    pub x: Vec<Vec<f64>>,
    /// One price per shared row; positive pushes the row's use down.
    pub prices: Vec<f64>,
    /// Interior-point iterations.
    pub iterations: u32,
}

/// The optimum of a whole fleet.
///
/// Equal bounds become equality rows, every other finite side an inequality; open sides become nothing.
pub fn solve(fleet: &FleetProblem, tolerance: f64) -> CentralSolution {
    Assembled::new(fleet).solve(fleet, tolerance)
}

/// The optimum of one asset's own problem; with `linear`, of `linear' x` over the same set in place of its cost.
pub fn solve_alone(local: &LocalProblem, linear: Option<&[f64]>, tolerance: f64) -> CentralSolution {
    let mut model = Model::default();
    model.push_asset(local, linear);
    let (mut solution, _) = model.standard().solve(tolerance);
    solution.objective = match linear {
        None => {
            solution.dual_objective += local.objective().c;
            local.objective().value(&solution.x[0])
        }
        Some(linear) => linear.iter().zip(&solution.x[0]).map(|(q, x)| q * x).sum(),
    };
    solution
}

/// A whole fleet as one problem, so that what is timed is the solve alone.
pub struct Assembled {
    standard: Standard,
    /// Where the shared rows begin, and how many they are.
    first: usize,
    row_count: usize,
}

impl Assembled {
    /// Assembles a fleet.
    pub fn new(fleet: &FleetProblem) -> Self {
        let mut model = Model::default();
        for asset in fleet.assets() {
            model.push_asset(&asset.local, None);
        }
        let coupling = fleet.coupling();
        let first = model.rows.len();
        let mut start = 0;
        let bounds = coupling.bounds.lower().iter().zip(coupling.bounds.upper());
        model.rows.extend(bounds.map(|(&lower, &upper)| Row { entries: Vec::new(), lower, upper }));
        for asset in fleet.assets() {
            for (row, column, v) in asset.coupling.triplets() {
                model.rows[first + row].entries.push((start + column, v));
            }
            start += asset.local.variable_count();
        }
        Self { standard: model.standard(), first, row_count: fleet.row_count() }
    }

    /// One asset's own problem.
    pub fn of_asset(local: &LocalProblem) -> Self {
        let mut model = Model::default();
        model.push_asset(local, None);
        Self { standard: model.standard(), first: 0, row_count: 0 }
    }

    /// Clarabel's optimal value, without constants.
    pub fn value(&self, tolerance: f64) -> f64 {
        let (solution, _) = self.standard.solve(tolerance);
        solution.dual_objective
    }

    /// The optimum by Clarabel; `fleet` is the one that was assembled.
    pub fn solve(&self, fleet: &FleetProblem, tolerance: f64) -> CentralSolution {
        let (mut solution, duals) = self.standard.solve(tolerance);
        solution.prices = duals[self.first..self.first + self.row_count].to_vec();
        solution.objective = fleet.objective(&solution.x);
        solution.dual_objective += fleet.assets().iter().map(|asset| asset.local.objective().c).sum::<f64>();
        solution
    }

    /// The problem for a solver in another process: `min 1/2 x'Px + q'x`, `lower <= A x <= upper`, matrices as compressed columns, `P` by its upper triangle.
    pub fn to_json(&self) -> serde_json::Value {
        let Standard { p, q, a, b, equality_count, .. } = &self.standard;
        let matrix = |m: &CscMatrix<f64>| serde_json::json!({"rows": m.m, "columns": m.n, "starts": m.colptr, "indices": m.rowval, "values": m.nzval});
        // Rows of the standard form are `a x = b` first, then `a x <= b`; JSON has no infinity.
        let lower: Vec<Option<f64>> = b.iter().enumerate().map(|(k, v)| (k < *equality_count).then_some(*v)).collect();
        serde_json::json!({"p": matrix(p), "q": q, "a": matrix(a), "lower": lower, "upper": b})
    }

    /// The plans of a point of the assembled problem, asset by asset.
    pub fn split(&self, x: &[f64]) -> Vec<Vec<f64>> {
        self.standard.split(x)
    }
}

/// An assembled problem: `1/2 x'Px + q'x` with two-sided rows, variables' bounds among them.
#[derive(Default)]
struct Model {
    sizes: Vec<usize>,
    q: Vec<f64>,
    p: Vec<(usize, usize, f64)>,
    rows: Vec<Row>,
}

struct Row {
    entries: Vec<(usize, f64)>,
    lower: f64,
    upper: f64,
}

/// Which side of which row an inequality of the solver's form came from.
struct Side {
    row: usize,
    sign: f64,
}

impl Model {
    fn push_asset(&mut self, local: &LocalProblem, linear: Option<&[f64]>) {
        let (start, first) = (self.q.len(), self.rows.len());
        self.sizes.push(local.variable_count());
        match linear {
            Some(linear) => self.q.extend_from_slice(linear),
            None => {
                self.q.extend_from_slice(&local.objective().q);
                self.p.extend(local.objective().p.triplets().map(|(i, j, v)| (start + i, start + j, v)));
            }
        }
        let rows = local.rows();
        let bounds = rows.bounds.lower().iter().zip(rows.bounds.upper());
        self.rows.extend(bounds.map(|(&lower, &upper)| Row { entries: Vec::new(), lower, upper }));
        for (row, column, v) in rows.matrix.triplets() {
            self.rows[first + row].entries.push((start + column, v));
        }
        let bounds = local.variables().bounds.lower().iter().zip(local.variables().bounds.upper());
        let own = |(j, (&lower, &upper))| Row { entries: vec![(start + j, 1.0)], lower, upper };
        self.rows.extend(bounds.enumerate().map(own));
    }

    /// Equalities first, then one inequality per finite side.
    fn standard(self) -> Standard {
        let n = self.q.len();
        let is_equality = |row: &Row| row.lower == row.upper;
        let (mut sides, mut b) = (Vec::new(), Vec::new());
        for (row, found) in self.rows.iter().enumerate().filter(|(_, found)| is_equality(found)) {
            sides.push(Side { row, sign: 1.0 });
            b.push(found.upper);
        }
        let equality_count = sides.len();
        for (row, found) in self.rows.iter().enumerate().filter(|(_, found)| !is_equality(found)) {
            if found.upper.is_finite() {
                sides.push(Side { row, sign: 1.0 });
                b.push(found.upper);
            }
            if found.lower.is_finite() {
                sides.push(Side { row, sign: -1.0 });
                b.push(-found.lower);
            }
        }
        let mut entries = Vec::new();
        for (k, side) in sides.iter().enumerate() {
            entries.extend(self.rows[side.row].entries.iter().map(|&(column, v)| (k, column, side.sign * v)));
        }
        let a = compressed(sides.len(), n, &entries);
        let p = compressed(n, n, &self.p);
        let row_count = self.rows.len();
        Standard { sizes: self.sizes, p, q: self.q, a, b, equality_count, sides, row_count }
    }
}

/// The solver's own form.
struct Standard {
    sizes: Vec<usize>,
    p: CscMatrix<f64>,
    q: Vec<f64>,
    a: CscMatrix<f64>,
    b: Vec<f64>,
    equality_count: usize,
    sides: Vec<Side>,
    row_count: usize,
}

impl Standard {
    /// Solves, and returns one multiplier per row, positive where the upper side pushes.
    fn solve(&self, tolerance: f64) -> (CentralSolution, Vec<f64>) {
        let Self { p, q, a, b, equality_count, .. } = self;
        let cones = [ZeroConeT(*equality_count), NonnegativeConeT(b.len() - equality_count)];
        let outcome = DefaultSolver::new(p, q, a, b, &cones, settings(tolerance)).map(|mut solver| {
            solver.solve();
            solver.solution
        });
        let (status, x, z, dual_objective, iterations) = match outcome {
            Ok(found) => (judged(found.status), found.x, found.z, found.obj_val_dual, found.iterations),
            Err(error) => {
                (CentralStatus::Failed(error.to_string()), vec![f64::NAN; q.len()], vec![0.0; b.len()], f64::NAN, 0)
            }
        };
        let mut duals = vec![0.0; self.row_count];
        for (side, z) in self.sides.iter().zip(z) {
            duals[side.row] += side.sign * z;
        }
        let x = self.split(&x);
        (CentralSolution { status, objective: f64::NAN, dual_objective, x, prices: Vec::new(), iterations }, duals)
    }

    fn split(&self, x: &[f64]) -> Vec<Vec<f64>> {
        let mut rest = x;
        let mut plans = Vec::with_capacity(self.sizes.len());
        for &size in &self.sizes {
            let (plan, after) = rest.split_at(size);
            plans.push(plan.to_vec());
            rest = after;
        }
        plans
    }
}

fn judged(status: SolverStatus) -> CentralStatus {
    match status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => CentralStatus::Optimal,
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => CentralStatus::Infeasible,
        SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => CentralStatus::Unbounded,
        other => CentralStatus::Failed(format!("{other:?}")),
    }
}

fn settings(tolerance: f64) -> DefaultSettings<f64> {
    let reduced = 100.0 * tolerance;
    DefaultSettings {
        verbose: false,
        tol_gap_abs: tolerance,
        tol_gap_rel: tolerance,
        tol_feas: tolerance,
        reduced_tol_gap_abs: reduced,
        reduced_tol_gap_rel: reduced,
        reduced_tol_feas: reduced,
        ..DefaultSettings::default()
    }
}

fn compressed(row_count: usize, column_count: usize, entries: &[(usize, usize, f64)]) -> CscMatrix<f64> {
    let rows = entries.iter().map(|t| t.0).collect();
    let columns = entries.iter().map(|t| t.1).collect();
    CscMatrix::new_from_triplets(row_count, column_count, rows, columns, entries.iter().map(|t| t.2).collect())
}
