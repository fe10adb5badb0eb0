use cosmosmesh_contracts::Horizon;
use cosmosmesh_contracts::traits::DomainError;

use super::{Draft, KILO, TIE_BREAK, Track, short_fraction};
use crate::FleetRows;
use crate::parameters::{Battery, BusPort};

/// Columns of battery and bus.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EnergyColumns {
    /// Energy in the battery at the end of each slot, kWh.
    pub(crate) stored: Vec<usize>,
    /// Power into the battery, kW.
    pub(crate) charge: Vec<usize>,
    /// Power out of the battery, kW.
    pub(crate) discharge: Vec<usize>,
    /// Power drawn from the bus, kW.
    pub(crate) bus: Track,
    /// Energy the asset may draw from the bus, kWh.
    pub(crate) bus_share: Track,
    /// How far the last state of charge falls short of the wanted one.
    pub(crate) final_short: usize,
}

/// What planning reckons with in each slot: the forecast less the reserve, in kW.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outlook {
    pub(crate) generation_kw: Vec<f64>,
    pub(crate) keep_alive_kw: Vec<f64>,
}

/// Loads per slot: kW per unit of a column.
pub(crate) type Loads = Vec<Vec<(usize, f64)>>;

/// Cost of ending with an empty battery.
const FINAL_VALUE: f64 = 5.0;

impl EnergyColumns {
    /// Variables with the bounds that do not depend on the state.
    pub(crate) fn allot(draft: &mut Draft, battery: &Battery, bus: Option<&BusPort>, rows: &FleetRows) -> Self {
        let horizon = rows.horizon();
        let count = horizon.len();
        let full = |draft: &mut Draft, name: &str, upper: f64| -> Vec<usize> {
            (0..count).map(|slot| draft.variable(format!("{name}[{slot}]"), 0.0, upper)).collect()
        };
        let stored = full(draft, "stored_kwh", battery.capacity_wh * KILO);
        let charge = full(draft, "charge_kw", battery.charge_w_max * KILO);
        let discharge = full(draft, "discharge_kw", battery.discharge_w_max * KILO);
        let (mut bus_power, mut bus_share) = (Track(vec![None; count]), Track(vec![None; count]));
        if let Some(port) = bus {
            let plugged = |slot: usize| rows.bus(slot).is_some();
            bus_power = Track::allot(draft, "bus_kw", count, port.power_w_max * KILO, plugged);
            bus_share = Track::allot(draft, "share:bus_kwh", count, 0.0, plugged);
            for (slot, column) in bus_share.iter() {
                let hours = horizon.slot_hours(slot);
                draft.bound(column, port.baseline_w * KILO * hours, port.power_w_max * KILO * hours);
            }
        }
        let final_short = short_fraction(draft, "final_charge", FINAL_VALUE);
        Self { stored, charge, discharge, bus: bus_power, bus_share, final_short }
    }

    /// Rows and costs: battery, power balance, bus shares, final state of charge, and the reserve for keep-alive.
    ///
    /// # Errors
    /// [`DomainError::NotSurvivable`] if keep-alive on the baseline share empties the battery.
    pub(crate) fn constrain(
        &self,
        draft: &mut Draft,
        plant: &Plant<'_>,
        initial_kwh: f64,
        loads: &Loads,
    ) -> Result<(), DomainError> {
        let Plant { battery, bus, rows, outlook, reserve_fraction, .. } = plant;
        let horizon = rows.horizon();
        let capacity = battery.capacity_wh * KILO;
        let initial = initial_kwh.clamp(0.0, capacity);
        let bus_efficiency = bus.map_or(1.0, |port| port.efficiency);
        for (slot, lower) in plant.keep_alive_bounds(initial)?.into_iter().enumerate() {
            draft.bound(self.stored[slot], lower, capacity);
        }
        for slot in 0..horizon.len() {
            let hours = horizon.slot_hours(slot);
            let mut balance = vec![
                (self.stored[slot], 1.0),
                (self.charge[slot], -hours * battery.charge_efficiency),
                (self.discharge[slot], hours / battery.discharge_efficiency),
            ];
            let carried = if slot == 0 { initial } else { 0.0 };
            if slot > 0 {
                balance.push((self.stored[slot - 1], -1.0));
            }
            draft.row(format!("battery[{slot}]"), carried, carried, balance);

            let mut power = loads[slot].clone();
            power.extend([(self.charge[slot], 1.0), (self.discharge[slot], -1.0)]);
            power.extend(self.bus.at(slot).map(|column| (column, -bus_efficiency)));
            // One-sided: what nobody uses is shunted, so charging while discharging never pays.
            let spare = outlook.generation_kw[slot] - outlook.keep_alive_kw[slot];
            draft.row(format!("power[{slot}]"), f64::NEG_INFINITY, spare, power);

            if let (Some(bus), Some(share)) = (self.bus.at(slot), self.bus_share.at(slot)) {
                draft.row(format!("bus_share[{slot}]"), 0.0, f64::INFINITY, [(share, 1.0), (bus, -hours)]);
                if let Some(row) = rows.bus(slot) {
                    draft.couple(row, share, 1.0);
                }
            }
            for (column, upper) in [
                (self.charge[slot], battery.charge_w_max * KILO),
                (self.discharge[slot], battery.discharge_w_max * KILO),
            ] {
                draft.attract(column, 0.0, TIE_BREAK / (upper * upper));
            }
            if let (Some(port), Some(bus), Some(share)) = (bus, self.bus.at(slot), self.bus_share.at(slot)) {
                let upper = port.power_w_max * KILO;
                draft.attract(bus, 0.0, TIE_BREAK / (upper * upper));
                draft.attract(share, 0.0, TIE_BREAK / (upper * upper * hours * hours));
            }
        }
        let wanted = (battery.final_fraction.max(battery.floor_fraction + reserve_fraction) * capacity).min(capacity);
        let last = self.stored[horizon.len() - 1];
        let terms = [(last, 1.0), (self.final_short, wanted)];
        draft.row("final_charge".to_owned(), wanted, f64::INFINITY, terms);
        Ok(())
    }
}

/// Everything about a vehicle's energy that is known before its state.
#[derive(Clone, Copy)]
pub(crate) struct Plant<'a> {
    pub(crate) battery: &'a Battery,
    pub(crate) bus: Option<&'a BusPort>,
    pub(crate) rows: &'a FleetRows,
    pub(crate) outlook: &'a Outlook,
    pub(crate) reserve_fraction: f64,
    /// What the baseline promises to others in every slot, kW: keep-alive reckons with giving it.
    pub(crate) promised_kw: f64,
}

/// Part of the capacity by which the bounds stay clear of the keep-alive course, so that the problem has an interior.
const CLEARANCE: f64 = 0.01;

impl Plant<'_> {
    /// The least energy at the end of each slot, kWh, so that keep-alive on the baseline share alone stays possible from there on.
    ///
    /// Where the vehicle is already below that, the bound follows the keep-alive course itself: the problem stays feasible, and nothing else may run.
    /// # Source
    /// docs of plan activation: "the local problem keeps a survivable course within the baseline open from every state that the plan passes through".
    fn keep_alive_bounds(&self, initial: f64) -> Result<Vec<f64>, DomainError> {
        let horizon = self.rows.horizon();
        let count = horizon.len();
        let capacity = self.battery.capacity_wh * KILO;
        let floor = (self.battery.floor_fraction + self.reserve_fraction).min(1.0 - 2.0 * CLEARANCE) * capacity;
        let clearance = CLEARANCE * capacity;

        // Backwards: what must be there so that the rest of the horizon ends above the floor. A horizon of about a sol repeats.
        let mut needed = vec![floor; count];
        let sweeps = if is_about_a_sol(horizon) { 2 } else { 1 };
        let mut next = floor;
        for _ in 0..sweeps {
            for slot in (0..count).rev() {
                needed[slot] = next.min(capacity - clearance);
                next = (next - self.keep_alive_gain(slot)).max(floor);
            }
        }

        // Forwards: the course under keep-alive alone.
        let mut course = initial;
        let mut bounds = Vec::with_capacity(count);
        for slot in 0..count {
            course = (course + self.keep_alive_gain(slot)).min(capacity);
            if course < 0.0 {
                return Err(DomainError::NotSurvivable { slot, missing_wh: -course / KILO });
            }
            let below = (course - clearance).max(0.0);
            bounds.push(if course >= needed[slot] + clearance { needed[slot] } else { below.min(needed[slot]) });
        }
        Ok(bounds)
    }

    /// How the battery changes over a slot in which the vehicle only keeps alive, kWh.
    fn keep_alive_gain(&self, slot: usize) -> f64 {
        let hours = self.rows.horizon().slot_hours(slot);
        let baseline = match self.bus {
            Some(port) if self.rows.bus(slot).is_some() => port.baseline_w * port.efficiency * KILO,
            _ => 0.0,
        };
        let promised = if self.rows.bus(slot).is_some() { self.promised_kw } else { 0.0 };
        let net = self.outlook.generation_kw[slot] + baseline - self.outlook.keep_alive_kw[slot] - promised;
        if net >= 0.0 {
            net.min(self.battery.charge_w_max * KILO) * self.battery.charge_efficiency * hours
        } else {
            net / self.battery.discharge_efficiency * hours
        }
    }
}

fn is_about_a_sol(horizon: &Horizon) -> bool {
    let length = horizon.end().ms_since(horizon.start) as f64;
    (length / Horizon::SOL_MS as f64 - 1.0).abs() < 0.1
}
