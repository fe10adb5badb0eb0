//! Moved plans, units, and starts from an earlier plan.

use std::ops::ControlFlow;

use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, SparseMatrix,
};
use cosmosmesh_contracts::round::{Ask, Contribution, FieldKind, Guide, RoundQuery};
use cosmosmesh_contracts::traits::{Step, Sum as _};
use cosmosmesh_solver_core::{Method, Options, Participant, ParticipantError, Path, PlainSum, coordinator, run};

use crate::fleets::{Dice, Kind, random};
use crate::oracle::{self, Verdict};

fn participants(fleet: &FleetProblem) -> Vec<Participant> {
    fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect()
}

/// Runs by the menu; `see` is shown everything after each round.
fn rounds(
    fleet: &FleetProblem,
    options: &Options,
    mut see: impl FnMut(&RoundQuery, &Outcome, &[Participant]),
) -> Outcome {
    let mut assets = participants(fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), options).expect("a coordinator");
    loop {
        let query = coordination.query().expect("a question");
        query.check().expect("a question that its receivers take");
        let answers: Vec<Contribution> = assets.iter_mut().map(|p| p.answer(&query).expect("an answer")).collect();
        let sum = PlainSum.sum(&query, &mut answers.into_iter()).expect("a sum");
        let step = coordination.absorb(&sum).expect("absorbed");
        see(&query, &coordination.outcome(), &assets);
        if step == Step::Done {
            return coordination.outcome();
        }
    }
}

/// A move's use and cost are claimed before anybody has made it: then everybody makes it, and it is as claimed.
#[test]
fn moved_plans_are_what_the_sums_say() {
    let (mut fresh, mut kept) = (0, 0);
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Equality, Kind::TwoSided] {
        for (assets, rows, seed) in [(1, 3, 0), (3, 4, 1), (5, 8, 2), (12, 6, 3)] {
            let fleet = random(kind, assets, rows, seed);
            let bounds = &fleet.coupling().bounds;
            rounds(&fleet, &Options::default(), |query, outcome, assets| {
                kept += query.ask.guide().map_or(0, |guide| guide.moves.len());
                let (Some(mix), Some(certificate)) = (&outcome.mix, &outcome.certificate) else { return };
                fresh += mix.moves.iter().filter(|step| step.key.round == query.round).count();
                let place = format!("{}, round {}", fleet.name(), query.round);
                let x: Vec<Vec<f64>> = assets.iter().map(|p| p.plan(mix).expect("kept or made").x).collect();
                for (asset, x) in fleet.assets().iter().zip(&x) {
                    assert!(asset.local.violation(x) <= 1e-8, "{place}: {} leaves its own limits", asset.id);
                }
                let cost = fleet.objective(&x);
                // 1e-9: rounding of the sums.
                assert!(
                    cost <= certificate.objective + 1e-9 * (1.0 + cost.abs()),
                    "{place}: {cost} is dearer than claimed"
                );
                let violation = bounds.violation(&fleet.coupling_values(&x));
                assert!((violation - certificate.coupling_violation).abs() <= 1e-9, "{place}: violates by {violation}");
            });
        }
    }
    assert!(fresh >= 30 && kept >= 10, "{fresh} moves were judged, {kept} made in a later round");
}

/// The worst violation of a row by a summed use; `scale` is the rows' scaling.
fn violation(bounds: &Bounds, usage: &[f64], scale: &[f64]) -> f64 {
    bounds.violation(&usage.iter().zip(scale).map(|(y, d)| y / d).collect::<Vec<f64>>())
}

/// Candidates break the fleet's rows by what they are off the path; plans that keep to their allotments hardly do, once allotments can be kept.
#[test]
fn allotted_plans_meet_the_rows() {
    let (mut off, mut allotted_off, mut mixed) = (0.0_f64, 0.0_f64, 0);
    for seed in 0..4 {
        let fleet = random(Kind::Strong, 8, 6, seed);
        let bounds = &fleet.coupling().bounds;
        let mut assets = participants(&fleet);
        let options = Options::default();
        let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a menu");
        let mut scale = vec![1.0; bounds.len()];
        loop {
            let query = coordination.query().expect("a question");
            scale = query.row_scale.clone().unwrap_or(scale);
            let answers: Vec<Contribution> = assets.iter_mut().map(|p| p.answer(&query).expect("an answer")).collect();
            let sum = PlainSum.sum(&query, &mut answers.into_iter()).expect("a sum");
            let first = query.candidates().len();
            for (slot, point) in query.points.iter().enumerate().skip(first).filter(|_| query.round >= 4) {
                let near = query.candidates().iter().position(|candidate| candidate == point).expect("a candidate");
                let at = |slot: usize| violation(bounds, sum.field(FieldKind::Use, slot as u16), &scale);
                off += at(near);
                allotted_off += at(slot);
            }
            let step = coordination.absorb(&sum).expect("absorbed");
            let mix = coordination.outcome().mix.unwrap_or_default();
            mixed += mix
                .weights
                .iter()
                .filter(|(key, _)| key.round == query.round && usize::from(key.slot) >= first)
                .count();
            if step == Step::Done {
                assert_eq!(coordination.outcome().status, Status::Optimal, "seed {seed}");
                break;
            }
        }
    }
    assert!(allotted_off < 0.5 * off, "candidates break rows by {off} in all, allotted plans by {allotted_off}");
    assert!(mixed > 10, "mixes used {mixed} new plans that are no candidates");
}

#[test]
fn a_query_of_nothing_but_allotted_plans_is_refused() {
    let fleet = random(Kind::Strong, 3, 2, 0);
    let mut assets = participants(&fleet);
    let mut coordination =
        coordinator(Method::Menu, fleet.coupling(), assets.len(), &Options::default()).expect("a menu");
    let mut query = coordination.query().expect("a question");
    let Ask::Guided(guide) = query.ask.clone() else { panic!("guided") };
    let all = query.points.len() as u16;
    let ask = |allotted, curvature| Ask::Allotted { guide: Guide { curvature, ..guide.clone() }, allotted };
    query.ask = ask(all, vec![]);
    assert!(query.check().is_err_and(|error| error.to_string().starts_with("ask.allotted: 8 is outside 0 to 7")));
    assert!(matches!(assets[0].answer(&query), Err(ParticipantError::Query { .. })));
    // A curvature belongs to a candidate.
    query.ask = ask(2, vec![all - 2]);
    assert!(query.check().is_err_and(|error| error.to_string().starts_with("ask.curvature[0]: 6 is outside 0 to 5")));
}

/// The same fleet with every cost and every fleet row multiplied.
fn in_units(fleet: &FleetProblem, cost: f64, rows: &[f64]) -> FleetProblem {
    let times = |list: &[f64]| list.iter().zip(rows).map(|(v, u)| v * u).collect::<Vec<f64>>();
    let assets = fleet.assets().iter().map(|asset| {
        let (local, old) = (&asset.local, asset.local.objective());
        let n = local.variable_count();
        let p: Vec<_> = old.p.triplets().map(|(i, j, v)| (i, j, cost * v)).collect();
        let p = SparseMatrix::from_triplets(n, n, &p).expect("P");
        let objective = Objective { p, q: old.q.iter().map(|v| cost * v).collect(), c: cost * old.c };
        let local = LocalProblem::new(local.variables().clone(), objective, local.rows().clone()).expect("local");
        let g: Vec<_> = asset.coupling.triplets().map(|(i, j, v)| (i, j, rows[i] * v)).collect();
        let g = SparseMatrix::from_triplets(rows.len(), n, &g).expect("G");
        AssetProblem::new(asset.id.clone(), local, g, vec![]).expect("asset")
    });
    let bounds = &fleet.coupling().bounds;
    let bounds = Bounds::new(times(bounds.lower()), times(bounds.upper())).expect("limits");
    let coupling = Coupling { names: fleet.coupling().names.clone(), bounds };
    FleetProblem::new("units", coupling, assets.collect()).expect("a fleet")
}

#[test]
fn units_of_cost_and_rows_cost_few_rounds() {
    for seed in 0..4 {
        let fleet = random(Kind::Degenerate, 6, 5, seed);
        let Verdict::Optimal { objective } = oracle::fleet(&fleet) else { panic!("the oracle solves it") };
        let plain = rounds(&fleet, &Options::default(), |_, _, _| {});
        for (cost, rows) in [
            (1e3, [1.0; 5]),
            (1e-3, [1.0; 5]),
            (1e6, [1.0; 5]),
            (1.0, [1e3, 1e-3, 1.0, 1e-2, 1e2]),
            (1e3, [1e-3, 1e3, 1.0, 1e2, 1e-2]),
        ] {
            let outcome = rounds(&in_units(&fleet, cost, &rows), &Options::default(), |_, _, _| {});
            let place = format!("seed {seed}, cost times {cost}, rows times {rows:?}");
            assert_eq!(outcome.status, Status::Optimal, "{place}: {outcome:?}");
            let certificate = outcome.certificate.expect("a certificate");
            // A gap is relative to one plus the cost, so in small units the same tolerance asks for less.
            let error = (certificate.objective - cost * objective).abs() / (1.0 + (cost * objective).abs());
            assert!(error <= 1.1e-6, "{place}: off by {error}");
            assert!(outcome.rounds <= plain.rounds + 4, "{place}: {} rounds, {} without", outcome.rounds, plain.rounds);
        }
    }
}

/// A twentieth of the costs and limits change, as in a replanning.
fn changed(fleet: &FleetProblem, seed: u64) -> FleetProblem {
    let mut dice = Dice::new(seed);
    let mut factor = || if dice.uniform(0.0, 1.0) < 0.05 { dice.uniform(0.5, 1.5) } else { 1.0 };
    let mut assets = Vec::new();
    for asset in fleet.assets() {
        let old = asset.local.objective();
        let objective = Objective { q: old.q.iter().map(|v| v * factor()).collect(), ..old.clone() };
        let local = LocalProblem::new(asset.local.variables().clone(), objective, asset.local.rows().clone());
        let asset = AssetProblem::new(asset.id.clone(), local.expect("local"), asset.coupling.clone(), vec![]);
        assets.push(asset.expect("asset"));
    }
    let bounds = &fleet.coupling().bounds;
    // Limits only rise, so that there is a plan.
    let upper = bounds.upper().iter().map(|v| v + v.abs() * (factor() - 1.0).abs()).collect();
    let bounds = Bounds::new(bounds.lower().to_vec(), upper).expect("limits");
    let coupling = Coupling { names: fleet.coupling().names.clone(), bounds };
    FleetProblem::new("changed", coupling, assets).expect("a fleet")
}

/// Whatever the earlier plan is worth, the same first sum allows to begin anew.
#[test]
fn a_start_from_an_earlier_plan_is_never_much_worse_than_none() {
    let options = Options { tolerance: 1e-4, ..Options::default() };
    let (mut cold_rounds, mut warm_rounds) = (0, 0);
    for seed in 0..12 {
        let fleet = random(Kind::Degenerate, 8, 6, seed);
        let mut before = participants(&fleet);
        let mut coordination =
            coordinator(Method::Menu, fleet.coupling(), before.len(), &Options::default()).expect("a coordinator");
        let mut path = Path::default();
        let earlier = run(&mut *coordination, &mut before, &mut PlainSum, &mut |query, _| {
            path.hear(query);
            ControlFlow::Continue(())
        })
        .expect("a run");
        let fleet = changed(&fleet, seed);
        let cold = rounds(&fleet, &options, |_, _, _| {});
        let warm_options = Options { warm: Some(path.warm(&earlier.prices)), ..options.clone() };
        let mut again: Vec<Participant> = fleet
            .assets()
            .iter()
            .zip(&before)
            .map(|(asset, old)| Participant::warm_from(asset, old).expect("convex"))
            .collect();
        let mut coordination =
            coordinator(Method::Menu, fleet.coupling(), again.len(), &warm_options).expect("a coordinator");
        let warm =
            run(&mut *coordination, &mut again, &mut PlainSum, &mut |_, _| ControlFlow::Continue(())).expect("a run");
        assert_eq!((cold.status, warm.status), (Status::Optimal, Status::Optimal), "seed {seed}");
        assert!(warm.rounds <= cold.rounds + 1, "seed {seed}: {} rounds, {} cold", warm.rounds, cold.rounds);
        (cold_rounds, warm_rounds) = (cold_rounds + cold.rounds, warm_rounds + warm.rounds);
    }
    assert!(warm_rounds < cold_rounds, "{warm_rounds} rounds in all, {cold_rounds} cold");
}
