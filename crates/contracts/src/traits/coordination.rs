use core::fmt;

use crate::plan::Outcome;
use crate::round::{ReportError, RoundQuery, SummedReport};

/// The coordinator's side of one method, as a state machine: ask, absorb, ask again.
///
/// Implemented by the methods of `solver_core::coordination`; used by `solver_core::run`, the simulator and `conformance::coordination`.
/// # Privacy
/// Sees the number of assets, the public row bounds, and sums. A single asset's [`crate::round::Contribution`] is not among its arguments.
pub trait Coordination {
    /// The question of the next round. Asking twice without absorbing gives the same question.
    ///
    /// # Errors
    /// [`CoordinationError::Finished`] after the last step.
    fn query(&mut self) -> Result<RoundQuery, CoordinationError>;

    /// Takes the sum of the answers to the last question.
    ///
    /// # Errors
    /// [`CoordinationError`] if nothing was asked or the sum answers another question.
    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError>;

    /// What is known now; may be asked at any time, so a user may stop at any round.
    fn outcome(&self) -> Outcome;
}

/// Whether another round is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask again.
    Continue,
    /// The outcome is final.
    Done,
}

/// A caller's mistake against the order of the protocol, or a fleet the method cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CoordinationError {
    /// The run is over.
    Finished,
    /// `absorb` without `query`.
    NothingAsked,
    /// The sum does not answer the last question.
    Report(ReportError),
    /// The method cannot take a fleet of this shape.
    Unsupported {
        /// Why, and what to do instead.
        reason: String,
    },
}

impl fmt::Display for CoordinationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished => f.write_str("the run is over; read its outcome"),
            Self::NothingAsked => f.write_str("a sum came before a question was asked; call `query` first"),
            Self::Report(error) => error.fmt(f),
            Self::Unsupported { reason } => f.write_str(reason),
        }
    }
}

impl std::error::Error for CoordinationError {}

impl From<ReportError> for CoordinationError {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}
