//! The narrow traits. A trait is here because it has two implementations and one generic user.

mod coordination;
mod local_solver;
mod sum;

pub use coordination::{Coordination, CoordinationError, Step};
pub use local_solver::{Budget, LocalOutcome, LocalReport, LocalSolver, ProblemClass, SolveError, WarmStart};
pub use sum::{Sum, SumError};
