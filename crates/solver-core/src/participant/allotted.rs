use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Rest, RoundQuery};

use super::path::Reference;
use super::{Participant, Writer};
use crate::local::{Centred, Metric};

/// How many times more firmly than by the rest of the fleet an asset is held to what is allotted to it.
const FIRM: f64 = 1e5;
/// The most steps of one solve.
const STEPS_MAX: u32 = 40;

impl Participant {
    /// Plans that use what the fleet's model allots to this asset, as nearly as its own limits allow; `whole` is the fleet's curvature in full.
    ///
    /// Where such a plan cannot be had, the nearest candidate's stands in for it: any plan of the asset's own will do.
    /// # Cost
    /// One solve per plan, from the candidate at the same prices.
    /// # Source
    /// docs/math/federated-solver.md#allotments.
    pub(super) fn allotted(
        &mut self,
        query: &RoundQuery,
        rest: &Rest,
        whole: &[f64],
        reference: Option<&Reference>,
        out: &mut Writer<'_>,
    ) {
        let Some(base) = &self.base else { return };
        let first = query.candidates().len();
        let t = self.engine.model.touched.len();
        let mut y = vec![0.0; t];
        let barrier = query.points.iter().fold(f64::INFINITY, |least, point| least.min(point.barrier));
        for (slot, asked) in query.points.iter().enumerate().skip(first) {
            let prices: Vec<f64> = self.engine.model.touched.iter().map(|&row| asked.prices[row]).collect();
            let near = query.candidates().iter().position(|candidate| candidate == asked);
            let mut point =
                near.and_then(|k| self.pending.get(k)).map_or_else(|| base.point.clone(), |r| r.point.clone());
            let touched = &self.engine.model.touched;
            let held = Metric::among(None, &base.curvature, touched, whole, &rest.give[slot], FIRM * rest.weight);
            if let Ok(mut metric) = held {
                base.predict(&prices, asked.barrier, &mut metric.target);
                let mut linear = self.engine.model.q.clone();
                self.engine.model.coupling_transpose(&prices, &mut linear);
                let start = point.clone();
                let found = self.engine.attempt(&linear, 1.0, Some(&metric), barrier, &mut point, STEPS_MAX);
                if found == Centred::No {
                    point = start;
                }
            }
            self.engine.model.coupling(&point.x, &mut y);
            let (mut cost, mut boxed) = (self.engine.model.cost(&point.x), self.boxed_count(&point.x));
            if let Some(plan) = reference {
                y.iter_mut().zip(&plan.usage).for_each(|(y, u)| *y -= u);
                cost -= plan.cost;
                boxed -= plan.boxed;
            }
            let slot = slot as u16;
            out.rows(FieldKind::Use, slot, &self.engine.model.touched, &y, 1.0);
            out.scalar(FieldKind::Cost, slot, cost);
            out.scalar(FieldKind::Boxed, slot, boxed);
            self.columns.insert(ColumnKey { round: query.round, slot }, point.x);
        }
    }
}
