use core::fmt;

macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// How many bytes.
            pub const LEN: usize = $len;

            /// Takes the bytes as they are.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The bytes of a slice, if it has exactly [`Self::LEN`] of them.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The value of lower-case hexadecimal digits, if there are exactly twice [`Self::LEN`].
            pub fn from_hex(text: &str) -> Option<Self> {
                let digit = |byte: u8| match byte {
                    b'0'..=b'9' => Some(byte - b'0'),
                    b'a'..=b'f' => Some(byte - b'a' + 10),
                    _ => None,
                };
                if text.len() != 2 * $len {
                    return None;
                }
                let mut bytes = [0; $len];
                for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                    *byte = 16 * digit(pair[0])? + digit(pair[1])?;
                }
                Some(Self(bytes))
            }

            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                Self::from_hex(&text).ok_or_else(|| {
                    serde::de::Error::custom(concat!("expected twice ", $len, " lower-case hexadecimal digits"))
                })
            }
        }
    };
}

fixed_bytes!(
    /// A node's signing key, by which it is known: the 32 bytes of the public key, in hexadecimal when shown.
    NodeId,
    32
);
fixed_bytes!(
    /// What a key made of a message.
    Signature,
    64
);
fixed_bytes!(
    /// What a hash made of a text; two texts with one digest are taken for the same.
    Digest,
    32
);

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn hexadecimal_is_read_back_and_nothing_else_is_read() {
        let digest = Digest::from_bytes(core::array::from_fn(|i| 7 * i as u8));
        assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
        for bad in ["", "00", &digest.to_string().to_uppercase(), &format!("{digest}00"), &"zz".repeat(32)] {
            assert_eq!(Digest::from_hex(bad), None, "{bad:?}");
        }
    }
}
