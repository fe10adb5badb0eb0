use crate::local::Point;

/// The affine model of an asset's use at one point: `yhat - S (p - prices) + yd (mu - barrier)`, over the rows it touches.
#[derive(Clone, Default)]
pub(super) struct Response {
    pub(super) prices: Vec<f64>,
    pub(super) barrier: f64,
    pub(super) answer: Vec<f64>,
    pub(super) curvature: Vec<f64>,
    pub(super) barrier_derivative: Vec<f64>,
    pub(super) point: Point,
    /// `d`, by how much the prices that the asset sits at differ from those it was asked about.
    pub(super) pull: Vec<f64>,
    /// The weights of the matrix `K` whose response this is, so that a move can repeat it.
    pub(super) weight: Vec<f64>,
    /// The inverse of the metric that held the asset to this model at its own barrier, in full; empty where the rest of the fleet was not told.
    pub(super) held: Vec<f64>,
}

impl Response {
    /// Room for a model over `t` rows.
    pub(super) fn blank(t: usize, point: &Point) -> Self {
        Self {
            prices: vec![0.0; t],
            barrier: 1.0,
            answer: vec![0.0; t],
            curvature: vec![0.0; t * t],
            barrier_derivative: vec![0.0; t],
            point: point.clone(),
            pull: vec![0.0; t],
            weight: Vec::new(),
            held: Vec::new(),
        }
    }

    /// Quotes the model in rows multiplied by a factor each.
    pub(super) fn rescale(&mut self, factor: &[f64]) {
        let t = factor.len();
        for a in 0..t {
            self.prices[a] /= factor[a];
            self.answer[a] *= factor[a];
            self.barrier_derivative[a] *= factor[a];
            for b in 0..t {
                self.curvature[a * t + b] *= factor[a] * factor[b];
                if let Some(held) = self.held.get_mut(a * t + b) {
                    *held *= factor[a] * factor[b];
                }
            }
        }
        self.pull.iter_mut().zip(factor).for_each(|(pull, f)| *pull /= f);
    }

    /// The allocation that the affine model expects at other prices and another barrier.
    pub(super) fn predict(&self, prices: &[f64], mu: f64, out: &mut [f64]) {
        let t = out.len();
        for a in 0..t {
            let moved: f64 = (0..t).map(|b| self.curvature[a * t + b] * (prices[b] - self.prices[b])).sum();
            out[a] = self.answer[a] - moved + self.barrier_derivative[a] * (mu - self.barrier);
        }
    }
}
