//! One suite per trait. Every implementer calls the suite of its trait; a bug found in one becomes a case for all.

mod coordination;
mod domain;
mod fleet_cases;
mod key;
mod local_cases;
mod local_judge;
mod local_solver;
mod mechanism;
mod mutant;
mod range_rule;
mod store;
mod sum;
mod trust_policy;

pub use coordination::{FleetAssets, coordination, coordination_on};
pub use domain::{DomainCase, at_baseline, domain};
pub use fleet_cases::{FleetCase, FleetExpected, fleet_cases};
pub use key::{
    AgreementCase, DerivationCase, SealedCase, SignatureCase, aead, content_hasher, kdf, key_agreement, secure_random,
    signer, verifier,
};
pub use local_cases::{Expected, LocalCase, local_cases};
pub use local_judge::{LOCAL_TOLERANCE, judge};
pub use local_solver::{Oracle, local_solver};
pub use mechanism::mechanism;
pub use mutant::mutant;
pub use range_rule::{WideRanges, range_rule};
pub use store::{MemoryStore, store};
pub use sum::{CompensatedSum, private_sum, sum};
pub use trust_policy::trust_policy;
