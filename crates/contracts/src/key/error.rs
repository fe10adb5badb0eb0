use core::fmt;

use super::NodeId;

/// Why a key could not do what it was asked.
///
/// No variant says more about a secret than that something did not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The signature is not the named key's over this message.
    Signature {
        /// Whose it was said to be.
        signer: NodeId,
    },
    /// The bytes are no public key that this mesh accepts: of small order, or not the one encoding of a point.
    PublicKey,
    /// A sealed text was changed, or was sealed under another key, nonce or associated data.
    Sealed,
    /// A key agreement gave the all-zero secret; the peer's key is of small order.
    Agreement,
    /// More output was asked for than the function may give.
    OutputTooLong {
        /// How many bytes were asked for.
        bytes: usize,
    },
    /// The device that keeps the key does not answer; trying again may help.
    Unavailable,
    /// The source of randomness failed; nothing that needs a secret may go on.
    Random,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signature { signer } => {
                write!(f, "the signature is not that of {signer} over these bytes; discard the message")
            }
            Self::PublicKey => f.write_str("these bytes are no acceptable public key; ask its owner for another"),
            Self::Sealed => f.write_str("a sealed text does not open; it was changed, or sealed for another purpose"),
            Self::Agreement => {
                f.write_str("a key agreement gave no secret; the peer's key is of small order, refuse it")
            }
            Self::OutputTooLong { bytes } => {
                write!(f, "{bytes} bytes are more than one derivation may give; ask for fewer")
            }
            Self::Unavailable => f.write_str("the device that keeps the key does not answer; try again"),
            Self::Random => f.write_str("the source of randomness failed; stop, since no secret can be drawn"),
        }
    }
}

impl std::error::Error for KeyError {}
