use core::fmt;

use super::decision::Kind;
use super::envelope::EnvelopeError;
use super::statement::StatementError;

/// Why a statement decides nothing: which rule, and what would be needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// It is no envelope.
    Envelope(EnvelopeError),
    /// It is no statement.
    Statement(StatementError),
    /// It says something that cannot be.
    Content {
        /// What, and what to do.
        detail: String,
    },
    /// The fleet has no root yet.
    NotFounded,
    /// It is another fleet's.
    OtherFleet {
        /// Whose, as hexadecimal digits.
        found: String,
        /// Which this one is.
        expected: String,
    },
    /// It is not the next version of its subject.
    Version {
        /// What kind.
        kind: Kind,
        /// About what.
        subject: String,
        /// The version it has.
        found: u64,
        /// The one that is due.
        due: u64,
    },
    /// The root had expired when it was issued.
    Expired {
        /// When the root expired.
        expired_posix_s: u64,
        /// When the statement was issued.
        issued_posix_s: u64,
    },
    /// Too few of those signed who may.
    Signatures {
        /// What kind.
        kind: Kind,
        /// Whose signatures counted, by name.
        counted: Vec<String>,
        /// What is missing, in words.
        missing: String,
        /// In whose names there were signatures that are not theirs.
        forged: Vec<String>,
    },
}

impl Refusal {
    /// The rule that refused it, in a sentence.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Envelope(_) => "a statement comes in a DSSE envelope",
            Self::Statement(_) => "a statement is an in-toto statement of a known kind",
            Self::Content { .. } => "a statement says what can be",
            Self::NotFounded => "the first statement founds the fleet",
            Self::OtherFleet { .. } => "a statement counts in its own fleet only",
            Self::Version { .. } => "a statement is the next version of its subject",
            Self::Expired { .. } => "under an expired root only the next root is approved",
            Self::Signatures { kind, .. } => kind.rule(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Envelope(error) => error.fmt(f),
            Self::Statement(error) => error.fmt(f),
            Self::Content { detail } => f.write_str(detail),
            Self::NotFounded => f.write_str("the fleet has no root yet; found it with `govern propose root`"),
            Self::OtherFleet { found, expected } => {
                write!(f, "the statement is of the fleet {found}, this is {expected}; propose it anew for this fleet")
            }
            Self::Version { kind, subject, found, due } => {
                let of = if subject.is_empty() { String::new() } else { format!(" of {subject}") };
                write!(f, "version {due} of {}{of} is due, this is {found}; propose it anew", kind.name())
            }
            Self::Expired { expired_posix_s, issued_posix_s } => write!(
                f,
                "the root expired at {expired_posix_s} and the statement was issued at {issued_posix_s} (seconds since 1970); \
                 approve the next root first"
            ),
            Self::Signatures { kind, counted, missing, forged } => {
                let list = |names: &[String]| if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
                write!(f, "{}; counted: {}; missing: {missing}", kind.rule(), list(counted))?;
                if !forged.is_empty() {
                    write!(f, "; false signatures in the names of {}", list(forged))?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for Refusal {}
