use super::{Bounds, ProblemError, ProblemErrorKind as Kind, SparseMatrix};

/// Named variables with bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Variables {
    /// One name per variable.
    pub names: Vec<String>,
    /// One pair of bounds per variable.
    pub bounds: Bounds,
}

/// Named linear rows with two-sided bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// One name per row.
    pub names: Vec<String>,
    /// The coefficients, rows by variables.
    pub matrix: SparseMatrix,
    /// One pair of bounds per row.
    pub bounds: Bounds,
}

/// `1/2 x' P x + q' x + c`.
///
/// # Shape
/// `p` is the upper triangle of a symmetric n × n matrix; an off-diagonal entry stands for both of its places.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    /// The upper triangle of the Hessian.
    pub p: SparseMatrix,
    /// The linear part.
    pub q: Vec<f64>,
    /// The constant.
    pub c: f64,
}

impl Objective {
    /// The value at `x`.
    pub fn value(&self, x: &[f64]) -> f64 {
        let quadratic: f64 =
            self.p.triplets().map(|(i, j, v)| if i == j { 0.5 * v * x[i] * x[i] } else { v * x[i] * x[j] }).sum();
        quadratic + self.q.iter().zip(x).map(|(q, x)| q * x).sum::<f64>() + self.c
    }
}

/// One asset's own convex problem: a QP with named variables and rows. It never leaves the asset.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalProblem {
    variables: Variables,
    objective: Objective,
    rows: Rows,
}

impl LocalProblem {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// [`ProblemError`] with a place such as `objective.q[3]`: lengths, finiteness, the triangle of `P`.
    pub fn new(variables: Variables, objective: Objective, rows: Rows) -> Result<Self, ProblemError> {
        let n = variables.bounds.len();
        if n == 0 {
            return Err(ProblemError::at("variables", Kind::NoVariables));
        }
        let length = |place: &str, found: usize, expected: usize| {
            if found == expected { Ok(()) } else { Err(ProblemError::at(place, Kind::WrongLength { expected, found })) }
        };
        length("variables.names", variables.names.len(), n)?;
        length("objective.q", objective.q.len(), n)?;
        length("objective.P", objective.p.column_count(), n)?;
        length("objective.P", objective.p.row_count(), n)?;
        length("rows.names", rows.names.len(), rows.bounds.len())?;
        length("rows.A", rows.matrix.row_count(), rows.bounds.len())?;
        length("rows.A", rows.matrix.column_count(), n)?;
        if let Some(k) = objective.q.iter().position(|v| !v.is_finite()) {
            return Err(ProblemError::at(format!("objective.q[{k}]"), Kind::NotFinite { value: objective.q[k] }));
        }
        if !objective.c.is_finite() {
            return Err(ProblemError::at("objective.c", Kind::NotFinite { value: objective.c }));
        }
        if let Some((row, column, _)) = objective.p.triplets().find(|(i, j, _)| i > j) {
            return Err(ProblemError::at("objective.P", Kind::BelowDiagonal { row, column }));
        }
        if let Some((j, _, v)) = objective.p.triplets().find(|(i, j, v)| i == j && *v < 0.0) {
            let reason = format!("diagonal entry {j} is {v}");
            return Err(ProblemError::at("objective.P", Kind::NotConvex { reason }));
        }
        Ok(Self { variables, objective, rows })
    }

    /// How many variables.
    pub fn variable_count(&self) -> usize {
        self.variables.bounds.len()
    }

    /// How many rows.
    pub fn row_count(&self) -> usize {
        self.rows.bounds.len()
    }

    /// The variables.
    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The cost.
    pub fn objective(&self) -> &Objective {
        &self.objective
    }

    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The worst violation of rows and of bounds, each relative to `1 + its largest finite bound`.
    pub fn violation(&self, x: &[f64]) -> f64 {
        let mut ax = vec![0.0; self.row_count()];
        self.rows.matrix.multiply_add(x, &mut ax);
        self.rows.bounds.violation(&ax).max(self.variables.bounds.violation(x))
    }
}
