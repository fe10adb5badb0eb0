//! One suite per trait. Every implementer calls the suite of its trait; a bug found in one becomes a case for all.

mod domain;

pub use domain::{DomainCase, at_baseline, domain};
