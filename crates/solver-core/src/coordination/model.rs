use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Rest, RoundQuery, SummedReport};

use super::master::{Priced, Summed};
use super::moves::{Moved, Noise, Sums};
use super::scaled_rows::ScaledRows;

/// What the fleet's sum says at one candidate, in scaled rows: the plan there, and the affine model around it,
/// `use(p, mu) = answer - S (p - prices) + yd (mu - barrier)`.
pub(super) struct Model {
    /// Which point of the last round it is; none if that round was refused and everybody stays at an older one.
    pub(super) index: Option<u16>,
    pub(super) usage: Vec<f64>,
    pub(super) cost: f64,
    pub(super) boxed: f64,
    pub(super) prices: Vec<f64>,
    pub(super) barrier: f64,
    pub(super) answer: Vec<f64>,
    /// `S`, in full.
    pub(super) curvature: Vec<f64>,
    pub(super) barrier_derivative: Vec<f64>,
    /// Over how many assets the distance is spread: each is limited by its own decrement only.
    pub(super) effective: f64,
    /// The squared distance from the central path per participating asset; infinite where no path is found.
    pub(super) decrement: f64,
}

/// How many assets leave their predictions at the same time, as a power of over how many the decrement was spread.
const TOGETHER: f64 = 0.75;
/// The most that a row gives, as a multiple of how far the fleet's use of it moves.
const GIVE_MAX: f64 = 1e9;

impl Model {
    /// The model at the candidate of this slot, and with `moving` its plan moved onto the rows.
    ///
    /// `unit` turns the sum's rows into scaled ones. Nothing where somebody clipped, or where no response was asked for.
    /// # Source
    /// docs/math/federated-solver.md#menu.
    pub(super) fn read(
        query: &RoundQuery,
        slot: u16,
        sum: &SummedReport,
        unit: &[f64],
        rows: &ScaledRows,
        assets: f64,
        moving: bool,
    ) -> Option<(Self, Option<Moved>)> {
        let (point, m) = (query.points.get(usize::from(slot))?, unit.len());
        let mu = point.barrier;
        let triangle = sum.field(FieldKind::Curvature, slot);
        let sound = sum.is_sound(FieldKind::Use, slot) && sum.is_sound(FieldKind::Response, slot);
        if !sound || (triangle.is_empty() && m > 0) {
            return None;
        }
        let list = |kind, factor: f64| -> Vec<f64> {
            sum.field(kind, slot).iter().zip(unit).map(|(v, d)| v * d * factor).collect()
        };
        let mut model = Self {
            index: Some(slot),
            usage: list(FieldKind::Use, 1.0),
            cost: sum.scalar(FieldKind::Cost, slot),
            boxed: sum.scalar(FieldKind::Boxed, slot),
            prices: point.prices.iter().zip(unit).map(|(p, d)| p / d).collect(),
            barrier: mu,
            answer: list(FieldKind::Response, 1.0),
            curvature: square(triangle, m, |a, b, v| v * unit[a] * unit[b] / mu),
            barrier_derivative: list(FieldKind::BarrierDerivative, 1.0 / mu),
            effective: 1.0,
            decrement: f64::INFINITY,
        };
        let mut moved = None;
        if let Ok(next) = rows.master(&model.summed(&model.answer), mu) {
            let delta: Vec<f64> = next.prices.iter().zip(&model.prices).map(|(n, p)| n - p).collect();
            let decrement = sum.scalar(FieldKind::Decrement, slot);
            let squares = sum.scalar(FieldKind::DecrementSquare, slot);
            let sums = model.sums(decrement);
            if let (true, Some(scale)) = (moving && model.boxed == 0.0, rows.scale()) {
                let stride = sums.stride(&delta, rows.sides, &Noise::of(sum, slot, unit, mu));
                let key = ColumnKey { round: query.round, slot: ColumnKey::MOVED + slot };
                moved = stride.map(|stride| stride.plan(key, model.cost, scale));
            }
            let after = sums.decrement_after(&delta);
            model.effective = if squares > 0.0 { (decrement * decrement / squares).clamp(1.0, assets) } else { assets };
            let spread = after / model.effective;
            model.decrement = if spread.is_nan() { f64::INFINITY } else { spread };
        }
        Some((model, moved))
    }

    /// The same, as the base of a fleet that stays: no point of the last round is followed.
    pub(super) fn stayed(self) -> Self {
        Self { index: None, ..self }
    }

    /// The point of the modelled path at a barrier.
    ///
    /// # Errors
    /// The prices that ran away, if the modelled fleet has none.
    pub(super) fn priced(&self, rows: &ScaledRows, barrier: f64) -> Result<Priced, Vec<f64>> {
        let moved = self.barrier_derivative.iter().map(|d| d * (barrier - self.barrier));
        let answer: Vec<f64> = self.answer.iter().zip(moved).map(|(y, d)| y + d).collect();
        rows.master(&self.summed(&answer), barrier)
    }

    /// What surrounds each asset at this base, for a query whose points' rows give so much.
    ///
    /// # Source
    /// docs/math/federated-solver.md#metric.
    pub(super) fn rest(&self, mut give: Vec<Vec<f64>>) -> Rest {
        let m = self.prices.len();
        // A row without limits, or far from them, gives without end.
        let mean = (0..m).map(|k| self.curvature[k * m + k]).sum::<f64>() / m.max(1) as f64;
        for give in &mut give {
            let cap = |k: usize| GIVE_MAX * (self.curvature[k * m + k] + mean).max(f64::MIN_POSITIVE);
            give.iter_mut().enumerate().for_each(|(k, v)| *v = v.min(cap(k)));
        }
        let curvature = (0..m).flat_map(|a| self.curvature[a * m + a..(a + 1) * m].iter().copied()).collect();
        Rest { weight: self.effective.powf(TOGETHER), curvature, give }
    }

    fn summed<'a>(&'a self, answer: &'a [f64]) -> Summed<'a> {
        Summed { answer, curvature: &self.curvature, prices: &self.prices }
    }

    fn sums(&self, decrement: f64) -> Sums<'_> {
        Sums {
            mu: self.barrier,
            prices: &self.prices,
            usage: &self.usage,
            answer: &self.answer,
            curvature: &self.curvature,
            barrier_derivative: &self.barrier_derivative,
            decrement,
        }
    }
}

/// The full matrix of an upper triangle listed row by row.
fn square(triangle: &[f64], m: usize, value: impl Fn(usize, usize, f64) -> f64) -> Vec<f64> {
    let mut full = vec![0.0; m * m];
    let mut next = triangle.iter();
    for a in 0..m {
        for b in a..m {
            let v = value(a, b, next.next().copied().unwrap_or(0.0));
            full[a * m + b] = v;
            full[b * m + a] = v;
        }
    }
    full
}
