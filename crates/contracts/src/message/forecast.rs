use super::{BodyError, BodyErrorKind as Kind, check_number, check_quantity};
use crate::{AssetId, Horizon, MissionTime};

/// What one asset may expect over a horizon: sun, cold and contacts, slot by slot.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Forecast {
    /// When it was made.
    pub issued: MissionTime,
    /// The slots it speaks of.
    pub horizon: Horizon,
    /// One entry per slot.
    pub slots: Vec<SlotForecast>,
    /// Contacts between the surface and relay orbiters, by start.
    pub passes: Vec<Contact>,
    /// Contacts of this asset with Earth, by start. Only relays have them.
    pub downlinks: Vec<Contact>,
}

/// The mean conditions of one slot.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct SlotForecast {
    /// Mean power from the asset's own array or generator. Eclipse and dust are in it.
    pub generation_w: f64,
    /// Mean power that keep-alive needs: survival heaters at `ambient_temperature_c` and sleeping avionics.
    pub keep_alive_w: f64,
    /// Mean temperature around the vehicle, degrees Celsius.
    pub ambient_temperature_c: f64,
    /// How much of the slot the sun stands high enough to drive by, 0 to 1.
    pub daylight_fraction: f64,
    /// Local mean solar time at the middle of the slot, 0 to 24 Martian hours.
    pub local_time_h: f64,
}

/// A stretch of time during which two assets can talk.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Contact {
    /// Its name, unique in its list and the same for everybody: `relay-a/2`.
    pub name: String,
    /// The relay of a pass; the station of a downlink.
    pub peer: AssetId,
    /// Rise.
    pub start: MissionTime,
    /// Set.
    pub end: MissionTime,
    /// Mean data rate, bits per second.
    pub rate_bps: f64,
}

impl Contact {
    /// The longest name, in bytes.
    pub const NAME_BYTES_MAX: usize = 128;

    /// What the link can carry in so many milliseconds, 10^6 bits.
    pub fn volume_mbit(&self, ms: i64) -> f64 {
        self.rate_bps * 1e-6 * (ms as f64 / 1_000.0)
    }

    fn check(&self) -> Result<(), Kind> {
        if self.name.is_empty() || self.name.len() > Self::NAME_BYTES_MAX || self.name.chars().any(char::is_control) {
            return Err(Kind::Name);
        }
        if self.end <= self.start {
            return Err(Kind::EmptyInterval);
        }
        if !self.rate_bps.is_finite() {
            return Err(Kind::NotFinite { value: self.rate_bps });
        }
        if self.rate_bps < 0.0 { Err(Kind::Negative { value: self.rate_bps }) } else { Ok(()) }
    }
}

impl Forecast {
    /// The schema's name.
    pub const SCHEMA: &'static str = "cosmosmesh.forecast";
    /// The schema's version.
    pub const VERSION: u16 = 1;

    /// Whether the parts fit together: what a receiver asks before using one.
    ///
    /// # Errors
    /// [`BodyError`] with a place such as `slots[3].keep_alive_w` or `passes[2]`.
    pub fn check(&self) -> Result<(), BodyError> {
        self.horizon.check().map_err(|error| BodyError::at("horizon", Kind::Horizon(error)))?;
        if self.slots.len() != self.horizon.len() {
            let kind = Kind::WrongLength { expected: self.horizon.len(), found: self.slots.len() };
            return Err(BodyError::at("slots", kind));
        }
        for (k, slot) in self.slots.iter().enumerate() {
            slot.check().map_err(|error| error.within(&format!("slots[{k}]")))?;
        }
        for (list, contacts) in [("passes", &self.passes), ("downlinks", &self.downlinks)] {
            let mut names = std::collections::BTreeSet::new();
            for (k, contact) in contacts.iter().enumerate() {
                contact.check().map_err(|kind| BodyError::at(format!("{list}[{k}]"), kind))?;
                if !names.insert(&contact.name) {
                    return Err(BodyError::at(format!("{list}[{k}].name"), Kind::Duplicate));
                }
            }
        }
        Ok(())
    }
}

impl SlotForecast {
    fn check(&self) -> Result<(), BodyError> {
        check_quantity("generation_w", self.generation_w)?;
        check_quantity("keep_alive_w", self.keep_alive_w)?;
        check_number("ambient_temperature_c", self.ambient_temperature_c)?;
        check_quantity("daylight_fraction", self.daylight_fraction)?;
        check_quantity("local_time_h", self.local_time_h)
    }
}
