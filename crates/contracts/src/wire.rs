//! The wire form: compact frames, and a decoder that trusts nothing.
//!
//! ```text
//! byte 0      0xC5
//! byte 1      version of the wire form, 1
//! byte 2      kind of message, see WireForm
//! byte 3..    the message: fields in the order of their declaration, integers of variable length, numbers as 8 bytes little-endian
//! ```
//! docs/protocol/01-wire.md has the details, and docs/protocol/vectors the frames that every version of this module must produce and accept.
//!
//! This is the only module that calls bincode; docs/adr/0001-bincode.md says why, and what is done about its weaknesses:
//! a limit on every frame, a budget in proportion to the frame's own length on everything that is allocated while it is read,
//! every byte consumed, and the same bytes on encoding again, so that one message has exactly one form.
//!
//! ```
//! use cosmosmesh_contracts::round::{Ask, RoundQuery};
//! use cosmosmesh_contracts::wire::{decode, encode};
//!
//! let ask = Ask::Proximal { penalty: 1.0, relaxation: 1.6, shift: vec![0.0] };
//! let query = RoundQuery {
//!     round: 1, row_count: 1, row_scale: None, ask, bound_points: vec![], ray: None, retain: vec![],
//!     points: vec![cosmosmesh_contracts::round::QueryPoint { prices: vec![0.5], barrier: 1e-3 }],
//! };
//! let frame = encode(&query);
//! assert_eq!(decode::<RoundQuery>(&frame, 1 << 20)?, query);
//! assert!(decode::<RoundQuery>(&frame[..frame.len() - 1], 1 << 20).is_err());
//! # Ok::<(), cosmosmesh_contracts::wire::WireError>(())
//! ```

use core::fmt;

use crate::message::{Command, Envelope, Event, Forecast, Telemetry, TradeSignal};
use crate::round::{Contribution, RoundQuery, RoundResult};

mod mix;
mod strict;

/// The first byte of every frame.
pub const MAGIC: u8 = 0xC5;

/// The version of the wire form that is written and read here.
pub const VERSION: u8 = 1;

/// How many bytes stand before the message.
pub const HEADER_BYTES: usize = 3;

/// A message that has a wire form. Sealed: a new one needs a kind and frozen vectors.
pub trait WireForm: strict::Strict {
    /// The third byte of the frame. Never given away again.
    const KIND: u8;
    /// What it is called in errors.
    const NAME: &'static str;

    /// What the message itself can tell about its soundness; `decode` asks it.
    ///
    /// # Errors
    /// In words: where, what, remedy.
    fn check_content(&self) -> Result<(), String>;
}

/// The frame of a message.
///
/// A message that would fail its own check is encoded all the same; the receiver refuses it.
pub fn encode<T: WireForm>(message: &T) -> Vec<u8> {
    let mut frame = vec![MAGIC, VERSION, T::KIND];
    message.append_to(&mut frame);
    frame
}

/// The message of a frame that has at most `bytes_max` bytes, checked by [`WireForm::check_content`].
///
/// # Errors
/// [`WireError`]; the same bytes fail again.
/// # Cost
/// Allocates at most sixteen times the frame's length, whatever the frame claims.
pub fn decode<T: WireForm>(frame: &[u8], bytes_max: usize) -> Result<T, WireError> {
    if frame.len() > bytes_max {
        return Err(WireError::TooLong { bytes: frame.len(), bytes_max });
    }
    match kind_of(frame)? {
        kind if kind == T::KIND => {}
        found => return Err(WireError::OtherKind { expected: T::NAME, found }),
    }
    let message = T::from_body(&frame[HEADER_BYTES..])?;
    message.check_content().map_err(|what| WireError::Content { what })?;
    Ok(message)
}

/// The kind of message that a frame announces; compare with [`WireForm::KIND`].
///
/// # Errors
/// [`WireError::NoFrame`] or [`WireError::OtherVersion`].
pub fn kind_of(frame: &[u8]) -> Result<u8, WireError> {
    match *frame {
        [MAGIC, VERSION, kind, ..] => Ok(kind),
        [MAGIC, version, ..] if version != VERSION => Err(WireError::OtherVersion { version }),
        _ => Err(WireError::NoFrame),
    }
}

macro_rules! wire_forms {
    ($($kind:literal $name:literal $message:ty: $check:expr;)*) => {$(
        impl WireForm for $message {
            const KIND: u8 = $kind;
            const NAME: &'static str = $name;
            fn check_content(&self) -> Result<(), String> {
                let check: fn(&Self) -> Result<(), String> = $check;
                check(self)
            }
        }
    )*};
}

wire_forms! {
    1 "round query" RoundQuery: |query| query.check().map_err(|error| error.to_string());
    // Its length and numbers are judged against the layout of the query it answers: Contribution::check.
    2 "contribution" Contribution: |_| Ok(());
    3 "round result" RoundResult: |result| result.check().map_err(|error| error.to_string());
    4 "envelope" Envelope: |envelope| envelope.check().map_err(|error| error.to_string());
    16 "telemetry" Telemetry: |body| body.check().map_err(|error| error.to_string());
    17 "forecast" Forecast: |body| body.check().map_err(|error| error.to_string());
    18 "command" Command: |body| body.check().map_err(|error| error.to_string());
    19 "event" Event: |body| body.check().map_err(|error| error.to_string());
    20 "trade signal" TradeSignal: |body| body.check().map_err(|error| error.to_string());
}

/// Why a frame was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The frame is longer than the receiver takes.
    TooLong {
        /// How long it is.
        bytes: usize,
        /// What the receiver takes.
        bytes_max: usize,
    },
    /// The bytes do not begin as a frame does.
    NoFrame,
    /// A frame of another version of the wire form.
    OtherVersion {
        /// Which.
        version: u8,
    },
    /// A frame with another kind of message.
    OtherKind {
        /// What was to be read.
        expected: &'static str,
        /// The kind that the frame announces.
        found: u8,
    },
    /// The frame ends within the message.
    CutShort,
    /// The frame claims more content than its length can hold.
    Claims,
    /// Bytes follow the message.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// The bytes are not the ones that the message is encoded as.
    NotCanonical,
    /// The bytes mean nothing.
    Malformed {
        /// What was met.
        what: String,
    },
    /// The message is well formed and fails its own check.
    Content {
        /// Where and what.
        what: String,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes, bytes_max } => {
                write!(f, "a frame of {bytes} bytes, at most {bytes_max} are taken; split or shorten the message")
            }
            Self::NoFrame => f.write_str("the bytes are not a frame; does the peer speak another protocol?"),
            Self::OtherVersion { version } => {
                write!(
                    f,
                    "a frame of wire version {version}, and version {VERSION} is read here; update the older side"
                )
            }
            Self::OtherKind { expected, found } => {
                write!(f, "a frame of kind {found} where a {expected} is due; the peer is out of step")
            }
            Self::CutShort => f.write_str("the frame ends within the message; it must be sent again whole"),
            Self::Claims => f.write_str("the frame claims more content than it can hold; refuse the peer"),
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the message; refuse the peer"),
            Self::NotCanonical => f.write_str("the message is not in its one canonical form; refuse the peer"),
            Self::Malformed { what } => write!(f, "the bytes mean nothing ({what}); refuse the peer"),
            Self::Content { what } => f.write_str(what),
        }
    }
}

impl std::error::Error for WireError {}
