use core::fmt::{self, Write};
use std::borrow::Cow;
use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, Coupling, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};
use serde::{Deserialize, Serialize};

use crate::{CatoptError, Loss, Program};

/// The name of the sidecar's format.
pub const SIDECAR_FORMAT: &str = "cosmosmesh.catopt-sidecar/1";

/// What a solver's file cannot carry: who owns which column and row, and the names they had.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sidecar {
    format: String,
    /// The fleet's name.
    pub(crate) name: String,
    fleet_rows: Vec<String>,
    fleet_row_names: Vec<String>,
    objects: Vec<ObjectPart>,
}

/// One asset's part of the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectPart {
    pub(crate) id: String,
    /// Its part of the objective's constant, which a file holds only in sum.
    pub(crate) constant: f64,
    pub(crate) columns: Vec<String>,
    pub(crate) variables: Vec<String>,
    pub(crate) rows: Vec<String>,
    pub(crate) row_names: Vec<String>,
}

impl Sidecar {
    pub(crate) fn new(
        name: String,
        fleet_rows: Vec<String>,
        fleet_row_names: Vec<String>,
        objects: Vec<ObjectPart>,
    ) -> Self {
        Self { format: SIDECAR_FORMAT.to_owned(), name, fleet_rows, fleet_row_names, objects }
    }

    /// The sidecar as JSON on one line.
    pub fn write(&self) -> String {
        let mut text = String::new();
        let mut write = || -> fmt::Result {
            begin(&mut text, &self.name, &self.fleet_rows, &self.fleet_row_names)?;
            self.objects.iter().enumerate().try_for_each(|(k, part)| object(&mut text, k == 0, part))?;
            end(&mut text)
        };
        // Writing into memory does not fail.
        let _ = write();
        text
    }

    /// The sidecar that a text states.
    ///
    /// # Errors
    /// [`CatoptError::Text`] with the line; [`CatoptError::Sidecar`] if lists do not fit together.
    pub fn read(text: &[u8]) -> Result<Self, CatoptError> {
        let sidecar: Self = serde_json::from_slice(text).map_err(|e| CatoptError::json(SIDECAR_FORMAT, &e))?;
        if sidecar.format != SIDECAR_FORMAT {
            return Err(CatoptError::sidecar(format!("its format is `{}`", sidecar.format)));
        }
        let whole =
            |part: &ObjectPart| part.columns.len() == part.variables.len() && part.rows.len() == part.row_names.len();
        if sidecar.fleet_rows.len() != sidecar.fleet_row_names.len() || !sidecar.objects.iter().all(whole) {
            return Err(CatoptError::sidecar("its lists of names differ in length"));
        }
        Ok(sidecar)
    }
}

/// The sidecar's text up to its objects.
pub(crate) fn begin(out: &mut dyn Write, name: &str, rows: &[String], row_names: &[String]) -> fmt::Result {
    let (name, rows, row_names) = (json(&name), json(&rows), json(&row_names));
    write!(out, "{{\"format\":\"{SIDECAR_FORMAT}\",\"name\":{name},\"fleet_rows\":{rows},")?;
    write!(out, "\"fleet_row_names\":{row_names},\"objects\":[")
}

pub(crate) fn object(out: &mut dyn Write, first: bool, part: &ObjectPart) -> fmt::Result {
    write!(out, "{}{}", if first { "" } else { "," }, json(part))
}

pub(crate) fn end(out: &mut dyn Write) -> fmt::Result {
    out.write_str("]}\n")
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("cannot fail because every key is text and every number finite")
}

/// The suffixes of the two rows that a two-sided row is written as.
pub(crate) const SIDES: [&str; 2] = ["#lo", "#hi"];

/// The fleet that a problem was made of, or the problem as a fleet of one asset if there is no sidecar.
///
/// The list says what was lost; with the sidecar of an untouched file it is empty.
/// # Errors
/// [`CatoptError::Sidecar`] if a name is missing, left over, or ties two assets together.
pub fn restore(program: &Program, sidecar: Option<&Sidecar>) -> Result<(FleetProblem, Vec<Loss>), CatoptError> {
    let program = joined(program)?;
    match sidecar {
        Some(sidecar) => Ok((owned(&program, sidecar)?, Vec::new())),
        None => alone(&program),
    }
}

fn alone(program: &Program) -> Result<(FleetProblem, Vec<Loss>), CatoptError> {
    let id = AssetId::new("imported").expect("cannot fail because the name is short and plain");
    let coupling = SparseMatrix::zeros(0, program.local.variable_count());
    let asset = AssetProblem::new(id, program.local.clone(), coupling, program.integer.clone())?;
    let none = Coupling { names: Vec::new(), bounds: Bounds::default() };
    let losses = [
        "which asset owns which column: all are in one asset `imported`",
        "which rows are the fleet's: all are private rows of that asset",
        "each asset's part of the constant: the sum is kept",
        "names as they were before they were made safe for the file",
    ];
    Ok((FleetProblem::new(program.name.clone(), none, vec![asset])?, losses.map(Loss::new).to_vec()))
}

/// The pairs of rows `name#lo` and `name#hi` as one row `name`.
fn joined(program: &Program) -> Result<Cow<'_, Program>, CatoptError> {
    let rows = program.local.rows();
    let position: BTreeMap<&str, usize> = rows.names.iter().enumerate().map(|(k, name)| (name.as_str(), k)).collect();
    // The other side of a row, and whether it is the side that gives way.
    let twin = |k: usize| -> Option<(usize, bool)> {
        let name = rows.names[k].as_str();
        if let Some(base) = name.strip_suffix(SIDES[0]) {
            return position.get(format!("{base}{}", SIDES[1]).as_str()).map(|&o| (o, false));
        }
        let base = name.strip_suffix(SIDES[1])?;
        position.get(format!("{base}{}", SIDES[0]).as_str()).map(|&o| (o, true))
    };
    let twins: Vec<Option<(usize, bool)>> = (0..rows.names.len()).map(twin).collect();
    if twins.iter().all(Option::is_none) {
        return Ok(Cow::Borrowed(program));
    }
    let (mut names, mut lower, mut upper, mut into) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (k, name) in rows.names.iter().enumerate() {
        into.push(names.len());
        let (mut l, mut u) = (rows.bounds.lower()[k], rows.bounds.upper()[k]);
        match twins[k] {
            Some((_, true)) => continue,
            Some((o, false)) => {
                (l, u) = (l.max(rows.bounds.lower()[o]), u.min(rows.bounds.upper()[o]));
                names.push(name[..name.len() - SIDES[0].len()].to_owned());
            }
            None => names.push(name.clone()),
        }
        lower.push(l);
        upper.push(u);
    }
    let mut kept = Vec::new();
    for j in 0..program.local.variable_count() {
        let entries: BTreeMap<usize, f64> = rows.matrix.column(j).collect();
        for (&k, &v) in &entries {
            if let Some((o, _)) = twins[k]
                && entries.get(&o) != Some(&v)
            {
                let what = format!("rows `{}` and `{}` are two sides of one and differ", rows.names[k], rows.names[o]);
                return Err(CatoptError::sidecar(what));
            }
            if !matches!(twins[k], Some((_, true))) {
                kept.push((into[k], j, v));
            }
        }
    }
    let matrix = SparseMatrix::from_triplets(names.len(), program.local.variable_count(), &kept)?;
    let local = LocalProblem::new(
        program.local.variables().clone(),
        program.local.objective().clone(),
        Rows { names, matrix, bounds: Bounds::new(lower, upper)? },
    )?;
    Ok(Cow::Owned(Program { name: program.name.clone(), local, integer: program.integer.clone() }))
}

/// Where a column or row of the file belongs.
#[derive(Clone, Copy)]
struct Home {
    object: usize,
    position: usize,
}

const FLEET: usize = usize::MAX;

fn homes<'a>(
    names: &[String],
    listed: impl Iterator<Item = (usize, &'a [String])>,
    what: &str,
) -> Result<Vec<Home>, CatoptError> {
    let mut known = BTreeMap::new();
    for (object, list) in listed {
        for (position, name) in list.iter().enumerate() {
            if known.insert(name.as_str(), Home { object, position }).is_some() {
                return Err(CatoptError::sidecar(format!("it lists {what} `{name}` twice")));
            }
        }
    }
    let found: Result<Vec<Home>, _> = names
        .iter()
        .map(|name| {
            known.remove(name.as_str()).ok_or_else(|| format!("the file has {what} `{name}`, the sidecar has not"))
        })
        .collect();
    let found = found.map_err(CatoptError::sidecar)?;
    match known.into_keys().next() {
        Some(name) => Err(CatoptError::sidecar(format!("{what} `{name}` is missing in the file"))),
        None => Ok(found),
    }
}

fn owned(program: &Program, sidecar: &Sidecar) -> Result<FleetProblem, CatoptError> {
    let (variables, objective, rows) = (program.local.variables(), program.local.objective(), program.local.rows());
    let parts = &sidecar.objects;
    let column_lists = parts.iter().enumerate().map(|(k, part)| (k, part.columns.as_slice()));
    let columns = homes(&variables.names, column_lists, "column")?;
    let row_lists = parts.iter().enumerate().map(|(k, part)| (k, part.rows.as_slice()));
    let row_lists = row_lists.chain([(FLEET, sidecar.fleet_rows.as_slice())]);
    let at = homes(&rows.names, row_lists, "row")?;

    let mut drafts: Vec<Draft> = parts.iter().map(Draft::new).collect();
    for (j, home) in columns.iter().enumerate() {
        let draft = &mut drafts[home.object];
        draft.lower[home.position] = variables.bounds.lower()[j];
        draft.upper[home.position] = variables.bounds.upper()[j];
        draft.q[home.position] = objective.q[j];
        for (i, v) in objective.p.column(j) {
            if columns[i].object != home.object {
                let what = format!("the cost ties `{}` to `{}`, of two assets", variables.names[i], variables.names[j]);
                return Err(CatoptError::sidecar(what));
            }
            let (a, b) = (columns[i].position, home.position);
            draft.p.push((a.min(b), a.max(b), v));
        }
        for (i, v) in rows.matrix.column(j) {
            match at[i] {
                Home { object: FLEET, position } => draft.g.push((position, home.position, v)),
                Home { object, position } if object == home.object => draft.a.push((position, home.position, v)),
                _ => {
                    let what =
                        format!("row `{}` reaches column `{}` of another asset", rows.names[i], variables.names[j]);
                    return Err(CatoptError::sidecar(what));
                }
            }
        }
    }
    let m = sidecar.fleet_rows.len();
    let (mut lower, mut upper) = (vec![0.0; m], vec![0.0; m]);
    for (i, home) in at.iter().enumerate() {
        let (l, u) = (rows.bounds.lower()[i], rows.bounds.upper()[i]);
        match home.object {
            FLEET => (lower[home.position], upper[home.position]) = (l, u),
            object => {
                (drafts[object].row_lower[home.position], drafts[object].row_upper[home.position]) = (l, u);
            }
        }
    }
    for &j in &program.integer {
        drafts[columns[j].object].integer.push(columns[j].position);
    }
    let assets: Result<Vec<_>, CatoptError> =
        drafts.into_iter().zip(parts).map(|(draft, part)| draft.finish(part, m)).collect();
    let assets = assets?;
    let total: f64 = assets.iter().map(|asset| asset.local.objective().c).sum();
    if (total - objective.c).abs() > 1e-9 * (1.0 + total.abs()) {
        return Err(CatoptError::sidecar(format!("its constants add up to {total}, the file's is {}", objective.c)));
    }
    let coupling = Coupling { names: sidecar.fleet_row_names.clone(), bounds: Bounds::new(lower, upper)? };
    Ok(FleetProblem::new(sidecar.name.clone(), coupling, assets)?)
}

#[derive(Default)]
struct Draft {
    lower: Vec<f64>,
    upper: Vec<f64>,
    q: Vec<f64>,
    row_lower: Vec<f64>,
    row_upper: Vec<f64>,
    p: Vec<(usize, usize, f64)>,
    a: Vec<(usize, usize, f64)>,
    g: Vec<(usize, usize, f64)>,
    integer: Vec<usize>,
}

impl Draft {
    fn new(part: &ObjectPart) -> Self {
        let (n, m) = (part.columns.len(), part.rows.len());
        Self {
            lower: vec![0.0; n],
            upper: vec![0.0; n],
            q: vec![0.0; n],
            row_lower: vec![0.0; m],
            row_upper: vec![0.0; m],
            ..Self::default()
        }
    }

    fn finish(mut self, part: &ObjectPart, m: usize) -> Result<AssetProblem, CatoptError> {
        let (n, own) = (part.columns.len(), part.rows.len());
        self.integer.sort_unstable();
        let id = AssetId::new(part.id.clone()).map_err(|error| CatoptError::sidecar(error.to_string()))?;
        let local = LocalProblem::new(
            Variables { names: part.variables.clone(), bounds: Bounds::new(self.lower, self.upper)? },
            Objective { p: SparseMatrix::from_triplets(n, n, &self.p)?, q: self.q, c: part.constant },
            Rows {
                names: part.row_names.clone(),
                matrix: SparseMatrix::from_triplets(own, n, &self.a)?,
                bounds: Bounds::new(self.row_lower, self.row_upper)?,
            },
        )?;
        Ok(AssetProblem::new(id, local, SparseMatrix::from_triplets(m, n, &self.g)?, self.integer)?)
    }
}
