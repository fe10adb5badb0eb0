//! The problem families: fleets of assets with tasks, a bus and a battery over twelve steps, tied by shared rows.

mod asset;
mod odd;
mod variation;

use core::fmt;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, Coupling, FleetProblem, ProblemError};

use crate::central::{self, CentralStatus};
use crate::random::Random;
use asset::Drawn;

pub use odd::{Odd, odd};
pub use variation::{Units, perturbed, rescaled};

/// How many steps an asset plans for; a kind of shared row has one row per step.
pub const STEPS: usize = 12;
/// The most shared rows: 64 kinds.
pub const ROWS_MAX: usize = 64 * STEPS;
/// The most assets.
pub const ASSETS_MAX: usize = 100_000;

/// How accurately the unconstrained optimum is found that the limits of shared rows are derived from.
const TOLERANCE_FREE: f64 = 1e-9;
/// The kinds of shared rows, in turn.
const KINDS: [&str; 8] = ["bus", "relay", "thermal", "corridor", "airlock", "comm", "crew", "spare"];

/// A family of fleet problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Family {
    /// Every variable that matters has a quadratic cost.
    Strong,
    /// Two thirds of the variables have a linear cost only, as the value of a task usually has.
    Degenerate,
    /// Strong, with the bus rows as equalities.
    Balance,
    /// Strong, with a floor on the bus that nobody can meet.
    Infeasible,
}

impl Family {
    /// All families.
    pub const ALL: [Self; 4] = [Self::Strong, Self::Degenerate, Self::Balance, Self::Infeasible];

    /// The family's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strong => "strong",
            Self::Degenerate => "degenerate",
            Self::Balance => "balance",
            Self::Infeasible => "infeasible",
        }
    }

    /// The family of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|family| family.name() == name)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One member of a family. Equal recipes give equal problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipe {
    /// Which family.
    pub family: Family,
    /// How many assets.
    pub assets: usize,
    /// How many shared rows, a multiple of [`STEPS`].
    pub rows: usize,
    /// Which member.
    pub seed: u64,
}

impl Recipe {
    /// The problem's name: `strong-10-24-0`.
    pub fn name(&self) -> String {
        format!("{}-{}-{}-{}", self.family, self.assets, self.rows, self.seed)
    }

    /// The recipe of a problem's name.
    pub fn from_name(name: &str) -> Option<Self> {
        let mut parts = name.split('-');
        let recipe = Self {
            family: Family::from_name(parts.next()?)?,
            assets: parts.next()?.parse().ok()?,
            rows: parts.next()?.parse().ok()?,
            seed: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(recipe)
    }
}

/// The suite that every table of this project uses, unless it says otherwise.
pub fn suite() -> Vec<Recipe> {
    let mut recipes = Vec::new();
    for family in [Family::Strong, Family::Degenerate] {
        for (assets, rows) in [(3, 24), (10, 24), (10, 96), (100, 24)] {
            recipes.extend((0..3).map(|seed| Recipe { family, assets, rows, seed }));
        }
    }
    recipes.extend((0..2).map(|seed| Recipe { family: Family::Balance, assets: 10, rows: 24, seed }));
    recipes.push(Recipe { family: Family::Infeasible, assets: 3, rows: 24, seed: 0 });
    recipes
}

/// Why a recipe gives no problem.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RecipeError {
    /// The number of rows is not a positive multiple of [`STEPS`] up to [`ROWS_MAX`].
    Rows {
        /// What was asked for.
        rows: usize,
    },
    /// The number of assets is zero or above [`ASSETS_MAX`].
    Assets {
        /// What was asked for.
        assets: usize,
    },
    /// The central solver did not find the optimum of an asset left alone.
    Free {
        /// The asset's number.
        asset: usize,
    },
    /// What was built is not a problem; a mistake in the family.
    Problem(ProblemError),
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows { rows } => {
                write!(f, "{rows} shared rows; ask for a multiple of {STEPS} between {STEPS} and {ROWS_MAX}")
            }
            Self::Assets { assets } => write!(f, "{assets} assets; ask for 1 to {ASSETS_MAX}"),
            Self::Free { asset } => {
                write!(f, "asset {asset}: the central solver did not solve it alone; take another seed")
            }
            Self::Problem(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecipeError {}

impl From<ProblemError> for RecipeError {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}

/// The problem of a recipe.
///
/// The limits of the shared rows are 0.5 to 1.1 times what the assets would use if left alone, so that about half of them bind.
/// # Errors
/// [`RecipeError`] for sizes out of range.
/// # Cost
/// One small central solve per asset.
pub fn generate(recipe: Recipe) -> Result<FleetProblem, RecipeError> {
    let Recipe { family, assets: asset_count, rows: m, seed } = recipe;
    if m == 0 || m % STEPS != 0 || m > ROWS_MAX {
        return Err(RecipeError::Rows { rows: m });
    }
    if asset_count == 0 || asset_count > ASSETS_MAX {
        return Err(RecipeError::Assets { assets: asset_count });
    }
    let kind_count = m / STEPS;
    let mut random = Random::new(&[seed, asset_count as u64, m as u64, family as u64]);
    let mut drawn = (0..asset_count)
        .map(|_| Drawn::new(&mut random, family == Family::Degenerate, kind_count))
        .collect::<Result<Vec<_>, _>>()?;
    // A row that nobody touches is no row, and a small fleet may draw one.
    for kind in 0..kind_count {
        if !drawn.iter().any(|asset| asset.takes_part(kind)) {
            drawn[kind % asset_count].take_part(kind);
        }
    }
    // Rows have different units, from a half to twice each other's.
    let scale: Vec<f64> = (0..kind_count).map(|_| random.uniform(-0.7, 0.7).exp()).collect();

    let mut assets = Vec::with_capacity(asset_count);
    let mut used_free = vec![0.0; m];
    for (k, asset) in drawn.into_iter().enumerate() {
        let coupling = asset.coupling(&scale)?;
        let free = central::solve_alone(&asset.local, None, TOLERANCE_FREE);
        if free.status != CentralStatus::Optimal {
            return Err(RecipeError::Free { asset: k });
        }
        coupling.multiply_add(&free.x[0], &mut used_free);
        let id = AssetId::new(format!("asset-{k:04}")).map_err(|error| ProblemError::at("id", error.into()))?;
        assets.push(AssetProblem::new(id, asset.local, coupling, Vec::new())?);
    }
    let bounds = limits(family, &mut random, &assets, &used_free, &scale)?;
    let names = (0..m).map(row_name).collect();
    Ok(FleetProblem::new(recipe.name(), Coupling { names, bounds }, assets)?)
}

fn limits(
    family: Family,
    random: &mut Random,
    assets: &[AssetProblem],
    used_free: &[f64],
    scale: &[f64],
) -> Result<Bounds, ProblemError> {
    let m = used_free.len();
    let least = |row: usize| 0.02 * assets.len() as f64 * scale[row / STEPS];
    let mut upper: Vec<f64> = (0..m).map(|row| (random.uniform(0.5, 1.1) * used_free[row]).max(least(row))).collect();
    let mut lower = vec![f64::NEG_INFINITY; m];
    match family {
        Family::Strong | Family::Degenerate => {}
        Family::Balance => {
            for row in 0..STEPS {
                lower[row] = 0.5 * used_free[row];
                upper[row] = lower[row];
            }
        }
        Family::Infeasible => {
            let mut reach = vec![0.0; m];
            for asset in assets {
                let bounds = &asset.local.variables().bounds;
                for (row, column, v) in asset.coupling.triplets() {
                    reach[row] += f64::max(v * bounds.lower()[column], v * bounds.upper()[column]);
                }
            }
            for row in 0..STEPS {
                lower[row] = 1.2 * reach[row];
                upper[row] = f64::INFINITY;
            }
        }
    }
    Bounds::new(lower, upper)
}

fn row_name(row: usize) -> String {
    let (kind, step) = (row / STEPS, row % STEPS);
    let turn = kind / KINDS.len();
    let number = if turn == 0 { String::new() } else { turn.to_string() };
    format!("{}{number}[{step}]", KINDS[kind % KINDS.len()])
}
