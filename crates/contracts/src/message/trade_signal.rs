use super::{BodyError, BodyErrorKind as Kind, check_number, check_quantity};
use crate::MissionTime;

/// A wish to exchange a fleet resource: what one asset would give or take of one fleet row, and at what price.
///
/// # Privacy
/// Tells a marginal value to whoever hears it; the planning rounds do not need it. It is for trades outside a round, which an operator permits.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct TradeSignal {
    /// The fleet row, by name; the unit of the row is the unit of `amount`.
    pub row: String,
    /// Give or take.
    pub side: TradeSide,
    /// How much at most, in the row's unit.
    pub amount: f64,
    /// Cost per unit of the row at which the asset is indifferent.
    pub unit_price: f64,
    /// The signal lapses then.
    pub expires: MissionTime,
}

/// Which way a resource would go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum TradeSide {
    /// Would give up some of its share.
    Offer,
    /// Would take more.
    Request,
}

impl TradeSignal {
    /// The schema's name.
    pub const SCHEMA: &'static str = "cosmosmesh.trade_signal";
    /// The schema's version.
    pub const VERSION: u16 = 1;

    /// Whether the signal names a row and finite numbers: what a receiver asks before using one.
    ///
    /// # Errors
    /// [`BodyError`] names the field at fault.
    pub fn check(&self) -> Result<(), BodyError> {
        if self.row.is_empty() {
            return Err(BodyError::at("row", Kind::Name));
        }
        check_quantity("amount", self.amount)?;
        check_number("unit_price", self.unit_price)
    }
}
