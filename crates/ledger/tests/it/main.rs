//! The log against published vectors, other implementations, and those who would change it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod audit;
mod corpus;
mod durable;
mod evidence;
mod governance;
mod house;
mod independent;
mod notes;
mod peers;
mod proofs;
mod tampering;
mod tiles;
mod vectors;
mod witnesses;
