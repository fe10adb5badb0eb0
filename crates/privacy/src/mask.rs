//! The Guardian Mask Sum: an asset hides its words under masks that only a committee of guardians can take off, and only off the sum.
//!
//! docs/protocol/03-secure-aggregation.md has the messages and the reasons.

mod committee;

pub use committee::{Committee, CommitteeError, GUARDIANS_MAX};
