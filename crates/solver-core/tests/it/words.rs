//! Sums in coded ranges: as good as sums in the open, and a proof however coarse.

use std::ops::ControlFlow;

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::{
    Contribution, FieldKind, Quantiser, Ranges, ReportLayout, RoundQuery, SummedReport, WordWidth,
};
use cosmosmesh_contracts::traits::{RangeRule, Sum, SumError};
use cosmosmesh_solver_core::{FixedPointSum, Method, Options, Participant, PlainSum, Ranging, coordinator, run};

use crate::fleets::{Kind, random};
use crate::oracle::{self, Verdict};

/// Runs a fleet, and holds every claim of every round against the oracle.
fn check(fleet: &FleetProblem, method: Method, options: &Options, sum: &mut dyn Sum) -> Outcome {
    let name = format!("{} by {method}", fleet.name());
    let Verdict::Optimal { objective: optimum } = oracle::fleet(fleet) else { panic!("{name}: the oracle solves it") };
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
    let mut coordination = coordinator(method, fleet.coupling(), participants.len(), options).expect("a coordinator");
    // The oracle's own accuracy.
    let slack = 1e-8 * (1.0 + optimum.abs());
    let outcome = run(&mut *coordination, &mut participants, sum, &mut |_, outcome| {
        if let Some(certificate) = &outcome.certificate {
            assert!(certificate.dual_bound <= optimum + slack, "{name}: {} above {optimum}", certificate.dual_bound);
        }
        ControlFlow::Continue(())
    });
    let outcome = outcome.expect("a run");
    if let (Some(mix), Some(certificate)) = (&outcome.mix, &outcome.certificate) {
        let x: Vec<Vec<f64>> = participants.iter().map(|p| p.plan(mix).expect("kept").x).collect();
        let cost = fleet.objective(&x);
        assert!(cost <= certificate.objective + slack, "{name}: costs {cost}, not {}", certificate.objective);
        let violation = fleet.coupling().bounds.violation(&fleet.coupling_values(&x));
        let claimed = certificate.coupling_violation;
        assert!(violation <= claimed + 1e-12, "{name}: violates by {violation:e}, claimed is {claimed:e}");
    }
    outcome
}

#[test]
fn words_add_up() {
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        conformance::sum(&mut FixedPointSum::new(width, 100), 1e-12);
    }
}

#[test]
fn words_cost_no_rounds() {
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Equality, Kind::TwoSided] {
        for (assets, rows, seed) in [(3, 4, 1), (12, 6, 3)] {
            let fleet = random(kind, assets, rows, seed);
            for (method, tolerance) in [(Method::Menu, 1e-6), (Method::Admm, 1e-3)] {
                let options = Options { tolerance, ..Options::default() };
                let plain = check(&fleet, method, &options, &mut PlainSum);
                for width in [WordWidth::Bits48, WordWidth::Bits64] {
                    let mut sum = FixedPointSum::new(width, assets as u32);
                    let coded = check(&fleet, method, &options, &mut sum);
                    assert_eq!(coded.status, Status::Optimal, "{kind:?} {assets} {method} {width:?}");
                    let apart = coded.rounds.abs_diff(plain.rounds);
                    assert!(apart <= 1, "{kind:?} {assets} {method} {width:?}: {} and {}", plain.rounds, coded.rounds);
                    assert_eq!(sum.fields_clipped(), 0, "{kind:?} {assets} {method} {width:?}");
                }
            }
        }
    }
}

#[test]
fn differences_are_coded_as_well() {
    let options = Options { absence: true, ..Options::default() };
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        let fleet = random(Kind::Degenerate, 12, 6, 3);
        let outcome = check(&fleet, Method::Menu, &options, &mut FixedPointSum::new(width, 12));
        assert_eq!(outcome.status, Status::Optimal, "{width:?}: {outcome:?}");
    }
}

/// A sum whose ranges somebody has tampered with.
struct Tampered<F> {
    ranging: Ranging,
    tamper: F,
    unsound: u32,
}

impl<F: FnMut(&RoundQuery, &ReportLayout, &mut Ranges)> Tampered<F> {
    fn new(tamper: F) -> Self {
        Self { ranging: Ranging::new(WordWidth::Bits64, 100), tamper, unsound: 0 }
    }
}

impl<F: FnMut(&RoundQuery, &ReportLayout, &mut Ranges)> Sum for Tampered<F> {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let mut ranges = self.ranging.ranges(query, &layout);
        (self.tamper)(query, &layout, &mut ranges);
        let quantiser = Quantiser::new(layout, ranges)?;
        let mut total = vec![0; quantiser.word_count()];
        for contribution in contributions {
            quantiser.add(&mut total, &quantiser.quantise(&contribution)?);
        }
        let summed = quantiser.restore(&total)?;
        self.unsound +=
            summed.layout().fields().iter().map(|f| u32::from(!summed.is_sound(f.kind, f.point))).sum::<u32>();
        self.ranging.hear(query, &summed);
        Ok(summed)
    }
}

#[test]
fn coarse_sums_prove_less_and_nothing_false() {
    for kind in [Kind::Strong, Kind::Degenerate, Kind::Equality, Kind::TwoSided] {
        let fleet = random(kind, 5, 8, 2);
        for exponent in [-24, -14, -8] {
            let mut sum = Tampered::new(|_: &RoundQuery, layout: &ReportLayout, ranges: &mut Ranges| {
                for (range, field) in ranges.fields.iter_mut().zip(layout.fields()) {
                    if !field.kind.is_count() {
                        range.exponent = exponent;
                    }
                }
            });
            let options = Options { tolerance: 1e-6, rounds_max: Some(12), ..Options::default() };
            let outcome = check(&fleet, Method::Menu, &options, &mut sum);
            assert_ne!(outcome.status, Status::Infeasible, "{kind:?} {exponent}");
        }
    }
}

#[test]
fn what_was_clipped_is_dropped() {
    let fleet = random(Kind::Strong, 5, 8, 2);
    let options = Options::default();
    let plain = check(&fleet, Method::Menu, &options, &mut PlainSum);
    let clip = |kinds: &'static [FieldKind], points: core::ops::Range<u16>, rounds: core::ops::Range<u32>| {
        Tampered::new(move |query: &RoundQuery, layout: &ReportLayout, ranges: &mut Ranges| {
            for (range, field) in ranges.fields.iter_mut().zip(layout.fields()) {
                if rounds.contains(&query.round) && points.contains(&field.point) && kinds.contains(&field.kind) {
                    range.exponent = -200;
                }
            }
        })
    };
    let all = [FieldKind::Use, FieldKind::Response, FieldKind::Bound];
    for (kinds, points) in [(&all[..1], 0..3), (&all[1..2], 0..8), (&all[2..], 0..3)] {
        let kinds: &'static [FieldKind] = Box::leak(kinds.to_vec().into_boxed_slice());
        let mut sum = clip(kinds, points, 3..5);
        let outcome = check(&fleet, Method::Menu, &options, &mut sum);
        assert!(sum.unsound > 0, "{kinds:?}: somebody clipped");
        assert_eq!(outcome.status, Status::Optimal, "{kinds:?}: {outcome:?}");
        assert!(outcome.rounds <= plain.rounds + 3, "{kinds:?}: {} rounds, {} without", outcome.rounds, plain.rounds);
    }
}

#[test]
fn the_rule_of_ranges_conforms() {
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        cosmosmesh_contracts::conformance::range_rule(|| Ranging::new(width, 4));
    }
}
