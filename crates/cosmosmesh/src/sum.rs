use std::sync::Arc;

use clap::ValueEnum;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::file::SumKind;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::{CryptoProvider, RangeRule, Sum};
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom, provider};
use cosmosmesh_privacy::mask::Survival;
use cosmosmesh_privacy::{MaskTraffic, MaskedSum, SetUpError};
use cosmosmesh_solver_core::{PlainSum, Ranging};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::figure::bytes;

/// The sums on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SumChoice {
    /// In the clear: whoever adds sees every report.
    Plain,
    /// Under masks that a committee takes off the sum only.
    Masked,
}

/// What to say when reports are added in the open.
pub(crate) const PLAIN_WARNING: &str =
    "warning: the sum is plain, so the assets' reports are added in the open and whoever adds them sees each one";

/// The sum that a fleet's reports go through.
pub(crate) enum FleetSum {
    /// In the clear.
    Plain(PlainSum),
    /// Under masks, with every party in this process.
    Masked(Box<MaskedSum>),
}

impl FleetSum {
    /// A sum for so many assets.
    ///
    /// # Errors
    /// [`Failure`] if so few assets cannot be summed privately, or the system gives no randomness.
    pub(crate) fn new(choice: SumChoice, assets: usize) -> Result<Self, Failure> {
        if choice == SumChoice::Plain {
            return Ok(Self::Plain(PlainSum));
        }
        let rule = Box::new(Ranging::new(WordWidth::Bits64, u32::try_from(assets).unwrap_or(u32::MAX)));
        let sum = masked(assets, rule)?.map_err(|error| Failure::bad_input(format!("{error}: --sum plain")))?;
        Ok(Self::Masked(Box::new(sum)))
    }

    /// As the solver takes it.
    pub(crate) fn as_sum(&mut self) -> &mut dyn Sum {
        match self {
            Self::Plain(sum) => sum,
            Self::Masked(sum) => sum.as_mut(),
        }
    }

    /// What masking cost, if there were masks.
    pub(crate) fn cost(&self) -> Option<MaskCost> {
        match self {
            Self::Plain(_) => None,
            Self::Masked(sum) => Some(MaskCost::of(sum)),
        }
    }
}

/// A masked sum with every party in this process, its ranges by `rule`; the inner error refuses so few assets.
///
/// # Errors
/// [`Failure`] if the system gives no randomness.
pub(crate) fn masked(assets: usize, rule: Box<dyn RangeRule + Send>) -> Result<Result<MaskedSum, SetUpError>, Failure> {
    let assets = u32::try_from(assets).unwrap_or(u32::MAX);
    // What can fail is drawing secrets; it is said once, below, by the first node that has none.
    let mut failed = None;
    let mut node = || {
        let secret = Secret::random(&mut SystemRandom::new()).unwrap_or_else(|error| {
            failed = Some(error);
            Secret::take(&mut [0; 32])
        });
        named(secret)
    };
    let sum = MaskedSum::new(assets, WordWidth::Bits64, rule, &mut node, &mut || Box::new(MemoryStore::new()));
    match failed {
        Some(error) => Err(Failure { message: error.to_string(), exit: Exit::Numerical }),
        None => Ok(sum),
    }
}

fn named(secret: Secret) -> CryptoProvider {
    provider(Arc::new(Ed25519Signer::new(secret)))
}

/// What masking cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MaskCost {
    pub(crate) traffic: MaskTraffic,
    guardians: u8,
    threshold: u8,
    corrupt: u8,
    survival: Survival,
}

impl MaskCost {
    /// What this sum has cost so far.
    pub(crate) fn of(sum: &MaskedSum) -> Self {
        let committee = sum.committee();
        Self {
            traffic: sum.traffic(),
            guardians: committee.guardians(),
            threshold: committee.threshold(),
            corrupt: committee.corrupt(),
            survival: sum.survival(),
        }
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let Self { traffic, guardians, threshold, corrupt, survival } = self;
        json!({
            "guardians": guardians,
            "threshold": threshold,
            "corrupt_max": corrupt,
            "missing_assets_max": survival.agents,
            "missing_guardians_max": survival.guardians,
            "bytes_up_rounds": traffic.bytes_up,
            "bytes_up_words": traffic.bytes_words,
            "bytes_up_set_up": traffic.bytes_set_up,
            "guardian_bytes_down": traffic.guardian_bytes_down,
            "guardian_bytes_up": traffic.guardian_bytes_up,
            "guardian_masks": traffic.guardian_masks,
            "one_process": true,
        })
    }

    /// For people.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        let Self { traffic, guardians, threshold, .. } = self;
        let guardian = format!(
            "hears {}, sends {}, makes {} masks",
            bytes(traffic.guardian_bytes_down),
            bytes(traffic.guardian_bytes_up),
            traffic.guardian_masks
        );
        vec![("sum", format!("masked; {threshold} of {guardians} guardians open it")), ("busiest guardian", guardian)]
    }

    /// Everything, by name.
    pub(crate) fn table(&self) -> Vec<(&'static str, String)> {
        let Self { traffic, guardians, threshold, corrupt, survival } = self;
        vec![
            ("guardians", guardians.to_string()),
            ("of them must answer", threshold.to_string()),
            ("of them may be corrupt", corrupt.to_string()),
            ("assets that may stay away", survival.agents.to_string()),
            ("guardians that may stay away", survival.guardians.to_string()),
            ("an asset sends in the rounds", bytes(traffic.bytes_up)),
            ("of that, words of the sum", bytes(traffic.bytes_words)),
            ("an asset sends at set-up", bytes(traffic.bytes_set_up)),
            ("the busiest guardian hears", bytes(traffic.guardian_bytes_down)),
            ("the busiest guardian sends", bytes(traffic.guardian_bytes_up)),
            ("the busiest guardian makes", format!("{} masks", traffic.guardian_masks)),
        ]
    }

    /// What must not be misunderstood.
    pub(crate) fn note(&self) -> String {
        format!("masked inside one process, which protects nobody: it shows and measures; {}", self.survival)
    }
}

/// How the result names the sum.
pub(crate) fn kind(cost: Option<&MaskCost>) -> SumKind {
    if cost.is_some() { SumKind::Masked } else { SumKind::Plain }
}
