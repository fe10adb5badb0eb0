use core::fmt;

use crate::problem::{LocalProblem, ProblemError};

/// A plain solver of one asset's problem.
///
/// Implemented by `solver_core::InteriorPoint`, and by Clarabel in tests; used by `conformance::local_solver` and as an omniscient reference.
pub trait LocalSolver {
    /// Whether the solver takes problems of this class.
    fn supports(&self, class: ProblemClass) -> bool;

    /// Solves one problem.
    ///
    /// # Errors
    /// [`SolveError`] for a problem outside the class; an infeasible or unbounded problem is an outcome, not an error.
    fn solve(
        &mut self,
        problem: &LocalProblem,
        warm: Option<&WarmStart>,
        budget: Budget,
    ) -> Result<LocalReport, SolveError>;
}

/// Classes of local problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemClass {
    /// No quadratic cost.
    Linear,
    /// Convex quadratic cost, linear rows.
    ConvexQuadratic,
    /// Whole numbers among the variables.
    MixedInteger,
}

/// Where to start: an earlier solution of a similar problem.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WarmStart {
    /// One value per variable.
    pub x: Vec<f64>,
    /// One multiplier per row, positive where the upper side pushes.
    pub row_multipliers: Vec<f64>,
    /// One multiplier per variable, positive where the upper side pushes.
    pub bound_multipliers: Vec<f64>,
}

/// How hard to try. Counts iterations, never seconds, so that a run replays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// The most iterations.
    pub iterations_max: u32,
    /// Relative residuals and gap to reach.
    pub tolerance: f64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { iterations_max: 100, tolerance: 1e-9 }
    }
}

/// What a local solve found.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalReport {
    /// Which.
    pub outcome: LocalOutcome,
    /// Iterations used.
    pub iterations: u32,
}

/// The ways a local solve can end.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum LocalOutcome {
    /// Optimal to the tolerance.
    Optimal {
        /// The optimum and its multipliers: `P x + q + A' row + bound = 0`.
        solution: WarmStart,
        /// Its cost.
        objective: f64,
    },
    /// No point meets the rows: `A' row + bound = 0` and the multipliers' support of the bounds is negative.
    Infeasible {
        /// The proof; its `x` is empty.
        proof: WarmStart,
    },
    /// The cost falls for ever along `direction`: `P d = 0`, `q'd < 0`, and `d` leaves no row.
    Unbounded {
        /// The proof.
        direction: Vec<f64>,
    },
    /// The budget ran out or the arithmetic broke down.
    Stopped {
        /// The last point.
        solution: WarmStart,
    },
}

/// Why a problem was not taken.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SolveError {
    /// The problem is not convex, or too large.
    Problem(ProblemError),
    /// A warm start of another shape.
    WarmStart,
}

impl fmt::Display for SolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problem(error) => error.fmt(f),
            Self::WarmStart => {
                f.write_str("the warm start has another shape than the problem; drop it or map it by name")
            }
        }
    }
}

impl std::error::Error for SolveError {}

impl From<ProblemError> for SolveError {
    fn from(error: ProblemError) -> Self {
        Self::Problem(error)
    }
}
