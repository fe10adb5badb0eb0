//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod accountant;
mod attacks;
mod blame;
mod budget;
mod committee;
mod correctness;
mod noise;
mod quorum;
mod secrecy;
mod sum;
mod world;
