//! An identity that outlives its keys: a chain of key events with pre-rotation, in the form of did:webvh.
//!
//! Its name is the hash of its first event; each event names the hash of the one before, and commits itself to the key of the next.
//! So whoever steals the present key can neither rename nor rotate, and everybody can check it offline, from the text alone.
//!
//! ```
//! use cosmosmesh_contracts::traits::Signer;
//! use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
//! use cosmosmesh_identity::chain::{Genesis, KeyChain};
//!
//! let key = |seed| Ed25519Signer::new(Secret::take(&mut [seed; 32]));
//! let (verifier, at) = (Ed25519Verifier::new(), 1_924_992_000);
//! let genesis = Genesis { domain: "ares.example", name: "rover-1", next: key(2).node_id(), at_unix_s: at };
//! let chain = KeyChain::begin(&genesis, &key(1), &verifier)?;
//! let rotated = chain.rotate(&key(2), key(3).node_id(), at + 60, &verifier)?;
//! assert!(chain.rotate(&key(7), key(3).node_id(), at + 60, &verifier).is_err(), "nobody else's key comes next");
//!
//! let read = KeyChain::read(rotated.to_text().as_bytes(), at + 60, &verifier)?;
//! assert_eq!((read.did(), read.key()), (chain.did(), Some(key(2).node_id())));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod canonical;
mod entry;
mod error;
mod event;
mod log;
mod place;
mod strict;
mod witness;

pub use error::{ChainError, Fault};
pub use event::{Genesis, key_hash};
pub use log::{CHAIN_BYTES_MAX, EVENTS_MAX, KeyChain, Version};
pub(crate) use place::segment;
pub use witness::{WITNESSES_MAX, Witnesses};
