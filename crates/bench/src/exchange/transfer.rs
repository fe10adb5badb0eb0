use std::fs;
use std::path::Path;

use cosmosmesh_contracts::file::write_fleet;

use super::{Cosmosmesh, Used};
use crate::family::{Family, Recipe, generate};

/// One export or import of a fleet of a thousand.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Such as `fleet to MPS`.
    pub what: String,
    /// The larger of what is read and what is written, in bytes; sidecars and schemas are not counted.
    pub file_bytes: u64,
    /// What it took, the middle one of the runs by wall time and the largest by memory.
    pub used: Used,
}

/// A format by its name at the command, for people, and with the ending of a file.
struct Format {
    name: &'static str,
    shown: &'static str,
    ending: &'static str,
    private: bool,
}

const fn format(name: &'static str, shown: &'static str, ending: &'static str, private: bool) -> Format {
    Format { name, shown, ending, private }
}

/// What a problem is written as.
const FORMATS: [Format; 9] = [
    format("mps", "MPS", "mps", true),
    format("lp", "LP", "lp", true),
    format("mof", "MathOptFormat", "mof.json", true),
    format("catopt", "native", "catopt.json", true),
    format("acset", "ACSet", "acset.json", false),
    format("family-a", "dialect A, names", "names-a.json", false),
    format("family-b", "dialect B, names", "names-b.json", false),
    format("family-a", "dialect A, whole", "whole-a.json", true),
    format("family-b", "dialect B, whole", "whole-b.json", true),
];

/// Of [`FORMATS`], those that are read as fleets.
const IMPORTS: [usize; 5] = [0, 2, 3, 7, 8];

/// How often each is run.
const RUNS: usize = 5;

/// Exports a fleet of a thousand, its native document and its documents of the family to every format, and imports what can be.
///
/// # Errors
/// The words of whoever failed.
/// # Cost
/// Some minutes.
pub fn transfers(command: &Cosmosmesh, folder: &Path) -> Result<(u64, Vec<Transfer>), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let fleet = generate(Recipe { family: Family::Strong, assets: 1000, rows: 12, seed: 0 });
    let fleet = fleet.map_err(|error| error.to_string())?;
    let source = folder.join("thousand.json").display().to_string();
    fs::write(&source, write_fleet(&fleet)).map_err(|error| error.to_string())?;
    drop(fleet);
    let mut found = Vec::new();
    let mut measure = |what: String, arguments: &[&str], read: &str, written: &str| -> Result<(), String> {
        let used = several(|| command.run(arguments, &[0]))?;
        let file_bytes = size(read)?.max(size(written)?);
        found.push(Transfer { what, file_bytes, used });
        Ok(())
    };
    let file = |stem: &str, format: &Format| folder.join(format!("{stem}.{}", format.ending)).display().to_string();
    let document = |k: usize| (file("fleet", &FORMATS[k]), FORMATS[k].shown);
    // The fleet first: the others are documents that it was written as.
    let sources = [(source.clone(), "fleet"), document(3), document(7), document(8)];
    for (k, (read, from)) in sources.iter().enumerate() {
        for format in &FORMATS {
            let stem = if k == 0 { "fleet".to_owned() } else { format!("again-{k}") };
            let out = file(&stem, format);
            let mut arguments = vec!["catopt", "export", read, "--format", format.name, "--out", &out];
            if format.private {
                arguments.push("--include-private");
            }
            measure(format!("{from} to {}", format.shown), &arguments, read, &out)?;
        }
    }
    for (read, from) in IMPORTS.map(document) {
        let back = folder.join("back.json").display().to_string();
        measure(format!("{from} to fleet"), &["catopt", "import", &read, "--out", &back], &read, &back)?;
    }
    Ok((size(&source)?, found))
}

fn size(path: &str) -> Result<u64, String> {
    fs::metadata(path).map(|about| about.len()).map_err(|error| format!("{path}: {error}"))
}

fn several(mut run: impl FnMut() -> Result<Used, String>) -> Result<Used, String> {
    let mut runs = (0..RUNS).map(|_| run()).collect::<Result<Vec<Used>, String>>()?;
    let peak_bytes = runs.iter().filter_map(|used| used.peak_bytes).max();
    runs.sort_by(|a, b| a.wall_s.total_cmp(&b.wall_s));
    Ok(Used { peak_bytes, ..runs[RUNS / 2] })
}
