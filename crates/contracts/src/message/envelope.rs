use core::fmt;
use core::num::NonZeroU64;

use super::{BodyError, Message};
use crate::{AssetId, MissionTime};

/// A message with what every receiver needs to know before it looks inside.
///
/// Schema and version are those of the message; in the JSON and wire forms both stand before the body.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "cosmosmesh.envelope/1"))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Envelope {
    /// Who says it.
    pub author: AssetId,
    /// Counts the author's messages from 1; never used twice.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 9_007_199_254_740_991_u64)))]
    pub sequence: u64,
    /// When it was said, by the author's clock.
    pub time: MissionTime,
    /// How urgent it is.
    pub priority: Priority,
    /// From when on it is worth nothing; later than `time`.
    pub expires: MissionTime,
    /// Tells apart two messages of one sequence number, should an author forget where it was.
    pub nonce: Nonce,
    /// What is said.
    pub message: Message,
}

/// How urgent a message is, in rising order; the first three are those of the Bundle Protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum Priority {
    /// When nothing else waits.
    Bulk,
    /// In turn.
    #[default]
    Normal,
    /// Before others.
    Expedited,
    /// Before everything; for the safety of a crew or a vehicle.
    Emergency,
}

/// A number used once, never zero.
///
/// In JSON sixteen lower-case hexadecimal digits, since not every reader of JSON holds 64 bits; on the wire eight bytes, most significant first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(NonZeroU64);

impl Nonce {
    /// The nonce of a random number; nothing if that is zero.
    pub const fn new(value: u64) -> Option<Self> {
        match NonZeroU64::new(value) {
            Some(value) => Some(Self(value)),
            None => None,
        }
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Envelope {
    /// The largest sequence number: 2^53 - 1, which every reader of JSON holds exactly.
    pub const SEQUENCE_MAX: u64 = (1 << 53) - 1;

    /// Whether the metadata is in order and the body passes its own check: what a receiver asks first.
    ///
    /// Whether the message has expired is another question: [`Envelope::is_expired`].
    /// # Errors
    /// [`EnvelopeError`] names the field.
    pub fn check(&self) -> Result<(), EnvelopeError> {
        if self.sequence == 0 || self.sequence > Self::SEQUENCE_MAX {
            return Err(EnvelopeError::Sequence { found: self.sequence });
        }
        if self.expires <= self.time {
            return Err(EnvelopeError::Expiry { time: self.time, expires: self.expires });
        }
        self.message.check().map_err(|error| EnvelopeError::Body(error.within("message.body")))
    }

    /// Whether the message is worth nothing any more.
    pub fn is_expired(&self, now: MissionTime) -> bool {
        self.expires <= now
    }
}

/// What is wrong with an envelope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// A sequence number of zero, or beyond [`Envelope::SEQUENCE_MAX`].
    Sequence {
        /// The number.
        found: u64,
    },
    /// The message expires before it is said.
    Expiry {
        /// When it was said.
        time: MissionTime,
        /// When it expires.
        expires: MissionTime,
    },
    /// The body fails its own check.
    Body(BodyError),
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sequence { found } => {
                write!(f, "sequence: {found} is outside 1..={}; count messages from 1", Envelope::SEQUENCE_MAX)
            }
            Self::Expiry { time, expires } => {
                write!(f, "expires: {expires} is not later than the time {time}; let the message live for a while")
            }
            Self::Body(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for EnvelopeError {}

#[cfg(feature = "serde")]
impl serde::Serialize for Nonce {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Nonce {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let value = u64::from_str_radix(&text, 16).ok().filter(|_| digits).and_then(Self::new);
        value.ok_or_else(|| serde::de::Error::custom("a nonce is sixteen lower-case hexadecimal digits, not all zero"))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Nonce {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Nonce".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A number used once, never zero.",
            "type": "string", "pattern": "^[0-9a-f]{16}$", "not": {"const": "0000000000000000"}
        })
    }
}

#[cfg(feature = "wire")]
impl bincode::Encode for Nonce {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        self.as_u64().to_be_bytes().encode(encoder)
    }
}

#[cfg(feature = "wire")]
impl<Context> bincode::Decode<Context> for Nonce {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        let bytes = <[u8; 8] as bincode::Decode<Context>>::decode(decoder)?;
        Self::new(u64::from_be_bytes(bytes)).ok_or(bincode::error::DecodeError::Other("a nonce of zero"))
    }
}

#[cfg(feature = "wire")]
bincode::impl_borrow_decode!(Nonce);
