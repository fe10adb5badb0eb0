use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::{Bounds, Coupling};
use cosmosmesh_contracts::round::{Ask, FieldKind, Mix, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::anderson::Anderson;
use super::evidence::Evidence;
use super::relay::Relayed;
use super::{Asked, Options, scaled_rows};

/// The textbook sharing ADMM, with a certificate: the mission's "ADMM-lite".
///
/// Fixed penalty, no over-relaxation; the fleet's rows are scaled once. Every fifth round asks for a lower bound and, with it, a proof of infeasibility.
///
/// # Class
/// Convex QPs with `<=`, `>=`, two-sided and equality rows between the assets; any number of rows.
/// # Privacy
/// Sums, per round: use and cost; three squared norms. Least revealing of the methods.
/// # Stop
/// The same certificate as every method: gap and violation of a mix of the plans seen.
/// # Cost
/// `m + 9` numbers up from each asset and round; tens of rounds to 1e-3, hundreds to 1e-6.
/// # Source
/// Boyd, Parikh, Chu, Peleato, Eckstein, "Distributed optimization and statistical learning via ADMM", 2011, section 7.3.
pub struct Admm {
    assets: f64,
    evidence: Evidence,
    penalty: f64,
    rule: Rule,
    scale: Option<Vec<f64>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    /// Average use of the scaled rows, its projection onto their limits, and the scaled dual.
    average: Vec<f64>,
    projected: Vec<f64>,
    dual: Vec<f64>,
    /// By how much the limits are drawn in, so that a strict run, which comes from outside, arrives inside them.
    margin: f64,
    rounds_max: u32,
    round: u32,
    asked: Asked,
    warm: Option<Vec<f64>>,
    /// The last steps, for variants that combine them.
    anderson: Anderson,
    /// The plan from which a run that was taken over starts; said once.
    start: Option<Mix>,
}

/// What distinguishes the variants of ADMM: over-relaxation, and how the penalty follows the residuals.
pub(super) struct Rule {
    /// `alpha`, in 1..2.
    pub(super) relaxation: f64,
    /// By what the penalty is multiplied after a round, given its relative primal and dual residuals.
    pub(super) factor: fn(round: u32, primal: f64, dual: f64) -> f64,
    /// How many earlier steps are combined with the last; zero for none.
    pub(super) memory: u8,
    /// How often a bound is asked for.
    pub(super) bound_every: u32,
}

/// How often a bound is asked for where rounds and bytes are both to be saved.
pub(super) const BOUND_EVERY: u32 = 5;

impl Admm {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if a warm start has another number of rows.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        Self::with(
            Rule { relaxation: 1.0, factor: |_, _, _| 1.0, memory: 0, bound_every: BOUND_EVERY },
            coupling,
            asset_count,
            options,
        )
    }

    /// The same with over-relaxation, `relaxation` in 1..2, and a bound in every round; the penalty is `options.cost_scale`.
    ///
    /// For tuning with hindsight: no run with this penalty is certified in fewer rounds.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if a warm start has another number of rows.
    pub fn relaxed(
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
        relaxation: f64,
    ) -> Result<Self, CoordinationError> {
        Self::with(
            Rule { relaxation, factor: |_, _, _| 1.0, memory: 0, bound_every: 1 },
            coupling,
            asset_count,
            options,
        )
    }

    pub(super) fn with(
        rule: Rule,
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
    ) -> Result<Self, CoordinationError> {
        let m = coupling.bounds.len();
        options.warm.as_ref().map_or(Ok(()), |warm| warm.check(m))?;
        Ok(Self {
            assets: asset_count.max(1) as f64,
            evidence: Evidence::new(coupling.bounds.clone(), options),
            penalty: options.cost_scale,
            anderson: Anderson::new(rule.memory),
            start: None,
            rule,
            scale: None,
            lower: Vec::new(),
            upper: Vec::new(),
            average: vec![0.0; m],
            projected: vec![0.0; m],
            dual: vec![0.0; m],
            margin: if options.strict { 0.05 * options.tolerance * (1.0 + coupling.bounds.magnitude()) } else { 0.0 },
            rounds_max: options.rounds_max.unwrap_or(2000),
            round: 0,
            asked: Asked::Nothing,
            warm: options.warm.as_ref().map(|warm| warm.prices.clone()),
        })
    }

    /// Goes on where another method stands: from its best plan and its best prices, with everything it has proven.
    pub(super) fn resume(
        rule: Rule,
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
        relayed: Relayed,
    ) -> Result<Self, CoordinationError> {
        let mut admm = Self::with(rule, coupling, asset_count, options)?;
        let Relayed { evidence, scale, round } = relayed;
        admm.warm = None;
        admm.round = round;
        admm.limit(&scale, &evidence.bounds);
        for (k, d) in scale.iter().enumerate() {
            admm.dual[k] = evidence.prices[k] / d / admm.penalty;
        }
        if let Some(plan) = evidence.best.as_ref().or(evidence.safe.as_ref()) {
            for (k, d) in scale.iter().enumerate() {
                admm.average[k] = plan.usage[k] * d / admm.assets;
            }
            admm.start = Some(plan.mix.clone());
            admm.project();
        }
        admm.scale = Some(scale);
        admm.evidence = evidence;
        Ok(admm)
    }

    /// The limits of the average use, in scaled rows.
    fn limit(&mut self, scale: &[f64], bounds: &Bounds) {
        for (k, d) in scale.iter().enumerate() {
            let (lower, upper) = (bounds.lower()[k], bounds.upper()[k]);
            let margin = self.margin.min(0.25 * (upper - lower));
            self.lower.push((lower + margin) * d / self.assets);
            self.upper.push((upper - margin) * d / self.assets);
        }
    }

    /// The projection of average plus dual onto the limits, and the dual that is left.
    fn project(&mut self) {
        for k in 0..self.average.len() {
            let wanted = self.average[k] + self.dual[k];
            self.projected[k] = wanted.clamp(self.lower[k], self.upper[k]);
            self.dual[k] = wanted - self.projected[k];
        }
    }

    /// Lets the penalty follow the relative residuals; the price stays where it is.
    fn balance(&mut self, round: u32, norms: &[f64]) {
        let &[gap, used, held, moved] = norms else { return };
        let dual = self.assets * self.dual.iter().map(|u| u * u).sum::<f64>();
        let relative = |part: f64, whole: f64| if whole > 0.0 { (part / whole).sqrt() } else { 0.0 };
        let factor = (self.rule.factor)(round, relative(gap, used.max(held)), relative(moved, dual));
        if factor != 1.0 {
            // Steps of another penalty are steps of another map.
            self.anderson.forget();
        }
        self.penalty *= factor;
        self.dual.iter_mut().for_each(|u| *u /= factor);
    }

    fn ask(&mut self) -> RoundQuery {
        let m = self.evidence.bounds.len();
        let round = self.round + 1;
        let barrier = 1e-9 * self.evidence.cost_scale().min(1e9);
        let first = self.round == 0;
        let shift: Vec<f64> = self.projected.iter().zip(&self.average).map(|(z, x)| z - x).collect();
        let prices: Vec<f64> = match &self.warm {
            Some(prices) if first => prices.clone(),
            _ => self.dual.iter().map(|u| self.penalty * u).collect(),
        };
        let wants_bound = round.is_multiple_of(self.rule.bound_every) || first;
        let norm = prices.iter().map(|p| p * p).sum::<f64>().sqrt();
        let ray = (wants_bound && norm > 0.0 && !first).then(|| prices.iter().map(|p| p / norm).collect());
        RoundQuery {
            round,
            row_count: m as u32,
            row_scale: if round == 2 { self.scale.clone() } else { None },
            points: vec![QueryPoint { prices, barrier }],
            ask: if self.rule.memory == 0 {
                Ask::Proximal { penalty: self.penalty, relaxation: self.rule.relaxation, shift }
            } else {
                Ask::Accelerated {
                    penalty: self.penalty,
                    relaxation: self.rule.relaxation,
                    shift,
                    weights: self.anderson.weights().to_vec(),
                    memory: self.rule.memory,
                    start: self.start.clone(),
                }
            },
            bound_points: if wants_bound { vec![0] } else { Vec::new() },
            ray,
            retain: self.evidence.retained(),
        }
    }
}

impl Coordination for Admm {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        if self.evidence.is_done() || self.round >= self.rounds_max {
            return Err(CoordinationError::Finished);
        }
        if let Some(query) = self.asked.waiting() {
            return Ok(query);
        }
        let query = self.ask();
        Ok(self.asked.keep(query))
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        let query = self.asked.take(sum)?;
        self.round = query.round;
        let m = self.evidence.bounds.len();
        let ones = vec![1.0; m];
        let (unit_of_sum, to_scaled) = if query.round == 1 {
            let scale = scaled_rows::scale(sum);
            let bounds = self.evidence.bounds.clone();
            self.limit(&scale, &bounds);
            if let Some(prices) = &self.warm {
                self.dual = prices.iter().zip(&scale).map(|(p, d)| p / d / self.penalty).collect();
            }
            self.scale = Some(scale.clone());
            (ones, scale)
        } else {
            (self.scale.clone().unwrap_or_else(|| ones.clone()), ones)
        };
        self.evidence.absorb(&query, sum, &unit_of_sum, &unit_of_sum);
        // Where somebody clipped, the sum is not the fleet's: the same question is asked again, in wider ranges.
        let sound = sum.is_sound(FieldKind::Use, 0) && sum.is_sound(FieldKind::ProximalNorms, 0);
        if !self.evidence.is_done() && sound {
            self.start = None;
            let usage = sum.field(FieldKind::Use, 0);
            // Every asset relaxes towards its own target; the average of the targets is the last projection.
            let alpha = if query.round == 1 { 1.0 } else { self.rule.relaxation };
            for k in 0..m {
                self.average[k] = alpha * usage[k] * to_scaled[k] / self.assets + (1.0 - alpha) * self.projected[k];
            }
            if query.round > 1 {
                let gram = sum.field(FieldKind::Gram, 0);
                self.anderson.combine(gram, &mut self.average, &mut self.dual);
            }
            self.project();
            if query.round > 1 {
                self.balance(query.round, sum.field(FieldKind::ProximalNorms, 0));
            }
            self.evidence.conclude();
        }
        let over = self.evidence.is_done() || self.round >= self.rounds_max;
        Ok(if over { Step::Done } else { Step::Continue })
    }

    fn outcome(&self) -> Outcome {
        self.evidence.outcome()
    }
}
