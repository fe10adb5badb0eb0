//! Plans a fleet whose assets keep their problems to themselves.
//!
//! This crate *is* one asset's interior-point solver and the federated rounds that tie many assets together through sums.
//! It is *not* a network, a clock or a cipher: it opens no socket, reads no time, draws no random number and sees no key.
//!
//! The twenty lines from a fleet to a certified plan are in `examples/solve_fleet.rs`.

mod barrier;
mod convex;
pub mod coordination;
mod fixed_point_sum;
mod interior_point;
mod linear;
mod local;
mod participant;
mod plain_sum;
mod ranging;
mod run;

pub use barrier::{BarrierProblem, BarrierResponse};
pub use convex::check_convex;
pub use coordination::{Link, Method, Options, Path, UnknownMethod, Warm, coordinator};
pub use fixed_point_sum::FixedPointSum;
pub use interior_point::{InteriorPoint, PreparedInteriorPoint};
pub use participant::{Participant, ParticipantError};
pub use plain_sum::PlainSum;
pub use ranging::Ranging;
pub use run::{Job, NUMBERS_MAX, Pool, RunError, SameThread, run, run_on};
