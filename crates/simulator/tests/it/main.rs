//! The simulator from outside, by topic.

mod geometry;
mod network;
