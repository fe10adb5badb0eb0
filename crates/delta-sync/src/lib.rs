//! Reconciles replicas of signed per-author logs over links that are late, lossy, duplicated, reordered or gone.
//!
//! This crate *is* the logs, the session between two replicas, and the state that every replica folds from the same entries.
//! It is *not* a transport, a clock or a store: it opens no socket, reads no clock, draws no random number, and knows what no payload means.
//!
//! `examples/pipe.rs` syncs two replicas over a pipe with this crate and `contracts` alone.

pub mod checkpoint;
pub mod entry;
pub mod frame;
pub mod receipt;
pub mod replica;
pub mod session;
pub mod state;

mod codec;
mod interest;
mod keys;
mod log;
mod range;

pub use codec::CodecError;
pub use entry::{Entry, EntryId, Header, LogId, LogicalTime, MissionId, Topic};
pub use interest::{Interest, TOPICS_MAX};
pub use keys::Keys;
pub use range::{RangeSet, SEQUENCE_END};
pub use receipt::Receipt;
pub use replica::{
    Adoption, Draft, Fork, PastStep, ProposeError, Pruned, Refusal, Replica, ReplicaConfig, ReplicaError, Root, Roster,
    Schedule, Verdict,
};
pub use session::{Contact, Event, Session, SessionConfig};
