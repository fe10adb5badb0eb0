use cosmosmesh_contracts::round::{Ask, Guide, Metric, QueryPoint, RoundQuery};

use super::Options;
use super::follower::{Follower, boldest, opening};
use super::model::Model;

/// How boldly a run lowers its barrier: what `aladin` and `fan` share.
///
/// `aladin` holds each asset in a metric of its own curvature, as its paper does; `fan` in that of the rest of the fleet, where it is known.
/// # Source
/// docs/math/federated-solver.md#aladin.
pub(super) struct Pace {
    /// By what factor the next question lowers the barrier; one holds it, more raises it.
    step: f64,
    options: Options,
    rows: usize,
    /// Whether each asset is held by what the rest of the fleet would answer.
    among: bool,
}

/// Held tightly enough that an asset stays inside a step of its response; see docs/math/federated-solver.md#metric.
const METRIC: Metric = Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 };
/// The first barrier, as a power of ten of the cost scale.
const START: f64 = -0.5;
/// The first step.
const FIRST: f64 = 0.3;
/// A squared decrement per participating asset below this is trusted.
const TRUSTED: f64 = 4.0;
/// The least and the largest step of a trusted round.
const STEPS: (f64, f64) = (0.03, 0.9);
/// Up to here a fleet that is not trusted is re-centred at the same barrier; beyond, the candidate is refused.
const REFUSED: f64 = 24.0;
/// After a refused step this near to one the fleet is asked where it stands, and after that at a higher barrier.
const NEARLY: f64 = 0.7;
const RAISE: f64 = 3.0;

impl Pace {
    pub(super) fn new(rows: usize, options: &Options) -> Self {
        Self { step: FIRST, options: options.clone(), rows, among: false }
    }

    /// The same, which tells each asset about the rest of the fleet; for a follower whose plans move.
    pub(super) fn among(self) -> Self {
        Self { among: true, ..self }
    }

    /// The next question: at the present step times each of the factors, which fall.
    pub(super) fn question(&self, follower: &Follower, factors: &[f64]) -> RoundQuery {
        let (mut points, mut give, mut suspect) = (Vec::<QueryPoint>::new(), Vec::new(), None);
        match &follower.base {
            Some(base) => {
                for factor in factors {
                    // No candidate of a step down goes up.
                    let step = (self.step * factor).min(self.step.max(1.0));
                    let barrier = (base.barrier * step).max(follower.floor());
                    if points.last().is_none_or(|last| barrier < 0.99 * last.barrier) {
                        match follower.priced(base, barrier) {
                            Ok(at) => {
                                points.push(QueryPoint { prices: at.prices, barrier });
                                give.push(at.give);
                            }
                            Err(prices) => suspect = Some(prices),
                        }
                    }
                }
                if points.is_empty() {
                    // The fleet is asked where it stands.
                    points.push(QueryPoint { prices: base.prices.clone(), barrier: base.barrier });
                }
            }
            None => points.push(opening(self.rows, &self.options, START)),
        }
        let all = points.len() as u16;
        let known = follower.base.as_ref().filter(|_| give.len() == points.len());
        follower.question(points, suspect, |base| {
            if !self.among {
                return Ask::Path { base, metric: METRIC };
            }
            Ask::Guided(Guide {
                base,
                metric: METRIC,
                rest: known.map(|base| base.rest(give)),
                relative: false,
                curvature: (0..all).collect(),
                open: Vec::new(),
                moves: follower.evidence.moves_due(),
            })
        })
    }

    /// The base of the next round, and how far to step from it.
    pub(super) fn settle(&mut self, base: Option<Model>, models: Vec<Model>) -> Option<Model> {
        let model = boldest(models, TRUSTED)?;
        let Some(base) = base else { return Some(model) };
        if model.decrement < TRUSTED {
            self.step = next(model.barrier / base.barrier, model.decrement);
            return Some(model);
        }
        let moves = (model.barrier / base.barrier - 1.0).abs() > 0.01;
        if moves && (model.decrement < REFUSED || self.step > RAISE) {
            self.step = 1.0;
            return Some(model);
        }
        // Everybody stays, and a smaller step is asked for; where none is left, the barrier rises.
        self.step = if self.step >= 1.0 {
            RAISE * self.step
        } else if self.step > NEARLY {
            1.0
        } else {
            self.step.sqrt()
        };
        Some(base.stayed())
    }
}

/// The next step, from the last one and from how far the fleet is from the path after it.
///
/// The decrement grows about as the 2.5th power of the step; aims at half of what is trusted.
fn next(last: f64, decrement: f64) -> f64 {
    let aim = 0.5 * TRUSTED / decrement.max(0.05);
    (last.min(1.0) * aim.powf(-0.4)).clamp(STEPS.0, STEPS.1)
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn a_fleet_near_the_path_steps_further() {
        assert_eq!(next(0.3, 2.0), 0.3);
        assert!(next(0.3, 0.1) < 0.1);
        assert!(next(0.3, 4.0) > 0.3);
        assert_eq!(next(1.0, 1e9), 0.9);
    }
}
