//! Fleets as diagrams of open problems, and as one problem in the formats that other solvers read, and back.
//!
//! This crate *is* the native form `cosmosmesh.catopt/1` ([`Diagram`], [`document`]) with its verbs, assemble, [`certify`], [`explain`], [`marginalise`], [`redact`] and [`migrate`];
//! and exchange: MPS with `QUADOBJ`, LP and MathOptFormat written, MPS and MathOptFormat read, wirings as ACSets, solutions by name, two [`family`] dialects.
//! It is *not* a solver and favours none; it opens no file: text comes in and goes out in memory.
//!
//! ```
//! use cosmosmesh_catopt_bridge::{assemble, mps, restore};
//! use cosmosmesh_contracts::file::read_fleet;
//!
//! let fleet = read_fleet(br#"{"format": "cosmosmesh.fleet/1", "name": "one task",
//!   "coupling": {"names": ["bus"], "lower": [null], "upper": [3.0]},
//!   "agents": [{"id": "rover", "variables": {"names": ["drive"], "lower": [0], "upper": [2]},
//!               "objective": {"P": [[0, 0, 1.0]], "q": [-2.0]},
//!               "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": [[0, 0, 1.0]]}]}"#)?;
//! let assembly = assemble(&fleet)?;
//! let mut text = String::new();
//! mps::write(&assembly.program, mps::Ranges::TwoRows, &mut text);
//! let imported = mps::read(&text)?;
//! let (again, losses) = restore(&imported.program, Some(&assembly.sidecar))?;
//! assert_eq!((again, losses.len()), (fleet, 0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod acset;
mod certify;
mod colimit;
mod compose;
mod convex;
mod diagram;
mod direct_sum;
pub mod document;
mod error;
mod explain;
pub mod family;
mod fleet;
mod limit;
pub mod lp;
mod marginalise;
mod migrate;
pub mod mof;
pub mod mps;
mod names;
mod number;
mod object;
mod parts;
mod plan;
mod program;
mod redact;
mod sidecar;
pub mod solution;
mod source;
mod time;
mod unit;

pub use certify::{Verdict, certify};
pub use colimit::Colimit;
pub use convex::{check_convex, smallest_eigenvalue};
pub use diagram::{Diagram, Duals, Functor, FunctorKind, Junction, JunctionKind, Wire};
pub use direct_sum::DirectSum;
pub use error::{CatoptError, UnitClash};
pub use explain::{JunctionReport, explain, glue};
pub use fleet::FleetDiagram;
pub use marginalise::{Marginal, marginalise};
pub use migrate::{Migration, VariableChange, check_migrations, migrate};
pub use object::{Body, Object, Port, SchemaVersion};
pub use parts::{Block, Blocks, Fleet, Parts};
pub use plan::{Plans, from_result};
pub use program::{Assembly, Import, Loss, Program, assemble, canonical};
pub use redact::{Policy, Redaction, Release, redact};
pub use sidecar::{SIDECAR_FORMAT, Sidecar, restore};
pub use source::{Size, Source};
pub use time::{PlanDelta, PlanState};
