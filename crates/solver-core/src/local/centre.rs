use super::{Metric, Model, Newton, Point};

/// Whether a point on the central path was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Centred {
    /// To the tolerances of [`Engine::centre`].
    Yes,
    /// The steps ran out, or the arithmetic broke down.
    No,
}

/// One asset's interior point: brings a point to a chosen barrier parameter, as often as it is asked, without allocating.
///
/// # Source
/// Mehrotra, "On the implementation of a primal-dual interior point method", SIAM J. Optim. 2(4), 1992;
/// docs/math/federated-solver.md#local.
pub(crate) struct Engine {
    pub(crate) model: Model,
    pub(crate) newton: Newton,
    /// Newton steps taken so far.
    pub(crate) steps: u64,
    sides: f64,
    cold: Point,
    value: Vec<f64>,
    dual: Vec<f64>,
    off_upper: Vec<f64>,
    off_lower: Vec<f64>,
    aim_upper: Vec<f64>,
    aim_lower: Vec<f64>,
    rhs: Vec<f64>,
    pull: Vec<f64>,
    pull_step: Vec<f64>,
    shift: Vec<f64>,
    step: Step,
}

/// A Newton step of every part of a [`Point`], and of the value of every constraint.
struct Step {
    solution: Vec<f64>,
    slack_upper: Vec<f64>,
    slack_lower: Vec<f64>,
    push_upper: Vec<f64>,
    push_lower: Vec<f64>,
}

impl Engine {
    pub(crate) fn new(model: Model) -> Self {
        let (size, m) = (model.constraints(), model.touched.len());
        let zeros = || vec![0.0; size];
        let scale = model.q.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        Self {
            newton: Newton::new(&model),
            steps: 0,
            sides: model.sides().max(1) as f64,
            cold: Point::cold(&model, scale.clamp(1e-3, 1e6)),
            value: zeros(),
            dual: vec![0.0; model.n],
            off_upper: zeros(),
            off_lower: zeros(),
            aim_upper: zeros(),
            aim_lower: zeros(),
            rhs: zeros(),
            pull: vec![0.0; m],
            pull_step: vec![0.0; m],
            shift: vec![0.0; m],
            step: Step {
                solution: zeros(),
                slack_upper: zeros(),
                slack_lower: zeros(),
                push_upper: zeros(),
                push_lower: zeros(),
            },
            model,
        }
    }

    /// The point every cold start begins from.
    pub(crate) fn cold(&self) -> &Point {
        &self.cold
    }

    /// Moves `point` to `argmin 1/2 x'Px + linear'x + 1/2 |Gx - target|^2_W - mu sum log(slacks)`.
    ///
    /// A start that jams at a bound is replaced by a cold one, once.
    /// # Errors of the centre
    /// Relative stationarity and feasibility below `max(1e-10, min(1e-9, mu/100))`, complementarity within 1e-4 of `mu`.
    pub(crate) fn centre(
        &mut self,
        linear: &[f64],
        quadratic: f64,
        metric: Option<&Metric>,
        mu: f64,
        point: &mut Point,
        steps_max: u32,
    ) -> Centred {
        if self.attempt(linear, quadratic, metric, mu, point, steps_max) == Centred::Yes {
            return Centred::Yes;
        }
        let cold = std::mem::replace(
            &mut self.cold,
            Point {
                x: vec![],
                y: vec![],
                slack_upper: vec![],
                slack_lower: vec![],
                push_upper: vec![],
                push_lower: vec![],
            },
        );
        point.assign(&cold);
        self.cold = cold;
        self.attempt(linear, quadratic, metric, mu, point, 100)
    }

    /// One start, without a second try.
    pub(crate) fn attempt(
        &mut self,
        linear: &[f64],
        quadratic: f64,
        metric: Option<&Metric>,
        mu: f64,
        point: &mut Point,
        steps_max: u32,
    ) -> Centred {
        let tolerance = (1e-2 * mu).clamp(1e-10, 1e-9);
        let scale = 1.0 + linear.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        for _ in 0..=steps_max {
            let residual = self.residuals(linear, quadratic, metric, scale, point);
            let (mean, off) = self.complementarity(mu, point);
            if !residual.is_finite() || !mean.is_finite() {
                return Centred::No;
            }
            if residual < tolerance && off < 1e-4 {
                return Centred::Yes;
            }
            self.steps += 1;
            if self.newton.factor(&self.model, point, quadratic).is_err() {
                return Centred::No;
            }
            if let Some(metric) = metric
                && self.newton.attach(&self.model, metric).is_err()
            {
                return Centred::No;
            }
            self.aim(mu, point, false);
            if mean > 2.0 * mu {
                // Far from the target: predict, look how far one gets, then correct towards what is in reach.
                self.aim(0.0, point, false);
                self.direction(metric, point);
                let reach = self.reach(point).min(1.0);
                let ahead = self.mean_after(point, reach);
                let target = mu.max((ahead / mean).powi(3).clamp(1e-4, 1.0) * mean);
                self.aim(target, point, true);
            }
            self.direction(metric, point);
            let alpha = (0.995 * self.reach(point)).min(1.0);
            self.advance(point, alpha);
        }
        Centred::No
    }

    /// Values of all constraints, and how far the point is from stationary and feasible.
    fn residuals(&mut self, linear: &[f64], quadratic: f64, metric: Option<&Metric>, scale: f64, point: &Point) -> f64 {
        let Self { model, value, dual, pull, shift, .. } = self;
        let n = model.n;
        value[..n].copy_from_slice(&point.x);
        value[n..].fill(0.0);
        model.a.multiply_add(&point.x, &mut value[n..]);
        dual.copy_from_slice(linear);
        if quadratic != 0.0 {
            model.multiply_p(&point.x, dual);
        }
        for j in 0..n {
            dual[j] += point.push_upper[j] - point.push_lower[j];
            for (i, v) in model.a.column(j) {
                dual[j] += v * point.multiplier(model, n + i);
            }
        }
        if let Some(metric) = metric {
            model.coupling(&point.x, shift);
            shift.iter_mut().zip(&metric.target).for_each(|(s, t)| *s -= t);
            metric.apply(shift, pull);
            model.coupling_transpose(pull, dual);
        }
        let mut worst = dual.iter().fold(0.0_f64, |w, v| w.max(v.abs())) / scale;
        for k in 0..model.constraints() {
            if model.equality[k] {
                worst = worst.max((value[k] - model.upper[k]).abs() / (1.0 + model.upper[k].abs()));
                continue;
            }
            if model.upper[k].is_finite() {
                self.off_upper[k] = value[k] + point.slack_upper[k] - model.upper[k];
                worst = worst.max(self.off_upper[k].abs() / (1.0 + model.upper[k].abs()));
            }
            if model.lower[k].is_finite() {
                self.off_lower[k] = value[k] - point.slack_lower[k] - model.lower[k];
                worst = worst.max(self.off_lower[k].abs() / (1.0 + model.lower[k].abs()));
            }
        }
        worst
    }

    /// Mean of slack times multiplier, and the largest relative deviation of one of them from `mu`.
    fn complementarity(&self, mu: f64, point: &Point) -> (f64, f64) {
        let (mut sum, mut off) = (0.0, 0.0_f64);
        for k in 0..self.model.constraints() {
            if self.model.equality[k] {
                continue;
            }
            if self.model.upper[k].is_finite() {
                let product = point.slack_upper[k] * point.push_upper[k];
                sum += product;
                off = off.max((product / mu - 1.0).abs());
            }
            if self.model.lower[k].is_finite() {
                let product = point.slack_lower[k] * point.push_lower[k];
                sum += product;
                off = off.max((product / mu - 1.0).abs());
            }
        }
        (sum / self.sides, off)
    }

    /// Sets by how much every product of slack and multiplier must fall; `second` adds the predictor's second-order term.
    fn aim(&mut self, target: f64, point: &Point, second: bool) {
        for k in 0..self.model.constraints() {
            let (mut upper, mut lower) = (
                point.slack_upper[k] * point.push_upper[k] - target,
                point.slack_lower[k] * point.push_lower[k] - target,
            );
            if second {
                upper += self.step.slack_upper[k] * self.step.push_upper[k];
                lower += self.step.slack_lower[k] * self.step.push_lower[k];
            }
            (self.aim_upper[k], self.aim_lower[k]) = (upper, lower);
        }
    }

    /// The Newton step for the aims set.
    fn direction(&mut self, metric: Option<&Metric>, point: &Point) {
        let n = self.model.n;
        for k in 0..self.model.constraints() {
            if self.model.equality[k] {
                self.rhs[k] = self.model.upper[k] - self.value[k];
                continue;
            }
            let mut e = 0.0;
            if self.model.upper[k].is_finite() {
                e += (-self.aim_upper[k] + point.push_upper[k] * self.off_upper[k]) / point.slack_upper[k];
            }
            if self.model.lower[k].is_finite() {
                e += (self.aim_lower[k] + point.push_lower[k] * self.off_lower[k]) / point.slack_lower[k];
            }
            self.rhs[k] = if k < n { -self.dual[k] - e } else { -e / self.newton.weight(k) };
        }
        self.newton.solve(&self.model, metric, &mut self.rhs, &mut self.pull_step);
        let step = &mut self.step;
        step.solution.copy_from_slice(&self.rhs);
        // From here on `rhs` holds the change of every constraint's value.
        self.rhs[n..].fill(0.0);
        let (dx, dr) = self.rhs.split_at_mut(n);
        self.model.a.multiply_add(dx, dr);
        for k in 0..self.model.constraints() {
            if self.model.equality[k] {
                continue;
            }
            let change = self.rhs[k];
            if self.model.upper[k].is_finite() {
                step.slack_upper[k] = -self.off_upper[k] - change;
                step.push_upper[k] =
                    (-self.aim_upper[k] - point.push_upper[k] * step.slack_upper[k]) / point.slack_upper[k];
            }
            if self.model.lower[k].is_finite() {
                step.slack_lower[k] = self.off_lower[k] + change;
                step.push_lower[k] =
                    (-self.aim_lower[k] - point.push_lower[k] * step.slack_lower[k]) / point.slack_lower[k];
            }
        }
    }

    /// The largest step that keeps every slack and multiplier at zero or above.
    fn reach(&self, point: &Point) -> f64 {
        let mut alpha = f64::INFINITY;
        let pairs = [
            (&point.slack_upper, &self.step.slack_upper),
            (&point.slack_lower, &self.step.slack_lower),
            (&point.push_upper, &self.step.push_upper),
            (&point.push_lower, &self.step.push_lower),
        ];
        for (values, steps) in pairs {
            for (v, d) in values.iter().zip(steps) {
                if *d < 0.0 {
                    alpha = alpha.min(-v / d);
                }
            }
        }
        alpha
    }

    /// Mean complementarity after a step of length `alpha`.
    fn mean_after(&self, point: &Point, alpha: f64) -> f64 {
        let mut sum = 0.0;
        for k in 0..self.model.constraints() {
            sum += (point.slack_upper[k] + alpha * self.step.slack_upper[k])
                * (point.push_upper[k] + alpha * self.step.push_upper[k]);
            sum += (point.slack_lower[k] + alpha * self.step.slack_lower[k])
                * (point.push_lower[k] + alpha * self.step.push_lower[k]);
        }
        sum / self.sides
    }

    fn advance(&mut self, point: &mut Point, alpha: f64) {
        let n = self.model.n;
        for (x, d) in point.x.iter_mut().zip(&self.step.solution) {
            *x += alpha * d;
        }
        for i in 0..self.model.rows {
            if self.model.equality[n + i] {
                point.y[i] += alpha * self.step.solution[n + i];
            }
        }
        let pairs = [
            (&mut point.slack_upper, &self.step.slack_upper),
            (&mut point.slack_lower, &self.step.slack_lower),
            (&mut point.push_upper, &self.step.push_upper),
            (&mut point.push_lower, &self.step.push_lower),
        ];
        for (values, steps) in pairs {
            for (v, d) in values.iter_mut().zip(steps) {
                *v += alpha * d;
            }
        }
    }

    /// Writes `S` (full) and `dy/dmu` at a centre of barrier parameter `mu`; the metric plays no part.
    ///
    /// Returns false if the arithmetic broke down.
    pub(crate) fn response(&mut self, point: &Point, curvature: &mut [f64], barrier_derivative: &mut [f64]) -> bool {
        if self.newton.factor(&self.model, point, 1.0).is_err() {
            return false;
        }
        curvature.copy_from_slice(self.newton.curvature(&self.model));
        let n = self.model.n;
        for k in 0..self.model.constraints() {
            if self.model.equality[k] {
                self.rhs[k] = 0.0;
                continue;
            }
            let mut e = 0.0;
            if self.model.upper[k].is_finite() {
                e += 1.0 / point.slack_upper[k];
            }
            if self.model.lower[k].is_finite() {
                e -= 1.0 / point.slack_lower[k];
            }
            self.rhs[k] = if k < n { -e } else { -e / self.newton.weight(k) };
        }
        self.newton.solve(&self.model, None, &mut self.rhs, &mut self.pull_step);
        for (out, row) in barrier_derivative.iter_mut().zip(&self.model.g) {
            *out = row.iter().map(|&(j, v)| v * self.rhs[j]).sum();
        }
        true
    }

    /// A certified lower bound of `min 1/2 x'Px + linear'x` over the asset's feasible set, from the multipliers at `point`.
    ///
    /// Valid whatever the accuracy of the point: the cost is linearised at `x`, so
    /// `f(x') >= f(x) + g'(x' - x)` for every feasible `x'`, and a linear function over a box has its minimum at a corner.
    /// A variable without finite reach falls back on its own curvature, and without that on a radius of 10^4 (1 + |x_j|).
    /// # Source
    /// docs/math/federated-solver.md#bound.
    pub(crate) fn lower_bound(&mut self, linear: &[f64], quadratic: f64, point: &Point) -> f64 {
        let Self { model, dual, value, .. } = self;
        let n = model.n;
        let mut sum = 0.0;
        let mut size = 0.0;
        dual.copy_from_slice(linear);
        if quadratic != 0.0 {
            value[..n].fill(0.0);
            model.multiply_p(&point.x, &mut value[..n]);
            let energy: f64 = value[..n].iter().zip(&point.x).map(|(p, x)| p * x).sum();
            sum -= 0.5 * energy;
            size += energy.abs();
            dual.iter_mut().zip(&value[..n]).for_each(|(d, p)| *d += p);
        }
        // Row multipliers with the sign that their open sides allow, and what they pay at the bounds.
        for i in 0..model.rows {
            let k = n + i;
            let mut w = point.multiplier(model, k);
            if (w > 0.0 && model.upper[k].is_infinite()) || (w < 0.0 && model.lower[k].is_infinite()) {
                w = 0.0;
            }
            value[k] = w;
            let paid = if w > 0.0 {
                w * model.upper[k]
            } else if w < 0.0 {
                w * model.lower[k]
            } else {
                0.0
            };
            sum -= paid;
            size += paid.abs();
        }
        for j in 0..n {
            for (i, v) in model.a.column(j) {
                dual[j] += v * value[n + i];
            }
        }
        for j in 0..n {
            let (g, x) = (dual[j], point.x[j]);
            if g == 0.0 {
                continue;
            }
            let (lower, upper) = (model.reach.0[j], model.reach.1[j]);
            let end = if g > 0.0 { lower } else { upper };
            let least = if end.is_finite() {
                g * end
            } else {
                let own = if quadratic != 0.0 { own_curvature(model, j) } else { 0.0 };
                let free = if own > 0.0 { g * x - 0.5 * g * g / own } else { f64::NEG_INFINITY };
                free.max(g * x - g.abs() * 1e4 * (1.0 + x.abs()))
            };
            sum += least;
            size += least.abs();
        }
        sum - 1e-14 * size
    }
}

/// `P_jj` if the column has no other entry, else zero.
fn own_curvature(model: &Model, j: usize) -> f64 {
    let mut own = 0.0;
    for &(a, b, v) in &model.p {
        if a == j && b == j {
            own = v;
        } else if a == j || b == j {
            return 0.0;
        }
    }
    own
}
