//! Odd fleets: what a real one may look like and the families do not.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, ProblemError, Rows, SparseMatrix, Variables,
};

use super::RecipeError;
use crate::Random;
use crate::central::{self, CentralStatus};

/// A kind of odd fleet: twelve assets of 2 to 160 variables on 24 shared rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    /// Nothing but very unequal assets.
    Unequal,
    /// A third of the variables have no bounds.
    Free,
    /// Four of the assets touch no shared row.
    Untouched,
    /// Most private rows and a quarter of the shared ones are equalities, as in dispatch; the others are line limits.
    Dispatch,
}

impl Odd {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Unequal, Self::Free, Self::Untouched, Self::Dispatch];

    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unequal => "unequal",
            Self::Free => "free",
            Self::Untouched => "untouched",
            Self::Dispatch => "dispatch",
        }
    }
}

const ASSETS: usize = 12;
const ROWS: usize = 24;
const SIZES: [usize; 5] = [2, 5, 20, 80, 160];

/// A member of a kind.
///
/// The limits lie between what the assets would use if left alone and what they could do with, nearer to the latter.
/// # Errors
/// [`RecipeError::Free`] if the central solver fails on an asset alone.
pub fn odd(kind: Odd, seed: u64) -> Result<FleetProblem, RecipeError> {
    let mut random = Random::new(&[seed, 0x0dd, kind as u64]);
    let mut assets = Vec::new();
    let (mut wanted, mut least) = (vec![0.0; ROWS], vec![0.0; ROWS]);
    for k in 0..ASSETS {
        let (local, coupling) = drawn(&mut random, kind, k)?;
        let ones = vec![1.0; ROWS];
        let mut total = vec![0.0; local.variable_count()];
        coupling.transpose_multiply_add(&ones, &mut total);
        for (linear, into) in [(None, &mut wanted), (Some(total.as_slice()), &mut least)] {
            let found = central::solve_alone(&local, linear, 1e-9);
            if found.status != CentralStatus::Optimal {
                return Err(RecipeError::Free { asset: k });
            }
            coupling.multiply_add(&found.x[0], into);
        }
        let id = AssetId::new(format!("odd-{k:02}")).map_err(|error| ProblemError::at("id", error.into()))?;
        assets.push(AssetProblem::new(id, local, coupling, Vec::new())?);
    }
    let upper: Vec<f64> = wanted.iter().zip(&least).map(|(w, l)| 0.4 * w + 0.6 * l).collect();
    let equalities = if kind == Odd::Dispatch { ROWS / 4 } else { 0 };
    let lower = upper.iter().enumerate().map(|(j, v)| if j < equalities { *v } else { f64::NEG_INFINITY }).collect();
    let names = (0..ROWS).map(|j| format!("shared[{j}]")).collect();
    let coupling = Coupling { names, bounds: Bounds::new(lower, upper)? };
    Ok(FleetProblem::new(format!("odd-{}-{seed}", kind.name()), coupling, assets)?)
}

fn drawn(random: &mut Random, kind: Odd, k: usize) -> Result<(LocalProblem, SparseMatrix), ProblemError> {
    let index = |random: &mut Random, count: usize| ((random.unit() * count as f64) as usize).min(count - 1);
    // Two sizes are certain, so that every fleet is unequal.
    let n = match k {
        0 => SIZES[0],
        1 => SIZES[4],
        _ => SIZES[index(random, SIZES.len())],
    };
    let rows = (n / 3).max(1);
    let inside: Vec<f64> = (0..n).map(|_| random.uniform(-1.0, 1.0)).collect();
    let (mut entries, mut at) = (Vec::new(), vec![0.0; rows]);
    for row in 0..rows {
        let mut columns: Vec<usize> = (0..4.min(n)).map(|_| index(random, n)).collect();
        columns.sort_unstable();
        columns.dedup();
        for column in columns {
            let v = random.uniform(-1.5, 1.5);
            entries.push((row, column, v));
            at[row] += v * inside[column];
        }
    }
    // A free variable has curvature, so that its asset has an optimum alone; and none of the sums that limits derive from lean on it.
    let free: Vec<bool> = (0..n).map(|_| kind == Odd::Free && random.chance(1.0 / 3.0)).collect();
    let side = |sign: f64| free.iter().map(|free| sign * if *free { f64::INFINITY } else { 3.0 }).collect();
    let mut p = Vec::new();
    for j in 0..n {
        if random.chance(0.6) || free[j] {
            p.push((j, j, random.uniform(0.1, 2.0)));
        }
    }
    let q = (0..n).map(|_| random.uniform(-1.7, 1.7)).collect();
    let share = if kind == Odd::Dispatch { 0.8 } else { 0.3 };
    let equal: Vec<bool> = (0..rows).map(|_| random.chance(share)).collect();
    let bounds = Bounds::new(
        at.iter().zip(&equal).map(|(v, equal)| if *equal { *v } else { v - 1.0 }).collect(),
        at.iter().zip(&equal).map(|(v, equal)| if *equal { *v } else { f64::INFINITY }).collect(),
    )?;
    let variables =
        Variables { names: (0..n).map(|j| format!("x[{j}]")).collect(), bounds: Bounds::new(side(-1.0), side(1.0))? };
    let names = (0..rows).map(|row| format!("own[{row}]")).collect();
    let rows = Rows { names, matrix: SparseMatrix::from_triplets(rows, n, &entries)?, bounds };
    let local = LocalProblem::new(variables, Objective { p: SparseMatrix::from_triplets(n, n, &p)?, q, c: 1.0 }, rows)?;
    let mut uses = Vec::new();
    if kind != Odd::Untouched || k >= 4 {
        let bounded: Vec<usize> = (0..n).filter(|j| !free[*j]).collect();
        for row in 0..ROWS {
            let v = random.uniform(0.2, 1.5);
            if let Some(&column) = bounded.get(index(random, bounded.len().max(1))) {
                uses.push((row, column, v));
            }
        }
    }
    Ok((local, SparseMatrix::from_triplets(ROWS, n, &uses)?))
}
