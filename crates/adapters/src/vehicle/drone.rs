use cosmosmesh_contracts::message::{Action, Command, Forecast, Telemetry};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError, Wanted};
use cosmosmesh_contracts::{AssetId, MissionTime};

use super::{Post, outlook, wanted_in_sum};
use crate::FleetRows;
use crate::command_list::CommandList;
use crate::model::{
    DataColumns, Draft, EnergyColumns, KILO, Loads, MovementColumns, MovementLimits, Plant, reward_goal, short_fraction,
};
use crate::parameters::{Checked, DroneParameters};

/// A drone: it flies around noon, charges on its pad and by the sun, and sends its pictures through relays.
///
/// # Privacy
/// Of its problem only the shares meet the fleet's rows: bus energy, relay volume, corridor.
#[derive(Clone, Debug)]
pub struct Drone {
    post: Post,
    parameters: DroneParameters,
}

/// Where everything stands in a drone's problem.
struct Columns {
    energy: EnergyColumns,
    flight: MovementColumns,
    flight_short: usize,
    data: DataColumns,
    relay_short: usize,
}

impl Drone {
    /// A drone that shares these rows with its fleet.
    ///
    /// # Errors
    /// [`DomainError::Parameter`] names a parameter that cannot be.
    pub fn new(id: AssetId, parameters: DroneParameters, rows: FleetRows) -> Result<Self, DomainError> {
        parameters.check()?;
        Ok(Self { post: Post::new(id, rows), parameters })
    }

    /// Its parameters.
    pub fn parameters(&self) -> &DroneParameters {
        &self.parameters
    }

    fn movement(&self) -> MovementLimits {
        let flight = &self.parameters.flight;
        let moving_kw = flight.power_w * KILO;
        let part_max = (flight.airborne_s_max / (self.post.rows.horizon().slot_ms as f64 / 1_000.0)).min(1.0);
        MovementLimits { moving_kw, mean_kw_max: moving_kw * part_max, corridor_factor: flight.corridor_factor }
    }

    fn columns(&self, draft: &mut Draft, forecast: &Forecast) -> Columns {
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let may_fly = |slot: usize| {
            let slot = &forecast.slots[slot];
            slot.daylight_fraction >= 1.0 && p.flight.window.contains(slot)
        };
        Columns {
            energy: EnergyColumns::allot(draft, &p.battery, Some(&p.bus), rows),
            flight: MovementColumns::allot(draft, "fly_kw", rows, &self.movement(), may_fly),
            flight_short: short_fraction(draft, "fly", p.flight.goal_value),
            data: DataColumns::of_sender(
                draft,
                forecast,
                rows,
                p.data.memory_mbit,
                p.data.rate_bps_max,
                p.reserve_fraction,
            ),
            relay_short: short_fraction(draft, "relay", p.data.goal_value),
        }
    }

    /// Seconds in the air in a slot per mean kilowatt of flying.
    fn airborne_s_per_kw(&self, slot: usize) -> f64 {
        self.post.rows.horizon().slot_hours(slot) * 3_600.0 / (self.parameters.flight.power_w * KILO)
    }
}

impl DomainAdapter for Drone {
    fn observe(&mut self, now: MissionTime, telemetry: &Telemetry) -> Result<(), DomainError> {
        self.post.observe(now, telemetry)
    }

    fn local_problem(&self, forecast: &Forecast) -> Result<AssetProblem, DomainError> {
        self.post.check_forecast(forecast)?;
        let state = self.post.state()?;
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft, forecast);

        let mut loads: Loads = vec![Vec::new(); rows.horizon().len()];
        let mut recorded: Loads = loads.clone();
        for (slot, column) in columns.flight.power.iter() {
            loads[slot].push((column, 1.0));
            let gbit_per_s = p.flight.recorded_mbit_per_min * KILO / 60.0;
            recorded[slot].push((column, gbit_per_s * self.airborne_s_per_kw(slot)));
        }
        for segment in &columns.data.sent {
            let hours = rows.horizon().slot_hours(segment.slot);
            loads[segment.slot].push((segment.column, segment.power_kw_per_gbit(p.data.transmit_w, hours)));
        }

        let outlook = outlook(forecast, p.reserve_fraction);
        let plant = Plant {
            battery: &p.battery,
            bus: Some(&p.bus),
            rows,
            outlook: &outlook,
            reserve_fraction: p.reserve_fraction,
            promised_kw: 0.0,
        };
        columns.energy.constrain(&mut draft, &plant, state.battery_kwh, &loads)?;
        columns.flight.constrain(&mut draft, rows, &self.movement());
        columns.flight.exclude_charging(&mut draft, &self.movement(), &columns.energy, &p.bus);
        let airborne = columns.flight.power.iter().map(|(slot, column)| (column, self.airborne_s_per_kw(slot)));
        let of_goal = airborne.map(|(column, seconds)| (column, seconds / p.flight.goal_s));
        reward_goal(&mut draft, "fly", columns.flight_short, of_goal);
        columns.data.admit_initial(
            &mut draft,
            state.memory_gbit,
            p.data.memory_mbit * KILO * (1.0 - p.reserve_fraction),
        );
        columns.data.constrain(&mut draft, forecast, rows, state.memory_gbit, &recorded);
        let sent = columns.data.sent.iter().map(|s| (s.column, 1.0 / (p.data.goal_mbit * KILO)));
        reward_goal(&mut draft, "relay", columns.relay_short, sent);
        Ok(draft.finish(self.post.id.clone(), rows.len())?)
    }

    fn apply(&self, forecast: &Forecast, plan: &Plan) -> Result<Vec<Command>, DomainError> {
        self.post.check_forecast(forecast)?;
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft, forecast);
        self.post.check_plan(plan, draft.variable_count())?;
        let x = &plan.x;
        let mut list = CommandList::new(rows.horizon());
        list.keep_alive(&outlook(forecast, p.reserve_fraction).keep_alive_kw);
        for (slot, column) in columns.flight.power.iter() {
            let occupancy_max = columns.flight.occupancy_share.at(slot).map_or(0.0, |share| x[share]);
            let airborne_s_max = x[column].max(0.0) * self.airborne_s_per_kw(slot);
            let action = Action::Fly { airborne_s_max, occupancy_max: occupancy_max.clamp(0.0, 1.0) };
            list.task(slot, x[column], p.flight.power_w, action);
        }
        list.charge_from_bus(&columns.energy, &p.bus, x);
        list.relay(&columns.data.sent, &forecast.passes, p.data.transmit_w, x);
        Ok(list.finish())
    }

    fn wanted(&self, forecast: &Forecast) -> Result<Vec<Wanted>, DomainError> {
        self.post.check_forecast(forecast)?;
        let p = &self.parameters;
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft, forecast);
        let flight = columns.flight.power.iter().map(|(slot, column)| (slot, column, self.airborne_s_per_kw(slot)));
        let sent = columns.data.sent.iter().map(|s| (s.slot, s.column, 1.0 / KILO));
        let wanted = [
            wanted_in_sum("fly", "s", p.flight.goal_s, flight),
            wanted_in_sum("relay", "Mbit", p.data.goal_mbit, sent),
        ];
        Ok(wanted.into_iter().flatten().collect())
    }
}
