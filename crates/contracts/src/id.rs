use core::fmt;

/// The name of one asset, unique within a fleet.
///
/// 1 to [`AssetId::BYTES_MAX`] bytes, no control characters, no white space at either end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode))]
pub struct AssetId(String);

impl AssetId {
    /// The longest name, in bytes.
    pub const BYTES_MAX: usize = 128;

    /// Checks a name.
    ///
    /// # Errors
    /// [`IdError`] says which rule the text breaks.
    pub fn new(text: impl Into<String>) -> Result<Self, IdError> {
        let text = text.into();
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > Self::BYTES_MAX {
            return Err(IdError::TooLong { bytes: text.len() });
        }
        if text.chars().any(char::is_control) || text.trim() != text {
            return Err(IdError::Characters);
        }
        Ok(Self(text))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AssetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for AssetId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "wire")]
impl<Context> bincode::Decode<Context> for AssetId {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        let text = <String as bincode::Decode<Context>>::decode(decoder)?;
        Self::new(text).map_err(|error| bincode::error::DecodeError::OtherString(error.to_string()))
    }
}

#[cfg(feature = "wire")]
bincode::impl_borrow_decode!(AssetId);

/// Why a text is not an asset's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdError {
    /// The text is empty.
    Empty,
    /// The text is longer than [`AssetId::BYTES_MAX`].
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// Control characters, or white space at an end.
    Characters,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an asset id is empty; give every asset a name"),
            Self::TooLong { bytes } => {
                write!(f, "an asset id has {bytes} bytes, at most {} are allowed; shorten it", AssetId::BYTES_MAX)
            }
            Self::Characters => f.write_str("an asset id has control characters or white space at an end; remove them"),
        }
    }
}

impl std::error::Error for IdError {}
