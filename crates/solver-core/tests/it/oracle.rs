//! The oracle: Clarabel, which nobody here wrote.

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{NonnegativeConeT, ZeroConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus};
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, FleetProblem, LocalProblem};

/// What the oracle says of a problem.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verdict {
    Optimal { objective: f64 },
    Infeasible,
    Unbounded,
    Unsure(String),
}

/// A row: entries, lower, upper.
type Row = (Vec<(usize, f64)>, f64, f64);

/// A QP in pieces: `min 1/2 x'Px + q'x + c` with two-sided rows.
#[derive(Default)]
struct Pieces {
    p: Vec<(usize, usize, f64)>,
    q: Vec<f64>,
    c: f64,
    rows: Vec<Row>,
}

impl Pieces {
    fn push(&mut self, local: &LocalProblem) -> usize {
        let start = self.q.len();
        let objective = local.objective();
        self.p.extend(objective.p.triplets().map(|(i, j, v)| (start + i, start + j, v)));
        self.q.extend(&objective.q);
        self.c += objective.c;
        let bounds = &local.variables().bounds;
        for j in 0..local.variable_count() {
            self.rows.push((vec![(start + j, 1.0)], bounds.lower()[j], bounds.upper()[j]));
        }
        let first = self.rows.len();
        self.push_rows(&local.rows().bounds);
        for (i, j, v) in local.rows().matrix.triplets() {
            self.rows[first + i].0.push((start + j, v));
        }
        start
    }

    fn push_rows(&mut self, bounds: &Bounds) {
        for k in 0..bounds.len() {
            self.rows.push((Vec::new(), bounds.lower()[k], bounds.upper()[k]));
        }
    }

    fn solve(&self) -> Verdict {
        let n = self.q.len();
        let triplets = |list: &[(usize, usize, f64)], m: usize| {
            let (i, (j, v)): (Vec<_>, (Vec<_>, Vec<_>)) = list.iter().map(|&(i, j, v)| (i, (j, v))).unzip();
            CscMatrix::new_from_triplets(m, n, i, j, v)
        };
        let (mut a, mut b) = (Vec::new(), Vec::new());
        let mut add = |row: &[(usize, f64)], sign: f64, bound: f64| {
            a.extend(row.iter().map(|&(j, v)| (b.len(), j, sign * v)));
            b.push(sign * bound);
        };
        for (row, lower, upper) in self.rows.iter().filter(|(_, l, u)| l == u) {
            let _ = lower;
            add(row, 1.0, *upper);
        }
        let equalities = self.rows.iter().filter(|(_, l, u)| l == u).count();
        for (row, lower, upper) in self.rows.iter().filter(|(_, l, u)| l != u) {
            if upper.is_finite() {
                add(row, 1.0, *upper);
            }
            if lower.is_finite() {
                add(row, -1.0, *lower);
            }
        }
        let cones = [ZeroConeT(equalities), NonnegativeConeT(b.len() - equalities)];
        let settings = DefaultSettings {
            verbose: false,
            tol_gap_abs: 1e-9,
            tol_gap_rel: 1e-9,
            tol_feas: 1e-9,
            ..DefaultSettings::default()
        };
        let rows = b.len();
        let mut solver = DefaultSolver::new(&triplets(&self.p, n), &self.q, &triplets(&a, rows), &b, &cones, settings)
            .expect("the oracle takes the problem");
        solver.solve();
        match solver.solution.status {
            SolverStatus::Solved | SolverStatus::AlmostSolved => {
                Verdict::Optimal { objective: solver.solution.obj_val + self.c }
            }
            SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => Verdict::Infeasible,
            SolverStatus::DualInfeasible | SolverStatus::AlmostDualInfeasible => Verdict::Unbounded,
            other => Verdict::Unsure(format!("{other:?}")),
        }
    }
}

/// The oracle's verdict on one asset's problem.
pub(crate) fn local(problem: &LocalProblem) -> Verdict {
    let mut pieces = Pieces::default();
    pieces.push(problem);
    pieces.solve()
}

/// `min_X f(x) + p'G x`, by the oracle.
pub(crate) fn priced(asset: &AssetProblem, prices: &[f64]) -> Verdict {
    let mut pieces = Pieces::default();
    pieces.push(&asset.local);
    asset.coupling.transpose_multiply_add(prices, &mut pieces.q);
    pieces.solve()
}

/// The oracle's verdict on the assembled fleet.
pub(crate) fn fleet(fleet: &FleetProblem) -> Verdict {
    let mut pieces = Pieces::default();
    let mut starts = Vec::new();
    for asset in fleet.assets() {
        starts.push(pieces.push(&asset.local));
    }
    let first = pieces.rows.len();
    pieces.push_rows(&fleet.coupling().bounds);
    for (asset, start) in fleet.assets().iter().zip(starts) {
        for (i, j, v) in asset.coupling.triplets() {
            pieces.rows[first + i].0.push((start + j, v));
        }
    }
    pieces.solve()
}
