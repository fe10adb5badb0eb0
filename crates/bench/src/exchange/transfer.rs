use std::fs;
use std::path::Path;

use cosmosmesh_contracts::file::write_fleet;

use super::{Cosmosmesh, Used};
use crate::family::{Family, Recipe, generate};

/// One export or import of a fleet of a thousand.
#[derive(Clone, Debug, PartialEq)]
pub struct Transfer {
    /// Such as `export to MPS`.
    pub what: String,
    /// The larger of the file that is read and the files that are written, in bytes: what a fleet of a thousand takes in this format.
    pub file_bytes: u64,
    /// What it took, the middle one of the runs by wall time and the largest by memory.
    pub used: Used,
}

/// The formats by their name at the command, for people, and with the ending of a file.
const FORMATS: [(&str, &str, &str); 7] = [
    ("mps", "MPS", "mps"),
    ("lp", "LP", "lp"),
    ("mof", "MathOptFormat", "mof.json"),
    ("catopt", "the native form", "catopt.json"),
    ("acset", "ACSet", "acset.json"),
    ("family-a", "dialect A", "family-a.json"),
    ("family-b", "dialect B", "family-b.json"),
];

/// How often each is run.
const RUNS: usize = 5;

/// Exports and imports a fleet of a thousand in every format; formats that hold names only are measured against the fleet's own file.
///
/// # Errors
/// The words of whoever failed.
/// # Cost
/// Some seconds.
pub fn transfers(command: &Cosmosmesh, folder: &Path) -> Result<(u64, Vec<Transfer>), String> {
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let fleet = generate(Recipe { family: Family::Strong, assets: 1000, rows: 12, seed: 0 });
    let fleet = fleet.map_err(|error| error.to_string())?;
    let source = folder.join("thousand.json");
    fs::write(&source, write_fleet(&fleet)).map_err(|error| error.to_string())?;
    drop(fleet);
    let (source, mut found) = (source.display().to_string(), Vec::new());
    let size = |path: &str| fs::metadata(path).map(|about| about.len()).map_err(|error| format!("{path}: {error}"));
    for (format, shown, ending) in FORMATS {
        let file = folder.join(format!("thousand.{ending}")).display().to_string();
        let names_only = !["mps", "lp", "mof", "catopt"].contains(&format);
        let mut out = vec!["catopt", "export", &source, "--format", format, "--out", &file];
        if !names_only {
            out.push("--include-private");
        }
        let used = several(|| command.run(&out, &[0]))?;
        let file_bytes = if names_only { size(&source)? } else { size(&file)? };
        found.push(Transfer { what: format!("export to {shown}"), file_bytes, used });
        if ["mps", "mof", "catopt"].contains(&format) {
            let back = folder.join(format!("back-{format}.json")).display().to_string();
            let used = several(|| command.run(&["catopt", "import", &file, "--out", &back], &[0]))?;
            found.push(Transfer { what: format!("import of {shown}"), file_bytes, used });
        }
    }
    Ok((size(&source)?, found))
}

fn several(mut run: impl FnMut() -> Result<Used, String>) -> Result<Used, String> {
    let mut runs = (0..RUNS).map(|_| run()).collect::<Result<Vec<Used>, String>>()?;
    let peak_bytes = runs.iter().filter_map(|used| used.peak_bytes).max();
    runs.sort_by(|a, b| a.wall_s.total_cmp(&b.wall_s));
    Ok(Used { peak_bytes, ..runs[RUNS / 2] })
}
