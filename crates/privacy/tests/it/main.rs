//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod accountant;
mod ahead;
mod attacks;
mod blame;
mod budget;
mod committee;
mod correctness;
mod fuzz;
mod noise;
mod noisy_use;
mod quorum;
mod readers;
mod secrecy;
mod secrets;
mod sum;
mod vectors;
mod world;
