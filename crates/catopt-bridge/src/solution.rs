//! A solution of an exported problem, by the names of the file: `cosmosmesh.solution/1` as JSON, or the same as CSV.
//!
//! No two solvers write one solution file, and few write duals; this is the one that `catopt certify` takes from all of them.
//! Duals are `d objective / d right-hand side`, as in the files themselves.
//!
//! ```text
//! kind,name,value,dual
//! column,rover.drive,2.5,
//! row,bus,3,-0.5
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::document::DUAL_CONVENTION;
use crate::lp::{self, Column};
use crate::number::Shortest;
use crate::sidecar::SIDES;
use crate::{CatoptError, Program};

/// The name of the JSON form.
pub const SOLUTION_FORMAT: &str = "cosmosmesh.solution/1";

/// Values and duals by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Solution {
    format: String,
    /// The name of the problem.
    #[serde(default)]
    pub problem: String,
    /// The cost that its author claims.
    #[serde(default)]
    pub objective: Option<f64>,
    dual_convention: String,
    /// Columns with their values.
    pub columns: Vec<ColumnValue>,
    /// Rows with their duals; a row may be missing, or have none.
    #[serde(default)]
    pub rows: Vec<RowValue>,
}

/// The value of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnValue {
    /// The name in the file.
    pub name: String,
    /// The value.
    pub value: f64,
}

/// The dual of one row, and its value if known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowValue {
    /// The name in the file.
    pub name: String,
    /// `A x` at this row.
    #[serde(default)]
    pub value: Option<f64>,
    /// `d objective / d right-hand side`.
    #[serde(default)]
    pub dual: Option<f64>,
}

/// One value per column, and one dual per row if the solution has any.
pub type Values = (Vec<f64>, Option<Vec<f64>>);

fn refuse<T>(line: usize, what: impl Into<String>) -> Result<T, CatoptError> {
    Err(CatoptError::text(SOLUTION_FORMAT, line, what))
}

impl Solution {
    /// The solution with these values of a problem's columns and rows.
    ///
    /// # Shape
    /// `x` has one entry per column, `y` one per row or none at all.
    /// # Errors
    /// [`CatoptError::Solution`] if a length differs.
    pub fn of(program: &Program, x: &[f64], y: &[f64]) -> Result<Self, CatoptError> {
        let (columns, rows) = (&program.local.variables().names, program.local.rows());
        if x.len() != columns.len() || !(y.is_empty() || y.len() == rows.names.len()) {
            return Err(CatoptError::solution(format!("it has {} values and {} duals", x.len(), y.len())));
        }
        let mut values = vec![0.0; rows.names.len()];
        rows.matrix.multiply_add(x, &mut values);
        let column = |(name, value): (&String, &f64)| ColumnValue { name: name.clone(), value: *value };
        let row = |(k, name): (usize, &String)| RowValue {
            name: name.clone(),
            value: Some(values[k]),
            dual: y.get(k).copied(),
        };
        Ok(Self {
            format: SOLUTION_FORMAT.to_owned(),
            problem: program.name.clone(),
            objective: Some(program.local.objective().value(x)),
            dual_convention: DUAL_CONVENTION.to_owned(),
            columns: columns.iter().zip(x).map(column).collect(),
            rows: rows.names.iter().enumerate().map(row).collect(),
        })
    }

    /// The solution that a text states: JSON if it starts with a brace, else CSV.
    ///
    /// # Errors
    /// [`CatoptError::Text`] with the line.
    /// # Cost
    /// One pass; memory a small multiple of the text.
    pub fn read(text: &str) -> Result<Self, CatoptError> {
        // Spreadsheets begin a CSV file with a byte order mark.
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') { Self::read_json(text) } else { Self::read_csv(text) }
    }

    fn read_json(text: &str) -> Result<Self, CatoptError> {
        let solution: Self = serde_json::from_str(text).map_err(|error| CatoptError::json(SOLUTION_FORMAT, &error))?;
        for (key, found, expected) in [
            ("format", &solution.format, SOLUTION_FORMAT),
            ("dual_convention", &solution.dual_convention, DUAL_CONVENTION),
        ] {
            if found != expected {
                return refuse(0, format!("{key} is `{found}`, and what is read here is `{expected}`"));
            }
        }
        Ok(solution)
    }

    fn read_csv(text: &str) -> Result<Self, CatoptError> {
        let mut solution = Self {
            format: SOLUTION_FORMAT.to_owned(),
            problem: String::new(),
            objective: None,
            dual_convention: DUAL_CONVENTION.to_owned(),
            columns: Vec::new(),
            rows: Vec::new(),
        };
        let mut lines = text.lines().enumerate().map(|(k, line)| (k + 1, line)).filter(|(_, l)| !l.trim().is_empty());
        if lines.next().is_none_or(|(_, line)| line.trim() != HEAD) {
            return refuse(1, format!("the first line must be `{HEAD}`"));
        }
        for (k, line) in lines {
            let cells = cells(line).map_or_else(|| refuse(k, "a quote is not closed"), Ok)?;
            let [kind, name, value, dual] = cells.as_slice() else {
                return refuse(k, format!("{} cells where 4 are needed: {HEAD}", cells.len()));
            };
            let number = |cell: &str| match cell.trim() {
                "" => Ok(None),
                cell => match cell.parse::<f64>() {
                    Ok(v) if v.is_finite() => Ok(Some(v)),
                    _ => refuse(k, format!("`{cell}` is not a finite number; leave the cell empty if it is not known")),
                },
            };
            let (value, dual) = (number(value)?, number(dual)?);
            match (kind.trim(), value) {
                ("column", Some(value)) => solution.columns.push(ColumnValue { name: name.clone(), value }),
                ("column", None) => return refuse(k, format!("column `{name}` has no value")),
                ("row", value) => solution.rows.push(RowValue { name: name.clone(), value, dual }),
                (other, _) => return refuse(k, format!("`{other}` is neither column nor row")),
            }
        }
        Ok(solution)
    }

    /// The solution as JSON on one line.
    pub fn write_json(&self) -> String {
        serde_json::to_string(self).expect("cannot fail because every key is text") + "\n"
    }

    /// The solution as CSV.
    pub fn write_csv(&self) -> String {
        let mut text = format!("{HEAD}\n");
        let cell = |value: Option<f64>| value.map_or_else(String::new, |v| Shortest(v).to_string());
        // Writing into memory does not fail.
        for column in &self.columns {
            let _ = writeln!(text, "column,{},{},", quoted(&column.name), Shortest(column.value));
        }
        for row in &self.rows {
            let _ = writeln!(text, "row,{},{},{}", quoted(&row.name), cell(row.value), cell(row.dual));
        }
        text
    }

    /// Values and duals in the order of a problem's columns and rows.
    ///
    /// The duals of a row's two sides, `name#lo` and `name#hi`, are added up. Rows that are not listed have a dual of zero.
    /// A solution of the LP file has that file's names, `x0`, `r0lo` and the column `one`; it is understood as well.
    /// # Errors
    /// [`CatoptError::Solution`] for a column that is missing, a name that the problem has not, or one that comes twice.
    pub fn onto(&self, program: &Program) -> Result<Values, CatoptError> {
        let places =
            |names: &[String]| names.iter().enumerate().map(|(k, n)| (n.clone(), k)).collect::<BTreeMap<_, _>>();
        let (columns, rows) = (places(&program.local.variables().names), places(&program.local.rows().names));
        let mut listed = self.columns.iter().map(|column| &column.name);
        let of_lp =
            !listed.clone().all(|name| columns.contains_key(name)) && listed.all(|name| lp::column(name).is_some());
        let mut x = vec![None; columns.len()];
        for column in &self.columns {
            let j = match lp::column(&column.name).filter(|_| of_lp) {
                Some(Column::One) => continue,
                Some(Column::Of(j)) => Some(j).filter(|j| *j < columns.len()),
                None => columns.get(&column.name).copied(),
            };
            let j = j.ok_or_else(|| CatoptError::solution(format!("the problem has no column `{}`", column.name)))?;
            if x[j].replace(column.value).is_some() {
                return Err(CatoptError::solution(format!("column `{}` comes twice", column.name)));
            }
        }
        if let Some(j) = x.iter().position(Option::is_none) {
            let name = &program.local.variables().names[j];
            return Err(CatoptError::solution(format!("column `{name}` has no value")));
        }
        let mut y = vec![0.0; rows.len()];
        let mut seen = std::collections::BTreeSet::new();
        for row in &self.rows {
            let base = SIDES.iter().find_map(|side| row.name.strip_suffix(side)).unwrap_or(&row.name);
            let k = if of_lp {
                lp::row_number(&row.name).filter(|k| *k < rows.len())
            } else {
                rows.get(&row.name).or_else(|| rows.get(base)).copied()
            };
            let k = k.ok_or_else(|| CatoptError::solution(format!("the problem has no row `{}`", row.name)))?;
            if !seen.insert(&row.name) {
                return Err(CatoptError::solution(format!("row `{}` comes twice", row.name)));
            }
            y[k] += row.dual.unwrap_or(0.0);
        }
        let known = self.rows.iter().any(|row| row.dual.is_some());
        Ok((x.into_iter().flatten().collect(), known.then_some(y)))
    }
}

const HEAD: &str = "kind,name,value,dual";

/// A cell, in quotes where RFC 4180 asks for them.
fn quoted(name: &str) -> String {
    if name.contains([',', '"']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_owned() }
}

/// The cells of one line by RFC 4180, none if a quote is not closed.
fn cells(line: &str) -> Option<Vec<String>> {
    let (mut cells, mut cell, mut inside) = (Vec::new(), String::new(), false);
    let mut characters = line.trim_end_matches('\r').chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if inside && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => cells.push(core::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    (!inside).then_some(cells)
}
