//! The primitives behind the key traits of `contracts`.
//!
//! This crate *is* ring (Ed25519, HKDF-SHA-256, ChaCha20-Poly1305), x25519-dalek and blake3, each behind one narrow trait, gathered by [`provider`].
//! It is *not* a policy: it does not decide who may do what, and it opens no file and no socket.
//!
//! ```
//! use cosmosmesh_contracts::traits::{Signer, Verifier};
//! use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret, SystemRandom};
//!
//! let secret = Secret::random(&mut SystemRandom::new())?;
//! let signer = Ed25519Signer::new(secret);
//! let signature = signer.sign(b"example/1\0battery low")?;
//! let verifier = Ed25519Verifier::new();
//! assert!(verifier.verify(&signer.node_id(), b"example/1\0battery low", &signature).is_ok());
//! assert!(verifier.verify(&signer.node_id(), b"example/1\0battery full", &signature).is_err());
//! # Ok::<(), cosmosmesh_contracts::key::KeyError>(())
//! ```
//!
//! # Secrets
//! [`Secret`] is wiped when it is dropped, compares in constant time, and cannot be shown, copied or written out by accident.
//!
//! # Features
//! `seeded`: a provider for simulations, whose randomness anybody who knows the seed can foretell; it says so by `is_seeded`.

mod aead;
mod agreement;
mod hasher;
mod kdf;
mod provider;
mod random;
mod secret;
mod signer;
mod verifier;

pub use aead::ChaCha20Poly1305;
pub use agreement::X25519;
pub use hasher::Blake3;
pub use kdf::HkdfSha256;
pub use provider::provider;
#[cfg(feature = "seeded")]
pub use provider::{seeded_provider, seeded_signer};
#[cfg(feature = "seeded")]
pub use random::SeededRandom;
pub use random::SystemRandom;
pub use secret::Secret;
pub use signer::Ed25519Signer;
pub use verifier::{Ed25519Verifier, is_acceptable_key};
