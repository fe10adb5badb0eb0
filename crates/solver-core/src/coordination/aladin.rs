use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, Metric, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Options;
use super::follower::{Follower, boldest, opening};

/// Barrier-ALADIN on summed curvature: one candidate a round, each asset re-centred near the allocation that its last model predicts.
///
/// The assets solve their own problems with a barrier, held in a metric of their own curvature; the coordinator solves the coupling problem
/// of the summed affine models. What [`Menu`](super::Menu) adds is that it asks at several barriers at once and chooses afterwards.
///
/// # Class
/// Convex QPs with `<=`, `>=`, two-sided and equality rows between the assets, everybody present. Degenerate fleets are where it is slow.
/// # Privacy
/// Sums, per round: use, affine response, `mu S`, `dy/dmu`, cost, decrement and its square; bound, use and cost of its plan.
/// `mu S` shows the fleet's flexibility per pair of rows; see docs/math/federated-solver.md#reveals.
/// # Stop
/// The same certificate as every method: gap and violation of a mix of the plans seen; or a ray that no plan can meet.
/// # Cost
/// About `m(m+1)/2 + 4m` numbers up from each asset and round.
/// # Source
/// Houska, Frasch, Diehl, "An augmented Lagrangian based algorithm for distributed nonconvex optimization", SIAM J. Optim. 26(2), 2016,
/// algorithm 1, with the private inequalities in a barrier; docs/math/federated-solver.md#aladin.
pub struct Aladin {
    follower: Follower,
    options: Options,
    rows: usize,
    /// By what factor the next question lowers the barrier; one holds it, more raises it.
    pace: f64,
}

/// Held tightly enough that an asset stays inside a step of its response; see docs/math/federated-solver.md#metric.
const METRIC: Metric = Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 };
/// The first barrier, as a power of ten of the cost scale.
const START: f64 = -0.5;
/// A squared decrement per participating asset below this is trusted.
const TRUSTED: f64 = 4.0;
/// The least and the largest step of a trusted round.
const PACE: (f64, f64) = (0.03, 0.9);
/// Up to here a fleet that is not trusted is re-centred at the same barrier; beyond, the candidate is refused.
const REFUSED: f64 = 24.0;
/// After a refused step this near to one the fleet is asked where it stands, and after that at a higher barrier.
const NEARLY: f64 = 0.7;
const RAISE: f64 = 3.0;

impl Aladin {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the rows are too many, a warm start has another number of them, or assets may be away.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        let follower = Follower::new("aladin", coupling, asset_count, options)?;
        Ok(Self { follower, options: options.clone(), rows: coupling.bounds.len(), pace: 0.3 })
    }
}

/// The next step, from the last one and from how far the fleet is from the path after it.
///
/// The decrement grows about as the 2.5th power of the step; aims at half of what is trusted.
fn next_pace(last: f64, decrement: f64) -> f64 {
    let aim = 0.5 * TRUSTED / decrement.max(0.05);
    (last.min(1.0) * aim.powf(-0.4)).clamp(PACE.0, PACE.1)
}

impl Coordination for Aladin {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        let Self { follower, options, rows, pace, .. } = self;
        follower.query(|follower| {
            let (point, suspect) = match &follower.base {
                Some(base) => match follower.point(base, (base.barrier * *pace).max(follower.floor())) {
                    Ok(point) => (point, None),
                    // The fleet is asked where it stands.
                    Err(prices) => (QueryPoint { prices: base.prices.clone(), barrier: base.barrier }, Some(prices)),
                },
                None => (opening(*rows, options, START), None),
            };
            follower.question(vec![point], suspect, |base| Ask::Path { base, metric: METRIC })
        })
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        let Self { follower, pace, .. } = self;
        follower.absorb(sum, |follower, models| {
            let model = boldest(models, TRUSTED)?;
            let Some(mut base) = follower.base.take() else { return Some(model) };
            if model.decrement < TRUSTED {
                *pace = next_pace(model.barrier / base.barrier, model.decrement);
                return Some(model);
            }
            let moves = (model.barrier / base.barrier - 1.0).abs() > 0.01;
            if moves && (model.decrement < REFUSED || *pace > RAISE) {
                *pace = 1.0;
                return Some(model);
            }
            // Everybody stays, and a smaller step is asked for; where none is left, the barrier rises.
            *pace = if *pace >= 1.0 {
                RAISE * *pace
            } else if *pace > NEARLY {
                1.0
            } else {
                pace.sqrt()
            };
            base.index = None;
            Some(base)
        })
    }

    fn outcome(&self) -> Outcome {
        self.follower.evidence.outcome()
    }
}

#[cfg(test)]
mod tests {
    use super::next_pace;

    #[test]
    fn a_fleet_near_the_path_steps_further() {
        assert_eq!(next_pace(0.3, 2.0), 0.3);
        assert!(next_pace(0.3, 0.1) < 0.1);
        assert!(next_pace(0.3, 4.0) > 0.3);
        assert_eq!(next_pace(1.0, 1e9), 0.9);
    }
}
