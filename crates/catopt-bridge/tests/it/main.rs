//! The bridge from outside: what it writes, what others make of it, what it refuses.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]
#![allow(clippy::print_stdout, reason = "a skipped test says why, a measurement what it found")]

mod adapters;
mod corpus;
mod family;
mod fixture;
mod foreign;
mod grammar;
mod highs;
mod judgement;
mod laws;
mod memory;
mod native;
mod oracle;
mod refusal;
mod release;
mod round_trip;
mod schema;
mod streams;
mod traps;
mod wiring;
mod world;
