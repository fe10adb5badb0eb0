//! What keys make and what they are named by: node ids, signatures, digests, the suite they belong to.
//!
//! Only values stand here; who makes them implements the traits of [`crate::traits`].

mod bytes;
mod error;
mod suite;

pub use bytes::{Digest, NodeId, Signature};
pub use error::KeyError;
pub use suite::Suite;
