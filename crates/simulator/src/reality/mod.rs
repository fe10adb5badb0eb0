//! The sol as it comes: vehicles obey their commands in a world that strays from the forecast, and every limit is looked at in every step.
//!
//! Vehicles have no protection of their own here, so that a bad plan shows.
//! Their batteries and memories follow exact balances; what a vehicle is told to do it does at full strength from the start of its interval
//! until its allotted energy, distance, time or volume is used up, so the dips within a slot are those that the planner's means hide.

mod disturbance;
mod mission;
mod task;
mod vehicle;
mod watch;

pub(crate) use mission::{Orders, Realised, integrate};
