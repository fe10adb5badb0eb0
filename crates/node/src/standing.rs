//! Who is heard: certificates that nodes show one another, judged over the fleet's governance log.
//!
//! ```text
//! the driver     Certified::new(terms, log's fold)             again by `follow` when the log has grown
//! once a ladder  Shown::encode(tokens) ── 0x42 ──► Certified::hear     signatures are checked here, and not again
//! every message  Certified::judge(author, act, moment)                 windows, log positions, roles, delegations
//! ```
//!
//! The rules are those of docs/protocol/05-identity.md; this module is where identity's certificates and the ledger's fold meet.

mod certified;
mod shown;
mod view;

pub use certified::{AUTHORS_MAX, CERTIFICATES_MAX, Certified, CertifiedTerms};
pub use shown::{SHOWN_KIND, SHOWN_MAX, Shown};
pub use view::{FleetView, members, roles};
