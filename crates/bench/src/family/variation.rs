//! Other problems made from given ones: a changed forecast, other units.

use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables,
};

use crate::Random;

/// The fleet after 5 % of the entries of every `q`, and of the limits, were multiplied by U(0.5, 1.5).
///
/// # Errors
/// [`ProblemError`] never, unless a limit overflows.
pub fn perturbed(fleet: &FleetProblem, seed: u64) -> Result<FleetProblem, ProblemError> {
    let mut random = Random::new(&[seed, 0x9e7]);
    let mut factor = move || if random.chance(0.05) { random.uniform(0.5, 1.5) } else { 1.0 };
    let mut assets = Vec::new();
    for asset in fleet.assets() {
        let local = &asset.local;
        let q = local.objective().q.iter().map(|v| v * factor()).collect();
        let objective = Objective { q, ..local.objective().clone() };
        let local = LocalProblem::new(local.variables().clone(), objective, local.rows().clone())?;
        assets.push(AssetProblem::new(asset.id.clone(), local, asset.coupling.clone(), Vec::new())?);
    }
    let bounds = &fleet.coupling().bounds;
    let factors: Vec<f64> = (0..bounds.len()).map(|_| factor()).collect();
    let bounds = Bounds::new(times(bounds.lower(), &factors), times(bounds.upper(), &factors))?;
    let coupling = Coupling { names: fleet.coupling().names.clone(), bounds };
    FleetProblem::new(format!("{}-changed-{seed}", fleet.name()), coupling, assets)
}

/// In which units a fleet is written down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Units {
    /// Rows and columns are multiplied by powers of ten up to this, either way.
    pub decades: f64,
    /// Every cost is multiplied by this.
    pub cost: f64,
}

/// The same fleet in other units: every private and shared row and every variable has a factor of its own.
///
/// # Errors
/// [`ProblemError`] never, unless a number overflows.
pub fn rescaled(fleet: &FleetProblem, units: Units, seed: u64) -> Result<FleetProblem, ProblemError> {
    let mut random = Random::new(&[seed, 0x111]);
    let mut factors = move |count: usize| -> Vec<f64> {
        (0..count).map(|_| 10f64.powf(random.uniform(-units.decades, units.decades))).collect()
    };
    let shared = factors(fleet.row_count());
    let mut assets = Vec::new();
    for asset in fleet.assets() {
        let local = &asset.local;
        let (n, k) = (local.variable_count(), local.row_count());
        let (columns, rows) = (factors(n), factors(k));
        let bounds = &local.variables().bounds;
        let bounds = Bounds::new(times(bounds.lower(), &columns), times(bounds.upper(), &columns))?;
        let variables = Variables { names: local.variables().names.clone(), bounds };
        let old = local.objective();
        let p: Vec<_> = old.p.triplets().map(|(i, j, v)| (i, j, units.cost * v / columns[i] / columns[j])).collect();
        let objective = Objective {
            p: SparseMatrix::from_triplets(n, n, &p)?,
            q: old.q.iter().zip(&columns).map(|(v, c)| units.cost * v / c).collect(),
            c: units.cost * old.c,
        };
        let scaled = |matrix: &SparseMatrix, rows: &[f64]| {
            let entries: Vec<_> = matrix.triplets().map(|(i, j, v)| (i, j, v * rows[i] / columns[j])).collect();
            SparseMatrix::from_triplets(matrix.row_count(), n, &entries)
        };
        let bounds = &local.rows().bounds;
        let own = Rows {
            names: local.rows().names.clone(),
            matrix: scaled(&local.rows().matrix, &rows)?,
            bounds: Bounds::new(times(bounds.lower(), &rows), times(bounds.upper(), &rows))?,
        };
        let local = LocalProblem::new(variables, objective, own)?;
        assets.push(AssetProblem::new(asset.id.clone(), local, scaled(&asset.coupling, &shared)?, Vec::new())?);
    }
    let bounds = &fleet.coupling().bounds;
    let bounds = Bounds::new(times(bounds.lower(), &shared), times(bounds.upper(), &shared))?;
    let coupling = Coupling { names: fleet.coupling().names.clone(), bounds };
    FleetProblem::new(format!("{}-rescaled-{seed}", fleet.name()), coupling, assets)
}

fn times(values: &[f64], factors: &[f64]) -> Vec<f64> {
    values.iter().zip(factors).map(|(v, f)| v * f).collect()
}
