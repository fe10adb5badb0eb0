use std::collections::BTreeSet;

use super::{Bounds, LocalProblem, ProblemError, ProblemErrorKind as Kind, SparseMatrix};
use crate::AssetId;

/// The rows that the whole fleet shares: `lower <= sum_i G_i x_i <= upper`. Public to every participant.
#[derive(Clone, Debug, PartialEq)]
pub struct Coupling {
    /// One name per row.
    pub names: Vec<String>,
    /// One pair of bounds per row.
    pub bounds: Bounds,
}

/// What one asset brings: its own problem and how it uses the fleet's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetProblem {
    /// Its name.
    pub id: AssetId,
    /// Its own problem.
    pub local: LocalProblem,
    /// `G`: fleet rows by own variables.
    pub coupling: SparseMatrix,
    /// Columns that must be whole numbers, ascending. The convex methods solve the relaxation only.
    pub integer: Vec<usize>,
}

impl AssetProblem {
    /// Checks that the coupling and the integer columns fit the problem.
    ///
    /// # Errors
    /// [`ProblemError`] with the place `coupling` or `integer[k]`.
    pub fn new(
        id: AssetId,
        local: LocalProblem,
        coupling: SparseMatrix,
        integer: Vec<usize>,
    ) -> Result<Self, ProblemError> {
        let n = local.variable_count();
        if coupling.column_count() != n {
            return Err(ProblemError::at(
                "coupling",
                Kind::WrongLength { expected: n, found: coupling.column_count() },
            ));
        }
        for (k, &column) in integer.iter().enumerate() {
            if column >= n {
                return Err(ProblemError::at(
                    format!("integer[{k}]"),
                    Kind::IndexOutOfRange { index: column as u64, count: n },
                ));
            }
            if k > 0 && integer[k - 1] >= column {
                let what = format!("column {column}");
                return Err(ProblemError::at(format!("integer[{k}]"), Kind::Duplicate { what }));
            }
        }
        Ok(Self { id, local, coupling, integer })
    }
}

/// A whole fleet's problem, as only an omniscient caller, a test or a file can hold it.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetProblem {
    name: String,
    coupling: Coupling,
    assets: Vec<AssetProblem>,
}

impl FleetProblem {
    /// Checks that the assets fit the fleet's rows.
    ///
    /// # Errors
    /// [`ProblemError`] with a place such as `agents[3].coupling`: an empty fleet, an id twice, a wrong length, a row that nobody touches.
    pub fn new(name: impl Into<String>, coupling: Coupling, assets: Vec<AssetProblem>) -> Result<Self, ProblemError> {
        let mut census = Census::new(&coupling)?;
        assets.iter().try_for_each(|asset| census.add(asset))?;
        census.finish()?;
        Ok(Self { name: name.into(), coupling, assets })
    }

    /// The problem's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shared rows.
    pub fn coupling(&self) -> &Coupling {
        &self.coupling
    }

    /// The assets, in the order of the file.
    pub fn assets(&self) -> &[AssetProblem] {
        &self.assets
    }

    /// How many shared rows.
    pub fn row_count(&self) -> usize {
        self.coupling.bounds.len()
    }

    /// Whether any column must be a whole number.
    pub fn has_integer_columns(&self) -> bool {
        self.assets.iter().any(|asset| !asset.integer.is_empty())
    }

    /// The fleet's cost at `x`, one list per asset.
    pub fn objective(&self, x: &[Vec<f64>]) -> f64 {
        self.assets.iter().zip(x).map(|(asset, x)| asset.local.objective().value(x)).sum()
    }

    /// The fleet's use of each shared row at `x`, one list per asset.
    pub fn coupling_values(&self, x: &[Vec<f64>]) -> Vec<f64> {
        let mut y = vec![0.0; self.row_count()];
        for (asset, x) in self.assets.iter().zip(x) {
            asset.coupling.multiply_add(x, &mut y);
        }
        y
    }
}

/// What must hold across the assets of a fleet, asked one asset at a time: for those who never hold all of them.
#[derive(Debug)]
pub struct Census<'a> {
    coupling: &'a Coupling,
    seen: BTreeSet<AssetId>,
    touched: Vec<bool>,
}

impl<'a> Census<'a> {
    /// Begins with no asset.
    ///
    /// # Errors
    /// [`ProblemError`] at `coupling.names` if names and bounds differ in number.
    pub fn new(coupling: &'a Coupling) -> Result<Self, ProblemError> {
        let m = coupling.bounds.len();
        if coupling.names.len() != m {
            let kind = Kind::WrongLength { expected: m, found: coupling.names.len() };
            return Err(ProblemError::at("coupling.names", kind));
        }
        Ok(Self { coupling, seen: BTreeSet::new(), touched: vec![false; m] })
    }

    /// Takes the next asset into account.
    ///
    /// # Errors
    /// [`ProblemError`] with a place such as `agents[3].id`: an id twice, a wrong number of rows.
    pub fn add(&mut self, asset: &AssetProblem) -> Result<(), ProblemError> {
        let k = self.seen.len();
        if !self.seen.insert(asset.id.clone()) {
            let kind = Kind::DuplicateId { id: asset.id.to_string() };
            return Err(ProblemError::at(format!("agents[{k}].id"), kind));
        }
        if asset.coupling.row_count() != self.touched.len() {
            let kind = Kind::WrongLength { expected: self.touched.len(), found: asset.coupling.row_count() };
            return Err(ProblemError::at(format!("agents[{k}].coupling"), kind));
        }
        asset.coupling.triplets().filter(|t| t.2 != 0.0).for_each(|t| self.touched[t.0] = true);
        Ok(())
    }

    /// Asks what only all assets together can answer.
    ///
    /// # Errors
    /// [`ProblemError`]: no asset, a row that nobody touches.
    pub fn finish(self) -> Result<(), ProblemError> {
        if self.seen.is_empty() {
            return Err(ProblemError::at("agents", Kind::EmptyFleet));
        }
        if let Some(row) = self.touched.iter().position(|t| !t) {
            let name = self.coupling.names[row].clone();
            return Err(ProblemError::at(format!("coupling.names[{row}]"), Kind::UntouchedRow { name }));
        }
        Ok(())
    }
}
