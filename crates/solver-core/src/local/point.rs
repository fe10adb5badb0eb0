use super::Model;

/// A primal-dual point: `x`, equality multipliers `y`, and for every inequality side a slack `s` and a multiplier `z`, both positive.
#[derive(Clone, Default)]
pub(crate) struct Point {
    pub(crate) x: Vec<f64>,
    /// One per row; used by equality rows only.
    pub(crate) y: Vec<f64>,
    pub(crate) slack_upper: Vec<f64>,
    pub(crate) slack_lower: Vec<f64>,
    pub(crate) push_upper: Vec<f64>,
    pub(crate) push_lower: Vec<f64>,
}

impl Point {
    /// A point well inside the bounds, with multipliers of barrier parameter `mu`.
    pub(crate) fn cold(model: &Model, mu: f64) -> Self {
        let count = model.constraints();
        let mut x: Vec<f64> = (0..model.n)
            .map(|j| match (model.lower[j].is_finite(), model.upper[j].is_finite()) {
                (true, true) => 0.5 * (model.lower[j] + model.upper[j].min(model.lower[j] + 10.0)),
                (true, false) => model.lower[j] + 1.0,
                (false, true) => model.upper[j] - 1.0,
                (false, false) => 0.0,
            })
            .collect();
        let mut point = Self {
            x: Vec::new(),
            y: vec![0.0; model.rows],
            slack_upper: vec![1.0; count],
            slack_lower: vec![1.0; count],
            push_upper: vec![0.0; count],
            push_lower: vec![0.0; count],
        };
        let mut r = vec![0.0; count];
        r[..model.n].copy_from_slice(&x);
        model.a.combine(&x, &mut r[model.n..]);
        point.x.append(&mut x);
        for k in 0..count {
            if model.equality[k] {
                continue;
            }
            if model.upper[k].is_finite() {
                point.slack_upper[k] = (model.upper[k] - r[k]).max(0.1);
                point.push_upper[k] = mu / point.slack_upper[k];
            }
            if model.lower[k].is_finite() {
                point.slack_lower[k] = (r[k] - model.lower[k]).max(0.1);
                point.push_lower[k] = mu / point.slack_lower[k];
            }
        }
        point
    }

    /// The net multiplier of constraint `k`, positive where the upper side pushes.
    pub(crate) fn multiplier(&self, model: &Model, k: usize) -> f64 {
        if model.equality[k] { self.y[k - model.n] } else { self.push_upper[k] - self.push_lower[k] }
    }

    /// Overwrites this point with another of the same shape, without allocating.
    pub(crate) fn assign(&mut self, other: &Self) {
        for (to, from) in [
            (&mut self.x, &other.x),
            (&mut self.y, &other.y),
            (&mut self.slack_upper, &other.slack_upper),
            (&mut self.slack_lower, &other.slack_lower),
            (&mut self.push_upper, &other.push_upper),
            (&mut self.push_lower, &other.push_lower),
        ] {
            to.copy_from_slice(from);
        }
    }
}

impl Point {
    /// Starts from a plan of a similar problem: `x` moved inside, multipliers as at a barrier that suits the new slacks.
    pub(crate) fn warm(&mut self, model: &Model, x: &[f64]) {
        self.x.copy_from_slice(x);
        let mut r = vec![0.0; model.constraints()];
        r[..model.n].copy_from_slice(x);
        model.a.combine(x, &mut r[model.n..]);
        for k in 0..model.constraints() {
            if model.equality[k] {
                continue;
            }
            if model.upper[k].is_finite() {
                let mu = self.slack_upper[k] * self.push_upper[k];
                self.slack_upper[k] = (model.upper[k] - r[k]).max(1e-2);
                self.push_upper[k] = 1e-2 * mu / self.slack_upper[k];
            }
            if model.lower[k].is_finite() {
                let mu = self.slack_lower[k] * self.push_lower[k];
                self.slack_lower[k] = (r[k] - model.lower[k]).max(1e-2);
                self.push_lower[k] = 1e-2 * mu / self.slack_lower[k];
            }
        }
    }
}
