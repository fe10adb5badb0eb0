use cosmosmesh_contracts::message::{Action, Command};

/// A command being carried out.
#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) start_ms: i64,
    pub(super) end_ms: i64,
    pub(super) what: What,
    /// Electrical energy that may still be used, Wh.
    pub(super) energy_wh: f64,
    /// Power while it runs, W.
    pub(super) peak_w: f64,
}

/// What is done, with what is still allowed of it.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// Driving: metres and seconds of corridor left, and metres per second.
    Drive { left_m: f64, corridor_s: f64 },
    /// Flying: seconds in the air planned and left, seconds of corridor granted, and for how long it was held.
    Fly { planned_s: f64, left_s: f64, corridor_s: f64, held_s: f64 },
    /// Instruments; they run at full power until their energy is used.
    Observe,
    /// Drawing from the bus, Wh left.
    Charge { left_wh: f64 },
    /// Promised to the bus, Wh.
    Supply,
    /// Over a relay pass, Mbit left and bits per second.
    Relay { pass: String, left_mbit: f64, rate_bps: f64 },
    /// To Earth, Mbit left and bits per second.
    Downlink { left_mbit: f64, rate_bps: f64 },
    /// A steady load, by its name.
    Load { activity: &'static str },
    /// Oxygen; per Wh so many kg.
    Oxygen { kg_per_wh: f64 },
}

impl Task {
    /// What a vehicle has to do about a command; nothing for those that it does anyway.
    pub(super) fn of(command: &Command) -> Option<Self> {
        let (start_ms, end_ms) = (command.start.as_ms(), command.end.as_ms());
        let seconds = (end_ms - start_ms) as f64 / 1000.0;
        let energy_wh = command.mean_power_w * seconds / 3600.0;
        let what = match &command.action {
            Action::Drive { distance_m_max, occupancy_max } => {
                What::Drive { left_m: *distance_m_max, corridor_s: occupancy_max * seconds }
            }
            Action::Fly { airborne_s_max, occupancy_max } => {
                let (planned_s, corridor_s) = (*airborne_s_max, occupancy_max * seconds);
                What::Fly { planned_s, left_s: planned_s, corridor_s, held_s: 0.0 }
            }
            Action::Observe { .. } => What::Observe,
            Action::ChargeFromBus { energy_wh_max } => What::Charge { left_wh: energy_wh.min(*energy_wh_max) },
            Action::SupplyBus { .. } => What::Supply,
            Action::Relay { pass, volume_mbit_max, rate_bps_max, .. } => {
                What::Relay { pass: pass.clone(), left_mbit: *volume_mbit_max, rate_bps: *rate_bps_max }
            }
            Action::Downlink { volume_mbit_max, rate_bps_max, .. } => {
                What::Downlink { left_mbit: *volume_mbit_max, rate_bps: *rate_bps_max }
            }
            Action::SupportCrew => What::Load { activity: "crew" },
            Action::SupportLife => What::Load { activity: "life_support" },
            Action::ProduceOxygen { oxygen_kg_max } => {
                What::Oxygen { kg_per_wh: if energy_wh > 0.0 { oxygen_kg_max / energy_wh } else { 0.0 } }
            }
            _ => return None,
        };
        Some(Self { start_ms, end_ms, what, energy_wh, peak_w: command.peak_power_w })
    }

    pub(super) fn active(&self, time_ms: i64) -> bool {
        self.start_ms <= time_ms && time_ms < self.end_ms
    }
}
