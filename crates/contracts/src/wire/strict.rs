//! bincode, and the four walls around it.

use bincode::config::{Configuration, Limit, LittleEndian, Varint};
use bincode::de::read::Reader;
use bincode::de::{Decoder, DecoderImpl};
use bincode::enc::write::Writer;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};

use super::WireError;

/// In memory a message is at most so many times as long as on the wire: a byte may stand for an integer of eight.
const EXPANSION: usize = 8;

/// Enough to find out that a frame of a few bytes is cut short rather than boastful.
const BUDGET_BYTES_MIN: usize = 64;

type Config = Configuration<LittleEndian, Varint, Limit<{ usize::MAX }>>;

fn config() -> Config {
    bincode::config::standard().with_little_endian().with_variable_int_encoding().with_limit::<{ usize::MAX }>()
}

/// Whatever bincode can encode and decode; private, so that its traits stay behind this wall.
pub trait Strict: Sized {
    /// Appends the message.
    fn append_to(&self, frame: &mut Vec<u8>);
    /// The message of exactly these bytes.
    fn from_body(body: &[u8]) -> Result<Self, WireError>;
}

impl<T: Encode + Decode<()>> Strict for T {
    fn append_to(&self, frame: &mut Vec<u8>) {
        bincode::encode_into_writer(self, Append(frame), config())
            .expect("cannot fail because memory takes every byte and no message holds a lock or a path");
    }

    fn from_body(body: &[u8]) -> Result<Self, WireError> {
        let mut decoder = DecoderImpl::new(Rest(body), config(), ());
        // bincode's limit is a constant; claiming all but the budget beforehand leaves a limit in proportion to the input.
        let budget = body.len().saturating_mul(EXPANSION).max(BUDGET_BYTES_MIN);
        decoder.claim_bytes_read(usize::MAX - budget).map_err(refusal)?;
        let message = T::decode(&mut decoder).map_err(refusal)?;
        let trailing = decoder.reader().0.len();
        if trailing > 0 {
            return Err(WireError::TrailingBytes { count: trailing });
        }
        // bincode reads an integer in a longer form than it writes; only the written form is the message's.
        let mut same = Same(body);
        match bincode::encode_into_writer(&message, &mut same, config()) {
            Ok(()) if same.0.is_empty() => Ok(message),
            _ => Err(WireError::NotCanonical),
        }
    }
}

fn refusal(error: DecodeError) -> WireError {
    match error {
        DecodeError::UnexpectedEnd { .. } => WireError::CutShort,
        DecodeError::LimitExceeded => WireError::Claims,
        DecodeError::Other(what) => WireError::Malformed { what: what.to_owned() },
        DecodeError::OtherString(what) => WireError::Malformed { what },
        other => WireError::Malformed { what: other.to_string() },
    }
}

/// The bytes not yet read.
struct Rest<'a>(&'a [u8]);

impl Reader for Rest<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> Result<(), DecodeError> {
        let Some((head, tail)) = self.0.split_at_checked(bytes.len()) else {
            return Err(DecodeError::UnexpectedEnd { additional: bytes.len() - self.0.len() });
        };
        bytes.copy_from_slice(head);
        self.0 = tail;
        Ok(())
    }

    fn peek_read(&mut self, n: usize) -> Option<&[u8]> {
        self.0.get(..n)
    }

    fn consume(&mut self, n: usize) {
        self.0 = self.0.get(n..).unwrap_or_default();
    }
}

struct Append<'a>(&'a mut Vec<u8>);

impl Writer for Append<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The bytes that must still come: compares instead of storing.
struct Same<'a>(&'a [u8]);

impl Writer for Same<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        match self.0.strip_prefix(bytes) {
            Some(rest) => {
                self.0 = rest;
                Ok(())
            }
            None => Err(EncodeError::UnexpectedEnd),
        }
    }
}
