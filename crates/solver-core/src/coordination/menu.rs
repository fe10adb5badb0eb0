use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, FieldKind, Metric, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::evidence::Evidence;
use super::master::{Summed, master};
use super::{Asked, Options};

/// Speculative path following: one round asks about several points of the predicted central path at once.
///
/// Which of them the fleet follows is decided after the answers are in: the boldest one whose summed Newton decrement is small.
/// Step length, centring and look-ahead thus cost one round together.
///
/// # Class
/// Convex QPs with `<=`, `>=`, two-sided and equality rows between the assets.
/// # Privacy
/// Sums, per point: use, affine response, `mu S`, `dy/dmu`, cost, decrement and its square; per bound point: bound, use and cost of its plan.
/// `mu S` shows the fleet's flexibility per pair of rows and is the most revealing; see docs/math/federated-solver.md#reveals.
/// # Stop
/// Certified gap and coupling violation of a mix of the plans seen, both at most the tolerance; or a ray that no plan can meet.
/// # Cost
/// Per round about `8 (m(m+1)/2 + 3m)` numbers up from each asset.
/// # Source
/// docs/math/federated-solver.md#menu.
pub struct Menu {
    assets: f64,
    evidence: Evidence,
    /// The public row scaling `D`; the sums after the first round are in scaled rows.
    scale: Option<Vec<f64>>,
    lower: Vec<f64>,
    upper: Vec<f64>,
    rounds_max: u32,
    round: u32,
    asked: Asked,
    base: Option<Base>,
    sides: f64,
    start: Start,
    /// How often in a row the fleet was centred but no bolder candidate was accepted: each time the menu's steps are halved.
    stuck: u32,
}

/// The accepted candidate of the last round.
struct Base {
    index: u16,
    prices: Vec<f64>,
    barrier: f64,
    answer: Vec<f64>,
    curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
    decrement: f64,
}

/// Where the first menu looks.
struct Start {
    prices: Vec<f64>,
    barrier: f64,
    decades: (f64, f64),
}

/// How far along the path each candidate of a menu lies, as factors of the present barrier.
const MENU: [f64; 8] = [1.0, 0.55, 0.33, 0.19, 0.1, 0.05, 0.015, 0.002];
/// A squared decrement per participating asset below this is trusted.
const THRESHOLD: f64 = 4.0;
const METRIC: Metric = Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 };

impl Menu {
    /// A coordinator for a fleet of `asset_count` assets that share these rows.
    ///
    /// # Errors
    /// [`CoordinationError::Unsupported`] if the rows are so many that a report would not fit.
    pub fn new(coupling: &Coupling, asset_count: usize, options: &Options) -> Result<Self, CoordinationError> {
        let m = coupling.bounds.len();
        if m > Self::ROWS_MAX {
            let reason = format!(
                "`menu` sums a curvature of {m} × {m} rows, at most {} fit; use `--variant admm`",
                Self::ROWS_MAX
            );
            return Err(CoordinationError::Unsupported { reason });
        }
        let start = match &options.warm {
            Some(warm) if warm.prices.len() != m => {
                let reason = format!("the warm start has {} prices, the fleet has {m} rows", warm.prices.len());
                return Err(CoordinationError::Unsupported { reason });
            }
            Some(warm) => Start { prices: warm.prices.clone(), barrier: warm.barrier, decades: (2.0, -2.0) },
            None => Start { prices: vec![0.0; m], barrier: options.cost_scale, decades: (0.5, -3.0) },
        };
        Ok(Self {
            assets: asset_count.max(1) as f64,
            evidence: Evidence::new(coupling.bounds.clone(), options),
            scale: None,
            lower: Vec::new(),
            upper: Vec::new(),
            rounds_max: options.rounds_max.unwrap_or(60),
            round: 0,
            asked: Asked::Nothing,
            base: None,
            sides: 1.0,
            start,
            stuck: 0,
        })
    }

    /// The most fleet rows: a report then has about 2^24 numbers.
    pub const ROWS_MAX: usize = 1500;

    fn ask(&mut self) -> RoundQuery {
        let m = self.evidence.bounds.len();
        let mut points = Vec::new();
        let (mut base_index, mut row_scale) = (None, None);
        // Prices that ran away while looking for a point that the modelled fleet cannot reach.
        let mut suspect = None;
        if let Some(base) = &self.base {
            base_index = Some(base.index);
            if self.round == 1 {
                row_scale = self.scale.clone();
            }
            let wary = if base.decrement > THRESHOLD { &[3.0][..] } else { &[] };
            let mut last = f64::INFINITY;
            let patience = 0.5_f64.powi(self.stuck.min(6) as i32);
            for factor in wary.iter().copied().chain(MENU.iter().map(|factor| factor.powf(patience))) {
                let barrier = (base.barrier * factor).max(self.floor());
                if barrier >= 0.99 * last {
                    continue;
                }
                let answer: Vec<f64> = base
                    .answer
                    .iter()
                    .zip(&base.barrier_derivative)
                    .map(|(y, d)| y + d * (barrier - base.barrier))
                    .collect();
                let model = Summed { answer: &answer, curvature: &base.curvature, prices: &base.prices };
                match master(&model, &self.lower, &self.upper, barrier) {
                    Ok(prices) => {
                        points.push(QueryPoint { prices, barrier });
                        last = barrier;
                    }
                    Err(prices) => suspect = Some(prices),
                }
            }
            if points.is_empty() {
                points.push(QueryPoint { prices: base.prices.clone(), barrier: base.barrier });
            }
        } else {
            let (from, to) = self.start.decades;
            let count = MENU.len();
            for k in 0..count {
                let decade = from + (to - from) * k as f64 / (count - 1) as f64;
                points.push(QueryPoint {
                    prices: self.start.prices.clone(),
                    barrier: self.start.barrier * 10f64.powf(decade),
                });
            }
        }
        let last = points.len() - 1;
        let mut bound_points: Vec<u16> = [0.0, 0.5, 1.0].iter().map(|f| (f * last as f64).round() as u16).collect();
        bound_points.dedup();
        let ray = suspect.and_then(|prices| direction(&prices)).or_else(|| direction(&points[last].prices));
        RoundQuery {
            round: self.round + 1,
            row_count: m as u32,
            row_scale,
            points,
            ask: Ask::Path { base: base_index, metric: METRIC },
            bound_points,
            ray: ray.filter(|_| self.round > 0),
            retain: self.evidence.retained(),
        }
    }

    /// The least barrier worth asking for: the complementarity it leaves is far below the tolerance.
    fn floor(&self) -> f64 {
        (0.02 * self.evidence.tolerance * self.evidence.cost_scale() / self.sides)
            .max(1e-14 * self.evidence.cost_scale())
    }

    /// Chooses the base of the next round from the sums of this one.
    fn choose(&mut self, query: &RoundQuery, sum: &SummedReport, unit: &[f64]) {
        let m = self.evidence.bounds.len();
        let limit = THRESHOLD
            * if query.round <= 3 {
                1.5
            } else if query.round <= 8 {
                1.0
            } else {
                0.6
            };
        let mut chosen: Option<Base> = None;
        for (k, point) in query.points.iter().enumerate() {
            let slot = k as u16;
            let mu = point.barrier;
            let rows = |kind, factor: f64| -> Vec<f64> {
                sum.field(kind, slot).iter().zip(unit).map(|(v, d)| v * d * factor).collect()
            };
            let prices: Vec<f64> = point.prices.iter().zip(unit).map(|(p, d)| p / d).collect();
            let usage = rows(FieldKind::Use, 1.0);
            let answer = rows(FieldKind::Response, 1.0);
            let barrier_derivative = rows(FieldKind::BarrierDerivative, 1.0 / mu);
            let curvature = square(sum.field(FieldKind::Curvature, slot), m, |a, b, v| v * unit[a] * unit[b] / mu);
            let model = Summed { answer: &answer, curvature: &curvature, prices: &prices };
            let mut decrement = f64::INFINITY;
            if let Ok(next) = master(&model, &self.lower, &self.upper, mu) {
                // delta^2 = sum_i (d_i - Delta)' S_i (d_i - Delta) / mu, from sums alone.
                let delta: Vec<f64> = next.iter().zip(&prices).map(|(n, p)| n - p).collect();
                let cross: f64 = delta.iter().zip(answer.iter().zip(&usage)).map(|(d, (a, y))| d * (a - y)).sum();
                let own: f64 =
                    (0..m).map(|a| delta[a] * (0..m).map(|b| curvature[a * m + b] * delta[b]).sum::<f64>()).sum();
                let summed = sum.scalar(FieldKind::Decrement, slot);
                decrement = (summed * mu - 2.0 * cross + own).max(0.0) / mu;
                // Over how many assets is the difficulty spread? Each is limited by its own decrement only.
                let squares = sum.scalar(FieldKind::DecrementSquare, slot);
                let effective =
                    if squares > 0.0 { (summed * summed / squares).clamp(1.0, self.assets) } else { self.assets };
                decrement /= effective;
            }
            if !decrement.is_finite() {
                decrement = f64::INFINITY;
            }
            let candidate = Base { index: slot, prices, barrier: mu, answer, curvature, barrier_derivative, decrement };
            let better = match &chosen {
                None => true,
                Some(old) => match (old.decrement < limit, decrement < limit) {
                    (true, true) => mu < old.barrier,
                    (true, false) => false,
                    (false, true) => true,
                    (false, false) => decrement < old.decrement,
                },
            };
            if better {
                chosen = Some(candidate);
            }
        }
        // A centred fleet that takes none of the bolder candidates would be offered the same menu for ever.
        let still = match (&self.base, &chosen) {
            (Some(old), Some(new)) => new.decrement < 0.1 * limit && new.barrier >= 0.999 * old.barrier,
            _ => false,
        };
        self.stuck = if still { self.stuck + 1 } else { self.stuck.saturating_sub(1) };
        self.base = chosen;
    }
}

/// Prices as a direction of length one; none if they are zero or beyond arithmetic.
fn direction(prices: &[f64]) -> Option<Vec<f64>> {
    let largest = prices.iter().fold(0.0_f64, |worst, p| worst.max(p.abs()));
    let norm = largest * prices.iter().map(|p| (p / largest).powi(2)).sum::<f64>().sqrt();
    (norm > 0.0 && norm.is_finite()).then(|| prices.iter().map(|p| p / norm).collect())
}

/// The full matrix of an upper triangle listed row by row.
fn square(triangle: &[f64], m: usize, value: impl Fn(usize, usize, f64) -> f64) -> Vec<f64> {
    let mut full = vec![0.0; m * m];
    let mut next = triangle.iter();
    for a in 0..m {
        for b in a..m {
            let v = value(a, b, next.next().copied().unwrap_or(0.0));
            full[a * m + b] = v;
            full[b * m + a] = v;
        }
    }
    full
}

impl Coordination for Menu {
    fn query(&mut self) -> Result<RoundQuery, CoordinationError> {
        if self.evidence.is_done() || self.round >= self.rounds_max {
            return Err(CoordinationError::Finished);
        }
        let query = match std::mem::replace(&mut self.asked, Asked::Nothing) {
            Asked::Query(query) => query,
            Asked::Nothing => Box::new(self.ask()),
        };
        self.asked = Asked::Query(query.clone());
        Ok(*query)
    }

    fn absorb(&mut self, sum: &SummedReport) -> Result<Step, CoordinationError> {
        let query = self.asked.take(sum)?;
        self.round = query.round;
        let m = self.evidence.bounds.len();
        // The first sum is in the problem's units; with it come the norms from which the scaling follows.
        let ones = vec![1.0; m];
        let (unit_of_sum, to_scaled) = if query.round == 1 {
            let count = sum.contributors() as f64;
            let norms = sum.field(FieldKind::RowNorms, 0);
            let scale: Vec<f64> =
                norms.iter().map(|n| if *n > 0.0 { (n / count).sqrt().recip() } else { 1.0 }).collect();
            self.lower = self.evidence.bounds.lower().iter().zip(&scale).map(|(b, d)| b * d).collect();
            self.upper = self.evidence.bounds.upper().iter().zip(&scale).map(|(b, d)| b * d).collect();
            self.sides = sum.scalar(FieldKind::ConstraintCount, 0).max(1.0);
            self.scale = Some(scale.clone());
            (ones, scale)
        } else {
            (self.scale.clone().unwrap_or_else(|| ones.clone()), ones)
        };
        self.evidence.absorb(&query, sum, &unit_of_sum, &unit_of_sum);
        if !self.evidence.is_done() {
            self.choose(&query, sum, &to_scaled);
            self.evidence.conclude();
        }
        if !self.evidence.is_done() && self.base.is_none() {
            self.evidence.status = Status::Numerical;
        }
        let over = self.evidence.is_done() || self.round >= self.rounds_max;
        Ok(if over { Step::Done } else { Step::Continue })
    }

    fn outcome(&self) -> Outcome {
        self.evidence.outcome()
    }
}
