//! The host's tests, one module a topic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod faulty;
mod replica;
#[cfg(feature = "sqlite")]
mod sqlite;
