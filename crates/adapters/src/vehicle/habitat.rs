use cosmosmesh_contracts::message::{Action, Command, Forecast, Telemetry};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError, Wanted, WantedPart};
use cosmosmesh_contracts::{AssetId, MissionTime};

use super::{Post, outlook, wanted_in_sum, wanted_per_slot};
use crate::FleetRows;
use crate::command_list::CommandList;
use crate::model::{Draft, EnergyColumns, KILO, Loads, Plant, TIE_BREAK, Track, reward_goal, short_fraction};
use crate::parameters::{Checked, HabitatParameters};

/// A habitat: it keeps its crew, makes oxygen when power is spare, and feeds the base's bus.
///
/// # Privacy
/// Of its problem only the bus shares meet the fleet's rows; they are zero or less, since it gives.
#[derive(Clone, Debug)]
pub struct Habitat {
    post: Post,
    parameters: HabitatParameters,
}

/// Where everything stands in a habitat's problem.
struct Columns {
    energy: EnergyColumns,
    crew: Track,
    life_support: Track,
    oxygen: Track,
    oxygen_short: usize,
    export: Track,
    export_share: Track,
}

impl Habitat {
    /// A habitat that shares these rows with its fleet.
    ///
    /// # Errors
    /// [`DomainError::Parameter`] names a parameter that cannot be.
    pub fn new(id: AssetId, parameters: HabitatParameters, rows: FleetRows) -> Result<Self, DomainError> {
        parameters.check()?;
        Ok(Self { post: Post::new(id, rows), parameters })
    }

    /// Its parameters.
    pub fn parameters(&self) -> &HabitatParameters {
        &self.parameters
    }

    fn columns(&self, draft: &mut Draft) -> Columns {
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let horizon = rows.horizon();
        let count = horizon.len();
        let mut always = |name: &str, watts: f64| Track::allot(draft, name, count, watts * KILO, |_| true);
        let crew = always("crew_kw", p.crew.power_w_max);
        let life_support = always("life_support_kw", p.life_support.power_w_max);
        let oxygen = always("oxygen_kw", p.oxygen.power_w_max);
        let on_bus = |slot: usize| rows.bus(slot).is_some();
        let export = Track::allot(draft, "export_kw", count, p.export_w_max * KILO, on_bus);
        let export_share = Track::allot(draft, "share:bus_kwh", count, 0.0, on_bus);
        for (slot, column) in export_share.iter() {
            draft.bound(column, -p.export_w_max * KILO * horizon.slot_hours(slot), 0.0);
        }
        Columns {
            energy: EnergyColumns::allot(draft, &p.battery, None, rows),
            crew,
            life_support,
            oxygen,
            oxygen_short: short_fraction(draft, "oxygen", p.oxygen.goal_value),
            export,
            export_share,
        }
    }

    /// What the crew wants in a slot, kW.
    fn crew_kw(&self, forecast: &Forecast, slot: usize) -> f64 {
        let crew = &self.parameters.crew;
        KILO * if crew.awake.contains(&forecast.slots[slot]) { crew.awake_w } else { crew.asleep_w }
    }

    /// Kilograms of oxygen in a slot per mean kilowatt.
    fn oxygen_kg_per_kw(&self, slot: usize) -> f64 {
        self.post.rows.horizon().slot_hours(slot) / (self.parameters.oxygen.energy_wh_per_kg * KILO)
    }
}

impl DomainAdapter for Habitat {
    fn observe(&mut self, now: MissionTime, telemetry: &Telemetry) -> Result<(), DomainError> {
        self.post.observe(now, telemetry)
    }

    fn local_problem(&self, forecast: &Forecast) -> Result<AssetProblem, DomainError> {
        self.post.check_forecast(forecast)?;
        let state = self.post.state()?;
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let horizon = rows.horizon();
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft);

        let mut loads: Loads = vec![Vec::new(); horizon.len()];
        for track in [&columns.crew, &columns.life_support, &columns.oxygen, &columns.export] {
            track.iter().for_each(|(slot, column)| loads[slot].push((column, 1.0)));
        }
        // One weight for waking and sleeping: a watt is missed as much by night as by day.
        let awake_kw = p.crew.awake_w * KILO;
        for (slot, column) in columns.crew.iter() {
            draft.attract(column, self.crew_kw(forecast, slot), 2.0 * p.crew.slot_value / (awake_kw * awake_kw));
        }
        let life_kw = p.life_support.desired_w * KILO;
        for (_, column) in columns.life_support.iter() {
            draft.attract(column, life_kw, 2.0 * p.life_support.slot_value / (life_kw * life_kw));
        }
        let oxygen_kw = p.oxygen.power_w_max * KILO;
        for (_, column) in columns.oxygen.iter() {
            draft.attract(column, 0.0, TIE_BREAK / (oxygen_kw * oxygen_kw));
        }
        for ((slot, export), (_, share)) in columns.export.iter().zip(columns.export_share.iter()) {
            let hours = horizon.slot_hours(slot);
            let upper = p.export_w_max * KILO;
            draft.row(format!("bus_share[{slot}]"), 0.0, f64::INFINITY, [(share, 1.0), (export, hours)]);
            if let Some(row) = rows.bus(slot) {
                draft.couple(row, share, 1.0);
            }
            draft.attract(export, 0.0, TIE_BREAK / (upper * upper));
            draft.attract(share, 0.0, TIE_BREAK / (upper * upper * hours * hours));
        }

        let outlook = outlook(forecast, p.reserve_fraction);
        let plant = Plant {
            battery: &p.battery,
            bus: None,
            rows,
            outlook: &outlook,
            reserve_fraction: p.reserve_fraction,
            promised_kw: p.export_w_max * KILO,
        };
        columns.energy.constrain(&mut draft, &plant, state.battery_kwh, &loads)?;
        let made = columns.oxygen.iter().map(|(slot, column)| (column, self.oxygen_kg_per_kw(slot) / p.oxygen.goal_kg));
        reward_goal(&mut draft, "oxygen", columns.oxygen_short, made);
        Ok(draft.finish(self.post.id.clone(), rows.len())?)
    }

    fn apply(&self, forecast: &Forecast, plan: &Plan) -> Result<Vec<Command>, DomainError> {
        self.post.check_forecast(forecast)?;
        let Self { post: Post { rows, .. }, parameters: p } = self;
        let mut draft = Draft::default();
        let columns = self.columns(&mut draft);
        self.post.check_plan(plan, draft.variable_count())?;
        let x = &plan.x;
        let mut list = CommandList::new(rows.horizon());
        list.keep_alive(&outlook(forecast, p.reserve_fraction).keep_alive_kw);
        for (slot, column) in columns.crew.iter() {
            list.task(slot, x[column], p.crew.power_w_max, Action::SupportCrew);
        }
        for (slot, column) in columns.life_support.iter() {
            list.task(slot, x[column], p.life_support.power_w_max, Action::SupportLife);
        }
        for (slot, column) in columns.oxygen.iter() {
            let oxygen_kg_max = x[column].max(0.0) * self.oxygen_kg_per_kw(slot);
            list.task(slot, x[column], p.oxygen.power_w_max, Action::ProduceOxygen { oxygen_kg_max });
        }
        for ((slot, export), (_, share)) in columns.export.iter().zip(columns.export_share.iter()) {
            let action = Action::SupplyBus { energy_wh_max: (-x[share]).max(0.0) / KILO };
            list.task(slot, x[export], p.export_w_max, action);
        }
        Ok(list.finish())
    }

    fn wanted(&self, forecast: &Forecast) -> Result<Vec<Wanted>, DomainError> {
        self.post.check_forecast(forecast)?;
        let (p, horizon) = (&self.parameters, self.post.rows.horizon());
        let columns = self.columns(&mut Draft::default());
        let energy = |slot: usize, column: usize, desired_kw: f64| {
            let amount_per_unit = horizon.slot_hours(slot) / KILO;
            WantedPart { slot, column, amount_per_unit, desired: desired_kw * amount_per_unit }
        };
        let crew = columns.crew.iter().map(|(slot, column)| energy(slot, column, self.crew_kw(forecast, slot)));
        let life =
            columns.life_support.iter().map(|(slot, column)| energy(slot, column, p.life_support.desired_w * KILO));
        let oxygen = columns.oxygen.iter().map(|(slot, column)| (slot, column, self.oxygen_kg_per_kw(slot)));
        let wanted = [
            wanted_per_slot("crew", "Wh", crew.collect()),
            wanted_per_slot("life_support", "Wh", life.collect()),
            wanted_in_sum("oxygen", "kg", p.oxygen.goal_kg, oxygen),
        ];
        Ok(wanted.into_iter().flatten().collect())
    }
}
