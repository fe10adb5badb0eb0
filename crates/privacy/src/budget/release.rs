use core::fmt;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::traits::{Mechanism, MechanismError, PrivacyLoss, SecureRandom, Sensitivity};

/// Leave to make one release, already paid for. It cannot be copied, and a release consumes it.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "the asset has paid for a release"]
pub struct Permit {
    asset: AssetId,
    loss: PrivacyLoss,
}

impl Permit {
    pub(super) fn new(asset: AssetId, loss: PrivacyLoss) -> Self {
        Self { asset, loss }
    }

    /// Who paid.
    pub fn asset(&self) -> &AssetId {
        &self.asset
    }

    /// How much.
    pub fn loss(&self) -> PrivacyLoss {
        self.loss
    }
}

/// Why a release was not made. Nothing may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The mechanism costs more than was paid for.
    Unpaid {
        /// What the release costs.
        loss: PrivacyLoss,
        /// What was paid.
        paid: PrivacyLoss,
    },
    /// The noise could not be drawn.
    Mechanism(MechanismError),
}

impl fmt::Display for ReleaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unpaid { loss, paid } => {
                write!(f, "the release costs {loss} and {paid} was paid; spend what the mechanism's `loss` states")
            }
            Self::Mechanism(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReleaseError {}

/// Adds noise to integers that are about to leave an asset, against a permit.
///
/// # Errors
/// [`ReleaseError`]. The permit is used up, for nobody knows what a failed release let out.
/// # Privacy
/// Costs the asset what the permit says, whatever the integers are, provided that they keep to the sensitivity.
pub fn release(
    permit: Permit,
    mechanism: &dyn Mechanism,
    sensitivity: Sensitivity,
    values: &mut [i128],
    random: &mut dyn SecureRandom,
) -> Result<(), ReleaseError> {
    let loss = mechanism.loss(sensitivity);
    if loss > permit.loss {
        return Err(ReleaseError::Unpaid { loss, paid: permit.loss });
    }
    mechanism.release(values, random).map_err(ReleaseError::Mechanism)
}
