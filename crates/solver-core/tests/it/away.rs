//! Absent assets, thin links and replanning.

use std::ops::ControlFlow;

use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::Contribution;
use cosmosmesh_contracts::traits::{CoordinationError, Step, Sum as _};
use cosmosmesh_solver_core::{Method, Options, Participant, Path, PlainSum, coordinator, run};

use crate::fleets::{Dice, Kind, random};
use crate::oracle::{self, Verdict};

fn participants(fleet: &FleetProblem) -> Vec<Participant> {
    fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect()
}

/// Runs a fleet of which each asset is away from a round after the first with the probability given.
fn with_absence(fleet: &FleetProblem, away: f64, seed: u64, tolerance: f64) -> (Outcome, Vec<Vec<f64>>) {
    let options = Options { tolerance, absence: true, ..Options::default() };
    let mut assets = participants(fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a coordinator");
    let mut draw = Dice::new(seed);
    let mut missed = 0;
    loop {
        let query = coordination.query().expect("a question");
        let mut answers: Vec<Contribution> = Vec::new();
        for (k, asset) in assets.iter_mut().enumerate() {
            if query.round > 1 && k > 0 && draw.uniform(0.0, 1.0) < away {
                asset.miss(&query);
                missed += 1;
            } else {
                answers.push(asset.answer(&query).expect("an answer"));
            }
        }
        let sum = PlainSum.sum(&query, &mut answers.into_iter()).expect("a sum");
        if coordination.absorb(&sum).expect("taken") == Step::Done {
            break;
        }
    }
    assert!(away == 0.0 || missed > 0, "somebody was away");
    let outcome = coordination.outcome();
    let mix = outcome.mix.clone().expect("a plan");
    let x = assets.iter().map(|p| p.plan(&mix).expect("every asset knows its part").x).collect();
    (outcome, x)
}

#[test]
fn what_is_certified_while_assets_are_away_is_true() {
    for seed in 0..4 {
        let fleet = random(Kind::Degenerate, 6, 5, seed);
        let (outcome, x) = with_absence(&fleet, 0.3, seed + 7, 1e-4);
        let Verdict::Optimal { objective: optimum } = oracle::fleet(&fleet) else { panic!("the oracle solves it") };
        assert_eq!(outcome.status, Status::Optimal, "seed {seed}: {outcome:?}");
        let certificate = outcome.certificate.expect("a certificate");
        let scale = 1.0 + optimum.abs();
        assert!(certificate.dual_bound <= optimum + 1e-8 * scale, "seed {seed}: a bound above the optimum");
        assert!((fleet.objective(&x) - optimum).abs() <= 1.1e-4 * scale, "seed {seed}: not optimal");
        let usage = fleet.coupling_values(&x);
        assert!(fleet.coupling().bounds.violation(&usage) <= 1.1e-4, "seed {seed}: a row is broken");
    }
}

#[test]
fn differences_say_the_same_as_answers() {
    let fleet = random(Kind::Degenerate, 5, 4, 3);
    let (relative, _) = with_absence(&fleet, 0.0, 1, 1e-6);
    let options = Options { tolerance: 1e-6, ..Options::default() };
    let mut assets = participants(&fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a coordinator");
    let plain =
        run(&mut *coordination, &mut assets, &mut PlainSum, &mut |_, _| ControlFlow::Continue(())).expect("a run");
    assert_eq!(relative.rounds, plain.rounds);
    let cost = |outcome: &Outcome| outcome.certificate.as_ref().expect("a certificate").objective;
    assert!((cost(&relative) - cost(&plain)).abs() <= 1e-6 * (1.0 + cost(&plain).abs()));
}

#[test]
fn the_first_sum_must_be_of_everybody() {
    let fleet = random(Kind::Degenerate, 3, 2, 0);
    let options = Options { absence: true, ..Options::default() };
    let mut assets = participants(&fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a coordinator");
    let query = coordination.query().expect("a question");
    let some: Vec<Contribution> = assets[1..].iter_mut().map(|p| p.answer(&query).expect("an answer")).collect();
    let sum = PlainSum.sum(&query, &mut some.into_iter()).expect("a sum");
    assert!(matches!(coordination.absorb(&sum), Err(CoordinationError::Unsupported { .. })));
    assert_eq!(coordination.query().expect("the same question"), query);
}

#[test]
fn a_thin_run_asks_for_one_curvature_a_round() {
    let fleet = random(Kind::Degenerate, 6, 6, 2);
    let options = Options { tolerance: 1e-3, thin: true, ..Options::default() };
    let mut assets = participants(&fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a coordinator");
    let mut seen = 0;
    let outcome = run(&mut *coordination, &mut assets, &mut PlainSum, &mut |query, _| {
        let guide = query.ask.guide().expect("a thin query is guided");
        assert!(query.round == 1 || query.round > 12 || guide.curvature.len() == 1, "round {}", query.round);
        seen += 1;
        ControlFlow::Continue(())
    });
    assert!(seen > 1);
    assert_eq!(outcome.expect("a run").status, Status::Optimal);
}

#[test]
fn an_earlier_plan_saves_rounds() {
    let fleet = random(Kind::Degenerate, 6, 5, 5);
    let options = Options { tolerance: 1e-4, ..Options::default() };
    let mut assets = participants(&fleet);
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), assets.len(), &options).expect("a coordinator");
    let mut path = Path::default();
    let cold = run(&mut *coordination, &mut assets, &mut PlainSum, &mut |query, _| {
        path.hear(query);
        ControlFlow::Continue(())
    })
    .expect("a run");
    let mut again: Vec<Participant> =
        fleet.assets().iter().zip(&assets).map(|(a, old)| Participant::warm_from(a, old).expect("convex")).collect();
    let options = Options { warm: Some(path.warm(&cold.prices)), ..options };
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), again.len(), &options).expect("a coordinator");
    let warm =
        run(&mut *coordination, &mut again, &mut PlainSum, &mut |_, _| ControlFlow::Continue(())).expect("a run");
    assert_eq!(warm.status, Status::Optimal);
    assert!(warm.rounds < cold.rounds, "{} rounds after {}", warm.rounds, cold.rounds);
}
