//! Noise in integers, and what it costs.
//!
//! ```text
//! numbers ──Lattice::integers (clip, then round)──► integers ──Mechanism::release──► noisy integers ──► masks, links
//! ```
//!
//! No floating point touches the noise: coins, rejection and rational comparison only.
//! The derivations are in `docs/math/privacy-accounting.md`.

mod coins;
mod gaussian;
mod lattice;
mod local;
mod summed;
mod tail;

pub use gaussian::DiscreteGaussian;
pub use lattice::{Lattice, LatticeError};
pub use local::LocalGaussian;
pub use summed::SummedGaussian;
pub use tail::tail_radius;

use cosmosmesh_contracts::traits::{MechanismError, SecureRandom};

use coins::Coins;

/// Why a mechanism cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoiseError {
    /// The variance is outside 1 to [`DiscreteGaussian::VARIANCE_MAX`].
    Variance {
        /// What was asked for.
        found: u64,
    },
    /// Noise shared by nobody.
    NoContributors,
}

impl core::fmt::Display for NoiseError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Variance { found } => write!(
                f,
                "a variance of {found} is outside 1 to {}; choose coarser or finer steps",
                DiscreteGaussian::VARIANCE_MAX
            ),
            Self::NoContributors => {
                f.write_str("noise must be shared by at least one contributor; name how many answer")
            }
        }
    }
}

impl std::error::Error for NoiseError {}

/// Adds a draw to every value; the rule about seeds is here, once for all mechanisms.
fn add(gaussian: &DiscreteGaussian, values: &mut [i128], random: &mut dyn SecureRandom) -> Result<(), MechanismError> {
    admit(random.is_seeded(), !cfg!(debug_assertions))?;
    let room = |value: &i128| value.unsigned_abs() < 1 << 126;
    if let Some(index) = values.iter().position(|value| !room(value)) {
        return Err(MechanismError::TooLarge { index });
    }
    let mut coins = Coins::new(random);
    for value in values {
        // A draw has at most 64 bits and a sign.
        *value += gaussian.draw(&mut coins)?;
    }
    Ok(())
}

/// Seeded noise is for tests of a debug build; in a release build it is refused.
fn admit(seeded: bool, release_build: bool) -> Result<(), MechanismError> {
    if seeded && release_build { Err(MechanismError::Seeded) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_build_refuses_seeded_noise() {
        assert_eq!(admit(true, true), Err(MechanismError::Seeded));
        assert_eq!(admit(false, true), Ok(()));
        assert_eq!(admit(true, false), Ok(()));
        assert_eq!(admit(false, false), Ok(()));
    }
}
