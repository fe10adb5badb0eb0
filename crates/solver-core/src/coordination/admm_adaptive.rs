use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Options;
use super::admm::{Admm, BOUND_EVERY, Rule};
use super::relay::Relayed;

/// Sharing ADMM with over-relaxation, and a penalty that follows the relative residuals.
///
/// # Class
/// As of [`Admm`].
/// # Privacy
/// The same sums as [`Admm`]: use and cost, and four squared norms.
/// # Stop
/// The same certificate as every method.
/// # Cost
/// As of [`Admm`] per round; usually fewer rounds, most of all where the cost scale is a bad guess.
/// # Source
/// Boyd et al., 2011, sections 3.4.1, 3.4.3 and 7.3; Wohlberg, "ADMM penalty parameter selection by residual balancing",
/// arXiv 1704.06209, for the residuals that must be relative.
pub struct AdmmAdaptive(Admm);

/// Between the usual 1.5 and 1.8.
const RELAXATION: f64 = 1.6;
/// How often the penalty may move, and until when: a penalty that moved for ever would void the proof of convergence.
const BALANCE_EVERY: u32 = 4;
const BALANCE_LAST: u32 = 400;
/// Residuals further apart than this factor are brought closer, by at most the second factor at once.
const APART: f64 = 3.0;
const FACTOR_MAX: f64 = 4.0;
/// How many earlier steps are combined with the last.
const MEMORY: u8 = 8;
const RULE: Rule = Rule { relaxation: RELAXATION, factor, memory: MEMORY, bound_every: BOUND_EVERY };

impl AdmmAdaptive {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if a warm start has another number of rows.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        Admm::with(RULE, coupling, asset_count, options).map(Self)
    }

    /// Goes on where another method stands.
    pub(super) fn resume(
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
        relayed: Relayed,
    ) -> Result<Self, CoordinationError> {
        Admm::resume(RULE, coupling, asset_count, options, relayed).map(Self)
    }
}

fn factor(round: u32, primal: f64, dual: f64) -> f64 {
    let ratio = primal / dual;
    let moves = round.is_multiple_of(BALANCE_EVERY) && round <= BALANCE_LAST;
    if moves && ratio.is_finite() && ratio > 0.0 && !(1.0 / APART..APART).contains(&ratio) {
        ratio.sqrt().clamp(1.0 / FACTOR_MAX, FACTOR_MAX)
    } else {
        1.0
    }
}

impl Coordination for AdmmAdaptive {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        self.0.query()
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        self.0.absorb(sum)
    }

    fn outcome(&self) -> Outcome {
        self.0.outcome()
    }
}

#[cfg(test)]
mod tests {
    use super::factor;

    #[test]
    fn the_penalty_moves_towards_equal_residuals_and_then_rests() {
        assert_eq!(factor(4, 1.0, 1.0), 1.0);
        assert_eq!(factor(5, 1e3, 1.0), 1.0);
        assert_eq!(factor(4, 1e3, 1.0), 4.0);
        assert_eq!(factor(4, 1.0, 9.0), 1.0 / 3.0);
        assert_eq!(factor(404, 1e3, 1.0), 1.0);
        assert_eq!(factor(4, 0.0, 0.0), 1.0);
    }
}
