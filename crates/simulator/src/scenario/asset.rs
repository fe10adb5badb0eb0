use cosmosmesh_adapters::parameters::{
    Battery, BusPort, DataPath, DroneParameters, HabitatParameters, KeepAlive, OrbiterParameters, PowerSource,
    RoverParameters,
};
use cosmosmesh_contracts::AssetId;

use crate::geometry::Orbit;

/// One member of the fleet.
#[derive(Clone, Debug, PartialEq)]
pub struct AssetSpec {
    /// Its name.
    pub id: AssetId,
    /// What it is.
    pub vehicle: Vehicle,
    /// Energy in the battery when the horizon begins, as a part of its capacity.
    pub battery_start_fraction: f64,
    /// Data in memory when the horizon begins.
    pub stored_start_mbit: f64,
}

/// A vehicle with its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "one per asset, and copied only when a run is prepared")]
pub enum Vehicle {
    /// A rover.
    Rover(RoverParameters),
    /// A drone.
    Drone(DroneParameters),
    /// A habitat.
    Habitat(HabitatParameters),
    /// A relay orbiter, where it flies and how fast surface assets can send to it.
    Orbiter {
        /// What it is made of.
        parameters: OrbiterParameters,
        /// Where it flies.
        orbit: Orbit,
        /// Rate of its passes, bits per second.
        relay_rate_bps: f64,
    },
}

impl Vehicle {
    /// `rover`, `drone`, `habitat` or `orbiter`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rover(_) => "rover",
            Self::Drone(_) => "drone",
            Self::Habitat(_) => "habitat",
            Self::Orbiter { .. } => "orbiter",
        }
    }

    /// Where its power comes from.
    pub fn source(&self) -> &PowerSource {
        match self {
            Self::Rover(p) => &p.source,
            Self::Drone(p) => &p.source,
            Self::Habitat(p) => &p.source,
            Self::Orbiter { parameters, .. } => &parameters.source,
        }
    }

    /// Its battery.
    pub fn battery(&self) -> &Battery {
        match self {
            Self::Rover(p) => &p.battery,
            Self::Drone(p) => &p.battery,
            Self::Habitat(p) => &p.battery,
            Self::Orbiter { parameters, .. } => &parameters.battery,
        }
    }

    /// What it needs to survive.
    pub fn keep_alive(&self) -> &KeepAlive {
        match self {
            Self::Rover(p) => &p.keep_alive,
            Self::Drone(p) => &p.keep_alive,
            Self::Habitat(p) => &p.keep_alive,
            Self::Orbiter { parameters, .. } => &parameters.keep_alive,
        }
    }

    /// Its plug at the bus.
    pub fn bus(&self) -> Option<&BusPort> {
        match self {
            Self::Rover(p) => Some(&p.bus),
            Self::Drone(p) => Some(&p.bus),
            Self::Habitat(_) | Self::Orbiter { .. } => None,
        }
    }

    /// Its memory and radio.
    pub fn data(&self) -> Option<&DataPath> {
        match self {
            Self::Rover(p) => Some(&p.data),
            Self::Drone(p) => Some(&p.data),
            Self::Habitat(_) => None,
            Self::Orbiter { parameters, .. } => Some(&parameters.data),
        }
    }

    /// Where it flies, if it does not stand on the ground.
    pub fn orbit(&self) -> Option<&Orbit> {
        match self {
            Self::Orbiter { orbit, .. } => Some(orbit),
            _ => None,
        }
    }
}
