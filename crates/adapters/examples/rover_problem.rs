//! A rover's sol as a planning problem, and a plan as commands, with this crate and `contracts` alone.
//!
//! `cargo run -p cosmosmesh-adapters --example rover_problem`
#![allow(clippy::print_stdout)] // An example shows its result.

use cosmosmesh_adapters::FleetRows;
use cosmosmesh_adapters::parameters::RoverParameters;
use cosmosmesh_adapters::vehicle::Rover;
use cosmosmesh_contracts::message::{Forecast, SlotForecast, Telemetry, VehicleMode};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::traits::DomainAdapter;
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let horizon = Horizon::sol(MissionTime::EPOCH);
    // What the fleet shares: a bus of 0.4 kWh per slot, and a corridor for one between ten and three.
    let rows = FleetRows::new(horizon).with_bus(0.4).with_corridor((20..30).collect(), 1.0);

    let parameters = RoverParameters::radioisotope();
    let id = AssetId::new("rover-1")?;
    let mut rover = Rover::new(id.clone(), parameters, rows)?;

    let telemetry = Telemetry {
        at: MissionTime::EPOCH,
        mode: VehicleMode::Nominal,
        battery_wh: 1_700.0,
        battery_temperature_c: -5.0,
        generation_w: 110.0,
        load_w: 60.0,
        bus_w: 0.0,
        stored_mbit: 120.0,
        odometer_m: 0.0,
    };
    rover.observe(MissionTime::EPOCH, &telemetry)?;

    let slots = (0..horizon.len())
        .map(|slot| {
            let ambient_temperature_c = if (12..36).contains(&slot) { -35.0 } else { -80.0 };
            SlotForecast {
                generation_w: parameters.source.power_w(0.0),
                keep_alive_w: parameters.keep_alive.power_w(ambient_temperature_c),
                ambient_temperature_c,
                daylight_fraction: if (14..34).contains(&slot) { 1.0 } else { 0.0 },
                local_time_h: slot as f64 / 2.0 + 0.25,
            }
        })
        .collect();
    let forecast = Forecast { issued: MissionTime::EPOCH, horizon, slots, passes: Vec::new(), downlinks: Vec::new() };

    let problem = rover.local_problem(&forecast)?;
    println!("{} variables, {} rows of its own", problem.local.variable_count(), problem.local.row_count());
    println!("{} shares of {} fleet rows", problem.coupling.entry_count(), problem.coupling.row_count());
    for wanted in rover.wanted(&forecast)? {
        println!("wanted: {} {:.0} {}", wanted.activity, wanted.desired, wanted.unit);
    }

    // A plan comes from a solver; this one drives flat out from ten to eleven and does nothing else.
    let names = &problem.local.variables().names;
    let x = names.iter().map(|name| if matches!(name.as_str(), "drive_kw[20]" | "drive_kw[21]") { 0.35 } else { 0.0 });
    for command in rover.apply(&forecast, &Plan { id, x: x.collect() })? {
        println!("{:>8} s to {:>8} s: {:?}", command.start.0 / 1_000, command.end.0 / 1_000, command.action);
    }
    Ok(())
}
