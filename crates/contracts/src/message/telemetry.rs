use super::{BodyError, check_number, check_quantity};
use crate::MissionTime;

/// What a vehicle measures about itself at one instant. Private to its asset unless its operator decides otherwise.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Telemetry {
    /// When it was measured.
    pub at: MissionTime,
    /// What the vehicle is doing.
    pub mode: VehicleMode,
    /// Energy in the battery.
    pub battery_wh: f64,
    /// Temperature of the battery, degrees Celsius.
    pub battery_temperature_c: f64,
    /// Electrical power from the vehicle's own source.
    pub generation_w: f64,
    /// Electrical power of all loads.
    pub load_w: f64,
    /// Power taken from the base's bus; negative if the vehicle feeds it.
    pub bus_w: f64,
    /// Data waiting in memory, 10^6 bits.
    pub stored_mbit: f64,
    /// Distance driven or flown since the epoch.
    pub odometer_m: f64,
}

/// What a vehicle is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum VehicleMode {
    /// Follows its plan.
    #[default]
    Nominal,
    /// Keeps itself alive and does nothing else.
    Safe,
    /// Between take-off and landing.
    Airborne,
}

impl Telemetry {
    /// The schema's name.
    pub const SCHEMA: &'static str = "cosmosmesh.telemetry";
    /// The schema's version.
    pub const VERSION: u16 = 1;

    /// Whether the numbers can be a measurement: what a receiver asks before using one.
    ///
    /// # Errors
    /// [`BodyError`] names the field that is not finite, or negative where it cannot be.
    pub fn check(&self) -> Result<(), BodyError> {
        check_quantity("battery_wh", self.battery_wh)?;
        check_number("battery_temperature_c", self.battery_temperature_c)?;
        check_quantity("generation_w", self.generation_w)?;
        check_quantity("load_w", self.load_w)?;
        check_number("bus_w", self.bus_w)?;
        check_quantity("stored_mbit", self.stored_mbit)?;
        check_quantity("odometer_m", self.odometer_m)
    }
}
