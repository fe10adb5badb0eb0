use std::ops::ControlFlow;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::conformance::CompensatedSum;
use cosmosmesh_contracts::plan::{Outcome, PlanKind, Status};
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, Coupling, FleetProblem, SparseMatrix};
use cosmosmesh_contracts::round::{Contribution, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{CoordinationError, Sum, SumError};
use cosmosmesh_solver_core::{Method, Options, Participant, PlainSum, Warm, coordinator, run};

use crate::fleets::{Kind, Row, local, random};
use crate::oracle::{self, Verdict};

struct Solved {
    outcome: Outcome,
    x: Vec<Vec<f64>>,
}

fn solve(fleet: &FleetProblem, method: Method, options: &Options) -> Solved {
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
    let mut coordination = coordinator(method, fleet.coupling(), participants.len(), options).expect("a coordinator");
    let outcome = run(&mut *coordination, &mut participants, &mut PlainSum, &mut |_, _| ControlFlow::Continue(()))
        .expect("a run");
    let x = match &outcome.mix {
        Some(mix) => participants.iter().map(|p| p.plan(mix).expect("kept").x).collect(),
        None => Vec::new(),
    };
    Solved { outcome, x }
}

/// What the certificate says is true, and what it claims is optimal is.
fn check(fleet: &FleetProblem, method: Method, tolerance: f64) -> Outcome {
    let Solved { outcome, x } = solve(fleet, method, &Options { tolerance, ..Options::default() });
    let name = format!("{} by {method}", fleet.name());
    let Verdict::Optimal { objective: optimum } = oracle::fleet(fleet) else { panic!("{name}: the oracle solves it") };
    assert_eq!(outcome.status, Status::Optimal, "{name}: {outcome:?}");
    let certificate = outcome.certificate.clone().expect("a certificate");
    let scale = 1.0 + optimum.abs();
    let cost = fleet.objective(&x);
    // 1e-8: the oracle's own accuracy.
    assert!(
        certificate.dual_bound <= optimum + 1e-8 * scale,
        "{name}: bound {} above {optimum}",
        certificate.dual_bound
    );
    assert!(
        cost <= certificate.objective + 1e-8 * scale,
        "{name}: the plan costs {cost}, more than {}",
        certificate.objective
    );
    assert!((cost - optimum).abs() <= 1.1 * tolerance * scale, "{name}: {cost} against {optimum}");
    let violation = fleet.coupling().bounds.violation(&fleet.coupling_values(&x));
    assert!(
        violation <= 1.1 * tolerance && (violation - certificate.coupling_violation).abs() < 1e-8,
        "{name}: {violation}"
    );
    for (asset, x) in fleet.assets().iter().zip(&x) {
        assert!(asset.local.violation(x) <= 1e-8, "{name}: {} leaves its own limits", asset.id);
    }
    outcome
}

#[test]
fn menu_every_kind_of_row_to_1e6() {
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Equality, Kind::TwoSided] {
        for (assets, rows, seed) in [(1, 3, 0), (3, 4, 1), (5, 8, 2), (12, 6, 3)] {
            let outcome = check(&random(kind, assets, rows, seed), Method::Menu, 1e-6);
            assert!(outcome.rounds <= 25, "{kind:?} {assets} {rows}: {} rounds", outcome.rounds);
        }
    }
}

#[test]
fn admm_every_kind_of_row_to_1e3() {
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Equality, Kind::TwoSided] {
        for (assets, rows, seed) in [(3, 4, 1), (5, 8, 2)] {
            check(&random(kind, assets, rows, seed), Method::Admm, 1e-3);
        }
    }
}

#[test]
fn infeasible_fleets_are_proven() {
    for method in Method::ALL {
        for (assets, seed) in [(1, 0), (3, 1), (6, 2)] {
            let fleet = random(Kind::Infeasible, assets, 4, seed);
            assert_eq!(oracle::fleet(&fleet), Verdict::Infeasible);
            let outcome = solve(&fleet, method, &Options::default()).outcome;
            assert_eq!(outcome.status, Status::Infeasible, "{method}: {outcome:?}");
            // The proof, by the oracle: no choice of the assets brings the weighted rows down to their limit.
            let least: f64 = fleet
                .assets()
                .iter()
                .map(|asset| {
                    let flat = cosmosmesh_contracts::problem::Objective {
                        p: SparseMatrix::zeros(asset.local.variable_count(), asset.local.variable_count()),
                        q: vec![0.0; asset.local.variable_count()],
                        c: 0.0,
                    };
                    let local = cosmosmesh_contracts::problem::LocalProblem::new(
                        asset.local.variables().clone(),
                        flat,
                        asset.local.rows().clone(),
                    )
                    .expect("flat");
                    let asset =
                        AssetProblem::new(asset.id.clone(), local, asset.coupling.clone(), vec![]).expect("flat");
                    match oracle::priced(&asset, &outcome.conflict) {
                        Verdict::Optimal { objective } => objective,
                        other => panic!("{other:?}"),
                    }
                })
                .sum();
            let bounds = &fleet.coupling().bounds;
            let limit: f64 = outcome
                .conflict
                .iter()
                .enumerate()
                .map(|(k, &w)| {
                    if w > 0.0 {
                        w * bounds.upper()[k]
                    } else if w < 0.0 {
                        w * bounds.lower()[k]
                    } else {
                        0.0
                    }
                })
                .sum();
            assert!(least > limit + 1e-9 * (1.0 + limit.abs()), "{method}: {least} is not above {limit}");
        }
    }
}

#[test]
fn an_asset_without_a_plan_of_its_own_is_counted_not_named() {
    let mut assets: Vec<AssetProblem> = random(Kind::Strong, 2, 1, 4).assets().to_vec();
    let broken = local(&[(0.0, 1.0)], &[], &[1.0], &[(&[(0, 1.0)], 2.0, 3.0)]);
    let coupling = SparseMatrix::from_triplets(1, 1, &[(0, 0, 1.0)]).expect("G");
    assets.push(AssetProblem::new(AssetId::new("broken").expect("id"), broken, coupling, vec![]).expect("asset"));
    let rows =
        Coupling { names: vec!["r".into()], bounds: Bounds::new(vec![f64::NEG_INFINITY], vec![9.0]).expect("limit") };
    let fleet = FleetProblem::new("broken", rows, assets).expect("a fleet");
    let outcome = solve(&fleet, Method::Menu, &Options::default()).outcome;
    assert_eq!((outcome.status, outcome.locally_infeasible, outcome.rounds), (Status::Infeasible, 1, 1));
}

#[test]
fn unbounded_fleets_are_named_and_bounded_twins_are_not() {
    // The first asset earns by selling without end; its twin may sell only what the second buys.
    let fleet = |limit: f64| {
        let seller = local(&[(0.0, f64::INFINITY)], &[], &[-1.0], &[]);
        let buyer = local(&[(0.0, 2.0)], &[(0, 0, 1.0)], &[-1.0], &[]);
        let asset = |name: &str, problem, v: f64| {
            let g = SparseMatrix::from_triplets(1, 1, &[(0, 0, v)]).expect("G");
            AssetProblem::new(AssetId::new(name).expect("id"), problem, g, vec![]).expect("asset")
        };
        let bounds = Bounds::new(vec![f64::NEG_INFINITY], vec![limit]).expect("limit");
        FleetProblem::new(
            "market",
            Coupling { names: vec!["sold".into()], bounds },
            vec![asset("seller", seller, 1.0), asset("buyer", buyer, -1.0)],
        )
        .expect("a fleet")
    };
    assert_eq!(oracle::fleet(&fleet(f64::INFINITY)), Verdict::Unbounded);
    for method in [Method::Menu, Method::Fan] {
        assert_eq!(solve(&fleet(f64::INFINITY), method, &Options::default()).outcome.status, Status::Unbounded);
        check(&fleet(1.0), method, 1e-6);
    }
}

/// Three assets that earn by what only the fleet's row limits were called unbounded, since the proven mix has a small weight at a box.
#[test]
fn what_only_a_fleet_row_bounds_is_not_unbounded() {
    let asset = |k: usize| {
        let problem = local(&[(0.0, f64::INFINITY)], &[], &[-1.0 - 0.1 * k as f64], &[]);
        let g = SparseMatrix::from_triplets(1, 1, &[(0, 0, 1.0)]).expect("G");
        AssetProblem::new(AssetId::new(&format!("a{k}")).expect("id"), problem, g, vec![]).expect("asset")
    };
    for limit in [3.0, 1000.0, 1e4] {
        let bounds = Bounds::new(vec![f64::NEG_INFINITY], vec![limit]).expect("limit");
        let coupling = Coupling { names: vec!["sum".into()], bounds };
        let fleet = FleetProblem::new("open", coupling, (0..3).map(asset).collect()).expect("a fleet");
        for method in [Method::Menu, Method::Fan] {
            let outcome = solve(&fleet, method, &Options::default()).outcome;
            assert_eq!(outcome.status, Status::Optimal, "{method:?} {limit}");
            let cost = outcome.certificate.expect("a certificate").objective;
            assert!((cost + 1.2 * limit).abs() <= 2e-3 * (1.0 + 1.2 * limit), "{method:?} {limit}: {cost}");
        }
    }
}

#[test]
fn a_safe_plan_comes_early_and_stays() {
    let fleet = random(Kind::Degenerate, 6, 6, 8);
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
    let mut coordination =
        coordinator(Method::Menu, fleet.coupling(), participants.len(), &Options::default()).expect("a coordinator");
    let mut safe_since = None;
    let outcome = run(&mut *coordination, &mut participants, &mut PlainSum, &mut |_, outcome| {
        if outcome.plan == Some(PlanKind::Safe) {
            safe_since.get_or_insert(outcome.rounds);
            assert!(outcome.certificate.as_ref().is_some_and(|c| c.coupling_violation <= 1e-9));
        } else if safe_since.is_some() {
            assert_eq!(outcome.plan, Some(PlanKind::Optimal), "a safe plan never goes away");
        }
        ControlFlow::Continue(())
    })
    .expect("a run");
    assert_eq!(outcome.safe_round, safe_since);
    assert!(safe_since.is_some_and(|round| round < outcome.rounds));
}

#[test]
fn the_same_run_twice_is_the_same() {
    let fleet = random(Kind::Degenerate, 5, 8, 21);
    for method in Method::ALL {
        let options = Options { tolerance: 1e-3, ..Options::default() };
        let (a, b) = (solve(&fleet, method, &options), solve(&fleet, method, &options));
        assert_eq!(a.outcome, b.outcome);
        assert_eq!(a.x, b.x);
    }
}

#[test]
fn the_protocol_has_an_order() {
    let fleet = random(Kind::Strong, 2, 3, 0);
    let sum_of = |query: &RoundQuery, participants: &mut [Participant]| -> Result<SummedReport, SumError> {
        let answers: Vec<Contribution> = participants.iter_mut().map(|p| p.answer(query).expect("an answer")).collect();
        PlainSum.sum(query, &mut answers.into_iter())
    };
    for method in Method::ALL {
        let mut participants: Vec<Participant> =
            fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
        let mut coordination = coordinator(method, fleet.coupling(), 2, &Options::default()).expect("a coordinator");
        let query = coordination.query().expect("a question");
        assert_eq!(coordination.query().expect("the same question"), query, "asking twice changes nothing");
        let sum = sum_of(&query, &mut participants).expect("a sum");
        coordination.absorb(&sum).expect("absorbed");
        assert_eq!(coordination.absorb(&sum), Err(CoordinationError::NothingAsked), "an answer counts once");
        let _next = coordination.query().expect("a question");
        assert!(
            matches!(coordination.absorb(&sum), Err(CoordinationError::Report(_))),
            "an old sum does not fit the new question"
        );
    }
}

#[test]
fn sums_agree_with_the_reference_sum() {
    let fleet = random(Kind::Strong, 7, 4, 2);
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), 7, &Options::default()).expect("a coordinator");
    let query = coordination.query().expect("a question");
    let answers: Vec<Contribution> = participants.iter_mut().map(|p| p.answer(&query).expect("an answer")).collect();
    let plain = PlainSum.sum(&query, &mut answers.clone().into_iter()).expect("a sum");
    let exact = CompensatedSum.sum(&query, &mut answers.into_iter()).expect("a sum");
    for (a, b) in plain.values().iter().zip(exact.values()) {
        assert!((a - b).abs() <= 1e-14 * (1.0 + a.abs().max(b.abs())));
    }
}

#[test]
fn a_strict_run_ends_with_a_plan_that_violates_nothing() {
    for method in Method::ALL {
        for kind in [Kind::Strong, Kind::TwoSided] {
            let fleet = random(kind, 5, 6, 13);
            let options = Options { tolerance: 1e-3, strict: true, ..Options::default() };
            let Solved { outcome, x } = solve(&fleet, method, &options);
            assert_eq!(outcome.status, Status::Optimal, "{kind:?} by {method}: {outcome:?}");
            assert!(fleet.coupling().bounds.violation(&fleet.coupling_values(&x)) <= 1e-9, "{kind:?} by {method}");
        }
    }
}

#[test]
fn an_open_side_that_costs_nothing_is_no_obstacle() {
    let spare = || {
        let problem = local(&[(0.0, f64::INFINITY), (0.0, 3.0)], &[(1, 1, 1.0)], &[0.0, -2.0], &[]);
        let g = SparseMatrix::from_triplets(1, 2, &[(0, 1, 1.0)]).expect("G");
        (problem, g)
    };
    let assets = (0..3)
        .map(|k| {
            let (problem, g) = spare();
            AssetProblem::new(AssetId::new(format!("asset-{k}")).expect("id"), problem, g, vec![]).expect("asset")
        })
        .collect();
    let bounds = Bounds::new(vec![f64::NEG_INFINITY], vec![4.0]).expect("limit");
    let fleet = FleetProblem::new("spare", Coupling { names: vec!["r".into()], bounds }, assets).expect("a fleet");
    for method in Method::ALL {
        check(&fleet, method, 1e-6);
    }
}

/// Rows in units a million times apart: each is met to its own scale, so the cost is right too.
#[test]
fn rows_of_very_different_units_are_each_met() {
    let plain = random(Kind::Degenerate, 6, 4, 17);
    let unit = [1e3, 1e-3, 1.0, 1e-3];
    let scaled = |list: &[f64]| list.iter().zip(&unit).map(|(v, u)| v * u).collect::<Vec<f64>>();
    let coupling = plain.coupling();
    let bounds = Bounds::new(scaled(coupling.bounds.lower()), scaled(coupling.bounds.upper())).expect("limits");
    let assets = plain
        .assets()
        .iter()
        .map(|a| {
            let entries: Vec<(usize, usize, f64)> =
                a.coupling.triplets().map(|(i, j, v)| (i, j, v * unit[i])).collect();
            let g = SparseMatrix::from_triplets(4, a.local.variable_count(), &entries).expect("G");
            AssetProblem::new(a.id.clone(), a.local.clone(), g, vec![]).expect("asset")
        })
        .collect();
    let fleet =
        FleetProblem::new("units", Coupling { names: coupling.names.clone(), bounds }, assets).expect("a fleet");
    check(&fleet, Method::Menu, 1e-6);
}

#[test]
fn wild_warm_prices_do_no_harm() {
    let fleet = random(Kind::Strong, 4, 5, 6);
    let cold = solve(&fleet, Method::Menu, &Options::default()).outcome;
    let warm = |price: f64| {
        let warm = Warm { prices: vec![price; 5], barrier: 1e-3, path: Vec::new() };
        solve(&fleet, Method::Menu, &Options { warm: Some(warm), ..Options::default() }).outcome
    };
    for price in [-1e6, -1.0, 0.0] {
        let outcome = warm(price);
        assert_eq!(outcome.status, Status::Optimal, "prices of {price}");
        assert!(
            outcome.rounds <= cold.rounds + 6,
            "prices of {price}: {} rounds, {} cold",
            outcome.rounds,
            cold.rounds
        );
    }
}

/// A closed corridor: the row leaves the fleet no interior, but a plan there is.
#[test]
fn closed_rows_are_no_obstacle() {
    for (seed, strict) in [(3, false), (4, true), (5, true)] {
        let open = random(Kind::Strong, 4, 3, seed);
        let assets: Vec<AssetProblem> = open
            .assets()
            .iter()
            .map(|asset| {
                // One variable more, wanted but closed: only row 0 sees it, and its least value is zero.
                let n = asset.local.variable_count();
                let bounds = &asset.local.variables().bounds;
                let mut list: Vec<(f64, f64)> =
                    bounds.lower().iter().copied().zip(bounds.upper().iter().copied()).collect();
                list.push((0.0, 2.0));
                let p: Vec<(usize, usize, f64)> = asset.local.objective().p.triplets().chain([(n, n, 1.0)]).collect();
                let q: Vec<f64> = asset.local.objective().q.iter().copied().chain([-1.5]).collect();
                let g: Vec<(usize, usize, f64)> =
                    asset.coupling.triplets().filter(|t| t.0 != 0).chain([(0, n, 1.0)]).collect();
                let g = SparseMatrix::from_triplets(3, n + 1, &g).expect("G");
                AssetProblem::new(asset.id.clone(), local(&list, &p, &q, &[]), g, vec![]).expect("asset")
            })
            .collect();
        let mut upper = open.coupling().bounds.upper().to_vec();
        upper[0] = 0.0;
        let bounds = Bounds::new(vec![f64::NEG_INFINITY; 3], upper).expect("limits");
        let fleet = FleetProblem::new("closed", Coupling { names: open.coupling().names.clone(), bounds }, assets)
            .expect("a fleet");
        let Verdict::Optimal { objective: optimum } = oracle::fleet(&fleet) else { panic!("the oracle solves it") };
        let Solved { outcome, x } =
            solve(&fleet, Method::Menu, &Options { tolerance: 1e-5, strict, ..Options::default() });
        assert_eq!(outcome.status, Status::Optimal, "seed {seed}: {outcome:?}");
        assert!((fleet.objective(&x) - optimum).abs() <= 3e-5 * (1.0 + optimum.abs()));
        let violation = fleet.coupling().bounds.violation(&fleet.coupling_values(&x));
        assert!(violation <= if strict { 1e-9 } else { 1e-5 }, "seed {seed}: {violation}");
        assert!(outcome.rounds <= 25, "seed {seed}: {} rounds", outcome.rounds);
    }
}

/// Six slots of a corridor that is closed for all, and behind it what every asset wants most; a bus beside it that binds.
fn closed_corridor(assets: usize, opening: f64) -> FleetProblem {
    const SLOTS: usize = 6;
    let (share, drive, load) = (0, SLOTS, 2 * SLOTS);
    let free = f64::NEG_INFINITY;
    let list = (0..assets).map(|k| {
        let wish = 1.0 + 0.3 * k as f64;
        let bounds = [vec![(0.0, 1.0); SLOTS], vec![(0.0, 3.0); SLOTS], vec![(0.1, 2.0); SLOTS]].concat();
        let p: Vec<(usize, usize, f64)> = (0..SLOTS).map(|t| (load + t, load + t, 1.0)).collect();
        let q = [vec![0.0; SLOTS], vec![-2.0 * wish; SLOTS], vec![-wish; SLOTS]].concat();
        // Who drives uses the corridor and the battery; the battery also serves the loads.
        let gates: Vec<[(usize, f64); 2]> = (0..SLOTS).map(|t| [(drive + t, 1.0), (share + t, -3.0)]).collect();
        let battery: Vec<(usize, f64)> = (0..SLOTS).flat_map(|t| [(drive + t, 1.0), (load + t, 1.0)]).collect();
        let mut rows: Vec<Row<'_>> = gates.iter().map(|gate| (&gate[..], free, 0.0)).collect();
        rows.push((&battery, free, 6.0 + wish));
        let g: Vec<(usize, usize, f64)> =
            (0..SLOTS).flat_map(|t| [(t, share + t, 1.0), (SLOTS + t, load + t, 1.0)]).collect();
        let g = SparseMatrix::from_triplets(2 * SLOTS, 3 * SLOTS, &g).expect("G");
        let id = AssetId::new(format!("asset-{k}")).expect("id");
        AssetProblem::new(id, local(&bounds, &p, &q, &rows), g, vec![]).expect("asset")
    });
    let bus = (0..SLOTS).map(|t| assets as f64 * (0.5 + 0.1 * t as f64));
    let upper: Vec<f64> = core::iter::repeat_n(opening, SLOTS).chain(bus).collect();
    let bounds = Bounds::new(vec![free; 2 * SLOTS], upper).expect("limits");
    let names = (0..2 * SLOTS).map(|k| format!("row-{k}")).collect();
    FleetProblem::new("closed corridor", Coupling { names, bounds }, list.collect()).expect("a fleet")
}

/// Rows without an inside are found, held and met: with a plan that is optimal, to rounding where the run is strict.
#[test]
fn a_corridor_closed_for_all_is_planned_around() {
    for assets in [2, 3, 8] {
        let fleet = closed_corridor(assets, 0.0);
        let Verdict::Optimal { objective: optimum } = oracle::fleet(&fleet) else { panic!("the oracle solves it") };
        for method in [Method::Menu, Method::Fan, Method::Auto] {
            for (tolerance, strict) in [(1e-3, false), (1e-6, false), (1e-3, true), (1e-5, true)] {
                let place = format!("{assets} assets by {method} to {tolerance:e}, strict {strict}");
                let Solved { outcome, x } = solve(&fleet, method, &Options { tolerance, strict, ..Options::default() });
                assert_eq!(outcome.status, Status::Optimal, "{place}: {outcome:?}");
                let cost = fleet.objective(&x);
                assert!(
                    (cost - optimum).abs() <= 2.0 * tolerance * (1.0 + optimum.abs()),
                    "{place}: {cost}, {optimum}"
                );
                let certificate = outcome.certificate.expect("a certificate");
                assert!(certificate.dual_bound <= optimum + 1e-7 * (1.0 + optimum.abs()), "{place}: {certificate:?}");
                let violation = fleet.coupling().bounds.violation(&fleet.coupling_values(&x));
                assert!(violation <= if strict { 1e-9 } else { tolerance }, "{place}: {violation}");
                assert!(outcome.rounds <= 40, "{place}: {} rounds", outcome.rounds);
            }
        }
    }
}

/// What is only nearly closed is no closed row: its little room is used, and below zero there is no plan at all.
#[test]
fn a_corridor_that_is_nearly_closed_is_used() {
    for (opening, expected) in [(1e-2, Status::Optimal), (1e-5, Status::Optimal), (-1e-3, Status::Infeasible)] {
        let fleet = closed_corridor(3, opening);
        for method in [Method::Menu, Method::Fan] {
            let Solved { outcome, x } = solve(&fleet, method, &Options { tolerance: 1e-4, ..Options::default() });
            assert_eq!(outcome.status, expected, "{opening} by {method}: {outcome:?}");
            if let (Status::Optimal, Verdict::Optimal { objective: optimum }) = (expected, oracle::fleet(&fleet)) {
                let error = (fleet.objective(&x) - optimum).abs() / (1.0 + optimum.abs());
                assert!(error <= 2e-4, "{opening} by {method}: {error}");
            }
        }
    }
}

/// A fleet whose assets share nothing is as many problems of their own: every method ends at their optima, one asset or several.
#[test]
fn assets_without_fleet_rows_are_planned_to_their_own_optima() {
    for (kind, assets) in [(Kind::Strong, 1), (Kind::Degenerate, 1), (Kind::Strong, 4), (Kind::Degenerate, 7)] {
        let fleet = random(kind, assets, 0, 3);
        for method in Method::ALL {
            for tolerance in [1e-3, 1e-6] {
                check(&fleet, method, tolerance);
            }
            // Below what a first round can reach, and below the oracle's own accuracy.
            let Solved { outcome, .. } = solve(&fleet, method, &Options { tolerance: 1e-9, ..Options::default() });
            assert_eq!(outcome.status, Status::Optimal, "{} by {method}: {outcome:?}", fleet.name());
        }
    }
}
