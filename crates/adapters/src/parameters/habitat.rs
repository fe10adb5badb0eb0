use super::{Battery, Checked, KeepAlive, LocalWindow, PowerSource, RESERVE_FRACTION, fraction, positive, quantity};
use cosmosmesh_contracts::traits::DomainError;

/// A habitat: the base's power plant, its crew and its bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HabitatParameters {
    /// Its reactor.
    pub source: PowerSource,
    /// Its storage.
    pub battery: Battery,
    /// Cabin heat, pressure, and the least life support that keeps the crew alive.
    pub keep_alive: KeepAlive,
    /// The most power it feeds to the bus.
    pub export_w_max: f64,
    /// The crew's loads.
    pub crew: Crew,
    /// Life support above its minimum.
    pub life_support: LifeSupport,
    /// The oxygen plant.
    pub oxygen: OxygenPlant,
    /// Kept back of generation and storage, and added to keep-alive. Zero makes a naive plan.
    pub reserve_fraction: f64,
}

/// Loads of the crew's work above keep-alive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crew {
    /// The most power.
    pub power_w_max: f64,
    /// Power wanted while the crew is awake.
    pub awake_w: f64,
    /// Power wanted while the crew sleeps.
    pub asleep_w: f64,
    /// When the crew is awake, in local mean solar time.
    pub awake: LocalWindow,
    /// Cost of a slot without, while awake.
    pub slot_value: f64,
}

/// Oxygen generation, carbon dioxide removal and water processing above their minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifeSupport {
    /// The most power.
    pub power_w_max: f64,
    /// Power wanted at all times.
    pub desired_w: f64,
    /// Cost of a slot without.
    pub slot_value: f64,
}

/// Production of propellant oxygen from the atmosphere: the great deferrable load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OxygenPlant {
    /// The most power.
    pub power_w_max: f64,
    /// Energy per kilogram of oxygen.
    pub energy_wh_per_kg: f64,
    /// Oxygen that the operator wants over the horizon.
    pub goal_kg: f64,
    /// Cost of making none.
    pub goal_value: f64,
}

impl HabitatParameters {
    /// The minimal base: one reactor unit and four people.
    pub fn minimal_base() -> Self {
        Self {
            source: PowerSource::Constant { power_w: 10_000.0 }, // Rucker, NTRS 20220003043: one 10 kWe unit
            battery: Battery {
                capacity_wh: 120_000.0,     // assumed: regenerative fuel cell or battery
                floor_fraction: 0.30,       // assumed
                final_fraction: 0.60,       // assumed
                charge_w_max: 8_000.0,      // assumed
                discharge_w_max: 12_000.0,  // assumed
                charge_efficiency: 0.90,    // assumed, between fuel cell and battery
                discharge_efficiency: 0.90, // assumed, between fuel cell and battery
            },
            // DRA 5.0: 5 kW keep-alive. Assumed split: 3.4 kW always, 20 W per degree below 20 C.
            keep_alive: KeepAlive { base_w: 3_400.0, conductance_w_per_c: 20.0, setpoint_c: 20.0 },
            export_w_max: 400.0, // assumed: the rating of the bus
            crew: Crew {
                power_w_max: 2_500.0,                           // assumed, scaled from DRA 5.0's 12-20 kW for six
                awake_w: 1_800.0,                               // assumed
                asleep_w: 500.0,                                // assumed
                awake: LocalWindow { from_h: 6.5, to_h: 22.5 }, // assumed
                slot_value: 0.8,                                // assumed
            },
            life_support: LifeSupport {
                power_w_max: 1_500.0, // assumed from the scale of the International Space Station
                desired_w: 900.0,     // assumed
                slot_value: 0.8,      // assumed
            },
            oxygen: OxygenPlant {
                power_w_max: 4_000.0,      // assumed: one sixth of DRA 5.0's 19-26 kW plant
                energy_wh_per_kg: 9_000.0, // assumed: solid oxide electrolysis with compression
                goal_kg: 8.0,              // assumed
                goal_value: 12.0,          // assumed
            },
            reserve_fraction: RESERVE_FRACTION,
        }
    }
}

impl Checked for HabitatParameters {
    fn check(&self) -> Result<(), DomainError> {
        self.battery.check()?;
        positive("export_w_max", self.export_w_max)?;
        positive("crew.power_w_max", self.crew.power_w_max)?;
        positive("crew.awake_w", self.crew.awake_w)?;
        quantity("crew.asleep_w", self.crew.asleep_w)?;
        quantity("crew.slot_value", self.crew.slot_value)?;
        positive("life_support.power_w_max", self.life_support.power_w_max)?;
        positive("life_support.desired_w", self.life_support.desired_w)?;
        quantity("life_support.slot_value", self.life_support.slot_value)?;
        positive("oxygen.power_w_max", self.oxygen.power_w_max)?;
        positive("oxygen.energy_wh_per_kg", self.oxygen.energy_wh_per_kg)?;
        positive("oxygen.goal_kg", self.oxygen.goal_kg)?;
        quantity("oxygen.goal_value", self.oxygen.goal_value)?;
        fraction("reserve_fraction", self.reserve_fraction)
    }
}
