use core::fmt::{self, Write};

use serde_json::Value;

use crate::number::Shortest;
use crate::parts::{Block, Blocks};
use crate::sidecar::SIDES;

/// How a row with two different finite sides is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ranges {
    /// As `name#lo` and `name#hi`; every reader takes it alike.
    TwoRows,
    /// As a `G` row with an entry in `RANGES`, for which some readers add a column of their own. A row whose upper side would not survive the subtraction stays two rows.
    Section,
}

/// What a row is called in the file: its sense, suffix and right-hand side, and a range.
struct Side {
    sense: char,
    suffix: &'static str,
    rhs: f64,
    range: Option<f64>,
}

fn sides(lower: f64, upper: f64, ranges: Ranges) -> Vec<Side> {
    let side = |sense, suffix, rhs| Side { sense, suffix, rhs, range: None };
    match (lower.is_finite(), upper.is_finite()) {
        _ if lower == upper => vec![side('E', "", lower)],
        (true, true) if ranges == Ranges::Section && lower + (upper - lower) == upper => {
            vec![Side { range: Some(upper - lower), ..side('G', "", lower) }]
        }
        (true, true) => vec![side('G', SIDES[0], lower), side('L', SIDES[1], upper)],
        (true, false) => vec![side('G', "", lower)],
        (false, true) => vec![side('L', "", upper)],
        (false, false) => vec![side('N', "", 0.0)],
    }
}

/// Writes the problem as free-format MPS.
///
/// # Cost
/// A pass over the blocks for each section; beside the text, memory for one block.
pub fn write(problem: &impl Blocks, ranges: Ranges, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(problem, ranges, out);
}

fn try_write(problem: &dyn Blocks, ranges: Ranges, out: &mut dyn Write) -> fmt::Result {
    let goal = problem.goal();
    let name: String = problem.name().chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    writeln!(out, "* minimise 1/2 x'Px + q'x + c; duals are d objective / d right-hand side")?;
    // In quotes and escaped: no name ends the comment that it stands in.
    problem.renamed(&mut |given, called| writeln!(out, "* {given} = {}", Value::from(called)))?;
    writeln!(out, "NAME {}\nOBJSENSE\n    MIN\nROWS\n N {goal}", if name.is_empty() { "fleet" } else { &name })?;
    each_row(problem, ranges, &mut |name, sides| {
        sides.iter().try_for_each(|side| writeln!(out, " {} {name}{}", side.sense, side.suffix))
    })?;
    columns(problem, ranges, &goal, out)?;
    writeln!(out, "RHS")?;
    if problem.constant() != 0.0 {
        writeln!(out, " RHS {goal} {}", Shortest(-problem.constant()))?;
    }
    each_row(problem, ranges, &mut |name, sides| {
        let mut stated = sides.iter().filter(|side| side.rhs != 0.0);
        stated.try_for_each(|side| writeln!(out, " RHS {name}{} {}", side.suffix, Shortest(side.rhs)))
    })?;
    if ranges == Ranges::Section {
        let mut head = "RANGES\n";
        each_row(problem, ranges, &mut |name, sides| {
            sides
                .iter()
                .filter_map(|side| side.range)
                .try_for_each(|range| writeln!(out, "{} RANGES {name} {}", core::mem::take(&mut head), Shortest(range)))
        })?;
    }
    writeln!(out, "BOUNDS")?;
    problem.each(&mut |block| bounds(block, out))?;
    let mut head = "QUADOBJ\n";
    problem.each(&mut |block| {
        for (i, entries) in block.cost_by_row().iter().enumerate() {
            for (j, v) in entries {
                let head = core::mem::take(&mut head);
                writeln!(out, "{head} {} {} {}", block.columns[i], block.columns[*j], Shortest(*v))?;
            }
        }
        Ok(())
    })?;
    writeln!(out, "ENDATA")
}

/// Every row's name and sides, the shared rows first.
fn each_row(problem: &dyn Blocks, ranges: Ranges, visit: &mut dyn FnMut(&str, &[Side]) -> fmt::Result) -> fmt::Result {
    let (names, lower, upper) = problem.shared();
    for (k, name) in names.iter().enumerate() {
        visit(name, &sides(lower[k], upper[k], ranges))?;
    }
    problem.each(&mut |block| {
        let bounds = &block.local.rows().bounds;
        let mut rows = block.rows.iter().enumerate();
        rows.try_for_each(|(k, name)| visit(name, &sides(bounds.lower()[k], bounds.upper()[k], ranges)))
    })
}

fn columns(problem: &dyn Blocks, ranges: Ranges, goal: &str, out: &mut dyn Write) -> fmt::Result {
    writeln!(out, "COLUMNS")?;
    let (names, lower, upper) = problem.shared();
    let shared: Vec<Vec<Side>> = (0..names.len()).map(|k| sides(lower[k], upper[k], ranges)).collect();
    let mut inside = false;
    problem.each(&mut |block| {
        let (q, own) = (&block.local.objective().q, block.local.rows());
        let of = |k: usize| sides(own.bounds.lower()[k], own.bounds.upper()[k], ranges);
        let written: Vec<Vec<Side>> = (0..block.rows.len()).map(of).collect();
        let mut whole = block.integer.iter().copied().peekable();
        for (j, column) in block.columns.iter().enumerate() {
            let now = whole.next_if_eq(&j).is_some();
            if now != inside {
                let kind = if now { "INTORG" } else { "INTEND" };
                writeln!(out, " MARKER 'MARKER' '{kind}'")?;
                inside = now;
            }
            let mut empty = true;
            if q[j] != 0.0 {
                writeln!(out, " {column} {goal} {}", Shortest(q[j]))?;
                empty = false;
            }
            let uses = block.uses(j).map(|(i, v)| (&names[i], &shared[i], v));
            let rows = own.matrix.column(j).filter(|(_, v)| *v != 0.0);
            for (name, sides, v) in uses.chain(rows.map(|(i, v)| (&block.rows[i], &written[i], v))) {
                for side in sides {
                    writeln!(out, " {column} {name}{} {}", side.suffix, Shortest(v))?;
                }
                empty = false;
            }
            if empty {
                writeln!(out, " {column} {goal} 0")?;
            }
        }
        Ok(())
    })?;
    if inside { writeln!(out, " MARKER 'MARKER' 'INTEND'") } else { Ok(()) }
}

fn bounds(block: &Block<'_>, out: &mut dyn Write) -> fmt::Result {
    let bounds = &block.local.variables().bounds;
    for (j, column) in block.columns.iter().enumerate() {
        let (lower, upper) = (bounds.lower()[j], bounds.upper()[j]);
        match (lower.is_finite(), upper.is_finite()) {
            _ if lower == upper => writeln!(out, " FX BOUNDS {column} {}", Shortest(lower))?,
            (false, false) => writeln!(out, " FR BOUNDS {column}")?,
            (true, false) => writeln!(out, " LO BOUNDS {column} {}\n PL BOUNDS {column}", Shortest(lower))?,
            (false, true) => writeln!(out, " MI BOUNDS {column}\n UP BOUNDS {column} {}", Shortest(upper))?,
            (true, true) => {
                writeln!(out, " LO BOUNDS {column} {}\n UP BOUNDS {column} {}", Shortest(lower), Shortest(upper))?;
            }
        }
    }
    Ok(())
}
