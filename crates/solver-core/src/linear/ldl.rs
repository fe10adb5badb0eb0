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
/// For factors of a few hundred entries, finding the pattern anew would cost as much as the arithmetic:
/// where every product of the elimination goes is listed once, unless the lists would outgrow the factor, which is then left-looking.
///
/// # Source
/// Vanderbei, "Symmetric quasidefinite matrices", SIAM J. Optim. 5(1), 1995; minimum degree and symbolic factor by faer;
/// Davis, "Direct Methods for Sparse Linear Systems", 2006, section 4.8 (left-looking).
pub(crate) struct Ldl {
    n: usize,
    /// `order[k]` is the original index at place `k`; `place` is its inverse.
    order: Vec<u32>,
    place: Vec<u32>,
    /// The matrix: the diagonal by places, then the strict lower triangle of `L`'s pattern, column after column.
    pub(crate) values: Vec<f64>,
    /// The factor in the same form: the pivots, then the strict lower triangle of `L`.
    factor: Vec<f64>,
    /// Where the columns begin, counted from the end of the diagonal.
    column_pointers: Vec<u32>,
    /// Row and column of every entry of the strict lower triangle.
    row_indices: Vec<u32>,
    column_indices: Vec<u32>,
    elimination: Elimination,
    inverse_pivots: Vec<f64>,
    parent: Vec<u32>,
    signs: Vec<f64>,
    work: Vec<f64>,
}

/// How the factor is computed.
enum Elimination {
    /// Column after column subtracts its products from where they belong: for the entries of a column in order, each with itself and all before it.
    Listed(Vec<u32>),
    /// Row `j` of `L`: its columns, and where their entries of row `j` stand.
    LeftLooking { row_pointers: Vec<u32>, row_entries: Vec<(u32, u32)> },
}

/// Lists of products may be this many times longer than the factor.
const LISTED_MAX: usize = 6;

/// No finite factor: a pivot vanished or overflowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breakdown;

const NONE: u32 = u32::MAX;
/// A pivot that is not at least this large in its own sign is replaced by the next.
const PIVOT_LEAST: f64 = 1e-14;
const PIVOT_REPLACED: f64 = 1e-10;

impl Ldl {
    /// Analyses a pattern of upper-triangle entries `(row, column)`, `row <= column`, each once, all diagonal entries among them.
    ///
    /// Returns the factor and, for every entry, its place in [`Ldl::values`].
    /// `signs` are the expected signs of the pivots; a pivot of another sign is replaced by a tiny one of the right sign, and one with the sign zero stays as it is.
    pub(crate) fn analyse(n: usize, entries: &[(usize, usize)], signs: &[i8]) -> (Self, Vec<usize>) {
        let (pointers, indices) = compress(n, entries.iter().copied());
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
        let (pointers, indices) = compress(n, permuted);
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
        let column_indices: Vec<u32> = (0..n as u32)
            .flat_map(|j| {
                let ends = &column_pointers[j as usize..];
                core::iter::repeat_n(j, (ends[1] - ends[0]) as usize)
            })
            .collect();
        let entry = |i: u32, j: u32| {
            let column = column_pointers[j as usize] as usize..column_pointers[j as usize + 1] as usize;
            let at = row_indices[column.clone()].iter().position(|&r| r == i);
            n + column.start + at.expect("this cannot fail because the factor covers the pattern")
        };
        let slots: Vec<usize> = entries
            .iter()
            .map(|&(i, j)| {
                let (a, b) = (place[i], place[j]);
                if a == b { a } else { entry(a.max(b) as u32, a.min(b) as u32) }
            })
            .collect();
        let columns = || column_pointers.windows(2).map(|ends| &row_indices[ends[0] as usize..ends[1] as usize]);
        let products: usize = columns().map(|rows| rows.len() * (rows.len() + 1) / 2).sum();
        let elimination = if products <= LISTED_MAX * (n + row_indices.len()) {
            let mut targets = Vec::with_capacity(products);
            for rows in columns() {
                for (k, &i) in rows.iter().enumerate() {
                    targets.extend(rows[..k].iter().map(|&j| entry(i, j) as u32));
                    targets.push(i);
                }
            }
            Elimination::Listed(targets)
        } else {
            let mut row_pointers = vec![0_u32];
            for row in &rows {
                row_pointers.push(row_pointers[row_pointers.len() - 1] + row.len() as u32);
            }
            Elimination::LeftLooking { row_pointers, row_entries: rows.concat() }
        };
        let signs = order.iter().map(|&i| f64::from(signs[i])).collect();
        let ldl = Self {
            n,
            order: order.iter().map(|&i| i as u32).collect(),
            place: place.iter().map(|&i| i as u32).collect(),
            values: vec![0.0; n + row_indices.len()],
            factor: vec![0.0; n + row_indices.len()],
            column_pointers,
            row_indices,
            column_indices,
            elimination,
            inverse_pivots: vec![0.0; n],
            parent,
            signs,
            work: vec![0.0; n],
        };
        (ldl, slots)
    }

    /// Factors the present values.
    pub(crate) fn factor(&mut self) -> Result<(), Breakdown> {
        self.factor.copy_from_slice(&self.values);
        match &self.elimination {
            Elimination::Listed(_) => self.factor_listed(),
            Elimination::LeftLooking { .. } => self.factor_left_looking(),
        }
    }

    fn factor_listed(&mut self) -> Result<(), Breakdown> {
        let Self { n, factor, column_pointers, elimination, inverse_pivots, signs, .. } = self;
        let Elimination::Listed(targets) = elimination else { return Err(Breakdown) };
        let mut targets = targets.as_slice();
        for (j, ends) in column_pointers.windows(2).enumerate() {
            let pivot = sound(factor[j], signs[j])?;
            let inverse = pivot.recip();
            (factor[j], inverse_pivots[j]) = (pivot, inverse);
            let (start, end) = (*n + ends[0] as usize, *n + ends[1] as usize);
            for p in start..end {
                let scaled = factor[p];
                let l = scaled * inverse;
                factor[p] = l;
                // The products with this column's entries up to this one.
                let (own, rest) = targets.split_at(p - start + 1);
                targets = rest;
                for (k, &target) in own.iter().enumerate() {
                    let product = scaled * factor[start + k];
                    factor[target as usize] -= product;
                }
            }
        }
        Ok(())
    }

    fn factor_left_looking(&mut self) -> Result<(), Breakdown> {
        let Self { n, factor, work, row_indices, column_pointers, elimination, inverse_pivots, signs, .. } = self;
        let Elimination::LeftLooking { row_pointers, row_entries } = elimination else { return Err(Breakdown) };
        let (pivots, factor) = factor.split_at_mut(*n);
        for j in 0..*n {
            let (start, end) = (column_pointers[j] as usize, column_pointers[j + 1] as usize);
            let (before, column) = factor.split_at_mut(start);
            let column = &mut column[..end - start];
            let rows = &row_indices[start..end];
            for (&i, v) in rows.iter().zip(column.iter()) {
                work[i as usize] = *v;
            }
            let mut pivot = pivots[j];
            for &(k, p) in &row_entries[row_pointers[j] as usize..row_pointers[j + 1] as usize] {
                let (p, last) = (p as usize, column_pointers[k as usize + 1] as usize);
                let l = before[p];
                let scaled = l * pivots[k as usize];
                pivot -= scaled * l;
                for (&i, &v) in row_indices[p + 1..last].iter().zip(&before[p + 1..last]) {
                    work[i as usize] -= scaled * v;
                }
            }
            let pivot = sound(pivot, signs[j])?;
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
        self.forward(rhs);
        self.backward(rhs);
    }

    /// Keeps `L^-1 P rhs` for [`Ldl::backward`].
    pub(crate) fn forward(&mut self, rhs: &[f64]) {
        let Self { n, factor, work: x, row_indices, column_indices, .. } = self;
        for (x, &i) in x.iter_mut().zip(&self.order) {
            *x = rhs[i as usize];
        }
        let entries = row_indices.iter().zip(column_indices.iter()).zip(&factor[*n..]);
        for ((&i, &j), &l) in entries {
            x[i as usize] -= l * x[j as usize];
        }
    }

    /// What [`Ldl::forward`] kept, place by place, for whoever has a correction to make.
    pub(crate) fn halfway(&mut self) -> &mut [f64] {
        &mut self.work
    }

    /// Writes `P' L'^-1 D^-1` of what [`Ldl::forward`] kept.
    pub(crate) fn backward(&mut self, out: &mut [f64]) {
        let Self { n, factor, work: x, row_indices, column_indices, .. } = self;
        x.iter_mut().zip(&self.inverse_pivots).for_each(|(x, inverse)| *x *= inverse);
        let entries = row_indices.iter().zip(column_indices.iter()).zip(&factor[*n..]);
        for ((&i, &j), &l) in entries.rev() {
            x[j as usize] -= l * x[i as usize];
        }
        for (x, &i) in x.iter().zip(&self.order) {
            out[i as usize] = *x;
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

    /// The place of an original index.
    pub(crate) fn place(&self, index: usize) -> usize {
        self.place[index] as usize
    }

    /// The entries of a column of `L` below the diagonal, as row and value.
    pub(crate) fn column(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.column_pointers[j] as usize..self.column_pointers[j + 1] as usize;
        let values = &self.factor[self.n + range.start..self.n + range.end];
        self.row_indices[range].iter().zip(values).map(|(&i, &l)| (i as usize, l))
    }

    /// When each place is reached by a walk of the elimination tree that finishes every subtree before it leaves it.
    pub(crate) fn postorder(&self) -> Vec<u32> {
        let n = self.n;
        // The number of places below each, itself included: parents come after their children.
        let mut sizes = vec![1_u32; n];
        for j in 0..n {
            if self.parent[j] != NONE {
                sizes[self.parent[j] as usize] += sizes[j];
            }
        }
        // A subtree takes the numbers up to that of its root; roots and children are placed from the last to the first.
        let (mut numbers, mut free, mut roots) = (vec![0; n], vec![0_u32; n], n as u32);
        for j in (0..n).rev() {
            let end = match self.parent[j] {
                NONE => &mut roots,
                parent => &mut free[parent as usize],
            };
            numbers[j] = *end - 1;
            *end -= sizes[j];
            free[j] = numbers[j];
        }
        numbers
    }

    /// The pivot at place `k`.
    pub(crate) fn pivot(&self, k: usize) -> f64 {
        self.factor[k]
    }

    /// `1/d`, place by place.
    pub(crate) fn inverse_pivots(&self) -> &[f64] {
        &self.inverse_pivots
    }
}

/// A pivot of its expected sign.
fn sound(pivot: f64, sign: f64) -> Result<f64, Breakdown> {
    let pivot = if sign != 0.0 && pivot * sign <= PIVOT_LEAST { sign * PIVOT_REPLACED } else { pivot };
    if pivot.is_finite() { Ok(pivot) } else { Err(Breakdown) }
}

/// Compressed columns of a list of entries.
fn compress(n: usize, entries: impl Iterator<Item = (usize, usize)>) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<(usize, usize)> = entries.map(|(i, j)| (j, i)).collect();
    order.sort_unstable();
    let mut pointers = vec![0; n + 1];
    order.iter().for_each(|&(j, _)| pointers[j + 1] += 1);
    for j in 0..n {
        pointers[j + 1] += pointers[j];
    }
    (pointers, order.into_iter().map(|(_, i)| i).collect())
}
