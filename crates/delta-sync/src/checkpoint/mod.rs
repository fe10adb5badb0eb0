//! Checkpoints: a quorum closes the past, and below it hashes are enough.
//!
//! A [`Checkpoint`] says which entries written up to a time count, the [`Cut`], and the hash of the state that they come to.
//! A [`Quorum`] certifies it, a [`Snapshot`] hands it to a replica that was away, and what such a replica holds beside the cut is written again and never dropped.
//! `docs/protocol/02-sync-session.md`, section Checkpoints, has the bytes and the reasons.

mod carrier;
mod certificate;
mod cut;
mod note;
mod quorum;

pub use carrier::{REBASED_BYTES_MAX, REBASED_KIND, late_of};
pub use certificate::{Certificate, CertificateError, Checkpoint, SNAPSHOT_BYTES_MAX, Snapshot};
pub use cut::{Cut, CutLog};
pub use note::{CLAIM_KIND, CONTROL_TOPIC, PROMISE_KIND, PROPOSAL_KIND, VOTE_KIND};
pub use quorum::{PROPOSERS_MAX, Quorum, QuorumError, VOTERS_MAX};

pub(crate) use carrier::{carried_of, carrier_of};
pub(crate) use certificate::{hash_of, put_snapshot, put_votes, read_front, read_votes, verify_votes};
pub(crate) use note::{Claim, Notes, Promise, Vote, proposals};
