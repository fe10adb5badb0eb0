//! One mission-planning node as a state machine.
//!
//! This crate *is* the node's planning rounds so far: facilitator, asset and guardian as engines that are handed time and bytes, and who of them is heard.
//! It is *not* a network, a clock or a disk, and names no provider of primitives: whoever drives it hands them in.
//! Membership, activation that survives partitions, and replanning are not there yet.
//!
//! A fleet that plans by messages alone is in `examples/plan_by_messages.rs`.

pub mod round;
pub mod standing;
