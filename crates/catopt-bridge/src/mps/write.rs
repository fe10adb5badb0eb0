use core::fmt::Write;

use cosmosmesh_contracts::problem::SparseMatrix;

use crate::Program;
use crate::number::Shortest;
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
/// One pass; beside the text, memory for the transposed cost and the rows' sides.
pub fn write(program: &Program, ranges: Ranges, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(program, ranges, out);
}

fn try_write(program: &Program, ranges: Ranges, out: &mut impl Write) -> core::fmt::Result {
    let (variables, objective, rows) = (program.local.variables(), program.local.objective(), program.local.rows());
    let goal = goal_name(&rows.names);
    let name: String = program.name.chars().map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    writeln!(out, "* minimise 1/2 x'Px + q'x + c; duals are d objective / d right-hand side")?;
    writeln!(out, "NAME {}\nOBJSENSE\n    MIN\nROWS\n N {goal}", if name.is_empty() { "fleet" } else { &name })?;
    let written: Vec<Vec<Side>> =
        (0..rows.names.len()).map(|k| sides(rows.bounds.lower()[k], rows.bounds.upper()[k], ranges)).collect();
    for (name, sides) in rows.names.iter().zip(&written) {
        for side in sides {
            writeln!(out, " {} {name}{}", side.sense, side.suffix)?;
        }
    }
    writeln!(out, "COLUMNS")?;
    let mut whole = program.integer.iter().copied().peekable();
    let mut inside = false;
    for (j, column) in variables.names.iter().enumerate() {
        let now = whole.next_if_eq(&j).is_some();
        if now != inside {
            let kind = if now { "INTORG" } else { "INTEND" };
            writeln!(out, " MARKER 'MARKER' '{kind}'")?;
            inside = now;
        }
        let mut empty = true;
        if objective.q[j] != 0.0 {
            writeln!(out, " {column} {goal} {}", Shortest(objective.q[j]))?;
            empty = false;
        }
        for (i, v) in rows.matrix.column(j).filter(|(_, v)| *v != 0.0) {
            for side in &written[i] {
                writeln!(out, " {column} {}{} {}", rows.names[i], side.suffix, Shortest(v))?;
            }
            empty = false;
        }
        if empty {
            writeln!(out, " {column} {goal} 0")?;
        }
    }
    if inside {
        writeln!(out, " MARKER 'MARKER' 'INTEND'")?;
    }
    writeln!(out, "RHS")?;
    if objective.c != 0.0 {
        writeln!(out, " RHS {goal} {}", Shortest(-objective.c))?;
    }
    for (name, sides) in rows.names.iter().zip(&written) {
        for side in sides.iter().filter(|side| side.rhs != 0.0) {
            writeln!(out, " RHS {name}{} {}", side.suffix, Shortest(side.rhs))?;
        }
    }
    if written.iter().flatten().any(|side| side.range.is_some()) {
        writeln!(out, "RANGES")?;
        for (name, sides) in rows.names.iter().zip(&written) {
            for range in sides.iter().filter_map(|side| side.range) {
                writeln!(out, " RANGES {name} {}", Shortest(range))?;
            }
        }
    }
    writeln!(out, "BOUNDS")?;
    for (j, column) in variables.names.iter().enumerate() {
        let (lower, upper) = (variables.bounds.lower()[j], variables.bounds.upper()[j]);
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
    if objective.p.values().iter().any(|v| *v != 0.0) {
        writeln!(out, "QUADOBJ")?;
        for (i, entries) in by_row(&objective.p).iter().enumerate() {
            for (j, v) in entries.iter().filter(|(_, v)| *v != 0.0) {
                writeln!(out, " {} {} {}", variables.names[i], variables.names[*j], Shortest(*v))?;
            }
        }
    }
    writeln!(out, "ENDATA")
}

/// The upper triangle by rows, which is the lower one by columns: the order that every reader takes.
pub(crate) fn by_row(p: &SparseMatrix) -> Vec<Vec<(usize, f64)>> {
    let mut rows = vec![Vec::new(); p.row_count()];
    p.triplets().for_each(|(i, j, v)| rows[i].push((j, v)));
    rows
}

/// `cost`, or a longer word if a row is called so.
fn goal_name(rows: &[String]) -> String {
    let mut name = "cost".to_owned();
    while rows.contains(&name) {
        name.push('_');
    }
    name
}
