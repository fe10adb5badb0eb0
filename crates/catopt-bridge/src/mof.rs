//! MathOptFormat 1.x, the JSON of JuMP: of all formats here the one with a published JSON Schema.
//!
//! One triangle of `P` is written, diagonal entries as they stand in `P`, because the function means `1/2 x'Qx + a'x + b`
//! and its readers add mirrored pairs up. A row that is open on both sides cannot be said and is left out, which the losses say.

use core::fmt::{self, Write};
use std::borrow::Cow;
use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{Bounds, LocalProblem, Objective, Rows, SparseMatrix, Variables};
use serde::Deserialize;

use crate::number::Shortest;
use crate::parts::{Blocks, shared_rows};
use crate::{CatoptError, Import, Loss, Program, check_convex};

/// Writes the problem as MathOptFormat and returns what could not be said.
///
/// # Cost
/// A pass over the blocks for each part; beside the text, memory for one block and for what all blocks use of the shared rows.
pub fn write(problem: &impl Blocks, out: &mut impl Write) -> Vec<Loss> {
    let mut losses = Vec::new();
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(problem, out, &mut losses);
    losses
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn try_write(problem: &dyn Blocks, out: &mut dyn Write, losses: &mut Vec<Loss>) -> fmt::Result {
    let (shared, lower, upper) = problem.shared();
    write!(out, "{{\"version\":{{\"major\":1,\"minor\":2}},\"name\":{},\n\"variables\":[", quoted(problem.name()))?;
    let mut list = List::new();
    problem.each(&mut |block| {
        block.columns.iter().try_for_each(|name| write!(out, "{}{{\"name\":{}}}", list.comma(), quoted(name)))
    })?;
    write!(
        out,
        "],\n\"objective\":{{\"sense\":\"min\",\"function\":{{\"type\":\"ScalarQuadraticFunction\",\"affine_terms\":["
    )?;
    let mut list = List::new();
    problem.each(&mut |block| {
        let mut linear = block.local.objective().q.iter().enumerate().filter(|(_, q)| **q != 0.0);
        linear.try_for_each(|(j, q)| term(out, &mut list, *q, &block.columns[j]))
    })?;
    write!(out, "],\"quadratic_terms\":[")?;
    let mut list = List::new();
    problem.each(&mut |block| {
        block.local.objective().p.triplets().filter(|t| t.2 != 0.0).try_for_each(|(i, j, v)| {
            let (one, other) = (quoted(&block.columns[i]), quoted(&block.columns[j]));
            let v = Shortest(v);
            write!(out, "{}{{\"coefficient\":{v},\"variable_1\":{one},\"variable_2\":{other}}}", list.comma())
        })
    })?;
    write!(out, "],\"constant\":{}}}}},\n\"constraints\":[", Shortest(problem.constant()))?;
    let mut list = List::new();
    problem.each(&mut |block| {
        let bounds = &block.local.variables().bounds;
        for (j, name) in block.columns.iter().enumerate() {
            if let Some(set) = set(bounds.lower()[j], bounds.upper()[j]) {
                variable(out, &mut list, name, &set)?;
            }
        }
        Ok(())
    })?;
    problem.each(&mut |block| {
        block.integer.iter().try_for_each(|j| variable(out, &mut list, &block.columns[*j], "{\"type\":\"Integer\"}"))
    })?;
    let names = if shared.is_empty() { Vec::new() } else { column_names(problem) };
    for (i, entries) in shared_rows(problem).into_iter().enumerate() {
        let mut terms = entries.into_iter().map(|(j, v)| (names[j as usize].as_str(), v));
        row(out, &mut list, losses, &shared[i], (lower[i], upper[i]), &mut terms)?;
    }
    drop(names);
    problem.each(&mut |block| {
        let bounds = &block.local.rows().bounds;
        for (i, entries) in block.by_row().into_iter().enumerate() {
            let mut terms = entries.into_iter().map(|(j, v)| (block.columns[j].as_str(), v));
            let sides = (bounds.lower()[i], bounds.upper()[i]);
            row(out, &mut list, losses, &block.rows[i], sides, &mut terms)?;
        }
        Ok(())
    })?;
    writeln!(out, "]}}")
}

/// The columns' names, all at once: shared rows name columns of every block.
fn column_names(problem: &dyn Blocks) -> Vec<String> {
    let mut names = Vec::new();
    // The visitor does not fail.
    let _ = problem.each(&mut |block| {
        names.extend(block.columns.iter().cloned());
        Ok(())
    });
    names
}

/// Where the commas of a list go.
struct List {
    comma: &'static str,
}

impl List {
    fn new() -> Self {
        Self { comma: "" }
    }

    fn comma(&mut self) -> &'static str {
        core::mem::replace(&mut self.comma, ",\n")
    }
}

fn term(out: &mut dyn Write, list: &mut List, v: f64, name: &str) -> fmt::Result {
    write!(out, "{}{{\"coefficient\":{},\"variable\":{}}}", list.comma(), Shortest(v), quoted(name))
}

fn variable(out: &mut dyn Write, list: &mut List, name: &str, set: &str) -> fmt::Result {
    let comma = list.comma();
    write!(out, "{comma}{{\"function\":{{\"type\":\"Variable\",\"name\":{}}},\"set\":{set}}}", quoted(name))
}

fn row(
    out: &mut dyn Write,
    list: &mut List,
    losses: &mut Vec<Loss>,
    name: &str,
    (lower, upper): (f64, f64),
    terms: &mut dyn Iterator<Item = (&str, f64)>,
) -> fmt::Result {
    let Some(set) = set(lower, upper) else {
        losses.push(Loss::new(format!("row `{name}`, open on both sides")));
        return Ok(());
    };
    let name = quoted(name);
    let function = "\"function\":{\"type\":\"ScalarAffineFunction\",\"terms\":[";
    write!(out, "{}{{\"name\":{name},{function}", list.comma())?;
    let mut inner = List::new();
    for (column, v) in terms {
        term(out, &mut inner, v, column)?;
    }
    write!(out, "],\"constant\":0}},\"set\":{set}}}")
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
