//! The wire form of a mix: one without moved columns is coded as it was before there were any.

use bincode::de::Decoder;
use bincode::enc::Encoder;
use bincode::error::{DecodeError, EncodeError};
use bincode::{Decode, Encode};

use crate::round::{ColumnKey, Mix, Move};

/// The weights, then `length` and `prices` of every moved column among them.
impl Encode for Mix {
    fn encode<E: Encoder>(&self, encoder: &mut E) -> Result<(), EncodeError> {
        self.weights.encode(encoder)?;
        for step in &self.moves {
            step.length.encode(encoder)?;
            step.prices.encode(encoder)?;
        }
        Ok(())
    }
}

impl<Context> Decode<Context> for Mix {
    fn decode<D: Decoder<Context = Context>>(decoder: &mut D) -> Result<Self, DecodeError> {
        let weights = Vec::<(ColumnKey, f64)>::decode(decoder)?;
        let mut moves = Vec::new();
        for (key, _) in weights.iter().filter(|(key, _)| key.is_moved()) {
            moves.push(Move { key: *key, length: f64::decode(decoder)?, prices: Vec::decode(decoder)? });
        }
        Ok(Self { weights, moves })
    }
}

bincode::impl_borrow_decode!(Mix);
