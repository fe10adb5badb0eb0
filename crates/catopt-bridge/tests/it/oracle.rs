//! Clarabel, which nobody here wrote, on a problem without owners; and our own federated optimum.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use clarabel::algebra::CscMatrix;
use clarabel::solver::SupportedConeT::{NonnegativeConeT, ZeroConeT};
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus};
use cosmosmesh_catopt_bridge::Program;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};
use cosmosmesh_solver_core::{InteriorPoint, Method, Options, Participant, PlainSum, coordinator, run};

/// Entries, lower, upper.
type Row = (Vec<(usize, f64)>, f64, f64);

/// The optimum by Clarabel, `None` if it finds the problem infeasible.
pub(crate) fn optimum(program: &Program) -> Option<f64> {
    let (variables, objective, rows) = (program.local.variables(), program.local.objective(), program.local.rows());
    let n = program.local.variable_count();
    let mut by_rows: Vec<Vec<(usize, f64)>> = vec![Vec::new(); rows.names.len()];
    rows.matrix.triplets().for_each(|(i, j, v)| by_rows[i].push((j, v)));
    let mut all: Vec<Row> = Vec::new();
    all.extend((0..n).map(|j| (vec![(j, 1.0)], variables.bounds.lower()[j], variables.bounds.upper()[j])));
    let row_bounds = rows.bounds.lower().iter().zip(rows.bounds.upper());
    all.extend(by_rows.into_iter().zip(row_bounds).map(|(row, (l, u))| (row, *l, *u)));
    let (mut i, mut j, mut v, mut b) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut add = |row: &[(usize, f64)], sign: f64, bound: f64| {
        for &(column, value) in row {
            i.push(b.len());
            j.push(column);
            v.push(sign * value);
        }
        b.push(sign * bound);
        b.len()
    };
    let equalities = all.iter().filter(|(_, l, u)| l == u).map(|(row, l, _)| add(row, 1.0, *l)).max().unwrap_or(0);
    for (row, l, u) in all.iter().filter(|(_, l, u)| l != u) {
        if u.is_finite() {
            add(row, 1.0, *u);
        }
        if l.is_finite() {
            add(row, -1.0, *l);
        }
    }
    let (pi, (pj, pv)): (Vec<_>, (Vec<_>, Vec<_>)) = objective.p.triplets().map(|(i, j, v)| (i, (j, v))).unzip();
    let p = CscMatrix::new_from_triplets(n, n, pi, pj, pv);
    let a = CscMatrix::new_from_triplets(b.len(), n, i, j, v);
    let cones = [ZeroConeT(equalities), NonnegativeConeT(b.len() - equalities)];
    let settings = DefaultSettings {
        verbose: false,
        tol_gap_abs: 1e-9,
        tol_gap_rel: 1e-9,
        tol_feas: 1e-9,
        ..DefaultSettings::default()
    };
    let mut solver = DefaultSolver::new(&p, &objective.q, &a, &b, &cones, settings).unwrap();
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved => Some(solver.solution.obj_val + objective.c),
        SolverStatus::PrimalInfeasible | SolverStatus::AlmostPrimalInfeasible => None,
        other => panic!("the oracle ended with {other:?}"),
    }
}

/// What the fleet's own rounds find: cost and prices, `None` if they prove it infeasible.
pub(crate) fn federated(fleet: &FleetProblem) -> Option<(f64, Vec<f64>)> {
    let options = Options { tolerance: 1e-7, ..Options::default() };
    let mut participants: Vec<Participant> = fleet.assets().iter().map(|a| Participant::new(a).unwrap()).collect();
    let mut method = coordinator(Method::default(), fleet.coupling(), fleet.assets().len(), &options).unwrap();
    let outcome = run(&mut *method, &mut participants, &mut PlainSum, &mut |_, _| ControlFlow::Continue(())).unwrap();
    match outcome.status {
        Status::Optimal => Some((outcome.certificate.unwrap().objective, outcome.prices)),
        Status::Infeasible => None,
        other => panic!("the rounds ended {other}"),
    }
}

/// The same with each asset's own plan.
pub(crate) fn federated_plans(fleet: &FleetProblem) -> (f64, Vec<f64>, BTreeMap<String, Vec<f64>>) {
    let options = Options { tolerance: 1e-7, ..Options::default() };
    let mut participants: Vec<Participant> = fleet.assets().iter().map(|a| Participant::new(a).unwrap()).collect();
    let mut method = coordinator(Method::default(), fleet.coupling(), fleet.assets().len(), &options).unwrap();
    let outcome = run(&mut *method, &mut participants, &mut PlainSum, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let mix = outcome.mix.unwrap();
    let plans = participants.iter().map(|p| p.plan(&mix).unwrap());
    let plans = plans.map(|plan| (plan.id.to_string(), plan.x)).collect();
    (outcome.certificate.unwrap().objective, outcome.prices, plans)
}

/// The optimum of a fleet of one asset without fleet rows, by our own interior point: there is nothing to coordinate.
pub(crate) fn of_one(fleet: &FleetProblem) -> f64 {
    assert_eq!((fleet.assets().len(), fleet.row_count()), (1, 0));
    match InteriorPoint.solve(&fleet.assets()[0].local, None, Budget::default()).unwrap().outcome {
        LocalOutcome::Optimal { objective, .. } => objective,
        other => panic!("the interior point ended with {other:?}"),
    }
}

/// Equal to one part in a million.
pub(crate) fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{what}: {found} is not {expected}");
}
