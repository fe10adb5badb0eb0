use crate::linear::Dense;

/// The summed affine model of the fleet at one price: `use(p) = answer - S (p - prices)`.
pub(crate) struct Summed<'a> {
    pub(crate) answer: &'a [f64],
    /// `S`, in full.
    pub(crate) curvature: &'a [f64],
    pub(crate) prices: &'a [f64],
}

/// Where the modelled fleet is on the central path of its rows.
#[derive(Clone)]
pub(crate) struct Priced {
    pub(crate) prices: Vec<f64>,
    /// How far each row's use moves when its price does, `mu / p^2` for a row with one limit: zero for an equality row, infinite for an open one.
    pub(crate) give: Vec<f64>,
}

/// Prices at which the modelled fleet is on the central path of its rows.
///
/// Solves `v = answer - S (p - prices)` with `p = mu/(upper - v) - mu/(v - lower)` row by row; an equality row has `v = upper` and a free price,
/// a row without limits has price zero.
/// # Shape
/// m rows; `lower` and `upper` may be infinite.
/// # Cost
/// 10 to 40 Cholesky factorisations of order m.
/// # Errors
/// If it does not converge, the last prices: they grow along a ray when the modelled fleet cannot meet its rows.
/// # Source
/// docs/math/federated-solver.md#master.
pub(crate) fn master(model: &Summed<'_>, lower: &[f64], upper: &[f64], mu: f64) -> Result<Priced, Vec<f64>> {
    // A start that jams is replaced by a more, then by a less cautious one.
    Master::new(model, lower, upper, 1e-2)
        .run(model, mu)
        .or_else(|_| Master::new(model, lower, upper, 1e-4).run(model, mu))
        .or_else(|_| Master::new(model, lower, upper, 1.0).run(model, mu))
}

struct Master<'a> {
    lower: &'a [f64],
    upper: &'a [f64],
    kind: Vec<Kind>,
    p: Vec<f64>,
    v: Vec<f64>,
    slack_upper: Vec<f64>,
    slack_lower: Vec<f64>,
    push_upper: Vec<f64>,
    push_lower: Vec<f64>,
    matrix: Vec<f64>,
    dense: Dense,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Equality,
    Limited,
    Open,
}

struct Step {
    p: Vec<f64>,
    v: Vec<f64>,
    slack_upper: Vec<f64>,
    slack_lower: Vec<f64>,
    push_upper: Vec<f64>,
    push_lower: Vec<f64>,
}

impl<'a> Master<'a> {
    fn new(model: &Summed<'_>, lower: &'a [f64], upper: &'a [f64], delta: f64) -> Self {
        let m = lower.len();
        let kind: Vec<Kind> = (0..m)
            .map(|k| match (lower[k] == upper[k], lower[k].is_finite() || upper[k].is_finite()) {
                (true, _) => Kind::Equality,
                (_, true) => Kind::Limited,
                _ => Kind::Open,
            })
            .collect();
        let v: Vec<f64> = (0..m).map(|k| if kind[k] == Kind::Equality { upper[k] } else { model.answer[k] }).collect();
        let mut master = Self {
            lower,
            upper,
            p: model.prices.to_vec(),
            slack_upper: vec![1.0; m],
            slack_lower: vec![1.0; m],
            push_upper: vec![0.0; m],
            push_lower: vec![0.0; m],
            matrix: vec![0.0; m * m],
            dense: Dense::zeros(m),
            v,
            kind,
        };
        for k in 0..m {
            match master.kind[k] {
                Kind::Equality => {}
                Kind::Open => master.p[k] = 0.0,
                Kind::Limited => {
                    let p = master.p[k];
                    if master.upper(k) {
                        master.slack_upper[k] = (upper[k] - master.v[k]).max(delta);
                        master.push_upper[k] = p.max(0.1 * delta);
                    }
                    if master.lower(k) {
                        master.slack_lower[k] = (master.v[k] - lower[k]).max(delta);
                        master.push_lower[k] = (-p).max(0.1 * delta);
                    }
                    master.p[k] = master.push_upper[k] - master.push_lower[k];
                }
            }
        }
        master
    }

    fn upper(&self, k: usize) -> bool {
        self.kind[k] == Kind::Limited && self.upper[k].is_finite()
    }

    fn lower(&self, k: usize) -> bool {
        self.kind[k] == Kind::Limited && self.lower[k].is_finite()
    }

    fn run(mut self, model: &Summed<'_>, mu: f64) -> Result<Priced, Vec<f64>> {
        let m = self.p.len();
        let sides =
            (0..m).map(|k| usize::from(self.upper(k)) + usize::from(self.lower(k))).sum::<usize>().max(1) as f64;
        let trace: f64 = (0..m).map(|k| model.curvature[k * m + k]).sum();
        let ridge = 1e-12 * trace / m.max(1) as f64 + 1e-300;
        let mut best = (f64::INFINITY, Priced { prices: self.p.clone(), give: Vec::new() });
        for _ in 0..120 {
            // Residuals of the model, of the slacks, and of complementarity.
            let mut rv = vec![0.0; m];
            for a in 0..m {
                let moved: f64 = (0..m).map(|b| model.curvature[a * m + b] * (self.p[b] - model.prices[b])).sum();
                rv[a] = self.v[a] - (model.answer[a] - moved);
            }
            let (mut ru, mut rl) = (vec![0.0; m], vec![0.0; m]);
            let (mut sum, mut error) = (0.0, 0.0_f64);
            for k in 0..m {
                let scale = 1.0 + model.answer[k].abs() + model.curvature[k * m + k] * 1e-3;
                if self.kind[k] != Kind::Open {
                    error = error.max((rv[k] / scale).abs());
                }
                if self.upper(k) {
                    ru[k] = self.v[k] + self.slack_upper[k] - self.upper[k];
                    let c = self.slack_upper[k] * self.push_upper[k];
                    sum += c;
                    error = error.max(ru[k].abs()).max((c / mu - 1.0).abs() * 1e-5);
                }
                if self.lower(k) {
                    rl[k] = self.v[k] - self.slack_lower[k] - self.lower[k];
                    let c = self.slack_lower[k] * self.push_lower[k];
                    sum += c;
                    error = error.max(rl[k].abs()).max((c / mu - 1.0).abs() * 1e-5);
                }
            }
            if !error.is_finite() {
                break;
            }
            if error < best.0 {
                best = (error, Priced { prices: self.p.clone(), give: self.give(mu) });
            }
            if error < 1e-11 {
                break;
            }
            let weight: Vec<f64> = (0..m).map(|k| self.weight(k)).collect();
            for a in 0..m {
                for b in 0..m {
                    let open = self.kind[a] == Kind::Open || self.kind[b] == Kind::Open;
                    self.matrix[b * m + a] = if open { 0.0 } else { model.curvature[a * m + b] };
                }
                self.matrix[a * m + a] += match self.kind[a] {
                    Kind::Equality => ridge,
                    Kind::Limited => ridge + 1.0 / weight[a],
                    Kind::Open => 1.0,
                };
            }
            self.dense.values.copy_from_slice(&self.matrix);
            if self.dense.factor().is_err() {
                break;
            }
            let mean = sum / sides;
            let mut step = self.step(model, &weight, &rv, &ru, &rl, mu, None);
            if mean > 2.0 * mu {
                let predictor = self.step(model, &weight, &rv, &ru, &rl, 0.0, None);
                let reach = self.reach(&predictor).min(1.0);
                let mut ahead = 0.0;
                for k in 0..m {
                    if self.upper(k) {
                        ahead += (self.slack_upper[k] + reach * predictor.slack_upper[k])
                            * (self.push_upper[k] + reach * predictor.push_upper[k]);
                    }
                    if self.lower(k) {
                        ahead += (self.slack_lower[k] + reach * predictor.slack_lower[k])
                            * (self.push_lower[k] + reach * predictor.push_lower[k]);
                    }
                }
                let target = mu.max((ahead / sides / mean).powi(3).clamp(1e-3, 1.0) * mean);
                step = self.step(model, &weight, &rv, &ru, &rl, target, Some(&predictor));
            }
            let alpha = (0.99 * self.reach(&step)).min(1.0);
            if !alpha.is_finite() || !step.p.iter().all(|v| v.is_finite()) {
                break;
            }
            self.advance(&step, alpha);
        }
        if best.0 < 1e-6 { Ok(best.1) } else { Err(self.p) }
    }

    fn give(&self, mu: f64) -> Vec<f64> {
        let give = |k: usize| match self.kind[k] {
            Kind::Equality => 0.0,
            Kind::Limited => mu / (self.push_upper[k].powi(2) + self.push_lower[k].powi(2)),
            Kind::Open => f64::INFINITY,
        };
        (0..self.p.len()).map(give).collect()
    }

    fn weight(&self, k: usize) -> f64 {
        let mut d = 0.0;
        if self.upper(k) {
            d += self.push_upper[k] / self.slack_upper[k];
        }
        if self.lower(k) {
            d += self.push_lower[k] / self.slack_lower[k];
        }
        d
    }

    #[expect(clippy::too_many_arguments, reason = "the residuals of one Newton system")]
    fn step(
        &mut self,
        model: &Summed<'_>,
        weight: &[f64],
        rv: &[f64],
        ru: &[f64],
        rl: &[f64],
        target: f64,
        second: Option<&Step>,
    ) -> Step {
        let m = self.p.len();
        let (mut aim_upper, mut aim_lower, mut e) = (vec![0.0; m], vec![0.0; m], vec![0.0; m]);
        for k in 0..m {
            if self.upper(k) {
                aim_upper[k] = self.slack_upper[k] * self.push_upper[k] - target
                    + second.map_or(0.0, |s| s.slack_upper[k] * s.push_upper[k]);
                e[k] += (-aim_upper[k] + self.push_upper[k] * ru[k]) / self.slack_upper[k];
            }
            if self.lower(k) {
                aim_lower[k] = self.slack_lower[k] * self.push_lower[k] - target
                    + second.map_or(0.0, |s| s.slack_lower[k] * s.push_lower[k]);
                e[k] += (aim_lower[k] + self.push_lower[k] * rl[k]) / self.slack_lower[k];
            }
        }
        let rhs: Vec<f64> = (0..m)
            .map(|k| match self.kind[k] {
                Kind::Open => 0.0,
                Kind::Equality => -rv[k],
                Kind::Limited => -rv[k] + e[k] / weight[k],
            })
            .collect();
        let mut dp = rhs.clone();
        self.dense.solve(&mut dp, 1);
        // One step of refinement: late in the path the matrix spans many decades.
        let mut left: Vec<f64> =
            (0..m).map(|a| rhs[a] - (0..m).map(|b| self.matrix[b * m + a] * dp[b]).sum::<f64>()).collect();
        self.dense.solve(&mut left, 1);
        dp.iter_mut().zip(&left).for_each(|(d, c)| *d += c);
        let mut step = Step {
            v: vec![0.0; m],
            slack_upper: vec![0.0; m],
            slack_lower: vec![0.0; m],
            push_upper: vec![0.0; m],
            push_lower: vec![0.0; m],
            p: dp,
        };
        for k in 0..m {
            step.v[k] = match self.kind[k] {
                Kind::Equality => 0.0,
                Kind::Limited => (step.p[k] - e[k]) / weight[k],
                Kind::Open => -rv[k] - (0..m).map(|b| model.curvature[k * m + b] * step.p[b]).sum::<f64>(),
            };
            if self.upper(k) {
                step.slack_upper[k] = -ru[k] - step.v[k];
                step.push_upper[k] = (-aim_upper[k] - self.push_upper[k] * step.slack_upper[k]) / self.slack_upper[k];
            }
            if self.lower(k) {
                step.slack_lower[k] = rl[k] + step.v[k];
                step.push_lower[k] = (-aim_lower[k] - self.push_lower[k] * step.slack_lower[k]) / self.slack_lower[k];
            }
        }
        step
    }

    fn reach(&self, step: &Step) -> f64 {
        let pairs = [
            (&self.slack_upper, &step.slack_upper),
            (&self.slack_lower, &step.slack_lower),
            (&self.push_upper, &step.push_upper),
            (&self.push_lower, &step.push_lower),
        ];
        let ratios = pairs.into_iter().flat_map(|(v, d)| v.iter().zip(d));
        ratios.filter(|(_, d)| **d < 0.0).map(|(v, d)| -v / d).fold(f64::INFINITY, f64::min)
    }

    fn advance(&mut self, step: &Step, alpha: f64) {
        for k in 0..self.p.len() {
            self.v[k] += alpha * step.v[k];
            self.slack_upper[k] += alpha * step.slack_upper[k];
            self.slack_lower[k] += alpha * step.slack_lower[k];
            self.push_upper[k] += alpha * step.push_upper[k];
            self.push_lower[k] += alpha * step.push_lower[k];
            self.p[k] = match self.kind[k] {
                Kind::Limited => self.push_upper[k] - self.push_lower[k],
                _ => self.p[k] + alpha * step.p[k],
            };
        }
    }
}
