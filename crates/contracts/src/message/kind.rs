use core::fmt;

use super::{BodyError, Command, Event, Forecast, Telemetry, TradeSignal};

/// One of the five data contracts.
///
/// In JSON an object of `schema`, such as `cosmosmesh.telemetry/1`, and `body`; on the wire a schema number, a version, and the body.
/// A schema or version that this build does not know is refused by its name.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "schema", content = "body", deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum Message {
    /// What a vehicle measures.
    #[cfg_attr(feature = "serde", serde(rename = "cosmosmesh.telemetry/1"))]
    Telemetry(Telemetry),
    /// What a vehicle may expect.
    #[cfg_attr(feature = "serde", serde(rename = "cosmosmesh.forecast/1"))]
    Forecast(Forecast),
    /// What a vehicle is told to do.
    #[cfg_attr(feature = "serde", serde(rename = "cosmosmesh.command/1"))]
    Command(Command),
    /// What happened.
    #[cfg_attr(feature = "serde", serde(rename = "cosmosmesh.event/1"))]
    Event(Event),
    /// What an asset would exchange.
    #[cfg_attr(feature = "serde", serde(rename = "cosmosmesh.trade_signal/1"))]
    TradeSignal(TradeSignal),
}

/// The name and version of one data contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaId {
    /// The name, such as `cosmosmesh.telemetry`.
    pub name: &'static str,
    /// The major version: a reader of one version refuses every other.
    pub version: u16,
}

impl fmt::Display for SchemaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

impl Message {
    /// The schemas that this build reads and writes. On the wire they are numbered in this order from 1; a number is never given away again.
    pub const SCHEMAS: [SchemaId; 5] = [
        SchemaId { name: Telemetry::SCHEMA, version: Telemetry::VERSION },
        SchemaId { name: Forecast::SCHEMA, version: Forecast::VERSION },
        SchemaId { name: Command::SCHEMA, version: Command::VERSION },
        SchemaId { name: Event::SCHEMA, version: Event::VERSION },
        SchemaId { name: TradeSignal::SCHEMA, version: TradeSignal::VERSION },
    ];

    /// The schema that the body follows.
    pub fn schema(&self) -> SchemaId {
        Self::SCHEMAS[self.index()]
    }

    fn index(&self) -> usize {
        match self {
            Self::Telemetry(_) => 0,
            Self::Forecast(_) => 1,
            Self::Command(_) => 2,
            Self::Event(_) => 3,
            Self::TradeSignal(_) => 4,
        }
    }

    /// Whether the body passes its own check.
    ///
    /// # Errors
    /// [`BodyError`] with the place in the body.
    pub fn check(&self) -> Result<(), BodyError> {
        match self {
            Self::Telemetry(body) => body.check(),
            Self::Forecast(body) => body.check(),
            Self::Command(body) => body.check(),
            Self::Event(body) => body.check(),
            Self::TradeSignal(body) => body.check(),
        }
    }
}

macro_rules! from_body {
    ($($body:ident),*) => {$(
        impl From<$body> for Message {
            fn from(body: $body) -> Self {
                Self::$body(body)
            }
        }
    )*};
}
from_body!(Telemetry, Forecast, Command, Event, TradeSignal);

#[cfg(feature = "wire")]
impl bincode::Encode for Message {
    fn encode<E: bincode::enc::Encoder>(&self, encoder: &mut E) -> Result<(), bincode::error::EncodeError> {
        let number = self.index() as u8 + 1;
        number.encode(encoder)?;
        self.schema().version.encode(encoder)?;
        match self {
            Self::Telemetry(body) => body.encode(encoder),
            Self::Forecast(body) => body.encode(encoder),
            Self::Command(body) => body.encode(encoder),
            Self::Event(body) => body.encode(encoder),
            Self::TradeSignal(body) => body.encode(encoder),
        }
    }
}

#[cfg(feature = "wire")]
impl<Context> bincode::Decode<Context> for Message {
    fn decode<D: bincode::de::Decoder<Context = Context>>(
        decoder: &mut D,
    ) -> Result<Self, bincode::error::DecodeError> {
        use bincode::error::DecodeError::OtherString;
        let number = <u8 as bincode::Decode<Context>>::decode(decoder)?;
        let version = <u16 as bincode::Decode<Context>>::decode(decoder)?;
        let known = usize::from(number).checked_sub(1).and_then(|index| Self::SCHEMAS.get(index));
        let Some(schema) = known else { return Err(OtherString(format!("schema number {number} is unknown"))) };
        if version != schema.version {
            return Err(OtherString(format!("schema {}/{version} is unknown; {schema} is read here", schema.name)));
        }
        Ok(match number {
            1 => Self::Telemetry(bincode::Decode::<Context>::decode(decoder)?),
            2 => Self::Forecast(bincode::Decode::<Context>::decode(decoder)?),
            3 => Self::Command(bincode::Decode::<Context>::decode(decoder)?),
            4 => Self::Event(bincode::Decode::<Context>::decode(decoder)?),
            _ => Self::TradeSignal(bincode::Decode::<Context>::decode(decoder)?),
        })
    }
}

#[cfg(feature = "wire")]
bincode::impl_borrow_decode!(Message);
