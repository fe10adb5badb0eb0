//! The five data contracts, and the envelope that carries them.
//!
//! Every quantity carries its unit in its name. Each body has a `SCHEMA` name, a `VERSION` and a `check` that a receiver calls first.

mod command;
mod envelope;
mod error;
mod event;
mod forecast;
#[cfg(feature = "json")]
mod json;
mod kind;
mod telemetry;
mod trade_signal;

pub use command::{Action, Command};
pub use envelope::{Envelope, EnvelopeError, Nonce, Priority};
pub use error::{BodyError, BodyErrorKind};
pub(crate) use error::{check_number, check_quantity};
pub use event::{Event, EventKind, Severity};
pub use forecast::{Contact, Forecast, SlotForecast};
#[cfg(feature = "json")]
pub use json::{read_envelope, write_envelope};
pub use kind::{Message, SchemaId};
pub use telemetry::{Telemetry, VehicleMode};
pub use trade_signal::{TradeSide, TradeSignal};
