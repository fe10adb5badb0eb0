use super::{Draft, EnergyColumns, KILO, TIE_BREAK, Track};
use crate::FleetRows;
use crate::parameters::BusPort;

/// Columns of driving or flying.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MovementColumns {
    /// Mean power of moving, kW.
    pub(crate) power: Track,
    /// The part of the slot during which the asset may hold the corridor.
    pub(crate) occupancy_share: Track,
}

/// How a vehicle moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MovementLimits {
    /// Power while moving, kW.
    pub(crate) moving_kw: f64,
    /// The most mean power in a slot, kW.
    pub(crate) mean_kw_max: f64,
    /// Corridor time per time of moving.
    pub(crate) corridor_factor: f64,
}

impl MovementColumns {
    /// Variables in the slots where moving is allowed and the fleet has a corridor row.
    pub(crate) fn allot(
        draft: &mut Draft,
        name: &str,
        rows: &FleetRows,
        limits: &MovementLimits,
        allowed: impl Fn(usize) -> bool,
    ) -> Self {
        let count = rows.horizon().len();
        let open = |slot: usize| allowed(slot) && rows.corridor(slot).is_some();
        let power = Track::allot(draft, name, count, limits.mean_kw_max, open);
        let occupancy_share = Track::allot(draft, "share:corridor", count, 1.0, open);
        Self { power, occupancy_share }
    }

    /// Rows and costs: the share covers the time of moving.
    pub(crate) fn constrain(&self, draft: &mut Draft, rows: &FleetRows, limits: &MovementLimits) {
        for (slot, power) in self.power.iter() {
            let (Some(share), Some(row)) = (self.occupancy_share.at(slot), rows.corridor(slot)) else { continue };
            let held = limits.corridor_factor / limits.moving_kw;
            draft.row(format!("corridor_share[{slot}]"), 0.0, f64::INFINITY, [(share, 1.0), (power, -held)]);
            draft.couple(row, share, 1.0);
            draft.attract(share, 0.0, TIE_BREAK);
            draft.attract(power, 0.0, TIE_BREAK / (limits.mean_kw_max * limits.mean_kw_max));
        }
    }

    /// Rows: nobody moves and charges at the same time, so the two divide the slot.
    pub(crate) fn exclude_charging(
        &self,
        draft: &mut Draft,
        limits: &MovementLimits,
        energy: &EnergyColumns,
        port: &BusPort,
    ) {
        for (slot, power) in self.power.iter() {
            if let Some(bus) = energy.bus.at(slot) {
                let terms = [(power, 1.0 / limits.moving_kw), (bus, 1.0 / (port.power_w_max * KILO))];
                draft.row(format!("move_or_charge[{slot}]"), f64::NEG_INFINITY, 1.0, terms);
            }
        }
    }
}
