use core::fmt;

use super::SecureRandom;
use crate::key::KeyError;

/// Noise with a known price: what a release costs, and the release itself.
///
/// Implemented by `privacy::noise::LocalGaussian` and `privacy::noise::SummedGaussian`; used by `privacy::budget::release` and `conformance::mechanism`.
/// # Privacy
/// The loss holds for integers that were clipped *before* they were rounded, so that the sensitivity is one of integers.
pub trait Mechanism {
    /// What one release of a vector with this sensitivity costs, never less than the truth.
    ///
    /// More sensitivity never costs less; no sensitivity costs nothing.
    fn loss(&self, sensitivity: Sensitivity) -> PrivacyLoss;

    /// Adds noise to every entry, in place.
    ///
    /// # Errors
    /// [`MechanismError`]; the values are then not to be used.
    fn release(&self, values: &mut [i128], random: &mut dyn SecureRandom) -> Result<(), MechanismError>;
}

/// How far one asset can move a vector of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity {
    /// The square of the largest Euclidean distance between two vectors that the asset might send.
    pub l2_squared: u128,
    /// How many entries the vector has.
    pub len: usize,
}

/// `rho` of zero-concentrated differential privacy, as an exact count of [`PrivacyLoss::UNIT_BITS`]-bit fractions of a nat.
///
/// Losses of releases that follow each other add up; addition saturates at [`PrivacyLoss::UNBOUNDED`], which no budget covers.
/// # Units
/// One unit is `2^-64` nats. A dyadic rational, so that sums are exact and two machines never disagree about what is left.
/// # Source
/// Bun and Steinke, "Concentrated Differential Privacy", TCC 2016, definition 1.1 and lemma 1.7.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrivacyLoss {
    units: u128,
}

impl PrivacyLoss {
    /// A unit is two to the power of minus this.
    pub const UNIT_BITS: u32 = 64;
    /// Nothing was given away.
    pub const NONE: Self = Self { units: 0 };
    /// Nothing is promised.
    pub const UNBOUNDED: Self = Self { units: u128::MAX };

    /// So many units of `2^-64` nats.
    pub const fn from_units(units: u128) -> Self {
        Self { units }
    }

    /// How many units of `2^-64` nats.
    pub const fn units(self) -> u128 {
        self.units
    }

    /// The loss of both, one after the other.
    pub const fn and(self, other: Self) -> Self {
        Self { units: self.units.saturating_add(other.units) }
    }

    /// The loss of so many releases of this price.
    pub const fn times(self, count: u64) -> Self {
        Self { units: self.units.saturating_mul(count as u128) }
    }

    /// What is left of this budget after a loss; none if the loss is greater.
    pub fn less(self, spent: Self) -> Option<Self> {
        self.units.checked_sub(spent.units).map(Self::from_units)
    }

    /// The part that each of so many releases may cost, rounded down; [`PrivacyLoss::NONE`] for no releases.
    pub fn shared_by(self, count: u64) -> Self {
        Self { units: self.units.checked_div(count.into()).unwrap_or(0) }
    }

    /// In nats, rounded to double precision: to be shown, not to be added.
    pub fn nats(self) -> f64 {
        self.units as f64 / 2_f64.powi(Self::UNIT_BITS as i32)
    }
}

impl fmt::Display for PrivacyLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::UNBOUNDED { f.write_str("unbounded") } else { write!(f, "rho {:.6}", self.nats()) }
    }
}

/// Why noise was not added. Nothing may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MechanismError {
    /// The source of randomness failed.
    Random(KeyError),
    /// Whoever knows the seed knows the noise: refused in a release build.
    Seeded,
    /// An entry is so large that noise might take it beyond 128 bits.
    TooLarge {
        /// Which entry.
        index: usize,
    },
}

impl fmt::Display for MechanismError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Random(error) => error.fmt(f),
            Self::Seeded => f.write_str(
                "the source of randomness has a seed, so its noise hides nothing; hand in the system's randomness",
            ),
            Self::TooLarge { index } => {
                write!(f, "entry {index} is too large for noise; clip it before it is released")
            }
        }
    }
}

impl std::error::Error for MechanismError {}

impl From<KeyError> for MechanismError {
    fn from(error: KeyError) -> Self {
        Self::Random(error)
    }
}
