use std::fmt::Write as _;

use super::{Data, Need, Row, Table};
use crate::family::Family;

/// Where the block that the README shares with the page begins.
pub const BEGIN: &str = "<!-- written by cargo xtask bench compare --write-docs: begin -->";
/// Where it ends.
pub const END: &str = "<!-- end -->";

/// docs/perf/solver.md, from what was measured and nothing else.
pub fn page(data: &Data) -> String {
    let mut page = String::from("# The coordinator, measured\n\n");
    page.push_str(HEAD);
    let _ = writeln!(page, "\n## In short\n\n{BEGIN}\n{}{END}", block(data));
    page.push_str("\n## Goals\n\n");
    let lines = Table::ALL.iter().flat_map(|table| {
        let goals = table.goals(data);
        goals.into_iter().map(|goal| {
            let verdict = if goal.reached { "reached" } else { "**short**" };
            vec![goal.what, goal.goal, goal.figure, verdict.into(), format!("`{}`", table.name)]
        })
    });
    page.push_str(&markdown(&["what", "goal", "measured", "", "table"], lines));
    for table in Table::ALL {
        let body = (table.render)(data);
        let _ = writeln!(page, "\n## {}\n\n{}", table.title, table.about.trim_end());
        if body.is_empty() {
            page.push_str("\nNot measured yet.\n");
        } else {
            let _ = write!(page, "\n{body}");
        }
        for stamp in data.stamps(table.name) {
            let super::Stamp { revision, date, machine, method } = stamp;
            let _ = writeln!(page, "\nMeasured {date} at revision {revision}, `{method}`, on {machine}.");
        }
        let wrong: Vec<&String> = table
            .needs()
            .iter()
            .filter_map(|need| data.row(table.name, &need.key))
            .flat_map(|row| &row.wrong)
            .collect();
        if !wrong.is_empty() {
            page.push_str("\nWrongly claimed:\n\n");
            wrong.iter().for_each(|words| page.push_str(&format!("- {words}\n")));
        }
        let _ = writeln!(page, "\nAgain: `cargo xtask bench compare --table {}`.", table.name);
        if !data.remark(table.name).is_empty() {
            let _ = writeln!(page, "\n{}", data.remark(table.name));
        }
    }
    page
}

const HEAD: &str = "\
Written by `cargo xtask bench compare --write-docs` from `crates/bench/data`; do not edit it here.
Rounds are counted by a wrapper around the sum until the program's own certificate stops the run; two sums are two rounds.
Every claim is recomputed by a judge outside the solvers with Clarabel's optimum to 1e-9 as reference; *wrong* counts the claims that it contradicts.
A cell `worst / mean` is over the seeds; `n not` says that n runs did not arrive, or were not right, and the mean leaves them out.
Families and sizes are those of [the measuring page](README.md#the-families), `strong 10, 24` being ten assets on 24 shared rows, seeds 0 to 19 unless said.
Rounds and bytes repeat exactly; times are of the machine named, and other work ran beside, so read ratios.
";

/// The short table that the README and the page share.
pub fn block(data: &Data) -> String {
    let head = [
        "fleet (assets, shared rows)",
        "rounds to 1e-3",
        "rounds to 1e-6",
        "safe plan within 1 %, round",
        "ADMM, best in hindsight, to 1e-3",
        "kB up per asset to 1e-3",
    ];
    let mut lines = Vec::new();
    for family in [Family::Strong, Family::Degenerate] {
        for (assets, rows) in [(3, 24), (10, 24), (10, 96), (100, 24), (1000, 24)] {
            let need = Need::of(family, assets, rows, 20);
            let Some(row) = data.row("rounds", &need.key) else { continue };
            let theirs = data.row("hindsight", &need.key).map_or_else(|| "–".into(), |row| shown(row, "rounds"));
            lines.push(vec![
                need.key,
                shown(row, "rounds-3"),
                shown(row, "rounds-6"),
                shown(row, "safe-1%"),
                theirs,
                figure(row.mean("kB-3")),
            ]);
        }
    }
    if lines.is_empty() {
        return String::new();
    }
    markdown(&head, lines.into_iter())
        + "\nWorst / mean over the seeds, everybody present, from nothing known; claims recomputed outside the solvers.\n"
}

/// A text whose block between the marks is replaced; nothing if it has no marks.
pub fn with_block(text: &str, block: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{block}{END}{after}"))
}

/// A Markdown table; nothing without lines.
pub(super) fn markdown(head: &[&str], lines: impl Iterator<Item = Vec<String>>) -> String {
    let body: String = lines.map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
    if body.is_empty() {
        return body;
    }
    format!("| {} |\n|{}\n{body}", head.join(" | "), "---|".repeat(head.len()))
}

/// `worst / mean`, and how many did not arrive.
pub(super) fn shown(row: &Row, name: &str) -> String {
    let (values, gaps) = (row.values(name), row.gaps(name));
    let not = if gaps > 0 { format!(", {gaps} not") } else { String::new() };
    match values.as_slice() {
        [] if gaps > 0 => format!("none of {gaps}"),
        [] => "–".into(),
        [only] => format!("{}{not}", figure(*only)),
        _ => {
            let worst = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            format!("{} / {:.1}{not}", figure(worst), row.mean(name))
        }
    }
}

/// Three digits that count.
pub(super) fn figure(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value == value.round() && value.abs() < 1e6 {
        return format!("{value}");
    }
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}
