use cosmosmesh_contracts::problem::{Bounds, FleetProblem, SparseMatrix};
use serde::Serialize;

use crate::figure::{count, short};
use crate::support::{self, list, verb};

/// What a fleet is made of, and what about it deserves a second look.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Inventory {
    /// The problem's name.
    pub(crate) problem: String,
    /// One entry per asset, in the order of the file.
    pub(crate) assets: Vec<AssetCount>,
    /// The fleet's rows by their kind.
    pub(crate) fleet_rows: RowCount,
    /// Smallest and largest number of each part, zeros and open sides left out.
    pub(crate) magnitudes: Vec<Magnitude>,
    /// Sentences: what is unusual, where, what to do about it.
    pub(crate) warnings: Vec<String>,
}

/// What one asset brings.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AssetCount {
    /// Its name.
    pub(crate) id: String,
    /// Variables.
    pub(crate) variables: usize,
    /// Variables that must be whole numbers.
    pub(crate) integer: usize,
    /// Private rows.
    pub(crate) rows: usize,
    /// Entries of `P`, `A` and `G`.
    pub(crate) entries: usize,
    /// Fleet rows that it touches.
    pub(crate) fleet_rows: usize,
}

/// The fleet's rows by their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct RowCount {
    /// All.
    pub(crate) total: usize,
    /// Only an upper side.
    pub(crate) at_most: usize,
    /// Only a lower side.
    pub(crate) at_least: usize,
    /// Two sides.
    pub(crate) between: usize,
    /// Two equal sides.
    pub(crate) equal: usize,
    /// No side.
    pub(crate) open: usize,
}

/// The spread of the numbers of one part of the problem.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Magnitude {
    /// Which part.
    pub(crate) part: &'static str,
    /// The smallest absolute value.
    pub(crate) smallest: f64,
    /// The largest absolute value.
    pub(crate) largest: f64,
}

impl Magnitude {
    /// Beyond this ratio of largest to smallest, digits are lost to scaling.
    const RATIO_WIDE: f64 = 1e8;

    fn of(part: &'static str, values: impl Iterator<Item = f64>) -> Option<Self> {
        let sizes = values.map(f64::abs).filter(|v| *v > 0.0 && v.is_finite());
        let (smallest, largest) = sizes.fold((f64::INFINITY, 0.0_f64), |(s, l), v| (s.min(v), l.max(v)));
        (largest > 0.0).then_some(Self { part, smallest, largest })
    }
}

impl Inventory {
    /// Counts a fleet.
    pub(crate) fn of(fleet: &FleetProblem) -> Self {
        let assets: Vec<AssetCount> = fleet
            .assets()
            .iter()
            .map(|asset| {
                let local = &asset.local;
                AssetCount {
                    id: asset.id.to_string(),
                    variables: local.variable_count(),
                    integer: asset.integer.len(),
                    rows: local.row_count(),
                    entries: [&local.objective().p, &local.rows().matrix, &asset.coupling]
                        .iter()
                        .map(|matrix| matrix.entry_count())
                        .sum(),
                    fleet_rows: touched(&asset.coupling).filter(|touched| *touched).count(),
                }
            })
            .collect();
        let mut inventory = Self {
            problem: fleet.name().to_owned(),
            assets,
            fleet_rows: RowCount::of(&fleet.coupling().bounds),
            magnitudes: magnitudes(fleet),
            warnings: support::warnings(fleet),
        };
        inventory.warn_idle(fleet);
        inventory.warn_scaling();
        inventory.warn_integer();
        inventory
    }

    /// All variables of the fleet.
    pub(crate) fn variables(&self) -> usize {
        self.assets.iter().map(|asset| asset.variables).sum()
    }

    /// All private rows of the fleet.
    pub(crate) fn rows(&self) -> usize {
        self.assets.iter().map(|asset| asset.rows).sum()
    }

    fn warn_idle(&mut self, fleet: &FleetProblem) {
        let bounds = &fleet.coupling().bounds;
        let open = |k: &usize| bounds.lower()[*k] == f64::NEG_INFINITY && bounds.upper()[*k] == f64::INFINITY;
        let names: Vec<&str> = (0..bounds.len()).filter(open).map(|k| fleet.coupling().names[k].as_str()).collect();
        if !names.is_empty() {
            self.warnings.push(format!(
                "{} open on both sides ({}): it costs bytes in every round and limits nothing; remove it or give it a limit",
                verb(names.len(), "fleet row"),
                list(&names)
            ));
        }
        let apart: Vec<&str> =
            self.assets.iter().filter(|asset| asset.fleet_rows == 0).map(|asset| asset.id.as_str()).collect();
        if fleet.row_count() > 0 && !apart.is_empty() {
            self.warnings.push(format!(
                "{} outside every fleet row ({}): nothing ties it to the fleet; it can plan alone",
                verb(apart.len(), "asset"),
                list(&apart)
            ));
        }
    }

    fn warn_scaling(&mut self) {
        for part in &self.magnitudes {
            if part.largest / part.smallest > Magnitude::RATIO_WIDE {
                self.warnings.push(format!(
                    "{} spans {} to {}: a ratio above {:.0e} costs digits; choose units so that typical values are near one",
                    part.part,
                    short(part.smallest),
                    short(part.largest),
                    Magnitude::RATIO_WIDE
                ));
            }
        }
    }

    fn warn_integer(&mut self) {
        let whole: usize = self.assets.iter().map(|asset| asset.integer).sum();
        if whole > 0 {
            self.warnings.push(format!(
                "{} must be whole: the planner solves convex problems; `solve --relax` ignores this and never calls its plan optimal",
                count(whole, "variable")
            ));
        }
    }
}

impl RowCount {
    fn of(bounds: &Bounds) -> Self {
        let mut rows = Self { total: bounds.len(), ..Self::default() };
        for (k, (lower, upper)) in bounds.lower().iter().zip(bounds.upper()).enumerate() {
            match (lower.is_finite(), upper.is_finite()) {
                _ if bounds.is_equality(k) => rows.equal += 1,
                (true, true) => rows.between += 1,
                (true, false) => rows.at_least += 1,
                (false, true) => rows.at_most += 1,
                (false, false) => rows.open += 1,
            }
        }
        rows
    }
}

fn magnitudes(fleet: &FleetProblem) -> Vec<Magnitude> {
    let assets = fleet.assets();
    let sides = |bounds: &Bounds| bounds.lower().iter().chain(bounds.upper()).copied().collect::<Vec<_>>();
    [
        Magnitude::of("cost, quadratic", assets.iter().flat_map(|a| a.local.objective().p.values().iter().copied())),
        Magnitude::of("cost, linear", assets.iter().flat_map(|a| a.local.objective().q.iter().copied())),
        Magnitude::of("private rows", assets.iter().flat_map(|a| a.local.rows().matrix.values().iter().copied())),
        Magnitude::of("private row bounds", assets.iter().flat_map(|a| sides(&a.local.rows().bounds))),
        Magnitude::of("variable bounds", assets.iter().flat_map(|a| sides(&a.local.variables().bounds))),
        Magnitude::of("fleet rows", assets.iter().flat_map(|a| a.coupling.values().iter().copied())),
        Magnitude::of("fleet row bounds", sides(&fleet.coupling().bounds).into_iter()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn touched(coupling: &SparseMatrix) -> impl Iterator<Item = bool> {
    let mut touched = vec![false; coupling.row_count()];
    coupling.triplets().filter(|t| t.2 != 0.0).for_each(|t| touched[t.0] = true);
    touched.into_iter()
}
