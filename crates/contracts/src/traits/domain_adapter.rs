use core::fmt;

use crate::message::{BodyError, Command, Forecast, Telemetry};
use crate::plan::Plan;
use crate::problem::{AssetProblem, ProblemError};
use crate::{AssetId, MissionTime};

/// A vehicle as the planner sees it: from state and forecast to a problem, from a plan to commands.
///
/// The layout of the problem's variables is a function of the adapter and the forecast alone, so `apply` takes the same forecast.
/// Implemented by the vehicles of `adapters`; used by the simulator and `conformance::domain`.
/// # Privacy
/// Everything here stays inside the asset.
pub trait DomainAdapter {
    /// Takes in the vehicle's newest measurement.
    ///
    /// # Errors
    /// [`DomainError::Telemetry`] if the measurement cannot be one, [`DomainError::FromFuture`] if it is later than `now`; the state stays as it was.
    fn observe(&mut self, now: MissionTime, telemetry: &Telemetry) -> Result<(), DomainError>;

    /// The asset's problem over the forecast's horizon, from the last observed state.
    ///
    /// # Errors
    /// [`DomainError`] if nothing was observed, the forecast does not fit, or keep-alive alone would empty the battery.
    fn local_problem(&self, forecast: &Forecast) -> Result<AssetProblem, DomainError>;

    /// What the vehicle must do to follow a plan of that problem, by start time.
    ///
    /// # Errors
    /// [`DomainError::Plan`] if the plan belongs to another asset or problem.
    fn apply(&self, forecast: &Forecast, plan: &Plan) -> Result<Vec<Command>, DomainError>;

    /// The activities that the operator wants, and which variables carry them: what an explanation starts from.
    ///
    /// # Errors
    /// As [`DomainAdapter::local_problem`].
    fn wanted(&self, forecast: &Forecast) -> Result<Vec<Wanted>, DomainError> {
        let _ = forecast;
        Ok(Vec::new())
    }
}

/// One activity that the operator wants, in terms of the problem's variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Its name, unique within the asset: `drive`.
    pub activity: String,
    /// The unit of amounts: `m`, `Wh`, `Mbit`.
    pub unit: String,
    /// How much is wanted over the horizon.
    pub desired: f64,
    /// Where it shows.
    pub parts: Vec<WantedPart>,
}

/// A variable that carries a part of an activity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WantedPart {
    /// The slot.
    pub slot: usize,
    /// The column of the asset's problem.
    pub column: usize,
    /// Amount per unit of the variable.
    pub amount_per_unit: f64,
    /// How much is wanted here; zero if only the sum over the horizon matters.
    pub desired: f64,
}

impl Wanted {
    /// How much of the activity a plan contains, in [`Wanted::unit`].
    ///
    /// # Shape
    /// `x` is the plan's list of variables.
    pub fn planned(&self, x: &[f64]) -> f64 {
        self.parts.iter().map(|part| part.amount_per_unit * x[part.column]).sum()
    }
}

/// Why a vehicle has no problem, or does not take a plan.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DomainError {
    /// A measurement that cannot be one.
    Telemetry(BodyError),
    /// A measurement from later than now.
    FromFuture {
        /// When it claims to be from.
        at: MissionTime,
        /// The time.
        now: MissionTime,
    },
    /// No measurement yet.
    NothingObserved,
    /// A forecast that does not hold together or does not fit the fleet's rows.
    Forecast(BodyError),
    /// A parameter of the vehicle that cannot be one.
    Parameter {
        /// Which.
        name: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// Keep-alive alone empties the battery.
    NotSurvivable {
        /// The slot by whose end it is empty.
        slot: usize,
        /// How much is missing then.
        missing_wh: f64,
    },
    /// The plan is not one of this asset's problem.
    Plan {
        /// Whose plan it is.
        id: AssetId,
        /// How many values the problem needs.
        expected: usize,
        /// How many the plan has.
        found: usize,
    },
    /// The adapter built a problem that is none: a fault of the adapter.
    Problem(ProblemError),
}

impl fmt::Display for DomainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Telemetry(error) => write!(f, "telemetry.{error}"),
            Self::FromFuture { at, now } => {
                write!(f, "telemetry.at: {at} is later than now ({now}); check the clocks")
            }
            Self::NothingObserved => f.write_str("no telemetry was observed yet; observe one before planning"),
            Self::Forecast(error) => write!(f, "forecast.{error}"),
            Self::Parameter { name, reason } => write!(f, "parameter `{name}`: {reason}"),
            Self::NotSurvivable { slot, missing_wh } => write!(
                f,
                "keep-alive alone empties the battery by the end of slot {slot} ({missing_wh:.1} Wh short); charge the vehicle or raise its baseline share of the bus"
            ),
            Self::Plan { id, expected, found } => {
                write!(f, "a plan of `{id}` with {found} values does not fit a problem of {expected}; plan again")
            }
            Self::Problem(error) => write!(f, "the adapter built a faulty problem: {error}; report this"),
        }
    }
}

impl std::error::Error for DomainError {}

impl From<ProblemError> for DomainError {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}
