//! The Guardian Mask Sum: an asset hides its words under masks that only a committee of guardians can take off, and only off the sum.
//!
//! ```text
//! once an epoch    Agent::enrol ── bundle ──► Guardian::accept ── acceptance ──► Agent::hear_acceptance
//! every round      Header::sign ──► Agent::mask ── one message ──► Aggregator::accept
//!                                   Aggregator::request ──► Guardian::answer ── opening ──► Aggregator::hear
//!                                   Aggregator::open: the sum, and nothing else
//! ```
//!
//! Every part is a state machine: bytes in, bytes out, with the primitives, the log and the store handed in.
//! docs/protocol/03-secure-aggregation.md has the messages and the reasons.

mod agent;
mod aggregator;
mod author;
mod blame;
mod bundle;
mod closing;
mod codec;
mod committee;
mod error;
mod guardian;
mod header;
mod promises;
mod record;
mod request;
mod roster;
mod stream;
mod total;

pub use agent::{Agent, Expected};
pub use aggregator::{Aggregator, Opened};
pub use author::author_of;
pub use blame::{Blame, Verdict};
pub use bundle::Acceptance;
pub use closing::Closing;
pub use committee::{Committee, CommitteeError, GUARDIANS_MAX};
pub use error::MaskError;
pub use guardian::Guardian;
pub use header::{Header, HeaderLog, Mode, SignedHeader};
pub use promises::Promises;
pub use record::Checkpoint;
pub use roster::{GuardianKeys, Roster, RosterError, RosterTerms, Survival};
pub use total::Total;
