use cosmosmesh_contracts::round;

use crate::linear::{Breakdown, Dense, mirror};

/// The share of its own curvature that an asset leaves in the rest: one that is alone at an equality row is not held beyond arithmetic.
const OWN: f64 = 0.03;
/// What is added to the fleet's curvature, relatively: sums are rounded, and an asset may be the whole fleet.
const RIDGE: f64 = 1e-9;

/// Holds an asset near a predicted allocation: adds `1/2 |G x - target|^2_W` to its cost.
///
/// `W = stiffness (S + shift tr(S)/m I)^-1 + floor I` over the rows that the asset touches; it never leaves the asset.
/// # Source
/// docs/math/federated-solver.md#metric.
#[derive(Clone)]
pub(crate) struct Metric {
    /// `W`, in full.
    pub(crate) matrix: Vec<f64>,
    /// `W^-1`, in full.
    pub(crate) inverse: Vec<f64>,
    /// Where the asset is held, one per touched row, its fixed use included.
    pub(crate) target: Vec<f64>,
}

impl Metric {
    /// The metric of a response with curvature `s` (full, m × m).
    pub(crate) fn new(s: &[f64], m: usize, rule: &round::Metric) -> Result<Self, Breakdown> {
        let trace: f64 = (0..m).map(|k| s[k * m + k]).sum();
        let shift = rule.shift * trace / m.max(1) as f64 + 1e-9;
        let mut shifted = s.to_vec();
        (0..m).for_each(|k| shifted[k * m + k] += shift);
        Self::scaled_inverse(shifted, m, rule.stiffness, rule.floor)
    }

    /// `W = stiffness S'^-1 + floor I` and its inverse.
    fn scaled_inverse(shifted: Vec<f64>, m: usize, stiffness: f64, floor: f64) -> Result<Self, Breakdown> {
        // W^-1 = (w I + rho S')^-1 S', and W = rho I + w S'^-1; both are functions of S', so they are symmetric.
        let mut sum = Dense::zeros(m);
        sum.values.iter_mut().zip(&shifted).for_each(|(v, s)| *v = floor * s);
        (0..m).for_each(|k| sum.values[k * m + k] += stiffness);
        sum.factor()?;
        let mut inverse = shifted.clone();
        sum.solve_symmetric(&mut inverse);
        let mut factor = Dense::zeros(m);
        factor.values.copy_from_slice(&shifted);
        factor.factor()?;
        let mut matrix = vec![0.0; m * m];
        (0..m).for_each(|k| matrix[k * m + k] = stiffness);
        factor.solve_symmetric(&mut matrix);
        (0..m).for_each(|k| matrix[k * m + k] += floor);
        mirror(&mut matrix, m);
        mirror(&mut inverse, m);
        Ok(Self { matrix, inverse, target: vec![0.0; m] })
    }

    /// The metric of an asset among the rest of its fleet: `theta (S - S_i + C)^-1` over the touched rows, where prices of the others follow.
    ///
    /// `own` is the asset's curvature; `whole` the fleet's, in full over all m rows; `give` the diagonal of `C`.
    /// # Source
    /// docs/math/federated-solver.md#metric.
    pub(crate) fn among(
        own: &[f64],
        touched: &[usize],
        whole: &[f64],
        give: &[f64],
        weight: f64,
    ) -> Result<Self, Breakdown> {
        let (t, m) = (touched.len(), give.len());
        let mut full = Dense::zeros(m);
        full.values.copy_from_slice(whole);
        for k in 0..m {
            let diagonal = &mut full.values[k * m + k];
            *diagonal += give[k] + RIDGE * *diagonal;
        }
        // What prices of touched rows do when touched rows are used more, turned round: R_TT^-1.
        let mut rest = vec![0.0; t * t];
        if t == m {
            rest.copy_from_slice(&full.values);
        } else {
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
            (0..t).for_each(|k| rest[k * t + k] = 1.0);
            answer.solve_symmetric(&mut rest);
            mirror(&mut rest, t);
        }
        rest.iter_mut().zip(own).for_each(|(r, s)| *r -= (1.0 - OWN) * s);
        Self::scaled_inverse(rest, t, weight, 0.0)
    }

    /// A multiple of the identity, as ADMM holds its assets.
    pub(crate) fn identity(m: usize, penalty: f64) -> Self {
        let (mut matrix, mut inverse) = (vec![0.0; m * m], vec![0.0; m * m]);
        (0..m).for_each(|k| (matrix[k * m + k], inverse[k * m + k]) = (penalty, 1.0 / penalty));
        Self { matrix, inverse, target: vec![0.0; m] }
    }

    /// `W v`.
    pub(crate) fn apply(&self, v: &[f64], out: &mut [f64]) {
        let m = v.len();
        for (a, out) in out.iter_mut().enumerate() {
            *out = self.matrix[a * m..(a + 1) * m].iter().zip(v).map(|(w, v)| w * v).sum();
        }
    }
}
