use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::link::Cost;
use crate::load::{Case, ENTRY_BYTES};

/// One library on one case.
pub(crate) struct Row {
    pub(crate) peer: &'static str,
    pub(crate) case: Case,
    pub(crate) different: usize,
    pub(crate) warm: bool,
    pub(crate) cost: Cost,
}

const BEGIN: &str = "<!-- written by cargo xtask bench sync -- --write-docs: begin -->";
const END: &str = "<!-- end -->";

/// The table as Markdown.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::from(
        "| case | library | entries apart | memory of the peer | legs | messages | beyond the entries, B | in all, B | in all, squeezed, B | CPU, ms |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in rows {
        let cost = &row.cost;
        let beyond = cost.bytes as i64 - (ENTRY_BYTES * row.different) as i64;
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {beyond} | {} | {} | {:.1} |",
            row.case,
            row.peer,
            row.different,
            if row.warm { "warm" } else { "cold" },
            cost.legs,
            cost.messages,
            cost.bytes,
            cost.bytes_squeezed,
            cost.cpu.as_secs_f64() * 1e3,
        )
        .expect("a string takes everything");
    }
    text
}

/// Puts the table between the marks of the page.
pub(crate) fn write(table: &str) -> io::Result<()> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/perf/sync.md");
    let text = fs::read_to_string(&page)?;
    let parts = text.split_once(BEGIN).and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = parts else {
        return Err(io::Error::other(format!("the page lacks the marks {BEGIN} and {END}")));
    };
    fs::write(&page, format!("{before}{BEGIN}\n{table}{END}{after}"))
}
