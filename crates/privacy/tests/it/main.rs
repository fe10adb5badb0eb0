//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod accountant;
mod budget;
mod committee;
mod correctness;
mod noise;
mod sum;
mod world;
