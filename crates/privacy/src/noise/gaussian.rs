use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::SecureRandom;

use super::{Coins, NoiseError};

/// The discrete Gaussian: an integer `x` has probability proportional to `exp(-x^2 / (2 variance))`, exactly.
///
/// Its true variance is at most `variance`, and its tails are no heavier than a bell's: see [`super::tail_radius`].
/// # Cost
/// A draw takes a few dozen random bytes and about three rejections at most on average, whatever the variance. Not constant in time.
/// # Source
/// Canonne, Kamath, Steinke 2020, algorithms 1 to 3; docs/math/privacy-accounting.md#sampler.
///
/// ```
/// use cosmosmesh_contracts::traits::SecureRandom;
/// use cosmosmesh_crypto::SystemRandom;
/// use cosmosmesh_privacy::noise::DiscreteGaussian;
///
/// let gaussian = DiscreteGaussian::new(1 << 20)?;
/// let x = gaussian.sample(&mut SystemRandom::new())?;
/// // Beyond thirty standard deviations: once in 10^195 draws.
/// assert!(x.abs() < 30 << 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiscreteGaussian {
    variance: u64,
    /// The scale of the Laplace proposal: the standard deviation, rounded down, plus one.
    scale: u64,
}

impl DiscreteGaussian {
    /// The largest variance: `2^48`, a standard deviation of 16.8 million steps.
    pub const VARIANCE_MAX: u64 = 1 << 48;
    /// Proposals beyond so many scales are drawn again: one in `e^30000`.
    const TAIL: u64 = 30_000;

    /// The distribution with this parameter.
    ///
    /// # Errors
    /// [`NoiseError::Variance`] outside 1 to [`DiscreteGaussian::VARIANCE_MAX`].
    pub fn new(variance: u64) -> Result<Self, NoiseError> {
        if !(1..=Self::VARIANCE_MAX).contains(&variance) {
            return Err(NoiseError::Variance { found: variance });
        }
        Ok(Self { variance, scale: variance.isqrt() + 1 })
    }

    /// `sigma^2`, in steps squared.
    pub fn variance(&self) -> u64 {
        self.variance
    }

    /// One draw. Takes any randomness, seeded too: the mechanisms are what refuses it.
    ///
    /// # Errors
    /// [`KeyError::Random`] if the source fails.
    pub fn sample(&self, random: &mut dyn SecureRandom) -> Result<i128, KeyError> {
        self.draw(&mut Coins::new(random))
    }

    pub(super) fn draw(&self, coins: &mut Coins<'_>) -> Result<i128, KeyError> {
        let (v, t) = (u128::from(self.variance), u128::from(self.scale));
        loop {
            let Some((size, negative)) = self.laplace(coins)? else { continue };
            // exp(-(|y| - v/t)^2 / (2 v)), both sides times t^2. At most 2^48 * 30001 < 2^63 before squaring.
            let distance = (size * t).abs_diff(v);
            if coins.exp(distance * distance, 2 * v * t * t)? {
                // Below 2^40.
                let size = size as i128;
                return Ok(if negative { -size } else { size });
            }
        }
    }

    /// A proposal with probability proportional to `exp(-|y| / t)`: size and sign; none if it must be drawn again.
    fn laplace(&self, coins: &mut Coins<'_>) -> Result<Option<(u128, bool)>, KeyError> {
        let t = u128::from(self.scale);
        let part = coins.below(t)?;
        if !coins.exp(part, t)? {
            return Ok(None);
        }
        let mut whole = 0;
        while coins.exp(1, 1)? {
            whole += 1;
            if whole > Self::TAIL {
                return Ok(None);
            }
        }
        let size = part + t * u128::from(whole);
        let negative = coins.flip()?;
        // Zero has one sign only, or it would come twice as often.
        Ok((size > 0 || !negative).then_some((size, negative)))
    }
}
