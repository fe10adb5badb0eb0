//! What roles may do: deny by default, a table that a policy document fills, and refusals that say what would be needed.

mod delegation;
mod error;
mod policy;
mod refusal;

pub use cosmosmesh_contracts::trust::{Capability, Contract, Reach, Role, Roles};
pub use delegation::{Delegation, EPOCHS_MAX, Members};
pub use error::PolicyError;
pub use policy::{FORMAT, Policy, Rule};
pub use refusal::Refusal;
