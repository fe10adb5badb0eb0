//! Short-lived certificates: what an issuer says of a node's key for one window of time, and who believes it when.
//!
//! One [`Certificate`] is written as a COSE token of at most [`TOKEN_MAX`] bytes for thin links, and as [`X509`] for TLS.
//! Windows come as a [`Ladder`], several at one contact, so that a lost contact is not a lost identity.
//! A judge says valid, invalid or indeterminate, and [`renewal`] always names a way on.

mod cbor;
mod error;
mod judge;
mod ladder;
mod renewal;
mod request;
mod statement;
mod token;
mod x509;

pub use cosmosmesh_contracts::trust::{Invalid, Unknown, Verdict};
pub use error::CertificateError;
pub use judge::{Evidence, GovernanceView, Tolerance, judge};
pub use ladder::{Ladder, RUNGS_MAX, life_ms_min};
pub use renewal::{GRACE_ROLES, Renewal, renewal};
pub use request::{REQUEST_MAX, Request};
pub use statement::{Certificate, NAME_BYTES_MAX, Window};
pub use token::{MissionEpoch, TOKEN_MAX, Token};
pub use x509::X509;
