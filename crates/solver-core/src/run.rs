use core::fmt;
use core::ops::ControlFlow;

use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::round::RoundQuery;
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step, Sum, SumError};

use crate::{Participant, ParticipantError};

/// Why a run inside one process stopped without an outcome.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// The coordinator refused.
    Coordination(CoordinationError),
    /// An asset refused.
    Participant(ParticipantError),
    /// The sum could not be opened.
    Sum(SumError),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Coordination(error) => error.fmt(f),
            Self::Participant(error) => error.fmt(f),
            Self::Sum(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RunError {}

/// Runs rounds inside one process until the certificate, a limit or the caller stops them.
///
/// `observe` sees every query and what is known after it; it may break off, and the outcome is what is known by then.
/// # Errors
/// [`RunError`] if a party refuses; the coordinator's outcome stays readable.
pub fn run(
    coordination: &mut dyn Coordination,
    participants: &mut [Participant],
    sum: &mut dyn Sum,
    observe: &mut dyn FnMut(&RoundQuery, &Outcome) -> ControlFlow<()>,
) -> Result<Outcome, RunError> {
    loop {
        let query = match coordination.query() {
            Ok(query) => query,
            Err(CoordinationError::Finished) => return Ok(coordination.outcome()),
            Err(error) => return Err(RunError::Coordination(error)),
        };
        let mut refused = None;
        let mut answers = participants.iter_mut().map_while(|participant| match participant.answer(&query) {
            Ok(contribution) => Some(contribution),
            Err(error) => {
                refused = Some(error);
                None
            }
        });
        let summed = sum.sum(&query, &mut answers);
        if let Some(error) = refused {
            return Err(RunError::Participant(error));
        }
        let step = coordination.absorb(&summed.map_err(RunError::Sum)?).map_err(RunError::Coordination)?;
        let outcome = coordination.outcome();
        if observe(&query, &outcome).is_break() || step == Step::Done {
            return Ok(outcome);
        }
    }
}
