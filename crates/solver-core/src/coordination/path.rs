use cosmosmesh_contracts::round::{QueryPoint, RoundQuery};

use super::Warm;

/// The path that a run followed, as everybody heard it: what the next plan of a similar fleet starts from.
///
/// Made from queries alone, so an observer of a run, an asset or a new coordinator can keep it.
/// # Source
/// docs/math/solver-experiments.md#replanning.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    points: Vec<QueryPoint>,
    last: Vec<QueryPoint>,
    scale: Vec<f64>,
}

impl Path {
    /// Hears a query: the point of the last one that it builds on belongs to the path.
    pub fn hear(&mut self, query: &RoundQuery) {
        if let Some(point) = query.base().and_then(|base| self.last.get(usize::from(base))) {
            self.points.push(self.unscaled(point));
        }
        if let Some(scale) = &query.row_scale {
            self.scale.clone_from(scale);
        }
        self.last.clone_from(&query.points);
    }

    /// A start for the next plan: these prices, and this path; `barrier` is where the run ended.
    pub fn warm(&self, prices: &[f64]) -> Warm {
        let barrier = self.points.last().map_or(1e-3, |point| point.barrier);
        Warm { prices: prices.to_vec(), barrier, path: self.points.clone() }
    }

    fn unscaled(&self, point: &QueryPoint) -> QueryPoint {
        let factor = |k: usize| self.scale.get(k).copied().unwrap_or(1.0);
        let prices = point.prices.iter().enumerate().map(|(k, p)| p * factor(k)).collect();
        QueryPoint { prices, barrier: point.barrier }
    }
}
