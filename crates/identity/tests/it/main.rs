//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod did;
mod roles;
