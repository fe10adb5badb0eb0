//! The vehicles, one file each.

mod drone;
mod habitat;
mod orbiter;
mod rover;

use cosmosmesh_contracts::message::{BodyError, BodyErrorKind, Forecast, Telemetry};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::traits::{DomainError, Wanted, WantedPart};
use cosmosmesh_contracts::{AssetId, MissionTime};

use crate::FleetRows;
use crate::model::{KILO, Outlook};

pub use drone::Drone;
pub use habitat::Habitat;
pub use orbiter::Orbiter;
pub use rover::Rover;

/// What every vehicle knows about itself besides its parameters.
#[derive(Clone, Debug, PartialEq)]
struct Post {
    id: AssetId,
    rows: FleetRows,
    state: Option<State>,
}

/// The last measurement, as far as planning needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    at: MissionTime,
    battery_kwh: f64,
    memory_gbit: f64,
}

impl Post {
    fn new(id: AssetId, rows: FleetRows) -> Self {
        Self { id, rows, state: None }
    }

    /// Takes in a measurement; one that is older than the last is late news and changes nothing.
    fn observe(&mut self, now: MissionTime, telemetry: &Telemetry) -> Result<(), DomainError> {
        telemetry.check().map_err(DomainError::Telemetry)?;
        if telemetry.at > now {
            return Err(DomainError::FromFuture { at: telemetry.at, now });
        }
        if self.state.is_none_or(|state| state.at <= telemetry.at) {
            self.state = Some(State {
                at: telemetry.at,
                battery_kwh: telemetry.battery_wh * KILO,
                memory_gbit: telemetry.stored_mbit * KILO,
            });
        }
        Ok(())
    }

    fn state(&self) -> Result<State, DomainError> {
        self.state.ok_or(DomainError::NothingObserved)
    }

    /// Whether the forecast holds together and speaks of the fleet's slots.
    fn check_forecast(&self, forecast: &Forecast) -> Result<(), DomainError> {
        forecast.check().map_err(DomainError::Forecast)?;
        if forecast.horizon == *self.rows.horizon() {
            Ok(())
        } else {
            Err(DomainError::Forecast(BodyError::at("horizon", BodyErrorKind::OtherHorizon)))
        }
    }

    fn check_plan(&self, plan: &Plan, expected: usize) -> Result<(), DomainError> {
        if plan.id == self.id && plan.x.len() == expected && plan.x.iter().all(|v| v.is_finite()) {
            Ok(())
        } else {
            Err(DomainError::Plan { id: plan.id.clone(), expected, found: plan.x.len() })
        }
    }
}

/// The forecast less the reserve.
fn outlook(forecast: &Forecast, reserve_fraction: f64) -> Outlook {
    Outlook {
        generation_kw: forecast.slots.iter().map(|s| s.generation_w * KILO * (1.0 - reserve_fraction)).collect(),
        keep_alive_kw: forecast.slots.iter().map(|s| s.keep_alive_w * KILO * (1.0 + reserve_fraction)).collect(),
    }
}

/// An activity that is wanted in every slot of its own; nothing if the horizon has no such slot.
fn wanted_per_slot(activity: &str, unit: &str, parts: Vec<WantedPart>) -> Option<Wanted> {
    let desired = parts.iter().map(|part| part.desired).sum();
    (desired > 0.0).then(|| Wanted { activity: activity.to_owned(), unit: unit.to_owned(), desired, parts })
}

/// An activity of which only the amount over the horizon matters.
fn wanted_in_sum(
    activity: &str,
    unit: &str,
    desired: f64,
    parts: impl Iterator<Item = (usize, usize, f64)>,
) -> Option<Wanted> {
    let part = |(slot, column, amount_per_unit)| WantedPart { slot, column, amount_per_unit, desired: 0.0 };
    Some(Wanted { activity: activity.to_owned(), unit: unit.to_owned(), desired, parts: parts.map(part).collect() })
}
