use std::collections::VecDeque;

use crate::linear::Dense;

/// Anderson acceleration of type II over steps whose iterates nobody has: from the inner products of their residuals, which are sums.
///
/// The map is `xi_i -> alpha y_i + (1 - alpha) z_i + u`, stacked over all assets; its residual is `alpha (y_i - z_i)`.
/// Every asset applies the same weights to its own earlier steps, and the coordinator applies them to the averages.
/// # Source
/// Walker, Ni, "Anderson acceleration for fixed-point iterations", SIAM J. Numer. Anal. 49(4), 2011;
/// Fu, Zhang, Boyd, "Anderson accelerated Douglas-Rachford splitting", SIAM J. Sci. Comput. 42(6), 2020, for sharing it;
/// docs/math/federated-solver.md#anderson.
pub(super) struct Anderson {
    memory: usize,
    /// Newest first.
    steps: VecDeque<Step>,
    weights: Vec<f64>,
}

struct Step {
    average: Vec<f64>,
    dual: Vec<f64>,
    /// Inner products of the step's residual with itself and with those before.
    gram: Vec<f64>,
}

/// What is added to the diagonal of the Gram matrix, relative to the step's own residual and to the largest.
const RIDGE: (f64, f64) = (1e-6, 1e-10);
/// A residual this many times the least one kept means that the combination did harm: the steps are forgotten.
const WORSE: f64 = 4.0;
/// Weights that cancel more than this say more about rounding than about the map.
const WEIGHTS_MAX: f64 = 1e3;

impl Anderson {
    pub(super) fn new(memory: u8) -> Self {
        Self { memory: usize::from(memory), steps: VecDeque::new(), weights: vec![1.0] }
    }

    /// How the next step combines the last ones, newest first.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The next step starts from the last one alone.
    pub(super) fn forget(&mut self) {
        self.steps.clear();
        self.weights = vec![1.0];
    }

    /// Hears a step (relaxed average, the dual it was taken at, and the row of the Gram matrix) and replaces both by their combinations.
    pub(super) fn combine(&mut self, gram: &[f64], average: &mut [f64], dual: &mut [f64]) {
        self.weights = vec![1.0];
        let Some(&newest) = gram.first().filter(|_| self.memory > 0) else { return };
        let least = self.steps.iter().map(|step| step.gram[0]).fold(f64::INFINITY, f64::min);
        if newest > WORSE * WORSE * least {
            self.steps.clear();
        }
        self.steps.push_front(Step { average: average.to_vec(), dual: dual.to_vec(), gram: gram.to_vec() });
        self.steps.truncate(self.memory + 1);
        while self.steps.len() > 1 {
            if let Some(weights) = self.solve() {
                self.weights = weights;
                break;
            }
            self.steps.pop_back();
        }
        for k in 0..average.len() {
            let of =
                |list: fn(&Step) -> &Vec<f64>| self.weights.iter().zip(&self.steps).map(|(w, s)| w * list(s)[k]).sum();
            average[k] = of(|step| &step.average);
            dual[k] = of(|step| &step.dual);
        }
    }

    /// Weights of sum one with the least combined residual; none if they cancel too much.
    fn solve(&self) -> Option<Vec<f64>> {
        let n = self.steps.len();
        let largest = self.steps.iter().map(|step| step.gram[0]).fold(0.0, f64::max);
        let mut matrix = Dense::zeros(n);
        for (a, step) in self.steps.iter().enumerate() {
            for b in a..n {
                let v = step.gram.get(b - a).copied()?;
                (matrix.values[a * n + b], matrix.values[b * n + a]) = (v, v);
            }
            matrix.values[a * n + a] += RIDGE.0 * step.gram[0] + RIDGE.1 * largest + f64::MIN_POSITIVE;
        }
        matrix.factor().ok()?;
        let mut weights = vec![1.0; n];
        matrix.solve(&mut weights, 1);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        let size: f64 = weights.iter().map(|w| w.abs()).sum();
        (size <= WEIGHTS_MAX).then_some(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::Anderson;

    /// A linear map of two dimensions with two earlier steps: the combination is its fixed point.
    #[test]
    fn a_linear_map_is_solved_in_as_many_steps_as_it_has_dimensions() {
        let map = |x: [f64; 2]| [0.9 * x[0] + 0.1 * x[1] + 1.0, -0.2 * x[0] + 0.7 * x[1]];
        let mut anderson = Anderson::new(2);
        let (mut x, mut residuals): ([f64; 2], Vec<[f64; 2]>) = ([0.0, 0.0], Vec::new());
        for _ in 0..4 {
            let next = map(x);
            residuals.insert(0, [next[0] - x[0], next[1] - x[1]]);
            let gram: Vec<f64> =
                residuals.iter().take(3).map(|r| r[0] * residuals[0][0] + r[1] * residuals[0][1]).collect();
            let (mut average, mut dual) = (next.to_vec(), vec![0.0; 2]);
            anderson.combine(&gram, &mut average, &mut dual);
            x = [average[0], average[1]];
        }
        // The ridge leaves a little: 1e-6 of the residual.
        let left = map(x).iter().zip(&x).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(left < 1e-3, "{left}");
    }

    #[test]
    fn a_step_that_did_harm_is_the_end_of_the_memory() {
        let mut anderson = Anderson::new(3);
        anderson.combine(&[1.0], &mut [0.0], &mut [0.0]);
        anderson.combine(&[0.5, 0.1], &mut [1.0], &mut [0.0]);
        assert_eq!(anderson.weights().len(), 2);
        anderson.combine(&[100.0, 0.1, 0.1], &mut [1.0], &mut [0.0]);
        assert_eq!(anderson.weights(), [1.0]);
    }
}
