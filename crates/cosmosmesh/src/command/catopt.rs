use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use cosmosmesh_catopt_bridge::{Assembly, Import, Loss, Sidecar, assemble, lp, mof, mps, restore};
use cosmosmesh_contracts::file::{read_fleet, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;
use serde_json::json;

use super::{Answer, simulate};
use crate::exit::Failure;
use crate::figure::count;
use crate::file;

/// `cosmosmesh catopt`
#[derive(Args, Debug)]
pub(crate) struct Catopt {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a fleet or scenario as one problem for another solver
    Export(Export),
    /// Read a problem of another solver's format as a fleet
    Import(Importer),
}

#[derive(Args, Debug)]
#[command(after_help = EXPORT_HELP)]
struct Export {
    /// The fleet's problem, cosmosmesh.fleet/1, or a scenario: a built-in name or the path of a .toml file; `-` reads a fleet from standard input
    file: PathBuf,
    /// The format
    #[arg(long, value_enum)]
    format: Format,
    /// Write the problem here; what the format cannot carry goes into FILE.sidecar.json
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Reveal the assets' private rows and costs: such a file holds all of them
    #[arg(long)]
    include_private: bool,
    /// MPS: write two-sided rows in the section RANGES, for which some readers add a column
    #[arg(long)]
    ranges: bool,
    /// Write a cost that is not convex too; most readers will not notice
    #[arg(long)]
    allow_nonconvex: bool,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const EXPORT_HELP: &str = "\
Examples:
  cosmosmesh catopt export fleet.json --format mps --include-private --out fleet.mps
  cosmosmesh catopt export jezero-base --format mof --include-private --out jezero.mof.json

The duals of these files are d objective / d right-hand side; the prices of a result have the other sign.

Exit codes: 0 written, 64 bad input or private data not released, 74 could not be written.";

#[derive(Args, Debug)]
#[command(after_help = IMPORT_HELP)]
struct Importer {
    /// The problem: MPS, or MathOptFormat if the name ends in .json
    file: PathBuf,
    /// Write the fleet here, cosmosmesh.fleet/1
    #[arg(long, value_name = "FLEET")]
    out: PathBuf,
    /// The sidecar; by default FILE.sidecar.json if it is there
    #[arg(long, value_name = "FILE")]
    sidecar: Option<PathBuf>,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const IMPORT_HELP: &str = "\
Examples:
  cosmosmesh catopt import fleet.mps --out fleet.json
  cosmosmesh catopt import foreign.mof.json --out fleet.json --json

Without a sidecar the problem becomes one asset, and what is lost is listed.

Exit codes: 0 written, 64 bad input, 74 could not be written.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Free MPS with QUADOBJ: HiGHS, SCIP, Gurobi
    Mps,
    /// LP: HiGHS, SCIP, Gurobi; written only
    Lp,
    /// MathOptFormat 1: JuMP
    Mof,
}

impl Catopt {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Export(export) => export.run(),
            Verb::Import(import) => import.run(),
        }
    }
}

fn named(path: &Path) -> impl Fn(&dyn std::fmt::Display) -> Failure + '_ {
    move |error| Failure::bad_input(format!("{}: {error}", path.display()))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".sidecar.json");
    PathBuf::from(name)
}

impl Export {
    fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let fleet = self.fleet()?;
        let revealed = revealed(&fleet);
        if !self.include_private {
            return Err(named(&self.file)(&format!(
                "the file would reveal {revealed}; add --include-private if whoever reads it may know all of that"
            )));
        }
        let assembly = if self.allow_nonconvex { Assembly::allow_nonconvex(&fleet) } else { assemble(&fleet) };
        let assembly = assembly.map_err(|error| named(&self.file)(&error))?;
        // From here on the assembly holds everything.
        drop(fleet);
        let mut text = String::new();
        let mut losses = Vec::new();
        match self.format {
            Format::Mps => {
                let ranges = if self.ranges { mps::Ranges::Section } else { mps::Ranges::TwoRows };
                mps::write(&assembly.program, ranges, &mut text);
            }
            Format::Lp => {
                lp::write(&assembly.program, &mut text);
                losses.push(Loss { what: "LP is written only: `catopt import` does not read it".to_owned() });
            }
            Format::Mof => losses = mof::write(&assembly.program, &mut text),
        }
        let sidecar = beside(&self.out);
        file::write(&self.out, &text)?;
        file::write(&sidecar, &assembly.sidecar.write())?;
        let first = format!("revealed: {revealed}");
        let paths = [&self.out, &sidecar];
        Ok(answer(self.json, &first, &paths, &losses))
    }

    fn fleet(&self) -> Result<FleetProblem, Failure> {
        let name = self.file.to_string_lossy();
        if simulate::is_scenario(&name) {
            return simulate::problem(&simulate::load(&name)?);
        }
        read_fleet(&file::read(&self.file)?).map_err(|error| named(&self.file)(&error))
    }
}

impl Importer {
    fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let text = String::from_utf8(file::read(&self.file)?)
            .map_err(|_| named(&self.file)(&"is not UTF-8 text; name an MPS or MathOptFormat file"))?;
        let json = self.file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
        let read = if json { mof::read(&text) } else { mps::read(&text) };
        let Import { program, mut losses } = read.map_err(|error| named(&self.file)(&error))?;
        drop(text);
        let found = Some(beside(&self.file)).filter(|path| path.is_file());
        let path = self.sidecar.clone().or(found);
        let read = |path: &PathBuf| Sidecar::read(&file::read(path)?).map_err(|error| named(path)(&error));
        let sidecar = path.as_ref().map(read).transpose()?;
        let (fleet, more) = restore(&program, sidecar.as_ref()).map_err(|error| named(&self.file)(&error))?;
        losses.extend(more);
        file::write(&self.out, &write_fleet(&fleet))?;
        let assets = count(fleet.assets().len(), "asset");
        let first = format!("read: {assets}, {}", count(fleet.row_count(), "fleet row"));
        Ok(answer(self.json, &first, &[&self.out], &losses))
    }
}

fn revealed(fleet: &FleetProblem) -> String {
    let sum = |of: &dyn Fn(&cosmosmesh_contracts::problem::AssetProblem) -> usize| fleet.assets().iter().map(of).sum();
    format!(
        "of {}: {}, {}, every cost and every use of {}",
        count(fleet.assets().len(), "asset"),
        count(sum(&|asset| asset.local.variable_count()), "variable"),
        count(sum(&|asset| asset.local.row_count()), "private row"),
        count(fleet.row_count(), "fleet row")
    )
}

/// What was done, what was written, what was lost; a list without entries says so too.
fn answer(as_json: bool, first: &str, paths: &[&PathBuf], losses: &[Loss]) -> Answer {
    if as_json {
        let losses: Vec<&str> = losses.iter().map(|loss| loss.what.as_str()).collect();
        let written: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Answer::done(format!("{}\n", json!({ "did": first, "written": written, "lost": losses })));
    }
    let mut text = format!("{first}\n");
    paths.iter().for_each(|path| text.push_str(&format!("written to {}\n", path.display())));
    losses.iter().for_each(|loss| text.push_str(&format!("lost: {}\n", loss.what)));
    if losses.is_empty() {
        text.push_str("nothing was lost\n");
    }
    Answer::done(text)
}
