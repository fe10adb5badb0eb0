use cosmosmesh_contracts::traits::{Mechanism, MechanismError, PrivacyLoss, SecureRandom, Sensitivity};

use super::local::{gaussian_loss, variance_for};
use super::{DiscreteGaussian, NoiseError, add};

/// Each contributor's share of a noise that protects everybody once the contributions are summed under masks.
///
/// `contributors` is how many shares the reader is certain not to know: the fewest assets that answer, less those that may collude.
/// More shares only add noise. One release alone is far less protected than the stated loss; only the sum may be opened.
/// # Privacy
/// `rho = sensitivity^2 / (2 n variance) + tau len / 4` with `tau = 10 sum_{k<n} exp(-2 pi^2 variance k / (k+1))`:
/// a sum of discrete Gaussians is one but for `tau`, which is below `2^-110` from a variance of nine on.
/// # Source
/// Kairouz, Liu, Steinke, "The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure Aggregation", ICML 2021, theorem 1;
/// docs/math/privacy-accounting.md#summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SummedGaussian {
    share: DiscreteGaussian,
    contributors: u32,
}

impl SummedGaussian {
    /// Shares of this variance each, in steps squared.
    ///
    /// # Errors
    /// [`NoiseError::Variance`]; [`NoiseError::NoContributors`].
    pub fn new(variance: u64, contributors: u32) -> Result<Self, NoiseError> {
        if contributors == 0 {
            return Err(NoiseError::NoContributors);
        }
        Ok(Self { share: DiscreteGaussian::new(variance)?, contributors })
    }

    /// The least shares with which a release of this sensitivity costs no more than `loss`.
    ///
    /// # Errors
    /// [`NoiseError::Variance`] if a share would be more than can be drawn; [`NoiseError::NoContributors`].
    pub fn for_loss(sensitivity: Sensitivity, contributors: u32, loss: PrivacyLoss) -> Result<Self, NoiseError> {
        if contributors == 0 {
            return Err(NoiseError::NoContributors);
        }
        let total = variance_for(sensitivity.l2_squared, loss);
        // From nine on, tau is lost in the last unit but one; one step of variance more covers that unit.
        let share = (total.div_ceil(contributors.into())).saturating_add(1).max(9);
        let chosen = Self::new(share, contributors)?;
        // A budget of a few units cannot pay for what rounding up adds.
        if chosen.loss(sensitivity) > loss { Err(NoiseError::Variance { found: u64::MAX }) } else { Ok(chosen) }
    }

    /// `sigma^2` of one share, in steps squared.
    pub fn variance(&self) -> u64 {
        self.share.variance()
    }

    /// How many shares are counted on.
    pub fn contributors(&self) -> u32 {
        self.contributors
    }

    /// The largest variance of a sum of so many shares, in steps squared: what a reader must reckon with.
    pub fn variance_of_sum(&self, shares: u32) -> u128 {
        u128::from(self.variance()) * u128::from(shares)
    }

    /// `tau len / 4` in units of `2^-64`, rounded up.
    fn tau(&self, len: usize) -> u128 {
        if self.contributors == 1 || len == 0 {
            return 0;
        }
        // k/(k+1) is at least a half, and exp(-pi^2) below 2^-14: tau len / 4 <= 10/4 (n-1) len 2^(-14 variance).
        let factor = (u128::from(self.contributors) * len as u128).saturating_mul(5).div_ceil(2);
        let bits = 14 * i128::from(self.variance()) - i128::from(PrivacyLoss::UNIT_BITS);
        match bits {
            128.. => 1,
            0..128 => (factor >> bits) + 1,
            _ => factor.saturating_mul(1_u128.checked_shl((-bits) as u32).unwrap_or(u128::MAX)),
        }
    }
}

impl Mechanism for SummedGaussian {
    fn loss(&self, sensitivity: Sensitivity) -> PrivacyLoss {
        let total = self.variance_of_sum(self.contributors);
        if sensitivity.l2_squared == 0 {
            return PrivacyLoss::NONE;
        }
        gaussian_loss(sensitivity.l2_squared, total).and(PrivacyLoss::from_units(self.tau(sensitivity.len)))
    }

    fn release(&self, values: &mut [i128], random: &mut dyn SecureRandom) -> Result<(), MechanismError> {
        add(&self.share, values, random)
    }
}
