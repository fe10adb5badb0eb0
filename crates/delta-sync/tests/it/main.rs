//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod bounds;
mod checkpoints;
mod figures;
mod fleet;
mod forks;
mod hostile;
mod keys;
mod load;
mod one_way;
mod pair;
mod random;
mod sessions;
mod simulation;
mod state;
mod succession;
mod vectors;
mod world;
