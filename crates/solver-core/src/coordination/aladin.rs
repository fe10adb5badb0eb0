use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Options;
use super::follower::Follower;
use super::pace::Pace;

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
    pace: Pace,
}

impl Aladin {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the rows are too many, a warm start has another number of them, or assets may be away.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        let follower = Follower::new("aladin", coupling, asset_count, options)?;
        Ok(Self { follower, pace: Pace::new(coupling.bounds.len(), options) })
    }
}

impl Coordination for Aladin {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        self.follower.query(|follower| self.pace.question(follower, &[1.0]))
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        self.follower.absorb(sum, |follower, models| self.pace.settle(follower.base.take(), models))
    }

    fn outcome(&self) -> Outcome {
        self.follower.evidence.outcome()
    }
}
