use core::fmt;
use std::sync::{Arc, Mutex};

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::round::{
    FieldKind, FieldRange, Quantiser, Ranges, ReportLayout, RoundQuery, SummedReport, WordWidth,
};
use cosmosmesh_contracts::traits::{Mechanism, PrivacyLoss, RangeRule, SecureRandom, Store, SumError};

use super::{Ledger, Permit, release};
use crate::Noise;
use crate::noise::{Lattice, NoiseError, SummedGaussian, tail_radius};

/// What a fleet agrees on before it plans under a budget: how its use of the shared rows becomes integers, and how much noise they carry.
///
/// Public and the same for all assets; nothing private goes in. Rows are scaled so that no asset's use of one is beyond one.
#[derive(Clone, Debug, PartialEq)]
pub struct UseTerms {
    assets: u32,
    rounds: u32,
    lattice: Lattice,
    mechanism: SummedGaussian,
    /// How many rows each asset touches: public.
    touched: Vec<usize>,
}

/// Why there are no terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UseTermsError {
    /// Fewer than three assets: what noise the others add could be subtracted.
    TooFew {
        /// How many.
        found: usize,
    },
    /// No round at all.
    NoRounds,
    /// The noise that the budget asks for cannot be drawn.
    Noise(NoiseError),
}

impl fmt::Display for UseTermsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew { found } => {
                write!(f, "{found} assets where noise is shared by at least three; plan without a budget")
            }
            Self::NoRounds => f.write_str("a plan takes at least one round; allow more"),
            Self::Noise(error) => write!(
                f,
                "the budget per round asks for noise that cannot be drawn ({error}); allow fewer rounds or a larger epsilon"
            ),
        }
    }
}

impl std::error::Error for UseTermsError {}

impl UseTerms {
    /// The finest steps that are tried, from zero to the clip.
    const STEPS_MAX: u32 = 1 << 16;

    /// Terms under which so many rounds cost no asset more than `loss`.
    ///
    /// The noise counts on all assets but one: whoever reads the sum may be an asset, and knows its own share.
    /// # Errors
    /// [`UseTermsError`].
    pub fn new(touched: Vec<usize>, row_count: usize, rounds: u32, loss: PrivacyLoss) -> Result<Self, UseTermsError> {
        let assets = u32::try_from(touched.len()).unwrap_or(u32::MAX);
        if assets < 3 {
            return Err(UseTermsError::TooFew { found: touched.len() });
        }
        if rounds == 0 {
            return Err(UseTermsError::NoRounds);
        }
        let most = touched.iter().copied().max().unwrap_or(0).max(1);
        let per_round = loss.shared_by(rounds.into());
        let mut steps = Self::STEPS_MAX;
        loop {
            let lattice = Lattice::new(vec![1.0; row_count], steps)
                .expect("cannot fail because the bounds are one and the steps within range");
            match SummedGaussian::for_loss(lattice.sensitivity(most), assets - 1, per_round) {
                Ok(mechanism) => return Ok(Self { assets, rounds, lattice, mechanism, touched }),
                // Coarser steps need less noise, counted in steps.
                Err(_) if steps > 1 => steps /= 2,
                Err(error) => return Err(UseTermsError::Noise(error)),
            }
        }
    }

    /// How many rounds the budget is spread over.
    pub fn rounds(&self) -> u32 {
        self.rounds
    }

    /// What a round costs an asset; zero for one that is not there.
    pub fn loss(&self, asset: usize) -> PrivacyLoss {
        let touched = self.touched.get(asset).copied().unwrap_or(0);
        self.mechanism.loss(self.lattice.sensitivity(touched))
    }

    /// The standard deviation of the noise of a sum, in clips.
    pub fn deviation(&self) -> f64 {
        (self.mechanism.variance_of_sum(self.assets) as f64).sqrt() * self.lattice.step(0)
    }

    /// By how much the mean of so many sums of a row may be wrong, in clips: in all of `statements` statements together, with this confidence.
    ///
    /// Noise, and half a step of rounding for every asset.
    pub fn radius(&self, mean_of: u32, statements: u64, confidence: f64) -> f64 {
        let variance = self.mechanism.variance_of_sum(self.assets) as f64 / f64::from(mean_of.max(1));
        (tail_radius(variance, statements, confidence) + 0.5 * f64::from(self.assets))
            * self.lattice.step(0)
            * (1.0 + 1e-12)
    }

    /// The coded ranges of the sums.
    pub fn ranges(&self) -> UseRanges {
        UseRanges { assets: self.assets, exponent: -(self.lattice.steps().trailing_zeros() as i16) }
    }
}

/// The coded ranges of reports of which only the use is sent: always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UseRanges {
    assets: u32,
    exponent: i16,
}

impl RangeRule for UseRanges {
    fn ranges(&self, _: &RoundQuery, layout: &ReportLayout) -> Ranges {
        let range = |kind| match kind {
            FieldKind::Use => FieldRange { exponent: self.exponent, words: 1 },
            _ => FieldRange::COUNT,
        };
        let fields = layout.fields().iter().map(|field| range(field.kind)).collect();
        Ranges { width: WordWidth::Bits64, contributors_max: self.assets, fields }
    }

    fn hear(&mut self, _: &RoundQuery, _: &SummedReport) {}
}

/// What an asset does to its report before it is masked when it plans under a budget: all but its use becomes zero, its use is clipped, paid for, and carries noise.
///
/// One process plays all assets, so their budgets are in one ledger; assets of their own have one each.
/// # Privacy
/// Of a report, one number per fleet row is left, and that it was sent.
pub struct NoisyUse<S> {
    terms: UseTerms,
    fleet: Vec<AssetId>,
    ledger: Arc<Mutex<Ledger<S>>>,
    random: Box<dyn SecureRandom + Send>,
    permits: Vec<Option<Permit>>,
}

impl<S: Store + Send + 'static> NoisyUse<S> {
    /// The rule for these assets, in the order of the roster, whose accounts are in the ledger.
    pub fn new(
        terms: UseTerms,
        fleet: Vec<AssetId>,
        ledger: Arc<Mutex<Ledger<S>>>,
        random: Box<dyn SecureRandom + Send>,
    ) -> Self {
        Self { terms, fleet, ledger, random, permits: Vec::new() }
    }

    /// As a masked sum takes it.
    pub fn into_noise(mut self) -> Box<Noise> {
        Box::new(move |asset, quantiser, integers| self.apply(asset, quantiser, integers))
    }

    fn apply(&mut self, asset: usize, quantiser: &Quantiser, integers: &mut [i128]) -> Result<(), SumError> {
        let refused = |error: &dyn fmt::Display| SumError::Noise { reason: error.to_string() };
        if asset == 0 {
            self.pay().map_err(|error| refused(&error))?;
        }
        let unpaid = || SumError::Noise {
            reason: "nobody has paid for this report; begin the round with the first asset".to_owned(),
        };
        let permit = self.permits.get_mut(asset).and_then(Option::take).ok_or_else(unpaid)?;
        let layout = quantiser.layout();
        let Some(place) = layout.range(FieldKind::Use, 0) else { return Err(unpaid()) };
        let steps = i128::from(self.terms.lattice.steps());
        let mut used: Vec<i128> = integers[place.clone()].iter().map(|y| (*y).clamp(-steps, steps)).collect();
        let sensitivity = self.terms.lattice.sensitivity(self.terms.touched[asset]);
        release(permit, &self.terms.mechanism, sensitivity, &mut used, &mut *self.random)
            .map_err(|error| refused(&error))?;
        integers.fill(0);
        if let Some(count) = layout.range(FieldKind::Contributors, 0) {
            integers[count].fill(1);
        }
        integers[place].copy_from_slice(&used);
        Ok(())
    }

    /// Every asset pays for the round that begins.
    fn pay(&mut self) -> Result<(), super::LedgerError> {
        let losses: Vec<_> = self.fleet.iter().enumerate().map(|(k, id)| (id.clone(), self.terms.loss(k))).collect();
        let mut ledger = self.ledger.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.permits = ledger.spend(&losses)?.into_iter().map(Some).collect();
        Ok(())
    }
}
