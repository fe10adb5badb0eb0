use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, MatMut, MatRef, Par};

use super::Breakdown;

/// A dense symmetric positive definite system, columns one after another.
///
/// The Cholesky factor is by faer; memory is taken once.
pub(crate) struct Dense {
    n: usize,
    pub(crate) values: Vec<f64>,
    memory: MemBuffer,
}

impl Dense {
    /// A zero matrix of order `n`.
    pub(crate) fn zeros(n: usize) -> Self {
        let request = llt::factor::cholesky_in_place_scratch::<f64>(n, Par::Seq, Default::default());
        Self { n, values: vec![0.0; n * n], memory: MemBuffer::new(request) }
    }

    /// Overwrites the lower triangle with its Cholesky factor.
    pub(crate) fn factor(&mut self) -> Result<(), Breakdown> {
        let n = self.n;
        if n == 0 {
            return Ok(());
        }
        let matrix = MatMut::from_column_major_slice_mut(&mut self.values, n, n);
        let stack = MemStack::new(&mut self.memory);
        llt::factor::cholesky_in_place(matrix, Default::default(), Par::Seq, stack, Default::default())
            .map(|_| ())
            .map_err(|_| Breakdown)
    }

    /// Overwrites `rhs`, `columns` of them, with the solution; after [`Dense::factor`].
    pub(crate) fn solve(&mut self, rhs: &mut [f64], columns: usize) {
        let n = self.n;
        if n == 0 {
            return;
        }
        let factor = MatRef::from_column_major_slice(&self.values, n, n);
        let rhs = MatMut::from_column_major_slice_mut(rhs, n, columns);
        llt::solve::solve_in_place(factor, rhs, Par::Seq, MemStack::new(&mut self.memory));
    }
}

/// Writes the lower triangle of `a' diag(weights) a` into `out`; `a` is `rows` × `n`, column after column, `weighted` a buffer of its size.
pub(crate) fn weighted_gram(a: &[f64], weights: &[f64], n: usize, weighted: &mut [f64], out: &mut [f64]) {
    let rows = weights.len();
    if n == 0 {
        return;
    }
    if rows == 0 {
        out.fill(0.0);
        return;
    }
    for (source, target) in a.chunks_exact(rows).zip(weighted.chunks_exact_mut(rows)) {
        for ((t, s), w) in target.iter_mut().zip(source).zip(weights) {
            *t = s * w;
        }
    }
    triangular::matmul(
        MatMut::from_column_major_slice_mut(out, n, n),
        BlockStructure::TriangularLower,
        Accum::Replace,
        MatRef::from_column_major_slice(a, rows, n).transpose(),
        BlockStructure::Rectangular,
        MatRef::from_column_major_slice(weighted, rows, n),
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
}

/// Copies the lower triangle onto the upper one.
pub(crate) fn mirror(values: &mut [f64], n: usize) {
    for j in 0..n {
        for i in j + 1..n {
            values[i * n + j] = values[j * n + i];
        }
    }
}
