use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::ldlt::factor::LdltRegularization;
use faer::sparse::SparseColMatRef;
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;
use faer::sparse::linalg::cholesky::simplicial::{
    EliminationTreeRef, SymbolicSimplicialCholesky, factorize_simplicial_numeric_ldlt,
    factorize_simplicial_numeric_ldlt_scratch, factorize_simplicial_symbolic_cholesky,
    factorize_simplicial_symbolic_cholesky_scratch, prefactorize_symbolic_cholesky,
    prefactorize_symbolic_cholesky_scratch,
};

/// `P K P' = L D L'` of a sparse symmetric quasi-definite matrix whose pattern never changes.
///
/// The order is chosen once; afterwards values are written in place and nothing is allocated.
///
/// # Source
/// Vanderbei, "Symmetric quasidefinite matrices", SIAM J. Optim. 5(1), 1995; minimum degree and numeric factor by faer.
pub(crate) struct Ldl {
    n: usize,
    /// `order[k]` is the original index at place `k`; `place` is its inverse.
    order: Vec<usize>,
    place: Vec<usize>,
    /// The permuted upper triangle.
    column_pointers: Vec<usize>,
    row_indices: Vec<usize>,
    pub(crate) values: Vec<f64>,
    symbolic: SymbolicSimplicialCholesky<usize>,
    factor: Vec<f64>,
    parent: Vec<usize>,
    signs: Vec<i8>,
    memory: MemBuffer,
    scratch: Vec<f64>,
}

/// No finite factor: a pivot vanished or overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breakdown;

const NONE: usize = usize::MAX;

impl Ldl {
    /// Analyses a pattern of upper-triangle entries `(row, column)`, `row <= column`, each once, all diagonal entries among them.
    ///
    /// Returns the factor and, for every entry, its place in [`Ldl::values`].
    /// `signs` are the expected signs of the pivots; a pivot of another sign is replaced by a tiny one of the right sign.
    pub(crate) fn analyse(n: usize, entries: &[(usize, usize)], signs: &[i8]) -> (Self, Vec<usize>) {
        let (pointers, indices, _) = compress(n, entries.iter().copied());
        let pattern = SymbolicSparseColMatRef::new_checked(n, n, &pointers, None, &indices);
        let (mut order, mut place) = (vec![0_usize; n], vec![0_usize; n]);
        let request = amd::order_scratch::<usize>(n, indices.len());
        let mut memory = MemBuffer::new(request);
        amd::order(&mut order, &mut place, pattern, amd::Control::default(), MemStack::new(&mut memory))
            .expect("this cannot fail because the pattern was just checked and its size fits in memory");
        let permuted = entries.iter().map(|&(i, j)| {
            let (a, b) = (place[i], place[j]);
            (a.min(b), a.max(b))
        });
        let (column_pointers, row_indices, positions) = compress(n, permuted);
        let pattern = SymbolicSparseColMatRef::new_checked(n, n, &column_pointers, None, &row_indices);
        let request = faer::dyn_stack::StackReq::any_of(&[
            prefactorize_symbolic_cholesky_scratch::<usize>(n, row_indices.len()),
            factorize_simplicial_symbolic_cholesky_scratch::<usize>(n),
        ]);
        let mut memory = MemBuffer::new(request);
        let stack = MemStack::new(&mut memory);
        let (mut tree, mut counts) = (vec![0_isize; n], vec![0_usize; n]);
        let tree: EliminationTreeRef<'_, usize> =
            prefactorize_symbolic_cholesky(&mut tree, &mut counts, pattern, stack);
        let symbolic = factorize_simplicial_symbolic_cholesky(pattern, tree, &counts, stack)
            .expect("this cannot fail because the fill was just counted");
        let parent = tree.into_inner().iter().map(|&p| if p < 0 { NONE } else { p as usize }).collect();
        let factor = vec![0.0; symbolic.len_val()];
        let memory = MemBuffer::new(factorize_simplicial_numeric_ldlt_scratch::<usize, f64>(n));
        let values = vec![0.0; row_indices.len()];
        let signs = order.iter().map(|&i| signs[i]).collect();
        let scratch = vec![0.0; n];
        (
            Self {
                n,
                order,
                place,
                column_pointers,
                row_indices,
                values,
                symbolic,
                factor,
                parent,
                signs,
                memory,
                scratch,
            },
            positions,
        )
    }

    /// Factors the present values.
    pub(crate) fn factor(&mut self) -> Result<(), Breakdown> {
        let pattern =
            SymbolicSparseColMatRef::new_checked(self.n, self.n, &self.column_pointers, None, &self.row_indices);
        let matrix = SparseColMatRef::new(pattern, &self.values);
        let regularization = LdltRegularization {
            dynamic_regularization_signs: Some(&self.signs),
            dynamic_regularization_delta: 1e-10,
            dynamic_regularization_epsilon: 1e-14,
        };
        let stack = MemStack::new(&mut self.memory);
        factorize_simplicial_numeric_ldlt(&mut self.factor, matrix, regularization, &self.symbolic, stack)
            .map_err(|_| Breakdown)?;
        Ok(())
    }

    /// Overwrites `rhs` with `K^-1 rhs`.
    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        let (pointers, indices) = (self.symbolic.col_ptr(), self.symbolic.row_idx());
        let x = &mut self.scratch;
        for (k, &i) in self.order.iter().enumerate() {
            x[k] = rhs[i];
        }
        for j in 0..self.n {
            let xj = x[j];
            if xj != 0.0 {
                let range = pointers[j] + 1..pointers[j + 1];
                for (&i, &l) in indices[range.clone()].iter().zip(&self.factor[range]) {
                    x[i] -= l * xj;
                }
            }
        }
        for j in (0..self.n).rev() {
            let mut xj = x[j] / self.factor[pointers[j]];
            let range = pointers[j] + 1..pointers[j + 1];
            for (&i, &l) in indices[range.clone()].iter().zip(&self.factor[range]) {
                xj -= l * x[i];
            }
            x[j] = xj;
        }
        for (k, &i) in self.order.iter().enumerate() {
            rhs[i] = x[k];
        }
    }

    /// Writes `L^-1 P g` for a sparse `g` into `out`, and returns the first place that can be non-zero.
    ///
    /// With [`Ldl::pivots`], `g_a' K^-1 g_b = sum_k out_a[k] out_b[k] / d[k]`: the Schur complement by halves.
    pub(crate) fn half_solve(&self, g: &[(usize, f64)], out: &mut [f64]) -> usize {
        let (pointers, indices) = (self.symbolic.col_ptr(), self.symbolic.row_idx());
        out.fill(0.0);
        let mut first = self.n;
        for &(i, v) in g {
            out[self.place[i]] += v;
            first = first.min(self.place[i]);
        }
        if g.len() == 1 {
            // One entry reaches only its ancestors in the elimination tree.
            let mut j = first;
            while j != NONE && j < self.n {
                let xj = out[j];
                let range = pointers[j] + 1..pointers[j + 1];
                for (&i, &l) in indices[range.clone()].iter().zip(&self.factor[range]) {
                    out[i] -= l * xj;
                }
                j = self.parent[j];
            }
        } else {
            for j in first..self.n {
                let xj = out[j];
                if xj != 0.0 {
                    let range = pointers[j] + 1..pointers[j + 1];
                    for (&i, &l) in indices[range.clone()].iter().zip(&self.factor[range]) {
                        out[i] -= l * xj;
                    }
                }
            }
        }
        first
    }

    /// The pivot at place `k`.
    pub(crate) fn pivot(&self, k: usize) -> f64 {
        self.factor[self.symbolic.col_ptr()[k]]
    }
}

/// Compressed columns of a list of entries, and where each entry went.
fn compress(n: usize, entries: impl Iterator<Item = (usize, usize)> + Clone) -> (Vec<usize>, Vec<usize>, Vec<usize>) {
    let mut order: Vec<(usize, usize, usize)> = entries.enumerate().map(|(k, (i, j))| (j, i, k)).collect();
    order.sort_unstable();
    let (mut pointers, mut indices, mut positions) =
        (vec![0; n + 1], Vec::with_capacity(order.len()), vec![0; order.len()]);
    for (place, &(j, i, k)) in order.iter().enumerate() {
        pointers[j + 1] += 1;
        indices.push(i);
        positions[k] = place;
    }
    for j in 0..n {
        pointers[j + 1] += pointers[j];
    }
    (pointers, indices, positions)
}
