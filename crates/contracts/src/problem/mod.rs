//! The problem form: a fleet of private convex QPs tied together by rows that everybody shares.
//!
//! ```text
//! minimise   sum_i 1/2 x_i' P_i x_i + q_i' x_i + c_i
//! subject to rows_i.lower <= A_i x_i <= rows_i.upper        private to asset i
//!            variables_i.lower <= x_i <= variables_i.upper  private to asset i
//!            coupling.lower <= sum_i G_i x_i <= coupling.upper   the fleet's
//! ```
//!
//! Everything here is checked when it is built, so an engine may trust the shapes it is handed.
//! Whether `P` is positive semidefinite needs a factorisation and is checked by the solver.

mod bounds;
mod error;
mod fleet;
mod local;
mod sparse;

pub use bounds::Bounds;
pub use error::{ProblemError, ProblemErrorKind};
pub use fleet::{AssetProblem, Census, Coupling, FleetProblem};
pub use local::{LocalProblem, Objective, Rows, Variables};
pub use sparse::SparseMatrix;
