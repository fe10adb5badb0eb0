use std::path::PathBuf;

use clap::Args;
use cosmosmesh_contracts::file::read_fleet;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::check_convex;
use serde_json::json;

use super::Answer;
use crate::exit::{Exit, Failure};
use crate::figure::{count, short};
use crate::file;
use crate::inventory::Inventory;
use crate::printable::printable;
use crate::table::{Align, Table};

/// `cosmosmesh validate`
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cosmosmesh validate fleet.json\n  cosmosmesh validate fleet.json --json\n\n\
    Exit codes: 0 the file is a fleet that can be solved, 64 it is not.")]
pub(crate) struct Validate {
    /// The fleet's problem, cosmosmesh.fleet/1; `-` reads standard input
    file: PathBuf,
    /// Print JSON instead of tables; a refusal is JSON as well
    #[arg(long)]
    json: bool,
}

/// In a table for people, the most assets that are listed.
const LISTED_MAX: usize = 20;

impl Validate {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match read(&self.file) {
            Ok(fleet) => {
                let inventory = Inventory::of(&fleet);
                Ok(Answer::done(if self.json { machine(&inventory) } else { people(&inventory) }))
            }
            Err(failure) if self.json && failure.exit == Exit::BadInput => {
                eprintln!("cosmosmesh: {}", printable(&failure.message));
                let text = format!("{}\n", json!({ "valid": false, "error": failure.message }));
                Ok(Answer { text, exit: failure.exit })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// A fleet's problem from a file, its convexity checked asset by asset.
///
/// # Errors
/// [`Failure`] naming the file, the place and the remedy.
pub(super) fn read(path: &std::path::Path) -> Result<FleetProblem, Failure> {
    let text = file::read(path)?;
    let named = |error: &dyn std::fmt::Display| Failure::bad_input(format!("{}: {error}", path.display()));
    let fleet = read_fleet(&text).map_err(|error| named(&error))?;
    for (k, asset) in fleet.assets().iter().enumerate() {
        check_convex(&asset.local).map_err(|error| named(&error.within(&format!("agents[{k}]"))))?;
    }
    Ok(fleet)
}

fn machine(inventory: &Inventory) -> String {
    let mut value = json!(inventory);
    value["valid"] = json!(true);
    format!("{value}\n")
}

fn people(inventory: &Inventory) -> String {
    let rows = inventory.fleet_rows;
    let mut text = format!(
        "{}: {}, {}, {}, {}\n",
        inventory.problem,
        count(inventory.assets.len(), "asset"),
        count(inventory.variables(), "variable"),
        count(inventory.rows(), "private row"),
        count(rows.total, "fleet row")
    );
    let kinds = [
        (rows.at_most, "at most"),
        (rows.at_least, "at least"),
        (rows.between, "between"),
        (rows.equal, "equal"),
        (rows.open, "open"),
    ];
    let kinds: Vec<String> = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| format!("{n} {kind}")).collect();
    if !kinds.is_empty() {
        text.push_str(&format!("fleet rows by kind: {}\n", kinds.join(", ")));
    }
    text.push('\n');
    text.push_str(&assets(inventory).text());
    if inventory.assets.len() > LISTED_MAX {
        text.push_str(&format!("and {} more; --json lists all\n", count(inventory.assets.len() - LISTED_MAX, "asset")));
    }
    text.push('\n');
    let mut magnitudes =
        Table::new(&[("numbers in", Align::Left), ("smallest", Align::Right), ("largest", Align::Right)]);
    for part in &inventory.magnitudes {
        magnitudes.push(vec![part.part.to_owned(), short(part.smallest), short(part.largest)]);
    }
    text.push_str(&magnitudes.text());
    for warning in &inventory.warnings {
        text.push_str(&format!("\nwarning: {warning}"));
    }
    let verdict = if inventory.warnings.is_empty() { "valid, nothing unusual" } else { "\nvalid, with warnings" };
    text.push_str(&format!("\n{verdict}\n"));
    text
}

fn assets(inventory: &Inventory) -> Table {
    let columns = [
        ("asset", Align::Left),
        ("variables", Align::Right),
        ("whole", Align::Right),
        ("private rows", Align::Right),
        ("entries", Align::Right),
        ("fleet rows used", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for asset in inventory.assets.iter().take(LISTED_MAX) {
        let counts = [asset.variables, asset.integer, asset.rows, asset.entries, asset.fleet_rows];
        table.push([asset.id.clone()].into_iter().chain(counts.map(|n| n.to_string())).collect());
    }
    table
}
