//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod absence;
mod cheats;
mod fleet_log;
mod hostile;
mod listeners;
mod log;
mod refusals;
mod rounds;
mod shown;
mod standing;
mod thirty_sols;
mod vectors;
mod world;
