//! The verdicts of data/verdicts.json were passed by the project's first judge, written in Python on SciPy and Clarabel's wheel.

use cosmosmesh_bench::central;
use cosmosmesh_bench::judge::{Claim, TOLERANCE_REFERENCE, Verdict, conflict_margin, judge};
use cosmosmesh_contracts::file::{read_fleet, read_result};
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use serde_json::Value;

const TOLERANCE: f64 = 1e-6;

fn problem(family: &str) -> FleetProblem {
    let text = match family {
        "strong" => include_str!("data/strong-2-12-0.json"),
        "degenerate" => include_str!("data/degenerate-2-12-0.json"),
        "balance" => include_str!("data/balance-2-12-0.json"),
        "infeasible" => include_str!("data/infeasible-2-12-0.json"),
        other => panic!("no problem of the family {other}"),
    };
    read_fleet(text.as_bytes()).unwrap()
}

fn verdict(fleet: &FleetProblem, claim: &Claim) -> Verdict {
    judge(fleet, &central::solve(fleet, TOLERANCE_REFERENCE), claim, TOLERANCE)
}

#[test]
fn verdicts_and_figures_are_those_of_the_first_judge() {
    let cases: Value = serde_json::from_str(include_str!("data/verdicts.json")).unwrap();
    let cases = cases.as_array().unwrap();
    assert_eq!(cases.len(), 16);
    for case in cases {
        let label = case["label"].as_str().unwrap();
        let fleet = problem(case["problem"].as_str().unwrap());
        let result = read_result(case["result"].to_string().as_bytes()).unwrap();
        let found = verdict(&fleet, &Claim::from_result(&fleet, &result));
        assert_eq!(found.ok, case["ok"], "{label}: {:?}", found.reasons);
        let expected = &case["figures"];
        // Two solves to 1e-9 of problems whose optima are near 50.
        let near = |name: &str, value: Option<f64>| {
            if let Some(wanted) = expected[name].as_f64() {
                let value = value.unwrap_or_else(|| panic!("{label}: {name} is absent"));
                assert!((value - wanted).abs() <= 1e-7 * (1.0 + wanted.abs()), "{label}: {name} {value}, not {wanted}");
            }
        };
        near("reference", found.reference);
        near("objective", found.objective);
        near("gap", found.gap);
        near("coupling", found.coupling);
        near("local", found.local);
        near("claimed_objective_error", found.claimed_objective_error);
        near("certified_gap", found.certified_gap);
        if let Some(valid) = expected["bound_is_valid"].as_bool() {
            assert_eq!(found.bound_is_valid, Some(valid), "{label}");
        }
        if expected["conflict_margin"].as_f64().is_some_and(|margin| margin > 0.0) {
            near("conflict_margin", found.conflict_margin);
        }
    }
}

fn optimum(fleet: &FleetProblem) -> Claim {
    let found = central::solve(fleet, TOLERANCE_REFERENCE);
    Claim {
        status: Status::Optimal,
        objective: Some(found.objective),
        dual_bound: Some(found.objective - 1e-9),
        x: Some(found.x),
        conflict: Vec::new(),
    }
}

#[test]
fn a_plan_of_nan_is_wrong_in_every_figure() {
    let fleet = problem("strong");
    let mut claim = optimum(&fleet);
    // Variable 2 is the first draw from the bus, which stands in a shared row.
    claim.x.as_mut().unwrap()[0][2] = f64::NAN;
    let found = verdict(&fleet, &claim);
    assert!(!found.ok);
    for what in ["the gap", "the coupling violation", "the local violation", "the error of the stated cost"] {
        let named = found.reasons.iter().any(|reason| reason.starts_with(what));
        assert!(named, "{what}: {:?}", found.reasons);
    }
}

#[test]
fn a_claim_without_plan_or_bound_is_wrong() {
    let fleet = problem("strong");
    let without_plan = verdict(&fleet, &Claim { x: None, ..optimum(&fleet) });
    assert_eq!(without_plan.reasons, ["there is no plan for every asset"]);
    let without_bound = verdict(&fleet, &Claim { dual_bound: None, ..optimum(&fleet) });
    assert_eq!(without_bound.reasons, ["no lower bound is stated"]);
}

#[test]
fn calling_a_feasible_fleet_infeasible_is_wrong_whatever_the_weights() {
    let fleet = problem("strong");
    let claim = Claim { status: Status::Infeasible, x: None, conflict: vec![1.0; 12], ..optimum(&fleet) };
    assert!(!verdict(&fleet, &claim).ok);
    assert!(conflict_margin(&fleet, &[1.0; 12]) < 0.0);
}

#[test]
fn an_asset_that_fails_alone_needs_no_weights() {
    let text = include_str!("data/strong-2-12-0.json");
    let mut document: Value = serde_json::from_str(text).unwrap();
    // The final charge may not fall short any more, and is out of the battery's reach.
    document["agents"][0]["rows"]["lower"][23] = 1e4.into();
    let fleet = read_fleet(document.to_string().as_bytes()).unwrap();
    let claim = Claim { status: Status::Infeasible, objective: None, dual_bound: None, x: None, conflict: Vec::new() };
    assert!(verdict(&fleet, &claim).ok);
}
