//! What the vehicles are made of. Every number has its source beside it: a published value, or "assumed".
//!
//! Sources by short name: *MSL/M2020*, NASA press kits of Curiosity and Perseverance; *MER*, planetary.org and JPL on Spirit and Opportunity;
//! *Ingenuity*, NASA and Balaram et al., AIAA 2018-0023; *DRA 5.0*, NASA Design Reference Architecture 5.0; *Rucker*, NTRS 20150000526 and 20220003043; *MRO*, NASA mission pages.

mod drone;
mod habitat;
mod orbiter;
mod rover;

use cosmosmesh_contracts::message::SlotForecast;
use cosmosmesh_contracts::traits::DomainError;

pub use drone::{DroneParameters, Flight};
pub use habitat::{Crew, HabitatParameters, LifeSupport, OxygenPlant};
pub use orbiter::OrbiterParameters;
pub use rover::{Drive, RoverParameters};

/// How much of every uncertain quantity the planner keeps back unless told otherwise.
///
/// # Source
/// Assumed. Large enough for what a slot's mean hides: duty cycles of heaters, the order of charging and driving, efficiency in the cold.
pub const RESERVE_FRACTION: f64 = 0.10;

/// Where the electrical power comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PowerSource {
    /// The same power at all times: a radioisotope generator, a reactor.
    Constant {
        /// Electrical power.
        power_w: f64,
    },
    /// A solar array.
    Array {
        /// Cell area times cell efficiency times the mean cosine of the sun on it, against a horizontal plate.
        effective_area_m2: f64,
    },
}

impl PowerSource {
    /// Electrical power at an irradiance on the horizontal plate (for an orbiter, towards the sun).
    pub fn power_w(&self, irradiance_w_m2: f64) -> f64 {
        match self {
            Self::Constant { power_w } => *power_w,
            Self::Array { effective_area_m2 } => effective_area_m2 * irradiance_w_m2.max(0.0),
        }
    }
}

/// A battery.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Battery {
    /// Energy between empty and full.
    pub capacity_wh: f64,
    /// Part of the capacity below which the vehicle is in danger: the limit that reality must not pass.
    pub floor_fraction: f64,
    /// Part of the capacity wanted at the end of the horizon.
    pub final_fraction: f64,
    /// The most power into the battery.
    pub charge_w_max: f64,
    /// The most power out of the battery.
    pub discharge_w_max: f64,
    /// Energy stored per energy put in.
    pub charge_efficiency: f64,
    /// Energy got out per energy taken from store.
    pub discharge_efficiency: f64,
}

/// What keeps a vehicle alive: sleeping avionics and survival heaters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeepAlive {
    /// Power that is always needed.
    pub base_w: f64,
    /// Heater power per degree between the inside and the surroundings.
    pub conductance_w_per_c: f64,
    /// What the inside is kept at, degrees Celsius.
    pub setpoint_c: f64,
}

impl KeepAlive {
    /// The mean power needed in surroundings of a temperature.
    pub fn power_w(&self, ambient_temperature_c: f64) -> f64 {
        self.base_w + self.conductance_w_per_c * (self.setpoint_c - ambient_temperature_c).max(0.0)
    }
}

/// A vehicle's plug at the base's bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BusPort {
    /// The most power drawn.
    pub power_w_max: f64,
    /// Energy at the vehicle per energy drawn from the bus.
    pub efficiency: f64,
    /// Power reserved for keep-alive at all times: the vehicle's baseline share.
    pub baseline_w: f64,
}

/// A radio and the memory behind it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DataPath {
    /// Memory.
    pub memory_mbit: f64,
    /// Electrical power while the radio transmits.
    pub transmit_w: f64,
    /// The fastest it sends, bits per second; a contact may be slower.
    pub rate_bps_max: f64,
    /// Data the operator wants sent over the horizon.
    pub goal_mbit: f64,
    /// Cost of sending nothing at all.
    pub goal_value: f64,
}

/// Instruments that run in steps of a slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Science {
    /// The most electrical power.
    pub power_w_max: f64,
    /// Power wanted in every slot of the window.
    pub desired_w: f64,
    /// When, in local mean solar time.
    pub window: LocalWindow,
    /// Data recorded per hour at full power.
    pub recorded_mbit_per_h: f64,
    /// Cost of a slot without.
    pub slot_value: f64,
}

/// A daily window in local mean solar time, Martian hours. It may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalWindow {
    /// From, 0 to 24.
    pub from_h: f64,
    /// To, 0 to 24.
    pub to_h: f64,
}

impl LocalWindow {
    /// All day and night.
    pub const ALWAYS: Self = Self { from_h: 0.0, to_h: 24.0 };

    /// Whether the middle of a slot lies inside.
    pub fn contains(&self, slot: &SlotForecast) -> bool {
        let t = slot.local_time_h;
        if self.from_h <= self.to_h { self.from_h <= t && t < self.to_h } else { t >= self.from_h || t < self.to_h }
    }
}

/// Parameters that say whether they can be a vehicle's.
pub(crate) trait Checked {
    /// Refuses what cannot be.
    fn check(&self) -> Result<(), DomainError>;
}

impl Checked for Battery {
    fn check(&self) -> Result<(), DomainError> {
        positive("battery.capacity_wh", self.capacity_wh)?;
        fraction("battery.floor_fraction", self.floor_fraction)?;
        fraction("battery.final_fraction", self.final_fraction)?;
        positive("battery.charge_w_max", self.charge_w_max)?;
        positive("battery.discharge_w_max", self.discharge_w_max)?;
        efficiency("battery.charge_efficiency", self.charge_efficiency)?;
        efficiency("battery.discharge_efficiency", self.discharge_efficiency)
    }
}

impl Checked for BusPort {
    fn check(&self) -> Result<(), DomainError> {
        positive("bus.power_w_max", self.power_w_max)?;
        efficiency("bus.efficiency", self.efficiency)?;
        quantity("bus.baseline_w", self.baseline_w)?;
        if self.baseline_w < self.power_w_max {
            Ok(())
        } else {
            refuse("bus.baseline_w", "the reserved power must lie below the port's; lower it")
        }
    }
}

impl Checked for DataPath {
    fn check(&self) -> Result<(), DomainError> {
        positive("data.memory_mbit", self.memory_mbit)?;
        quantity("data.transmit_w", self.transmit_w)?;
        positive("data.rate_bps_max", self.rate_bps_max)?;
        positive("data.goal_mbit", self.goal_mbit)?;
        quantity("data.goal_value", self.goal_value)
    }
}

impl Checked for Science {
    fn check(&self) -> Result<(), DomainError> {
        positive("science.power_w_max", self.power_w_max)?;
        positive("science.desired_w", self.desired_w)?;
        quantity("science.recorded_mbit_per_h", self.recorded_mbit_per_h)?;
        quantity("science.slot_value", self.slot_value)
    }
}

/// Refuses a parameter that is not a positive number.
pub(crate) fn positive(name: &str, value: f64) -> Result<(), DomainError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { refuse(name, "must be a positive number") }
}

/// Refuses a parameter that is not zero or a positive number.
pub(crate) fn quantity(name: &str, value: f64) -> Result<(), DomainError> {
    if value.is_finite() && value >= 0.0 { Ok(()) } else { refuse(name, "must be zero or a positive number") }
}

/// Refuses a parameter outside 0 to 1.
pub(crate) fn fraction(name: &str, value: f64) -> Result<(), DomainError> {
    if (0.0..1.0).contains(&value) { Ok(()) } else { refuse(name, "must be at least 0 and below 1") }
}

fn efficiency(name: &str, value: f64) -> Result<(), DomainError> {
    if value > 0.0 && value <= 1.0 { Ok(()) } else { refuse(name, "must be above 0 and at most 1") }
}

/// The error about a parameter.
pub(crate) fn refuse(name: &str, reason: &str) -> Result<(), DomainError> {
    Err(DomainError::Parameter { name: name.to_owned(), reason: reason.to_owned() })
}
