use cosmosmesh_contracts::round::{ColumnKey, FieldKind, OpenPrice, RoundQuery};

use super::{Participant, Writer};
use crate::local::{Centred, Point};

impl Participant {
    /// Certified lower bounds, and the plans that come with them.
    pub(super) fn bounds_at(&mut self, query: &RoundQuery, out: &mut Writer<'_>) {
        let touched = self.engine.model.touched.clone();
        // What the bound lacks is to be small beside the distance of the boldest candidate from the optimum.
        let boldest = query.points.iter().fold(f64::INFINITY, |least, point| least.min(point.barrier));
        let relative = query.is_relative();
        let reference = if relative { self.reference() } else { None };
        for (k, &index) in query.bound_points.iter().enumerate() {
            let candidate = &query.points[usize::from(index)];
            let start = self.pending.get(usize::from(index)).map_or_else(|| self.start.clone(), |r| r.point.clone());
            let (value, point) = self.certified(&candidate.prices, boldest, start);
            let mut y = vec![0.0; touched.len()];
            self.engine.model.coupling(&point.x, &mut y);
            let (mut cost, mut boxed) = (self.engine.model.cost(&point.x), self.boxed_count(&point.x));
            if let Some(plan) = &reference {
                y.iter_mut().zip(&plan.usage).for_each(|(y, u)| *y -= u);
                cost -= plan.cost;
                boxed -= plan.boxed;
            }
            let bound = k as u16;
            out.scalar(FieldKind::Bound, bound, value);
            out.rows(FieldKind::BoundUse, bound, &touched, &y, 1.0);
            out.scalar(FieldKind::BoundCost, bound, cost);
            out.scalar(FieldKind::BoundBoxed, bound, boxed);
            let slot = (query.points.len() + k) as u16;
            self.columns.insert(ColumnKey { round: query.round, slot }, point.x);
        }
    }

    /// Bounds at open prices: each is answered once.
    pub(super) fn open_bounds(&mut self, round: u32, open: &[OpenPrice], out: &mut Writer<'_>) {
        for (k, price) in open.iter().enumerate() {
            if self.bounded.insert(price.opened, round).is_none() {
                let start = self.pending.last().map_or_else(|| self.start.clone(), |r| r.point.clone());
                let (value, _) = self.certified(&price.prices, 0.0, start);
                out.scalar(FieldKind::OpenCount, k as u16, 1.0);
                out.scalar(FieldKind::OpenBound, k as u16, value);
            }
        }
        self.bounded.retain(|opened, _| open.iter().any(|price| price.opened == *opened));
    }

    /// A certified lower bound of cost plus priced use at `prices` (one per fleet row), and a feasible plan near it.
    pub(super) fn certified(&mut self, prices: &[f64], barrier: f64, start: Point) -> (f64, Point) {
        let prices: Vec<f64> = self.engine.model.touched.iter().map(|&row| prices[row]).collect();
        let linear = self.priced(&prices);
        let mut point = start;
        let exact = 1e-11 * (1.0 + self.engine.model.cost(&point.x).abs()) / 8.0;
        let floor = exact.max(1e-3 * barrier);
        let mut found = self.engine.descend(&linear, 1.0, floor, &mut point, 40);
        if found == Centred::No || !point.x.iter().all(|x| x.is_finite()) {
            point = self.start.clone();
            found = self.engine.descend(&linear, 1.0, 1e2 * floor, &mut point, 80);
        }
        // The bound is valid at any point.
        let usable = point.x.iter().chain(&point.y).all(|v| v.is_finite());
        let value = if usable { self.engine.lower_bound(&linear, 1.0, &point) } else { f64::NEG_INFINITY };
        let fixed: f64 = self.engine.model.g_fixed.iter().zip(&prices).map(|(g, p)| g * p).sum();
        if found == Centred::No {
            // The plan is only kept from a point that is feasible.
            point = self.pending.first().map_or_else(|| self.start.clone(), |r| r.point.clone());
        }
        // A bound that could not be had is reported as far below anything, never as a number that is not one.
        ((value + self.engine.model.c + fixed).max(-1e200), point)
    }

    /// The least `r' G x` that the asset could possibly reach, certified.
    pub(super) fn least_use(&mut self, ray: &[f64]) -> f64 {
        let r: Vec<f64> = self.engine.model.touched.iter().map(|&row| ray[row]).collect();
        let mut linear = vec![0.0; self.engine.model.n];
        self.engine.model.coupling_transpose(&r, &mut linear);
        let mut point = self.start.clone();
        let size = linear.iter().zip(&point.x).map(|(c, x)| (c * x).abs()).sum::<f64>();
        let _ = self.engine.descend(&linear, 0.0, 1e-8 * (1e-3 + size), &mut point, 60);
        let fixed: f64 = self.engine.model.g_fixed.iter().zip(&r).map(|(g, p)| g * p).sum();
        let usable = point.x.iter().chain(&point.y).all(|v| v.is_finite());
        let least = if usable { self.engine.lower_bound(&linear, 0.0, &point) } else { f64::NEG_INFINITY };
        (least + fixed).max(-1e200)
    }
}
