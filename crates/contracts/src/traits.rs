//! The narrow traits. A trait is here because it has two implementations and one generic user.

mod coordination;
mod domain_adapter;
mod engine;
mod local_solver;
mod mechanism;
mod primitive;
mod provider;
mod range_rule;
mod signer;
mod store;
mod sum;
mod trust_policy;

pub use coordination::{Coordination, CoordinationError, Step};
pub use domain_adapter::{DomainAdapter, DomainError, Wanted, WantedPart};
pub use engine::{Engine, Transmit};
pub use local_solver::{Budget, LocalOutcome, LocalReport, LocalSolver, ProblemClass, SolveError, WarmStart};
pub use mechanism::{Mechanism, MechanismError, PrivacyLoss, Sensitivity};
pub use primitive::{Aead, ContentHasher, Kdf, KeyAgreement, SecureRandom};
pub use provider::CryptoProvider;
pub use range_rule::RangeRule;
pub use signer::{Signer, Verifier};
pub use store::{RECORD_MAX, STREAM_NAME_MAX, Store, StoreError, check_record, check_stream_name};
pub use sum::{Sum, SumError};
pub use trust_policy::TrustPolicy;
