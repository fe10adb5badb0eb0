use core::fmt;

/// Which primitives made a signed or sealed thing.
///
/// Its code stands in everything signed or sealed, so that no algorithm is ever implied and a later suite can live beside this one.
/// What a mission still accepts is a floor kept by its governance; a lower suite is refused, not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Suite {
    /// Ed25519 (RFC 8032), X25519 (RFC 7748), HKDF-SHA-256 (RFC 5869), ChaCha20-Poly1305 (RFC 8439), BLAKE3.
    One,
}

impl Suite {
    /// The byte that stands in formats.
    pub const fn code(self) -> u8 {
        match self {
            Self::One => 1,
        }
    }

    /// The suite of a byte, if this version knows it.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::One),
            _ => None,
        }
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "suite {}", self.code())
    }
}
