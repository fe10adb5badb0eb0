use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables,
};
use std::collections::BTreeMap;

/// A local problem in the making: variables first, then rows and costs over them.
#[derive(Default)]
pub(crate) struct Draft {
    names: Vec<String>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    curvature: Vec<f64>,
    slope: Vec<f64>,
    constant: f64,
    row_names: Vec<String>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
    entries: Vec<(usize, usize, f64)>,
    coupling: Vec<(usize, usize, f64)>,
}

impl Draft {
    /// The column of a new variable.
    pub(crate) fn variable(&mut self, name: String, lower: f64, upper: f64) -> usize {
        self.names.push(name);
        self.lower.push(lower);
        self.upper.push(upper);
        self.curvature.push(0.0);
        self.slope.push(0.0);
        self.names.len() - 1
    }

    /// How many variables there are so far.
    pub(crate) fn variable_count(&self) -> usize {
        self.names.len()
    }

    /// Replaces the bounds of a variable.
    pub(crate) fn bound(&mut self, column: usize, lower: f64, upper: f64) {
        self.lower[column] = lower;
        self.upper[column] = upper;
    }

    /// Adds the row `lower <= sum coefficient * variable <= upper`; a column named twice counts twice.
    pub(crate) fn row(&mut self, name: String, lower: f64, upper: f64, terms: impl IntoIterator<Item = (usize, f64)>) {
        let row = self.row_names.len();
        let mut merged = BTreeMap::new();
        for (column, coefficient) in terms {
            *merged.entry(column).or_insert(0.0) += coefficient;
        }
        self.entries.extend(merged.into_iter().map(|(column, coefficient)| (row, column, coefficient)));
        self.row_names.push(name);
        self.row_lower.push(lower);
        self.row_upper.push(upper);
    }

    /// Adds the cost `weight / 2 (x - desired)^2`.
    pub(crate) fn attract(&mut self, column: usize, desired: f64, weight: f64) {
        self.curvature[column] += weight;
        self.slope[column] -= weight * desired;
        self.constant += 0.5 * weight * desired * desired;
    }

    /// Adds the cost `slope x`.
    pub(crate) fn charge(&mut self, column: usize, slope: f64) {
        self.slope[column] += slope;
    }

    /// Lets a variable count in a fleet row.
    pub(crate) fn couple(&mut self, fleet_row: usize, column: usize, coefficient: f64) {
        self.coupling.push((fleet_row, column, coefficient));
    }

    /// The finished problem.
    pub(crate) fn finish(self, id: AssetId, fleet_row_count: usize) -> Result<AssetProblem, ProblemError> {
        let n = self.names.len();
        let hessian: Vec<(usize, usize, f64)> =
            self.curvature.iter().enumerate().filter(|(_, w)| **w != 0.0).map(|(j, &w)| (j, j, w)).collect();
        let local = LocalProblem::new(
            Variables { names: self.names, bounds: Bounds::new(self.lower, self.upper)? },
            Objective { p: SparseMatrix::from_triplets(n, n, &hessian)?, q: self.slope, c: self.constant },
            Rows {
                matrix: SparseMatrix::from_triplets(self.row_names.len(), n, &self.entries)?,
                names: self.row_names,
                bounds: Bounds::new(self.row_lower, self.row_upper)?,
            },
        )?;
        let coupling = SparseMatrix::from_triplets(fleet_row_count, n, &self.coupling)?;
        AssetProblem::new(id, local, coupling, Vec::new())
    }
}
