//! Identifiers that are their own proof: did:key for signing and for agreement keys.

mod document;
mod error;
mod key;

pub use document::document;
pub use error::DidError;
pub use key::DidKey;
