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

    /// Goes on from `before` and `last` by `ratio` of the way between them; slacks and multipliers in logarithms, so they stay positive.
    ///
    /// Powers are taken in quarters, by square roots.
    pub(crate) fn extrapolate(&mut self, before: &Self, last: &Self, ratio: f64) {
        let quarters = (4.0 * ratio).round().clamp(0.0, 6.0) as u32;
        let line = |to: &mut [f64], a: &[f64], b: &[f64]| {
            to.iter_mut().zip(a.iter().zip(b)).for_each(|(t, (a, b))| *t = b + ratio * (b - a));
        };
        line(&mut self.x, &before.x, &last.x);
        line(&mut self.y, &before.y, &last.y);
        for (to, a, b) in [
            (&mut self.slack_upper, &before.slack_upper, &last.slack_upper),
            (&mut self.slack_lower, &before.slack_lower, &last.slack_lower),
            (&mut self.push_upper, &before.push_upper, &last.push_upper),
            (&mut self.push_lower, &before.push_lower, &last.push_lower),
        ] {
            for (t, (a, b)) in to.iter_mut().zip(a.iter().zip(b)) {
                // A side that is not there has no multiplier, and keeps none.
                let root = (b / a.max(f64::MIN_POSITIVE)).sqrt().sqrt();
                let mut power = *b;
                (0..quarters).for_each(|_| power *= root);
                *t = power;
            }
        }
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
