use cosmosmesh_contracts::message::{Action, Command, Forecast, Telemetry};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError, Wanted, WantedPart};
use cosmosmesh_contracts::{AssetId, MissionTime};

use super::{Post, outlook, wanted_in_sum, wanted_per_slot};
use crate::FleetRows;
use crate::command_list::CommandList;
use crate::model::{
    DataColumns, Draft, EnergyColumns, KILO, Loads, MovementColumns, MovementLimits, Plant, Track, reward_goal,
    short_fraction,
};
use crate::parameters::{Checked, RoverParameters};

/// A rover: it drives, observes, charges at the base and sends its data through relays.
///
/// # Privacy
/// Of its problem only the shares meet the fleet's rows: bus energy, relay volume, corridor.
#[derive(Clone, Debug)]
pub struct Rover {
    post: Post,
    parameters: RoverParameters,
}

/// Where everything stands in a rover's problem.
struct Columns {
    energy: EnergyColumns,
    drive: MovementColumns,
    drive_short: usize,
    science: Track,
    data: DataColumns,
    relay_short: usize,
}

impl Rover {
    /// A rover that shares these rows with its fleet.
    ///
    /// # Errors
    /// [`DomainError::Parameter`] names a parameter that cannot be.
    pub fn new(id: AssetId, parameters: RoverParameters, rows: FleetRows) -> Result<Self, DomainError> {
        parameters.check()?;
        Ok(Self { post: Post::new(id, rows), parameters })
    }

    /// Its parameters.
    pub fn parameters(&self) -> &RoverParameters {
        &self.parameters
    }

    fn movement(&self) -> MovementLimits {
        let moving_kw = self.parameters.drive.power_w * KILO;
        MovementLimits { moving_kw, mean_kw_max: moving_kw, corridor_factor: 1.0 }
    }

    fn columns(&self, draft: &mut Draft, forecast: &Forecast) -> Columns {
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let count = rows.horizon().len();
        let may_drive = |slot: usize| {
            let slot = &forecast.slots[slot];
            slot.daylight_fraction >= 1.0 && p.drive.window.contains(slot)
        };
        Columns {
            energy: EnergyColumns::allot(draft, &p.battery, Some(&p.bus), rows),
            drive: MovementColumns::allot(draft, "drive_kw", rows, &self.movement(), may_drive),
            drive_short: short_fraction(draft, "drive", p.drive.goal_value),
            science: Track::allot(draft, "science_kw", count, p.science.power_w_max * KILO, |slot| {
                p.science.window.contains(&forecast.slots[slot])
            }),
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

    /// Metres in a slot per mean kilowatt of driving.
    fn metres_per_kw(&self, slot: usize) -> f64 {
        let drive = &self.parameters.drive;
        drive.speed_m_per_h / (drive.power_w * KILO) * self.post.rows.horizon().slot_hours(slot)
    }

    /// 10^9 bits recorded in a slot per mean kilowatt of driving, and of science.
    fn recorded_gbit_per_kw(&self, slot: usize) -> (f64, f64) {
        let (p, hours) = (&self.parameters, self.post.rows.horizon().slot_hours(slot));
        let driving = p.drive.recorded_mbit_per_h * KILO / (p.drive.power_w * KILO) * hours;
        (driving, p.science.recorded_mbit_per_h * KILO / (p.science.power_w_max * KILO) * hours)
    }
}

impl DomainAdapter for Rover {
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
        for (slot, column) in columns.drive.power.iter() {
            loads[slot].push((column, 1.0));
            recorded[slot].push((column, self.recorded_gbit_per_kw(slot).0));
        }
        for (slot, column) in columns.science.iter() {
            loads[slot].push((column, 1.0));
            recorded[slot].push((column, self.recorded_gbit_per_kw(slot).1));
            let desired = p.science.desired_w * KILO;
            draft.attract(column, desired, 2.0 * p.science.slot_value / (desired * desired));
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
        columns.drive.constrain(&mut draft, rows, &self.movement());
        columns.drive.exclude_charging(&mut draft, &self.movement(), &columns.energy, &p.bus);
        let metres: Vec<(usize, f64)> =
            columns.drive.power.iter().map(|(slot, column)| (column, self.metres_per_kw(slot))).collect();
        let of = |limit: f64| metres.iter().map(move |&(column, metres)| (column, metres / limit));
        reward_goal(&mut draft, "drive", columns.drive_short, of(p.drive.goal_m));
        if !metres.is_empty() {
            draft.row("drive_distance".to_owned(), f64::NEG_INFINITY, 1.0, of(p.drive.distance_m_max));
        }
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
        for (slot, column) in columns.drive.power.iter() {
            let occupancy_max = columns.drive.occupancy_share.at(slot).map_or(0.0, |share| x[share]);
            let distance_m_max = x[column].max(0.0) * self.metres_per_kw(slot);
            let action = Action::Drive { distance_m_max, occupancy_max: occupancy_max.clamp(0.0, 1.0) };
            list.task(slot, x[column], p.drive.power_w, action);
        }
        for (slot, column) in columns.science.iter() {
            let recorded_mbit_max = x[column].max(0.0) * self.recorded_gbit_per_kw(slot).1 / KILO;
            list.task(slot, x[column], p.science.power_w_max, Action::Observe { recorded_mbit_max });
        }
        list.charge_from_bus(&columns.energy, &p.bus, x);
        list.relay(&columns.data.sent, &forecast.passes, p.data.transmit_w, x);
        Ok(list.finish())
    }

    fn wanted(&self, forecast: &Forecast) -> Result<Vec<Wanted>, DomainError> {
        self.post.check_forecast(forecast)?;
        let (p, horizon) = (&self.parameters, self.post.rows.horizon());
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft, forecast);
        let drive = columns.drive.power.iter().map(|(slot, column)| (slot, column, self.metres_per_kw(slot)));
        let science = columns.science.iter().map(|(slot, column)| WantedPart {
            slot,
            column,
            amount_per_unit: horizon.slot_hours(slot) / KILO,
            desired: p.science.desired_w * horizon.slot_hours(slot),
        });
        let sent = columns.data.sent.iter().map(|s| (s.slot, s.column, 1.0 / KILO));
        let wanted = [
            wanted_in_sum("drive", "m", p.drive.goal_m, drive),
            wanted_per_slot("science", "Wh", science.collect()),
            wanted_in_sum("relay", "Mbit", p.data.goal_mbit, sent),
        ];
        Ok(wanted.into_iter().flatten().collect())
    }
}
