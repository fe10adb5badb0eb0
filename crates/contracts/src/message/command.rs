use super::{BodyError, BodyErrorKind as Kind, check_quantity};
use crate::{AssetId, MissionTime};

/// One thing a vehicle is told to do, with the limits within which it may do it.
///
/// Commands of one asset may overlap in time: a rover can take pictures while its radio talks.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Command {
    /// When it may begin.
    pub start: MissionTime,
    /// When it must have ended.
    pub end: MissionTime,
    /// What to do.
    pub action: Action,
    /// Electrical power at the vehicle, averaged over the whole interval: what the plan has set aside.
    pub mean_power_w: f64,
    /// The most electrical power while the action runs; the action then runs for a part of the interval only.
    pub peak_power_w: f64,
}

/// What a vehicle can be told to do.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(tag = "do", rename_all = "snake_case", deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
#[non_exhaustive]
pub enum Action {
    /// Drive.
    Drive {
        /// How far at most.
        distance_m_max: f64,
        /// The share of the corridor, as a part of the interval, 0 to 1.
        occupancy_max: f64,
    },
    /// Fly.
    Fly {
        /// How long in the air at most.
        airborne_s_max: f64,
        /// The share of the corridor, as a part of the interval, 0 to 1.
        occupancy_max: f64,
    },
    /// Run instruments.
    Observe {
        /// Data to record at most, 10^6 bits.
        recorded_mbit_max: f64,
    },
    /// Take energy from the base's bus.
    ChargeFromBus {
        /// Drawn from the bus at most, over the interval.
        energy_wh_max: f64,
    },
    /// Feed the base's bus.
    SupplyBus {
        /// Promised to the bus, over the interval.
        energy_wh_max: f64,
    },
    /// Send or receive over a relay pass.
    Relay {
        /// The pass.
        pass: String,
        /// The other end.
        peer: AssetId,
        /// Data at most, 10^6 bits.
        volume_mbit_max: f64,
        /// Rate at most, bits per second.
        rate_bps_max: f64,
    },
    /// Send stored data to Earth.
    Downlink {
        /// The contact.
        contact: String,
        /// The station.
        peer: AssetId,
        /// Data at most, 10^6 bits.
        volume_mbit_max: f64,
        /// Rate at most, bits per second.
        rate_bps_max: f64,
    },
    /// Keep warm and listen. Never refused, never cut.
    KeepAlive,
    /// Work of the crew above keep-alive: cabins, galley, laboratory.
    SupportCrew,
    /// Life support above its minimum: oxygen, carbon dioxide, water.
    SupportLife,
    /// Make oxygen from the atmosphere.
    ProduceOxygen {
        /// Oxygen at most, over the interval.
        oxygen_kg_max: f64,
    },
    /// Nothing beyond keep-alive.
    Idle,
}

impl Command {
    /// The schema's name.
    pub const SCHEMA: &'static str = "cosmosmesh.command";
    /// The schema's version.
    pub const VERSION: u16 = 1;

    /// Whether a vehicle could obey: what a receiver asks before it does.
    ///
    /// # Errors
    /// [`BodyError`] on an empty interval, a mean above the peak, or a number that is not finite or negative.
    pub fn check(&self) -> Result<(), BodyError> {
        if self.end <= self.start {
            return Err(BodyError::at("end", Kind::EmptyInterval));
        }
        check_quantity("mean_power_w", self.mean_power_w)?;
        check_quantity("peak_power_w", self.peak_power_w)?;
        if self.mean_power_w > self.peak_power_w * (1.0 + 1e-9) {
            return Err(BodyError::at("mean_power_w", Kind::AbovePeak));
        }
        match &self.action {
            Action::Drive { distance_m_max, occupancy_max } => {
                check_quantity("action.distance_m_max", *distance_m_max)?;
                check_quantity("action.occupancy_max", *occupancy_max)
            }
            Action::Fly { airborne_s_max, occupancy_max } => {
                check_quantity("action.airborne_s_max", *airborne_s_max)?;
                check_quantity("action.occupancy_max", *occupancy_max)
            }
            Action::Observe { recorded_mbit_max } => check_quantity("action.recorded_mbit_max", *recorded_mbit_max),
            Action::ChargeFromBus { energy_wh_max } | Action::SupplyBus { energy_wh_max } => {
                check_quantity("action.energy_wh_max", *energy_wh_max)
            }
            Action::Relay { volume_mbit_max, rate_bps_max, .. }
            | Action::Downlink { volume_mbit_max, rate_bps_max, .. } => {
                check_quantity("action.volume_mbit_max", *volume_mbit_max)?;
                check_quantity("action.rate_bps_max", *rate_bps_max)
            }
            Action::ProduceOxygen { oxygen_kg_max } => check_quantity("action.oxygen_kg_max", *oxygen_kg_max),
            Action::KeepAlive | Action::SupportCrew | Action::SupportLife | Action::Idle => Ok(()),
        }
    }
}
