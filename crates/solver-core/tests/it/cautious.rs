//! Planning by sums that carry noise: what is called safe is safe, and what leaves no room is refused.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::ops::ControlFlow;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::plan::{Outcome, PlanKind, Status};
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};
use cosmosmesh_contracts::round::{Contribution, FieldKind, ReportLayout, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Sum, SumError};
use cosmosmesh_solver_core::coordination::{Caution, Cautious};
use cosmosmesh_solver_core::{Participant, PlainSum, run};

/// Only the use is summed, and the sum is wrong by up to `radius`, in a pattern that changes with round and row.
struct Wrong {
    radius: f64,
}

impl Sum for Wrong {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let place = layout.range(FieldKind::Use, 0).unwrap();
        let mut error = self.radius;
        let disturbed: Vec<Contribution> = contributions
            .map(|contribution| {
                let mut values = vec![0.0; layout.len()];
                values[0] = 1.0;
                for (k, at) in place.clone().enumerate() {
                    let wave = (f64::from(query.round) * 7.3 + k as f64 * 2.1).sin();
                    values[at] = contribution.values()[at] + error * wave;
                }
                // The first asset carries the error of all.
                error = 0.0;
                Contribution::new(&layout, values).unwrap()
            })
            .collect();
        PlainSum.sum(query, &mut disturbed.into_iter())
    }
}

/// `count` assets that each want `wanted` of two shared rows, at a cost of half the square of what is missing.
fn fleet(count: usize, lower: f64, upper: f64) -> FleetProblem {
    let assets = (0..count).map(|k| {
        let wanted = 1.0 + 0.5 * (k % 3) as f64;
        let local = LocalProblem::new(
            Variables { names: vec!["a".into(), "b".into()], bounds: Bounds::new(vec![0.0; 2], vec![3.0; 2]).unwrap() },
            Objective {
                p: SparseMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, 1.0)]).unwrap(),
                q: vec![-wanted; 2],
                c: wanted * wanted,
            },
            Rows {
                names: vec![],
                matrix: SparseMatrix::from_triplets(0, 2, &[]).unwrap(),
                bounds: Bounds::new(vec![], vec![]).unwrap(),
            },
        );
        let coupling = SparseMatrix::from_triplets(2, 2, &[(0, 0, 1.0), (1, 1, 2.0)]).unwrap();
        AssetProblem::new(AssetId::new(format!("asset-{k}")).unwrap(), local.unwrap(), coupling, vec![]).unwrap()
    });
    let coupling = Coupling {
        names: vec!["bus".into(), "heat".into()],
        bounds: Bounds::new(vec![lower; 2], vec![upper; 2]).unwrap(),
    };
    FleetProblem::new("two rows", coupling, assets.collect()).unwrap()
}

fn caution(rounds: u32, radius: f64) -> Caution {
    Caution { rounds, scale: vec![0.25, 0.125], means: vec![(1, radius), (4, radius)], cost_scale: 1.0, prices: None }
}

fn plan(fleet: &FleetProblem, caution: Caution, radius: f64) -> (Outcome, Vec<f64>, f64) {
    let mut participants: Vec<_> = fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
    let mut method = Cautious::new(fleet.coupling(), fleet.assets().len(), caution).unwrap();
    let outcome =
        run(&mut method, &mut participants, &mut Wrong { radius }, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let plans: Vec<Vec<f64>> = match &outcome.mix {
        Some(mix) => participants.iter().map(|participant| participant.plan(mix).unwrap().x).collect(),
        None => fleet.assets().iter().map(|asset| vec![0.0; asset.local.variable_count()]).collect(),
    };
    (outcome, fleet.coupling_values(&plans), fleet.objective(&plans))
}

/// Sums that are wrong by no more than was said: the plan meets every row, and costs little more than it must.
#[test]
fn qp_inequality_what_is_called_safe_is_safe() {
    let fleet = fleet(60, f64::NEG_INFINITY, 60.0);
    // By hand: `a` gives up a third of 90, evenly; `b` may be 30 of 90, at twice the use, so two assets in three fall short by more than one.
    let (_, _, exact) = plan(&fleet, caution(60, 1e-9), 0.0);
    for radius in [0.05, 0.3, 1.0] {
        let (outcome, usage, cost) = plan(&fleet, caution(30, radius), radius);
        assert_eq!((outcome.status, outcome.plan), (Status::RoundLimit, Some(PlanKind::Safe)), "radius {radius}");
        assert!(usage.iter().all(|used| *used <= 60.0), "radius {radius}: {usage:?}");
        assert!(outcome.certificate.is_none() && outcome.safe_round.is_some() && outcome.rounds == 30);
        assert!(cost <= exact + 4.0 * radius * 8.0, "radius {radius}: {cost} against {exact}");
        assert!(outcome.prices.iter().all(|price| *price > 0.0), "{:?}", outcome.prices);
    }
}

#[test]
fn qp_inequality_between_two_limits() {
    let fleet = fleet(60, 55.0, 60.0);
    let (outcome, usage, _) = plan(&fleet, caution(30, 0.2), 0.2);
    assert_eq!(outcome.plan, Some(PlanKind::Safe));
    assert!(usage.iter().all(|used| (55.0..=60.0).contains(used)), "{usage:?}");
}

/// The twin that has no plan: nobody can use so little, and nothing is called safe.
#[test]
fn qp_infeasible_is_never_called_safe() {
    let fleet = fleet(60, f64::NEG_INFINITY, -10.0);
    let (outcome, _, _) = plan(&fleet, caution(20, 0.2), 0.2);
    assert_eq!((outcome.status, outcome.plan, outcome.mix), (Status::RoundLimit, None, None));
}

#[test]
fn rows_narrower_than_the_noise_and_equalities_are_refused_by_name() {
    for lower in [60.0, 59.0] {
        let fleet = fleet(60, lower, 60.0);
        let refused = Cautious::new(fleet.coupling(), 60, caution(10, 0.2)).err().unwrap().to_string();
        assert!(refused.contains("`bus`") && refused.contains("epsilon"), "{refused}");
    }
    let fleet = fleet(3, 0.0, 60.0);
    let short = Caution { scale: vec![1.0], ..caution(10, 0.2) };
    assert!(matches!(Cautious::new(fleet.coupling(), 3, short), Err(CoordinationError::Unsupported { .. })));
    let none = Caution { means: vec![], ..caution(10, 0.2) };
    assert!(matches!(Cautious::new(fleet.coupling(), 3, none), Err(CoordinationError::Unsupported { .. })));
}

/// Prices of an earlier plan save rounds.
#[test]
fn prices_to_start_from_are_kept() {
    let fleet = fleet(60, f64::NEG_INFINITY, 60.0);
    let (cold, ..) = plan(&fleet, caution(30, 0.05), 0.05);
    let warm = Caution { prices: Some(cold.prices.clone()), ..caution(30, 0.05) };
    let (warm, usage, _) = plan(&fleet, warm, 0.05);
    assert!(warm.safe_round <= cold.safe_round, "{:?} {:?}", warm.safe_round, cold.safe_round);
    assert!(usage.iter().all(|used| *used <= 60.0), "{usage:?}");
}

#[test]
fn the_order_of_the_protocol_is_kept() {
    let fleet = fleet(3, f64::NEG_INFINITY, 60.0);
    let mut method = Cautious::new(fleet.coupling(), 3, caution(2, 0.1)).unwrap();
    let query = method.query().unwrap();
    assert_eq!(method.query().unwrap(), query, "asking twice gives the same question");
    let mut participants: Vec<_> = fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
    let sum = PlainSum.sum(&query, &mut participants.iter_mut().map(|p| p.answer(&query).unwrap())).unwrap();
    method.absorb(&sum).unwrap();
    assert_eq!(method.absorb(&sum), Err(CoordinationError::NothingAsked));
}

/// Sums that tell the truth in the first rounds and far too much use afterwards.
struct Alarming {
    honest: u32,
}

impl Sum for Alarming {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let sum = Wrong { radius: 0.0 }.sum(query, contributions)?;
        if query.round <= self.honest {
            return Ok(sum);
        }
        let mut values = sum.values().to_vec();
        for at in ReportLayout::of(query)?.range(FieldKind::Use, 0).unwrap() {
            values[at] = 1e3;
        }
        Ok(sum.with_values(values).unwrap())
    }
}

/// A safe plan found early is the plan if no later one is safe, however many rounds follow: every asset still has its part.
#[test]
fn an_early_safe_plan_is_kept_to_the_end() {
    let fleet = fleet(60, f64::NEG_INFINITY, 60.0);
    let mut participants: Vec<_> = fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
    let mut method = Cautious::new(fleet.coupling(), fleet.assets().len(), caution(40, 0.3)).unwrap();
    let mut sum = Alarming { honest: 16 };
    let outcome = run(&mut method, &mut participants, &mut sum, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let mix = outcome.mix.unwrap();
    assert!(outcome.rounds == 40 && mix.weights.iter().all(|(key, _)| key.round <= 16), "{mix:?}");
    let plans: Vec<Vec<f64>> = participants.iter().map(|participant| participant.plan(&mix).unwrap().x).collect();
    let usage = fleet.coupling_values(&plans);
    assert!(usage.iter().all(|used| *used <= 60.0), "{usage:?}");
}
