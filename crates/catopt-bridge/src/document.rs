//! The native form, `cosmosmesh.catopt/1`: a diagram as JSON, one object, junction or wire on a line.
//!
//! The schema is docs/protocol/schemas/catopt-1.schema.json, the meaning docs/math/catopt.md.

mod hash;
mod read;
mod shape;
mod text;
mod write;

pub use read::read;
#[cfg(feature = "schema")]
use shape::CatoptDocument;
pub use text::{DiagramText, LimitText};
pub(crate) use write::put;
pub use write::{object_hash, write, write_to};

/// The name of the native format.
pub const CATOPT_FORMAT: &str = "cosmosmesh.catopt/1";

/// The one sign convention of duals in every file of this crate.
pub const DUAL_CONVENTION: &str = "d_objective_d_rhs";

/// The JSON Schema (2020-12) of the native form, as committed in docs/protocol/schemas.
#[cfg(feature = "schema")]
pub fn schema() -> serde_json::Value {
    cosmosmesh_contracts::schema::schema::<CatoptDocument>(CATOPT_FORMAT)
}
