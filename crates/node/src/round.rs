//! Planning rounds by messages.
//!
//! ```text
//! facilitator                             asset                          guardian (often an asset too)
//!   question: header, ranges, query ────►  answers its query
//!   request: who will be in the sum ───────────────────────────────────►  records, then answers
//!                                   ◄────  masked message
//!                                   ◄───────────────────────────────────  opening
//!   absorbs the sum, asks again ...
//!   result: weights of earlier answers ─►  forms its own plan, says that it holds it
//!   in effect ──────────────────────────►  follows it
//! ```
//!
//! A [`Party`] is one node with the roles that it has. Set-up, once an epoch, comes before: docs/protocol/03-secure-aggregation.md.
//! Before a message reaches a role, the [`Gate`] asks whether its author may do what it does: with certificates and roles ([`crate::standing::Certified`]), or open to everybody by that name.
//! A sum in the open is possible too; then a question is a bare query, an answer a bare contribution, and there are no guardians.

mod act;
mod contributing;
mod facilitating;
mod gate;
mod guarding;
mod log;
mod masking;
mod party;
mod plain;
mod question;
mod refusals;

pub use contributing::Contributing;
pub use facilitating::{Facilitating, Stage, Summing};
pub use gate::Gate;
pub use guarding::Guarding;
pub use log::{MemoryLog, RoundLog, RoundLogError, StoreLog};
pub use masking::Masks;
pub use party::{Party, RoundEvent};
pub use question::{QUESTION_KIND, Question};
pub use refusals::{REFUSAL_BYTES, REFUSALS_MAX, RefusalLog, decode_refusal, encode_refusal};
