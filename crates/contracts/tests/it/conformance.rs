//! The suites' own judge: true claims pass, and each way of being wrong is seen.

use cosmosmesh_contracts::conformance::{Expected, LocalCase, judge, local_cases};
use cosmosmesh_contracts::traits::{LocalOutcome, WarmStart};

fn case(name: &str) -> LocalCase {
    local_cases().into_iter().find(|case| case.name == name).unwrap_or_else(|| panic!("{name} is a case"))
}

fn point(x: &[f64], row: &[f64], bound: &[f64]) -> WarmStart {
    WarmStart { x: x.to_vec(), row_multipliers: row.to_vec(), bound_multipliers: bound.to_vec() }
}

#[track_caller]
fn check(name: &str, outcome: LocalOutcome, fault: Option<&str>) {
    let verdict = judge(&case(name).problem, &outcome);
    match (verdict, fault) {
        (Ok(()), None) => {}
        (Err(found), Some(words)) => assert!(found.contains(words), "{name}: {found}"),
        (verdict, expected) => panic!("{name}: {verdict:?}, expected {expected:?}"),
    }
}

#[test]
fn optima_are_judged_by_all_their_conditions() {
    // min 1/2 |x|^2 with x0 + x1 + x2 = 3: x = (1, 1, 1), multiplier -1.
    let claim = |x: &[f64], row: f64, bound: &[f64], objective| LocalOutcome::Optimal {
        solution: point(x, &[row], bound),
        objective,
    };
    let zeros = [0.0; 3];
    check("qp_equality", claim(&[1.0; 3], -1.0, &zeros, 1.5), None);
    check("qp_equality", claim(&[1.0; 3], -1.0, &zeros, 1.4), Some("claimed cost"));
    check("qp_equality", claim(&[1.0, 1.0, 0.5], -1.0, &zeros, 1.125), Some("violation"));
    check("qp_equality", claim(&[1.0; 3], -0.9, &zeros, 1.5), Some("stationarity"));
    check("qp_equality", claim(&[2.0, 1.0, 0.0], -1.0, &zeros, 2.5), Some("stationarity"));
    check("qp_equality", claim(&[1.0; 3], -1.5, &[0.5; 3], 1.5), Some("side is open"));
    check("qp_equality", claim(&[1.0; 3], f64::NAN, &zeros, 1.5), Some("not finite"));
    check("qp_equality", claim(&[1.0; 2], -1.0, &zeros, 1.5), Some("lengths"));
    // min x0 + x1 + x2 over the unit box without rows that bind, held at a vertex that is not the best.
    let held = LocalOutcome::Optimal { solution: point(&[1.0; 3], &[0.0; 2], &[1.0; 3]), objective: -3.0 };
    check("lp_open_rows", held, None);
    let held = LocalOutcome::Optimal { solution: point(&[0.0; 3], &[0.0; 2], &[1.0; 3]), objective: 0.0 };
    check("lp_open_rows", held, Some("duality gap"));
}

#[test]
fn proofs_of_infeasibility_must_contradict() {
    // x0 + x1 + x2 = 3 and twice that = 7.
    let proof = |row: &[f64], bound: &[f64]| LocalOutcome::Infeasible { proof: point(&[], row, bound) };
    let zeros = [0.0; 3];
    check("qp_equality_infeasible", proof(&[2.0, -1.0], &zeros), None);
    check("qp_equality_infeasible", proof(&[-2.0, 1.0], &zeros), Some("support"));
    check("qp_equality_infeasible", proof(&[1.0, -1.0], &zeros), Some("leaves over"));
    check("qp_equality_infeasible", proof(&[1.0, -1.0], &[1.0; 3]), Some("side is open"));
    check("qp_equality_infeasible", proof(&[0.0; 2], &zeros), Some("all zeros"));
    check("qp_equality", proof(&[1.0], &[-1.0; 3]), Some("side is open"));
}

#[test]
fn directions_must_fall_for_ever() {
    let along = |d: &[f64]| LocalOutcome::Unbounded { direction: d.to_vec() };
    check("qp_semidefinite_unbounded", along(&[-1.0, 0.0, 1.0]), Some("no fall"));
    check("qp_semidefinite_unbounded", along(&[1.0, 0.0, -1.0]), None);
    check("qp_semidefinite_unbounded", along(&[1.0, 0.0, 0.0]), Some("curvature"));
    check("lp_box_unbounded", along(&[0.0, 1.0, 0.0]), None);
    check("lp_box_unbounded", along(&[0.0, 1.0, 1.0]), Some("bounds left"));
    check("lp_equality_unbounded", along(&[-1.0, 0.0, 0.0]), Some("rows left"));
    check("lp_equality_unbounded", along(&[0.0; 3]), Some("all zeros"));
    check("lp_equality_unbounded", along(&[f64::NAN, 0.0, 0.0]), Some("no point"));
}

#[test]
fn every_class_has_its_twins() {
    let cases = local_cases();
    for expected in [Expected::Infeasible, Expected::Unbounded] {
        assert!(cases.iter().filter(|case| case.expected == expected).count() >= 30, "{expected:?}");
    }
    let names: std::collections::BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "a name names one case");
}
