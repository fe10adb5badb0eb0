//! The words two CosmosMesh crates must agree on.
//!
//! This crate *is* the data contracts (messages, problems, rounds, plans), their file and wire forms, and the narrow traits.
//! It is *not* a solver, a network or a clock: it computes nothing beyond checking what it was given.
//!
//! ```
//! use cosmosmesh_contracts::problem::{Bounds, SparseMatrix};
//!
//! let a = SparseMatrix::from_triplets(1, 2, &[(0, 0, 1.0), (0, 1, 2.0)])?;
//! let rows = Bounds::new(vec![0.0], vec![4.0])?;
//! assert_eq!((a.column_count(), rows.len()), (2, 1));
//! # Ok::<(), cosmosmesh_contracts::problem::ProblemError>(())
//! ```
//!
//! # Features
//! `serde` derives, `json` file formats, `schema` JSON Schemas, `wire` the binary form, `conformance` test suites. None is on by default.

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "json")]
pub mod file;
pub mod key;
pub mod message;
pub mod plan;
pub mod problem;
pub mod round;
#[cfg(feature = "schema")]
pub mod schema;
pub mod traits;
pub mod trust;
#[cfg(feature = "wire")]
pub mod wire;

mod id;
mod time;

pub use id::{AssetId, IdError};
pub use time::{Horizon, HorizonError, MissionTime};
