use core::fmt::Write;

use super::fleet_document::{
    AgentDocument, CouplingDocument, FleetDocument, ObjectiveDocument, RowsDocument, VariablesDocument,
};
use super::value::{Entry, Index, Number, object_from_slice, plain};
use super::{FLEET_FORMAT, FileError};
use crate::AssetId;
use crate::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, ProblemError, ProblemErrorKind as Kind,
    Rows, SparseMatrix, Variables,
};

/// The fleet problem that a `cosmosmesh.fleet/1` text states.
///
/// # Errors
/// [`FileError`] with the place and what to do; the same text fails again.
/// # Cost
/// One pass; memory at most about twenty times the text, whatever the text claims.
pub fn read_fleet(text: &[u8]) -> Result<FleetProblem, FileError> {
    let document: FleetDocument = object_from_slice(text)?;
    let coupling = coupling(document.coupling)?;
    let m = coupling.bounds.len();
    let mut assets = Vec::with_capacity(document.agents.len());
    for (k, agent) in document.agents.into_iter().enumerate() {
        assets.push(asset(agent, m).map_err(|error| error.within(&format!("agents[{k}]")))?);
    }
    Ok(FleetProblem::new(document.name, coupling, assets)?)
}

/// The `cosmosmesh.fleet/1` text of a problem, on one line. Reading it gives an equal problem.
pub fn write_fleet(fleet: &FleetProblem) -> String {
    let mut text = String::new();
    // Writing into memory does not fail.
    let _ = write_fleet_to(fleet, &mut text);
    text
}

/// [`write_fleet`] into a sink, asset by asset.
///
/// # Errors
/// The sink's own.
pub fn write_fleet_to(fleet: &FleetProblem, out: &mut impl Write) -> core::fmt::Result {
    let mut writer = FleetWriter::new(out, fleet.name(), fleet.coupling())?;
    fleet.assets().iter().try_for_each(|asset| writer.asset(asset))?;
    writer.finish()
}

/// A `cosmosmesh.fleet/1` text in the making, for writers that hold one asset at a time.
///
/// What is written is what [`write_fleet`] writes; whether the assets fit together is the caller's concern.
pub struct FleetWriter<'a, W> {
    out: &'a mut W,
    first: bool,
}

impl<'a, W: Write> FleetWriter<'a, W> {
    /// Begins the text.
    ///
    /// # Errors
    /// The sink's own.
    pub fn new(out: &'a mut W, name: &str, coupling: &Coupling) -> Result<Self, core::fmt::Error> {
        let (lower, upper) = open_sides(&coupling.bounds);
        let shared = CouplingDocument { names: coupling.names.clone(), lower, upper };
        let (name, shared) = (json(&name), json(&shared));
        write!(out, "{{\"format\":{},\"name\":{name},\"coupling\":{shared},\"agents\":[", json(&FLEET_FORMAT))?;
        Ok(Self { out, first: true })
    }

    /// Writes the next asset.
    ///
    /// # Errors
    /// The sink's own.
    pub fn asset(&mut self, asset: &AssetProblem) -> core::fmt::Result {
        let comma = if core::mem::take(&mut self.first) { "" } else { "," };
        write!(self.out, "{comma}{}", json(&agent(asset)))
    }

    /// Ends the text.
    ///
    /// # Errors
    /// The sink's own.
    pub fn finish(self) -> core::fmt::Result {
        self.out.write_str("]}\n")
    }
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("cannot fail because every key is text and memory is no file")
}

pub(super) fn coupling(document: CouplingDocument) -> Result<Coupling, ProblemError> {
    let CouplingDocument { names, lower, upper } = document;
    let bounds = bounds(lower, upper).map_err(|error| error.within("coupling"))?;
    same_length("coupling.names", names.len(), bounds.len())?;
    Ok(Coupling { names, bounds })
}

pub(super) fn asset(agent: AgentDocument, m: usize) -> Result<AssetProblem, ProblemError> {
    let id = AssetId::new(agent.id).map_err(|error| ProblemError::at("id", error.into()))?;
    let bounds_of_variables =
        bounds(agent.variables.lower, agent.variables.upper).map_err(|e| e.within("variables"))?;
    let n = bounds_of_variables.len();
    // Lengths first: an index is judged against the right dimension or not at all.
    same_length("variables.names", agent.variables.names.len(), n)?;
    same_length("objective.q", agent.objective.q.len(), n)?;
    let bounds_of_rows = bounds(agent.rows.lower, agent.rows.upper).map_err(|e| e.within("rows"))?;
    same_length("rows.names", agent.rows.names.len(), bounds_of_rows.len())?;

    let variables = Variables { names: agent.variables.names, bounds: bounds_of_variables };
    if let Some(k) = agent.objective.p.iter().position(|Entry((row, column, _))| row > column) {
        let Entry((row, column, _)) = agent.objective.p[k];
        return Err(ProblemError::at(format!("objective.P[{k}]"), Kind::BelowDiagonal { row, column }));
    }
    let p = matrix(agent.objective.p, n, n).map_err(|e| e.within("objective.P"))?;
    let objective = Objective { p, q: plain(agent.objective.q), c: agent.objective.c.0 };
    let a = matrix(agent.rows.a, bounds_of_rows.len(), n).map_err(|e| e.within("rows.A"))?;
    let rows = Rows { names: agent.rows.names, matrix: a, bounds: bounds_of_rows };
    let local = LocalProblem::new(variables, objective, rows)?;
    let coupling = matrix(agent.coupling, m, n).map_err(|e| e.within("coupling"))?;
    AssetProblem::new(id, local, coupling, whole_columns(agent.integer, n)?)
}

fn bounds(lower: Vec<Option<Number>>, upper: Vec<Option<Number>>) -> Result<Bounds, ProblemError> {
    let side = |values: Vec<Option<Number>>, open: f64| values.into_iter().map(|v| v.map_or(open, |n| n.0)).collect();
    Bounds::new(side(lower, f64::NEG_INFINITY), side(upper, f64::INFINITY))
}

fn matrix(entries: Vec<Entry>, row_count: usize, column_count: usize) -> Result<SparseMatrix, ProblemError> {
    let triplets: Vec<_> = entries.into_iter().map(|entry| entry.0).collect();
    SparseMatrix::from_triplets(row_count, column_count, &triplets)
}

// The file may list them in any order; a problem holds them ascending.
fn whole_columns(listed: Vec<Index>, n: usize) -> Result<Vec<usize>, ProblemError> {
    let mut columns: Vec<(usize, usize)> = listed.into_iter().enumerate().map(|(k, index)| (index.0, k)).collect();
    if let Some(&(column, k)) = columns.iter().find(|(column, _)| *column >= n) {
        let kind = Kind::IndexOutOfRange { index: column as u64, count: n };
        return Err(ProblemError::at(format!("integer[{k}]"), kind));
    }
    columns.sort_unstable();
    if let Some(pair) = columns.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let what = format!("column {}", pair[1].0);
        return Err(ProblemError::at(format!("integer[{}]", pair[1].1), Kind::Duplicate { what }));
    }
    Ok(columns.into_iter().map(|(column, _)| column).collect())
}

fn same_length(place: &str, found: usize, expected: usize) -> Result<(), ProblemError> {
    if found == expected { Ok(()) } else { Err(ProblemError::at(place, Kind::WrongLength { expected, found })) }
}

fn agent(asset: &AssetProblem) -> AgentDocument {
    let AssetProblem { id, local, coupling, integer } = asset;
    let (variables, objective, rows) = (local.variables(), local.objective(), local.rows());
    let (lower, upper) = open_sides(&variables.bounds);
    let (rows_lower, rows_upper) = open_sides(&rows.bounds);
    AgentDocument {
        id: id.to_string(),
        variables: VariablesDocument { names: variables.names.clone(), lower, upper },
        objective: ObjectiveDocument {
            p: entries(&objective.p),
            q: objective.q.iter().copied().map(Number).collect(),
            c: Number(objective.c),
        },
        rows: RowsDocument {
            names: rows.names.clone(),
            a: entries(&rows.matrix),
            lower: rows_lower,
            upper: rows_upper,
        },
        coupling: entries(coupling),
        integer: integer.iter().copied().map(Index).collect(),
    }
}

fn open_sides(bounds: &Bounds) -> (Vec<Option<Number>>, Vec<Option<Number>>) {
    let side = |values: &[f64]| values.iter().map(|&v| v.is_finite().then_some(Number(v))).collect();
    (side(bounds.lower()), side(bounds.upper()))
}

fn entries(matrix: &SparseMatrix) -> Vec<Entry> {
    matrix.triplets().map(Entry).collect()
}
