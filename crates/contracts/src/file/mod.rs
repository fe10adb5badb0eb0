//! The file forms: `cosmosmesh.fleet/1`, a fleet's problem, and `cosmosmesh.result/1`, what a solve writes.
//!
//! Both are JSON, read from bytes that are already in memory; this module opens no file.
//! Reading is strict: an unknown, missing or doubled key, a number that is no number, an index outside its matrix are each refused with place and remedy.
//! Memory stays within a small multiple of the text, since every dimension follows from the length of a list.
//! Numbers survive writing and reading exactly.
//!
//! ```
//! use cosmosmesh_contracts::file::{read_fleet, write_fleet};
//!
//! let text = br#"{"format": "cosmosmesh.fleet/1", "name": "two tasks, one bus",
//!   "coupling": {"names": ["bus"], "lower": [null], "upper": [3.0]},
//!   "agents": [{"id": "rover", "variables": {"names": ["drive"], "lower": [0], "upper": [2]},
//!               "objective": {"P": [[0, 0, 1.0]], "q": [-2.0]},
//!               "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": [[0, 0, 1.0]]}]}"#;
//! let fleet = read_fleet(text)?;
//! assert_eq!(read_fleet(write_fleet(&fleet).as_bytes())?, fleet);
//!
//! let error = read_fleet(&text.map(|byte| if byte == b'3' { b'x' } else { byte })).unwrap_err();
//! assert!(error.to_string().starts_with("line 2, column"), "{error}");
//! # Ok::<(), cosmosmesh_contracts::file::FileError>(())
//! ```

mod error;
mod fleet;
mod fleet_document;
mod fleet_text;
mod place;
mod result;
mod value;

pub use error::FileError;
pub use fleet::{FleetWriter, read_fleet, write_fleet, write_fleet_to};
#[cfg(feature = "schema")]
pub(crate) use fleet_document::FleetDocument;
pub use fleet_text::FleetText;
pub use result::{AgentResult, ResultFile, ResultFormat, SumKind, read_result, write_result};
pub(crate) use value::object_from_slice;

/// The name of the fleet format.
pub const FLEET_FORMAT: &str = "cosmosmesh.fleet/1";

/// The name of the result format.
pub const RESULT_FORMAT: &str = "cosmosmesh.result/1";
