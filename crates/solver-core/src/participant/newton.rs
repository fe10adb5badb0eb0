use cosmosmesh_contracts::round::{ColumnKey, FieldKind, RoundQuery};

use super::path::DECREMENT_MAX;
use super::response::Response;
use super::{Participant, Writer};
use crate::local::Centred;

/// A step that goes this far counts as taken; an asset that is stopped earlier steps again, which costs no round.
const WHOLE: f64 = 0.9;
const STEPS_MAX: u32 = 4;

impl Participant {
    /// Steps towards every point, and answers with the affine response of what the step left to do.
    ///
    /// The first answer has nothing to step from, and no coupling to wait for: it centres.
    /// # Source
    /// docs/math/federated-solver.md#ipm.
    pub(super) fn step_towards(&mut self, query: &RoundQuery, base: Option<u16>, out: &mut Writer<'_>) {
        if let Some(base) = base {
            self.rebase(base);
        }
        self.spare.append(&mut self.pending);
        let t = self.engine.model.touched.len();
        let mut y = vec![0.0; t];
        let mut linear = vec![0.0; self.engine.model.n];
        for (k, candidate) in query.points.iter().enumerate() {
            let slot = k as u16;
            let mu = candidate.barrier;
            let mut kept = self.spare.pop().unwrap_or_else(|| Response::blank(t, &self.start));
            kept.prices.clear();
            kept.prices.extend(self.engine.model.touched.iter().map(|&row| candidate.prices[row]));
            kept.barrier = mu;
            linear.copy_from_slice(&self.engine.model.q);
            self.engine.model.coupling_transpose(&kept.prices, &mut linear);
            let moved = match &self.base {
                Some(base) => {
                    kept.point.assign(&base.point);
                    let mut steps = (0..STEPS_MAX).map(|_| self.engine.step(&linear, mu, &mut kept.point));
                    // The first step that is nearly whole ends it, or one that breaks down.
                    let last = steps.find(|step| step.is_none_or(|taken| taken >= WHOLE));
                    last != Some(None)
                }
                None => {
                    kept.point.assign(&self.start);
                    self.engine.centre(&linear, 1.0, None, mu, &mut kept.point, 30) == Centred::Yes
                }
            };
            if !moved {
                kept.point.assign(self.base.as_ref().map_or(&self.start, |base| &base.point));
            }
            let Response { point, answer, curvature, barrier_derivative, .. } = &mut kept;
            self.engine.model.coupling(&point.x, &mut y);
            answer.copy_from_slice(&y);
            let left = self.engine.outlook(&linear, mu, point, answer, curvature, barrier_derivative);
            if left.is_none() {
                // Nothing can be said about this candidate but that it is far; the plan is good all the same.
                answer.copy_from_slice(&y);
                curvature.fill(0.0);
                barrier_derivative.fill(0.0);
            }
            let decrement = left.unwrap_or(DECREMENT_MAX).clamp(0.0, DECREMENT_MAX);
            let touched = &self.engine.model.touched;
            self.columns.insert(ColumnKey { round: query.round, slot }, kept.point.x.clone());
            out.response(slot, touched, &kept, self.row_count);
            out.rows(FieldKind::Use, slot, touched, &y, 1.0);
            out.scalar(FieldKind::Cost, slot, self.engine.model.cost(&kept.point.x));
            out.scalar(FieldKind::Decrement, slot, decrement);
            out.scalar(FieldKind::DecrementSquare, slot, decrement * decrement);
            out.scalar(FieldKind::Boxed, slot, self.boxed_count(&kept.point.x));
            self.pending.push(kept);
        }
    }
}
