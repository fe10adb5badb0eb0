use cosmosmesh_contracts::problem::Bounds;
use cosmosmesh_contracts::round::QueryPoint;
use cosmosmesh_contracts::traits::CoordinationError;

use super::{Options, Warm};

/// Where a first menu looks: at price zero, from a large barrier down, and with a warm start along the earlier path as well.
pub(super) struct Start {
    pub(super) points: Vec<QueryPoint>,
    /// The largest barrier among those at price zero.
    pub(super) highest: f64,
    /// How many points are at price zero; those of an earlier path follow.
    pub(super) cold_count: usize,
}

/// How many barriers the first round of a cold start asks about.
const COLD: u32 = 8;
/// The largest of them, in units of the public cost scale, and over how many decades they go down.
const HIGHEST: f64 = 3.162_277_660_168_379_5;
const COLD_DECADES: f64 = 3.5;

impl Start {
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the warm start has another number of rows.
    pub(super) fn new(bounds: &Bounds, options: &Options) -> Result<Self, CoordinationError> {
        let m = bounds.len();
        let highest = options.cost_scale * HIGHEST;
        let mut start = Self { points: descending(m, highest), highest, cold_count: COLD as usize };
        if let Some(warm) = &options.warm {
            warm.check(m)?;
            // What is far from where the earlier path leads is begun anew, in the same round.
            start.points.extend(again(warm));
            start.points.iter_mut().for_each(|point| lean(&mut point.prices, bounds));
        }
        Ok(start)
    }

    /// Whether it looks along an earlier path as well.
    pub(super) fn has_path(&self) -> bool {
        self.cold_count < self.points.len()
    }

    /// Looks further up, where costs are in larger units than was thought.
    pub(super) fn raise(&mut self, m: usize) {
        let lowest = self.highest * 10f64.sqrt();
        self.highest = lowest * 10f64.powf(COLD_DECADES);
        self.points = descending(m, self.highest);
        self.cold_count = self.points.len();
    }
}

fn descending(m: usize, highest: f64) -> Vec<QueryPoint> {
    let barrier = |k: u32| highest * 10f64.powf(-COLD_DECADES * f64::from(k) / f64::from(COLD - 1));
    (0..COLD).map(|k| QueryPoint { prices: vec![0.0; m], barrier: barrier(k) }).collect()
}

/// Where a warm start looks: at up to eight points of the earlier path, evenly along it; without one, at the old prices over four decades.
fn again(warm: &Warm) -> Vec<QueryPoint> {
    let path: Vec<&QueryPoint> = warm.path.iter().filter(|point| point.prices.len() == warm.prices.len()).collect();
    if path.len() < 2 {
        let point = |k: u32| {
            let barrier = warm.barrier * 10f64.powf(2.0 - 4.0 * f64::from(k) / f64::from(COLD - 1));
            QueryPoint { prices: warm.prices.clone(), barrier }
        };
        return (0..COLD).map(point).collect();
    }
    let count = path.len().min(COLD as usize);
    (0..count).map(|k| path[k * (path.len() - 1) / (count - 1)].clone()).collect()
}

/// Drops prices that push against an open side: no plan has them, and no bound follows from them.
fn lean(prices: &mut [f64], bounds: &Bounds) {
    for (k, price) in prices.iter_mut().enumerate() {
        let open = if *price > 0.0 { bounds.upper()[k] } else { bounds.lower()[k] };
        if open.is_infinite() || !price.is_finite() {
            *price = 0.0;
        }
    }
}
