//! solver-core from outside: against Clarabel, against finite differences, and against its own promises.

mod allocations;
mod away;
mod barrier;
mod cautious;
mod conformance;
mod coordination;
mod fleets;
mod guided;
mod local_solver;
mod oracle;
mod participants;
mod pool;
mod words;
