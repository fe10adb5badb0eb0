//! Reads fleet problems from files, says what is in them, and says why when one is refused.
//!
//! ```text
//! cargo run -p cosmosmesh-contracts --features json --example read_fleet -- FILE...
//! ```
//! Without a file it reads the two-asset fleet below.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example talks to its reader")]

use std::process::ExitCode;

use cosmosmesh_contracts::file::{read_fleet, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;

const TWO_ASSETS: &str = r#"{
  "format": "cosmosmesh.fleet/1", "name": "two-assets",
  "coupling": {"names": ["bus"], "lower": [null], "upper": [3.0]},
  "agents": [
    {"id": "rover",
     "variables": {"names": ["drive", "science"], "lower": [0, 0], "upper": [2, 4]},
     "objective": {"P": [[0, 0, 1.0], [1, 1, 0.5]], "q": [-2.0, -1.5]},
     "rows": {"names": ["time"], "A": [[0, 0, 1.0], [0, 1, 1.0]], "lower": [null], "upper": [4.0]},
     "coupling": [[0, 0, 1.0], [0, 1, 0.4]]},
    {"id": "habitat",
     "variables": {"names": ["heat"], "lower": [0.5], "upper": [2]},
     "objective": {"P": [[0, 0, 2.0]], "q": [-4.0]},
     "rows": {"names": [], "A": [], "lower": [], "upper": []},
     "coupling": [[0, 0, 1.0]]}
  ]
}"#;

fn main() -> ExitCode {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    if paths.is_empty() {
        return describe("two-assets", TWO_ASSETS.as_bytes());
    }
    let mut code = ExitCode::SUCCESS;
    for path in paths {
        let outcome = match std::fs::read(&path) {
            Ok(text) => describe(&path, &text),
            Err(error) => {
                eprintln!("{path}: {error}");
                ExitCode::FAILURE
            }
        };
        if outcome != ExitCode::SUCCESS {
            code = outcome;
        }
    }
    code
}

fn describe(path: &str, text: &[u8]) -> ExitCode {
    let fleet: FleetProblem = match read_fleet(text) {
        Ok(fleet) => fleet,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let variables: usize = fleet.assets().iter().map(|asset| asset.local.variable_count()).sum();
    let rows: usize = fleet.assets().iter().map(|asset| asset.local.row_count()).sum();
    println!(
        "{}: {} assets with {variables} variables and {rows} rows of their own, tied by {} fleet rows; {} bytes as written here",
        fleet.name(),
        fleet.assets().len(),
        fleet.row_count(),
        write_fleet(&fleet).len()
    );
    ExitCode::SUCCESS
}
