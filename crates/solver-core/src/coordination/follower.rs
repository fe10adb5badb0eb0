use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, ColumnKey, FieldKind, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{CoordinationError, Step};

use super::evidence::Evidence;
use super::master::{Priced, Summed, master};
use super::moves::{Moved, Noise, Sums};
use super::relay::Relayed;
use super::{Asked, Options};

/// What `aladin`, `fan` and `ipm` share: a base on the fleet's central path, the summed affine model there, and everything proven so far.
pub(super) struct Follower {
    pub(super) assets: f64,
    pub(super) evidence: Evidence,
    pub(super) round: u32,
    pub(super) base: Option<Model>,
    /// The public row scaling `D`; the sums after the first round are in scaled rows.
    scale: Option<Vec<f64>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    rounds_max: u32,
    asked: Asked,
    sides: f64,
    /// Whether the assets keep what a move needs, so that plans can be moved onto the rows.
    moving: bool,
}

/// The fleet's summed affine model at one candidate: `use(p, mu) = answer - S (p - prices) + yd (mu - barrier)`, in scaled rows.
pub(super) struct Model {
    /// Which point of the last round it is; none if that round was refused and everybody stays.
    pub(super) index: Option<u16>,
    pub(super) prices: Vec<f64>,
    pub(super) barrier: f64,
    answer: Vec<f64>,
    /// `S`, in full.
    pub(super) curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
    /// Over how many assets the distance is spread.
    pub(super) effective: f64,
    /// The squared distance from the central path per participating asset; see docs/math/federated-solver.md#menu.
    pub(super) decrement: f64,
}

impl Follower {
    /// The most fleet rows: a report with eight curvatures then has about 2^24 numbers.
    pub(super) const ROWS_MAX: usize = 1500;

    pub(super) fn new(
        name: &str,
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
    ) -> Result<Self, CoordinationError> {
        let m = coupling.bounds.len();
        let refused = |reason: String| Err(CoordinationError::Unsupported { reason });
        if m > Self::ROWS_MAX {
            let most = Self::ROWS_MAX;
            return refused(format!(
                "`{name}` sums a curvature of {m} × {m} rows, at most {most} fit; use `--variant admm`"
            ));
        }
        if options.absence {
            return refused(format!("`{name}` needs every asset in every round; use `--variant menu`"));
        }
        if let Some(warm) = options.warm.as_ref().filter(|warm| warm.prices.len() != m) {
            return refused(format!("the warm start has {} prices, the fleet has {m} rows", warm.prices.len()));
        }
        Ok(Self {
            assets: asset_count.max(1) as f64,
            evidence: Evidence::new(coupling.bounds.clone(), options),
            round: 0,
            base: None,
            scale: None,
            lower: Vec::new(),
            upper: Vec::new(),
            rounds_max: options.rounds_max.unwrap_or(200),
            asked: Asked::Nothing,
            sides: 1.0,
            moving: false,
        })
    }

    /// The same, whose plans are moved onto the rows; every question must then be [`Ask::Guided`] and name the moves that are due.
    pub(super) fn moving(self) -> Self {
        Self { moving: true, ..self }
    }

    /// The least error of any plan so far; infinite before there is one.
    pub(super) fn error(&self) -> f64 {
        let known = [&self.evidence.best, &self.evidence.safe].into_iter().flatten();
        known.map(|plan| self.evidence.error_of(plan)).fold(f64::INFINITY, f64::min)
    }

    /// Everything that another method can go on with; none before the first sum.
    pub(super) fn relay(&self) -> Option<Relayed> {
        Some(Relayed { evidence: self.evidence.clone(), scale: self.scale.clone()?, round: self.round })
    }

    /// The question that waits, or the one that `ask` makes.
    pub(super) fn query(&mut self, ask: impl FnOnce(&mut Self) -> RoundQuery) -> Result<RoundQuery, CoordinationError> {
        if self.evidence.is_done() || self.round >= self.rounds_max {
            return Err(CoordinationError::Finished);
        }
        let query = match std::mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Query(query) => query,
            Asked::Nothing => Box::new(ask(self)),
        };
        self.asked = Asked::Query(query.clone());
        Ok(*query)
    }

    /// A question at these points; the boldest is asked for its bound.
    ///
    /// `suspect` prices ran away while the master looked for a point that the modelled fleet cannot reach; they, else those of the
    /// boldest point, are asked for a proof that no plan exists.
    pub(super) fn question(
        &self,
        points: Vec<QueryPoint>,
        suspect: Option<Vec<f64>>,
        ask: impl FnOnce(Option<u16>) -> Ask,
    ) -> RoundQuery {
        let last = points.len() - 1;
        let ray = suspect.and_then(|prices| direction(&prices)).or_else(|| direction(&points[last].prices));
        let ray = ray.filter(|_| self.round > 0 && self.evidence.safe.is_none());
        RoundQuery {
            round: self.round + 1,
            row_count: self.evidence.bounds.len() as u32,
            row_scale: self.scale.clone().filter(|_| self.round == 1),
            ask: ask(self.base.as_ref().and_then(|base| base.index)),
            bound_points: vec![last as u16],
            points,
            ray,
            retain: self.evidence.retained(),
        }
    }

    /// The point of the modelled path at a barrier.
    ///
    /// # Errors
    /// The prices that ran away, if the modelled fleet has none.
    pub(super) fn point(&self, base: &Model, barrier: f64) -> Result<QueryPoint, Vec<f64>> {
        self.priced(base, barrier).map(|at| QueryPoint { prices: at.prices, barrier })
    }

    /// The same, with what the rows give there.
    pub(super) fn priced(&self, base: &Model, barrier: f64) -> Result<Priced, Vec<f64>> {
        let moved = base.barrier_derivative.iter().map(|d| d * (barrier - base.barrier));
        let answer: Vec<f64> = base.answer.iter().zip(moved).map(|(y, d)| y + d).collect();
        let model = Summed { answer: &answer, curvature: &base.curvature, prices: &base.prices };
        master(&model, &self.lower, &self.upper, barrier)
    }

    /// The least barrier worth asking for: the complementarity it leaves is far below the tolerance.
    pub(super) fn floor(&self) -> f64 {
        let scale = self.evidence.cost_scale();
        (0.02 * self.evidence.tolerance * scale / self.sides).max(1e-14 * scale)
    }

    /// Takes a sum: what it proves, and the base that `choose` picks among the models of its candidates.
    ///
    /// Where no candidate is sound the run is over: there is nothing to go on from.
    pub(super) fn absorb(
        &mut self,
        sum: &SummedReport,
        choose: impl FnOnce(&mut Self, Vec<Model>) -> Option<Model>,
    ) -> Result<Step, CoordinationError> {
        let query = self.asked.take(sum)?;
        self.round = query.round;
        let m = self.evidence.bounds.len();
        let ones = vec![1.0; m];
        let (unit, to_scaled) = match &self.scale {
            Some(scale) => (scale.clone(), ones),
            None => {
                let count = sum.contributors() as f64;
                let norms = sum.field(FieldKind::RowNorms, 0);
                let scale: Vec<f64> =
                    norms.iter().map(|n| if *n > 0.0 { (n / count).sqrt().recip() } else { 1.0 }).collect();
                let scaled = |list: &[f64]| list.iter().zip(&scale).map(|(b, d)| b * d).collect();
                (self.lower, self.upper) = (scaled(self.evidence.bounds.lower()), scaled(self.evidence.bounds.upper()));
                self.sides = sum.scalar(FieldKind::ConstraintCount, 0).max(1.0);
                self.scale = Some(scale.clone());
                (ones, scale)
            }
        };
        self.evidence.absorb(&query, sum, &unit, &unit);
        if !self.evidence.is_done() {
            let points = 0..query.points.len();
            let (models, moved): (Vec<_>, Vec<_>) =
                points.filter_map(|k| self.model(&query, k, sum, &to_scaled)).unzip();
            moved.into_iter().flatten().for_each(|moved| self.evidence.offer_moved(moved));
            self.base = choose(self, models);
            self.evidence.conclude();
            if !self.evidence.is_done() && self.base.is_none() {
                self.evidence.status = Status::Numerical;
            }
        }
        let over = self.evidence.is_done() || self.round >= self.rounds_max;
        Ok(if over { Step::Done } else { Step::Continue })
    }

    /// What the sum says about a candidate, and its plan moved onto the rows; nothing where somebody clipped.
    fn model(&self, query: &RoundQuery, k: usize, sum: &SummedReport, unit: &[f64]) -> Option<(Model, Option<Moved>)> {
        let (slot, point, m) = (k as u16, &query.points[k], unit.len());
        let mu = point.barrier;
        if !(sum.is_sound(FieldKind::Use, slot) && sum.is_sound(FieldKind::Response, slot)) {
            return None;
        }
        let rows = |kind, factor: f64| -> Vec<f64> {
            sum.field(kind, slot).iter().zip(unit).map(|(v, d)| v * d * factor).collect()
        };
        let prices: Vec<f64> = point.prices.iter().zip(unit).map(|(p, d)| p / d).collect();
        let (usage, answer) = (rows(FieldKind::Use, 1.0), rows(FieldKind::Response, 1.0));
        let mut curvature = vec![0.0; m * m];
        let mut triangle = sum.field(FieldKind::Curvature, slot).iter();
        for a in 0..m {
            for b in a..m {
                let v = triangle.next().copied().unwrap_or(0.0) * unit[a] * unit[b] / mu;
                (curvature[a * m + b], curvature[b * m + a]) = (v, v);
            }
        }
        let barrier_derivative = rows(FieldKind::BarrierDerivative, 1.0 / mu);
        let summed = sum.scalar(FieldKind::Decrement, slot);
        let squares = sum.scalar(FieldKind::DecrementSquare, slot);
        let effective = if squares > 0.0 { (summed * summed / squares).clamp(1.0, self.assets) } else { self.assets };
        let (mut decrement, mut moved) = (f64::INFINITY, None);
        let model = Summed { answer: &answer, curvature: &curvature, prices: &prices };
        if let Ok(next) = master(&model, &self.lower, &self.upper, mu) {
            let delta: Vec<f64> = next.prices.iter().zip(&prices).map(|(n, p)| n - p).collect();
            let sums = Sums {
                mu,
                prices: &prices,
                usage: &usage,
                answer: &answer,
                curvature: &curvature,
                barrier_derivative: &barrier_derivative,
                decrement: summed,
            };
            decrement = sums.decrement_after(&delta) / effective;
            if let (true, Some(scale)) = (self.moving && sum.scalar(FieldKind::Boxed, slot) == 0.0, &self.scale) {
                let stride = sums.stride(&delta, self.sides, &Noise::of(sum, slot, unit, mu));
                let key = ColumnKey { round: query.round, slot: ColumnKey::MOVED + slot };
                moved = stride.map(|stride| stride.plan(key, sum.scalar(FieldKind::Cost, slot), scale));
            }
        }
        let decrement = if decrement.is_nan() { f64::INFINITY } else { decrement };
        let index = Some(slot);
        let model = Model { index, prices, barrier: mu, answer, curvature, barrier_derivative, effective, decrement };
        Some((model, moved))
    }
}

/// The boldest model below a limit; if there is none, the one nearest to the path.
pub(super) fn boldest(models: Vec<Model>, limit: f64) -> Option<Model> {
    models.into_iter().reduce(|old, new| {
        let better = match (old.decrement < limit, new.decrement < limit) {
            (true, true) => new.barrier < old.barrier,
            (false, false) => new.decrement < old.decrement,
            (trusted, _) => !trusted,
        };
        if better { new } else { old }
    })
}

/// Prices as a direction of length one; none if they are zero or beyond arithmetic.
fn direction(prices: &[f64]) -> Option<Vec<f64>> {
    let largest = prices.iter().fold(0.0_f64, |worst, p| worst.max(p.abs()));
    let norm = largest * prices.iter().map(|p| (p / largest).powi(2)).sum::<f64>().sqrt();
    (norm > 0.0 && norm.is_finite()).then(|| prices.iter().map(|p| p / norm).collect())
}

/// Where a run without a base looks: at the old prices of a warm start, else at zero; the barrier is a power of ten of the public scale.
pub(super) fn opening(rows: usize, options: &Options, decade: f64) -> QueryPoint {
    let (prices, scale) = match &options.warm {
        Some(warm) => (warm.prices.clone(), warm.barrier),
        None => (vec![0.0; rows], options.cost_scale),
    };
    QueryPoint { prices, barrier: scale * 10f64.powf(decade) }
}
