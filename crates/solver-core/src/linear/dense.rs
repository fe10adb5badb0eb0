use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::{MatMut, MatRef, Par};

use super::Breakdown;

/// A dense symmetric positive definite system, columns one after another.
///
/// Small factors are computed here, larger ones by faer; memory is taken once.
pub(crate) struct Dense {
    n: usize,
    pub(crate) values: Vec<f64>,
    memory: MemBuffer,
}

impl Dense {
    /// A zero matrix of order `n`.
    pub(crate) fn zeros(n: usize) -> Self {
        // A small factor needs no memory beside its own.
        let blocked = if n > SMALL { n } else { 0 };
        let request = llt::factor::cholesky_in_place_scratch::<f64>(blocked, Par::Seq, Default::default());
        Self { n, values: vec![0.0; n * n], memory: MemBuffer::new(request) }
    }

    /// Overwrites the lower triangle with its Cholesky factor.
    pub(crate) fn factor(&mut self) -> Result<(), Breakdown> {
        let n = self.n;
        if n <= SMALL {
            return factor_small(&mut self.values, n);
        }
        let matrix = MatMut::from_column_major_slice_mut(&mut self.values, n, n);
        let stack = MemStack::new(&mut self.memory);
        llt::factor::cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default())
            .map(|_| ())
            .map_err(|_| Breakdown)
    }

    /// Overwrites a symmetric matrix of the same order with `A^-1` times it, if that is symmetric too; after [`Dense::factor`].
    pub(crate) fn solve_symmetric(&mut self, rhs: &mut [f64]) {
        if self.n <= SMALL {
            solve_small_rows(&self.values, rhs, self.n);
        } else {
            self.solve(rhs, self.n);
        }
    }

    /// Overwrites one right-hand side with the solution; after [`Dense::factor`].
    pub(crate) fn solve_one(&self, rhs: &mut [f64]) {
        solve_small(&self.values, rhs);
    }

    /// Overwrites `rhs`, `columns` of them, with the solution; after [`Dense::factor`].
    pub(crate) fn solve(&mut self, rhs: &mut [f64], columns: usize) {
        let n = self.n;
        if n <= SMALL {
            if n > 0 {
                rhs.chunks_exact_mut(n).take(columns).for_each(|rhs| solve_small(&self.values, rhs));
            }
            return;
        }
        let factor = MatRef::from_column_major_slice(&self.values, n, n);
        let rhs = MatMut::from_column_major_slice_mut(rhs, n, columns);
        llt::solve::solve_in_place(factor, rhs, Par::Seq, MemStack::new(&mut self.memory));
    }
}

/// Up to this order the calls of a blocked factorisation cost more than its arithmetic.
const SMALL: usize = 48;

/// `U' U`: the lower triangle by columns is the upper one by rows, and rows are contiguous.
fn factor_small(values: &mut [f64], n: usize) -> Result<(), Breakdown> {
    for j in 0..n {
        let (above, below) = values.split_at_mut((j + 1) * n);
        let row = &mut above[j * n + j..];
        let pivot = row[0];
        if !(pivot > 0.0 && pivot.is_finite()) {
            return Err(Breakdown);
        }
        let root = pivot.sqrt();
        let inverse = root.recip();
        row[0] = root;
        row[1..].iter_mut().for_each(|v| *v *= inverse);
        for (k, target) in below.chunks_exact_mut(n).enumerate() {
            let part = &row[k + 1..];
            subtract_multiple(&mut target[j + 1 + k..], part[0], part);
        }
    }
    Ok(())
}

fn solve_small(values: &[f64], rhs: &mut [f64]) {
    let n = rhs.len();
    for j in 0..n {
        let row = &values[j * n + j..(j + 1) * n];
        let x = rhs[j] / row[0];
        rhs[j] = x;
        subtract_multiple(&mut rhs[j + 1..], x, &row[1..]);
    }
    for j in (0..n).rev() {
        let row = &values[j * n + j..(j + 1) * n];
        rhs[j] = (rhs[j] - dot(&row[1..], &rhs[j + 1..])) / row[0];
    }
}

/// As many right-hand sides as rows, row after row: whole rows are combined.
fn solve_small_rows(values: &[f64], rhs: &mut [f64], n: usize) {
    for j in 0..n {
        let row = &values[j * n..(j + 1) * n];
        let (upto, after) = rhs.split_at_mut((j + 1) * n);
        let own = &mut upto[j * n..];
        let inverse = row[j].recip();
        own.iter_mut().for_each(|v| *v *= inverse);
        for (target, u) in after.chunks_exact_mut(n).zip(&row[j + 1..]) {
            subtract_multiple(target, *u, own);
        }
    }
    for j in (0..n).rev() {
        let row = &values[j * n..(j + 1) * n];
        let (upto, after) = rhs.split_at_mut((j + 1) * n);
        let own = &mut upto[j * n..];
        for (source, u) in after.chunks_exact(n).zip(&row[j + 1..]) {
            subtract_multiple(own, *u, source);
        }
        let inverse = row[j].recip();
        own.iter_mut().for_each(|v| *v *= inverse);
    }
}

/// `to -= factor * from`.
#[inline]
pub(crate) fn subtract_multiple(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(t, f)| *t -= factor * f);
}

/// `a'b`, in four sums that are added at the end.
#[inline]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (chunks_a, chunks_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = chunks_a.remainder().iter().zip(chunks_b.remainder()).map(|(a, b)| a * b).sum();
    let mut sums = [0.0; 4];
    for (a, b) in chunks_a.zip(chunks_b) {
        for k in 0..4 {
            sums[k] += a[k] * b[k];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Copies the lower triangle onto the upper one.
pub(crate) fn mirror(values: &mut [f64], n: usize) {
    for j in 0..n {
        for i in j + 1..n {
            values[i * n + j] = values[j * n + i];
        }
    }
}
