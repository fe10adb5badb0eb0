use cosmosmesh_contracts::plan::{Certificate, Outcome, PlanKind, Status};
use cosmosmesh_contracts::problem::{Bounds, Coupling, ProblemError};

/// The fleet's rows as the coordination sees them: drawn in by a hundredth of the tolerance, so that what it calls good meets the true rows.
///
/// A coordination may stop at a plan that violates its rows by its tolerance; vehicles act on plans, and a limit is a limit.
pub(super) struct Headroom {
    /// By how much each side is drawn in, in the rows' units; zero where the two sides are too near each other.
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// The least of these over all sides that there are.
    least: f64,
    magnitude: f64,
    /// The caller's tolerance.
    tolerance: f64,
}

impl Headroom {
    /// The drawn-in rows for a caller's tolerance, and how to read what is found for them.
    ///
    /// # Errors
    /// [`ProblemError`] never for rows that were checked: no side passes the other.
    pub(super) fn of(coupling: &Coupling, tolerance: f64) -> Result<(Self, Coupling), ProblemError> {
        let (bounds, magnitude) = (&coupling.bounds, 1.0 + coupling.bounds.magnitude());
        let step = inner(tolerance) * magnitude;
        let roomy: Vec<bool> = bounds.lower().iter().zip(bounds.upper()).map(|(l, u)| u - l > 4.0 * step).collect();
        let drawn = |side: &[f64]| -> Vec<f64> {
            let part = |(bound, roomy): (&f64, &bool)| if bound.is_finite() && *roomy { step } else { 0.0 };
            side.iter().zip(&roomy).map(part).collect()
        };
        let (lower, upper) = (drawn(bounds.lower()), drawn(bounds.upper()));
        let sides = bounds.lower().iter().zip(&lower).chain(bounds.upper().iter().zip(&upper));
        let least = sides.filter(|side| side.0.is_finite()).fold(step, |least, side| least.min(*side.1));
        let inside = Bounds::new(
            bounds.lower().iter().zip(&lower).map(|(bound, step)| bound + step).collect(),
            bounds.upper().iter().zip(&upper).map(|(bound, step)| bound - step).collect(),
        )?;
        let magnitude = 1.0 + inside.magnitude();
        let inside = Coupling { names: coupling.names.clone(), bounds: inside };
        Ok((Self { lower, upper, least, magnitude, tolerance }, inside))
    }

    /// The tolerance to give the coordination.
    pub(super) fn inner_tolerance(&self) -> f64 {
        inner(self.tolerance)
    }

    /// What an outcome for the drawn-in rows says about the true ones.
    ///
    /// A plan is called optimal, or kept at all, only if it meets every true row.
    pub(super) fn judge(&self, mut outcome: Outcome) -> Outcome {
        let Some(inside) = &outcome.certificate else { return outcome };
        // Bounds of the drawn-in problem, moved out by what the head-room costs at these prices.
        let steps = self.upper.iter().zip(&self.lower);
        let cost: f64 =
            outcome.prices.iter().zip(steps).map(|(p, (upper, lower))| p.max(0.0) * upper - p.min(0.0) * lower).sum();
        let dual_bound = inside.dual_bound - cost;
        let gap_relative = (inside.objective - dual_bound) / (1.0 + dual_bound.abs());
        let beyond = (inside.coupling_violation - self.least / self.magnitude).max(0.0);
        let coupling_violation = if beyond <= ROUNDING { 0.0 } else { beyond };
        outcome.certificate =
            Some(Certificate { objective: inside.objective, dual_bound, gap_relative, coupling_violation });

        let safe = outcome.mix.is_some() && coupling_violation <= ROUNDING;
        let proven = safe && gap_relative <= self.tolerance;
        match outcome.status {
            Status::RoundLimit | Status::Optimal if proven => {
                outcome.status = Status::Optimal;
                outcome.plan = Some(PlanKind::Optimal);
            }
            Status::RoundLimit | Status::Optimal => {
                outcome.status = Status::RoundLimit;
                outcome.plan = safe.then_some(PlanKind::Safe);
            }
            _ => outcome.plan = outcome.plan.filter(|_| safe),
        }
        outcome
    }
}

fn inner(tolerance: f64) -> f64 {
    (0.01 * tolerance).max(1e-9)
}

/// A relative violation up to this is rounding.
const ROUNDING: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;
    use cosmosmesh_contracts::round::{ColumnKey, Mix};

    fn outcome(gap: f64, violation: f64) -> Outcome {
        Outcome {
            status: Status::RoundLimit,
            rounds: 3,
            mix: Some(Mix::single(ColumnKey { round: 1, slot: 0 })),
            plan: None,
            certificate: Some(Certificate {
                objective: 9.0 + 10.0 * gap,
                dual_bound: 9.0,
                gap_relative: gap,
                coupling_violation: violation,
            }),
            prices: vec![2.0, -1.0],
            conflict: Vec::new(),
            locally_infeasible: 0,
            safe_round: None,
            safe_round_one_percent: None,
        }
    }

    #[test]
    fn a_plan_within_the_headroom_meets_the_true_rows_and_a_plan_beyond_it_does_not() {
        let bounds = Bounds::new(vec![-1.0, -1.0], vec![1.0, 3.0]).unwrap();
        let coupling = Coupling { names: vec!["a".into(), "b".into()], bounds };
        let (headroom, inside) = Headroom::of(&coupling, 1e-2).unwrap();
        // A hundredth of 1e-2, times 1 + 3.
        assert_eq!(inside.bounds.upper(), [1.0 - 4e-4, 3.0 - 4e-4]);
        assert_eq!(inside.bounds.lower(), [-1.0 + 4e-4, -1.0 + 4e-4]);
        let good = headroom.judge(outcome(5e-3, 0.9e-4));
        assert_eq!((good.status, good.plan), (Status::Optimal, Some(PlanKind::Optimal)));
        let certificate = good.certificate.unwrap();
        assert!((certificate.dual_bound - (9.0 - 3.0 * 4e-4)).abs() < 1e-12, "prices times the head-room");
        assert_eq!(certificate.coupling_violation, 0.0);
        assert_eq!(headroom.judge(outcome(2e-2, 0.9e-4)).plan, Some(PlanKind::Safe));
        let bad = headroom.judge(outcome(5e-3, 2e-4));
        assert_eq!((bad.status, bad.plan), (Status::RoundLimit, None));
    }

    #[test]
    fn an_equality_row_stays_what_it_is() {
        let coupling = Coupling { names: vec!["a".into()], bounds: Bounds::new(vec![1.0], vec![1.0]).unwrap() };
        let (headroom, inside) = Headroom::of(&coupling, 1e-3).unwrap();
        assert_eq!(inside, coupling);
        assert_eq!(headroom.judge(outcome(1e-6, 1e-6)).plan, None);
    }
}
