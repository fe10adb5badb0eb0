//! The bench's integration tests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod command;
mod compare;
mod exit;
mod family;
mod judge;
mod tables;
mod trial;
mod units;
