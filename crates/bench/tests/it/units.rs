//! Fleets in other units, of which one was once claimed beyond what was proven.

use cosmosmesh_bench::central;
use cosmosmesh_bench::family::{Family, Recipe, Units, generate, rescaled};
use cosmosmesh_bench::judge::{TOLERANCE_REFERENCE, judge};
use cosmosmesh_bench::trial::{Course, Trial};
use cosmosmesh_solver_core::Method;

/// `degenerate-10-24-50-rescaled-0` was claimed to 1e-6 while a judge that solved the rescaled problem found a gap of 1e-4.
/// The judge was wrong: in these units Clarabel's own optimum is off. The optimum from before rescaling is the reference.
#[test]
fn fleets_in_other_units_are_claimed_rightly_and_soon() {
    for (seed, units) in [
        (50, Units { decades: 3.0, cost: 1.0 }),
        (56, Units { decades: 3.0, cost: 1.0 }),
        (52, Units { decades: 0.0, cost: 1e-3 }),
        (53, Units { decades: 0.0, cost: 1e3 }),
        (54, Units { decades: 2.0, cost: 100.0 }),
    ] {
        let plain = generate(Recipe { family: Family::Degenerate, assets: 10, rows: 24, seed }).unwrap();
        let mut reference = central::solve(&plain, TOLERANCE_REFERENCE);
        reference.objective *= units.cost;
        let fleet = rescaled(&plain, units, seed - 50).unwrap();
        let trial = Trial::run(&fleet, &Course::new(Method::Menu, 1e-6));
        let verdict = judge(&fleet, &reference, &trial.claim(), 1e-6);
        assert!(verdict.ok, "{}: {:?}", fleet.name(), verdict.reasons);
        assert!(trial.rounds <= 20, "{}: {} rounds", fleet.name(), trial.rounds);
    }
}
