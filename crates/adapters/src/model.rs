//! The parts that vehicles' problems are made of.
//!
//! Inside a problem, power is in kilowatts, energy in kilowatt-hours, data in 10^9 bits and occupancy in parts of a slot,
//! so that shares and their prices are of order one; telemetry and commands keep watts, watt-hours and 10^6 bits.

mod data;
mod draft;
mod energy;
mod movement;
mod task;

pub(crate) use data::{DataColumns, Segment};
pub(crate) use draft::Draft;
pub(crate) use energy::{EnergyColumns, Loads, Outlook, Plant};
pub(crate) use movement::{MovementColumns, MovementLimits};
pub(crate) use task::{Track, reward_goal, short_fraction};

/// Weight of costs that only make the optimum unique: at full deflection such a variable costs half of this.
pub(crate) const TIE_BREAK: f64 = 0.02;

/// Watts to kilowatts, watt-hours to kilowatt-hours, 10^6 bits to 10^9 bits.
pub(crate) const KILO: f64 = 1e-3;
