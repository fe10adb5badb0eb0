use core::fmt;
use std::borrow::Cow;
use std::collections::BTreeMap;

use cosmosmesh_contracts::file::FleetText;
use cosmosmesh_contracts::problem::{AssetProblem, Coupling, FleetProblem, LocalProblem, SparseMatrix};

use crate::document::LimitText;
use crate::names::{Names, again};
use crate::sidecar::ObjectPart;
use crate::{CatoptError, Program, check_convex};

/// A problem as the writers see it: shared rows, then blocks of columns with rows of their own.
///
/// Writers pass over the blocks once for each section of their format, so a source may make each block when it is asked for.
/// Two sources: a [`Program`], which is one block, and the [`Parts`] of a fleet.
pub trait Blocks {
    /// The problem's name.
    fn name(&self) -> &str;

    /// The rows that more than one block may touch: their names in the file, lower and upper sides.
    fn shared(&self) -> (&[String], &[f64], &[f64]);

    /// The cost's constant.
    fn constant(&self) -> f64;

    /// What the objective may be called: a name that no row has.
    fn goal(&self) -> String;

    /// Visits every name in the file that is not what its column or row is called, with what that is, and stops at the visitor's first error.
    ///
    /// # Errors
    /// The visitor's own.
    fn renamed(&self, _visit: &mut dyn FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        Ok(())
    }

    /// Visits the blocks in order, and stops at the visitor's first error.
    ///
    /// # Errors
    /// The visitor's own.
    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> fmt::Result) -> fmt::Result;
}

/// Some columns with their cost, their bounds, their rows, and how they use the shared rows.
#[derive(Debug)]
pub struct Block<'a> {
    /// Where its columns start.
    pub column: usize,
    /// Where its rows start; the shared rows come before those of the first block.
    pub row: usize,
    /// Its columns' names in the file.
    pub columns: Cow<'a, [String]>,
    /// Its rows' names in the file.
    pub rows: Cow<'a, [String]>,
    /// Its own problem.
    pub local: &'a LocalProblem,
    /// Shared rows by own columns.
    pub coupling: Option<&'a SparseMatrix>,
    /// Its columns that must be whole numbers, ascending.
    pub integer: &'a [usize],
}

impl Block<'_> {
    /// Its use of shared rows in column `j`, as `(row, value)`.
    pub(crate) fn uses(&self, j: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        self.coupling.into_iter().flat_map(move |matrix| matrix.column(j)).filter(|(_, v)| *v != 0.0)
    }

    /// Its own rows, each as `(own column, value)`.
    pub(crate) fn by_row(&self) -> Vec<Vec<(usize, f64)>> {
        let mut rows = vec![Vec::new(); self.rows.len()];
        self.local.rows().matrix.triplets().filter(|t| t.2 != 0.0).for_each(|(i, j, v)| rows[i].push((j, v)));
        rows
    }

    /// The upper triangle of its cost by rows, which is the lower one by columns: the order that every reader takes.
    pub(crate) fn cost_by_row(&self) -> Vec<Vec<(usize, f64)>> {
        let p = &self.local.objective().p;
        let mut rows = vec![Vec::new(); p.row_count()];
        p.triplets().filter(|t| t.2 != 0.0).for_each(|(i, j, v)| rows[i].push((j, v)));
        rows
    }
}

/// Each shared row as `(column, value)`: what a format that goes row by row needs of all blocks at once.
///
/// # Cost
/// One pass; 16 bytes for an entry.
pub(crate) fn shared_rows(blocks: &dyn Blocks) -> Vec<Vec<(u32, f64)>> {
    let mut rows = vec![Vec::new(); blocks.shared().0.len()];
    let visited = blocks.each(&mut |block| {
        for j in 0..block.columns.len() {
            // A file of more than four thousand million columns is none that anybody reads.
            let column = u32::try_from(block.column + j).map_err(|_| fmt::Error)?;
            block.uses(j).for_each(|(i, v)| rows[i].push((column, v)));
        }
        Ok(())
    });
    debug_assert!(visited.is_ok(), "too many columns");
    rows
}

impl Blocks for Program {
    fn name(&self) -> &str {
        &self.name
    }

    fn shared(&self) -> (&[String], &[f64], &[f64]) {
        (&[], &[], &[])
    }

    fn constant(&self) -> f64 {
        self.local.objective().c
    }

    fn goal(&self) -> String {
        let mut name = GOAL.to_owned();
        while self.local.rows().names.contains(&name) {
            name.push('_');
        }
        name
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> fmt::Result) -> fmt::Result {
        visit(&Block {
            column: 0,
            row: 0,
            columns: Cow::Borrowed(&self.local.variables().names),
            rows: Cow::Borrowed(&self.local.rows().names),
            local: &self.local,
            coupling: None,
            integer: &self.integer,
        })
    }
}

/// What the objective is called in a file.
pub(crate) const GOAL: &str = "cost";

/// A fleet in memory, or one whose assets are made one at a time.
#[derive(Clone, Copy, Debug)]
pub enum Fleet<'a> {
    /// In memory.
    Whole(&'a FleetProblem),
    /// In its text.
    Text(&'a FleetText<'a>),
    /// In the text of a diagram, as its limit.
    Limit(&'a LimitText<'a>),
}

impl Fleet<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Whole(fleet) => fleet.name(),
            Self::Text(text) => text.name(),
            Self::Limit(limit) => limit.name(),
        }
    }

    /// Its shared rows.
    pub fn coupling(&self) -> &Coupling {
        match self {
            Self::Whole(fleet) => fleet.coupling(),
            Self::Text(text) => text.coupling(),
            Self::Limit(limit) => limit.coupling(),
        }
    }

    /// How many assets.
    pub fn asset_count(&self) -> usize {
        match self {
            Self::Whole(fleet) => fleet.assets().len(),
            Self::Text(text) => text.asset_count(),
            Self::Limit(limit) => limit.asset_count(),
        }
    }

    /// Its assets in order.
    pub fn assets(&self) -> Box<dyn Iterator<Item = Cow<'_, AssetProblem>> + '_> {
        match self {
            Self::Whole(fleet) => Box::new(fleet.assets().iter().map(Cow::Borrowed)),
            Self::Text(text) => Box::new(text.assets().map(Cow::Owned)),
            Self::Limit(limit) => Box::new(limit.assets().map(Cow::Owned)),
        }
    }
}

/// A fleet as blocks: one for each asset, the fleet's rows shared. It gives the file of [`crate::assemble`] without making its problem.
#[derive(Debug)]
pub struct Parts<'a> {
    fleet: Fleet<'a>,
    shared: Vec<String>,
    columns: BTreeMap<usize, String>,
    rows: BTreeMap<usize, String>,
    constant: f64,
}

impl<'a> Parts<'a> {
    /// The parts of a fleet whose costs are convex.
    ///
    /// # Errors
    /// [`CatoptError::NotConvex`] names the asset and its smallest eigenvalue.
    /// # Cost
    /// One pass and the check of convexity; memory for a hash of each name.
    pub fn new(fleet: Fleet<'a>) -> Result<Self, CatoptError> {
        for asset in fleet.assets() {
            check_convex(asset.id.as_str(), &asset.local.objective().p)?;
        }
        Ok(Self::allow_nonconvex(fleet))
    }

    /// [`Parts::new`] without the check that costs are convex.
    pub fn allow_nonconvex(fleet: Fleet<'a>) -> Self {
        let (mut columns, mut rows) = (Names::new('c'), Names::new('r'));
        // The writers call the objective so, and a row of that name would change it between one export and the next.
        rows.reserve(GOAL);
        let shared: Vec<String> = fleet.coupling().names.iter().map(|name| rows.take(name)).collect();
        let mut constant = 0.0;
        for asset in fleet.assets() {
            let (variables, own) = (asset.local.variables(), asset.local.rows());
            variables.names.iter().for_each(|name| drop(columns.take(&format!("{}.{name}", asset.id))));
            own.names.iter().for_each(|name| drop(rows.take(&format!("{}.{name}", asset.id))));
            constant += asset.local.objective().c;
        }
        Self { fleet, shared, columns: columns.numbered(), rows: rows.numbered(), constant }
    }

    /// Writes the sidecar: what the file of a solver's format cannot carry.
    ///
    /// # Errors
    /// The sink's own.
    pub fn write_sidecar(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let coupling = self.fleet.coupling();
        crate::sidecar::begin(out, self.fleet.name(), &self.shared, &coupling.names)?;
        let mut first = true;
        self.parts(&mut |asset, block| {
            let part = ObjectPart {
                id: asset.id.to_string(),
                constant: asset.local.objective().c,
                columns: block.columns.to_vec(),
                variables: asset.local.variables().names.clone(),
                rows: block.rows.to_vec(),
                row_names: asset.local.rows().names.clone(),
            };
            crate::sidecar::object(out, core::mem::take(&mut first), &part)
        })?;
        crate::sidecar::end(out)
    }

    fn parts(&self, visit: &mut dyn FnMut(&AssetProblem, &Block<'_>) -> fmt::Result) -> fmt::Result {
        let (mut column, mut row) = (0, self.shared.len());
        for asset in self.fleet.assets() {
            let wanted = |name: &String| format!("{}.{name}", asset.id);
            let (variables, own) = (&asset.local.variables().names, &asset.local.rows().names);
            let columns = variables.iter().enumerate().map(|(k, name)| again(&self.columns, column + k, &wanted(name)));
            let rows = own.iter().enumerate().map(|(k, name)| again(&self.rows, row + k, &wanted(name)));
            let block = Block {
                column,
                row,
                columns: Cow::Owned(columns.collect()),
                rows: Cow::Owned(rows.collect()),
                local: &asset.local,
                coupling: Some(&asset.coupling),
                integer: &asset.integer,
            };
            visit(&asset, &block)?;
            (column, row) = (column + variables.len(), row + own.len());
        }
        Ok(())
    }
}

impl Blocks for Parts<'_> {
    fn name(&self) -> &str {
        self.fleet.name()
    }

    fn shared(&self) -> (&[String], &[f64], &[f64]) {
        let bounds = &self.fleet.coupling().bounds;
        (&self.shared, bounds.lower(), bounds.upper())
    }

    fn constant(&self) -> f64 {
        self.constant
    }

    fn goal(&self) -> String {
        GOAL.to_owned()
    }

    fn renamed(&self, visit: &mut dyn FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        let mut changed = |given: &str, called: &str| if given == called { Ok(()) } else { visit(given, called) };
        self.shared.iter().zip(&self.fleet.coupling().names).try_for_each(|(given, name)| changed(given, name))?;
        self.parts(&mut |asset, block| {
            let (variables, own) = (&asset.local.variables().names, &asset.local.rows().names);
            let mut names = block.columns.iter().zip(variables).chain(block.rows.iter().zip(own));
            names.try_for_each(|(given, name)| changed(given, &format!("{}.{name}", asset.id)))
        })
    }

    fn each(&self, visit: &mut dyn FnMut(&Block<'_>) -> fmt::Result) -> fmt::Result {
        self.parts(&mut |_, block| visit(block))
    }
}
