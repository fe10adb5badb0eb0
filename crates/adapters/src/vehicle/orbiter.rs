use cosmosmesh_contracts::message::{Action, Command, Forecast, Telemetry};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError, Wanted, WantedPart};
use cosmosmesh_contracts::{AssetId, MissionTime};

use super::{Post, outlook, wanted_in_sum, wanted_per_slot};
use crate::FleetRows;
use crate::command_list::CommandList;
use crate::model::{
    DataColumns, Draft, EnergyColumns, KILO, Loads, Outlook, Plant, Track, reward_goal, short_fraction,
};
use crate::parameters::{Checked, OrbiterParameters};

/// A relay orbiter: it hears the surface in its passes, stores, observes, and sends to Earth.
///
/// Its forecast lists its own passes only.
/// # Privacy
/// Of its problem only the relay shares meet the fleet's rows; they are zero or less, since it gives.
#[derive(Clone, Debug)]
pub struct Orbiter {
    post: Post,
    parameters: OrbiterParameters,
}

/// Where everything stands in an orbiter's problem.
struct Columns {
    energy: EnergyColumns,
    science: Track,
    data: DataColumns,
    downlink_short: usize,
}

impl Orbiter {
    /// An orbiter that shares these rows with its fleet.
    ///
    /// # Errors
    /// [`DomainError::Parameter`] names a parameter that cannot be.
    pub fn new(id: AssetId, parameters: OrbiterParameters, rows: FleetRows) -> Result<Self, DomainError> {
        parameters.check()?;
        Ok(Self { post: Post::new(id, rows), parameters })
    }

    /// Its parameters.
    pub fn parameters(&self) -> &OrbiterParameters {
        &self.parameters
    }

    fn columns(&self, draft: &mut Draft, forecast: &Forecast) -> Columns {
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let count = rows.horizon().len();
        Columns {
            energy: EnergyColumns::allot(draft, &p.battery, None, rows),
            science: Track::allot(draft, "science_kw", count, p.science.power_w_max * KILO, |slot| {
                p.science.window.contains(&forecast.slots[slot])
            }),
            data: DataColumns::of_relay(
                draft,
                forecast,
                rows,
                p.data.memory_mbit,
                p.data.rate_bps_max,
                p.reserve_fraction,
            ),
            downlink_short: short_fraction(draft, "downlink", p.data.goal_value),
        }
    }

    /// 10^9 bits recorded in a slot per mean kilowatt of science.
    fn recorded_gbit_per_kw(&self, slot: usize) -> f64 {
        let science = &self.parameters.science;
        science.recorded_mbit_per_h / science.power_w_max * self.post.rows.horizon().slot_hours(slot)
    }

    /// The forecast less the reserve, with the relay radio on in every pass: the baseline promises to hear everything.
    fn outlook(&self, forecast: &Forecast) -> Outlook {
        let horizon = self.post.rows.horizon();
        let mut outlook = outlook(forecast, self.parameters.reserve_fraction);
        for pass in forecast.passes.iter().filter(|pass| self.post.rows.relay(&pass.name).is_some()) {
            for (slot, load) in outlook.keep_alive_kw.iter_mut().enumerate() {
                let part = horizon.overlap_ms(slot, pass.start, pass.end) as f64 / horizon.slot_length_ms(slot) as f64;
                *load += self.parameters.relay_w * KILO * part;
            }
        }
        outlook
    }
}

impl DomainAdapter for Orbiter {
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
        for (slot, column) in columns.science.iter() {
            loads[slot].push((column, 1.0));
            recorded[slot].push((column, self.recorded_gbit_per_kw(slot)));
            let desired = p.science.desired_w * KILO;
            draft.attract(column, desired, 2.0 * p.science.slot_value / (desired * desired));
        }
        for segment in &columns.data.sent {
            let hours = rows.horizon().slot_hours(segment.slot);
            loads[segment.slot].push((segment.column, segment.power_kw_per_gbit(p.data.transmit_w, hours)));
        }

        let outlook = self.outlook(forecast);
        let plant = Plant {
            battery: &p.battery,
            bus: None,
            rows,
            outlook: &outlook,
            reserve_fraction: p.reserve_fraction,
            promised_kw: 0.0,
        };
        columns.energy.constrain(&mut draft, &plant, state.battery_kwh, &loads)?;
        columns.data.admit_initial(
            &mut draft,
            state.memory_gbit,
            p.data.memory_mbit * KILO * (1.0 - p.reserve_fraction),
        );
        columns.data.constrain(&mut draft, forecast, rows, state.memory_gbit, &recorded);
        let sent = columns.data.sent.iter().map(|s| (s.column, 1.0 / (p.data.goal_mbit * KILO)));
        reward_goal(&mut draft, "downlink", columns.downlink_short, sent);
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
        for (slot, column) in columns.science.iter() {
            let recorded_mbit_max = x[column].max(0.0) * self.recorded_gbit_per_kw(slot) / KILO;
            list.task(slot, x[column], p.science.power_w_max, Action::Observe { recorded_mbit_max });
        }
        list.receive(&columns.data.received, &forecast.passes, p.relay_w, x);
        list.downlink(&columns.data.sent, &forecast.downlinks, p.data.transmit_w, x);
        Ok(list.finish())
    }

    fn wanted(&self, forecast: &Forecast) -> Result<Vec<Wanted>, DomainError> {
        self.post.check_forecast(forecast)?;
        let (p, horizon) = (&self.parameters, self.post.rows.horizon());
        let columns = self.columns(&mut Draft::default(), forecast);
        let science = columns.science.iter().map(|(slot, column)| {
            let amount_per_unit = horizon.slot_hours(slot) / KILO;
            let desired = p.science.desired_w * horizon.slot_hours(slot);
            WantedPart { slot, column, amount_per_unit, desired }
        });
        let sent = columns.data.sent.iter().map(|s| (s.slot, s.column, 1.0 / KILO));
        let wanted = [
            wanted_per_slot("science", "Wh", science.collect()),
            wanted_in_sum("downlink", "Mbit", p.data.goal_mbit, sent),
        ];
        Ok(wanted.into_iter().flatten().collect())
    }
}
