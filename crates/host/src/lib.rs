//! What a process needs from the machine it runs on.
//!
//! This crate *is* durable storage behind the [`Store`](cosmosmesh_contracts::traits::Store) of the contracts: a SQLite file, and a twin in memory whose disk fails to order.
//! It is *not* planning logic, and it has no links, clock or loop yet: they come with the daemon.
//!
//! ```
//! use cosmosmesh_contracts::traits::Store;
//! use cosmosmesh_host::store::FaultyStore;
//!
//! let mut store = FaultyStore::new();
//! store.append("plan", b"first")?;
//! store.sync()?;
//! store.append("plan", b"second")?;
//! // The power fails when five bytes of the second record are on the disk.
//! let store = store.crash(5);
//! assert_eq!(store.read("plan", 0, 10)?, [b"first"]);
//! # Ok::<(), cosmosmesh_contracts::traits::StoreError>(())
//! ```
//!
//! # Features
//! `sqlite`: [`store::SqliteStore`]. None is on by default.

pub mod store;
