//! The bench's integration tests.

mod command;
mod family;
mod judge;
