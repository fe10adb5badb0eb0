use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;
use faer::sparse::linalg::cholesky::simplicial::{
    EliminationTreeRef, factorize_simplicial_symbolic_cholesky, factorize_simplicial_symbolic_cholesky_scratch,
    prefactorize_symbolic_cholesky, prefactorize_symbolic_cholesky_scratch,
};

/// `P K P' = L D L'` of a sparse symmetric quasi-definite matrix whose pattern never changes.
///
/// The order is chosen once; afterwards values are written in place and nothing is allocated.
/// The numeric part is left-looking over lists made once: for factors of a few hundred entries, finding the pattern anew would cost as much as the arithmetic.
///
/// # Source
/// Vanderbei, "Symmetric quasidefinite matrices", SIAM J. Optim. 5(1), 1995; minimum degree and symbolic factor by faer;
/// Davis, "Direct Methods for Sparse Linear Systems", 2006, section 4.8 (left-looking).
pub(crate) struct Ldl {
    n: usize,
    /// `order[k]` is the original index at place `k`; `place` is its inverse.
    order: Vec<u32>,
    place: Vec<u32>,
    pub(crate) values: Vec<f64>,
    /// Where each value goes in the factor.
    value_places: Vec<u32>,
    /// The strict lower triangle of `L`, column after column.
    column_pointers: Vec<u32>,
    row_indices: Vec<u32>,
    factor: Vec<f64>,
    /// Row `j` of `L`: its columns, and where their entries of row `j` stand.
    row_pointers: Vec<u32>,
    row_entries: Vec<(u32, u32)>,
    pivot_values: Vec<f64>,
    pivots: Vec<f64>,
    inverse_pivots: Vec<f64>,
    parent: Vec<u32>,
    signs: Vec<f64>,
    work: Vec<f64>,
}

/// No finite factor: a pivot vanished or overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breakdown;

const NONE: u32 = u32::MAX;
/// Marks a value of the diagonal in [`Ldl::value_places`]; the rest is the place of the pivot.
const DIAGONAL: u32 = 1 << 31;
/// A pivot that is not at least this large in its own sign is replaced by the next.
const PIVOT_LEAST: f64 = 1e-14;
const PIVOT_REPLACED: f64 = 1e-10;

impl Ldl {
    /// Analyses a pattern of upper-triangle entries `(row, column)`, `row <= column`, each once, all diagonal entries among them.
    ///
    /// Returns the factor and, for every entry, its place in [`Ldl::values`].
    /// `signs` are the expected signs of the pivots; a pivot of another sign is replaced by a tiny one of the right sign, and one with the sign zero stays as it is.
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
        let (pointers, indices, positions) = compress(n, permuted);
        let pattern = SymbolicSparseColMatRef::new_checked(n, n, &pointers, None, &indices);
        let request = faer::dyn_stack::StackReq::any_of(&[
            prefactorize_symbolic_cholesky_scratch::<usize>(n, indices.len()),
            factorize_simplicial_symbolic_cholesky_scratch::<usize>(n),
        ]);
        let mut memory = MemBuffer::new(request);
        let stack = MemStack::new(&mut memory);
        let (mut tree, mut counts) = (vec![0_isize; n], vec![0_usize; n]);
        let tree: EliminationTreeRef<'_, usize> =
            prefactorize_symbolic_cholesky(&mut tree, &mut counts, pattern, stack);
        let symbolic = factorize_simplicial_symbolic_cholesky(pattern, tree, &counts, stack)
            .expect("this cannot fail because the fill was just counted");
        let parent = tree.into_inner().iter().map(|&p| if p < 0 { NONE } else { p as u32 }).collect();

        // The strict lower triangle by columns, and by rows.
        let (mut column_pointers, mut row_indices) = (vec![0_u32], Vec::new());
        let mut rows = vec![Vec::new(); n];
        for j in 0..n {
            for &i in symbolic.row_idx()[symbolic.col_ptr()[j]..symbolic.col_ptr()[j + 1]].iter().filter(|&&i| i != j) {
                rows[i].push((j as u32, row_indices.len() as u32));
                row_indices.push(i as u32);
            }
            column_pointers.push(row_indices.len() as u32);
        }
        let mut row_pointers = vec![0_u32];
        for row in &rows {
            row_pointers.push(row_pointers[row_pointers.len() - 1] + row.len() as u32);
        }
        let mut value_places = vec![0_u32; indices.len()];
        for j in 0..n {
            for p in pointers[j]..pointers[j + 1] {
                let i = indices[p];
                // Entry (i, j) of the upper triangle is entry (j, i) of the lower one.
                value_places[p] = if i == j {
                    DIAGONAL | j as u32
                } else {
                    let column = column_pointers[i] as usize..column_pointers[i + 1] as usize;
                    let at = row_indices[column.clone()].iter().position(|&r| r as usize == j);
                    (column.start + at.expect("this cannot fail because the factor covers the pattern")) as u32
                };
            }
        }
        let signs = order.iter().map(|&i| f64::from(signs[i])).collect();
        let ldl = Self {
            n,
            order: order.iter().map(|&i| i as u32).collect(),
            place: place.iter().map(|&i| i as u32).collect(),
            values: vec![0.0; indices.len()],
            value_places,
            column_pointers,
            factor: vec![0.0; row_indices.len()],
            row_indices,
            row_pointers,
            row_entries: rows.concat(),
            pivot_values: vec![0.0; n],
            pivots: vec![0.0; n],
            inverse_pivots: vec![0.0; n],
            parent,
            signs,
            work: vec![0.0; n],
        };
        (ldl, positions)
    }

    /// Factors the present values.
    pub(crate) fn factor(&mut self) -> Result<(), Breakdown> {
        let Self { factor, work, row_indices, column_pointers, pivots, inverse_pivots, pivot_values, .. } = self;
        factor.fill(0.0);
        for (&place, &v) in self.value_places.iter().zip(&self.values) {
            if place & DIAGONAL == 0 {
                factor[place as usize] = v;
            } else {
                pivot_values[(place & !DIAGONAL) as usize] = v;
            }
        }
        for j in 0..self.n {
            let (start, end) = (column_pointers[j] as usize, column_pointers[j + 1] as usize);
            let (before, column) = factor.split_at_mut(start);
            let column = &mut column[..end - start];
            let rows = &row_indices[start..end];
            for (&i, v) in rows.iter().zip(column.iter()) {
                work[i as usize] = *v;
            }
            let mut pivot = pivot_values[j];
            for &(k, p) in &self.row_entries[self.row_pointers[j] as usize..self.row_pointers[j + 1] as usize] {
                let (p, last) = (p as usize, column_pointers[k as usize + 1] as usize);
                let l = before[p];
                let scaled = l * pivots[k as usize];
                pivot -= scaled * l;
                for (&i, &v) in row_indices[p + 1..last].iter().zip(&before[p + 1..last]) {
                    work[i as usize] -= scaled * v;
                }
            }
            if self.signs[j] != 0.0 && pivot * self.signs[j] <= PIVOT_LEAST {
                pivot = self.signs[j] * PIVOT_REPLACED;
            }
            if !pivot.is_finite() {
                return Err(Breakdown);
            }
            let inverse = pivot.recip();
            (pivots[j], inverse_pivots[j]) = (pivot, inverse);
            for (&i, v) in rows.iter().zip(column) {
                *v = work[i as usize] * inverse;
            }
        }
        Ok(())
    }

    /// Overwrites `rhs` with `K^-1 rhs`.
    pub(crate) fn solve(&mut self, rhs: &mut [f64]) {
        let Self { factor, work: x, row_indices, column_pointers, .. } = self;
        for (x, &i) in x.iter_mut().zip(&self.order) {
            *x = rhs[i as usize];
        }
        for (j, bounds) in column_pointers.windows(2).enumerate() {
            let xj = x[j];
            let range = bounds[0] as usize..bounds[1] as usize;
            for (&i, &l) in row_indices[range.clone()].iter().zip(&factor[range]) {
                x[i as usize] -= l * xj;
            }
        }
        for (j, bounds) in column_pointers.windows(2).enumerate().rev() {
            let mut xj = x[j] * self.inverse_pivots[j];
            let range = bounds[0] as usize..bounds[1] as usize;
            for (&i, &l) in row_indices[range.clone()].iter().zip(&factor[range]) {
                xj -= l * x[i as usize];
            }
            x[j] = xj;
        }
        for (x, &i) in x.iter().zip(&self.order) {
            rhs[i as usize] = *x;
        }
    }

    /// The places that `L^-1 P g` can fill for a `g` with entries at these indices, ascending: their ancestors in the elimination tree.
    pub(crate) fn ancestors(&self, g: impl Iterator<Item = usize>) -> Vec<u32> {
        let mut places: Vec<u32> = Vec::new();
        for i in g {
            let mut j = self.place[i];
            while j != NONE && !places.contains(&j) {
                places.push(j);
                j = self.parent[j as usize];
            }
        }
        places.sort_unstable();
        places
    }

    /// Writes `L^-1 P g` for a sparse `g` into `out`, which is zero outside of `ancestors`.
    ///
    /// With [`Ldl::inverse_pivots`], `g_a' K^-1 g_b = sum_k out_a[k] out_b[k] / d[k]`: the Schur complement by halves.
    pub(crate) fn half_solve(&self, g: &[(u32, f64)], ancestors: &[u32], out: &mut [f64]) {
        for &j in ancestors {
            out[j as usize] = 0.0;
        }
        for &(i, v) in g {
            out[self.place[i as usize] as usize] += v;
        }
        for &j in ancestors {
            let j = j as usize;
            let xj = out[j];
            let range = self.column_pointers[j] as usize..self.column_pointers[j + 1] as usize;
            for (&i, &l) in self.row_indices[range.clone()].iter().zip(&self.factor[range]) {
                out[i as usize] -= l * xj;
            }
        }
    }

    /// The pivot at place `k`.
    pub(crate) fn pivot(&self, k: usize) -> f64 {
        self.pivots[k]
    }

    /// `1/d`, place by place.
    pub(crate) fn inverse_pivots(&self) -> &[f64] {
        &self.inverse_pivots
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
