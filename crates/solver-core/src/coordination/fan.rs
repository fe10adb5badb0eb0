use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Options;
use super::follower::Follower;
use super::pace::Pace;

/// A narrow menu: three candidates a round, fanned out around the step that the last round suggests.
///
/// [`Menu`](super::Menu) offers the same eight steps every round; [`Aladin`](super::Aladin) the one that it predicts.
/// A prediction is right within a factor of two or three, so three candidates nearly always hold one that is trusted:
/// two fifths of the menu's computing and bytes, for as many rounds on strong fleets or fewer, and some more on degenerate ones.
/// Assets are held by the rest of their fleet and plans are moved onto the rows, as there.
///
/// # Class
/// Convex QPs with `<=`, `>=`, two-sided and equality rows between the assets, everybody present.
/// # Privacy
/// Sums, per point: use, affine response, `mu S`, `dy/dmu`, cost, decrement and its square; bound, use and cost of one plan.
/// The same items as the menu at fewer points; see docs/math/federated-solver.md#reveals.
/// # Stop
/// The same certificate as every method: gap and violation of a mix of the plans seen; or a ray that no plan can meet.
/// # Cost
/// About `3 (m(m+1)/2 + 3m)` numbers up from each asset and round, and the fleet's curvature down.
/// # Source
/// As of `Aladin`; docs/math/federated-solver.md#fan.
pub struct Fan {
    pub(super) follower: Follower,
    pace: Pace,
}

/// The candidates, as factors of the predicted step.
const FACTORS: [f64; 3] = [3.0, 1.2, 0.5];

impl Fan {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the rows are too many, a warm start has another number of them, or assets may be away.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        let follower = Follower::new("fan", coupling, asset_count, options)?.moving();
        Ok(Self { follower, pace: Pace::new(coupling.bounds.len(), options).among() })
    }
}

impl Coordination for Fan {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        self.follower.query(|follower| self.pace.question(follower, &FACTORS))
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        self.follower.absorb(sum, |follower, models| self.pace.settle(follower.base.take(), models))
    }

    fn outcome(&self) -> Outcome {
        self.follower.evidence.outcome()
    }
}
