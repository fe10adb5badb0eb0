//! A fleet of one rover as MPS for another solver, and back with its sidecar; what an untouched file loses is nothing.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use cosmosmesh_catopt_bridge::{assemble, mps, restore};
use cosmosmesh_contracts::file::read_fleet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fleet = read_fleet(
        br#"{"format": "cosmosmesh.fleet/1", "name": "one task",
          "coupling": {"names": ["bus"], "lower": [null], "upper": [3.0]},
          "agents": [{"id": "rover", "variables": {"names": ["drive"], "lower": [0], "upper": [2]},
                      "objective": {"P": [[0, 0, 1.0]], "q": [-2.0], "c": 2.0},
                      "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": [[0, 0, 1.0]]}]}"#,
    )?;
    let assembly = assemble(&fleet)?;
    let mut text = String::new();
    mps::write(&assembly.program, mps::Ranges::TwoRows, &mut text);
    println!("{text}");
    let import = mps::read(&text)?;
    let (again, losses) = restore(&import.program, Some(&assembly.sidecar))?;
    println!("the same fleet: {}, lost: {}", again == fleet, losses.len());
    Ok(())
}
