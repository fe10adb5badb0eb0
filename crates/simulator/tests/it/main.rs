//! The simulator from outside, by topic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod corpus;
mod edit;
mod expected;
mod geometry;
mod masks;
mod network;
mod planning;
mod reality;
mod refusal;
mod replicas;
