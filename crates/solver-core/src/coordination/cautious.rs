use cosmosmesh_contracts::plan::{Outcome, PlanKind, Status};
use cosmosmesh_contracts::problem::{Bounds, Coupling};
use cosmosmesh_contracts::round::{Ask, ColumnKey, FieldKind, Mix, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::Asked;

/// What is known beforehand about sums that carry noise.
#[derive(Clone, Debug, PartialEq)]
pub struct Caution {
    /// How many sums there will be.
    pub rounds: u32,
    /// The public scale of every fleet row: after it, no asset's use of a row is beyond one.
    pub scale: Vec<f64>,
    /// By how much the mean of the last so many sums may be wrong in any row, in scaled rows; shortest mean first.
    ///
    /// All statements that a run may use, at the stated confidence together: every row, every listed mean, after every round.
    pub means: Vec<(u32, f64)>,
    /// The public size of one asset's cost.
    pub cost_scale: f64,
    /// Prices to start from, in the problem's units.
    pub prices: Option<Vec<f64>>,
}

/// The sharing ADMM for sums that carry noise: it hears use only, keeps a distance from every limit, and plans by means of its last rounds.
///
/// # Class
/// Convex QPs with `<=`, `>=` and two-sided rows between the assets, each wider than twice the noise; no equalities.
/// # Privacy
/// One number per fleet row and round, the use; nothing else of a report is read.
/// # Stop
/// After the stated number of rounds. A plan is called safe if the noisy mean of its use keeps the stated distance from every limit;
/// then it meets them with the stated confidence. It is never called optimal, and there is no bound of the cost.
/// # Source
/// Boyd et al. 2011, section 7.3, with a spectral penalty (Xu, Figueiredo, Goldstein, "Adaptive ADMM with Spectral Penalty Parameter Selection", 2017); docs/math/privacy-accounting.md#planning.
pub struct Cautious {
    assets: f64,
    bounds: Bounds,
    caution: Caution,
    lower: Vec<f64>,
    upper: Vec<f64>,
    penalty: f64,
    average: Vec<f64>,
    projected: Vec<f64>,
    dual: Vec<f64>,
    marginal: Vec<f64>,
    /// All sums so far, in scaled rows.
    sums: Vec<Vec<f64>>,
    /// The latest plan that keeps its distance, and the round of the first.
    safe: Option<Mix>,
    safe_round: Option<u32>,
    asked: Asked,
}

impl Cautious {
    /// By how much more than the noise the limits are drawn in, for what a finite run leaves undone.
    pub const RESERVE: f64 = 1.5;
    /// The last round in which the penalty changes.
    const TUNING: u32 = 6;

    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] names the first row that is narrower than the noise, or a list of another length.
    pub fn new(coupling: &Coupling, asset_count: usize, caution: Caution) -> Result<Self, CoordinationError> {
        let m = coupling.bounds.len();
        let unsupported = |reason: String| Err(CoordinationError::Unsupported { reason });
        if caution.scale.len() != m || caution.prices.as_ref().is_some_and(|prices| prices.len() != m) {
            return unsupported(format!("scales or prices are not one for each of the fleet's {m} rows"));
        }
        let Some(least) = caution.means.iter().map(|(_, radius)| *radius).reduce(f64::min) else {
            return unsupported("no mean of sums was named; name at least the last one".to_owned());
        };
        let assets = asset_count.max(1) as f64;
        let margin = Self::RESERVE * least;
        let (mut lower, mut upper) = (Vec::with_capacity(m), Vec::with_capacity(m));
        for (k, scale) in caution.scale.iter().enumerate() {
            let (low, high) =
                (coupling.bounds.lower()[k] * scale + margin, coupling.bounds.upper()[k] * scale - margin);
            if low > high {
                return unsupported(format!(
                    "fleet row `{}` leaves {:.3e} of room and the noise needs {:.3e}: no plan can be called safe; allow a larger epsilon, fewer rounds or a smaller clip, let more assets share the row, or give it a wider limit",
                    coupling.names[k],
                    coupling.bounds.upper()[k] - coupling.bounds.lower()[k],
                    2.0 * margin / scale
                ));
            }
            lower.push(low / assets);
            upper.push(high / assets);
        }
        let penalty = caution.cost_scale;
        let dual = match &caution.prices {
            Some(prices) => prices.iter().zip(&caution.scale).map(|(p, d)| p / d / penalty).collect(),
            None => vec![0.0; m],
        };
        Ok(Self {
            assets,
            bounds: coupling.bounds.clone(),
            caution,
            lower,
            upper,
            penalty,
            average: vec![0.0; m],
            projected: vec![0.0; m],
            dual,
            marginal: vec![0.0; m],
            sums: Vec::new(),
            safe: None,
            safe_round: None,
            asked: Asked::Nothing,
        })
    }

    fn round(&self) -> u32 {
        self.sums.len() as u32
    }

    fn ask(&self) -> RoundQuery {
        let round = self.round() + 1;
        let longest = self.caution.means.iter().map(|(length, _)| *length).max().unwrap_or(1);
        let oldest = round.saturating_sub(longest).max(1);
        // A safe mean found earlier is the plan as long as no later one is safe: its answers are kept too.
        let safe =
            self.safe.iter().flat_map(|mix| &mix.weights).map(|(key, _)| key.round).filter(|kept| *kept < oldest);
        let retain = safe.chain(oldest..round).map(|round| ColumnKey { round, slot: 0 }).collect();
        RoundQuery {
            round,
            row_count: self.bounds.len() as u32,
            row_scale: (round == 1).then(|| self.caution.scale.clone()),
            points: vec![QueryPoint {
                prices: self.dual.iter().map(|u| self.penalty * u).collect(),
                barrier: 1e-6 * self.caution.cost_scale,
            }],
            ask: Ask::Proximal {
                penalty: self.penalty,
                relaxation: 1.0,
                shift: self.projected.iter().zip(&self.average).map(|(z, x)| z - x).collect(),
            },
            bound_points: Vec::new(),
            ray: None,
            retain,
        }
    }

    /// Projects onto the limits; in the first rounds the penalty follows the slope that the average answers show.
    fn step(&mut self, usage: &[f64]) {
        let before = std::mem::replace(&mut self.average, usage.iter().map(|y| y / self.assets).collect());
        let first = self.round() == 1;
        // The price that the average answer stands for: what was asked, and what the proximal term added. Alone, an asset pays none.
        let marginal: Vec<f64> = (0..usage.len())
            .map(|k| if first { 0.0 } else { self.penalty * (self.dual[k] + self.average[k] - self.projected[k]) })
            .collect();
        for k in 0..self.average.len() {
            let wanted = self.average[k] + self.dual[k];
            self.projected[k] = wanted.clamp(self.lower[k], self.upper[k]);
            // Prices to start from are not changed by an answer that did not hear them.
            if !(first && self.caution.prices.is_some()) {
                self.dual[k] = wanted - self.projected[k];
            }
        }
        let apart = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        let (moved, dearer) = (apart(&self.average, &before), apart(&marginal, &self.marginal));
        self.marginal = marginal;
        let noise = self.caution.means[0].1 / self.assets;
        if (2..=Self::TUNING).contains(&self.round()) && moved > noise && dearer > 0.0 {
            let factor = (dearer / moved / self.penalty).clamp(0.1, 10.0);
            self.penalty *= factor;
            self.dual.iter_mut().for_each(|u| *u /= factor);
        }
    }

    /// The shortest mean of the last sums that keeps its distance from every limit.
    fn conclude(&mut self) {
        for (length, radius) in &self.caution.means {
            let Some(first) = self.sums.len().checked_sub(*length as usize) else { continue };
            let last = &self.sums[first..];
            let keeps = (0..self.bounds.len()).all(|k| {
                let mean = last.iter().map(|sum| sum[k]).sum::<f64>() / last.len() as f64;
                let scale = self.caution.scale[k];
                mean + radius <= self.bounds.upper()[k] * scale && mean - radius >= self.bounds.lower()[k] * scale
            });
            if keeps {
                let weight = 1.0 / f64::from(*length);
                let keys = (first as u32 + 1..=self.round()).map(|round| ColumnKey { round, slot: 0 });
                self.safe = Some(Mix { weights: keys.map(|key| (key, weight)).collect(), moves: Vec::new() });
                self.safe_round.get_or_insert(self.round());
                return;
            }
        }
    }
}

impl Coordination for Cautious {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        if self.round() >= self.caution.rounds {
            return Err(CoordinationError::Finished);
        }
        if let Some(query) = self.asked.waiting() {
            return Ok(query);
        }
        let query = self.ask();
        Ok(self.asked.keep(query))
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        self.asked.take(sum)?;
        let usage = sum.field(FieldKind::Use, 0).to_vec();
        self.sums.push(usage.clone());
        self.step(&usage);
        self.conclude();
        Ok(if self.round() >= self.caution.rounds { Step::Done } else { Step::Continue })
    }

    fn outcome(&self) -> Outcome {
        Outcome {
            status: Status::RoundLimit,
            rounds: self.round(),
            plan: self.safe.as_ref().map(|_| PlanKind::Safe),
            mix: self.safe.clone(),
            certificate: None,
            prices: self.dual.iter().zip(&self.caution.scale).map(|(u, d)| self.penalty * u * d).collect(),
            conflict: Vec::new(),
            locally_infeasible: 0,
            safe_round: self.safe_round,
            safe_round_one_percent: None,
        }
    }
}
