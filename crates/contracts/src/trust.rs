//! Who may say what: the words in which a node asks, and the verdict that it gets.
//!
//! What is asked about is an [`Act`] of an author at a [`Moment`]; the answer is a [`Verdict`] of three values.
//! Who answers is a [`crate::traits::TrustPolicy`].

mod act;
mod open;
mod verdict;
mod word;

pub use act::{Act, Moment};
pub use open::OpenTrust;
pub use verdict::{Invalid, ShownError, TrustRefusal, Unknown, Verdict};
pub use word::{Capability, Contract, Reach, Role, Roles};
