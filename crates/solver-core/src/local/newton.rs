use super::{Metric, Model};
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
    p_places: Vec<u32>,
    a_places: Vec<u32>,
    diagonal_places: Vec<u32>,
    /// `D` per constraint, for the caller to write before [`Newton::factor`]; not used at an equality row.
    pub(crate) weight: Vec<f64>,
    quadratic: f64,
    delta: f64,
    /// `L^-1 P G'`, one column per touched row, where those columns can be non-zero, and the columns weighted by `1/d`.
    half: Vec<f64>,
    half_weighted: Vec<f64>,
    ancestors: Vec<Vec<u32>>,
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
        for (j, column) in model.a.iter().enumerate() {
            entries.extend(column.iter().map(|&(i, _)| (j, n + i as usize)));
        }
        let signs: Vec<i8> = (0..size).map(|k| if k < n { 1 } else { -1 }).collect();
        let (ldl, places) = Ldl::analyse(size, &entries, &signs);
        let m = model.touched.len();
        let narrow = |places: &[usize]| places.iter().map(|&k| k as u32).collect();
        Self {
            p_places: p_slots.iter().map(|&k| places[k] as u32).collect(),
            a_places: narrow(&places[a_start..]),
            diagonal_places: narrow(&places[..size]),
            ancestors: model.g.iter().map(|row| ldl.ancestors(row.iter().map(|e| e.0 as usize))).collect(),
            ldl,
            weight: vec![1.0; size],
            quadratic: 1.0,
            delta: DELTA,
            half: vec![0.0; size * m],
            half_weighted: vec![0.0; size * m],
            curvature: vec![0.0; m * m],
            schur: Dense::zeros(m),
            system: vec![0.0; size],
            residual: vec![0.0; size],
            correction: vec![0.0; size],
            touched_a: vec![0.0; m],
            touched_b: vec![0.0; m],
        }
    }

    /// The same analysis for another problem of the same pattern.
    pub(crate) fn cleared(self) -> Self {
        Self { delta: DELTA, ..self }
    }

    /// From here on regularises more and refines every solve: for rows that depend on each other.
    pub(crate) fn be_careful(&mut self) {
        self.delta = DELTA_CAREFUL;
    }

    /// Corrections per solve that the regularisation asks for.
    pub(crate) fn refinements(&self) -> u32 {
        if self.delta > DELTA { 6 } else { 0 }
    }

    /// Factors the system for the present weights. `quadratic` is 1, or 0 to drop the quadratic cost.
    pub(crate) fn factor(&mut self, model: &Model, quadratic: f64) -> Result<(), Breakdown> {
        self.quadratic = quadratic;
        let values = &mut self.ldl.values;
        let (columns, rows) = self.diagonal_places.split_at(model.n);
        for (&place, d) in columns.iter().zip(&self.weight) {
            values[place as usize] = d + self.delta;
        }
        for (k, &place) in rows.iter().enumerate() {
            let k = model.n + k;
            values[place as usize] = if model.equality[k] { -self.delta } else { -1.0 / self.weight[k] - self.delta };
        }
        for (&place, &(i, j, v)) in self.p_places.iter().zip(&model.p) {
            if i == j {
                values[place as usize] += quadratic * v;
            } else {
                values[place as usize] = quadratic * v;
            }
        }
        for (&place, &(_, v)) in self.a_places.iter().zip(model.a.entries()) {
            values[place as usize] = v;
        }
        self.ldl.factor()
    }

    /// Computes `S = G K^-1 G'` from the present factor.
    pub(crate) fn curvature(&mut self, model: &Model) -> &[f64] {
        let (size, m) = (model.constraints(), model.touched.len());
        let columns = self.half.chunks_exact_mut(size.max(1)).zip(&self.ancestors);
        for (row, (out, ancestors)) in model.g.iter().zip(columns) {
            self.ldl.half_solve(row, ancestors, out);
        }
        weighted_gram(&self.half, self.ldl.inverse_pivots(), m, &mut self.half_weighted, &mut self.curvature);
        mirror(&mut self.curvature, m);
        &self.curvature
    }

    /// `S` as last computed.
    pub(crate) fn last_curvature(&self) -> &[f64] {
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
    /// Up to `refinements` corrections against the system without regularisation.
    pub(crate) fn solve(
        &mut self,
        model: &Model,
        metric: Option<&Metric>,
        rhs: &mut [f64],
        dd: &mut [f64],
        refinements: u32,
    ) {
        if refinements == 0 && metric.is_none() {
            self.ldl.solve(rhs);
            return;
        }
        self.system.copy_from_slice(rhs);
        self.touched_a.fill(0.0);
        self.once(model, metric.is_some());
        if metric.is_some() {
            dd.copy_from_slice(&self.touched_b);
        }
        if refinements == 0 {
            rhs.copy_from_slice(&self.system);
            return;
        }
        let mut solution = std::mem::take(&mut self.correction);
        solution.copy_from_slice(&self.system);
        let scale = rhs.iter().fold(0.0_f64, |worst, v| worst.max(v.abs()));
        for _ in 0..refinements {
            let error = self.error(model, metric, rhs, &solution, dd);
            if error <= 1e-14 * scale {
                break;
            }
            self.system.copy_from_slice(&self.residual);
            self.once(model, metric.is_some());
            solution.iter_mut().zip(&self.system).for_each(|(s, c)| *s += c);
            if metric.is_some() {
                dd.iter_mut().zip(&self.touched_b).for_each(|(d, c)| *d += c);
            }
        }
        rhs.copy_from_slice(&solution);
        self.correction = solution;
    }

    /// `system <- K^-1 system`, with `rhs_g` in `touched_a` and `dd` into `touched_b`.
    fn once(&mut self, model: &Model, metric: bool) {
        if !metric {
            self.ldl.solve(&mut self.system);
            return;
        }
        // dd = (W^-1 + S)^-1 (G K^-1 rhs - rhs_g), then (dx, dw) = K^-1 (rhs - G' dd).
        self.residual.copy_from_slice(&self.system);
        self.ldl.solve(&mut self.system);
        for ((t, row), g) in self.touched_b.iter_mut().zip(model.g.iter()).zip(&self.touched_a) {
            *t = row.iter().map(|&(j, v)| v * self.system[j as usize]).sum::<f64>() - g;
        }
        self.schur.solve(&mut self.touched_b, 1);
        self.system.copy_from_slice(&self.residual);
        for (row, d) in model.g.iter().zip(&self.touched_b) {
            row.iter().for_each(|&(j, v)| self.system[j as usize] -= v * d);
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
        for (j, column) in model.a.iter().enumerate() {
            let mut sum = self.weight[j] * dx[j];
            for &(i, v) in column {
                sum += v * dw[i as usize];
                rr[i as usize] -= v * dx[j];
            }
            rx[j] -= sum;
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
                self.touched_a[a] = pulled - row.iter().map(|&(j, v)| v * dx[j as usize]).sum::<f64>();
                row.iter().for_each(|&(j, v)| rx[j as usize] -= v * dd[a]);
            }
            worst = self.touched_a.iter().fold(worst, |w, v| w.max(v.abs()));
        }
        residual.iter().fold(worst, |w, v| w.max(v.abs()))
    }
}
