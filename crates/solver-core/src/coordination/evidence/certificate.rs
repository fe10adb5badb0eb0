use cosmosmesh_contracts::plan::{Certificate, Outcome, PlanKind, Status};

use super::{Evidence, Mixed};
use crate::coordination::mixing;

/// What may be claimed of the plans seen.
///
/// # Source
/// docs/math/federated-solver.md#certificate.
impl Evidence {
    /// Relative violations up to this are rounding: an equality row cannot be met more exactly in double precision.
    pub(crate) const SAFE: f64 = 1e-9;

    /// The plan to use now: the safe one if it is proven to the tolerance, else the one with the best certificate if that is, else the safe one.
    pub(super) fn answer(&self) -> Option<(&Mixed, Option<PlanKind>)> {
        let proven = |plan: &&Mixed| self.error_of(plan) <= self.tolerance;
        if let Some(safe) = self.safe.as_ref().filter(proven) {
            return Some((safe, Some(PlanKind::Optimal)));
        }
        if let Some(best) = self.best.as_ref().filter(|best| !self.strict && proven(best)) {
            return Some((best, Some(PlanKind::Optimal)));
        }
        match (&self.safe, &self.best) {
            (Some(safe), _) => Some((safe, Some(PlanKind::Safe))),
            (None, Some(best)) => Some((best, None)),
            (None, None) => None,
        }
    }

    /// The least error of any plan so far; infinite before there is one.
    pub(crate) fn error(&self) -> f64 {
        let known = [&self.best, &self.safe].into_iter().flatten();
        known.map(|plan| self.error_of(plan)).fold(f64::INFINITY, f64::min)
    }

    /// The least barrier worth asking for with so many private inequalities: the complementarity it leaves is far below the tolerance.
    pub(crate) fn barrier_least(&self, sides: f64) -> f64 {
        let scale = self.cost_scale();
        // What the barrier leaves beyond the limit of a closed row must pass for rounding.
        let finer = if self.strict && self.safe.is_none() && self.closed.any() { 1e-3 } else { 1.0 };
        (0.02 * finer * self.tolerance * scale / sides).max(1e-14 * scale)
    }

    /// The largest of a plan's violation, in all and row by row, its certified gap of either sign, and what its violation is worth.
    ///
    /// A plan that violates rows by `v` may cost `p'v` less than any that does not: `f(x) >= D(p) - p'v`.
    pub(crate) fn error_of(&self, plan: &Mixed) -> f64 {
        let gain = self.gain(&plan.usage, &plan.blur) / (1.0 + self.dual_bound.abs());
        let rows = mixing::row_violation(&self.bounds, &self.row_scale, &plan.usage, &plan.blur);
        plan.violation.max(rows).max(self.gap(plan.cost).abs()).max(if gain.is_finite() { gain } else { 0.0 })
    }

    /// `p'v` of a use: what its violations could save.
    pub(super) fn gain(&self, usage: &[f64], blur: &[f64]) -> f64 {
        let (lower, upper) = (self.bounds.lower(), self.bounds.upper());
        let over = |k: usize| ((usage[k] - upper[k]).max(lower[k] - usage[k]) + blur[k]).max(0.0);
        self.prices.iter().enumerate().map(|(k, p)| p.abs() * over(k)).sum()
    }

    pub(super) fn gap(&self, cost: f64) -> f64 {
        if self.dual_bound.is_finite() {
            (cost - self.dual_bound) / (1.0 + self.dual_bound.abs())
        } else {
            f64::INFINITY
        }
    }

    /// The largest `p'v` over `lower <= v <= upper`; infinite if a price leans on an open side.
    pub(super) fn support(&self, prices: &[f64]) -> f64 {
        let (lower, upper) = (self.bounds.lower(), self.bounds.upper());
        prices
            .iter()
            .enumerate()
            .map(|(k, &p)| {
                if p > 0.0 {
                    p * upper[k]
                } else if p < 0.0 {
                    p * lower[k]
                } else {
                    0.0
                }
            })
            .sum()
    }

    /// The worst violation of a row, relative to `1 +` the largest limit, wherever within `blur` the use really is.
    pub(super) fn violation(&self, usage: &[f64], blur: &[f64]) -> f64 {
        let farther: Vec<f64> = (0..usage.len())
            .map(|k| {
                let above = usage[k] - self.bounds.upper()[k] >= self.bounds.lower()[k] - usage[k];
                usage[k] + if above { blur[k] } else { -blur[k] }
            })
            .collect();
        self.bounds.violation(&farther)
    }

    /// The least cost of any aggregated plan of the last round, as a scale.
    pub(crate) fn cost_scale(&self) -> f64 {
        if self.dual_bound.is_finite() {
            1.0 + self.dual_bound.abs()
        } else {
            1.0 + self.columns.iter().map(|c| c.cost.abs()).fold(f64::INFINITY, f64::min).min(1e300)
        }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        let answer = if self.status == Status::Infeasible { None } else { self.answer() };
        Outcome {
            status: self.status,
            rounds: self.rounds,
            mix: answer.map(|(plan, _)| plan.mix.clone()),
            plan: answer.and_then(|(_, kind)| kind),
            certificate: answer.map(|(plan, _)| Certificate {
                objective: plan.cost,
                dual_bound: self.dual_bound,
                gap_relative: self.gap(plan.cost),
                coupling_violation: plan.violation,
            }),
            prices: self.prices.clone(),
            conflict: self.conflict.clone(),
            locally_infeasible: self.locally_infeasible,
            safe_round: self.safe_round,
            safe_round_one_percent: self.safe_round_one_percent,
        }
    }
}

#[cfg(test)]
mod tests {
    use cosmosmesh_contracts::problem::Bounds;
    use cosmosmesh_contracts::round::ColumnKey;

    use super::*;
    use crate::coordination::Options;

    /// A row of small figures beside one of large ones: a violation is judged by the row's own scale as well.
    #[test]
    fn a_small_row_is_judged_by_its_own_scale() {
        let bounds = Bounds::new(vec![f64::NEG_INFINITY; 2], vec![1e6, 1e-3]).expect("limits");
        let mut evidence = Evidence::new(bounds, &Options::default());
        evidence.dual_bound = -1.0;
        let plan = |usage: [f64; 2]| {
            let candidate = mixing::Candidate {
                usage: usage.to_vec(),
                cost: -1.0,
                boxed: 0.0,
                blur: vec![0.0; 2],
                mix: vec![(ColumnKey { round: 1, slot: 0 }, 1.0)],
            };
            evidence.mixed(&[candidate], &[1.0])
        };
        assert_eq!(evidence.error_of(&plan([9e5, 9e-4])), 0.0);
        // Four tenths of the small limit, and next to nothing of the large one.
        let broken = plan([9e5, 1.4e-3]);
        assert!(broken.violation < 1e-8);
        assert!((evidence.error_of(&broken) - 0.4).abs() < 1e-9, "{}", evidence.error_of(&broken));
    }

    /// A plan that costs less than the bound is in error by as much, and so is one whose violation saves more than it measures.
    #[test]
    fn a_plan_below_the_bound_is_in_error_by_what_it_saves() {
        let bounds = Bounds::new(vec![f64::NEG_INFINITY], vec![1.0]).expect("limits");
        let mut evidence = Evidence::new(bounds, &Options::default());
        evidence.dual_bound = -1.0;
        evidence.prices = vec![100.0];
        let error = |usage: f64, cost: f64| {
            let candidate = mixing::Candidate {
                usage: vec![usage],
                cost,
                boxed: 0.0,
                blur: vec![0.0],
                mix: vec![(ColumnKey { round: 1, slot: 0 }, 1.0)],
            };
            evidence.error_of(&evidence.mixed(&[candidate], &[1.0]))
        };
        assert_eq!(error(1.0, -1.0), 0.0);
        // Cheaper by 1, relative to one and the bound.
        assert!((error(1.0, -2.0) - 0.5).abs() < 1e-12);
        // A hundredth too much at a price of 100 may save 1, which is far more than the violation itself.
        assert!((error(1.01, -1.0) - 0.5).abs() < 1e-9, "{}", error(1.01, -1.0));
    }
}
