use super::Mix;
use crate::plan::{Certificate, Outcome, PlanKind, Status};

/// What the coordinator tells everybody when planning ends: why, how good, and which mix of its own answers each asset follows.
///
/// # Privacy
/// The same for all, and public. Weights only; the plan that they stand for is made by each asset from its own answers and stays there.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct RoundResult {
    /// How many rounds there were.
    pub rounds: u32,
    /// Why planning ended.
    pub status: Status,
    /// Whether the plan is proven or safe; absent if there is none that meets every row.
    pub plan: Option<PlanKind>,
    /// Which answers to follow, and with what weight.
    pub mix: Option<Mix>,
    /// What is proven about the plan.
    pub certificate: Option<Certificate>,
}

impl From<&Outcome> for RoundResult {
    fn from(outcome: &Outcome) -> Self {
        Self {
            rounds: outcome.rounds,
            status: outcome.status,
            plan: outcome.plan,
            mix: outcome.mix.clone(),
            certificate: outcome.certificate.clone(),
        }
    }
}
