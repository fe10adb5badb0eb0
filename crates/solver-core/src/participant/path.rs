use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Rest, RoundQuery};

use super::response::Response;
use super::trail::Kept;
use super::{Participant, Writer};
use crate::local::{Centred, Metric};

/// What holds an asset to its predicted allocation.
pub(super) struct Hold<'a> {
    /// Where the rest of the fleet is not told.
    pub(super) metric: &'a cosmosmesh_contracts::round::Metric,
    pub(super) rest: Option<&'a Rest>,
}

/// What an asset's base plan uses, costs, and whether it touches a bound that only the method put there.
pub(super) struct Reference {
    pub(super) usage: Vec<f64>,
    pub(super) cost: f64,
    pub(super) boxed: f64,
}

impl Participant {
    /// The chosen point of the last answer becomes the base; whoever gave none keeps its old one.
    pub(super) fn rebase(&mut self, base: u16) {
        if usize::from(base) < self.pending.len() {
            if self.base.is_none() {
                self.trail.clear();
            }
            if let Some(mut old) = self.base.take() {
                self.trail.push(&old);
                // A metric belongs to this model; whoever takes over its buffers has none yet.
                old.held = Vec::new();
                self.spare.push(old);
            }
            self.base = Some(self.pending.swap_remove(usize::from(base)));
        }
    }

    /// Re-centres at every point, near the allocation that the base model predicts.
    pub(super) fn follow(&mut self, query: &RoundQuery, base: Option<u16>, hold: &Hold<'_>, out: &mut Writer<'_>) {
        if let Some(base) = base {
            self.rebase(base);
        }
        let rule = hold.metric;
        let reference = if query.is_relative() { self.reference() } else { None };
        self.pending_round = query.round;
        self.spare.append(&mut self.pending);
        let t = self.engine.model.touched.len();
        let whole = hold.rest.filter(|_| self.base.is_some()).map(|rest| full(&rest.curvature, self.row_count));
        let mut metric = match &self.base {
            Some(base) if whole.is_none() => Metric::new(&base.curvature, t, rule).ok(),
            _ => None,
        };
        let mut point = self.base.as_ref().map_or_else(|| self.start.clone(), |base| base.point.clone());
        let (mut y, mut pull, mut off) = (vec![0.0; t], vec![0.0; t], vec![0.0; t]);
        let mut linear = vec![0.0; self.engine.model.n];
        let mut sound_before = true;
        let mut held = Vec::new();
        // A later plan starts in the metric; where nothing is allotted a fleet is large and starts from the models alone.
        let keeps = query.ask.allotted() > 0;
        for (k, candidate) in query.candidates().iter().enumerate() {
            let slot = k as u16;
            let mut kept = self.spare.pop().unwrap_or_else(|| Response::blank(t, &self.start));
            let Response { prices, curvature, answer, barrier_derivative: derivative, .. } = &mut kept;
            prices.clear();
            prices.extend(self.engine.model.touched.iter().map(|&row| candidate.prices[row]));
            let mu = candidate.barrier;
            linear.copy_from_slice(&self.engine.model.q);
            self.engine.model.coupling_transpose(prices, &mut linear);
            if let (Some(rest), Some(whole), Some(base)) = (hold.rest, &whole, &self.base) {
                let touched = &self.engine.model.touched;
                let earlier = metric.take();
                let among = Metric::among(earlier, &base.curvature, touched, whole, &rest.give[k], rest.weight);
                metric = among.or_else(|_| Metric::new(&base.curvature, t, rule)).ok();
                if let Some(metric) = metric.as_ref().filter(|_| keeps && mu == base.barrier && base.held.is_empty()) {
                    held.clone_from(&metric.inverse);
                }
            }
            if let (Some(metric), Some(base)) = (&mut metric, &self.base) {
                base.predict(prices, mu, &mut metric.target);
            } else if self.base.is_none() {
                metric = match self.earlier(mu, prices) {
                    Some(earlier) => {
                        let again = Metric::with_inverse(&earlier.held, t);
                        again.or_else(|| Metric::new(&earlier.curvature, t, rule).ok()).map(|mut metric| {
                            earlier.predict(prices, mu, &mut metric.target);
                            metric
                        })
                    }
                    None => None,
                };
            }
            if let [.., before, last] = self.pending.as_slice() {
                // Where the last two centres point to, in logarithms of the barrier.
                let (span, step) = ((last.barrier / before.barrier).ln(), (mu / last.barrier).ln());
                if sound_before && span < -0.1 && step < 0.0 {
                    point.extrapolate(&before.point, &last.point, (step / span).min(1.5));
                }
            }
            let centred = self.engine.centre(&linear, 1.0, metric.as_ref(), mu, &mut point, 30);
            let sound = centred == Centred::Yes && self.engine.response_nearby(metric.is_some(), curvature, derivative);
            sound_before = sound;
            if !sound {
                // This candidate cannot be followed here; the plan stays the last good one and the decrement says "far".
                point = self.base.as_ref().map_or_else(|| self.start.clone(), |base| base.point.clone());
                if let Some(base) = &self.base {
                    curvature.copy_from_slice(&base.curvature);
                    derivative.copy_from_slice(&base.barrier_derivative);
                } else {
                    curvature.fill(0.0);
                    derivative.fill(0.0);
                }
            }
            self.engine.model.coupling(&point.x, &mut y);
            answer.copy_from_slice(&y);
            let mut decrement = if sound { 0.0 } else { UNSOUND };
            pull.fill(0.0);
            if let (Some(metric), true) = (&metric, sound) {
                off.iter_mut().zip(y.iter().zip(&metric.target)).for_each(|(o, (y, t))| *o = y - t);
                metric.apply(&off, &mut pull);
                for a in 0..t {
                    let s: f64 = curvature[a * t..(a + 1) * t].iter().zip(&pull).map(|(s, d)| s * d).sum();
                    answer[a] += s;
                    decrement += pull[a] * s / mu;
                }
            }
            // Beyond any that is ever followed; a number that fits the ranges of coded sums.
            decrement = decrement.min(DECREMENT_MAX);
            let touched = &self.engine.model.touched;
            self.columns.insert(ColumnKey { round: query.round, slot }, point.x.clone());
            let (mut cost, mut boxed) = (self.engine.model.cost(&point.x), self.boxed_count(&point.x));
            kept.barrier = mu;
            kept.point.assign(&point);
            kept.pull.copy_from_slice(&pull);
            kept.weight.clear();
            if sound {
                kept.weight.extend_from_slice(self.engine.newton.factored());
            }
            if let (Some(plan), Some(base)) = (&reference, &self.base) {
                // What the base says at this point is already in the coordinator's sum.
                let mut told = kept.clone();
                let mut expected = vec![0.0; t];
                base.predict(&kept.prices, mu, &mut expected);
                let less = |list: &mut [f64], known: &[f64]| list.iter_mut().zip(known).for_each(|(v, k)| *v -= k);
                less(&mut y, &plan.usage);
                less(&mut told.answer, &expected);
                less(&mut told.barrier_derivative, &base.barrier_derivative);
                less(&mut told.curvature, &base.curvature);
                cost -= plan.cost;
                boxed -= plan.boxed;
                out.response(slot, touched, &told, self.row_count);
            } else {
                out.response(slot, touched, &kept, self.row_count);
            }
            self.pending.push(kept);
            out.rows(FieldKind::Use, slot, touched, &y, 1.0);
            out.scalar(FieldKind::Cost, slot, cost);
            out.scalar(FieldKind::Decrement, slot, decrement);
            out.scalar(FieldKind::DecrementSquare, slot, decrement * decrement);
            out.scalar(FieldKind::Boxed, slot, boxed);
        }
        if let Some(base) = self.base.as_mut().filter(|_| !held.is_empty()) {
            base.held = held;
        }
        if let (Some(rest), Some(whole)) = (hold.rest, &whole) {
            self.allotted(query, rest, whole, reference.as_ref(), out);
        }
    }

    /// The base plan's figures, which relative answers are differences to.
    pub(super) fn reference(&self) -> Option<Reference> {
        let base = self.base.as_ref()?;
        let mut usage = vec![0.0; self.engine.model.touched.len()];
        self.engine.model.coupling(&base.point.x, &mut usage);
        let cost = self.engine.model.cost(&base.point.x);
        Some(Reference { usage, cost, boxed: self.boxed_count(&base.point.x) })
    }

    /// The model of an earlier plan at this very point of its path, while this plan has none of its own.
    fn earlier(&self, mu: f64, prices: &[f64]) -> Option<Response> {
        // Where no price is paid there is nothing to be near to.
        let near = self.base.is_none() && prices.iter().any(|p| *p != 0.0);
        self.trail.at(mu).filter(|_| near).map(Kept::response)
    }
}

/// The largest squared decrement that is told apart from a larger one.
pub(super) const DECREMENT_MAX: f64 = 1e9;

/// The decrement of an answer that says nothing about the response: so large that it is neither followed nor moved.
pub(crate) const UNSOUND: f64 = 1e6;

/// The full matrix of an upper triangle listed row by row.
fn full(triangle: &[f64], m: usize) -> Vec<f64> {
    let mut full = vec![0.0; m * m];
    let mut next = triangle.iter();
    for a in 0..m {
        for b in a..m {
            let v = next.next().copied().unwrap_or(0.0);
            (full[a * m + b], full[b * m + a]) = (v, v);
        }
    }
    full
}
