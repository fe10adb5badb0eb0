use super::{
    Battery, BusPort, Checked, DataPath, KeepAlive, LocalWindow, PowerSource, RESERVE_FRACTION, Science, fraction,
    positive, quantity,
};
use cosmosmesh_contracts::traits::DomainError;

/// A rover.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RoverParameters {
    /// Its generator or array.
    pub source: PowerSource,
    /// Its battery.
    pub battery: Battery,
    /// What it needs to survive.
    pub keep_alive: KeepAlive,
    /// Its plug at the base.
    pub bus: BusPort,
    /// Its radio and memory.
    pub data: DataPath,
    /// Its instruments.
    pub science: Science,
    /// Its wheels.
    pub drive: Drive,
    /// Kept back of generation, battery, memory and links, and added to keep-alive. Zero makes a naive plan.
    pub reserve_fraction: f64,
}

/// Driving.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drive {
    /// Electrical power of wheels, avionics and imaging while driving.
    pub power_w: f64,
    /// Speed over ground while driving.
    pub speed_m_per_h: f64,
    /// When driving is allowed, in local mean solar time; daylight is needed besides.
    pub window: LocalWindow,
    /// The farthest it may go over the horizon.
    pub distance_m_max: f64,
    /// How far the operator wants it to go over the horizon.
    pub goal_m: f64,
    /// Cost of not driving at all.
    pub goal_value: f64,
    /// Data recorded per hour of driving.
    pub recorded_mbit_per_h: f64,
}

impl RoverParameters {
    /// A rover with a radioisotope generator, Perseverance class.
    pub fn radioisotope() -> Self {
        Self {
            source: PowerSource::Constant { power_w: 110.0 }, // M2020: 110 W at the start of the mission
            battery: Battery {
                capacity_wh: 2_400.0,       // M2020: two of 42-43 Ah at 28-32 V
                floor_fraction: 0.25,       // assumed
                final_fraction: 0.70,       // assumed
                charge_w_max: 450.0,        // assumed
                discharge_w_max: 900.0,     // M2020: loads peak at up to 900 W
                charge_efficiency: 0.95,    // assumed, lithium-ion
                discharge_efficiency: 0.95, // assumed, lithium-ion
            },
            // Assumed, to give 60 W at -84 C (night) and 35 W at -34 C (day).
            keep_alive: KeepAlive { base_w: 18.0, conductance_w_per_c: 0.5, setpoint_c: 0.0 },
            bus: BusPort {
                power_w_max: 300.0, // assumed
                efficiency: 0.95,   // assumed
                baseline_w: 0.0,    // the generator alone exceeds keep-alive
            },
            data: DataPath {
                memory_mbit: 1_000.0,      // assumed: the part of the recorder that relays drain
                transmit_w: 70.0,          // assumed from Electra's 65 W
                rate_bps_max: 2_048_000.0, // MRO Electra: adaptive up to 2,048 kb/s
                goal_mbit: 500.0,          // MSL, Bell et al. 2014: about 500 Mb a sol
                goal_value: 6.0,           // assumed
            },
            science: Science {
                power_w_max: 180.0,                              // assumed
                desired_w: 150.0,                                // assumed
                window: LocalWindow { from_h: 8.0, to_h: 18.0 }, // assumed
                recorded_mbit_per_h: 70.0,                       // assumed: fills the relay goal in a day
                slot_value: 0.3,                                 // assumed
            },
            drive: Drive {
                power_w: 350.0,                                  // assumed, within the 200-500 W of M2020
                speed_m_per_h: 110.0,                            // M2020: autonomous driving
                window: LocalWindow { from_h: 9.5, to_h: 15.5 }, // assumed
                distance_m_max: 300.0,                           // assumed
                goal_m: 180.0,                                   // assumed
                goal_value: 6.0,                                 // assumed
                recorded_mbit_per_h: 40.0,                       // assumed
            },
            reserve_fraction: RESERVE_FRACTION,
        }
    }

    /// A rover with a solar array, Opportunity class.
    pub fn solar() -> Self {
        Self {
            // MER: about 900 Wh a sol when new; 0.22 m2 gives that where the light on the plate peaks at 520 W/m2.
            source: PowerSource::Array { effective_area_m2: 0.22 },
            battery: Battery {
                capacity_wh: 450.0,         // MER: two of 8 Ah at 28 V
                floor_fraction: 0.30,       // assumed
                final_fraction: 0.60,       // assumed
                charge_w_max: 160.0,        // assumed
                discharge_w_max: 200.0,     // assumed
                charge_efficiency: 0.95,    // assumed, lithium-ion
                discharge_efficiency: 0.95, // assumed, lithium-ion
            },
            // Assumed, so that a sol needs about 290 Wh: MER was thought lost below 300 Wh a sol. Radioisotope heaters do the rest.
            keep_alive: KeepAlive { base_w: 5.0, conductance_w_per_c: 0.12, setpoint_c: 0.0 },
            bus: BusPort {
                power_w_max: 150.0, // assumed
                efficiency: 0.95,   // assumed
                baseline_w: 10.0,   // assumed: with it a rover outlives a storm that leaves 22 Wh a sol (MER, 2018)
            },
            data: DataPath {
                memory_mbit: 500.0,      // assumed
                transmit_w: 50.0,        // assumed
                rate_bps_max: 256_000.0, // MSL-Odyssey: up to 256 kb/s
                goal_mbit: 200.0,        // assumed
                goal_value: 4.0,         // assumed
            },
            science: Science {
                power_w_max: 60.0,                               // assumed
                desired_w: 35.0,                                 // assumed
                window: LocalWindow { from_h: 9.0, to_h: 17.0 }, // assumed
                recorded_mbit_per_h: 30.0,                       // assumed
                slot_value: 0.25,                                // assumed
            },
            drive: Drive {
                power_w: 100.0,                                   // assumed
                speed_m_per_h: 36.0,                              // MER: 1 cm/s with hazard avoidance
                window: LocalWindow { from_h: 10.0, to_h: 15.0 }, // assumed
                distance_m_max: 120.0,                            // assumed
                goal_m: 80.0,                                     // assumed
                goal_value: 4.0,                                  // assumed
                recorded_mbit_per_h: 20.0,                        // assumed
            },
            reserve_fraction: RESERVE_FRACTION,
        }
    }
}

impl Checked for RoverParameters {
    fn check(&self) -> Result<(), DomainError> {
        self.battery.check()?;
        self.bus.check()?;
        self.data.check()?;
        self.science.check()?;
        positive("drive.power_w", self.drive.power_w)?;
        positive("drive.speed_m_per_h", self.drive.speed_m_per_h)?;
        positive("drive.distance_m_max", self.drive.distance_m_max)?;
        positive("drive.goal_m", self.drive.goal_m)?;
        quantity("drive.goal_value", self.drive.goal_value)?;
        quantity("drive.recorded_mbit_per_h", self.drive.recorded_mbit_per_h)?;
        fraction("reserve_fraction", self.reserve_fraction)
    }
}
