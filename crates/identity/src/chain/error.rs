use core::fmt;

use cosmosmesh_contracts::key::KeyError;

/// Why a text is no chain of key events, or cannot become a longer one: the event and its fault. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainError {
    /// Which event, from 1; the one that was to be added when a chain is continued.
    pub event: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What can be wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// There is no event, more of them or more bytes than are read.
    Length,
    /// It is no JSON, or says a name twice.
    Json {
        /// What the reader says.
        detail: String,
    },
    /// A number that has no one text: with a fraction, or beyond 2^53.
    Number,
    /// A field is missing, of another type, or unknown.
    Field {
        /// Which.
        name: String,
    },
    /// A parameter is missing, of another type, where it may not be, or unknown.
    Parameter {
        /// Which.
        name: String,
    },
    /// The parameters are of a version of the method that is not known.
    Method {
        /// Which.
        found: String,
    },
    /// The chain has witnesses, who sign in a file beside it, and that file was not given.
    Witnesses,
    /// Too few of the witnesses approved it.
    Unwitnessed {
        /// How many did.
        found: usize,
        /// How many must.
        threshold: usize,
    },
    /// It does not carry the number after that of the event before.
    Order,
    /// Its hash is not what it says: something in it or before it was changed.
    Hash,
    /// The name of the chain is not the hash of its first event.
    Scid,
    /// The document is about something else than the chain.
    Document,
    /// The identifier names no place: no domain, an address, or a path that leaves its folder.
    Place,
    /// The time is none, or not after that of the event before.
    Time,
    /// It is dated later than the reader's clock and its bound allow.
    Future,
    /// A key to which the event before did not commit.
    NotCommitted {
        /// The key, as multibase.
        key: String,
    },
    /// A key that the chain had before; a key given up never comes back.
    Reused {
        /// The key, as multibase.
        key: String,
    },
    /// A proof is missing, or of another kind than is accepted.
    Proof {
        /// Which part.
        part: &'static str,
    },
    /// Signed with a key that may not change the chain.
    Signer {
        /// The key, as multibase.
        key: String,
    },
    /// The signature does not fit, or the key could not sign.
    Signature(KeyError),
    /// The chain has ended; nothing follows.
    Deactivated,
}

impl Fault {
    pub(super) fn at(self, event: usize) -> ChainError {
        ChainError { event, fault: self }
    }

    pub(super) fn field(name: &str) -> Self {
        Self::Field { name: name.to_owned() }
    }

    pub(super) fn parameter(name: &str) -> Self {
        Self::Parameter { name: name.to_owned() }
    }
}

impl fmt::Display for ChainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.event, self.fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length => write!(
                f,
                "a chain has 1 to {} events and at most {} bytes; name another file",
                super::EVENTS_MAX,
                super::CHAIN_BYTES_MAX
            ),
            Self::Json { detail } => write!(f, "it is no event: {detail}; ask for the chain again"),
            Self::Number => f.write_str("a number has a fraction or is beyond 2^53; write whole numbers"),
            Self::Field { name } => {
                write!(f, "the field `{}` is missing, unknown or no such thing", name.escape_debug())
            }
            Self::Parameter { name } => {
                write!(f, "the parameter `{}` is missing, unknown or may not be so here", name.escape_debug())
            }
            Self::Method { found } => {
                write!(f, "the method is `{}` and this reader knows did:webvh:1.0; update it", found.escape_debug())
            }
            Self::Witnesses => f.write_str(
                "its witnesses sign in a file beside it, `did-witness.json`; give that too. Who continues such a chain needs their approval first",
            ),
            Self::Unwitnessed { found, threshold } => write!(
                f,
                "{found} of the {threshold} witnesses that are needed approved it; fetch `did-witness.json` again, or refuse the chain"
            ),
            Self::Order => {
                f.write_str("it does not carry the number that follows; an event is missing or out of place")
            }
            Self::Hash => {
                f.write_str("its hash is not that of its content and of the event before; something was changed")
            }
            Self::Scid => f.write_str(
                "the chain's name is not the hash of its first event; this is another chain, or a changed one",
            ),
            Self::Document => f.write_str("its document is about another identifier than the chain's"),
            Self::Place => f.write_str(
                "the identifier names no place; it needs a domain such as `ares.example` and plain names after it",
            ),
            Self::Time => f.write_str("its time is none, or not after that of the event before; date it later"),
            Self::Future => f.write_str("it is dated later than this clock; set the clock, or refuse the chain"),
            Self::NotCommitted { key } => {
                write!(f, "the event before did not commit to the key {key}; continue with the key it committed to")
            }
            Self::Reused { key } => write!(f, "the chain had the key {key} before; make a new one"),
            Self::Proof { part } => write!(f, "its proof has no {part} that is accepted"),
            Self::Signer { key } => write!(f, "the key {key} may not change this chain; sign with one that may"),
            Self::Signature(error) => write!(f, "its proof: {error}"),
            Self::Deactivated => f.write_str("the chain ended with the event before; begin another"),
        }
    }
}

impl std::error::Error for ChainError {}
