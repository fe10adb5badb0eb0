//! LP, as CPLEX introduced it: written only, for people and for solvers that read nothing else.
//!
//! The rules that are kept: names made of letters and digits, with a map to the real ones in comments; squares as `x^2` without blanks;
//! the constant as a multiple of a column that is fixed to one, the only form that HiGHS, SCIP and Gurobi take alike; every bound explicit.

use core::fmt::{self, Write};

use crate::number::Shortest;
use crate::parts::{Block, Blocks, shared_rows};

/// Writes the problem as LP.
///
/// # Cost
/// A pass over the blocks for each section; beside the text, memory for one block and for what all blocks use of the shared rows.
pub fn write(problem: &impl Blocks, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(problem, out);
}

fn try_write(problem: &dyn Blocks, out: &mut dyn Write) -> fmt::Result {
    let (shared, lower, upper) = problem.shared();
    writeln!(out, "\\ duals are d objective / d right-hand side; names:")?;
    problem.each(&mut |block| {
        let mut names = block.columns.iter().enumerate();
        names.try_for_each(|(k, name)| writeln!(out, "\\ x{} = {name}", block.column + k))
    })?;
    shared.iter().enumerate().try_for_each(|(k, name)| writeln!(out, "\\ r{k} = {name}"))?;
    problem.each(&mut |block| {
        let mut names = block.rows.iter().enumerate();
        names.try_for_each(|(k, name)| writeln!(out, "\\ r{} = {name}", block.row + k))
    })?;
    write!(out, "Minimize\n cost:")?;
    problem.each(&mut |block| {
        let mut linear = block.local.objective().q.iter().enumerate().filter(|(_, q)| **q != 0.0);
        linear.try_for_each(|(j, q)| term(out, *q, Of::Column(block.column + j)))
    })?;
    // A cost without a linear term still needs one before the bracket.
    term(out, problem.constant(), Of::One)?;
    squares(problem, out)?;
    writeln!(out, "\nSubject To")?;
    for (i, entries) in shared_rows(problem).into_iter().enumerate() {
        let entries: Vec<(usize, f64)> = entries.into_iter().map(|(j, v)| (j as usize, v)).collect();
        row(out, i, (lower[i], upper[i]), &entries)?;
    }
    problem.each(&mut |block| {
        let bounds = &block.local.rows().bounds;
        for (i, mut entries) in block.by_row().into_iter().enumerate() {
            entries.iter_mut().for_each(|(j, _)| *j += block.column);
            row(out, block.row + i, (bounds.lower()[i], bounds.upper()[i]), &entries)?;
        }
        Ok(())
    })?;
    writeln!(out, "Bounds\n one = 1")?;
    let mut whole = Vec::new();
    problem.each(&mut |block| {
        whole.extend(block.integer.iter().map(|j| block.column + j));
        bounds(block, out)
    })?;
    if !whole.is_empty() {
        writeln!(out, "General")?;
        whole.iter().try_for_each(|j| writeln!(out, " x{j}"))?;
    }
    writeln!(out, "End")
}

fn squares(problem: &dyn Blocks, out: &mut dyn Write) -> fmt::Result {
    let mut inside = false;
    problem.each(&mut |block| {
        for (i, entries) in block.cost_by_row().into_iter().enumerate() {
            for (j, v) in entries {
                if !core::mem::replace(&mut inside, true) {
                    write!(out, "\n + [")?;
                }
                let (i, j) = (block.column + i, block.column + j);
                // The bracket is halved as a whole, and an entry off the diagonal stands for two.
                if i == j { term(out, v, Of::Square(i))? } else { term(out, 2.0 * v, Of::Product(i, j))? }
            }
        }
        Ok(())
    })?;
    if inside { write!(out, "\n ] / 2") } else { Ok(()) }
}

fn row(out: &mut dyn Write, i: usize, (lower, upper): (f64, f64), entries: &[(usize, f64)]) -> fmt::Result {
    let sides: &[(&str, &str, f64)] = match (lower.is_finite(), upper.is_finite()) {
        _ if lower == upper => &[("", "=", lower)],
        (true, true) => &[("lo", ">=", lower), ("hi", "<=", upper)],
        (true, false) => &[("", ">=", lower)],
        (false, true) => &[("", "<=", upper)],
        (false, false) => &[],
    };
    for (suffix, sense, bound) in sides {
        write!(out, " r{i}{suffix}:")?;
        entries.iter().try_for_each(|&(j, v)| term(out, v, Of::Column(j)))?;
        if entries.is_empty() {
            term(out, 0.0, Of::One)?;
        }
        writeln!(out, " {sense} {}", Shortest(*bound))?;
    }
    Ok(())
}

fn bounds(block: &Block<'_>, out: &mut dyn Write) -> fmt::Result {
    let bounds = &block.local.variables().bounds;
    for k in 0..block.columns.len() {
        let (j, lower, upper) = (block.column + k, bounds.lower()[k], bounds.upper()[k]);
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => writeln!(out, " x{j} = {}", Shortest(lower))?,
            (false, false) => writeln!(out, " x{j} free")?,
            (true, false) => writeln!(out, " x{j} >= {}", Shortest(lower))?,
            (false, true) => writeln!(out, " -inf <= x{j} <= {}", Shortest(upper))?,
            (true, true) => writeln!(out, " {} <= x{j} <= {}", Shortest(lower), Shortest(upper))?,
        }
    }
    Ok(())
}

/// What a column's name means in an LP file of ours.
pub(crate) enum Column {
    /// The column that is fixed to one.
    One,
    /// The column of this number.
    Of(usize),
}

/// What a column's name in an LP file of ours means.
pub(crate) fn column(name: &str) -> Option<Column> {
    if name == "one" { Some(Column::One) } else { Some(Column::Of(numbered(name, 'x')?)) }
}

/// The number of a row by its name in an LP file of ours, either side of it.
pub(crate) fn row_number(name: &str) -> Option<usize> {
    numbered(name.strip_suffix("lo").or(name.strip_suffix("hi")).unwrap_or(name), 'r')
}

fn numbered(name: &str, letter: char) -> Option<usize> {
    let digits = name.strip_prefix(letter)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// What a term is a multiple of.
enum Of {
    /// The column that is fixed to one.
    One,
    Column(usize),
    Square(usize),
    Product(usize, usize),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One => f.write_str("one"),
            Self::Column(j) => write!(f, "x{j}"),
            Self::Square(j) => write!(f, "x{j}^2"),
            Self::Product(i, j) => write!(f, "x{i} * x{j}"),
        }
    }
}

/// One signed term on a line of its own: lines in LP files have a greatest length.
fn term(out: &mut dyn Write, value: f64, of: Of) -> fmt::Result {
    write!(out, "\n {} {} {of}", if value < 0.0 { '-' } else { '+' }, Shortest(value.abs()))
}
