use cosmosmesh_contracts::round::{ColumnKey, FieldKind, Move, SummedReport};

use crate::local::FIRM;
use crate::participant::UNSOUND;

/// What the sums say at one point, in scaled rows.
pub(crate) struct Sums<'a> {
    pub(crate) mu: f64,
    pub(crate) prices: &'a [f64],
    pub(crate) usage: &'a [f64],
    /// `yhat`, the affine response at the point's prices.
    pub(crate) answer: &'a [f64],
    /// `S`, in full.
    pub(crate) curvature: &'a [f64],
    /// `dy/dmu`.
    pub(crate) barrier_derivative: &'a [f64],
    /// `sum_i d_i' S_i d_i / mu`.
    pub(crate) decrement: f64,
}

/// How far coded sums may be from the fleet's, in scaled rows; zero for sums in the open.
pub(crate) struct Noise {
    usage: Vec<f64>,
    answer: Vec<f64>,
    /// Of `S_ab`: the product of the entries a and b.
    curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
    decrement: f64,
}

/// A step of the whole fleet whose use is known, and whose cost is bounded, before anybody takes it.
pub(crate) struct Stride {
    length: f64,
    delta: Vec<f64>,
    usage: Vec<f64>,
    /// At most so much dearer than the plan it starts from.
    dearer: f64,
    blur: Vec<f64>,
}

/// A stride as a plan, in the problem's units.
pub(crate) struct Moved {
    pub(crate) step: Move,
    pub(crate) usage: Vec<f64>,
    pub(crate) cost: f64,
    pub(crate) blur: Vec<f64>,
}

/// The largest squared decrement of a step: nobody then leaves its own limits.
const INSIDE: f64 = 0.8;
/// Strides shorter than this are not worth their bytes.
const LENGTH_MIN: f64 = 1e-2;
/// How far a centre's complementarity may be from `mu`, relatively, with something to spare.
const CENTRED: f64 = 2e-4;
/// What is added to the cost of a stride for the residuals of local solves, relatively.
const RESIDUAL: f64 = 1e-9;

impl Sums<'_> {
    fn times_curvature(&self, delta: &[f64]) -> Vec<f64> {
        let m = delta.len();
        (0..m).map(|a| dot(&self.curvature[a * m..(a + 1) * m], delta)).collect()
    }

    /// `sum_i (d_i - Delta)' S_i (d_i - Delta) / mu`: the squared distance of the whole fleet from where the prices `p + Delta` would bring it.
    ///
    /// Where an asset says nothing about its response, or is so far that its figure was cut, no step can be said to bring the fleet nearer.
    pub(crate) fn decrement_after(&self, delta: &[f64]) -> f64 {
        if self.decrement >= UNSOUND {
            return self.decrement;
        }
        let off = difference(self.answer, self.usage);
        let own = dot(delta, &self.times_curvature(delta));
        (self.decrement * self.mu - 2.0 * dot(delta, &off) + own).max(0.0) / self.mu
    }

    /// The stride to the prices `p + Delta`, as far as every asset certainly stays within its own limits; none if that is hardly anywhere.
    ///
    /// `sides` is how many private inequalities there are in all.
    /// # Source
    /// docs/math/federated-solver.md#moves.
    pub(crate) fn stride(&self, delta: &[f64], sides: f64, noise: &Noise) -> Option<Stride> {
        let mu = self.mu;
        if self.decrement + noise.decrement >= UNSOUND {
            return None;
        }
        let off = difference(self.answer, self.usage);
        let bent = self.times_curvature(delta);
        let spread = weighed(delta, &noise.curvature);
        let doubt_off = weighed(delta, &noise.answer) + weighed(delta, &noise.usage);
        let total = self.decrement_after(delta) + noise.decrement + (2.0 * doubt_off + spread * spread) / mu;
        let length = (INSIDE / total.max(f64::MIN_POSITIVE)).sqrt().min(1.0);
        // Written so that NaN is refused.
        let worth_it = length >= LENGTH_MIN;
        if !worth_it {
            return None;
        }
        let usage = (0..delta.len()).map(|k| self.usage[k] + length * (off[k] - bent[k])).collect();
        let doubt = weighed(self.prices, &noise.curvature) * spread
            + weighed(self.prices, &noise.answer)
            + weighed(self.prices, &noise.usage)
            + doubt_off
            + mu * noise.decrement
            + mu * weighed(delta, &noise.barrier_derivative);
        // sum_i g_i'dx_i along the whole stride, with g_i the gradient of the asset's own cost.
        let slope = dot(self.prices, &bent) - dot(self.prices, &off) + dot(delta, &off)
            - mu * (self.decrement + dot(self.barrier_derivative, delta))
            + mu * (sides * (self.decrement + noise.decrement) / FIRM).sqrt()
            + mu * CENTRED * (sides * total / FIRM).sqrt()
            + doubt;
        let dearer = length * slope + 0.5 * mu * length * length * total;
        let blur = (0..delta.len()).map(|k| noise.usage[k] + noise.answer[k] + noise.curvature[k] * spread).collect();
        Some(Stride { length, delta: delta.to_vec(), usage, dearer, blur })
    }
}

impl Noise {
    /// Of a point's sums; `unit` turns their rows into scaled ones.
    pub(crate) fn of(sum: &SummedReport, slot: u16, unit: &[f64], mu: f64) -> Self {
        let rows = |error: f64| unit.iter().map(|d| error * d).collect();
        Self {
            usage: rows(sum.error(FieldKind::Use, slot)),
            answer: rows(sum.error(FieldKind::Response, slot)),
            curvature: rows((sum.error(FieldKind::Curvature, slot) / mu).sqrt()),
            barrier_derivative: rows(sum.error(FieldKind::BarrierDerivative, slot) / mu),
            decrement: sum.error(FieldKind::Decrement, slot),
        }
    }
}

impl Stride {
    /// The plan of this name that starts from one of this cost; `scale` is the rows' scaling.
    pub(crate) fn plan(self, key: ColumnKey, cost: f64, scale: &[f64]) -> Moved {
        let plain = |list: Vec<f64>| -> Vec<f64> { list.iter().zip(scale).map(|(y, d)| y / d).collect() };
        let prices = self.delta.iter().zip(scale).map(|(p, d)| p * d).collect();
        Moved {
            step: Move { key, length: self.length, prices },
            usage: plain(self.usage),
            cost: cost + self.dearer + RESIDUAL * (1.0 + cost.abs()),
            blur: plain(self.blur),
        }
    }
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

/// `sum_k |v_k| w_k`.
fn weighed(v: &[f64], w: &[f64]) -> f64 {
    v.iter().zip(w).map(|(v, w)| v.abs() * w).sum()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
