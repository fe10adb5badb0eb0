//! Rover, drone, habitat and relay orbiter, as the planner sees them.
//!
//! This crate *is* a set of pure functions: from telemetry and forecast to one asset's convex problem, and from its plan to commands.
//! It is *not* a vehicle, a protocol or a solver: it opens nothing, reads no clock and keeps nothing but the last measurement.
//!
//! ```
//! use cosmosmesh_adapters::FleetRows;
//! use cosmosmesh_contracts::{Horizon, MissionTime};
//!
//! let rows = FleetRows::new(Horizon::sol(MissionTime::EPOCH)).with_bus(0.0).with_corridor(vec![20, 21], 1.0);
//! assert_eq!((rows.len(), rows.corridor(21)), (50, Some(49)));
//! ```
//!
//! A whole rover stands in `examples/rover_problem.rs`.

pub mod parameters;
pub mod vehicle;

mod command_list;
mod fleet_rows;
mod model;

pub use fleet_rows::{FleetRows, RelayPass};
