//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod committee;
mod correctness;
mod sum;
mod world;
