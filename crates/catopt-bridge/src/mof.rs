//! MathOptFormat 1.x, the JSON of JuMP: of all formats here the one with a published JSON Schema.
//!
//! One triangle of `P` is written, diagonal entries as they stand in `P`, because the function means `1/2 x'Qx + a'x + b`
//! and its readers add mirrored pairs up. A row that is open on both sides cannot be said and is left out, which the losses say.

use core::fmt::Write;
use std::borrow::Cow;
use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};
use serde::Deserialize;

use crate::number::Shortest;
use crate::{CatoptError, Import, Loss, Program, check_convex};

/// Writes the problem as MathOptFormat and returns what could not be said.
///
/// # Cost
/// One pass; beside the text, memory for the rows of the matrix.
pub fn write(program: &Program, out: &mut impl Write) -> Vec<Loss> {
    let rows = program.local.rows();
    let open = |k: &usize| !rows.bounds.lower()[*k].is_finite() && !rows.bounds.upper()[*k].is_finite();
    let losses =
        (0..rows.names.len()).filter(open).map(|k| Loss::new(format!("row `{}`, open on both sides", rows.names[k])));
    let losses = losses.collect();
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(program, out);
    losses
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn try_write(program: &Program, out: &mut impl Write) -> core::fmt::Result {
    let (variables, objective, rows) = (program.local.variables(), program.local.objective(), program.local.rows());
    let names: Vec<String> = variables.names.iter().map(|name| quoted(name)).collect();
    write!(out, "{{\"version\":{{\"major\":1,\"minor\":2}},\"name\":{},\n\"variables\":[", quoted(&program.name))?;
    for (j, name) in names.iter().enumerate() {
        write!(out, "{}{{\"name\":{name}}}", if j > 0 { ",\n" } else { "" })?;
    }
    write!(
        out,
        "],\n\"objective\":{{\"sense\":\"min\",\"function\":{{\"type\":\"ScalarQuadraticFunction\",\"affine_terms\":["
    )?;
    terms(out, &names, objective.q.iter().copied().enumerate().filter(|t| t.1 != 0.0))?;
    write!(out, "],\"quadratic_terms\":[")?;
    for (k, (i, j, v)) in objective.p.triplets().filter(|t| t.2 != 0.0).enumerate() {
        let comma = if k > 0 { ",\n" } else { "" };
        write!(
            out,
            "{comma}{{\"coefficient\":{},\"variable_1\":{},\"variable_2\":{}}}",
            Shortest(v),
            names[i],
            names[j]
        )?;
    }
    write!(out, "],\"constant\":{}}}}},\n\"constraints\":[", Shortest(objective.c))?;
    let mut comma = "";
    for (j, name) in names.iter().enumerate() {
        if let Some(set) = set(variables.bounds.lower()[j], variables.bounds.upper()[j]) {
            write!(out, "{comma}{{\"function\":{{\"type\":\"Variable\",\"name\":{name}}},\"set\":{set}}}")?;
            comma = ",\n";
        }
    }
    for j in &program.integer {
        write!(
            out,
            "{comma}{{\"function\":{{\"type\":\"Variable\",\"name\":{}}},\"set\":{{\"type\":\"Integer\"}}}}",
            names[*j]
        )?;
        comma = ",\n";
    }
    let mut by_rows = vec![Vec::new(); rows.names.len()];
    rows.matrix.triplets().filter(|t| t.2 != 0.0).for_each(|(i, j, v)| by_rows[i].push((j, v)));
    for (i, entries) in by_rows.into_iter().enumerate() {
        let Some(set) = set(rows.bounds.lower()[i], rows.bounds.upper()[i]) else { continue };
        write!(
            out,
            "{comma}{{\"name\":{},\"function\":{{\"type\":\"ScalarAffineFunction\",\"terms\":[",
            quoted(&rows.names[i])
        )?;
        terms(out, &names, entries.into_iter())?;
        write!(out, "],\"constant\":0}},\"set\":{set}}}")?;
        comma = ",\n";
    }
    writeln!(out, "]}}")
}

fn terms(out: &mut impl Write, names: &[String], entries: impl Iterator<Item = (usize, f64)>) -> core::fmt::Result {
    for (k, (j, v)) in entries.enumerate() {
        write!(out, "{}{{\"coefficient\":{},\"variable\":{}}}", if k > 0 { ",\n" } else { "" }, Shortest(v), names[j])?;
    }
    Ok(())
}

fn set(lower: f64, upper: f64) -> Option<String> {
    let (l, u) = (Shortest(lower), Shortest(upper));
    match (lower.is_finite(), upper.is_finite()) {
        _ if lower == upper => Some(format!("{{\"type\":\"EqualTo\",\"value\":{l}}}")),
        (true, true) => Some(format!("{{\"type\":\"Interval\",\"lower\":{l},\"upper\":{u}}}")),
        (true, false) => Some(format!("{{\"type\":\"GreaterThan\",\"lower\":{l}}}")),
        (false, true) => Some(format!("{{\"type\":\"LessThan\",\"upper\":{u}}}")),
        (false, false) => None,
    }
}

#[derive(Deserialize)]
struct Model<'a> {
    version: Version,
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    variables: Vec<Named<'a>>,
    #[serde(borrow)]
    objective: Goal<'a>,
    #[serde(borrow)]
    constraints: Vec<Constraint<'a>>,
}

#[derive(Deserialize)]
struct Version {
    major: u64,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Goal<'a> {
    #[serde(borrow)]
    sense: Cow<'a, str>,
    #[serde(default, borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Constraint<'a> {
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    function: Function<'a>,
    #[serde(borrow)]
    set: Set<'a>,
}

/// Every kind of function that a convex quadratic problem may hold, told apart by `kind`.
#[derive(Deserialize)]
struct Function<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    name: Cow<'a, str>,
    #[serde(default, borrow, alias = "affine_terms")]
    terms: Vec<Term<'a>>,
    #[serde(default, borrow)]
    quadratic_terms: Vec<Pair<'a>>,
    #[serde(default)]
    constant: f64,
}

#[derive(Deserialize)]
struct Term<'a> {
    coefficient: f64,
    #[serde(borrow)]
    variable: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Pair<'a> {
    coefficient: f64,
    #[serde(borrow)]
    variable_1: Cow<'a, str>,
    #[serde(borrow)]
    variable_2: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    lower: Option<f64>,
    upper: Option<f64>,
    value: Option<f64>,
}

const FORMAT: &str = "MathOptFormat";

fn refuse<T>(what: impl Into<String>) -> Result<T, CatoptError> {
    Err(CatoptError::text(FORMAT, 0, what))
}

/// The problem that a MathOptFormat text states.
///
/// `max` is turned into `min` by negating the cost, which the losses say.
/// # Errors
/// [`CatoptError::Text`] for what is no convex quadratic problem with linear rows; [`CatoptError::NotConvex`]; [`CatoptError::Problem`].
/// # Cost
/// One pass; memory a small multiple of the text.
pub fn read(text: &str) -> Result<Import, CatoptError> {
    let model: Model<'_> = serde_json::from_str(text).map_err(|error| CatoptError::json(FORMAT, &error))?;
    if model.version.major != 1 {
        return refuse(format!("version {} is not read here; write version 1", model.version.major));
    }
    let mut places = BTreeMap::new();
    for (j, variable) in model.variables.iter().enumerate() {
        if places.insert(variable.name.as_ref(), j).is_some() {
            return refuse(format!("variable `{}` comes twice; rename one", variable.name));
        }
    }
    let place = |name: &str| match places.get(name) {
        Some(&j) => Ok(j),
        None => refuse(format!("there is no variable `{name}`; list it")),
    };
    let n = model.variables.len();
    let mut losses = Vec::new();
    let sign = match model.objective.sense.as_ref() {
        "min" | "feasibility" => 1.0,
        "max" => {
            losses.push(Loss::new("the sense max: the cost was negated and is minimised; negate objective and duals"));
            -1.0
        }
        other => return refuse(format!("`{other}` is no sense; min, max or feasibility are")),
    };
    let (mut p, mut q, mut c) = (BTreeMap::new(), vec![0.0; n], 0.0);
    if let Some(function) = &model.objective.function {
        match function.kind.as_ref() {
            "Variable" => q[place(&function.name)?] = sign,
            "ScalarAffineFunction" | "ScalarQuadraticFunction" => {
                for term in &function.terms {
                    q[place(&term.variable)?] += sign * term.coefficient;
                }
                for pair in &function.quadratic_terms {
                    let (i, j) = (place(&pair.variable_1)?, place(&pair.variable_2)?);
                    // The format adds up what is listed twice, mirrored pairs included.
                    *p.entry((i.min(j), i.max(j))).or_insert(0.0) += sign * pair.coefficient;
                }
                c = sign * function.constant;
            }
            other => return refuse(format!("an objective of type `{other}` is not convex quadratic")),
        }
    }
    let (mut lower, mut upper, mut integer) = (vec![f64::NEG_INFINITY; n], vec![f64::INFINITY; n], Vec::new());
    let (mut names, mut row_lower, mut row_upper, mut a) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (k, constraint) in model.constraints.iter().enumerate() {
        let (function, set) = (&constraint.function, &constraint.set);
        if function.kind == "Variable" && matches!(set.kind.as_ref(), "Integer" | "ZeroOne") {
            let j = place(&function.name)?;
            integer.push(j);
            if set.kind == "ZeroOne" {
                (lower[j], upper[j]) = (lower[j].max(0.0), upper[j].min(1.0));
            }
            continue;
        }
        let (l, u) = match (set.kind.as_ref(), set.lower, set.upper, set.value) {
            ("EqualTo", _, _, Some(v)) => (v, v),
            ("Interval", Some(l), Some(u), _) => (l, u),
            ("GreaterThan", Some(l), _, _) => (l, f64::INFINITY),
            ("LessThan", _, Some(u), _) => (f64::NEG_INFINITY, u),
            (other, ..) => return refuse(format!("constraint {k}: set `{other}` is not linear, or lacks a side")),
        };
        match function.kind.as_ref() {
            "Variable" => {
                let j = place(&function.name)?;
                (lower[j], upper[j]) = (lower[j].max(l), upper[j].min(u));
            }
            "ScalarAffineFunction" => {
                let i = names.len();
                let mut row = BTreeMap::new();
                for term in &function.terms {
                    *row.entry(place(&term.variable)?).or_insert(0.0) += term.coefficient;
                }
                a.extend(row.into_iter().map(|(j, v)| (i, j, v)));
                row_lower.push(l - function.constant);
                row_upper.push(u - function.constant);
                let name = constraint.name.as_ref();
                names.push(if name.is_empty() { format!("constraint@{k}") } else { name.to_owned() });
            }
            other => return refuse(format!("constraint {k}: a function of type `{other}` is not linear")),
        }
    }
    integer.sort_unstable();
    integer.dedup();
    let p: Vec<_> = p.into_iter().map(|((i, j), v)| (i, j, v)).collect();
    let p = SparseMatrix::from_triplets(n, n, &p)?;
    check_convex(&model.name, &p)?;
    let local = LocalProblem::new(
        Variables {
            names: model.variables.iter().map(|variable| variable.name.clone().into_owned()).collect(),
            bounds: Bounds::new(lower, upper).map_err(|e| e.within("variables"))?,
        },
        Objective { p, q, c },
        Rows {
            matrix: SparseMatrix::from_triplets(names.len(), n, &a)?,
            names,
            bounds: Bounds::new(row_lower, row_upper).map_err(|e| e.within("constraints"))?,
        },
    )?;
    Ok(Import { program: Program { name: model.name.into_owned(), local, integer }, losses })
}
