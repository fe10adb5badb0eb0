//! Who may say what, decided offline: identifiers that are keys, and roles that a policy gives rights to.
//!
//! This crate *is* did:key, a node's chain of key events, short-lived certificates and the role table of a policy document.
//! It is *not* a key store, a network resolver or a ledger: it holds no key, opens no socket, reads no clock, and takes what governance decided as arguments.
//!
//! ```
//! use cosmosmesh_contracts::key::NodeId;
//! use cosmosmesh_identity::did::DidKey;
//! use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Role, Roles};
//!
//! let did: DidKey = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw".parse()?;
//! assert!(did.signing_key().is_some());
//!
//! let policy = Policy::standard();
//! let rover = Roles::from(Role::Asset);
//! assert!(policy.allows(rover, Capability::Publish, Contract::Telemetry, Reach::Own));
//! let refusal = policy.decide(rover, Capability::Approve, Contract::Policy, Reach::Fleet).unwrap_err();
//! assert!(refusal.to_string().contains("governor"));
//! # let _ = NodeId::LEN;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod certificate;
pub mod chain;
pub mod civil;
pub mod did;
pub mod role;
