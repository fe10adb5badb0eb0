use cosmosmesh_contracts::problem::LocalProblem;
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver, WarmStart};
use cosmosmesh_solver_core::{InteriorPoint, check_convex};

use crate::fleets::{Dice, Row, local};
use crate::oracle::{self, Verdict};

/// A row: entries, lower, upper.
type OwnedRow = (Vec<(usize, f64)>, f64, f64);

const OPEN: f64 = f64::INFINITY;

fn solve(problem: &LocalProblem) -> LocalOutcome {
    InteriorPoint.solve(problem, None, Budget::default()).expect("a convex problem").outcome
}

/// `A' w` of a problem's rows plus bound multipliers, and the support of all bounds at them.
fn proof_of(problem: &LocalProblem, proof: &WarmStart) -> (f64, f64) {
    let mut rest = proof.bound_multipliers.clone();
    problem.rows().matrix.transpose_multiply_add(&proof.row_multipliers, &mut rest);
    let support = |w: &[f64], lower: &[f64], upper: &[f64]| -> f64 {
        // A multiplier on an open side must vanish; rounding there counts against a large stand-in.
        let side = |b: f64| if b.is_finite() { b } else { b.signum() * 1e6 };
        w.iter().enumerate().map(|(k, &w)| if w > 0.0 { w * side(upper[k]) } else { w * side(lower[k]) }).sum()
    };
    let (rows, bounds) = (&problem.rows().bounds, &problem.variables().bounds);
    let total = support(&proof.row_multipliers, rows.lower(), rows.upper())
        + support(&proof.bound_multipliers, bounds.lower(), bounds.upper());
    (rest.iter().fold(0.0_f64, |w, v| w.max(v.abs())), total)
}

#[test]
fn qp_random_agrees_with_clarabel() {
    for seed in 0..60 {
        let mut dice = Dice::new(seed);
        let n = 3 + dice.below(20);
        let bounds: Vec<(f64, f64)> = (0..n)
            .map(|_| match dice.below(4) {
                0 => (-1.0, OPEN),
                1 => (1.5, 1.5),
                _ => (dice.uniform(-3.0, 0.0), dice.uniform(0.1, 4.0)),
            })
            .collect();
        let x: Vec<f64> = bounds.iter().map(|(l, u)| if u.is_finite() { 0.5 * (l + u) } else { 0.3 }).collect();
        let mut p: Vec<(usize, usize, f64)> = (0..n).map(|j| (j, j, dice.uniform(0.1, 3.0))).collect();
        p.retain(|_| dice.below(3) > 0);
        // A linear cost must not fall along an open side without curvature.
        let q: Vec<f64> = (0..n)
            .map(|j| {
                if bounds[j].1.is_finite() || p.iter().any(|e| e.0 == j) {
                    dice.uniform(-2.0, 2.0)
                } else {
                    dice.uniform(0.1, 2.0)
                }
            })
            .collect();
        let rows: Vec<OwnedRow> = (0..n / 2)
            .map(|k| {
                let entries: Vec<(usize, f64)> = (0..3)
                    .map(|i| ((k + 5 * i) % n, dice.uniform(-1.0, 1.0)))
                    .collect::<std::collections::BTreeMap<_, _>>()
                    .into_iter()
                    .collect();
                let v: f64 = entries.iter().map(|&(j, a)| a * x[j]).sum();
                match dice.below(3) {
                    0 => (entries, v, v),
                    1 => (entries, v - 0.2, v + 0.4),
                    _ => (entries, f64::NEG_INFINITY, v + 0.1),
                }
            })
            .collect();
        let rows: Vec<Row<'_>> = rows.iter().map(|r| (&r.0[..], r.1, r.2)).collect();
        let problem = local(&bounds, &p, &q, &rows);
        let Verdict::Optimal { objective: expected } = oracle::local(&problem) else {
            panic!("seed {seed}: the oracle did not solve it")
        };
        let LocalOutcome::Optimal { solution, objective } = solve(&problem) else { panic!("seed {seed}: not solved") };
        // 1e-7: both solvers stop at 1e-9, relative to their own scalings.
        assert!(
            (objective - expected).abs() <= 1e-7 * (1.0 + expected.abs()),
            "seed {seed}: {objective} against {expected}"
        );
        assert!(problem.violation(&solution.x) <= 1e-8, "seed {seed}: violates by {}", problem.violation(&solution.x));
    }
}

#[test]
fn qp_equality() {
    let problem = local(
        &[(-OPEN, OPEN), (-OPEN, OPEN)],
        &[(0, 0, 1.0), (1, 1, 1.0)],
        &[0.0, 0.0],
        &[(&[(0, 1.0), (1, 1.0)], 2.0, 2.0)],
    );
    let LocalOutcome::Optimal { solution, objective } = solve(&problem) else { panic!("solvable") };
    assert!((objective - 1.0).abs() < 1e-9 && (solution.x[0] - 1.0).abs() < 1e-8);
    assert!((solution.row_multipliers[0] + 1.0).abs() < 1e-7, "stationarity x + w = 0 at x = 1");
}

#[test]
fn qp_equality_infeasible() {
    let rows: [Row<'_>; 2] = [(&[(0, 1.0), (1, 1.0)], 2.0, 2.0), (&[(0, 1.0), (1, 1.0)], 3.0, 3.0)];
    check_infeasible(&local(&[(-5.0, 5.0), (-5.0, 5.0)], &[(0, 0, 1.0)], &[0.0, 0.0], &rows));
}

#[test]
fn lp_bounds_infeasible() {
    check_infeasible(&local(&[(0.0, 1.0), (0.0, 1.0)], &[], &[1.0, 1.0], &[(&[(0, 1.0), (1, 1.0)], 3.0, OPEN)]));
}

fn check_infeasible(problem: &LocalProblem) {
    assert_eq!(oracle::local(problem), Verdict::Infeasible, "the twin is infeasible");
    let LocalOutcome::Infeasible { proof } = solve(problem) else { panic!("infeasible, but {:?}", solve(problem)) };
    let (rest, support) = proof_of(problem, &proof);
    assert!(rest < 1e-9 && support < -1e-6, "A'w + z = {rest}, support {support}");
}

#[test]
fn lp_unbounded() {
    let problem = local(&[(0.0, OPEN), (0.0, OPEN)], &[], &[-1.0, 0.5], &[(&[(0, 1.0), (1, -1.0)], -1.0, 1.0)]);
    check_unbounded(&problem);
}

#[test]
fn qp_unbounded_beside_the_curvature() {
    check_unbounded(&local(&[(-OPEN, OPEN), (-OPEN, OPEN)], &[(0, 0, 2.0)], &[1.0, -1.0], &[]));
}

fn check_unbounded(problem: &LocalProblem) {
    assert_eq!(oracle::local(problem), Verdict::Unbounded, "the twin is unbounded");
    let LocalOutcome::Unbounded { direction: d } = solve(problem) else {
        panic!("unbounded, but {:?}", solve(problem))
    };
    let fall: f64 = problem.objective().q.iter().zip(&d).map(|(q, d)| q * d).sum();
    assert!(fall < -1e-3);
    let mut curved = vec![0.0; d.len()];
    for (i, j, v) in problem.objective().p.triplets() {
        curved[i] += v * d[j];
        if i != j {
            curved[j] += v * d[i];
        }
    }
    assert!(curved.iter().all(|v| v.abs() < 1e-6), "P d = {curved:?}");
    let mut row = vec![0.0; problem.row_count()];
    problem.rows().matrix.multiply_add(&d, &mut row);
    for (k, v) in row.iter().enumerate() {
        let bounds = &problem.rows().bounds;
        assert!(bounds.upper()[k].is_infinite() || *v < 1e-6);
        assert!(bounds.lower()[k].is_infinite() || *v > -1e-6);
    }
}

#[test]
fn qp_redundant_rows_and_fixed_variables() {
    let row: &[(usize, f64)] = &[(0, 1.0), (1, 1.0), (2, 1.0)];
    let rows = [(row, 1.0, 1.0), (row, 1.0, 1.0), (row, -OPEN, 1.0)];
    let problem = local(&[(0.0, 1.0), (0.0, 1.0), (0.25, 0.25)], &[(0, 0, 1.0), (1, 1, 1.0)], &[0.0, 0.0, 7.0], &rows);
    let LocalOutcome::Optimal { solution, .. } = solve(&problem) else { panic!("solvable") };
    assert!((solution.x[0] - 0.375).abs() < 1e-7 && solution.x[2] == 0.25, "{:?}", solution.x);
}

#[test]
fn warm_start_saves_steps() {
    let mut dice = Dice::new(5);
    let bounds = vec![(0.0, 2.0); 30];
    let p: Vec<(usize, usize, f64)> = (0..30).map(|j| (j, j, 1.0)).collect();
    let q: Vec<f64> = (0..30).map(|_| dice.uniform(-3.0, 1.0)).collect();
    let row: Vec<(usize, f64)> = (0..30).map(|j| (j, 1.0)).collect();
    let problem = local(&bounds, &p, &q, &[(&row, -OPEN, 12.0)]);
    let cold = InteriorPoint.solve(&problem, None, Budget::default()).expect("convex");
    let LocalOutcome::Optimal { solution, objective } = cold.outcome else { panic!("solvable") };
    let warm = InteriorPoint.solve(&problem, Some(&solution), Budget::default()).expect("convex");
    let LocalOutcome::Optimal { objective: again, .. } = warm.outcome else { panic!("solvable") };
    assert!((objective - again).abs() < 1e-8 * objective.abs());
    assert!(warm.iterations <= cold.iterations, "{} warm, {} cold", warm.iterations, cold.iterations);
}

#[test]
fn indefinite_is_named() {
    let saddle = local(&[(-1.0, 1.0), (-1.0, 1.0)], &[(0, 0, 1.0), (0, 1, 2.0), (1, 1, 1.0)], &[0.0, 0.0], &[]);
    let text = check_convex(&saddle).expect_err("a saddle").to_string();
    assert!(text.starts_with("objective.P: P is not positive semidefinite"), "{text}");
    // Every 2 × 2 block is fine, the whole is not.
    let p = [(0, 0, 1.0), (1, 1, 1.0), (2, 2, 1.0), (0, 1, -0.9), (1, 2, -0.9), (0, 2, -0.9)];
    assert!(check_convex(&local(&[(-1.0, 1.0); 3], &p, &[0.0; 3], &[])).is_err());
    let flat = [(0, 0, 1.0), (0, 1, 1.0), (1, 1, 1.0)];
    assert!(check_convex(&local(&[(-1.0, 1.0); 2], &flat, &[0.0; 2], &[])).is_ok(), "semidefinite is convex");
}
