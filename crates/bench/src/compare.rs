//! Solver variants side by side: every method of solver-core, and the central peer, on the same problems.
//!
//! Rounds and bytes are counted by a wrapper around the sum, from the start until the method's own certificate stops it.
//! What a run claims is judged outside the solvers; a run that claims wrongly is counted apart from one that does not arrive.
//! Everything but the clock time is a function of problems and options.

mod baseline;
mod contest;
mod kernels;
mod profile;
mod record;
mod summary;

use core::fmt;
use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;

use crate::central;
use crate::family::Recipe;
use crate::judge::TOLERANCE_REFERENCE;
use crate::summing::Summing;

pub use baseline::{
    Baseline, Change, MARGIN_BYTES, MARGIN_CLOCK, MARGIN_ROUNDS, MARGIN_ROUNDS_ONE, MARGIN_ROUNDS_ONE_COUNT, Measured,
    changes,
};
pub use kernels::{Kernel, kernel_section, kernels};
pub use profile::{Panel, panels, share, svg};
pub use record::{COLUMNS, Record, csv};
pub use summary::summary;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Solver {
    /// One of our coordination methods.
    Method(Method),
    /// ADMM with the penalty and relaxation that are best for the problem in hindsight, with a bound in every round.
    Hindsight,
    /// Clarabel on the assembled problem: it sees every private row, so it has no rounds.
    Central,
    /// OSQP on the assembled problem.
    Osqp,
}

impl fmt::Display for Solver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Method(method) => method.name(),
            Self::Hindsight => "admm-hindsight",
            Self::Central => "central",
            Self::Osqp => "osqp",
        })
    }
}

/// What to compare.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Who.
    pub solvers: Vec<Solver>,
    /// To which tolerances.
    pub tolerances: Vec<f64>,
    /// How often a run is timed; the table has the median.
    pub repetitions: usize,
    /// A run longer than this, in seconds, is timed once.
    pub repeat_below_s: f64,
    /// A limit for every method; without it each has its own, but ADMM at most [`ADMM_ROUNDS_MAX`].
    pub rounds_max: Option<u32>,
    /// The penalty and relaxation of [`Solver::Hindsight`] by problem, to [`TOLERANCE_LOOSE`](crate::trial::TOLERANCE_LOOSE); it takes part in no other.
    pub tuned: BTreeMap<String, (f64, f64)>,
    /// Whether methods are told that bytes are dearer than rounds.
    pub thin: bool,
    /// The arithmetic of the methods' sums.
    pub sum: Summing,
    /// With which probability an asset is there in a round after the first; always without it.
    pub presence: Option<f64>,
    /// The Python that may have OSQP.
    pub python: String,
    /// Whether every method's plan is spoilt before it is judged, to see that the judge notices.
    pub drill: bool,
}

/// How long ADMM may try: on degenerate fleets it often never arrives, and the table learns nothing from waiting.
pub const ADMM_ROUNDS_MAX: u32 = 500;

impl Default for Setting {
    fn default() -> Self {
        let methods = Method::ALL.into_iter().map(Solver::Method);
        Self {
            solvers: methods.chain([Solver::Central]).collect(),
            tolerances: vec![1e-3, 1e-6],
            repetitions: 3,
            repeat_below_s: 1.0,
            rounds_max: None,
            tuned: BTreeMap::new(),
            thin: false,
            sum: Summing::Plain,
            presence: None,
            python: "python3".into(),
            drill: false,
        }
    }
}

/// One problem of the comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Entrant {
    /// Where it comes from, if it is a member of a family.
    pub recipe: Option<Recipe>,
    /// The problem.
    pub fleet: FleetProblem,
}

/// Runs every solver on one problem at every tolerance: one record each, none of a solver that takes no part.
pub fn compare(entrant: &Entrant, setting: &Setting) -> Vec<Record> {
    let reference = central::solve(&entrant.fleet, TOLERANCE_REFERENCE);
    let mut records = Vec::new();
    for &solver in &setting.solvers {
        for &tolerance in &setting.tolerances {
            records.extend(contest::record(entrant, &reference, solver, tolerance, setting));
        }
    }
    records
}
