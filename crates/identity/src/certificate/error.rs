use core::fmt;

use cosmosmesh_contracts::key::KeyError;

/// Why something is no certificate, or cannot become one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// A window without length, out of range, or one that does not lie on whole seconds.
    Window,
    /// The last log position lies before the first.
    Positions,
    /// The name is too long for a token.
    NameLength {
        /// How long it is.
        bytes: usize,
    },
    /// A ladder of no rung or too many, or with a rung or slack that no clock can tell.
    Ladder {
        /// Which part, and what it may be.
        what: &'static str,
    },
    /// The bytes are not a token in its one encoding.
    Token {
        /// The offset of the first byte that does not fit.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// The signature does not fit, or the key could not sign.
    Key(KeyError),
    /// The signing key is not the issuer that the certificate names.
    Issuer,
    /// The key that asks for a renewal is not the one that the old certificate names.
    Holder,
    /// The fleet's domain is no domain name in lower case.
    Domain,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Window => f.write_str("certificate: the window has no whole second inside; choose a later end"),
            Self::Positions => {
                f.write_str("certificate: the last log position lies before the first; choose a later last position")
            }
            Self::NameLength { bytes } => write!(
                f,
                "certificate: the name has {bytes} bytes, a token holds {}; shorten it",
                super::NAME_BYTES_MAX
            ),
            Self::Ladder { what } => write!(f, "ladder: {what}"),
            Self::Token { at, expected } => {
                write!(f, "certificate: byte {at} of the token should begin {expected}; ask for the token again")
            }
            Self::Key(error) => write!(f, "certificate: {error}"),
            Self::Issuer => {
                f.write_str("certificate: the signing key is not the issuer it names; sign with the issuer's key")
            }
            Self::Holder => f.write_str(
                "certificate: whoever asks is not the key that the old certificate names; ask with that key",
            ),
            Self::Domain => f.write_str(
                "certificate: the domain needs labels of lower-case letters, digits and inner hyphens, such as `fleet.example`",
            ),
        }
    }
}

impl std::error::Error for CertificateError {}

impl From<KeyError> for CertificateError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}
