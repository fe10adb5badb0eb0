use super::{
    Battery, Checked, DataPath, KeepAlive, LocalWindow, PowerSource, RESERVE_FRACTION, Science, fraction, positive,
};
use cosmosmesh_contracts::traits::DomainError;

/// A relay orbiter with instruments of its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OrbiterParameters {
    /// Its array.
    pub source: PowerSource,
    /// Its battery.
    pub battery: Battery,
    /// What it needs to survive.
    pub keep_alive: KeepAlive,
    /// Power of the relay radio during a pass. It is on in every pass: the fleet may count on being heard.
    pub relay_w: f64,
    /// Memory, and the radio to Earth.
    pub data: DataPath,
    /// Its instruments.
    pub science: Science,
    /// Kept back of generation, battery, memory and links, and added to keep-alive. Zero makes a naive plan.
    pub reserve_fraction: f64,
}

impl OrbiterParameters {
    /// A relay of the class of the Mars Reconnaissance Orbiter.
    pub fn relay() -> Self {
        Self {
            source: PowerSource::Array { effective_area_m2: 1.7 }, // MRO: 1 kW in Mars's 586 W/m2
            battery: Battery {
                capacity_wh: 3_200.0,       // MRO: two of 50 Ah at 32 V
                floor_fraction: 0.40,       // assumed: thousands of cycles
                final_fraction: 0.75,       // assumed
                charge_w_max: 700.0,        // assumed
                discharge_w_max: 1_000.0,   // assumed
                charge_efficiency: 0.92,    // assumed, nickel-hydrogen
                discharge_efficiency: 0.92, // assumed, nickel-hydrogen
            },
            keep_alive: KeepAlive { base_w: 380.0, conductance_w_per_c: 0.0, setpoint_c: 0.0 }, // assumed
            relay_w: 65.0, // Electra: 65 W full duplex
            data: DataPath {
                memory_mbit: 6_000.0,      // assumed: the relay's part of MRO's 160 Gb recorder
                transmit_w: 220.0,         // MRO: 100 W radiated by the travelling-wave tube, efficiency assumed
                rate_bps_max: 4_000_000.0, // MRO: 0.5 to 4 Mb/s
                goal_mbit: 3_000.0,        // assumed
                goal_value: 6.0,           // assumed
            },
            science: Science {
                power_w_max: 200.0,          // assumed
                desired_w: 120.0,            // assumed
                window: LocalWindow::ALWAYS, // an orbiter has no local day
                recorded_mbit_per_h: 150.0,  // assumed
                slot_value: 0.15,            // assumed
            },
            reserve_fraction: RESERVE_FRACTION,
        }
    }
}

impl Checked for OrbiterParameters {
    fn check(&self) -> Result<(), DomainError> {
        self.battery.check()?;
        self.data.check()?;
        self.science.check()?;
        positive("relay_w", self.relay_w)?;
        fraction("reserve_fraction", self.reserve_fraction)
    }
}
