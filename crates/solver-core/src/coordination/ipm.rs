use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Options;
use super::follower::{Follower, boldest, opening};

/// A primal-dual interior point over the whole fleet, its Schur complement summed: every asset takes one Newton step a round.
///
/// A step length that suits everybody would be a minimum, which no sum shows. So a round asks for steps towards several barriers at once,
/// every asset goes as far as its own slacks allow, and the sum tells how far the fleet is from the path after each of them;
/// the boldest that is near enough is the one that was taken.
///
/// # Class
/// Convex QPs with `<=`, `>=`, two-sided and equality rows between the assets, everybody present.
/// # Privacy
/// Sums, per point: use, affine response, `mu S`, `dy/dmu`, cost, squared Newton decrement and its square; bound, use and cost of one plan.
/// The same items as [`Menu`](super::Menu); see docs/math/federated-solver.md#reveals.
/// # Stop
/// The same certificate as every method: gap and violation of a mix of the plans seen; or a ray that no plan can meet.
/// # Cost
/// About `6 (m(m+1)/2 + 3m)` numbers up from each asset and round, and 12 factorisations in it.
/// # Source
/// Pakazad, Hansson, Andersen, "Distributed primal-dual interior-point methods for solving tree-structured coupled convex problems using
/// message-passing", Optim. Methods Softw. 32(3), 2017: the summed Schur complement; docs/math/federated-solver.md#ipm.
pub struct Ipm {
    follower: Follower,
    options: Options,
    rows: usize,
    /// How often in a row no bolder candidate was taken: each time the steps are halved, in logarithms.
    stuck: u32,
}

/// Towards which barriers a round steps, as factors of the present one.
const TARGETS: [f64; 6] = [1.0, 0.5, 0.25, 0.12, 0.05, 0.015];
/// A squared decrement per participating asset below this is trusted.
const TRUSTED: f64 = 2.0;
/// At which barriers the first round looks, as powers of ten of the cost scale.
const START: [f64; 8] = [0.5, 0.0, -0.5, -1.0, -1.5, -2.0, -2.5, -3.0];

impl Ipm {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the rows are too many, a warm start has another number of them, or assets may be away.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        let follower = Follower::new("ipm", coupling, asset_count, options)?;
        Ok(Self { follower, options: options.clone(), rows: coupling.bounds.len(), stuck: 0 })
    }
}

impl Coordination for Ipm {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        let Self { follower, options, rows, stuck } = self;
        follower.query(|follower| {
            let (mut points, mut suspect) = (Vec::<QueryPoint>::new(), None);
            match &follower.base {
                Some(base) => {
                    let patience = 0.5_f64.powi((*stuck).min(6) as i32);
                    let wary = if base.decrement > TRUSTED { &[3.0][..] } else { &[] };
                    for factor in wary.iter().copied().chain(TARGETS.map(|factor| factor.powf(patience))) {
                        let barrier = (base.barrier * factor).max(follower.floor());
                        if points.last().is_none_or(|last| barrier < 0.99 * last.barrier) {
                            match follower.point(base, barrier) {
                                Ok(point) => points.push(point),
                                Err(prices) => suspect = Some(prices),
                            }
                        }
                    }
                    if points.is_empty() {
                        points.push(QueryPoint { prices: base.prices.clone(), barrier: base.barrier });
                    }
                }
                None => points.extend(START.map(|decade| opening(*rows, options, decade))),
            }
            follower.question(points, suspect, |base| Ask::Newton { base })
        })
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        let Self { follower, stuck, .. } = self;
        follower.absorb(sum, |follower, models| {
            let model = boldest(models, TRUSTED)?;
            let still = follower
                .base
                .as_ref()
                .is_some_and(|base| model.decrement < 0.1 * TRUSTED && model.barrier >= 0.999 * base.barrier);
            *stuck = if still { *stuck + 1 } else { stuck.saturating_sub(1) };
            Some(model)
        })
    }

    fn outcome(&self) -> Outcome {
        self.follower.evidence.outcome()
    }
}
