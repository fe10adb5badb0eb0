//! Rehearses a built-in scenario (or the file named as the argument) and prints what came of it.

use std::ops::ControlFlow;

use cosmosmesh_simulator::clock::Clock;
use cosmosmesh_simulator::scenario::Scenario;
use cosmosmesh_simulator::{Progress, SimulateOptions, simulate};

#[allow(clippy::print_stdout, reason = "an example talks to its reader")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "jezero-base".to_owned());
    let scenario = Scenario::load(&name)?;
    let report = simulate(&scenario, &SimulateOptions::default(), &mut |progress| {
        if let Progress::Round(round) = progress {
            println!("round {:2} at {}: gap {:?}", round.round, Clock::text(round.finished_ms), round.gap);
        }
        ControlFlow::Continue(())
    })?;
    println!("{}: {}", report.scenario, report.ending);
    for asset in &report.assets {
        for wanted in &asset.wanted {
            println!(
                "  {:10} {:13} {:8.1} of {:8.1} {:4} planned, {:8.1} done",
                asset.id, wanted.label, wanted.planned, wanted.desired, wanted.unit, wanted.realised
            );
            for binding in &wanted.binding {
                println!(
                    "             held back by {} at a price of {:?} per {}",
                    binding.row, binding.price, binding.unit
                );
            }
        }
    }
    for margin in &report.figures.margins {
        println!(
            "  margin {:?}: {:.2} {} ({} {})",
            margin.kind, margin.margin, margin.unit, margin.asset, margin.quantity
        );
    }
    for violation in &report.violations {
        println!("  broken: {violation}");
    }
    println!("{:#?}", report.figures.time_to_plan_ms.map(Clock::text));
    Ok(())
}
