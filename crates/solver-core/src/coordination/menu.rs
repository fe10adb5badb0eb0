use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::{Bounds, Coupling};
use cosmosmesh_contracts::round::{
    Ask, ColumnKey, FieldKind, Metric, OpenPrice, QueryPoint, Rest, RoundQuery, SummedReport,
};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::evidence::Evidence;
use super::master::{Priced, Summed, master};
use super::moves;
use super::relay::Relayed;
use super::{Asked, Options, Warm};

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
    /// By what factor the last round lowered the barrier.
    pace: f64,
    absence: bool,
    thin: bool,
    open: Vec<Open>,
}

/// A bound in the making: prices in scaled rows, and what the assets that have answered add up to.
struct Open {
    price: OpenPrice,
    count: f64,
    sum: f64,
}

/// The accepted candidate of the last round.
struct Base {
    /// Which point of the last round it is; none if that round was refused and the base is an older one.
    index: Option<u16>,
    usage: Vec<f64>,
    cost: f64,
    boxed: f64,
    prices: Vec<f64>,
    barrier: f64,
    answer: Vec<f64>,
    curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
    decrement: f64,
    /// Over how many assets the decrement is spread.
    effective: f64,
}

/// Where the first menu looks.
struct Start {
    points: Vec<QueryPoint>,
    /// The largest barrier among those at price zero.
    highest: f64,
    /// How many points are at price zero; those of an earlier path follow.
    cold_count: usize,
}

/// How far along the path each candidate of a menu lies, as factors of the present barrier.
const MENU: [f64; 8] = [1.0, 0.55, 0.33, 0.19, 0.1, 0.05, 0.015, 0.002];
/// The same for a thin link, as factors of the pace too: the first alone brings a curvature, the others plans and prices of bounds.
const THIN: [f64; 4] = [1.0, 0.6, 0.2, 0.03];
/// Every how many candidates an allotted plan is asked for.
const ALLOTTED: usize = 2;
/// A thin run that is not over by this round is no longer thin.
const THIN_ROUNDS: u32 = 12;
/// For how many rounds a bound stays open.
const OPEN_ROUNDS: u32 = 8;
/// The pace of a thin menu, whose one candidate must be right.
const THIN_PACE: (f64, f64) = (0.03, 0.9);
/// A thin menu's candidate beyond this many times the limit is not followed.
const REFUSED: f64 = 6.0;
/// An error below which a plan is near the optimum.
const NEAR: f64 = 1e-3;
/// How many barriers the first round of a cold start asks about.
const COLD: u32 = 8;
/// The largest of them, in units of the public cost scale, and over how many decades they go down.
const HIGHEST: f64 = 3.162_277_660_168_379_5;
const COLD_DECADES: f64 = 3.5;
/// A first menu whose best candidate is beyond this squared decrement, and not trusted, was asked in too small units; the next one begins higher.
const FAR: f64 = 60.0;
/// A point of an earlier path is trusted up to this many times the limit.
const WARM: f64 = 8.0;
/// In how many first rounds that may happen: twelve decades.
const RESTARTS: u32 = 3;
/// By at most what factor the barrier falls in a round in which somebody is away.
const SLOWEST: f64 = 0.15;
/// A squared decrement per participating asset below this is trusted.
const THRESHOLD: f64 = 4.0;
/// By how much more is trusted while there is no base to go back to: the first price is zero, and any step from there is a gain.
const FIRST: f64 = 16.0;
/// The same where an earlier path is asked about as well.
const FIRST_WITH_PATH: f64 = 1.5;
/// The same in the second and third round, and what is left of it late, when a refused candidate costs less than a wrong one.
const EARLY: f64 = 3.0;
const LATE: f64 = 0.6;
/// How many assets leave their predictions at the same time, as a power of over how many the decrement was spread.
const TOGETHER: f64 = 0.75;
/// The most that a row gives, as a multiple of how far the fleet's use of it moves.
const GIVE_MAX: f64 = 1e9;
/// Where there is no rest of the fleet to be held by yet.
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
            Some(warm) => {
                // What is far from where the earlier path leads is begun anew, in the same round.
                let mut points = cold(m, options.cost_scale);
                let cold_count = points.len();
                points.extend(again(warm));
                points.iter_mut().for_each(|point| lean(&mut point.prices, &coupling.bounds));
                Start { points, highest: options.cost_scale * HIGHEST, cold_count }
            }
            None => Start {
                points: cold(m, options.cost_scale),
                highest: options.cost_scale * HIGHEST,
                cold_count: COLD as usize,
            },
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
            pace: 0.3,
            absence: options.absence,
            thin: options.thin,
            open: Vec::new(),
        })
    }

    /// The least error of any plan so far; infinite before there is one.
    pub(super) fn error(&self) -> f64 {
        let known = [&self.evidence.best, &self.evidence.safe].into_iter().flatten();
        known.map(|plan| self.evidence.error_of(plan)).fold(f64::INFINITY, f64::min)
    }

    /// From the next question on every point brings its curvature; returns whether that is a change.
    pub(super) fn thicken(&mut self) -> bool {
        std::mem::replace(&mut self.thin, false)
    }

    /// Everything that another method can go on with; none before the first sum.
    pub(super) fn relay(&self) -> Option<Relayed> {
        Some(Relayed { evidence: self.evidence.clone(), scale: self.scale.clone()?, round: self.round })
    }

    /// The most fleet rows: a report then has about 2^24 numbers.
    pub const ROWS_MAX: usize = 1500;

    fn ask(&mut self) -> RoundQuery {
        let m = self.evidence.bounds.len();
        let (mut points, mut give) = (Vec::new(), Vec::new());
        let mut base_index = None;
        let row_scale = self.scale.clone().filter(|_| self.round == 1);
        // Prices that ran away while looking for a point that the modelled fleet cannot reach.
        let mut suspect = None;
        if let Some(base) = &self.base {
            base_index = base.index;
            let wary = if base.decrement > THRESHOLD { &[3.0][..] } else { &[] };
            let mut last = f64::INFINITY;
            let patience = 0.5_f64.powi(self.stuck.min(6) as i32);
            let wary = if self.thin { &[] } else { wary };
            let menu: Vec<f64> = if self.thin {
                THIN.iter().map(|step| step * self.pace).collect()
            } else {
                MENU.iter().map(|factor| factor.powf(patience)).collect()
            };
            for factor in wary.iter().copied().chain(menu) {
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
                    Ok(Priced { prices, give: row_give }) => {
                        points.push(QueryPoint { prices, barrier });
                        give.push(row_give);
                        last = barrier;
                    }
                    Err(prices) => suspect = Some(prices),
                }
            }
            if points.is_empty() {
                points.push(QueryPoint { prices: base.prices.clone(), barrier: base.barrier });
            }
        } else {
            points.clone_from(&self.start.points);
        }
        let last = points.len() - 1;
        // Far from the end any of the prices may give the best bound; near it, the boldest does.
        let near = self.evidence.best.as_ref().is_some_and(|best| self.evidence.error_of(best) <= NEAR);
        let places = if near && !self.absence { &[1.0][..] } else { &[0.0, 0.5, 1.0] };
        let mut bound_points: Vec<u16> = places.iter().map(|f| (f * last as f64).round() as u16).collect();
        bound_points.dedup();
        let all = points.len() as u16;
        let guided = self.base.is_some() && give.len() == points.len();
        // Plans that use what the model allots: the fleet as a whole then meets its rows.
        let allotted = match guided {
            true if self.thin => 1,
            true => points.len().div_ceil(ALLOTTED),
            false => 0,
        };
        for k in (0..points.len()).step_by(ALLOTTED).take(allotted) {
            points.push(points[k].clone());
            give.push(give[k].clone());
        }
        let curvature: Vec<u16> = match self.round {
            0 if self.thin => (1..all.min(2)).collect(),
            // Late, one candidate may be refused again and again; then all of them bring their curvature.
            1..THIN_ROUNDS if self.thin && self.base.is_some() => vec![0],
            _ => (0..all).collect(),
        };
        let relative = self.absence && self.base.is_some();
        if relative {
            let prices = points[last / 2].prices.clone();
            self.open.push(Open { price: OpenPrice { opened: self.round + 1, prices }, count: 0.0, sum: 0.0 });
        }
        let rest = self.base.as_ref().filter(|_| guided).map(|base| base.rest(give));
        let (base, metric, moves) = (base_index, METRIC, self.evidence.moves_due());
        let open = self.open.iter().map(|open| open.price.clone()).collect();
        let ask = if allotted > 0 {
            let allotted = allotted as u16;
            Ask::Allotted { base, metric, rest, relative, curvature, open, moves, allotted }
        } else {
            Ask::Guided { base, metric, rest, relative, curvature, open, moves }
        };
        let ray = suspect.and_then(|prices| direction(&prices)).or_else(|| direction(&points[last].prices));
        RoundQuery {
            round: self.round + 1,
            row_count: m as u32,
            row_scale,
            points,
            ask,
            bound_points,
            // A safe plan settles that there is one.
            ray: ray.filter(|_| self.round > 0 && self.evidence.safe.is_none()),
            retain: self.evidence.retained(),
        }
    }

    /// The sums of all assets from the differences of those present: adds what the base says, which holds for whoever is away.
    fn complete(&self, query: &RoundQuery, sum: &SummedReport) -> Result<Option<SummedReport>, CoordinationError> {
        let (true, Some(base)) = (query.is_relative(), &self.base) else { return Ok(None) };
        let m = self.evidence.bounds.len();
        let mut values = sum.values().to_vec();
        for field in sum.layout().fields() {
            let target = &mut values[field.offset..field.offset + field.len];
            let at_point = query.points.get(usize::from(field.point));
            match (field.kind, at_point) {
                (FieldKind::Use | FieldKind::BoundUse, _) => {
                    target.iter_mut().zip(&base.usage).for_each(|(v, u)| *v += u);
                }
                (FieldKind::Cost | FieldKind::BoundCost, _) => target[0] += base.cost,
                (FieldKind::Boxed | FieldKind::BoundBoxed, _) => target[0] += base.boxed,
                (FieldKind::Response, Some(point)) => {
                    for (a, v) in target.iter_mut().enumerate() {
                        let row = &base.curvature[a * m..(a + 1) * m];
                        let moved: f64 =
                            row.iter().zip(point.prices.iter().zip(&base.prices)).map(|(s, (p, q))| s * (p - q)).sum();
                        *v += base.answer[a] - moved + base.barrier_derivative[a] * (point.barrier - base.barrier);
                    }
                }
                (FieldKind::Curvature, Some(point)) => {
                    let upper = (0..m).flat_map(|a| base.curvature[a * m + a..(a + 1) * m].iter());
                    target.iter_mut().zip(upper).for_each(|(v, s)| *v += point.barrier * s);
                }
                (FieldKind::BarrierDerivative, Some(point)) => {
                    target.iter_mut().zip(&base.barrier_derivative).for_each(|(v, d)| *v += point.barrier * d);
                }
                _ => {}
            }
        }
        Ok(Some(sum.with_values(values)?))
    }

    /// The least barrier worth asking for: the complementarity it leaves is far below the tolerance.
    fn floor(&self) -> f64 {
        (0.02 * self.evidence.tolerance * self.evidence.cost_scale() / self.sides)
            .max(1e-14 * self.evidence.cost_scale())
    }

    /// Chooses the base of the next round from the sums of this one.
    fn choose(&mut self, query: &RoundQuery, sum: &SummedReport, unit: &[f64]) {
        let m = self.evidence.bounds.len();
        let with_path = self.start.cold_count < self.start.points.len();
        let limit = THRESHOLD
            * match (&self.base, query.round) {
                (None, _) if !with_path => FIRST,
                (None, _) => FIRST_WITH_PATH,
                (_, ..=3) => EARLY,
                (_, ..=8) => 1.0,
                _ => LATE,
            };
        let slowest = match &self.base {
            Some(base) if !self.evidence.fresh => SLOWEST * base.barrier,
            _ => 0.0,
        };
        let hurried = |mu: f64| mu < slowest;
        // Near the earlier path more is dared than a cold start would: the alternative is to begin anew.
        let first = self.start.cold_count;
        let limit_of = |slot: u16| if self.base.is_none() && usize::from(slot) >= first { WARM * limit } else { limit };
        let mut chosen: Option<Base> = None;
        let (mut moved_plans, mut decrements) = (Vec::new(), Vec::new());
        let scale = self.scale.clone().unwrap_or_else(|| vec![1.0; m]);
        for (k, point) in query.candidates().iter().enumerate() {
            let slot = k as u16;
            let mu = point.barrier;
            // Where somebody clipped, the sum is not the fleet's.
            let sound = sum.is_sound(FieldKind::Use, slot) && sum.is_sound(FieldKind::Response, slot);
            if !sound || sum.field(FieldKind::Curvature, slot).is_empty() {
                continue;
            }
            let rows = |kind, factor: f64| -> Vec<f64> {
                sum.field(kind, slot).iter().zip(unit).map(|(v, d)| v * d * factor).collect()
            };
            let prices: Vec<f64> = point.prices.iter().zip(unit).map(|(p, d)| p / d).collect();
            let usage = rows(FieldKind::Use, 1.0);
            let answer = rows(FieldKind::Response, 1.0);
            let barrier_derivative = rows(FieldKind::BarrierDerivative, 1.0 / mu);
            let curvature = square(sum.field(FieldKind::Curvature, slot), m, |a, b, v| v * unit[a] * unit[b] / mu);
            let model = Summed { answer: &answer, curvature: &curvature, prices: &prices };
            let (mut decrement, mut effective) = (f64::INFINITY, 1.0);
            if let Ok(Priced { prices: next, .. }) = master(&model, &self.lower, &self.upper, mu) {
                let summed = sum.scalar(FieldKind::Decrement, slot);
                let sums = moves::Sums {
                    mu,
                    prices: &prices,
                    usage: &usage,
                    answer: &answer,
                    curvature: &curvature,
                    barrier_derivative: &barrier_derivative,
                    decrement: summed,
                };
                let delta: Vec<f64> = next.iter().zip(&prices).map(|(n, p)| n - p).collect();
                decrement = sums.decrement_after(&delta);
                if !self.absence && sum.scalar(FieldKind::Boxed, slot) == 0.0 {
                    let noise = moves::Noise::of(sum, slot, unit, mu);
                    if let Some(stride) = sums.stride(&delta, self.sides, &noise) {
                        let key = ColumnKey { round: query.round, slot: ColumnKey::MOVED + slot };
                        moved_plans.push(stride.plan(key, sum.scalar(FieldKind::Cost, slot), &scale));
                    }
                }
                // Over how many assets is the difficulty spread? Each is limited by its own decrement only.
                let squares = sum.scalar(FieldKind::DecrementSquare, slot);
                effective =
                    if squares > 0.0 { (summed * summed / squares).clamp(1.0, self.assets) } else { self.assets };
                decrement /= effective;
            }
            if !decrement.is_finite() {
                decrement = f64::INFINITY;
            }
            let (cost, boxed) = (sum.scalar(FieldKind::Cost, slot), sum.scalar(FieldKind::Boxed, slot));
            let index = Some(slot);
            let candidate = Base {
                index,
                usage,
                cost,
                boxed,
                prices,
                barrier: mu,
                answer,
                curvature,
                barrier_derivative,
                decrement,
                effective,
            };
            decrements.push(candidate.decrement);
            let better = match &chosen {
                None => true,
                Some(old) => match (old.decrement < limit_of(old.index.unwrap_or(0)), decrement < limit_of(slot)) {
                    // Models of assets that are away grow old, so the path is followed more slowly while somebody is.
                    (true, true) if hurried(old.barrier) == hurried(mu) => (mu < old.barrier) != hurried(mu),
                    (true, true) => hurried(old.barrier),
                    (true, false) => false,
                    (false, true) => true,
                    (false, false) => decrement < old.decrement,
                },
            };
            if better {
                chosen = Some(candidate);
            }
        }
        moved_plans.into_iter().for_each(|moved| self.evidence.offer_moved(moved));
        if chosen.is_none() {
            // Nothing to go on from: everybody stays at the base, and the next ranges are wider.
            self.base = self.base.take().map(|old| Base { index: None, ..old });
            return;
        }
        // Costs in larger units than the public scale says: all that was asked is as good as no barrier.
        // Where a larger barrier brings nobody nearer, the rows themselves are far away, and there is nothing to begin anew.
        // An asset that is unbounded alone is far from any path whatever the units.
        let far = chosen.as_ref().is_some_and(|new| new.decrement > FAR.max(limit) && new.boxed == 0.0);
        if self.base.is_none() && far && falling(&decrements) && query.round <= RESTARTS {
            let lowest = self.start.highest * 10f64.sqrt();
            self.start.highest = lowest * 10f64.powf(COLD_DECADES);
            self.start.points = descending(m, self.start.highest);
            self.start.cold_count = self.start.points.len();
            return;
        }
        // A centred fleet that takes none of the bolder candidates would be offered the same menu for ever.
        let still = match (&self.base, &chosen) {
            (Some(old), Some(new)) => new.decrement < 0.1 * limit && new.barrier >= 0.999 * old.barrier,
            _ => false,
        };
        self.stuck = if still { self.stuck + 1 } else { self.stuck.saturating_sub(1) };
        if let (true, Some(new), Some(old)) = (self.thin, &chosen, &self.base) {
            // The decrement grows about as the 2.5th power of the step; aim at half of what is trusted.
            let aim = 0.5 * limit / new.decrement.max(0.05);
            let ratio = (new.barrier / old.barrier).min(1.0);
            self.pace = (ratio * aim.powf(-0.4)).clamp(THIN_PACE.0, THIN_PACE.1);
            if new.decrement > REFUSED * limit {
                self.base = self.base.take().map(|old| Base { index: None, ..old });
                return;
            }
        }
        self.base = chosen;
    }
}

impl Base {
    /// What surrounds each asset at this base, for a query whose points' rows give so much.
    fn rest(&self, mut give: Vec<Vec<f64>>) -> Rest {
        let m = self.prices.len();
        let curvature: Vec<f64> = (0..m).flat_map(|a| self.curvature[a * m + a..(a + 1) * m].iter().copied()).collect();
        // A row without limits, or far from them, gives without end.
        let mean = (0..m).map(|k| self.curvature[k * m + k]).sum::<f64>() / m.max(1) as f64;
        for give in &mut give {
            let cap = |k: usize| GIVE_MAX * (self.curvature[k * m + k] + mean).max(f64::MIN_POSITIVE);
            give.iter_mut().enumerate().for_each(|(k, v)| *v = v.min(cap(k)));
        }
        Rest { weight: self.effective.powf(TOGETHER), curvature, give }
    }
}

/// Whether the largest barrier brought the fleet clearly nearer than the next one.
fn falling(decrements: &[f64]) -> bool {
    matches!(decrements, [largest, next, ..] if *largest < 0.7 * next)
}

/// The points of a first menu without an earlier path: price zero, from a large barrier down.
fn cold(m: usize, cost_scale: f64) -> Vec<QueryPoint> {
    descending(m, cost_scale * HIGHEST)
}

fn descending(m: usize, highest: f64) -> Vec<QueryPoint> {
    let barrier = |k: u32| highest * 10f64.powf(-COLD_DECADES * f64::from(k) / f64::from(COLD - 1));
    (0..COLD).map(|k| QueryPoint { prices: vec![0.0; m], barrier: barrier(k) }).collect()
}

/// Where a warm start looks: at up to eight points of the earlier path, evenly along it; without one, at the old prices over four decades.
fn again(warm: &Warm) -> Vec<QueryPoint> {
    let path: Vec<&QueryPoint> = warm.path.iter().filter(|point| point.prices.len() == warm.prices.len()).collect();
    if path.len() < 2 {
        let point = |k: u32| {
            let barrier = warm.barrier * 10f64.powf(2.0 - 4.0 * f64::from(k) / f64::from(COLD - 1));
            QueryPoint { prices: warm.prices.clone(), barrier }
        };
        return (0..COLD).map(point).collect();
    }
    let count = path.len().min(COLD as usize);
    (0..count).map(|k| path[k * (path.len() - 1) / (count - 1)].clone()).collect()
}

/// Drops prices that push against an open side: no plan has them, and no bound follows from them.
fn lean(prices: &mut [f64], bounds: &Bounds) {
    for (k, price) in prices.iter_mut().enumerate() {
        let open = if *price > 0.0 { bounds.upper()[k] } else { bounds.lower()[k] };
        if open.is_infinite() || !price.is_finite() {
            *price = 0.0;
        }
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
        let m = self.evidence.bounds.len();
        let everyone = sum.contributors() as f64 >= self.assets;
        if self.absence && self.base.is_none() && !everyone {
            self.asked = Asked::Query(query);
            let reason = format!(
                "{} of {} assets are in the first sum; wait for all, later rounds can do without some",
                sum.contributors(),
                self.assets
            );
            return Err(CoordinationError::Unsupported { reason });
        }
        self.round = query.round;
        let completed = self.complete(&query, sum)?;
        let sum = completed.as_ref().unwrap_or(sum);
        self.evidence.fresh = everyone || !self.absence;
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
        for (k, open) in self.open.iter_mut().enumerate() {
            if !sum.is_sound(FieldKind::OpenBound, k as u16) {
                continue;
            }
            open.count += sum.scalar(FieldKind::OpenCount, k as u16);
            open.sum += sum.scalar(FieldKind::OpenBound, k as u16);
            if open.count >= self.assets {
                self.evidence.offer(&open.price.prices, open.sum, &unit_of_sum);
            }
        }
        let oldest = query.round.saturating_sub(OPEN_ROUNDS);
        self.open.retain(|open| open.count < self.assets && open.price.opened > oldest);
        let mut restarted = false;
        if !self.evidence.is_done() {
            let highest = self.start.highest;
            self.choose(&query, sum, &to_scaled);
            restarted = self.start.highest > highest;
            self.evidence.conclude();
        }
        if !self.evidence.is_done() && self.base.is_none() && !restarted {
            self.evidence.status = Status::Numerical;
        }
        let over = self.evidence.is_done() || self.round >= self.rounds_max;
        Ok(if over { Step::Done } else { Step::Continue })
    }

    fn outcome(&self) -> Outcome {
        self.evidence.outcome()
    }
}
