//! MPS with `QUADOBJ`: the one quadratic format that HiGHS, SCIP and Gurobi all read alike, if it is written carefully.
//!
//! The rules that are kept when writing: free format, no blank in a name, `OBJSENSE` always, one triangle of `P` sorted by column
//! with the diagonal as it stands in `P`, every bound explicit and the lower one first, a two-sided row as two rows unless asked,
//! the constant with a changed sign on the objective's right-hand side, shortest numbers that read back exactly.

mod read;
mod write;

pub use read::read;
pub use write::{Ranges, write};
