use cosmosmesh_contracts::problem::{Bounds, LocalProblem, SparseMatrix};

use super::Lists;

/// A local problem made ready for the interior point: fixed variables removed, columns and rows scaled by powers of two.
///
/// # Shape
/// `n` free variables, `rows` kept rows; constraint `k < n` is variable `k`, constraint `n + i` is row `i`.
/// `x_original = column_scale * x`. The barrier is invariant under the scaling, so the central path is the original one.
pub(crate) struct Model {
    pub(crate) n: usize,
    pub(crate) rows: usize,
    pub(crate) p: Vec<(usize, usize, f64)>,
    pub(crate) q: Vec<f64>,
    pub(crate) c: f64,
    /// The kept rows over the free variables, one list per variable.
    pub(crate) a: Lists,
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    pub(crate) equality: Vec<bool>,
    /// Bounds that follow from rows and bounds together; finite more often than the bounds themselves.
    pub(crate) reach: (Vec<f64>, Vec<f64>),
    /// The fleet rows that this asset touches with a free variable or a fixed one.
    pub(crate) touched: Vec<usize>,
    /// Its coefficients in each touched row, over free variables.
    pub(crate) g: Lists,
    /// What its fixed variables use of each touched row.
    pub(crate) g_fixed: Vec<f64>,
    raw_norms: Vec<f64>,
    columns: Vec<usize>,
    column_scale: Vec<f64>,
    row_source: Vec<usize>,
    row_scale: Vec<f64>,
    fixed: Vec<f64>,
}

impl Model {
    /// Prepares a problem; `relax` widens every inequality by that much, relative to `1 + |bound|`.
    pub(crate) fn new(problem: &LocalProblem, coupling: &SparseMatrix, relax: f64) -> Self {
        let bounds = &problem.variables().bounds;
        let all = bounds.len();
        let mut free_index = vec![usize::MAX; all];
        let (mut columns, mut fixed) = (Vec::new(), vec![0.0; all]);
        for j in 0..all {
            if bounds.is_equality(j) {
                fixed[j] = bounds.lower()[j];
            } else {
                free_index[j] = columns.len();
                columns.push(j);
            }
        }
        let n = columns.len();
        let row_bounds = &problem.rows().bounds;
        let row_source: Vec<usize> = (0..row_bounds.len())
            .filter(|&i| row_bounds.lower()[i].is_finite() || row_bounds.upper()[i].is_finite())
            .collect();
        let mut kept = vec![usize::MAX; row_bounds.len()];
        row_source.iter().enumerate().for_each(|(k, &i)| kept[i] = k);
        let objective = problem.objective();
        let mut q: Vec<f64> = columns.iter().map(|&j| objective.q[j]).collect();
        let c = objective.value(&fixed);
        let mut p = Vec::new();
        for (i, j, v) in objective.p.triplets().filter(|t| t.2 != 0.0) {
            match (free_index[i], free_index[j]) {
                (usize::MAX, usize::MAX) => {}
                (usize::MAX, b) => q[b] += v * fixed[i],
                (a, usize::MAX) => q[a] += v * fixed[j],
                (a, b) => p.push((a, b, v)),
            }
        }
        let mut moved = vec![0.0; row_bounds.len()];
        problem.rows().matrix.multiply_add(&fixed, &mut moved);
        let mut a: Vec<(usize, usize, f64)> = problem
            .rows()
            .matrix
            .triplets()
            .filter(|&(i, j, v)| v != 0.0 && kept[i] != usize::MAX && free_index[j] != usize::MAX)
            .map(|(i, j, v)| (kept[i], free_index[j], v))
            .collect();
        let (column_scale, row_scale) = equilibrate(n, row_source.len(), &p, &a);
        p.iter_mut().for_each(|(i, j, v)| *v *= column_scale[*i] * column_scale[*j]);
        a.iter_mut().for_each(|(i, j, v)| *v *= row_scale[*i] * column_scale[*j]);
        q.iter_mut().zip(&column_scale).for_each(|(q, s)| *q *= s);
        let mut lower: Vec<f64> = columns.iter().zip(&column_scale).map(|(&j, s)| bounds.lower()[j] / s).collect();
        let mut upper: Vec<f64> = columns.iter().zip(&column_scale).map(|(&j, s)| bounds.upper()[j] / s).collect();
        let mut equality = vec![false; n];
        for (&i, s) in row_source.iter().zip(&row_scale) {
            lower.push((row_bounds.lower()[i] - moved[i]) * s);
            upper.push((row_bounds.upper()[i] - moved[i]) * s);
            equality.push(row_bounds.is_equality(i));
        }
        for k in 0..lower.len() {
            if relax > 0.0 && !equality[k] {
                lower[k] -= relax * (1.0 + lower[k].abs());
                upper[k] += relax * (1.0 + upper[k].abs());
            }
        }
        let rows = row_source.len();
        let a = SparseMatrix::from_triplets(rows, n, &a)
            .expect("this cannot fail because the entries come from a checked matrix");
        let mut touched: Vec<usize> = coupling.triplets().filter(|t| t.2 != 0.0).map(|t| t.0).collect();
        touched.sort_unstable();
        touched.dedup();
        let mut g = vec![Vec::new(); touched.len()];
        let mut g_fixed = vec![0.0; touched.len()];
        let mut raw_norms = vec![0.0; touched.len()];
        for (row, j, v) in coupling.triplets().filter(|t| t.2 != 0.0) {
            let k = touched.binary_search(&row).expect("this cannot fail because every touched row was listed");
            raw_norms[k] += v * v;
            match free_index[j] {
                usize::MAX => g_fixed[k] += v * fixed[j],
                column => g[k].push((column, v * column_scale[column])),
            }
        }
        let reach = reach(&a, &lower, &upper, n);
        let a = Lists::new((0..n).map(|j| a.column(j)));
        let g = Lists::new(g.iter().map(|row| row.iter().copied()));
        Self {
            n,
            rows,
            p,
            q,
            c,
            a,
            lower,
            upper,
            equality,
            reach,
            touched,
            g,
            g_fixed,
            raw_norms,
            columns,
            column_scale,
            row_source,
            row_scale,
            fixed,
        }
    }

    /// Whether the matrices have entries at the same places.
    pub(crate) fn has_pattern_of(&self, other: &Self) -> bool {
        let p = |model: &Self| model.p.iter().map(|&(i, j, _)| (i, j)).collect::<Vec<_>>();
        (self.n, self.rows) == (other.n, other.rows)
            && self.a.has_pattern_of(&other.a)
            && self.g.has_pattern_of(&other.g)
            && p(self) == p(other)
    }

    /// How many constraints can push: variables and rows.
    pub(crate) fn constraints(&self) -> usize {
        self.n + self.rows
    }

    /// How many finite sides of inequalities there are.
    pub(crate) fn sides(&self) -> usize {
        (0..self.constraints())
            .filter(|&k| !self.equality[k])
            .map(|k| usize::from(self.lower[k].is_finite()) + usize::from(self.upper[k].is_finite()))
            .sum()
    }

    /// The plan in the problem's own variables, clipped to their bounds.
    pub(crate) fn original(&self, x: &[f64], bounds: &Bounds) -> Vec<f64> {
        let mut out = self.fixed.clone();
        for (k, &j) in self.columns.iter().enumerate() {
            out[j] = (x[k] * self.column_scale[k]).clamp(bounds.lower()[j], bounds.upper()[j]);
        }
        out
    }

    /// A value per free variable, from one per original variable.
    pub(crate) fn reduced(&self, x: &[f64]) -> Vec<f64> {
        self.columns.iter().zip(&self.column_scale).map(|(&j, s)| x[j] / s).collect()
    }

    /// Row multipliers in the problem's own rows.
    pub(crate) fn row_multipliers(&self, w: &[f64], row_count: usize) -> Vec<f64> {
        let mut out = vec![0.0; row_count];
        for ((&i, s), w) in self.row_source.iter().zip(&self.row_scale).zip(w) {
            out[i] = w * s;
        }
        out
    }

    /// Adds `P x` to `out`.
    pub(crate) fn multiply_p(&self, x: &[f64], out: &mut [f64]) {
        for &(i, j, v) in &self.p {
            out[i] += v * x[j];
            if i != j {
                out[j] += v * x[i];
            }
        }
    }

    /// The cost at `x`.
    pub(crate) fn cost(&self, x: &[f64]) -> f64 {
        let quadratic: f64 =
            self.p.iter().map(|&(i, j, v)| if i == j { 0.5 * v * x[i] * x[i] } else { v * x[i] * x[j] }).sum();
        quadratic + self.q.iter().zip(x).map(|(q, x)| q * x).sum::<f64>() + self.c
    }

    /// Use of the touched rows at `x`.
    pub(crate) fn coupling(&self, x: &[f64], out: &mut [f64]) {
        for ((out, row), fixed) in out.iter_mut().zip(self.g.iter()).zip(&self.g_fixed) {
            *out = fixed + row.iter().map(|&(j, v)| v * x[j as usize]).sum::<f64>();
        }
    }

    /// Adds `G' p` to `out`; one price per touched row.
    pub(crate) fn coupling_transpose(&self, p: &[f64], out: &mut [f64]) {
        for (row, p) in self.g.iter().zip(p) {
            row.iter().for_each(|&(j, v)| out[j as usize] += v * p);
        }
    }

    /// Squared norms of the touched rows over all variables, in the problem's own units.
    pub(crate) fn raw_norms(&self) -> &[f64] {
        &self.raw_norms
    }

    /// Whether a variable without bounds of its own lies further out than `radius`.
    pub(crate) fn beyond(&self, x: &[f64], bounds: &Bounds, radius: f64) -> bool {
        self.columns.iter().enumerate().any(|(k, &j)| {
            let value = x[k] * self.column_scale[k];
            (value > radius && bounds.upper()[j].is_infinite()) || (value < -radius && bounds.lower()[j].is_infinite())
        })
    }

    /// Rescales the touched rows by a factor per fleet row.
    pub(crate) fn scale_coupling(&mut self, factor: &[f64]) {
        for (k, (&row, fixed)) in self.touched.iter().zip(&mut self.g_fixed).enumerate() {
            self.g.scale(k, factor[row]);
            *fixed *= factor[row];
        }
    }
}

/// Ruiz equilibration of `[P A'; A 0]`, rounded to powers of two.
///
/// # Source
/// Ruiz, "A scaling algorithm to equilibrate both rows and columns norms in matrices", RAL-TR-2001-034.
fn equilibrate(n: usize, rows: usize, p: &[(usize, usize, f64)], a: &[(usize, usize, f64)]) -> (Vec<f64>, Vec<f64>) {
    let (mut s, mut r) = (vec![1.0; n], vec![1.0; rows]);
    for _ in 0..4 {
        let (mut column, mut row) = (vec![0.0_f64; n], vec![0.0_f64; rows]);
        for &(i, j, v) in p {
            let v = (v * s[i] * s[j]).abs();
            column[i] = column[i].max(v);
            column[j] = column[j].max(v);
        }
        for &(i, j, v) in a {
            let v = (v * r[i] * s[j]).abs();
            column[j] = column[j].max(v);
            row[i] = row[i].max(v);
        }
        for (scale, norm) in s.iter_mut().zip(&column).chain(r.iter_mut().zip(&row)) {
            if *norm > 0.0 {
                *scale = (*scale / norm.sqrt()).clamp(1e-6, 1e6);
            }
        }
    }
    let power = |v: &mut f64| *v = v.log2().round().exp2();
    s.iter_mut().for_each(power);
    r.iter_mut().for_each(power);
    (s, r)
}

/// Bounds implied by the rows: three sweeps of activity-based tightening, only where a side is open.
fn reach(a: &SparseMatrix, lower: &[f64], upper: &[f64], n: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut lo, mut hi) = (lower[..n].to_vec(), upper[..n].to_vec());
    if lo.iter().chain(&hi).all(|v| v.is_finite()) {
        return (lo, hi);
    }
    let mut by_row = vec![Vec::new(); a.row_count()];
    a.triplets().for_each(|(i, j, v)| by_row[i].push((j, v)));
    for _ in 0..3 {
        for (i, row) in by_row.iter().enumerate() {
            for &(j, v) in row {
                if lo[j].is_finite() && hi[j].is_finite() {
                    continue;
                }
                let (mut least, mut most) = (0.0, 0.0);
                for &(k, w) in row.iter().filter(|(k, _)| *k != j) {
                    least += if w > 0.0 { w * lo[k] } else { w * hi[k] };
                    most += if w > 0.0 { w * hi[k] } else { w * lo[k] };
                }
                let (from_upper, from_lower) = ((upper[n + i] - least) / v, (lower[n + i] - most) / v);
                let (new_hi, new_lo) = if v > 0.0 { (from_upper, from_lower) } else { (from_lower, from_upper) };
                if new_hi.is_finite() && hi[j].is_infinite() {
                    hi[j] = new_hi;
                }
                if new_lo.is_finite() && lo[j].is_infinite() {
                    lo[j] = new_lo;
                }
            }
        }
    }
    (lo, hi)
}
