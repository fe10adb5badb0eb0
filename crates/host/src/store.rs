//! Durable streams of records.

mod faulty;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use cosmosmesh_contracts::conformance::MemoryStore;
pub use faulty::FaultyStore;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
