use cosmosmesh_contracts::traits::{Mechanism, MechanismError, PrivacyLoss, SecureRandom, Sensitivity};

use super::{DiscreteGaussian, NoiseError, add};

/// Noise that protects one asset's vector by itself, whoever reads it.
///
/// # Privacy
/// `rho = sensitivity^2 / (2 variance)`, exactly as for the continuous bell, in any number of entries.
/// # Source
/// Canonne, Kamath, Steinke 2020, theorem 4 and its corollary for vectors; docs/math/privacy-accounting.md#local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalGaussian {
    gaussian: DiscreteGaussian,
}

impl LocalGaussian {
    /// Noise of this variance, in steps squared.
    ///
    /// # Errors
    /// [`NoiseError::Variance`].
    pub fn new(variance: u64) -> Result<Self, NoiseError> {
        DiscreteGaussian::new(variance).map(|gaussian| Self { gaussian })
    }

    /// The least noise with which a release of this sensitivity costs no more than `loss`.
    ///
    /// # Errors
    /// [`NoiseError::Variance`] if that is more than can be drawn: take coarser steps.
    pub fn for_loss(sensitivity: Sensitivity, loss: PrivacyLoss) -> Result<Self, NoiseError> {
        Self::new(variance_for(sensitivity.l2_squared, loss).max(1))
    }

    /// `sigma^2`, in steps squared.
    pub fn variance(&self) -> u64 {
        self.gaussian.variance()
    }
}

impl Mechanism for LocalGaussian {
    fn loss(&self, sensitivity: Sensitivity) -> PrivacyLoss {
        gaussian_loss(sensitivity.l2_squared, self.variance().into())
    }

    fn release(&self, values: &mut [i128], random: &mut dyn SecureRandom) -> Result<(), MechanismError> {
        add(&self.gaussian, values, random)
    }
}

/// `l2_squared / (2 variance)` in units of `2^-64`, rounded up; without bound beyond arithmetic.
pub(super) fn gaussian_loss(l2_squared: u128, variance: u128) -> PrivacyLoss {
    // Half of 2^64 units.
    match l2_squared.checked_mul(1 << (PrivacyLoss::UNIT_BITS - 1)) {
        Some(scaled) => PrivacyLoss::from_units(scaled.div_ceil(variance)),
        None if l2_squared / variance >= 1 << 64 => PrivacyLoss::UNBOUNDED,
        // One more than the quotient covers what the remainder would add.
        None => PrivacyLoss::from_units((l2_squared / variance + 1).saturating_mul(1 << (PrivacyLoss::UNIT_BITS - 1))),
    }
}

/// The least variance with [`gaussian_loss`] at most `loss`; the largest number there is if no number is enough.
pub(super) fn variance_for(l2_squared: u128, loss: PrivacyLoss) -> u64 {
    let scaled = l2_squared.checked_mul(1 << (PrivacyLoss::UNIT_BITS - 1));
    match (scaled, loss.units()) {
        (Some(0), _) => 0,
        (Some(scaled), units @ 1..) => u64::try_from(scaled.div_ceil(units)).unwrap_or(u64::MAX),
        _ => u64::MAX,
    }
}
