use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, FleetProblem, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables,
};

use crate::names::Names;
use crate::parts::GOAL;
use crate::sidecar::{ObjectPart, Sidecar};
use crate::{CatoptError, check_convex};

/// One problem without owners: what a solver's file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Variables, cost and rows. Names are unique and have no white space.
    pub local: LocalProblem,
    /// Columns that must be whole numbers, ascending.
    pub integer: Vec<usize>,
}

/// A fleet as one problem, and what the file of that problem cannot carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Assembly {
    /// The direct sum of the assets' problems with the fleet's rows on top: the colimit of the fleet's diagram.
    pub program: Program,
    /// Who owns which column and row, and the names they had.
    pub sidecar: Sidecar,
}

/// A problem read from a foreign file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The problem.
    pub program: Program,
    /// What was changed or could not be kept.
    pub losses: Vec<Loss>,
}

/// Something that did not survive a translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What and where, in one sentence.
    pub what: String,
}

impl Loss {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into() }
    }
}

/// The fleet with stored zeros left out and no minus zero: what survives every text format exactly.
///
/// # Errors
/// [`CatoptError::Problem`] if nothing but zeros touched a fleet row.
pub fn canonical(fleet: &FleetProblem) -> Result<FleetProblem, CatoptError> {
    let mut assets = Vec::with_capacity(fleet.assets().len());
    for asset in fleet.assets() {
        let (local, coupling) = (plus_local(&asset.local)?, without_zeros(&asset.coupling)?);
        assets.push(AssetProblem::new(asset.id.clone(), local, coupling, asset.integer.clone())?);
    }
    let mut coupling = fleet.coupling().clone();
    coupling.bounds = plus_bounds(&coupling.bounds)?;
    Ok(FleetProblem::new(fleet.name(), coupling, assets)?)
}

pub(crate) fn plus_local(local: &LocalProblem) -> Result<LocalProblem, ProblemError> {
    let (variables, objective, rows) = (local.variables(), local.objective(), local.rows());
    LocalProblem::new(
        Variables { names: variables.names.clone(), bounds: plus_bounds(&variables.bounds)? },
        Objective {
            p: without_zeros(&objective.p)?,
            q: objective.q.iter().copied().map(plus).collect(),
            c: plus(objective.c),
        },
        Rows { names: rows.names.clone(), matrix: without_zeros(&rows.matrix)?, bounds: plus_bounds(&rows.bounds)? },
    )
}

/// Minus zero is zero.
pub(crate) fn plus(v: f64) -> f64 {
    if v == 0.0 { 0.0 } else { v }
}

pub(crate) fn plus_bounds(bounds: &Bounds) -> Result<Bounds, ProblemError> {
    let list = |values: &[f64]| values.iter().copied().map(plus).collect::<Vec<_>>();
    Bounds::new(list(bounds.lower()), list(bounds.upper()))
}

pub(crate) fn without_zeros(matrix: &SparseMatrix) -> Result<SparseMatrix, ProblemError> {
    if matrix.values().iter().all(|v| *v != 0.0) {
        return Ok(matrix.clone());
    }
    let entries: Vec<_> = matrix.triplets().filter(|t| t.2 != 0.0).collect();
    SparseMatrix::from_triplets(matrix.row_count(), matrix.column_count(), &entries)
}

/// A fleet as one problem: fleet rows first, then each asset's own rows; columns asset by asset.
///
/// # Errors
/// [`CatoptError::NotConvex`] names the asset and its smallest eigenvalue.
/// # Cost
/// One pass, and a factorisation of the connected blocks of each `P` that is not diagonally dominant.
/// # Privacy
/// The result holds every asset's private rows and costs.
pub fn assemble(fleet: &FleetProblem) -> Result<Assembly, CatoptError> {
    for asset in fleet.assets() {
        check_convex(asset.id.as_str(), &asset.local.objective().p)?;
    }
    assemble_unchecked(fleet)
}

impl Assembly {
    /// [`assemble`] without the check that costs are convex: for readers that want a nonconvex problem.
    ///
    /// # Errors
    /// [`CatoptError::Problem`] if the parts do not fit together.
    pub fn allow_nonconvex(fleet: &FleetProblem) -> Result<Self, CatoptError> {
        assemble_unchecked(fleet)
    }
}

fn assemble_unchecked(fleet: &FleetProblem) -> Result<Assembly, CatoptError> {
    let coupling = fleet.coupling();
    let (mut columns, mut rows) = (Names::new('c'), Names::new('r'));
    // The writers call the objective so, and a row of that name would change it between one export and the next.
    rows.reserve(GOAL);
    let fleet_rows: Vec<String> = coupling.names.iter().map(|name| rows.take(name)).collect();
    let (mut column_names, mut row_names) = (Vec::new(), fleet_rows.clone());
    let (mut lower, mut upper) = (Vec::new(), Vec::new());
    let (mut row_lower, mut row_upper) = (coupling.bounds.lower().to_vec(), coupling.bounds.upper().to_vec());
    let (mut p, mut a, mut q, mut c, mut integer) = (Vec::new(), Vec::new(), Vec::new(), 0.0, Vec::new());
    let mut objects = Vec::new();
    for asset in fleet.assets() {
        let (column, row) = (lower.len(), row_lower.len());
        let (variables, objective, own) = (asset.local.variables(), asset.local.objective(), asset.local.rows());
        p.extend(objective.p.triplets().map(|(i, j, v)| (column + i, column + j, v)));
        a.extend(asset.coupling.triplets().map(|(i, j, v)| (i, column + j, v)));
        a.extend(own.matrix.triplets().map(|(i, j, v)| (row + i, column + j, v)));
        q.extend_from_slice(&objective.q);
        c += objective.c;
        lower.extend_from_slice(variables.bounds.lower());
        upper.extend_from_slice(variables.bounds.upper());
        row_lower.extend_from_slice(own.bounds.lower());
        row_upper.extend_from_slice(own.bounds.upper());
        integer.extend(asset.integer.iter().map(|j| column + j));
        let part = ObjectPart {
            id: asset.id.to_string(),
            constant: objective.c,
            columns: variables.names.iter().map(|name| columns.take(&format!("{}.{name}", asset.id))).collect(),
            variables: variables.names.clone(),
            rows: own.names.iter().map(|name| rows.take(&format!("{}.{name}", asset.id))).collect(),
            row_names: own.names.clone(),
        };
        column_names.extend_from_slice(&part.columns);
        row_names.extend_from_slice(&part.rows);
        objects.push(part);
    }
    let (n, m) = (lower.len(), row_lower.len());
    let local = LocalProblem::new(
        Variables { names: column_names, bounds: Bounds::new(lower, upper)? },
        Objective { p: SparseMatrix::from_triplets(n, n, &p)?, q, c },
        Rows {
            names: row_names,
            matrix: SparseMatrix::from_triplets(m, n, &a)?,
            bounds: Bounds::new(row_lower, row_upper)?,
        },
    )?;
    let name = fleet.name().to_owned();
    let sidecar = Sidecar::new(name.clone(), fleet_rows, coupling.names.clone(), objects);
    Ok(Assembly { program: Program { name, local, integer }, sidecar })
}
