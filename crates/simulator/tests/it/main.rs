//! The simulator from outside, by topic.

mod edit;
mod expected;
mod geometry;
mod network;
mod planning;
mod reality;
mod refusal;
