//! The measuring bench: problem families, the central peer, a judge, and comparisons of solver variants.
//!
//! This crate *is* what stands outside the solvers and recomputes what they claim.
//! It is *not* part of the product: it may depend on everything, and nothing depends on it.
//!
//! ```
//! use cosmosmesh_bench::central;
//! use cosmosmesh_bench::family::{Family, Recipe, generate};
//!
//! let fleet = generate(Recipe { family: Family::Strong, assets: 3, rows: 24, seed: 0 })?;
//! let optimum = central::solve(&fleet, 1e-9);
//! assert_eq!(optimum.status, central::CentralStatus::Optimal);
//! # Ok::<(), cosmosmesh_bench::family::RecipeError>(())
//! ```

pub mod central;
pub mod compare;
pub mod exchange;
pub mod family;
pub mod judge;
pub mod osqp;
pub mod summing;
pub mod tables;
pub mod trial;

mod counted;
mod environment;
mod random;
mod statistics;
mod watched;

pub use counted::Counted;
pub use environment::Environment;
pub use random::Random;
pub use statistics::{median, quantile, shifted_geometric_mean};
