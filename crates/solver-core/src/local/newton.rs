use core::ops::Range;

use super::{Metric, Model};
use crate::linear::{Breakdown, Dense, Ldl, dot, subtract_multiple};

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
    /// The diagonal of `P`, per column.
    p_diagonal: Vec<f64>,
    /// With which factor of the quadratic cost the entries that never change were written, if they were.
    written: Option<f64>,
    /// `D` per constraint, for the caller to write before [`Newton::factor`]; not used at an equality row.
    pub(crate) weight: Vec<f64>,
    /// The weights that the present factor was made of.
    factored: Vec<f64>,
    quadratic: f64,
    delta: f64,
    /// The touched rows in the order in which they are kept here: those that meet early in the elimination stand together.
    rows: Vec<u32>,
    /// `H = L^-1 P G'`: place after place, one entry per touched row of the place's span.
    half: Vec<f64>,
    spans: Vec<Span>,
    /// `S = G K^-1 G'`, its upper triangle row after row, rows and columns in the order of `rows`.
    curvature: Vec<f64>,
    /// `W^-1` in the same form.
    inverse_metric: Vec<f64>,
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
        let (rows, spans) = spans(&ldl, model);
        let narrow = |places: &[usize]| places.iter().map(|&k| k as u32).collect();
        Self {
            p_places: p_slots.iter().map(|&k| places[k] as u32).collect(),
            a_places: narrow(&places[a_start..]),
            diagonal_places: narrow(&places[..size]),
            p_diagonal: vec![0.0; n],
            written: None,
            ldl,
            weight: vec![1.0; size],
            factored: vec![1.0; size],
            quadratic: 1.0,
            delta: DELTA,
            rows,
            half: vec![0.0; spans.iter().map(|span| span.to - span.from).sum::<u32>() as usize],
            spans,
            curvature: vec![0.0; m * m],
            inverse_metric: vec![0.0; m * m],
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
        Self { delta: DELTA, written: None, ..self }
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
        self.factored.copy_from_slice(&self.weight);
        if self.written != Some(quadratic) {
            self.write(model, quadratic);
        }
        let values = &mut self.ldl.values;
        let (columns, rows) = self.diagonal_places.split_at(model.n);
        let (column_weights, row_weights) = self.weight.split_at(model.n);
        for ((&place, p), d) in columns.iter().zip(&self.p_diagonal).zip(column_weights) {
            values[place as usize] = p + d + self.delta;
        }
        for ((&place, &equality), d) in rows.iter().zip(&model.equality[model.n..]).zip(row_weights) {
            values[place as usize] = if equality { -self.delta } else { -1.0 / d - self.delta };
        }
        self.ldl.factor()
    }

    /// The weights that the present factor was made of.
    pub(crate) fn factored(&self) -> &[f64] {
        &self.factored
    }

    /// Whether the factor is no softer anywhere than `share` of what the present weights would make.
    pub(crate) fn covers(&self, share: f64) -> bool {
        self.factored.iter().zip(&self.weight).all(|(d, w)| *d >= share * w)
    }

    /// Writes what does not change from step to step.
    fn write(&mut self, model: &Model, quadratic: f64) {
        self.written = Some(quadratic);
        self.p_diagonal.fill(0.0);
        let values = &mut self.ldl.values;
        for (&place, &(i, j, v)) in self.p_places.iter().zip(&model.p) {
            if i == j {
                self.p_diagonal[i] = quadratic * v;
            } else {
                values[place as usize] = quadratic * v;
            }
        }
        for (&place, &(_, v)) in self.a_places.iter().zip(model.a.entries()) {
            values[place as usize] = v;
        }
    }

    /// `K^-1 G' d` for the matrix of these weights, without refinement: the step that changes the use by `S d`, with `S` as that matrix gives it.
    pub(crate) fn along(&mut self, model: &Model, weight: &[f64], d: &[f64]) -> Result<Vec<f64>, Breakdown> {
        self.weight.copy_from_slice(weight);
        self.factor(model, 1.0)?;
        let mut step = vec![0.0; model.constraints()];
        model.coupling_transpose(d, &mut step);
        self.ldl.solve(&mut step);
        step.truncate(model.n);
        Ok(step)
    }

    /// Computes `S = G K^-1 G'` from the present factor.
    pub(crate) fn measure_curvature(&mut self, model: &Model) {
        let m = self.rows.len();
        let Self { ldl, rows, half, spans, curvature, .. } = self;
        half.fill(0.0);
        for (a, &row) in rows.iter().enumerate() {
            for &(j, v) in model.g.list(row as usize) {
                half[spans[ldl.place(j as usize)].at(a)] += v;
            }
        }
        curvature.fill(0.0);
        for (j, (span, inverse)) in spans.iter().zip(ldl.inverse_pivots()).enumerate() {
            let (from, to) = (span.from as usize, span.to as usize);
            if from >= to {
                continue;
            }
            let end = span.at(to);
            let (upto, after) = half.split_at_mut(end);
            let own = &upto[span.places()];
            for (i, l) in ldl.column(j) {
                // Whoever reaches this place reaches all above it, so their spans contain this one.
                let start = spans[i].at(from) - end;
                subtract_multiple(&mut after[start..start + own.len()], l, own);
            }
            for (k, h) in own.iter().enumerate() {
                let a = from + k;
                subtract_multiple(&mut curvature[a * m + a..a * m + to], -h * inverse, &own[k..]);
            }
        }
    }

    /// Writes `S`, as last computed, in full and in the model's order of rows.
    pub(crate) fn curvature(&self, out: &mut [f64]) {
        let m = self.rows.len();
        for (a, &i) in self.rows.iter().enumerate() {
            for (b, &j) in self.rows.iter().enumerate().skip(a) {
                let (i, j, v) = (i as usize, j as usize, self.curvature[a * m + b]);
                out[i * m + j] = v;
                out[j * m + i] = v;
            }
        }
    }

    /// Prepares for steps with a metric.
    pub(crate) fn hold(&mut self, metric: &Metric) {
        let m = self.rows.len();
        for (a, &i) in self.rows.iter().enumerate() {
            for (b, &j) in self.rows.iter().enumerate().skip(a) {
                self.inverse_metric[a * m + b] = metric.inverse[i as usize * m + j as usize];
            }
        }
    }

    /// Factors `W^-1 + S`, with the metric that was held last.
    pub(crate) fn attach(&mut self, model: &Model) -> Result<(), Breakdown> {
        self.measure_curvature(model);
        for ((out, s), w) in self.schur.values.iter_mut().zip(&self.curvature).zip(&self.inverse_metric) {
            *out = s + w;
        }
        self.schur.factor()
    }

    /// Solves for `(dx, dw)` in place, and `dd` if a metric is attached. `rhs` has one entry per constraint.
    ///
    /// Up to `refinements` corrections against the system without regularisation.
    pub(crate) fn solve(&mut self, model: &Model, metric: bool, rhs: &mut [f64], dd: &mut [f64], refinements: u32) {
        if refinements == 0 && !metric {
            self.ldl.solve(rhs);
            return;
        }
        self.system.copy_from_slice(rhs);
        self.touched_a.fill(0.0);
        self.once(metric);
        if metric {
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
            self.once(metric);
            solution.iter_mut().zip(&self.system).for_each(|(s, c)| *s += c);
            if metric {
                dd.iter_mut().zip(&self.touched_b).for_each(|(d, c)| *d += c);
            }
        }
        rhs.copy_from_slice(&solution);
        self.correction = solution;
    }

    /// `system <- K^-1 system`, with `rhs_g` in `touched_a` and `dd` into `touched_b`.
    fn once(&mut self, metric: bool) {
        self.ldl.forward(&self.system);
        if metric {
            // dd = (W^-1 + S)^-1 (H' D^-1 f - rhs_g) with f = L^-1 P rhs, then f - H dd goes back.
            let Self { ldl, spans, half, touched_a, touched_b, schur, .. } = self;
            touched_b.iter_mut().zip(touched_a.iter()).for_each(|(t, g)| *t = -g);
            let spans = || spans.iter().enumerate().filter(|(_, span)| span.from < span.to);
            for (j, span) in spans() {
                let f = ldl.halfway()[j] * ldl.inverse_pivots()[j];
                subtract_multiple(&mut touched_b[span.rows()], -f, &half[span.places()]);
            }
            schur.solve(touched_b, 1);
            for (j, span) in spans() {
                ldl.halfway()[j] -= dot(&half[span.places()], &touched_b[span.rows()]);
            }
        }
        self.ldl.backward(&mut self.system);
    }

    /// Writes what is left of the right-hand side into `residual` (and `rhs_g` into `touched_a`); returns its largest entry.
    fn error(&mut self, model: &Model, metric: bool, rhs: &[f64], solution: &[f64], dd: &[f64]) -> f64 {
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
        if metric {
            let m = self.rows.len();
            for (a, &row) in self.rows.iter().enumerate() {
                let before = (0..a).map(|b| self.inverse_metric[b * m + a] * dd[b]).sum::<f64>();
                let pulled = before + dot(&self.inverse_metric[a * m + a..(a + 1) * m], &dd[a..]);
                let row = model.g.list(row as usize);
                self.touched_a[a] = pulled - row.iter().map(|&(j, v)| v * dx[j as usize]).sum::<f64>();
                row.iter().for_each(|&(j, v)| rx[j as usize] -= v * dd[a]);
            }
            worst = self.touched_a.iter().fold(worst, |w, v| w.max(v.abs()));
        }
        residual.iter().fold(worst, |w, v| w.max(v.abs()))
    }
}

/// The order in which touched rows are kept, and between which of them each place of `H` can have entries.
fn spans(ldl: &Ldl, model: &Model) -> (Vec<u32>, Vec<Span>) {
    let number = ldl.postorder();
    let first = |row: &[(u32, f64)]| row.iter().map(|&(j, _)| number[ldl.place(j as usize)]).min().unwrap_or(0);
    let mut rows: Vec<u32> = (0..model.touched.len() as u32).collect();
    rows.sort_by_key(|&row| (first(model.g.list(row as usize)), row));
    let mut spans = vec![Span { from: u32::MAX, to: 0, start: 0 }; model.constraints()];
    for (a, &row) in rows.iter().enumerate() {
        for place in ldl.ancestors(model.g.list(row as usize).iter().map(|entry| entry.0 as usize)) {
            let span = &mut spans[place as usize];
            (span.from, span.to) = (span.from.min(a as u32), a as u32 + 1);
        }
    }
    let mut start = 0;
    for span in &mut spans {
        span.from = span.from.min(span.to);
        span.start = start;
        start += span.to - span.from;
    }
    (rows, spans)
}

/// Between which touched rows a place of `H` can have entries, and where they stand.
#[derive(Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
    start: u32,
}

impl Span {
    /// Where the entry of a touched row of the span stands; where the next span begins, for its end.
    fn at(&self, row: usize) -> usize {
        self.start as usize + row - self.from as usize
    }

    fn rows(&self) -> Range<usize> {
        self.from as usize..self.to as usize
    }

    fn places(&self) -> Range<usize> {
        self.start as usize..self.at(self.to as usize)
    }
}
