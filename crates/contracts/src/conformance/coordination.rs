use super::fleet_cases::{FleetCase, FleetExpected, fleet_cases};
use super::sum::CompensatedSum;
use crate::plan::{Outcome, Plan, PlanKind, Status};
use crate::problem::{Coupling, FleetProblem};
use crate::round::{Contribution, Mix, ReportLayout, RoundQuery, SummedReport};
use crate::traits::{Coordination, CoordinationError, Step, Sum};

/// The assets of one fleet, as the caller builds them.
pub trait FleetAssets {
    /// What each of them answers, in their order.
    fn answer(&mut self, query: &RoundQuery) -> Vec<Contribution>;

    /// What each of them makes of a mix, in their order.
    fn plan(&self, mix: &Mix) -> Vec<Plan>;
}

/// No method needs so many rounds for the suite's fleets.
const ROUNDS_MAX: u32 = 10_000;

/// What rounding may do to a figure that is computed twice.
const ROUNDING: f64 = 1e-8;

/// What every [`Coordination`] must do; panics with the name of the fleet where one does not.
///
/// `coordinator` builds one for the shared rows and the number of assets, asked for `tolerance`; `assets` builds the other side.
/// Every claim of every round is recomputed from the assets' plans and held against the optimum that follows by hand.
pub fn coordination(
    coordinator: &mut dyn FnMut(&Coupling, usize) -> Box<dyn Coordination>,
    assets: &mut dyn FnMut(&FleetProblem) -> Box<dyn FleetAssets>,
    tolerance: f64,
) {
    for case in fleet_cases() {
        coordination_on(&case, coordinator, assets, tolerance);
    }
}

/// The same for one fleet.
pub fn coordination_on(
    case: &FleetCase,
    coordinator: &mut dyn FnMut(&Coupling, usize) -> Box<dyn Coordination>,
    assets: &mut dyn FnMut(&FleetProblem) -> Box<dyn FleetAssets>,
    tolerance: f64,
) {
    let mut build = || coordinator(case.fleet.coupling(), case.fleet.assets().len());
    let run = Run { case, tolerance };
    let outcome = run.to_the_end(&mut *build(), &mut *assets(&case.fleet));
    run.judge_end(&outcome);
    let again = run.to_the_end(&mut *build(), &mut *assets(&case.fleet));
    assert_eq!(outcome, again, "{}: the same fleet gives the same outcome", case.name);
    keeps_the_order(case.name, &mut *build(), &mut *assets(&case.fleet));
}

struct Run<'a> {
    case: &'a FleetCase,
    tolerance: f64,
}

impl Run<'_> {
    fn to_the_end(&self, coordinator: &mut dyn Coordination, assets: &mut dyn FleetAssets) -> Outcome {
        let name = self.case.name;
        for round in 1..=ROUNDS_MAX {
            let query =
                coordinator.query().unwrap_or_else(|error| panic!("{name}: round {round} is not asked: {error}"));
            assert_eq!(query.round, round, "{name}: rounds count from 1 without a gap");
            self.judge_query(&query);
            let sum = CompensatedSum.sum(&query, &mut assets.answer(&query).into_iter());
            let sum = sum.unwrap_or_else(|error| panic!("{name}: round {round} has no sum: {error}"));
            let step = coordinator.absorb(&sum).unwrap_or_else(|error| panic!("{name}: round {round}: {error}"));
            let outcome = coordinator.outcome();
            assert_eq!(outcome.rounds, round, "{name}: every sum is a round");
            self.judge_claims(&outcome, assets);
            if step == Step::Done {
                let refused = coordinator.query();
                assert_eq!(refused, Err(CoordinationError::Finished), "{name}: nothing is asked after the last step");
                assert!(coordinator.absorb(&sum).is_err(), "{name}: nothing is absorbed after the last step");
                assert_eq!(coordinator.outcome(), outcome, "{name}: the outcome is final");
                return outcome;
            }
            assert_eq!(outcome.status, Status::RoundLimit, "{name}: an unfinished run has reached no verdict");
        }
        panic!("{name}: no end in {ROUNDS_MAX} rounds");
    }

    fn judge_query(&self, query: &RoundQuery) {
        let FleetCase { name, fleet, .. } = self.case;
        assert_eq!(query.row_count as usize, fleet.row_count(), "{name}: the query is for this fleet");
        if let Err(error) = query.check() {
            panic!("{name}: round {}: the query would be refused by its receiver: {error}", query.round);
        }
        #[cfg(feature = "wire")]
        assert_eq!(
            crate::wire::decode(&crate::wire::encode(query), usize::MAX).as_ref(),
            Ok(query),
            "{name}: over the wire"
        );
    }

    /// What the outcome says is so, at any round.
    fn judge_claims(&self, outcome: &Outcome, assets: &dyn FleetAssets) {
        let FleetCase { name, fleet, expected } = self.case;
        let place = format!("{name}, round {}", outcome.rounds);
        assert!(outcome.prices.iter().all(|p| p.is_finite()), "{place}: prices are finite");
        if let (Some(certificate), FleetExpected::Optimal(optimum)) = (&outcome.certificate, expected) {
            let bound = certificate.dual_bound;
            assert!(
                bound <= optimum + ROUNDING * (1.0 + optimum.abs()),
                "{place}: {bound} is no lower bound of {optimum}"
            );
        }
        let Some(mix) = &outcome.mix else {
            assert_eq!(outcome.plan, None, "{place}: a plan is proven or safe only if there is one");
            return;
        };
        let x: Vec<Vec<f64>> = assets.plan(mix).into_iter().map(|plan| plan.x).collect();
        for (asset, x) in fleet.assets().iter().zip(&x) {
            let violation = asset.local.violation(x);
            assert!(violation <= 1e-6, "{place}: {} breaks its own rows by {violation:e}", asset.id);
        }
        let certificate = outcome.certificate.as_ref().unwrap_or_else(|| panic!("{place}: a plan comes with figures"));
        let (cost, claimed) = (fleet.objective(&x), certificate.objective);
        assert!(
            claimed >= cost - ROUNDING * (1.0 + cost.abs()),
            "{place}: the plan costs {cost}, claimed is {claimed}"
        );
        let violation = fleet.coupling().bounds.violation(&fleet.coupling_values(&x));
        let claimed = certificate.coupling_violation;
        assert!(claimed >= violation - ROUNDING, "{place}: the plan violates by {violation:e}, claimed is {claimed:e}");
        if outcome.plan.is_some() {
            assert!(violation <= self.tolerance, "{place}: a safe plan violates a fleet row by {violation:e}");
        }
        if certificate.dual_bound.is_finite() {
            let gap = (certificate.objective - certificate.dual_bound) / (1.0 + certificate.dual_bound.abs());
            let claimed = certificate.gap_relative;
            assert!(
                (gap - claimed).abs() <= ROUNDING * (1.0 + gap.abs()),
                "{place}: the gap is {gap:e}, claimed is {claimed:e}"
            );
        }
    }

    fn judge_end(&self, outcome: &Outcome) {
        let FleetCase { name, fleet, expected } = self.case;
        let status = match expected {
            FleetExpected::Optimal(_) => Status::Optimal,
            FleetExpected::Infeasible | FleetExpected::LocallyInfeasible(_) => Status::Infeasible,
            FleetExpected::Unbounded => Status::Unbounded,
        };
        assert_eq!(outcome.status, status, "{name}: {outcome:?}");
        match expected {
            FleetExpected::Optimal(optimum) => {
                assert_eq!(outcome.plan, Some(PlanKind::Optimal), "{name}: an optimum is a proven plan");
                let certificate =
                    outcome.certificate.as_ref().unwrap_or_else(|| panic!("{name}: an optimum is certified"));
                assert!(certificate.gap_relative <= self.tolerance, "{name}: {certificate:?}");
                let gap = (certificate.objective - optimum).abs() / (1.0 + optimum.abs());
                assert!(gap <= 2.0 * self.tolerance, "{name}: cost {}, by hand it is {optimum}", certificate.objective);
                assert_eq!(outcome.prices.len(), fleet.row_count(), "{name}: one price per fleet row");
                // A plan may be proven while it still violates rows within the tolerance; one that violates none was safe.
                assert!(
                    outcome.safe_round.is_some_and(|round| round <= outcome.rounds)
                        || certificate.coupling_violation > 0.0,
                    "{name}: a plan without violation is a safe one"
                );
            }
            FleetExpected::Infeasible => {
                assert_eq!(outcome.plan, None, "{name}: no plan meets the rows");
                let margin = conflict_margin(fleet, &outcome.conflict);
                assert!(margin > 0.0, "{name}: the conflict {:?} proves nothing, margin {margin:e}", outcome.conflict);
            }
            FleetExpected::LocallyInfeasible(count) => {
                assert_eq!(outcome.locally_infeasible, *count, "{name}: assets that fail on their own are counted");
            }
            FleetExpected::Unbounded => {}
        }
    }
}

/// By how much the weighted rows stay above their limit whatever the assets, whose sets are boxes, choose; relative.
fn conflict_margin(fleet: &FleetProblem, weights: &[f64]) -> f64 {
    let bounds = &fleet.coupling().bounds;
    let size = weights.iter().fold(0.0, |worst, w| f64::max(worst, w.abs()));
    if weights.len() != bounds.len() || size == 0.0 || !size.is_finite() {
        return f64::NEG_INFINITY;
    }
    let weights: Vec<f64> = weights.iter().map(|w| w / size).collect();
    let mut limit = 0.0;
    for (k, &w) in weights.iter().enumerate() {
        let side = if w > 0.0 { bounds.upper()[k] } else { bounds.lower()[k] };
        if w != 0.0 {
            limit += w * side;
        }
    }
    let mut least = 0.0;
    for asset in fleet.assets() {
        let mut cost = vec![0.0; asset.local.variable_count()];
        asset.coupling.transpose_multiply_add(&weights, &mut cost);
        let limits = &asset.local.variables().bounds;
        for (j, c) in cost.into_iter().enumerate().filter(|(_, c)| *c != 0.0) {
            least += c * if c > 0.0 { limits.lower()[j] } else { limits.upper()[j] };
        }
    }
    // A weight on an open side makes the limit infinite, and the margin with it no proof.
    let margin = (least - limit) / (1.0 + limit.abs());
    if limit.is_finite() && margin.is_finite() { margin - ROUNDING } else { f64::NEG_INFINITY }
}

/// The order of the protocol, and that a refusal changes nothing.
fn keeps_the_order(name: &str, coordinator: &mut dyn Coordination, assets: &mut dyn FleetAssets) {
    let before = coordinator.outcome();
    assert_eq!(
        (before.status, before.rounds),
        (Status::RoundLimit, 0),
        "{name}: before the first round nothing is known"
    );
    assert_eq!((before.mix.clone(), before.plan, before.safe_round), (None, None, None), "{name}: nor planned");

    for query in super::sum::queries() {
        let refused = coordinator.absorb(&sum_of_another_query(&query));
        assert_eq!(refused, Err(CoordinationError::NothingAsked), "{name}: a sum before the first question");
    }
    assert_eq!(coordinator.outcome(), before, "{name}: what is refused teaches nothing");
    for _ in 0..3 {
        if !one_round(name, coordinator, assets) {
            return;
        }
    }
}

/// One round with a wrong sum before the right one and the right one again after it; false if nothing is asked any more.
fn one_round(name: &str, coordinator: &mut dyn Coordination, assets: &mut dyn FleetAssets) -> bool {
    let Ok(query) = coordinator.query() else { return false };
    assert_eq!(coordinator.query().as_ref(), Ok(&query), "{name}: asking twice gives the same question");
    let known = coordinator.outcome();
    let refused = coordinator.absorb(&sum_of_another_query(&query));
    assert!(matches!(refused, Err(CoordinationError::Report(_))), "{name}: a sum for another query: {refused:?}");
    assert_eq!(coordinator.outcome(), known, "{name}: what is refused teaches nothing");
    assert_eq!(coordinator.query().as_ref(), Ok(&query), "{name}: nor does it change the question");

    let sum = CompensatedSum.sum(&query, &mut assets.answer(&query).into_iter());
    let sum = sum.unwrap_or_else(|error| panic!("{name}: round {} has no sum: {error}", query.round));
    if let Err(error) = coordinator.absorb(&sum) {
        panic!("{name}: round {}: {error}", query.round);
    }
    let known = coordinator.outcome();
    assert!(coordinator.absorb(&sum).is_err(), "{name}: a sum is absorbed once");
    assert_eq!(coordinator.outcome(), known, "{name}: a sum absorbed twice teaches nothing");
    true
}

fn sum_of_another_query(query: &RoundQuery) -> SummedReport {
    let mut other = query.clone();
    other.row_count += 1;
    let layout = ReportLayout::of(&other).expect("one row more is still small");
    let values = vec![1.0; layout.len()];
    SummedReport::opened(layout, values).expect("ones are numbers")
}
