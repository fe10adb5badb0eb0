//! The vehicles, each against the suite of its trait and against a solver of somebody else.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod drone;
mod fixture;
mod fleet;
mod fleet_rows;
mod habitat;
mod oracle;
mod orbiter;
mod rover;
