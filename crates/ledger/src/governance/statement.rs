use core::fmt;

use cosmosmesh_contracts::key::{Digest, NodeId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::decision::{Decision, Kind, PREDICATE_PREFIX};
use super::envelope::{Envelope, STATEMENT_PAYLOAD_TYPE};
use super::root::Root;
use crate::hash::sha256;
use crate::tile::ENTRY_BYTES_MAX;

/// A decision about one fleet, as it is signed.
///
/// # Source
/// in-toto attestation framework, Statement v1; the predicate types are ours, docs/protocol/06-governance.md.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// What the fleet is called, for readers.
    pub fleet_name: String,
    /// Which fleet: [`fleet_id`] of its first root. No signature counts in another fleet.
    pub fleet: Digest,
    /// One more than the version before it, of the same kind and subject. No signature counts twice.
    pub version: u64,
    /// When it was proposed.
    ///
    /// # Units
    /// Seconds since 1970, without leap seconds.
    pub issued_posix_s: u64,
    /// What is decided.
    pub decision: Decision,
}

/// To which a member commits itself when it tells of its next key: the SHA-256 of the public key.
pub fn key_commitment(key: &NodeId) -> Digest {
    sha256(&[key.as_bytes()])
}

/// By which a fleet is known for ever: the SHA-256 of its first root.
pub fn fleet_id(root: &Root) -> Digest {
    sha256(&[encode(root).as_bytes()])
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form<P> {
    _type: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    predicate: P,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Sha256,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Predicate<D> {
    version: u64,
    issued_posix_s: u64,
    decision: D,
}

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

impl Statement {
    /// The first statement of a new fleet.
    pub fn founding(fleet_name: impl Into<String>, issued_posix_s: u64, root: Root) -> Self {
        let fleet = fleet_id(&root);
        Self { fleet_name: fleet_name.into(), fleet, version: 1, issued_posix_s, decision: Decision::Root(root) }
    }

    /// The one text of the statement.
    pub fn to_payload(&self) -> String {
        match &self.decision {
            Decision::Root(it) => self.form(it),
            Decision::Membership(it) => self.form(it),
            Decision::Roles(it) => self.form(it),
            Decision::Policy(it) => self.form(it),
            Decision::Schema(it) => self.form(it),
            Decision::Budget(it) => self.form(it),
            Decision::KeyRotation(it) => self.form(it),
            Decision::Issuer(it) => self.form(it),
            Decision::Revocation(it) => self.form(it),
            Decision::BreakGlass(it) => self.form(it),
            Decision::Anchor(it) => self.form(it),
            Decision::Group(it) => self.form(it),
            Decision::Delegation(it) => self.form(it),
            Decision::Renewal(it) => self.form(it),
        }
    }

    fn form<D: Serialize>(&self, decision: &D) -> String {
        encode(&Form {
            _type: STATEMENT_TYPE.to_owned(),
            subject: vec![Subject { name: self.fleet_name.clone(), digest: Sha256 { sha256: self.fleet } }],
            predicate_type: self.decision.kind().predicate_type(),
            predicate: Predicate { version: self.version, issued_posix_s: self.issued_posix_s, decision },
        })
    }

    /// The statement in an envelope that nobody has signed yet.
    pub fn to_envelope(&self) -> Envelope {
        Envelope::new(STATEMENT_PAYLOAD_TYPE, self.to_payload())
    }

    /// Reads the statement of an envelope; signatures are not looked at.
    ///
    /// # Errors
    /// [`StatementError`]; [`StatementError::NotOurs`] if it is a statement of somebody else's kind.
    pub fn of_envelope(envelope: &Envelope) -> Result<Self, StatementError> {
        if envelope.payload_type != STATEMENT_PAYLOAD_TYPE {
            return Err(StatementError::NotOurs { found: envelope.payload_type.clone() });
        }
        Self::parse(&envelope.payload)
    }

    /// Reads the one text of a statement.
    ///
    /// # Errors
    /// As [`Statement::of_envelope`].
    pub fn parse(payload: &[u8]) -> Result<Self, StatementError> {
        if payload.len() > ENTRY_BYTES_MAX {
            return Err(StatementError::Form { detail: format!("it has more than {ENTRY_BYTES_MAX} bytes") });
        }
        let form: Form<Value> = serde_json::from_slice(payload).map_err(form)?;
        if form._type != STATEMENT_TYPE || !form.predicate_type.starts_with(PREDICATE_PREFIX) {
            return Err(StatementError::NotOurs { found: form.predicate_type });
        }
        let kind = Kind::of_predicate_type(&form.predicate_type)
            .ok_or(StatementError::UnknownKind { found: form.predicate_type })?;
        let [subject] = form.subject.as_slice() else {
            return Err(StatementError::Form { detail: "a statement is about one fleet".to_owned() });
        };
        let Predicate { version, issued_posix_s, decision } =
            serde_json::from_value::<Predicate<Value>>(form.predicate).map_err(self::form)?;
        let decision = Decision::from_json(kind, decision)?;
        let (fleet_name, fleet) = (subject.name.clone(), subject.digest.sha256);
        let statement = Self { fleet_name, fleet, version, issued_posix_s, decision };
        // One decision has one text, so that what people compare by eye or digest is what they sign.
        if statement.to_payload().as_bytes() != payload {
            return Err(StatementError::Form { detail: "it is not in the one form of a statement".to_owned() });
        }
        Ok(statement)
    }
}

impl Decision {
    /// A decision of a kind, as statements write it.
    ///
    /// # Errors
    /// [`StatementError::Form`] naming the field.
    pub fn from_json(kind: Kind, value: Value) -> Result<Self, StatementError> {
        fn read<D: DeserializeOwned>(value: Value, wrap: fn(D) -> Decision) -> Result<Decision, StatementError> {
            serde_json::from_value(value).map(wrap).map_err(form)
        }
        match kind {
            Kind::Root => read(value, Self::Root),
            Kind::Membership => read(value, Self::Membership),
            Kind::Roles => read(value, Self::Roles),
            Kind::Policy => read(value, Self::Policy),
            Kind::Schema => read(value, Self::Schema),
            Kind::Budget => read(value, Self::Budget),
            Kind::KeyRotation => read(value, Self::KeyRotation),
            Kind::Issuer => read(value, Self::Issuer),
            Kind::Revocation => read(value, Self::Revocation),
            Kind::BreakGlass => read(value, Self::BreakGlass),
            Kind::Anchor => read(value, Self::Anchor),
            Kind::Group => read(value, Self::Group),
            Kind::Delegation => read(value, Self::Delegation),
            Kind::Renewal => read(value, Self::Renewal),
        }
    }
}

fn form(error: serde_json::Error) -> StatementError {
    StatementError::Form { detail: error.to_string() }
}

/// The text of a value whose fields have a fixed order.
pub(crate) fn encode(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("this cannot fail because no map of ours has keys other than text")
}

/// Why a payload is no statement of a fleet's governance.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementError {
    /// It is not the text of a statement.
    Form {
        /// Where and how it shows.
        detail: String,
    },
    /// It is something else than a statement of governance, and nothing is wrong with that.
    NotOurs {
        /// What it says it is.
        found: String,
    },
    /// It is of a kind that this version does not know.
    UnknownKind {
        /// Which.
        found: String,
    },
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { detail } => {
                write!(f, "the payload is no governance statement: {detail}; write it with `govern propose`")
            }
            Self::NotOurs { found } => write!(f, "{found:?} is no governance statement; nothing is decided by it"),
            Self::UnknownKind { found } => {
                write!(f, "{found:?} is a kind of statement that this version does not know; update the program")
            }
        }
    }
}

impl std::error::Error for StatementError {}
