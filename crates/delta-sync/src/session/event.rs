use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::StoreError;

use crate::codec::CodecError;
use crate::entry::{EntryId, LogId};
use crate::range::RangeSet;
use crate::receipt::Receipt;
use crate::replica::{Adoption, Refusal, Root};

/// What a session has to tell its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// New entries are durable here.
    Entries {
        /// Who brought them.
        from: NodeId,
        /// Which.
        entries: Vec<(LogId, RangeSet)>,
    },
    /// What a batch brought, as it was written down.
    Receipt(Receipt),
    /// A log forks, or forks earlier than was known; it counts up to there only.
    Fork {
        /// Where.
        at: EntryId,
        /// Who brought the proof.
        from: NodeId,
    },
    /// A peer brought our own entries that we have no memory of: the store is an old copy. We write to new logs from now on.
    Restored {
        /// The new epoch.
        epoch: u32,
    },
    /// The peer holds what we hold.
    Settled {
        /// Who.
        peer: NodeId,
        /// The hash of it.
        root: Root,
    },
    /// Entries were not taken.
    Refused {
        /// Who brought them.
        from: NodeId,
        /// Why.
        refusal: Refusal,
        /// How many.
        count: u64,
    },
    /// A peer sent what is no frame of this mission.
    Malformed {
        /// Who.
        from: NodeId,
        /// What was wrong.
        error: CodecError,
    },
    /// The contact's bytes are spent and entries remain for the next.
    Cut {
        /// For whom.
        peer: NodeId,
        /// How many entries remain.
        entries_left: u64,
    },
    /// A checkpoint came into force: the past is closed, and what was late here is written again. Whoever keeps a [`crate::state::Fold`] begins a new one with [`crate::Replica::fold`].
    Checkpoint(Adoption),
    /// A vote did not come about because the key's device does not answer.
    Unattended {
        /// What it said.
        detail: String,
    },
    /// The store failed; nothing more is taken or sent until it is opened again.
    StoreFailed(StoreError),
    /// Events were dropped because nobody asked for them.
    Missed {
        /// How many.
        count: u64,
    },
}
