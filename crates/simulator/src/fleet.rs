//! From a scenario to a fleet: the shared rows, and every asset with its adapter, forecast and problem.

use cosmosmesh_adapters::vehicle::{Drone, Habitat, Orbiter, Rover};
use cosmosmesh_adapters::{FleetRows, RelayPass};
use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::{Forecast, SlotForecast, Telemetry, VehicleMode};
use cosmosmesh_contracts::problem::{AssetProblem, Coupling};
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError};

use crate::contacts::{RelayContact, downlinks, relay_contacts};
use crate::scenario::{AssetSpec, Scenario, Vehicle};
use crate::{SimulateError, environment};

/// A fleet as only its simulator can hold it.
pub struct Fleet {
    /// Where each shared row stands.
    pub rows: FleetRows,
    /// The shared rows.
    pub coupling: Coupling,
    /// The passes of the horizon.
    pub passes: Vec<RelayContact>,
    /// The members in the scenario's order.
    pub members: Vec<Member>,
}

/// One asset with everything that is private to it.
pub struct Member {
    /// What it expects.
    pub forecast: Forecast,
    /// How it thinks.
    pub adapter: Box<dyn DomainAdapter>,
    /// What it has to solve.
    pub problem: AssetProblem,
}

impl Fleet {
    /// Lets every asset look at its telemetry and forecast.
    ///
    /// # Errors
    /// [`SimulateError`] names the asset whose parameters or state cannot be planned with.
    pub fn prepare(scenario: &Scenario) -> Result<Self, SimulateError> {
        let passes = relay_contacts(scenario);
        let forecasts: Vec<Forecast> = (0..scenario.assets.len()).map(|k| forecast(scenario, k, &passes)).collect();
        let rows = rows(scenario, &passes, &forecasts);
        let coupling = rows.coupling().map_err(SimulateError::Rows)?;
        let member = |(asset, forecast): (&AssetSpec, Forecast)| -> Result<Member, SimulateError> {
            let of_asset = |error| SimulateError::Asset { asset: asset.id.to_string(), error };
            let mut adapter = adapter(asset, &rows).map_err(of_asset)?;
            let now = scenario.horizon.start;
            adapter.observe(now, &telemetry(asset, now)).map_err(of_asset)?;
            let problem = adapter.local_problem(&forecast).map_err(of_asset)?;
            Ok(Member { forecast, adapter, problem })
        };
        let members = scenario.assets.iter().zip(forecasts).map(member).collect::<Result<_, _>>()?;
        Ok(Self { rows, coupling, passes, members })
    }
}

fn adapter(asset: &AssetSpec, rows: &FleetRows) -> Result<Box<dyn DomainAdapter>, DomainError> {
    let (id, rows) = (asset.id.clone(), rows.clone());
    Ok(match &asset.vehicle {
        Vehicle::Rover(parameters) => Box::new(Rover::new(id, *parameters, rows)?),
        Vehicle::Drone(parameters) => Box::new(Drone::new(id, *parameters, rows)?),
        Vehicle::Habitat(parameters) => Box::new(Habitat::new(id, *parameters, rows)?),
        Vehicle::Orbiter { parameters, .. } => Box::new(Orbiter::new(id, *parameters, rows)?),
    })
}

/// The state in which the horizon finds an asset: what its telemetry predicts, and where the reality starts.
pub fn telemetry(asset: &AssetSpec, at: MissionTime) -> Telemetry {
    Telemetry {
        at,
        mode: VehicleMode::Nominal,
        battery_wh: asset.battery_start_fraction * asset.vehicle.battery().capacity_wh,
        battery_temperature_c: asset.vehicle.keep_alive().setpoint_c,
        generation_w: 0.0,
        load_w: 0.0,
        bus_w: 0.0,
        stored_mbit: asset.stored_start_mbit,
        odometer_m: 0.0,
    }
}

/// The rows that this scenario's fleet shares.
fn rows(scenario: &Scenario, passes: &[RelayContact], forecasts: &[Forecast]) -> FleetRows {
    let mut rows = FleetRows::new(scenario.horizon);
    if let Some(limit_wh) = scenario.bus_limit_wh {
        rows = rows.with_bus(limit_wh / 1000.0);
    }
    rows = rows.with_passes(passes.iter().map(pass).collect());
    if let Some(limit) = scenario.corridor_limit {
        let open = |slot: usize| {
            scenario.assets.iter().zip(forecasts).any(|(asset, forecast)| {
                let slot = &forecast.slots[slot];
                let window = match &asset.vehicle {
                    Vehicle::Rover(rover) => Some(rover.drive.window),
                    Vehicle::Drone(drone) => Some(drone.flight.window),
                    Vehicle::Habitat(_) | Vehicle::Orbiter { .. } => None,
                };
                slot.daylight_fraction >= 1.0 && window.is_some_and(|window| window.contains(slot))
            })
        };
        rows = rows.with_corridor((0..scenario.horizon.len()).filter(|slot| open(*slot)).collect(), limit);
    }
    rows
}

fn pass(contact: &RelayContact) -> RelayPass {
    RelayPass {
        name: contact.name.clone(),
        start: MissionTime(contact.span.start_ms),
        end: MissionTime(contact.span.end_ms),
        // A member relay offers its volume as a share of its own; another one's is simply there, less what reality may take.
        limit_gbit: if contact.member.is_some() { 0.0 } else { FOREIGN_PASS_PART * contact.volume_gbit() },
    }
}

/// Assumed: of a pass of somebody else's relay so much can be counted on.
const FOREIGN_PASS_PART: f64 = 0.9;
/// How finely a slot's mean is sampled.
const SAMPLE_MS: i64 = 60_000;

fn forecast(scenario: &Scenario, member: usize, passes: &[RelayContact]) -> Forecast {
    let asset = &scenario.assets[member];
    let heard = |contact: &&RelayContact| match asset.vehicle {
        Vehicle::Orbiter { .. } => contact.member == Some(member),
        Vehicle::Rover(_) | Vehicle::Drone(_) => true,
        Vehicle::Habitat(_) => false,
    };
    let rate_bps = asset.vehicle.data().map_or(0.0, |data| data.rate_bps_max);
    Forecast {
        issued: MissionTime::EPOCH,
        horizon: scenario.horizon,
        slots: (0..scenario.horizon.len()).map(|slot| slot_forecast(scenario, asset, slot)).collect(),
        passes: passes.iter().filter(heard).map(RelayContact::to_contact).collect(),
        downlinks: downlinks(scenario, member, rate_bps),
    }
}

fn slot_forecast(scenario: &Scenario, asset: &AssetSpec, slot: usize) -> SlotForecast {
    let start_ms = scenario.horizon.slot_start(slot).as_ms();
    let length_ms = scenario.horizon.slot_length_ms(slot);
    let count = (length_ms / SAMPLE_MS).max(1);
    let mut mean = SlotForecast::default();
    for k in 0..count {
        let time_ms = start_ms + (2 * k + 1) * length_ms / (2 * count);
        let ambient_c = environment::ambient_c(scenario, asset, time_ms);
        mean.generation_w += asset.vehicle.source().power_w(environment::irradiance_w_m2(scenario, asset, time_ms));
        mean.keep_alive_w += asset.vehicle.keep_alive().power_w(ambient_c);
        mean.ambient_temperature_c += ambient_c;
        mean.daylight_fraction += f64::from(u8::from(environment::daylight(scenario, time_ms)));
    }
    let part = 1.0 / count as f64;
    for sum in
        [&mut mean.generation_w, &mut mean.keep_alive_w, &mut mean.ambient_temperature_c, &mut mean.daylight_fraction]
    {
        *sum *= part;
    }
    // A sum of equal parts may miss one by a rounding.
    mean.daylight_fraction = if mean.daylight_fraction > 1.0 - 1e-9 { 1.0 } else { mean.daylight_fraction };
    mean.local_time_h = scenario.sun.local_time_h(start_ms + length_ms / 2);
    mean
}
