use core::fmt;

use cosmosmesh_contracts::traits::PrivacyLoss;

/// What an asset may give away in all: `rho`, and the `delta` at which epsilon is stated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    loss: PrivacyLoss,
    delta: f64,
}

/// Why a budget is none.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum BudgetError {
    /// Epsilon is not between [`Budget::EPSILON_MIN`] and [`Budget::EPSILON_MAX`].
    Epsilon {
        /// What it is.
        found: f64,
    },
    /// Delta is not between [`Budget::DELTA_MIN`] and [`Budget::DELTA_MAX`].
    Delta {
        /// What it is.
        found: f64,
    },
    /// So little that no release could be paid.
    Nothing,
}

impl fmt::Display for BudgetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epsilon { found } => {
                write!(
                    f,
                    "an epsilon of {found} is outside {} to {}; common are 0.1 to 10",
                    Budget::EPSILON_MIN,
                    Budget::EPSILON_MAX
                )
            }
            Self::Delta { found } => write!(
                f,
                "a delta of {found} is outside {:e} to {}; choose far less than one by the number of assets",
                Budget::DELTA_MIN,
                Budget::DELTA_MAX
            ),
            Self::Nothing => f.write_str("the budget pays for no release at all; raise epsilon or delta"),
        }
    }
}

impl std::error::Error for BudgetError {}

impl Budget {
    /// The least epsilon.
    pub const EPSILON_MIN: f64 = 1e-3;
    /// The largest epsilon. Beyond some ten it protects from little.
    pub const EPSILON_MAX: f64 = 1e4;
    /// The least delta.
    pub const DELTA_MIN: f64 = 1e-30;
    /// The largest delta.
    pub const DELTA_MAX: f64 = 0.1;

    /// The largest `rho` whose [`epsilon`] at `delta` is at most this one.
    ///
    /// # Errors
    /// [`BudgetError`] names the range.
    /// # Cost
    /// About a hundred conversions.
    pub fn new(epsilon: f64, delta: f64) -> Result<Self, BudgetError> {
        if !(Self::EPSILON_MIN..=Self::EPSILON_MAX).contains(&epsilon) {
            return Err(BudgetError::Epsilon { found: epsilon });
        }
        let mut budget = Self::of_loss(PrivacyLoss::NONE, delta)?;
        // rho is below the epsilon of every delta of at most a tenth.
        let (mut fits, mut beyond) = (0_u128, 1_u128 << (PrivacyLoss::UNIT_BITS + 15));
        while beyond - fits > 1 {
            let middle = fits + (beyond - fits) / 2;
            if self::epsilon(PrivacyLoss::from_units(middle), delta) <= epsilon {
                fits = middle
            } else {
                beyond = middle
            }
        }
        budget.loss = PrivacyLoss::from_units(fits);
        if fits == 0 { Err(BudgetError::Nothing) } else { Ok(budget) }
    }

    /// A budget stated as `rho`, shown at this delta.
    ///
    /// # Errors
    /// [`BudgetError::Delta`].
    pub fn of_loss(loss: PrivacyLoss, delta: f64) -> Result<Self, BudgetError> {
        if !(Self::DELTA_MIN..=Self::DELTA_MAX).contains(&delta) {
            return Err(BudgetError::Delta { found: delta });
        }
        Ok(Self { loss, delta })
    }

    /// `rho`.
    pub fn loss(&self) -> PrivacyLoss {
        self.loss
    }

    /// The delta at which epsilon is stated.
    pub fn delta(&self) -> f64 {
        self.delta
    }

    /// Epsilon of the whole budget.
    pub fn epsilon(&self) -> f64 {
        epsilon(self.loss, self.delta)
    }
}

/// The epsilon of a loss at this delta, never below the truth for the mechanism with exactly this loss at every order.
///
/// Infinite for an unbounded loss; zero for none.
/// # Cost
/// Some 150 evaluations of a closed form.
/// # Source
/// `epsilon = min_{a>1} rho a + ln(1 - 1/a) - (ln delta + ln a) / (a - 1)`: Canonne, Kamath, Steinke 2020, corollary 13.
/// Every order `a` gives a true statement, so the search for the best one cannot err on the wrong side; docs/math/privacy-accounting.md#conversion.
///
/// ```
/// use cosmosmesh_contracts::traits::PrivacyLoss;
/// use cosmosmesh_privacy::budget::epsilon;
///
/// // One release with a standard deviation of four sensitivities: rho = 1/32. The textbook's bound is 1.3454.
/// let found = epsilon(PrivacyLoss::from_units(1 << 59), 1e-6);
/// assert!((found - 1.1430).abs() < 5e-4, "{found}");
/// ```
pub fn epsilon(loss: PrivacyLoss, delta: f64) -> f64 {
    if loss == PrivacyLoss::NONE {
        return 0.0;
    }
    if loss == PrivacyLoss::UNBOUNDED {
        return f64::INFINITY;
    }
    // Upwards, whatever the conversion did.
    let rho = loss.nats().next_up();
    // The order where the dominant terms rho a and ln(1/delta)/(a-1) balance; the minimum is near.
    let centre = 0.5 * ((1.0 / delta).ln() / rho).ln();
    let (mut low, mut high) = (centre - 6.0, centre + 6.0);
    let at = |log_excess: f64| statement(rho, delta, log_excess.exp());
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    for _ in 0..70 {
        let (left, right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        if at(left) <= at(right) { high = right } else { low = left }
    }
    at(0.5 * (low + high)).max(0.0)
}

/// What the order `1 + excess` states, with more added than the arithmetic can err.
fn statement(rho: f64, delta: f64, excess: f64) -> f64 {
    let order = 1.0 + excess;
    let terms = [rho * order, (excess / order).ln(), -delta.ln() / excess, -order.ln() / excess];
    let size: f64 = terms.iter().map(|term| term.abs()).sum();
    terms.iter().sum::<f64>() + 1e-13 * size
}
