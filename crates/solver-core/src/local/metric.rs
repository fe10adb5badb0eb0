use cosmosmesh_contracts::round;

use crate::linear::{Breakdown, Dense, mirror};

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
        // W^-1 = (w I + rho S')^-1 S', and W = rho I + w S'^-1; both are functions of S', so they are symmetric.
        let mut sum = Dense::zeros(m);
        sum.values.iter_mut().zip(&shifted).for_each(|(v, s)| *v = rule.floor * s);
        (0..m).for_each(|k| sum.values[k * m + k] += rule.stiffness);
        sum.factor()?;
        let mut inverse = shifted.clone();
        sum.solve_symmetric(&mut inverse);
        let mut factor = Dense::zeros(m);
        factor.values.copy_from_slice(&shifted);
        factor.factor()?;
        let mut matrix = vec![0.0; m * m];
        (0..m).for_each(|k| matrix[k * m + k] = rule.stiffness);
        factor.solve_symmetric(&mut matrix);
        (0..m).for_each(|k| matrix[k * m + k] += rule.floor);
        mirror(&mut matrix, m);
        mirror(&mut inverse, m);
        Ok(Self { matrix, inverse, target: vec![0.0; m] })
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
