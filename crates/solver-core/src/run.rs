use core::fmt;
use core::ops::ControlFlow;

use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::round::{Contribution, ReportLayout, RoundQuery};
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

/// Runs rounds inside one process, on this thread, until the certificate, a limit or the caller stops them.
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
    run_on(&mut SameThread, coordination, participants, sum, observe)
}

/// The same on threads that the caller supplies, to the same last bit: answers are added in the order of the assets.
///
/// Answers are worked out in batches, so that at most about [`NUMBERS_MAX`] numbers wait for their turn, however large the fleet.
/// # Errors
/// [`RunError`], as of [`run`].
pub fn run_on(
    pool: &mut dyn Pool,
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
        let len = ReportLayout::of(&query).map_err(|error| RunError::Coordination(error.into()))?.len();
        let batch = (NUMBERS_MAX / len.max(1)).clamp(JOB, BATCH_MAX).next_multiple_of(JOB);
        let mut refused = None;
        let mut answers =
            participants.chunks_mut(batch).flat_map(|batch| answer_all(pool, &query, batch)).map_while(|answer| {
                match answer {
                    Ok(contribution) => Some(contribution),
                    Err(error) => {
                        refused = Some(error);
                        None
                    }
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

/// The answers of one batch, in order.
fn answer_all(
    pool: &mut dyn Pool,
    query: &RoundQuery,
    batch: &mut [Participant],
) -> Vec<Result<Contribution, ParticipantError>> {
    let mut answers: Vec<Vec<_>> = batch.chunks(JOB).map(|_| Vec::new()).collect();
    let jobs = batch.chunks_mut(JOB).zip(&mut answers).map(|(participants, answers)| -> Job<'_> {
        Box::new(|| answers.extend(participants.iter_mut().map(|participant| participant.answer(query))))
    });
    pool.run(jobs.collect());
    answers.into_iter().flatten().collect()
}

/// How many numbers of answers may wait to be added: 32 MiB.
pub const NUMBERS_MAX: usize = 1 << 22;
/// The most assets in a batch, and the assets in one piece of work.
const BATCH_MAX: usize = 1024;
const JOB: usize = 8;

/// A piece of work: a few assets' answers.
pub type Job<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Threads that the caller supplies.
///
/// Implemented by [`SameThread`] and by every `FnMut(Vec<Job>)`; used by [`run_on`].
///
/// ```
/// use cosmosmesh_solver_core::Job;
/// use std::sync::Mutex;
///
/// // Two threads that share one list of work.
/// let mut pool = |jobs: Vec<Job<'_>>| {
///     let jobs = Mutex::new(jobs.into_iter());
///     let next = || jobs.lock().map_or(None, |mut jobs| jobs.next());
///     std::thread::scope(|scope| {
///         for _ in 0..2 {
///             scope.spawn(|| while let Some(job) = next() { job() });
///         }
///     });
/// };
/// let mut done = [false; 5];
/// pool(done.iter_mut().map(|done| -> Job<'_> { Box::new(|| *done = true) }).collect());
/// assert_eq!(done, [true; 5]);
/// ```
pub trait Pool {
    /// Runs every job once, on whatever threads, and returns when all are done.
    fn run(&mut self, jobs: Vec<Job<'_>>);
}

impl<F: for<'a> FnMut(Vec<Job<'a>>)> Pool for F {
    fn run(&mut self, jobs: Vec<Job<'_>>) {
        self(jobs);
    }
}

/// No threads: every job where it is handed in.
#[derive(Clone, Copy, Debug, Default)]
pub struct SameThread;

impl Pool for SameThread {
    fn run(&mut self, jobs: Vec<Job<'_>>) {
        jobs.into_iter().for_each(|job| job());
    }
}
