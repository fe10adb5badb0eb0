use core::fmt;

/// Why a text is no did:key of the mesh. Trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DidError {
    /// It does not begin with `did:key:`.
    Method,
    /// It goes on after the identifier, with a path, query or fragment: an address of something in a document and not of the document.
    Address,
    /// Its base is not base58btc, which `z` stands for.
    Base,
    /// A character that is no digit of base58btc.
    Digit {
        /// Where, in characters from the start of the text.
        at: usize,
    },
    /// A kind of key other than Ed25519 and X25519, or its number in a longer form than its shortest.
    Codec,
    /// The key does not have 32 bytes.
    Length {
        /// How many it has.
        bytes: usize,
    },
    /// The bytes are no key that the mesh accepts: not the encoding of a point, or a point of small order, under which anybody can sign.
    Key,
}

impl fmt::Display for DidError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method => f.write_str("a mesh identifier begins with `did:key:`"),
            Self::Address => {
                f.write_str("something follows the identifier; give the identifier alone, up to `#`, `?` or `/`")
            }
            Self::Base => f.write_str("after `did:key:` comes `z`, for base58btc; other bases are not taken"),
            Self::Digit { at } => write!(f, "character {at} is no digit of base58btc; 0, O, I and l are none"),
            Self::Codec => f.write_str("the key is neither Ed25519 (did:key:z6Mk…) nor X25519 (did:key:z6LS…)"),
            Self::Length { bytes } => write!(f, "a key has 32 bytes and this has {bytes}; the text may be cut"),
            Self::Key => f.write_str("these bytes are no safe public key; ask its owner for the identifier again"),
        }
    }
}

impl std::error::Error for DidError {}
