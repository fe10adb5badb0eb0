use super::Model;

/// One side, upper or lower, of every constraint: `sign * value + slack = sign * bound`, `slack * push = mu`.
///
/// A side that is not there has a mask of zero and a slack of one, so that the loops need no branch.
pub(crate) struct Side {
    sign: f64,
    mask: Vec<f64>,
    limit: Vec<f64>,
    relative: Vec<f64>,
    /// `1 / slack`, as of the last [`Side::measure`].
    inverse: Vec<f64>,
    off: Vec<f64>,
    aim: Vec<f64>,
    slack_step: Vec<f64>,
    push_step: Vec<f64>,
}

/// What a side says about a point.
pub(crate) struct Reading {
    /// Largest violation of `sign * value + slack = sign * bound`, relative to `1 + |bound|`.
    pub(crate) violation: f64,
    /// Sum of slack times push.
    pub(crate) sum: f64,
    /// Largest relative deviation of one of the products from `mu`.
    pub(crate) apart: f64,
}

impl Side {
    pub(crate) fn upper(model: &Model) -> Self {
        Self::new(1.0, &model.upper, &model.equality)
    }

    pub(crate) fn lower(model: &Model) -> Self {
        Self::new(-1.0, &model.lower, &model.equality)
    }

    fn new(sign: f64, bounds: &[f64], equality: &[bool]) -> Self {
        let there = |k: usize| bounds[k].is_finite() && !equality[k];
        let list = |f: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..bounds.len()).map(|k| if there(k) { f(k) } else { 0.0 }).collect()
        };
        Self {
            sign,
            mask: list(&|_| 1.0),
            limit: list(&|k| sign * bounds[k]),
            relative: list(&|k| 1.0 / (1.0 + bounds[k].abs())),
            inverse: list(&|_| 1.0),
            off: list(&|_| 0.0),
            aim: list(&|_| 0.0),
            slack_step: list(&|_| 0.0),
            push_step: list(&|_| 0.0),
        }
    }

    /// Reads a point, and adds `push / slack` to `weight`.
    pub(crate) fn measure(
        &mut self,
        value: &[f64],
        slack: &[f64],
        push: &[f64],
        mu: f64,
        weight: &mut [f64],
    ) -> Reading {
        let size = self.mask.len();
        let (value, slack, push, weight) = (&value[..size], &slack[..size], &push[..size], &mut weight[..size]);
        let (mask, limit, relative) = (&self.mask[..size], &self.limit[..size], &self.relative[..size]);
        let (inverse, off) = (&mut self.inverse[..size], &mut self.off[..size]);
        let inverse_mu = mu.recip();
        let mut reading = Reading { violation: 0.0, sum: 0.0, apart: 0.0 };
        for k in 0..size {
            inverse[k] = slack[k].recip();
            weight[k] += push[k] * inverse[k];
            off[k] = mask[k] * (self.sign * value[k] + slack[k]) - limit[k];
            let product = slack[k] * push[k];
            reading.sum += product;
            reading.violation = larger(reading.violation, off[k].abs() * relative[k]);
            reading.apart = larger(reading.apart, mask[k] * (product * inverse_mu - 1.0).abs());
        }
        reading
    }

    /// Sets by how much every product of slack and push must fall, and adds what follows for the right-hand side to `out`.
    ///
    /// `second` adds the second-order term of the last step.
    pub(crate) fn aim(&mut self, target: f64, second: bool, slack: &[f64], push: &[f64], out: &mut [f64]) {
        let size = self.mask.len();
        let (slack, push, out) = (&slack[..size], &push[..size], &mut out[..size]);
        let (mask, inverse, off) = (&self.mask[..size], &self.inverse[..size], &self.off[..size]);
        let (slack_step, push_step) = (&self.slack_step[..size], &self.push_step[..size]);
        let aim = &mut self.aim[..size];
        for k in 0..size {
            // Not a product with zero: a last step that broke down is not a number, and must not spoil this one.
            let bend = if second { slack_step[k] * push_step[k] } else { 0.0 };
            aim[k] = mask[k] * (slack[k] * push[k] - target) + bend;
            out[k] += self.sign * (push[k] * off[k] - aim[k]) * inverse[k];
        }
    }

    /// The steps that belong to a change of every constraint's value.
    pub(crate) fn step(&mut self, change: &[f64], push: &[f64]) {
        let size = self.mask.len();
        let (change, push) = (&change[..size], &push[..size]);
        let (mask, inverse, off, aim) =
            (&self.mask[..size], &self.inverse[..size], &self.off[..size], &self.aim[..size]);
        let (slack_step, push_step) = (&mut self.slack_step[..size], &mut self.push_step[..size]);
        for k in 0..size {
            slack_step[k] = -off[k] - mask[k] * self.sign * change[k];
            push_step[k] = -(aim[k] + push[k] * slack_step[k]) * inverse[k];
        }
    }

    /// The inverse of the longest step that keeps slacks and pushes at zero or above, or `least` if that is larger.
    pub(crate) fn reach(&self, push: &[f64], least: f64) -> f64 {
        let mut worst = least;
        for (d, inverse) in self.slack_step.iter().zip(&self.inverse) {
            worst = larger(worst, -d * inverse);
        }
        for (d, push) in self.push_step.iter().zip(push) {
            // A division only where it changes the answer.
            if -d > worst * push {
                worst = -d / push;
            }
        }
        worst
    }

    /// Sum of slack times push after a step.
    pub(crate) fn sum_after(&self, slack: &[f64], push: &[f64], alpha: f64) -> f64 {
        let steps = self.slack_step.iter().zip(&self.push_step);
        slack.iter().zip(push).zip(steps).map(|((s, p), (ds, dp))| (s + alpha * ds) * (p + alpha * dp)).sum()
    }

    /// Sum and least of slack times push after a step.
    pub(crate) fn after(&self, slack: &[f64], push: &[f64], alpha: f64) -> (f64, f64) {
        let steps = self.slack_step.iter().zip(&self.push_step);
        let products = slack.iter().zip(push).zip(steps).zip(&self.mask);
        products.fold((0.0, f64::INFINITY), |(sum, least), (((s, p), (ds, dp)), mask)| {
            let product = (s + alpha * ds) * (p + alpha * dp);
            (sum + product, if *mask > 0.0 { least.min(product) } else { least })
        })
    }

    pub(crate) fn advance(&self, slack: &mut [f64], push: &mut [f64], alpha: f64) {
        slack.iter_mut().zip(&self.slack_step).for_each(|(v, d)| *v += alpha * d);
        push.iter_mut().zip(&self.push_step).for_each(|(v, d)| *v += alpha * d);
    }

    /// Adds the derivative of the barrier's gradient, by `mu`, to `out`.
    pub(crate) fn barrier_derivative(&self, out: &mut [f64]) {
        for ((out, mask), inverse) in out.iter_mut().zip(&self.mask).zip(&self.inverse) {
            *out += self.sign * mask * inverse;
        }
    }
}

/// The larger of two numbers, in a form that costs one instruction.
fn larger(a: f64, b: f64) -> f64 {
    if b > a { b } else { a }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A step that broke down once left an asset unable to move for the rest of a run.
    #[test]
    fn a_broken_step_does_not_spoil_the_next() {
        let mut side = Side::new(1.0, &[2.0], &[false]);
        side.measure(&[1.0], &[1.0], &[0.5], 0.5, &mut [0.0]);
        side.step(&[f64::NAN], &[0.5]);
        let mut out = [0.0];
        side.aim(0.25, false, &[1.0], &[0.5], &mut out);
        assert_eq!(out, [-0.25], "slack times push is 0.5, and 0.25 too large");
    }
}
