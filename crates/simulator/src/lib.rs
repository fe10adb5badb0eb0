//! Virtual time, links and vehicle physics around a planning fleet, from one seed.
//!
//! This crate *is* an offline rehearsal: the fleet plans by messages that travel as bytes over slow, lossy links, and then the sol is integrated
//! in finer steps than the planner's own model, with every limit checked at every step.
//! It is *not* a network and opens no socket; it reads no clock and draws no random number that does not follow from the seed.
//!
//! ```
//! use cosmosmesh_simulator::scenario::{Scenario, builtin_source};
//!
//! let base = Scenario::load("jezero-base")?;
//! assert_eq!((base.assets.len(), base.horizon.len()), (10, 48));
//!
//! // What is not understood is refused, with the line, the reason and a remedy.
//! let text = builtin_source("three-assets").unwrap().replace("solve_ms", "solve");
//! let error = Scenario::parse("mine.toml", &text).unwrap_err();
//! assert!(error.to_string().ends_with("key `solve` has no unit; write `solve_ms`"));
//! # Ok::<(), cosmosmesh_simulator::scenario::ScenarioError>(())
//! ```
//!
//! A whole sol, planned and integrated, stands in `examples/plan_the_base.rs`.
//!
//! # Invariants
//! - The facilitator's process holds one round's running sum, under masks unless the scenario is run in the open, and never an answer that is in it.
//! - Whatever one process knows of another came to it as bytes, over links.
//! - One seed, one binary: one report, to the last byte.

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
mod replica;
mod simulate;

pub use options::{SimulateError, SimulateOptions};
pub use progress::Progress;
pub use simulate::simulate;
