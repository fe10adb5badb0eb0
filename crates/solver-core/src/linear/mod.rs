//! Linear algebra on faer: a sparse quasi-definite factor and a dense positive definite one.
//!
//! faer stays behind this wall; nothing above it appears in a public signature.

mod dense;
mod ldl;

pub(crate) use dense::{Dense, dot, mirror, subtract_multiple};
pub(crate) use ldl::{Breakdown, Ldl};
