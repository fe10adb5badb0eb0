use super::{Metric, Model, Point};
use crate::linear::{Breakdown, Dense, Ldl, mirror, weighted_gram};

/// Static regularisation of the quasi-definite system; iterative refinement takes its error out again.
const DELTA: f64 = 1e-12;
/// The same where rows depend on each other: the pivots that vanish must stay above rounding.
const DELTA_CAREFUL: f64 = 1e-8;

/// The linear algebra of one asset's interior point: Newton systems, responses, and every buffer they need.
///
/// The system is kept sparse, one row per kept constraint row:
///
/// ```text
/// [ P + D_x   A'       G'   ] [ dx ]   [ rhs_x ]
/// [ A        -1/D_r         ] [ dw ] = [ rhs_r ]      D = push/slack, summed over both sides; 0 for 1/D of an equality row
/// [ G                 -W^-1 ] [ dd ]   [ rhs_g ]      only where a metric holds the asset to an allocation
/// ```
///
/// # Source
/// docs/math/federated-solver.md#local.
pub(crate) struct Newton {
    ldl: Ldl,
    p_places: Vec<usize>,
    a_places: Vec<usize>,
    diagonal_places: Vec<usize>,
    /// `D` per constraint; one for an equality row, where it is not used.
    weight: Vec<f64>,
    quadratic: f64,
    delta: f64,
    /// `L^-1 P G'`, one column per touched row, and `1/d`.
    half: Vec<f64>,
    half_weighted: Vec<f64>,
    inverse_pivots: Vec<f64>,
    /// `S = G K^-1 G'` in full.
    curvature: Vec<f64>,
    schur: Dense,
    system: Vec<f64>,
    residual: Vec<f64>,
    correction: Vec<f64>,
    touched_a: Vec<f64>,
    touched_b: Vec<f64>,
}

impl Newton {
    pub(crate) fn new(model: &Model) -> Self {
        let (n, size) = (model.n, model.constraints());
        let mut entries: Vec<(usize, usize)> = (0..size).map(|k| (k, k)).collect();
        let mut p_slots = Vec::with_capacity(model.p.len());
        for &(i, j, _) in &model.p {
            if i == j {
                p_slots.push(i);
            } else {
                p_slots.push(entries.len());
                entries.push((i, j));
            }
        }
        let a_start = entries.len();
        entries.extend(model.a.triplets().map(|(i, j, _)| (j, n + i)));
        let signs: Vec<i8> = (0..size).map(|k| if k < n { 1 } else { -1 }).collect();
        let (ldl, places) = Ldl::analyse(size, &entries, &signs);
        let m = model.touched.len();
        Self {
            p_places: p_slots.iter().map(|&k| places[k]).collect(),
            a_places: places[a_start..].to_vec(),
            diagonal_places: places[..size].to_vec(),
            ldl,
            weight: vec![1.0; size],
            quadratic: 1.0,
            delta: DELTA,
            half: vec![0.0; size * m],
            half_weighted: vec![0.0; size * m],
            inverse_pivots: vec![0.0; size],
            curvature: vec![0.0; m * m],
            schur: Dense::zeros(m),
            system: vec![0.0; size],
            residual: vec![0.0; size],
            correction: vec![0.0; size],
            touched_a: vec![0.0; m],
            touched_b: vec![0.0; m],
        }
    }

    /// Regularises more from now on: slower to refine, but safe where equality rows depend on each other.
    pub(crate) fn be_careful(&mut self) {
        self.delta = DELTA_CAREFUL;
    }

    /// Factors the system at a point. `quadratic` is 1, or 0 to drop the quadratic cost.
    pub(crate) fn factor(&mut self, model: &Model, point: &Point, quadratic: f64) -> Result<(), Breakdown> {
        self.quadratic = quadratic;
        let values = &mut self.ldl.values;
        values.fill(0.0);
        for (place, entry) in self.p_places.iter().zip(&model.p) {
            values[*place] += quadratic * entry.2;
        }
        for (place, v) in self.a_places.iter().zip(model.a.values()) {
            values[*place] = *v;
        }
        for k in 0..model.constraints() {
            let place = self.diagonal_places[k];
            if model.equality[k] {
                values[place] = -self.delta;
                continue;
            }
            let mut d = 0.0;
            if model.upper[k].is_finite() {
                d += point.push_upper[k] / point.slack_upper[k];
            }
            if model.lower[k].is_finite() {
                d += point.push_lower[k] / point.slack_lower[k];
            }
            self.weight[k] = d;
            values[place] += if k < model.n { d + self.delta } else { -1.0 / d - self.delta };
        }
        self.ldl.factor()
    }

    /// Computes `S = G K^-1 G'` from the present factor.
    pub(crate) fn curvature(&mut self, model: &Model) -> &[f64] {
        let (size, m) = (model.constraints(), model.touched.len());
        for k in 0..size {
            self.inverse_pivots[k] = 1.0 / self.ldl.pivot(k);
        }
        for (row, out) in model.g.iter().zip(self.half.chunks_exact_mut(size.max(1))) {
            self.ldl.half_solve(row, out);
        }
        weighted_gram(&self.half, &self.inverse_pivots, m, &mut self.half_weighted, &mut self.curvature);
        mirror(&mut self.curvature, m);
        &self.curvature
    }

    /// Prepares the composite system with a metric: factors `W^-1 + S`.
    pub(crate) fn attach(&mut self, model: &Model, metric: &Metric) -> Result<(), Breakdown> {
        self.curvature(model);
        for ((out, s), w) in self.schur.values.iter_mut().zip(&self.curvature).zip(&metric.inverse) {
            *out = s + w;
        }
        self.schur.factor()
    }

    /// Solves for `(dx, dw)` in place, and `dd` if a metric is attached. `rhs` has one entry per constraint.
    ///
    /// Two steps of refinement against the system without regularisation.
    pub(crate) fn solve(&mut self, model: &Model, metric: Option<&Metric>, rhs: &mut [f64], dd: &mut [f64]) {
        self.system.copy_from_slice(rhs);
        self.once(model, metric.is_some());
        let mut solution = std::mem::take(&mut self.correction);
        solution.copy_from_slice(&self.system);
        if metric.is_some() {
            dd.copy_from_slice(&self.touched_b);
        }
        let scale = rhs.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        for _ in 0..4 {
            let error = self.error(model, metric, rhs, &solution, dd);
            if error <= 1e-14 * scale {
                break;
            }
            self.system.copy_from_slice(&self.residual);
            self.once_with(model, metric.is_some());
            solution.iter_mut().zip(&self.system).for_each(|(s, c)| *s += c);
            if metric.is_some() {
                dd.iter_mut().zip(&self.touched_b).for_each(|(d, c)| *d += c);
            }
        }
        rhs.copy_from_slice(&solution);
        self.correction = solution;
    }

    /// `system <- K^-1 system` with `rhs_g = 0`.
    fn once(&mut self, model: &Model, metric: bool) {
        self.touched_a.fill(0.0);
        self.once_with(model, metric);
    }

    /// The same, with `rhs_g` in `touched_a`.
    fn once_with(&mut self, model: &Model, metric: bool) {
        if !metric {
            self.ldl.solve(&mut self.system);
            return;
        }
        // dd = (W^-1 + S)^-1 (G K^-1 rhs - rhs_g), then (dx, dw) = K^-1 (rhs - G' dd).
        self.residual.copy_from_slice(&self.system);
        self.ldl.solve(&mut self.system);
        for ((t, row), g) in self.touched_b.iter_mut().zip(&model.g).zip(&self.touched_a) {
            *t = row.iter().map(|&(j, v)| v * self.system[j]).sum::<f64>() - g;
        }
        self.schur.solve(&mut self.touched_b, 1);
        self.system.copy_from_slice(&self.residual);
        for (row, d) in model.g.iter().zip(&self.touched_b) {
            row.iter().for_each(|&(j, v)| self.system[j] -= v * d);
        }
        self.ldl.solve(&mut self.system);
    }

    /// Writes what is left of the right-hand side into `residual` (and `rhs_g` into `touched_a`); returns its largest entry.
    fn error(&mut self, model: &Model, metric: Option<&Metric>, rhs: &[f64], solution: &[f64], dd: &[f64]) -> f64 {
        let n = model.n;
        let residual = &mut self.residual;
        residual.copy_from_slice(rhs);
        let (dx, dw) = solution.split_at(n);
        let (rx, rr) = residual.split_at_mut(n);
        if self.quadratic != 0.0 {
            for &(i, j, v) in &model.p {
                rx[i] -= v * dx[j];
                if i != j {
                    rx[j] -= v * dx[i];
                }
            }
        }
        for j in 0..n {
            rx[j] -= self.weight[j] * dx[j];
            for (i, v) in model.a.column(j) {
                rx[j] -= v * dw[i];
                rr[i] -= v * dx[j];
            }
        }
        for i in 0..model.rows {
            if !model.equality[n + i] {
                rr[i] += dw[i] / self.weight[n + i];
            }
        }
        let mut worst = 0.0_f64;
        if let Some(metric) = metric {
            let m = model.touched.len();
            for (a, row) in model.g.iter().enumerate() {
                let pulled: f64 = metric.inverse[a * m..(a + 1) * m].iter().zip(dd).map(|(w, d)| w * d).sum();
                self.touched_a[a] = pulled - row.iter().map(|&(j, v)| v * dx[j]).sum::<f64>();
                row.iter().for_each(|&(j, v)| rx[j] -= v * dd[a]);
            }
            worst = self.touched_a.iter().fold(worst, |w, v| w.max(v.abs()));
        }
        residual.iter().fold(worst, |w, v| w.max(v.abs()))
    }

    /// `D` of constraint `k` at the last factored point.
    pub(crate) fn weight(&self, k: usize) -> f64 {
        self.weight[k]
    }
}
