//! What an asset may still give away.
//!
//! ```text
//! Budget (epsilon, delta) ──► rho ──► Ledger::spend (written, synced) ──► Permit ──release──► noisy integers
//! ```
//!
//! A ledger adds exact `rho`; (epsilon, delta) is only how a budget is stated and shown.

mod epsilon;
mod ledger;
mod noisy_use;
mod record;
mod release;

pub use epsilon::{Budget, BudgetError, epsilon};
pub use ledger::{Ledger, LedgerError, Standing};
pub use noisy_use::{NoisyUse, UseRanges, UseTerms, UseTermsError};
pub use record::{RecordError, decode_record};
pub use release::{Permit, ReleaseError, release};
