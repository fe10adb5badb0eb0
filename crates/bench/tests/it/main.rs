//! The bench's integration tests.

mod command;
mod compare;
mod family;
mod judge;
