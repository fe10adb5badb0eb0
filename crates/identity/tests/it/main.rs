//! The crate from outside.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cedar;
mod certificate;
mod chain;
mod did;
mod fuzz;
mod readers;
mod roles;
mod vectors;
mod x509;
