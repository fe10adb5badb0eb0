use cosmosmesh_contracts::round;

use crate::linear::{Breakdown, Dense, mirror};

/// The share of its own curvature that an asset leaves in the rest: one that is alone at an equality row is not held beyond arithmetic.
const OWN: f64 = 0.03;
/// What is added to the fleet's curvature, relatively: sums are rounded, and an asset may be the whole fleet.
const RIDGE: f64 = 1e-9;

/// Holds an asset near a predicted allocation: adds `1/2 |G x - target|^2_W` to its cost.
///
/// `W` acts on vectors through the factor of its kernel `K`: `W = stiffness K^-1 + floor I`, over the rows that the asset touches;
/// it never leaves the asset.
/// # Source
/// docs/math/federated-solver.md#metric.
pub(crate) struct Metric {
    /// The Cholesky factor of `K`.
    kernel: Dense,
    stiffness: f64,
    floor: f64,
    /// `W^-1`, in full.
    pub(crate) inverse: Vec<f64>,
    /// Where the asset is held, one per touched row, its fixed use included.
    pub(crate) target: Vec<f64>,
}

impl Metric {
    /// A metric over `t` rows that holds nothing yet.
    fn blank(t: usize) -> Self {
        Self { kernel: Dense::zeros(t), stiffness: 1.0, floor: 0.0, inverse: vec![0.0; t * t], target: vec![0.0; t] }
    }

    /// The metric of a response with curvature `s` (full, m × m): `K = S + shift tr(S)/m I`.
    pub(crate) fn new(s: &[f64], m: usize, rule: &round::Metric) -> Result<Self, Breakdown> {
        let trace: f64 = (0..m).map(|k| s[k * m + k]).sum();
        let shift = rule.shift * trace / m.max(1) as f64 + 1e-9;
        let mut metric = Self { stiffness: rule.stiffness, floor: rule.floor, ..Self::blank(m) };
        // W^-1 = (w I + rho K)^-1 K, a function of K, so it is symmetric.
        let mut sum = Dense::zeros(m);
        metric.inverse.copy_from_slice(s);
        (0..m).for_each(|k| metric.inverse[k * m + k] += shift);
        sum.values.iter_mut().zip(&metric.inverse).for_each(|(v, k)| *v = rule.floor * k);
        (0..m).for_each(|k| sum.values[k * m + k] += rule.stiffness);
        metric.kernel.values.copy_from_slice(&metric.inverse);
        metric.kernel.factor()?;
        sum.factor()?;
        sum.solve_symmetric(&mut metric.inverse);
        mirror(&mut metric.inverse, m);
        Ok(metric)
    }

    /// Makes this the metric of an asset among the rest of its fleet: `theta (S - S_i + C)^-1` over the touched rows, where prices of the others follow.
    ///
    /// `own` is the asset's curvature; `whole` the fleet's, in full over all m rows; `give` the diagonal of `C`.
    /// The memory of a metric over as many rows serves again.
    /// # Source
    /// docs/math/federated-solver.md#metric.
    pub(crate) fn among(
        earlier: Option<Self>,
        own: &[f64],
        touched: &[usize],
        whole: &[f64],
        give: &[f64],
        weight: f64,
    ) -> Result<Self, Breakdown> {
        let (t, m) = (touched.len(), give.len());
        let mut metric = earlier.unwrap_or_else(|| Self::blank(t));
        (metric.stiffness, metric.floor) = (weight, 0.0);
        let Self { kernel, inverse, .. } = &mut metric;
        // What prices of touched rows do when touched rows are used more, turned round: R_TT^-1.
        let rest = &mut kernel.values;
        if t == m {
            rest.copy_from_slice(whole);
            (0..m).for_each(|k| rest[k * m + k] += give[k] + RIDGE * rest[k * m + k]);
        } else {
            let mut full = Dense::zeros(m);
            full.values.copy_from_slice(whole);
            (0..m).for_each(|k| full.values[k * m + k] += give[k] + RIDGE * full.values[k * m + k]);
            full.factor()?;
            let mut columns = vec![0.0; m * t];
            touched.iter().enumerate().for_each(|(a, &k)| columns[a * m + k] = 1.0);
            full.solve(&mut columns, t);
            let mut answer = Dense::zeros(t);
            for a in 0..t {
                for (b, &k) in touched.iter().enumerate() {
                    answer.values[a * t + b] = columns[a * m + k];
                }
            }
            answer.factor()?;
            rest.fill(0.0);
            (0..t).for_each(|k| rest[k * t + k] = 1.0);
            answer.solve_symmetric(rest);
            mirror(rest, t);
        }
        for ((inverse, kernel), own) in inverse.iter_mut().zip(rest).zip(own) {
            *kernel -= (1.0 - OWN) * own;
            *inverse = *kernel / weight;
        }
        kernel.factor()?;
        Ok(metric)
    }

    /// The metric with this inverse over `m` rows; none if there is none.
    pub(crate) fn with_inverse(inverse: &[f64], m: usize) -> Option<Self> {
        let mut metric = Self::blank(m);
        if m == 0 || inverse.len() != m * m {
            return None;
        }
        metric.inverse.copy_from_slice(inverse);
        metric.kernel.values.copy_from_slice(inverse);
        metric.kernel.factor().ok()?;
        Some(metric)
    }

    /// A multiple of the identity, as ADMM holds its assets.
    pub(crate) fn identity(m: usize, penalty: f64) -> Self {
        let mut metric = Self { stiffness: 0.0, floor: penalty, ..Self::blank(m) };
        (0..m).for_each(|k| metric.inverse[k * m + k] = 1.0 / penalty);
        metric
    }

    /// `W v`.
    pub(crate) fn apply(&self, v: &[f64], out: &mut [f64]) {
        out.copy_from_slice(v);
        if self.stiffness == 0.0 {
            return out.iter_mut().for_each(|out| *out *= self.floor);
        }
        self.kernel.solve_one(out);
        out.iter_mut().zip(v).for_each(|(out, v)| *out = self.stiffness * *out + self.floor * v);
    }
}
