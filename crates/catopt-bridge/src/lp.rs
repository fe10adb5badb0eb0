//! LP, as CPLEX introduced it: written only, for people and for solvers that read nothing else.
//!
//! The rules that are kept: names made of letters and digits, with a map to the real ones in comments; squares as `x^2` without blanks;
//! the constant as a multiple of a column that is fixed to one, the only form that HiGHS, SCIP and Gurobi take alike; every bound explicit.

use core::fmt::Write;

use crate::Program;
use crate::mps::by_row;
use crate::number::Shortest;

/// Writes the problem as LP.
pub fn write(program: &Program, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(program, out);
}

fn try_write(program: &Program, out: &mut impl Write) -> core::fmt::Result {
    let (variables, objective, rows) = (program.local.variables(), program.local.objective(), program.local.rows());
    writeln!(out, "\\ duals are d objective / d right-hand side; names:")?;
    for (letter, names) in [('x', &variables.names), ('r', &rows.names)] {
        for (k, name) in names.iter().enumerate() {
            writeln!(out, "\\ {letter}{k} = {name}")?;
        }
    }
    write!(out, "Minimize\n cost:")?;
    for (j, q) in objective.q.iter().enumerate().filter(|(_, q)| **q != 0.0) {
        term(out, *q, &format!("x{j}"))?;
    }
    // A cost without a linear term still needs one before the bracket.
    term(out, objective.c, "one")?;
    if objective.p.values().iter().any(|v| *v != 0.0) {
        write!(out, "\n + [")?;
        for (i, entries) in by_row(&objective.p).iter().enumerate() {
            for &(j, v) in entries.iter().filter(|(_, v)| *v != 0.0) {
                // The bracket is halved as a whole, and an entry off the diagonal stands for two.
                if i == j { term(out, v, &format!("x{i}^2"))? } else { term(out, 2.0 * v, &format!("x{i} * x{j}"))? }
            }
        }
        write!(out, "\n ] / 2")?;
    }
    writeln!(out, "\nSubject To")?;
    let mut by_rows = vec![Vec::new(); rows.names.len()];
    rows.matrix.triplets().filter(|t| t.2 != 0.0).for_each(|(i, j, v)| by_rows[i].push((j, v)));
    for (i, entries) in by_rows.iter().enumerate() {
        let (lower, upper) = (rows.bounds.lower()[i], rows.bounds.upper()[i]);
        let sides: Vec<(&str, &str, f64)> = match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => vec![("", "=", lower)],
            (true, true) => vec![("lo", ">=", lower), ("hi", "<=", upper)],
            (true, false) => vec![("", ">=", lower)],
            (false, true) => vec![("", "<=", upper)],
            (false, false) => vec![],
        };
        for (suffix, sense, bound) in sides {
            write!(out, " r{i}{suffix}:")?;
            for &(j, v) in entries {
                term(out, v, &format!("x{j}"))?;
            }
            if entries.is_empty() {
                term(out, 0.0, "one")?;
            }
            writeln!(out, " {sense} {}", Shortest(bound))?;
        }
    }
    writeln!(out, "Bounds\n one = 1")?;
    for j in 0..variables.names.len() {
        let (lower, upper) = (variables.bounds.lower()[j], variables.bounds.upper()[j]);
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => writeln!(out, " x{j} = {}", Shortest(lower))?,
            (false, false) => writeln!(out, " x{j} free")?,
            (true, false) => writeln!(out, " x{j} >= {}", Shortest(lower))?,
            (false, true) => writeln!(out, " -inf <= x{j} <= {}", Shortest(upper))?,
            (true, true) => writeln!(out, " {} <= x{j} <= {}", Shortest(lower), Shortest(upper))?,
        }
    }
    if !program.integer.is_empty() {
        writeln!(out, "General")?;
        for j in &program.integer {
            writeln!(out, " x{j}")?;
        }
    }
    writeln!(out, "End")
}

/// One signed term on a line of its own: lines in LP files have a greatest length.
fn term(out: &mut impl Write, value: f64, of: &str) -> core::fmt::Result {
    write!(out, "\n {} {} {of}", if value < 0.0 { '-' } else { '+' }, Shortest(value.abs()))
}
