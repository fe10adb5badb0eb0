use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, Guide, Metric, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, Step};

use super::away::{OpenBounds, completed};
use super::evidence::Evidence;
use super::model::Model;
use super::relay::Relayed;
use super::scaled_rows::ScaledRows;
use super::start::Start;
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
    rows: ScaledRows,
    rounds_max: u32,
    round: u32,
    asked: Asked,
    /// The accepted candidate of the last round.
    base: Option<Model>,
    start: Start,
    /// How often in a row the fleet was centred but no bolder candidate was accepted: each time the menu's steps are halved.
    stuck: u32,
    /// By what factor the last round lowered the barrier.
    pace: f64,
    absence: bool,
    thin: bool,
    open: OpenBounds,
}

/// How far along the path each candidate of a menu lies, as factors of the present barrier.
const MENU: [f64; 8] = [1.0, 0.55, 0.33, 0.19, 0.1, 0.05, 0.015, 0.002];
/// The same for a thin link, as factors of the pace too: the first alone brings a curvature, the others plans and prices of bounds.
const THIN: [f64; 4] = [1.0, 0.6, 0.2, 0.03];
/// Every how many candidates an allotted plan is asked for.
const ALLOTTED: usize = 2;
/// A thin run that is not over by this round is no longer thin.
const THIN_ROUNDS: u32 = 12;
/// The pace of a thin menu, whose one candidate must be right.
const THIN_PACE: (f64, f64) = (0.03, 0.9);
/// A thin menu's candidate beyond this many times the limit is not followed.
const REFUSED: f64 = 6.0;
/// An error below which a plan is near the optimum.
const NEAR: f64 = 1e-3;
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
        Ok(Self {
            assets: asset_count.max(1) as f64,
            evidence: Evidence::new(coupling.bounds.clone(), options),
            rows: ScaledRows::unknown(),
            rounds_max: options.rounds_max.unwrap_or(60),
            round: 0,
            asked: Asked::Nothing,
            base: None,
            start: Start::new(&coupling.bounds, options)?,
            stuck: 0,
            pace: 0.3,
            absence: options.absence,
            thin: options.thin,
            open: OpenBounds::default(),
        })
    }

    /// The least error of any plan so far; infinite before there is one.
    pub(super) fn error(&self) -> f64 {
        self.evidence.error()
    }

    /// From the next question on every point brings its curvature; returns whether that is a change.
    pub(super) fn thicken(&mut self) -> bool {
        std::mem::replace(&mut self.thin, false)
    }

    /// Everything that another method can go on with; none before the first sum.
    pub(super) fn relay(&self) -> Option<Relayed> {
        Some(Relayed { evidence: self.evidence.clone(), scale: self.rows.scale().cloned()?, round: self.round })
    }

    /// The most fleet rows: a report then has about 2^24 numbers.
    pub const ROWS_MAX: usize = 1500;

    fn ask(&mut self) -> RoundQuery {
        let m = self.evidence.bounds.len();
        let (mut points, mut give) = (Vec::new(), Vec::new());
        let mut base_index = None;
        let row_scale = self.rows.scale().cloned().filter(|_| self.round == 1);
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
                let barrier = (base.barrier * factor).max(self.evidence.barrier_least(self.rows.sides));
                if barrier >= 0.99 * last {
                    continue;
                }
                match base.priced(&self.rows, barrier) {
                    Ok(at) => {
                        points.push(QueryPoint { prices: at.prices, barrier });
                        give.push(at.give);
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
            self.open.open(self.round + 1, points[last / 2].prices.clone());
        }
        let rest = self.base.as_ref().filter(|_| guided).map(|base| base.rest(give));
        let (base, metric, moves) = (base_index, METRIC, self.evidence.moves_due());
        let open = self.open.prices();
        let guide = Guide { base, metric, rest, relative, curvature, open, moves };
        let allotted = allotted as u16;
        let ask = if allotted > 0 { Ask::Allotted { guide, allotted } } else { Ask::Guided(guide) };
        let ray = self.evidence.ray(suspect, &points[last].prices);
        RoundQuery {
            round: self.round + 1,
            row_count: m as u32,
            row_scale,
            points,
            ask,
            bound_points,
            ray,
            retain: self.evidence.retained(),
        }
    }

    /// Chooses the base of the next round from the sums of this one.
    fn choose(&mut self, query: &RoundQuery, sum: &SummedReport, unit: &[f64]) {
        let limit = THRESHOLD
            * match (&self.base, query.round) {
                (None, _) if !self.start.has_path() => FIRST,
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
        let mut chosen: Option<Model> = None;
        let mut decrements = Vec::new();
        for slot in 0..query.candidates().len() as u16 {
            let Some((candidate, moved)) = Model::read(query, slot, sum, unit, &self.rows, self.assets, !self.absence)
            else {
                continue;
            };
            moved.into_iter().for_each(|moved| self.evidence.offer_moved(moved));
            let (mu, decrement) = (candidate.barrier, candidate.decrement);
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
        if chosen.is_none() {
            // Nothing to go on from: everybody stays at the base, and the next ranges are wider.
            self.base = self.base.take().map(Model::stayed);
            return;
        }
        // Costs in larger units than the public scale says: all that was asked is as good as no barrier.
        // Where a larger barrier brings nobody nearer, the rows themselves are far away, and there is nothing to begin anew.
        // An asset that is unbounded alone is far from any path whatever the units.
        let far = chosen.as_ref().is_some_and(|new| new.decrement > FAR.max(limit) && new.boxed == 0.0);
        if self.base.is_none() && far && falling(&decrements) && query.round <= RESTARTS {
            self.start.raise(unit.len());
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
                self.base = self.base.take().map(Model::stayed);
                return;
            }
        }
        self.base = chosen;
    }
}

/// Whether the largest barrier brought the fleet clearly nearer than the next one.
fn falling(decrements: &[f64]) -> bool {
    matches!(decrements, [largest, next, ..] if *largest < 0.7 * next)
}

impl Coordination for Menu {
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
        let everyone = sum.contributors() as f64 >= self.assets;
        if self.absence && self.base.is_none() && !everyone {
            self.asked.keep(*query);
            let reason = format!(
                "{} of {} assets are in the first sum; wait for all, later rounds can do without some",
                sum.contributors(),
                self.assets
            );
            return Err(CoordinationError::Unsupported { reason });
        }
        self.round = query.round;
        let completed = match &self.base {
            Some(base) if query.is_relative() => Some(completed(base, &query, sum)?),
            _ => None,
        };
        let sum = completed.as_ref().unwrap_or(sum);
        self.evidence.fresh = everyone || !self.absence;
        let units = self.rows.hear(sum, &self.evidence.bounds);
        self.evidence.absorb(&query, sum, &units.plain, &units.plain);
        self.open.hear(query.round, sum, self.assets, &mut self.evidence, &units.plain);
        let mut restarted = false;
        if !self.evidence.is_done() {
            let highest = self.start.highest;
            self.choose(&query, sum, &units.scaled);
            restarted = self.start.highest > highest;
            self.rows.hold(&self.evidence, self.base.as_ref(), self.assets);
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
