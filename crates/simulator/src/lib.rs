//! Virtual time, links and vehicle physics around a planning fleet, from one seed.
//!
//! This crate *is* an offline rehearsal: the fleet plans by messages that travel as bytes over slow, lossy links, and then the sol is integrated
//! in finer steps than the planner's own model, with every limit checked at every step.
//! It is *not* a network and opens no socket; it reads no clock and draws no random number that does not follow from the seed.

pub mod clock;
pub mod contacts;
pub mod environment;
pub mod fleet;
pub mod geometry;
pub mod link;
pub mod queue;
pub mod random;
pub mod report;
pub mod scenario;

mod account;
mod explain;
mod options;
mod planning;
mod progress;
mod reality;
mod simulate;

pub use options::{SimulateError, SimulateOptions};
pub use progress::Progress;
pub use simulate::simulate;
