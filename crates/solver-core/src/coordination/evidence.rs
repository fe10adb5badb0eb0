use cosmosmesh_contracts::plan::{PlanKind, Status};
use cosmosmesh_contracts::problem::Bounds;
use std::collections::BTreeMap;

use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Mix, Move, RoundQuery, SummedReport};

use super::moves::Moved;
use super::{Options, mixing, ray};

mod certificate;
mod closed;

/// What the sums have shown so far: aggregated plans, the best lower bound, the best mixes. Common to every method.
///
/// # Source
/// docs/math/federated-solver.md#certificate and #mixing.
#[derive(Clone)]
pub(crate) struct Evidence {
    pub(crate) bounds: Bounds,
    pub(crate) tolerance: f64,
    /// Whether only a plan that violates nothing ends the run.
    strict: bool,
    /// What a violation of each row is measured against: its largest finite bound, or a millionth of the largest use seen if that is more.
    row_scale: Vec<f64>,
    pub(crate) rounds: u32,
    pub(crate) dual_bound: f64,
    pub(crate) prices: Vec<f64>,
    columns: Vec<Column>,
    /// How the moved plans among the columns and in the mixes are made.
    moves: BTreeMap<ColumnKey, Move>,
    /// By how much the stated cost of a moved plan was seen to be impossible, at most.
    misstated: f64,
    pub(crate) best: Option<Mixed>,
    pub(crate) safe: Option<Mixed>,
    safe_round: Option<u32>,
    safe_round_one_percent: Option<u32>,
    pub(crate) status: Status,
    conflict: Vec<f64>,
    locally_infeasible: usize,
    /// Whether the last sum was of everybody at one price, so that bounds are valid.
    pub(crate) fresh: bool,
    /// Rows that every plan keeps at a limit.
    pub(crate) closed: closed::ClosedRows,
    /// How far the use of each row may be from what was summed, because sums were coded; zero for sums in the open.
    blur: Vec<f64>,
}

/// An aggregated plan: the fleet's use of every row, in the problem's units, and its cost.
#[derive(Clone)]
pub(crate) struct Column {
    pub(crate) key: ColumnKey,
    pub(crate) usage: Vec<f64>,
    pub(crate) cost: f64,
    boxed: f64,
    blur: Vec<f64>,
}

/// A mix of columns and what the sums say about it.
#[derive(Clone)]
pub(crate) struct Mixed {
    pub(crate) mix: Mix,
    pub(crate) usage: Vec<f64>,
    pub(crate) cost: f64,
    pub(crate) violation: f64,
    /// How many assets are at their boxes, by the weights of the mix.
    boxed: f64,
    blur: Vec<f64>,
}

/// What is seen of a misstatement is the part that a bound contradicts; so many times that is added to every moved plan's cost.
const MISSTATED: f64 = 4.0;
/// How many assets a proven plan has at their boxes, counted by the weights of its mix, before the fleet is called unbounded.
/// Small weights of plans at the box are how a fleet's rows hold linear costs that nothing else bounds.
const FAR_OUT: f64 = 0.5;

impl Evidence {
    pub(crate) fn new(bounds: Bounds, options: &Options) -> Self {
        let m = bounds.len();
        let finite = |v: f64| if v.is_finite() { v.abs() } else { 0.0 };
        let row_scale = (0..m).map(|k| finite(bounds.lower()[k]).max(finite(bounds.upper()[k])).max(1e-12)).collect();
        Self {
            closed: closed::ClosedRows::new(&bounds),
            bounds,
            tolerance: options.tolerance,
            strict: options.strict,
            row_scale,
            rounds: 0,
            dual_bound: f64::NEG_INFINITY,
            prices: vec![0.0; m],
            columns: Vec::new(),
            moves: BTreeMap::new(),
            misstated: 0.0,
            best: None,
            safe: None,
            safe_round: None,
            safe_round_one_percent: None,
            status: Status::RoundLimit,
            conflict: Vec::new(),
            locally_infeasible: 0,
            fresh: true,
            blur: vec![0.0; m],
        }
    }

    /// Whether the outcome is final.
    pub(crate) fn is_done(&self) -> bool {
        self.status != Status::RoundLimit
    }

    /// Takes what every method's sum has: local failures, aggregated plans, bounds, and the proof of infeasibility.
    ///
    /// `unit` turns the sum's rows into the problem's units: `usage = sum / unit`; `sent` is the scaling of the query's prices.
    pub(crate) fn absorb(&mut self, query: &RoundQuery, sum: &SummedReport, unit: &[f64], sent: &[f64]) {
        self.rounds = query.round;
        self.locally_infeasible = sum.scalar(FieldKind::LocallyInfeasible, 0).round() as usize;
        if self.locally_infeasible > 0 {
            self.status = Status::Infeasible;
            self.conflict.clear();
            return;
        }
        let plain = |list: &[f64]| -> Vec<f64> { list.iter().zip(unit).map(|(y, d)| y / d).collect() };
        let relative = query.is_relative();
        let points = (0..query.points.len() as u16).map(|k| sum.error(FieldKind::Use, k));
        let error = points.chain((0..query.bound_points.len() as u16).map(|k| sum.error(FieldKind::BoundUse, k)));
        let error = error.fold(0.0, f64::max);
        for (blur, d) in self.blur.iter_mut().zip(unit) {
            // Differences are added to sums that were coded before.
            *blur = error / d + if relative { *blur } else { 0.0 };
        }
        for k in (0..query.points.len() as u16).filter(|&k| sum.is_sound(FieldKind::Use, k)) {
            for (scale, y) in self.row_scale.iter_mut().zip(plain(sum.field(FieldKind::Use, k))) {
                // A limit of zero has no scale of its own: what the fleet would use without it has.
                *scale = scale.max(if *scale < 1e-9 { y.abs() } else { 1e-6 * y.abs() });
            }
            self.closed.see(&plain(sum.field(FieldKind::Use, k)), &self.bounds, &self.row_scale);
            self.columns.push(Column {
                key: ColumnKey { round: query.round, slot: k },
                usage: plain(sum.field(FieldKind::Use, k)),
                cost: sum.scalar(FieldKind::Cost, k),
                boxed: sum.scalar(FieldKind::Boxed, k),
                blur: self.blur.clone(),
            });
        }
        for (k, &index) in query.bound_points.iter().enumerate() {
            if !sum.is_sound(FieldKind::Bound, k as u16) {
                continue;
            }
            self.columns.push(Column {
                key: ColumnKey { round: query.round, slot: (query.points.len() + k) as u16 },
                usage: plain(sum.field(FieldKind::BoundUse, k as u16)),
                cost: sum.scalar(FieldKind::BoundCost, k as u16),
                boxed: sum.scalar(FieldKind::BoundBoxed, k as u16),
                blur: self.blur.clone(),
            });
            if self.fresh {
                let prices: Vec<f64> =
                    query.points[usize::from(index)].prices.iter().zip(sent).map(|(p, d)| p * d).collect();
                let value = sum.scalar(FieldKind::Bound, k as u16) - self.support(&prices);
                if value > self.dual_bound {
                    self.dual_bound = value;
                    self.prices = prices;
                }
            }
        }
        if let (Some(ray), true) = (&query.ray, self.fresh && sum.is_sound(FieldKind::RaySupport, 0)) {
            let weights: Vec<f64> = ray.iter().zip(sent).map(|(r, d)| r * d).collect();
            let limit = self.support(&weights);
            let above = sum.scalar(FieldKind::RaySupport, 0) - limit;
            if above > 1e-7 * (1.0 + limit.abs()) {
                self.status = Status::Infeasible;
                self.conflict = weights;
            } else {
                self.closed.hear(&weights, above, sum.error(FieldKind::RaySupport, 0), &self.row_scale);
            }
        }
    }

    /// A plan that a move makes of an answer in the last sum; nobody has computed it yet.
    pub(crate) fn offer_moved(&mut self, moved: Moved) {
        let Moved { step, usage, mut cost, blur } = moved;
        // No plan of this use can cost less than the bound's prices allow; where one says so, local solves were less exact than its cost assumes.
        let paid: f64 = self.prices.iter().zip(usage.iter().zip(&blur)).map(|(p, (y, b))| p * y + p.abs() * b).sum();
        let least = self.dual_bound + self.support(&self.prices) - paid;
        if least.is_finite() {
            self.misstated = self.misstated.max(least - cost);
        }
        cost += MISSTATED * self.misstated;
        self.columns.push(Column { key: step.key, usage, cost, boxed: 0.0, blur });
        self.moves.insert(step.key, step);
    }

    /// The moves of the last sum that a mix uses: what the next query must ask everybody to make and keep.
    pub(crate) fn moves_due(&self) -> Vec<Move> {
        let kept = self.retained();
        let due = self.moves.values().filter(|step| step.key.round == self.rounds);
        due.filter(|step| kept.binary_search(&step.key).is_ok()).cloned().collect()
    }

    /// A bound whose assets have answered one after the other: `sum` is of everybody's least priced cost at `prices`, in scaled rows.
    pub(crate) fn offer(&mut self, prices: &[f64], sum: f64, sent: &[f64]) {
        let prices: Vec<f64> = prices.iter().zip(sent).map(|(p, d)| p * d).collect();
        let value = sum - self.support(&prices);
        if value > self.dual_bound {
            self.dual_bound = value;
            self.prices = prices;
        }
    }

    /// Mixes what is known into the least costly safe plan and into the plan with the best certificate, and judges them.
    pub(crate) fn conclude(&mut self) {
        if self.is_done() {
            return;
        }
        let horizon = self.rounds.saturating_sub(RoundQuery::WINDOW);
        // A moved plan outlives its round only in a mix: nobody keeps it otherwise.
        let oldest = |key: ColumnKey| if key.is_moved() { self.rounds - 1 } else { horizon };
        self.columns
            .retain(|c| c.key.round > oldest(c.key) && c.cost.is_finite() && c.usage.iter().all(|v| v.is_finite()));
        let candidates = self.candidates();
        let candidates = self.comparable(candidates);
        let cost_scale =
            1.0 + if self.dual_bound.is_finite() { self.dual_bound.abs() } else { least_cost(&candidates).abs() };
        let best = mixing::best(
            &candidates,
            &self.bounds,
            self.dual_bound,
            cost_scale,
            &self.row_scale,
            &self.prices,
            self.fresh,
        );
        let safe = mixing::safe(&candidates, &self.bounds, &self.row_scale, |k| self.closed.sign(k) != 0.0);
        let mixed = |weights: Vec<f64>| self.mixed(&candidates, &weights);
        let (best, safe) = (best.map(mixed), safe.map(mixed));
        if let Some(best) = best {
            let better = |old: &Mixed| self.error_of(&best) < self.error_of(old);
            if self.best.as_ref().is_none_or(better) {
                self.best = Some(best);
            }
        }
        if let Some(safe) = safe.filter(|s| s.violation <= Self::SAFE)
            && self.safe.as_ref().is_none_or(|old| safe.cost < old.cost)
        {
            self.safe = Some(safe);
        }
        if let Some(safe) = &self.safe {
            self.safe_round.get_or_insert(self.rounds);
            if self.gap(safe.cost) <= 1e-2 {
                self.safe_round_one_percent.get_or_insert(self.rounds);
            }
        }
        let kept = self.retained();
        self.moves.retain(|key, _| kept.binary_search(key).is_ok());
        if self.answer().is_some_and(|(_, kind)| kind == Some(PlanKind::Optimal)) {
            let far_out = self.answer().is_some_and(|(plan, _)| plan.boxed > FAR_OUT);
            self.status = if far_out { Status::Unbounded } else { Status::Optimal };
        }
    }

    /// Recent columns, and the mixes found before as columns of their own.
    fn candidates(&self) -> Vec<mixing::Candidate> {
        let mut list: Vec<mixing::Candidate> = self
            .columns
            .iter()
            .map(|c| mixing::Candidate {
                usage: c.usage.clone(),
                cost: c.cost,
                boxed: c.boxed,
                blur: c.blur.clone(),
                mix: vec![(c.key, 1.0)],
            })
            .collect();
        for old in [&self.best, &self.safe].into_iter().flatten() {
            list.push(mixing::Candidate {
                usage: old.usage.clone(),
                cost: old.cost,
                boxed: old.boxed,
                blur: old.blur.clone(),
                mix: old.mix.weights.clone(),
            });
        }
        list
    }

    /// Leaves out columns whose error is ten thousand times the least one: their weight would be rounding, and they spoil the scaling.
    fn comparable(&self, candidates: Vec<mixing::Candidate>) -> Vec<mixing::Candidate> {
        if !self.dual_bound.is_finite() {
            return candidates;
        }
        let scale = 1.0 + self.dual_bound.abs();
        let error = |c: &mixing::Candidate| {
            let rows = mixing::row_violation(&self.bounds, &self.row_scale, &c.usage, &c.blur);
            rows.max(self.gap(c.cost).abs()).max(self.gain(&c.usage, &c.blur) / scale)
        };
        let least = candidates.iter().map(error).fold(f64::INFINITY, f64::min).max(0.01 * self.tolerance);
        candidates.into_iter().filter(|c| error(c) <= 1e4 * least).collect()
    }

    fn mixed(&self, candidates: &[mixing::Candidate], weights: &[f64]) -> Mixed {
        let m = self.bounds.len();
        let (mut usage, mut cost, mut boxed) = (vec![0.0; m], 0.0, 0.0);
        let mut blur = vec![0.0_f64; m];
        let mut total = BTreeMap::new();
        for (candidate, weight) in candidates.iter().zip(weights).filter(|(_, w)| **w > 0.0) {
            usage.iter_mut().zip(&candidate.usage).for_each(|(u, y)| *u += weight * y);
            cost += weight * candidate.cost;
            boxed += weight * candidate.boxed;
            blur.iter_mut().zip(&candidate.blur).for_each(|(b, c)| *b = b.max(*c));
            for (key, share) in &candidate.mix {
                *total.entry(*key).or_insert(0.0) += weight * share;
            }
        }
        let violation = self.violation(&usage, &blur);
        // A product of weights may underflow; a column of weight zero is no part of the mix.
        let weights: Vec<(ColumnKey, f64)> = total.into_iter().filter(|(_, weight)| *weight > 0.0).collect();
        let moves = weights.iter().filter_map(|(key, _)| self.moves.get(key).cloned()).collect();
        Mixed { mix: Mix { weights, moves }, usage, cost, violation, boxed, blur }
    }

    /// The direction along which the next question asks whether there is a plan: none in a first round, nor once a safe plan settles it.
    ///
    /// `suspect` prices ran away while the master looked for a point that the modelled fleet cannot reach; they, else the boldest ones.
    pub(crate) fn ray(&self, suspect: Option<Vec<f64>>, boldest: &[f64]) -> Option<Vec<f64>> {
        if self.rounds == 0 || self.safe.is_some() {
            return None;
        }
        self.closed.ray(self.rounds + 1).or_else(|| ray::of(suspect, boldest))
    }

    /// Columns that the present mixes need, ascending.
    pub(crate) fn retained(&self) -> Vec<ColumnKey> {
        let mut keys: Vec<ColumnKey> = [&self.best, &self.safe]
            .into_iter()
            .flatten()
            .flat_map(|mixed| mixed.mix.weights.iter().map(|(key, _)| *key))
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn least_cost(candidates: &[mixing::Candidate]) -> f64 {
    candidates.iter().map(|c| c.cost).fold(f64::INFINITY, f64::min).min(1e300)
}
