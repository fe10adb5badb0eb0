//! The contracts' tests, one module a topic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[cfg(feature = "conformance")]
mod conformance;
#[cfg(all(feature = "json", feature = "wire", feature = "conformance"))]
mod corpus;
#[cfg(feature = "json")]
mod envelope;
#[cfg(feature = "json")]
mod fleet_file;
#[cfg(all(feature = "json", target_os = "linux"))]
mod memory;
mod messages;
#[cfg(feature = "json")]
mod properties;
mod quantiser;
#[cfg(feature = "json")]
mod result_file;
#[cfg(feature = "schema")]
mod schemas;
#[cfg(feature = "conformance")]
mod store;
#[cfg(all(feature = "json", feature = "wire"))]
mod vectors;
