use super::{Metric, Model, Newton, Point, Side};

mod bound;

/// How far from a centre, relatively, a factor may be made that describes the response there.
const FRESH: f64 = 1e-2;
/// The least share of the barrier's own curvature that such a factor has of every constraint.
pub(crate) const FIRM: f64 = 0.95;

/// No product of slack and multiplier may fall below this share of their mean, or of the target if that is less.
const LEAST_PRODUCT: f64 = 0.05;
const SHORTER_MAX: u32 = 12;

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
    upper: Side,
    lower: Side,
    /// The value of every constraint, how far `x` is from stationary, and the change of every constraint's value.
    value: Vec<f64>,
    dual: Vec<f64>,
    change: Vec<f64>,
    rhs: Vec<f64>,
    pull: Vec<f64>,
    pull_step: Vec<f64>,
    shift: Vec<f64>,
    /// Whether the last factor was made close enough to the last point to describe the response there.
    fresh: bool,
}

/// When a point is good enough.
#[derive(Clone, Copy, PartialEq)]
enum Goal {
    /// On the central path at the barrier parameter.
    Centre,
    /// Complementarity below it, on the path or off.
    Below,
}

impl Engine {
    pub(crate) fn new(model: Model) -> Self {
        let newton = Newton::new(&model);
        Self::with(model, newton)
    }

    /// An engine for another model, which keeps the analysis of this one's pattern if the patterns agree.
    pub(crate) fn renewed(self, model: Model) -> Self {
        if self.model.has_pattern_of(&model) { Self::with(model, self.newton.cleared()) } else { Self::new(model) }
    }

    fn with(model: Model, newton: Newton) -> Self {
        let (size, m) = (model.constraints(), model.touched.len());
        let zeros = || vec![0.0; size];
        let scale = model.q.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        Self {
            newton,
            steps: 0,
            sides: model.sides().max(1) as f64,
            cold: Point::cold(&model, scale.clamp(1e-3, 1e6)),
            upper: Side::upper(&model),
            lower: Side::lower(&model),
            value: zeros(),
            dual: vec![0.0; model.n],
            change: zeros(),
            rhs: zeros(),
            pull: vec![0.0; m],
            pull_step: vec![0.0; m],
            shift: vec![0.0; m],
            fresh: false,
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
        point.assign(&self.cold);
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
        self.follow(linear, quadratic, metric, (mu, Goal::Centre), point, steps_max)
    }

    /// Brings stationarity and feasibility below 1e-10 and the mean complementarity below `mu`, wherever that is: cheaper than a centre.
    pub(crate) fn descend(
        &mut self,
        linear: &[f64],
        quadratic: f64,
        mu: f64,
        point: &mut Point,
        steps_max: u32,
    ) -> Centred {
        self.follow(linear, quadratic, None, (mu, Goal::Below), point, steps_max)
    }

    fn follow(
        &mut self,
        linear: &[f64],
        quadratic: f64,
        metric: Option<&Metric>,
        (mu, goal): (f64, Goal),
        point: &mut Point,
        steps_max: u32,
    ) -> Centred {
        let tolerance = if goal == Goal::Centre { (1e-2 * mu).clamp(1e-10, 1e-9) } else { 1e-10 };
        let least = if goal == Goal::Centre { mu } else { 0.1 * mu };
        let scale = 1.0 + linear.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        self.fresh = false;
        if let Some(metric) = metric {
            self.newton.hold(metric);
        }
        // A step of length alpha leaves 1 - alpha of a linear residual; much more means that the solves are inexact.
        let (mut expected, mut refinements) = (f64::INFINITY, self.newton.refinements());
        for _ in 0..=steps_max {
            let (residual, mean, apart) = self.measure(linear, quadratic, metric, scale, mu, point);
            if !residual.is_finite() || !mean.is_finite() {
                return Centred::No;
            }
            let near = if goal == Goal::Centre { apart < 1e-4 } else { mean <= mu };
            if residual < tolerance && near {
                return Centred::Yes;
            }
            if residual > expected.max(0.1 * tolerance) {
                refinements = refinements.max(3);
            }
            self.steps += 1;
            if self.newton.factor(&self.model, quadratic).is_err() {
                return Centred::No;
            }
            if metric.is_some() && self.newton.attach(&self.model).is_err() {
                return Centred::No;
            }
            if mean > 2.0 * least {
                // Far from the target: predict, look how far one gets, then correct towards what is in reach.
                self.direction(metric, 0.0, false, point, refinements);
                let reach = self.reach(point).min(1.0);
                let ahead = self.upper.sum_after(&point.slack_upper, &point.push_upper, reach)
                    + self.lower.sum_after(&point.slack_lower, &point.push_lower, reach);
                let target = least.max((ahead / self.sides / mean).powi(3).clamp(1e-4, 1.0) * mean);
                self.direction(metric, target, true, point, refinements);
            } else {
                self.direction(metric, least, false, point, refinements);
            }
            let alpha = (0.995 * self.reach(point)).min(1.0);
            self.advance(point, alpha);
            expected = (1.1 - alpha) * residual;
            self.fresh = alpha == 1.0 && apart < FRESH;
        }
        Centred::No
    }

    /// One Newton step towards the centre at `mu`, with a second-order correction, as far as slacks and multipliers allow.
    ///
    /// A point that is feasible stays so. Returns how much of the step could be taken, at most one;
    /// nothing if the arithmetic broke down, and the point is then not to be used.
    pub(crate) fn step(&mut self, linear: &[f64], mu: f64, point: &mut Point) -> Option<f64> {
        if !self.aim(linear, mu, point) {
            return None;
        }
        self.direction(None, mu, true, point, 1);
        let mut alpha = (0.995 * self.reach(point)).min(1.0);
        // A product that falls far behind the others would stop every later step.
        for _ in 0..SHORTER_MAX {
            let (upper, lower) = (
                self.upper.after(&point.slack_upper, &point.push_upper, alpha),
                self.lower.after(&point.slack_lower, &point.push_lower, alpha),
            );
            if upper.1.min(lower.1) >= LEAST_PRODUCT * mu.min((upper.0 + lower.0) / self.sides) {
                break;
            }
            alpha *= 0.7;
        }
        self.advance(point, alpha);
        alpha.is_finite().then_some(alpha)
    }

    /// What is left from a point to the centre at `mu`: adds its effect on the use of the touched rows to `usage`, and returns its
    /// squared length in the curvature of cost and barrier, over `mu`.
    ///
    /// Writes `S` and `dy/dmu` at the point as well. Returns nothing if the arithmetic broke down.
    pub(crate) fn outlook(
        &mut self,
        linear: &[f64],
        mu: f64,
        point: &Point,
        usage: &mut [f64],
        curvature: &mut [f64],
        barrier_derivative: &mut [f64],
    ) -> Option<f64> {
        if !self.aim(linear, mu, point) {
            return None;
        }
        let dx = &self.rhs[..self.model.n];
        for (y, row) in usage.iter_mut().zip(self.model.g.iter()) {
            *y += row.iter().map(|&(j, v)| v * dx[j as usize]).sum::<f64>();
        }
        let mut length: f64 = self
            .change
            .iter()
            .zip(&self.newton.weight)
            .zip(&self.model.equality)
            .map(|((c, w), equality)| if *equality { 0.0 } else { w * c * c })
            .sum();
        self.value[..self.model.n].fill(0.0);
        self.model.multiply_p(dx, &mut self.value[..self.model.n]);
        length += dx.iter().zip(&self.value).map(|(d, p)| d * p).sum::<f64>();
        self.fresh = true;
        let sound = self.response_nearby(false, curvature, barrier_derivative);
        (sound && length.is_finite()).then_some(length / mu)
    }

    /// Measures a point, factors its system, and solves for the step to the centre at `mu`.
    fn aim(&mut self, linear: &[f64], mu: f64, point: &Point) -> bool {
        let scale = 1.0 + linear.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        let (residual, mean, _) = self.measure(linear, 1.0, None, scale, mu, point);
        self.fresh = false;
        if !(residual.is_finite() && mean.is_finite()) {
            return false;
        }
        self.steps += 1;
        if self.newton.factor(&self.model, 1.0).is_err() {
            return false;
        }
        self.direction(None, mu, false, point, 1);
        true
    }

    /// How far the point is from stationary and feasible, the mean complementarity, and the largest relative deviation from `mu`.
    fn measure(
        &mut self,
        linear: &[f64],
        quadratic: f64,
        metric: Option<&Metric>,
        scale: f64,
        mu: f64,
        point: &Point,
    ) -> (f64, f64, f64) {
        let Self { model, newton, value, dual, change, pull, shift, .. } = self;
        let n = model.n;
        dual.copy_from_slice(linear);
        if quadratic != 0.0 {
            model.multiply_p(&point.x, dual);
        }
        // The net multipliers of all constraints go through the buffer of the changes.
        let multipliers = change;
        for (w, (up, down)) in multipliers.iter_mut().zip(point.push_upper.iter().zip(&point.push_lower)) {
            *w = up - down;
        }
        let (bounds, rows) = multipliers.split_at_mut(n);
        for ((w, y), equality) in rows.iter_mut().zip(&point.y).zip(&model.equality[n..]) {
            if *equality {
                *w = *y;
            }
        }
        let (columns, row_values) = value.split_at_mut(n);
        columns.copy_from_slice(&point.x);
        row_values.fill(0.0);
        for (j, column) in model.a.iter().enumerate() {
            let (x, mut sum) = (point.x[j], bounds[j]);
            for &(i, v) in column {
                row_values[i as usize] += v * x;
                sum += v * rows[i as usize];
            }
            dual[j] += sum;
        }
        if let Some(metric) = metric {
            model.coupling(&point.x, shift);
            shift.iter_mut().zip(&metric.target).for_each(|(s, t)| *s -= t);
            metric.apply(shift, pull);
            model.coupling_transpose(pull, dual);
        }
        let mut worst = dual.iter().fold(0.0_f64, |w, v| w.max(v.abs())) / scale;
        for k in n..model.constraints() {
            if model.equality[k] {
                worst = worst.max((value[k] - model.upper[k]).abs() / (1.0 + model.upper[k].abs()));
            }
        }
        newton.weight.fill(0.0);
        let upper = self.upper.measure(value, &point.slack_upper, &point.push_upper, mu, &mut newton.weight);
        let lower = self.lower.measure(value, &point.slack_lower, &point.push_lower, mu, &mut newton.weight);
        (
            worst.max(upper.violation).max(lower.violation),
            (upper.sum + lower.sum) / self.sides,
            upper.apart.max(lower.apart),
        )
    }

    /// The Newton step towards products of `target`.
    fn direction(&mut self, metric: Option<&Metric>, target: f64, second: bool, point: &Point, refinements: u32) {
        let n = self.model.n;
        let rhs = &mut self.rhs;
        rhs.fill(0.0);
        self.upper.aim(target, second, &point.slack_upper, &point.push_upper, rhs);
        self.lower.aim(target, second, &point.slack_lower, &point.push_lower, rhs);
        for (e, dual) in rhs.iter_mut().zip(&self.dual) {
            *e = -dual - *e;
        }
        for k in n..self.model.constraints() {
            rhs[k] = if self.model.equality[k] {
                self.model.upper[k] - self.value[k]
            } else {
                -rhs[k] / self.newton.weight[k]
            };
        }
        self.newton.solve(&self.model, metric.is_some(), rhs, &mut self.pull_step, refinements);
        let (dx, dr) = self.change.split_at_mut(n);
        dx.copy_from_slice(&self.rhs[..n]);
        dr.fill(0.0);
        self.model.a.combine(dx, dr);
        self.upper.step(&self.change, &point.push_upper);
        self.lower.step(&self.change, &point.push_lower);
    }

    /// The largest step that keeps every slack and multiplier at zero or above.
    fn reach(&self, point: &Point) -> f64 {
        self.lower.reach(&point.push_lower, self.upper.reach(&point.push_upper, 0.0)).recip()
    }

    fn advance(&mut self, point: &mut Point, alpha: f64) {
        let n = self.model.n;
        let (dx, dw) = self.rhs.split_at(n);
        point.x.iter_mut().zip(dx).for_each(|(x, d)| *x += alpha * d);
        for ((y, d), equality) in point.y.iter_mut().zip(dw).zip(&self.model.equality[n..]) {
            if *equality {
                *y += alpha * d;
            }
        }
        self.upper.advance(&mut point.slack_upper, &mut point.push_upper, alpha);
        self.lower.advance(&mut point.slack_lower, &mut point.push_lower, alpha);
    }

    /// Writes `S` (full) and `dy/dmu` at the centre that was reached last; the metric plays no part.
    ///
    /// Returns false if the arithmetic broke down.
    pub(crate) fn response(&mut self, curvature: &mut [f64], barrier_derivative: &mut [f64]) -> bool {
        self.fresh = false;
        self.response_nearby(false, curvature, barrier_derivative)
    }

    /// The same from the last factor, if that was made a step before and within [`FRESH`] of the centre: as good for a prediction.
    ///
    /// `metric` tells whether the last steps were taken with one, so that `S` is known already.
    pub(crate) fn response_nearby(
        &mut self,
        metric: bool,
        curvature: &mut [f64],
        barrier_derivative: &mut [f64],
    ) -> bool {
        // A move along this response must stay inside the limits, so the factor may not be softer than the barrier is.
        self.fresh &= self.newton.covers(FIRM);
        if !self.fresh && self.newton.factor(&self.model, 1.0).is_err() {
            return false;
        }
        if !(self.fresh && metric) {
            self.newton.measure_curvature(&self.model);
        }
        self.newton.curvature(curvature);
        let n = self.model.n;
        let rhs = &mut self.rhs;
        rhs.fill(0.0);
        self.upper.barrier_derivative(rhs);
        self.lower.barrier_derivative(rhs);
        for k in 0..self.model.constraints() {
            rhs[k] = match (k < n, self.model.equality[k]) {
                (true, _) => -rhs[k],
                (_, true) => 0.0,
                _ => -rhs[k] / self.newton.weight[k],
            };
        }
        // Without refinement: the same matrix as the curvature's, which the cost of a move relies on.
        self.newton.solve(&self.model, false, rhs, &mut self.pull_step, 0);
        for (out, row) in barrier_derivative.iter_mut().zip(self.model.g.iter()) {
            *out = row.iter().map(|&(j, v)| v * self.rhs[j as usize]).sum();
        }
        true
    }
}
