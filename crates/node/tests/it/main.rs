//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod absence;
mod cheats;
mod hostile;
mod listeners;
mod log;
mod rounds;
mod world;
