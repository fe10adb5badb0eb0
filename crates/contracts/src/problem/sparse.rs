use super::{ProblemError, ProblemErrorKind as Kind};

/// A sparse matrix in compressed columns.
///
/// # Shape
/// Column `j` holds entries `column_pointers[j]..column_pointers[j + 1]`; row indices rise within a column; no entry twice, none NaN or infinite.
#[derive(Clone, Debug, PartialEq)]
pub struct SparseMatrix {
    row_count: usize,
    column_pointers: Vec<usize>,
    row_indices: Vec<usize>,
    values: Vec<f64>,
}

impl SparseMatrix {
    /// A matrix without entries.
    pub fn zeros(row_count: usize, column_count: usize) -> Self {
        Self { row_count, column_pointers: vec![0; column_count + 1], row_indices: Vec::new(), values: Vec::new() }
    }

    /// A matrix from `(row, column, value)` in any order.
    ///
    /// # Errors
    /// [`ProblemError`] with the place `[k]` of the offending entry: an index out of range, an entry twice, a number that is not finite.
    /// # Cost
    /// Memory and time follow the number of entries and of columns.
    pub fn from_triplets(
        row_count: usize,
        column_count: usize,
        entries: &[(usize, usize, f64)],
    ) -> Result<Self, ProblemError> {
        let mut order: Vec<usize> = (0..entries.len()).collect();
        for (k, &(row, column, value)) in entries.iter().enumerate() {
            let place = |kind| Err(ProblemError::at(format!("[{k}]"), kind));
            if row >= row_count {
                return place(Kind::IndexOutOfRange { index: row as u64, count: row_count });
            }
            if column >= column_count {
                return place(Kind::IndexOutOfRange { index: column as u64, count: column_count });
            }
            if !value.is_finite() {
                return place(Kind::NotFinite { value });
            }
        }
        order.sort_by_key(|&k| (entries[k].1, entries[k].0));
        for pair in order.windows(2) {
            let (a, b) = (entries[pair[0]], entries[pair[1]]);
            if (a.0, a.1) == (b.0, b.1) {
                let what = format!("the entry at row {}, column {}", b.0, b.1);
                return Err(ProblemError::at(format!("[{}]", pair[1].max(pair[0])), Kind::Duplicate { what }));
            }
        }
        let mut matrix = Self::zeros(row_count, column_count);
        for &k in &order {
            let (row, column, value) = entries[k];
            matrix.row_indices.push(row);
            matrix.values.push(value);
            matrix.column_pointers[column + 1] += 1;
        }
        for j in 0..column_count {
            matrix.column_pointers[j + 1] += matrix.column_pointers[j];
        }
        Ok(matrix)
    }

    /// How many rows.
    pub fn row_count(&self) -> usize {
        self.row_count
    }

    /// How many columns.
    pub fn column_count(&self) -> usize {
        self.column_pointers.len() - 1
    }

    /// How many stored entries.
    pub fn entry_count(&self) -> usize {
        self.values.len()
    }

    /// Where each column starts, and the end.
    pub fn column_pointers(&self) -> &[usize] {
        &self.column_pointers
    }

    /// The row of each entry.
    pub fn row_indices(&self) -> &[usize] {
        &self.row_indices
    }

    /// The value of each entry.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The entries of column `j` as `(row, value)`.
    pub fn column(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.column_pointers[j]..self.column_pointers[j + 1];
        self.row_indices[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// All entries as `(row, column, value)`, column by column.
    pub fn triplets(&self) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        (0..self.column_count()).flat_map(move |j| self.column(j).map(move |(i, v)| (i, j, v)))
    }

    /// Adds `self * x` to `out`.
    ///
    /// # Shape
    /// `x` has one entry per column, `out` one per row.
    pub fn multiply_add(&self, x: &[f64], out: &mut [f64]) {
        assert_eq!((x.len(), out.len()), (self.column_count(), self.row_count), "shapes of a sparse product");
        for (j, &xj) in x.iter().enumerate() {
            for (i, v) in self.column(j) {
                out[i] += v * xj;
            }
        }
    }

    /// Adds `self' * y` to `out`.
    ///
    /// # Shape
    /// `y` has one entry per row, `out` one per column.
    pub fn transpose_multiply_add(&self, y: &[f64], out: &mut [f64]) {
        assert_eq!((y.len(), out.len()), (self.row_count, self.column_count()), "shapes of a sparse product");
        for (j, slot) in out.iter_mut().enumerate() {
            *slot += self.column(j).map(|(i, v)| v * y[i]).sum::<f64>();
        }
    }
}
