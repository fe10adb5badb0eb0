//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod rounds;
mod world;
