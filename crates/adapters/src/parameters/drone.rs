use super::{
    Battery, BusPort, Checked, DataPath, KeepAlive, LocalWindow, PowerSource, RESERVE_FRACTION, fraction, positive,
    quantity, refuse,
};
use cosmosmesh_contracts::traits::DomainError;

/// A small rotorcraft.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DroneParameters {
    /// Its array.
    pub source: PowerSource,
    /// Its battery.
    pub battery: Battery,
    /// What it needs to survive.
    pub keep_alive: KeepAlive,
    /// Its charging pad at the base.
    pub bus: BusPort,
    /// Its radio and memory.
    pub data: DataPath,
    /// Its rotors.
    pub flight: Flight,
    /// Kept back of generation, battery, memory and links, and added to keep-alive. Zero makes a naive plan.
    pub reserve_fraction: f64,
}

/// Flying.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// Electrical power in the air, averaged over a flight.
    pub power_w: f64,
    /// Ground speed, averaged over a flight.
    pub speed_m_per_s: f64,
    /// The longest a drone may be airborne in one slot.
    pub airborne_s_max: f64,
    /// When flying is allowed, in local mean solar time; daylight is needed besides.
    pub window: LocalWindow,
    /// How long the operator wants it airborne over the horizon.
    pub goal_s: f64,
    /// Cost of not flying at all.
    pub goal_value: f64,
    /// Data recorded per minute in the air.
    pub recorded_mbit_per_min: f64,
    /// The corridor is closed so much longer than the drone is airborne.
    pub corridor_factor: f64,
}

impl DroneParameters {
    /// Ingenuity's successor at a base: the same rotorcraft with a charging pad.
    pub fn rotorcraft() -> Self {
        Self {
            // Assumed: a sol's array energy pays for one flight and a night, as Ingenuity's did by design.
            source: PowerSource::Array { effective_area_m2: 0.0105 },
            battery: Battery {
                capacity_wh: 38.0,          // Ingenuity: six 18650 cells, 35-40 Wh
                floor_fraction: 0.20,       // assumed
                final_fraction: 0.80,       // assumed: the night costs half the pack
                charge_w_max: 20.0,         // assumed
                discharge_w_max: 500.0,     // Ingenuity: about 350 W mean, peaks above
                charge_efficiency: 0.95,    // assumed, lithium-ion
                discharge_efficiency: 0.94, // assumed: high current
            },
            // Balaram et al.: about 21 Wh of the pack per night, here 1.7 W at -85 C over half a sol.
            keep_alive: KeepAlive { base_w: 0.2, conductance_w_per_c: 0.0215, setpoint_c: -15.0 },
            bus: BusPort {
                power_w_max: 15.0, // assumed
                efficiency: 0.90,  // assumed
                baseline_w: 1.5,   // assumed: with it the night is survivable from the floor
            },
            data: DataPath {
                memory_mbit: 200.0,      // assumed
                transmit_w: 3.0,         // assumed: through the base's mast
                rate_bps_max: 250_000.0, // Ingenuity: 20 or 250 kb/s to its base station
                goal_mbit: 80.0,         // assumed
                goal_value: 2.0,         // assumed
            },
            flight: Flight {
                power_w: 350.0,                                   // Ingenuity: about 350 W, 8.75 Wh in 90 s
                speed_m_per_s: 4.2,                               // Ingenuity: 704 m in 169 s
                airborne_s_max: 90.0,                             // Ingenuity: 90 s by design
                window: LocalWindow { from_h: 10.0, to_h: 15.0 }, // assumed: warm enough, wind not yet at its height
                goal_s: 270.0,                                    // assumed: three flights a sol
                goal_value: 4.0,                                  // assumed
                recorded_mbit_per_min: 25.0,                      // assumed
                corridor_factor: 4.0,                             // assumed: cleared before take-off and after landing
            },
            reserve_fraction: RESERVE_FRACTION,
        }
    }
}

impl Checked for DroneParameters {
    fn check(&self) -> Result<(), DomainError> {
        self.battery.check()?;
        self.bus.check()?;
        self.data.check()?;
        positive("flight.power_w", self.flight.power_w)?;
        positive("flight.airborne_s_max", self.flight.airborne_s_max)?;
        positive("flight.goal_s", self.flight.goal_s)?;
        positive("flight.speed_m_per_s", self.flight.speed_m_per_s)?;
        quantity("flight.goal_value", self.flight.goal_value)?;
        quantity("flight.recorded_mbit_per_min", self.flight.recorded_mbit_per_min)?;
        if !(self.flight.corridor_factor >= 1.0 && self.flight.corridor_factor.is_finite()) {
            return refuse("flight.corridor_factor", "must be at least 1");
        }
        fraction("reserve_fraction", self.reserve_fraction)
    }
}
