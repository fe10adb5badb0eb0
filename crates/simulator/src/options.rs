use core::fmt;

use cosmosmesh_contracts::problem::ProblemError;
use cosmosmesh_contracts::traits::{CoordinationError, DomainError};
use cosmosmesh_solver_core::Method;

use crate::scenario::ScenarioError;

/// How to run a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateOptions {
    /// From which every random choice follows.
    pub seed: u64,
    /// The coordination method.
    pub method: Method,
    /// Certified gap and violation at which the planning stops.
    pub tolerance: f64,
    /// The most rounds; the method's own limit without it.
    pub rounds_max: Option<u32>,
    /// Step of the integrated reality.
    pub step_ms: i64,
    /// Whether reports are added under masks, or in the open; without it as the scenario says.
    pub masked: Option<bool>,
}

impl Default for SimulateOptions {
    fn default() -> Self {
        Self { seed: 1, method: Method::default(), tolerance: 1e-3, rounds_max: None, step_ms: 20_000, masked: None }
    }
}

/// Why there is no report at all. A plan that fails is not among these: its report says so.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SimulateError {
    /// The scenario is refused.
    Scenario(ScenarioError),
    /// The shared rows do not hold together.
    Rows(ProblemError),
    /// An asset cannot be planned with.
    Asset {
        /// Which.
        asset: String,
        /// Why.
        error: DomainError,
    },
    /// An asset's problem is not one.
    Problem {
        /// Whose.
        asset: String,
        /// Why.
        error: ProblemError,
    },
    /// The coordinator refused.
    Coordination(CoordinationError),
    /// The fleet cannot be summed under masks.
    Masks {
        /// Why, and what to do.
        reason: String,
    },
    /// A replica of the logs failed.
    Replica {
        /// What it said.
        reason: String,
    },
    /// A round broke down: a message was refused or a sum did not open.
    Round {
        /// On whose node.
        asset: String,
        /// Why.
        reason: String,
    },
    /// A step that is not between a second and ten minutes.
    Step {
        /// The step.
        step_ms: i64,
    },
}

impl fmt::Display for SimulateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario(error) => error.fmt(f),
            Self::Rows(error) => write!(f, "the shared rows: {error}"),
            Self::Asset { asset, error } => write!(f, "asset \"{asset}\": {error}"),
            Self::Problem { asset, error } => write!(f, "the problem of asset \"{asset}\": {error}"),
            Self::Coordination(error) => error.fmt(f),
            Self::Masks { reason } | Self::Replica { reason } => f.write_str(reason),
            Self::Round { asset, reason } => write!(f, "asset \"{asset}\": {reason}"),
            Self::Step { step_ms } => {
                write!(f, "a step of {step_ms} ms; choose between 1,000 and 600,000")
            }
        }
    }
}

impl std::error::Error for SimulateError {}

impl From<ScenarioError> for SimulateError {
    fn from(error: ScenarioError) -> Self {
        Self::Scenario(error)
    }
}
