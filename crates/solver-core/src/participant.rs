use core::fmt;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, LocalProblem, ProblemError};
use cosmosmesh_contracts::round::{
    Ask, ColumnKey, Contribution, FieldKind, Mix, Move, OpenPrice, ReportError, ReportLayout, Rest, RoundQuery,
};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};

use crate::InteriorPoint;
use crate::local::{Centred, Engine, Metric, Model, Newton, Point};

mod newton;

/// One asset's side of the rounds, as a state machine: hears queries, answers with contributions, and in the end knows its plan.
///
/// Holds the asset's private problem and the plans of its earlier answers.
/// # Privacy
/// What leaves is a [`Contribution`], whose numbers a sum must hide; see docs/math/federated-solver.md#reveals.
/// # Cost
/// Per point of a query a few Newton steps, each one sparse factorisation and one m × m Cholesky factorisation over the rows it touches.
pub struct Participant {
    id: AssetId,
    bounds: Bounds,
    row_count: usize,
    engine: Engine,
    feasible: bool,
    /// Bounds this far out were put where the problem has none; an answer beyond nine tenths of it means "unbounded".
    artificial: Option<f64>,
    start: Point,
    base: Option<Response>,
    /// Models of the path followed so far, boldest last: what a later plan of a similar problem starts from.
    trail: Vec<Response>,
    /// The public scaling of the touched rows that is in force.
    scale: Vec<f64>,
    pending: Vec<Response>,
    /// The round of the pending answers.
    pending_round: u32,
    /// Answers of earlier rounds whose memory serves again.
    spare: Vec<Response>,
    consensus: Option<Consensus>,
    columns: BTreeMap<ColumnKey, Vec<f64>>,
    /// The plan that stood in for every answer of a round in which this asset was away.
    held: BTreeMap<u32, Vec<f64>>,
    /// Open prices that this asset has answered.
    bounded: BTreeSet<u32>,
    last: Option<(u32, Contribution)>,
}

/// The affine model of an asset's use at one point: `yhat - S (p - prices) + yd (mu - barrier)`, over the rows it touches.
#[derive(Clone)]
struct Response {
    prices: Vec<f64>,
    barrier: f64,
    answer: Vec<f64>,
    curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
    point: Point,
    /// `d`, by how much the prices that the asset sits at differ from those it was asked about.
    pull: Vec<f64>,
    /// The weights of the matrix `K` whose response this is, so that a move can repeat it.
    weight: Vec<f64>,
}

/// What an asset's base plan uses, costs, and whether it touches a bound that only the method put there.
struct Reference {
    usage: Vec<f64>,
    cost: f64,
    boxed: f64,
}

/// What the sharing ADMM keeps between rounds, over the rows it touches, newest first.
#[derive(Default)]
struct Consensus {
    /// The relaxed uses `alpha y + (1 - alpha) z`.
    relaxed: VecDeque<Vec<f64>>,
    /// The residuals `y - z` of the same steps, but for a start, which has none.
    residual: VecDeque<Vec<f64>>,
}

/// Why a query was not answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParticipantError {
    /// The query is for a fleet with another number of rows.
    RowCount {
        /// This asset's fleet.
        expected: usize,
        /// The query's.
        found: usize,
    },
    /// The query builds on a round that this asset did not answer.
    Missed {
        /// The round of the query.
        round: u32,
    },
    /// A number or list of the query is unusable.
    Query {
        /// Which.
        reason: String,
    },
    /// The answer does not fit the layout.
    Report(ReportError),
    /// A mix names a plan that this asset does not keep.
    UnknownColumn(ColumnKey),
}

impl fmt::Display for ParticipantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowCount { expected, found } => {
                write!(
                    f,
                    "the query has {found} fleet rows, this asset knows {expected}; compare the fleet's contract versions"
                )
            }
            Self::Missed { round } => {
                write!(f, "round {round} builds on an answer that this asset never gave; let it join at the next start")
            }
            Self::Query { reason } => write!(f, "the query is unusable: {reason}"),
            Self::Report(error) => error.fmt(f),
            Self::UnknownColumn(key) => {
                write!(
                    f,
                    "the plan of round {}, answer {}, is not kept here; ask for a mix of newer ones",
                    key.round, key.slot
                )
            }
        }
    }
}

impl std::error::Error for ParticipantError {}

impl From<ReportError> for ParticipantError {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}

impl Participant {
    /// Prepares an asset: checks convexity, finds a point inside its bounds.
    ///
    /// An asset whose own problem has no solution is a participant all the same: it says so in the sum.
    /// # Errors
    /// [`ProblemError`] if `P` is not positive semidefinite.
    pub fn new(problem: &AssetProblem) -> Result<Self, ProblemError> {
        crate::check_convex(&problem.local)?;
        let row_count = problem.coupling.row_count();
        let mut artificial = None;
        let mut opened = open(&problem.local, problem, 0.0);
        if opened.is_none() {
            // No interior point at once: an empty set, a thin one, or a cost that falls for ever.
            let report = InteriorPoint.solve(&problem.local, None, Budget::default());
            let outcome = report.map(|report| report.outcome);
            let infeasible = matches!(outcome, Ok(LocalOutcome::Infeasible { .. }));
            match outcome {
                Ok(LocalOutcome::Infeasible { .. } | LocalOutcome::Unbounded { .. }) => {}
                _ => opened = open(&problem.local, problem, 1e-9).or_else(|| open(&problem.local, problem, 3e-8)),
            }
            if opened.is_none() && !infeasible {
                // A cost that falls for ever, or open sides that cost nothing: neither has a centre without a box.
                let (boxed, size) = boxed(&problem.local)?;
                artificial = Some(size);
                opened = open(&boxed, problem, 0.0).or_else(|| open(&boxed, problem, 1e-8));
            }
        }
        let feasible = opened.is_some();
        let (engine, start) = opened.unwrap_or_else(|| {
            let engine = Engine::new(Model::new(&problem.local, &problem.coupling, 0.0));
            let cold = engine.cold().clone();
            (engine, cold)
        });
        Ok(Self {
            id: problem.id.clone(),
            bounds: problem.local.variables().bounds.clone(),
            row_count,
            scale: vec![1.0; engine.model.touched.len()],
            trail: Vec::new(),
            engine,
            feasible,
            artificial,
            start,
            base: None,
            pending: Vec::new(),
            pending_round: 0,
            spare: Vec::new(),
            consensus: None,
            columns: BTreeMap::new(),
            held: BTreeMap::new(),
            bounded: BTreeSet::new(),
            last: None,
        })
    }

    /// Prepares an asset whose problem resembles one that it planned for before: it stays near what it then answered.
    ///
    /// The models of the earlier path are kept; at the first query each of its points is answered in the metric of the model there.
    /// They only steer: bounds and plans come from the new problem alone.
    /// # Errors
    /// [`ProblemError`] if `P` is not positive semidefinite.
    /// # Source
    /// docs/math/solver-experiments.md#replanning.
    pub fn warm_from(problem: &AssetProblem, earlier: &Self) -> Result<Self, ProblemError> {
        let mut warm = Self::new(problem)?;
        let (old, new) = (&earlier.engine.model, &warm.engine.model);
        let same_shape = old.touched == new.touched && old.n == new.n && old.rows == new.rows;
        if same_shape && warm.feasible && earlier.feasible {
            let kept = earlier.trail.iter().chain(&earlier.base);
            let back: Vec<f64> = earlier.scale.iter().map(|f| 1.0 / f).collect();
            warm.trail = kept
                .map(|response| {
                    let mut response = response.clone();
                    response.rescale(&back);
                    response.point = warm.start.clone();
                    response
                })
                .collect();
        }
        Ok(warm)
    }

    /// Whose side this is.
    pub fn id(&self) -> &AssetId {
        &self.id
    }

    /// Whether the asset's own problem has a solution. Private: the sum only counts those that have none.
    pub fn is_feasible(&self) -> bool {
        self.feasible
    }

    /// Newton steps taken so far, each one factorisation.
    pub fn newton_steps(&self) -> u64 {
        self.engine.steps
    }

    /// Answers a query; the same query again gets the same answer.
    ///
    /// # Errors
    /// [`ParticipantError`]: a query of another fleet, of unusable numbers, or one that builds on a missed round.
    pub fn answer(&mut self, query: &RoundQuery) -> Result<Contribution, ParticipantError> {
        if let Some((round, contribution)) = &self.last
            && *round == query.round
        {
            return Ok(contribution.clone());
        }
        self.check(query)?;
        let layout = ReportLayout::of(query)?;
        let mut values = vec![0.0; layout.len()];
        let mut out = Writer { layout: &layout, values: &mut values };
        out.scalar(FieldKind::Contributors, 0, 1.0);
        if query.round == 1 {
            let squares: Vec<f64> = self.engine.model.raw_norms().to_vec();
            out.rows(FieldKind::RowNorms, 0, &self.engine.model.touched, &squares, 1.0);
            out.scalar(FieldKind::ConstraintCount, 0, self.engine.model.sides() as f64);
        }
        if self.feasible {
            if let Some(scale) = &query.row_scale {
                self.rescale(scale);
            }
            match &query.ask {
                Ask::Path { base, metric } => self.follow(query, *base, &Hold { metric, rest: None }, &mut out),
                Ask::Follow { base, metric, open, .. } => {
                    self.follow(query, *base, &Hold { metric, rest: None }, &mut out);
                    self.open_bounds(open, &mut out);
                }
                Ask::Guided { base, metric, rest, open, moves, .. } => {
                    for step in moves {
                        let x = self.moved(step).ok_or(ParticipantError::UnknownColumn(step.key))?;
                        self.columns.insert(step.key, x);
                    }
                    self.follow(query, *base, &Hold { metric, rest: rest.as_ref() }, &mut out);
                    self.open_bounds(open, &mut out);
                }
                Ask::Newton { base } => self.step_towards(query, *base, &mut out),
                Ask::Proximal { penalty, relaxation, shift } => {
                    let step =
                        Proximal { penalty: *penalty, relaxation: *relaxation, shift, weights: &[1.0], memory: 0 };
                    self.proximal(query, &step, &mut out);
                }
                Ask::Accelerated { penalty, relaxation, shift, weights, memory, start } => {
                    if let Some(mix) = start {
                        self.start_from(mix)?;
                    }
                    let memory = usize::from(*memory);
                    let step = Proximal { penalty: *penalty, relaxation: *relaxation, shift, weights, memory };
                    self.proximal(query, &step, &mut out);
                }
            }
            self.bounds_at(query, &mut out);
            if let Some(ray) = &query.ray {
                out.scalar(FieldKind::RaySupport, 0, self.least_use(ray));
            }
        } else {
            out.scalar(FieldKind::LocallyInfeasible, 0, 1.0);
        }
        self.columns.retain(|key, _| query.retains(*key));
        self.held.retain(|round, _| query.retains_round(*round));
        let contribution = Contribution::new(&layout, values)?;
        self.last = Some((query.round, contribution.clone()));
        Ok(contribution)
    }

    /// Hears a query that it was away for: keeps step with the fleet, and holds its last accepted plan for that round.
    ///
    /// To be called for every missed query, in order, before the next one is answered.
    /// An asset that missed the first round of a plan has no model to hold and joins at the next start.
    pub fn miss(&mut self, query: &RoundQuery) {
        if let Some(scale) = query.row_scale.as_ref().filter(|scale| scale.len() == self.row_count) {
            self.rescale(scale);
        }
        if let Some(base) = query.base() {
            self.rebase(base);
        }
        self.pending.clear();
        if let Some(base) = &self.base {
            self.held.insert(query.round, base.point.x.clone());
        }
        self.held.retain(|round, _| query.retains_round(*round));
        self.columns.retain(|key, _| query.retains(*key));
    }

    /// This asset's plan in a mix of its own earlier answers.
    ///
    /// # Errors
    /// [`ParticipantError::UnknownColumn`] if the mix names an answer that is not kept.
    pub fn plan(&self, mix: &Mix) -> Result<Plan, ParticipantError> {
        let x = self.mixed(mix)?;
        Ok(Plan { id: self.id.clone(), x: self.engine.model.original(&x, &self.bounds) })
    }

    /// The same in the engine's own variables.
    fn mixed(&self, mix: &Mix) -> Result<Vec<f64>, ParticipantError> {
        let mut x = vec![0.0; self.engine.model.n];
        for (key, weight) in &mix.weights {
            let made;
            let column = match (self.column(*key), mix.moves.iter().find(|step| step.key == *key)) {
                (Some(column), _) => column,
                (None, Some(step)) => {
                    made = self.moved(step).ok_or(ParticipantError::UnknownColumn(*key))?;
                    &made
                }
                (None, None) => return Err(ParticipantError::UnknownColumn(*key)),
            };
            x.iter_mut().zip(column).for_each(|(x, c)| *x += weight * c);
        }
        Ok(x)
    }

    /// The plan that a move makes of one of the last answers; none if that answer is not kept.
    ///
    /// # Cost
    /// One analysis and one factorisation.
    /// # Source
    /// docs/math/federated-solver.md#moves.
    fn moved(&self, step: &Move) -> Option<Vec<f64>> {
        let response = self.origin(step.key)?;
        let touched = self.engine.model.touched.iter().zip(&self.scale).zip(&response.pull);
        let d: Vec<f64> = touched.map(|((&row, scale), pull)| pull - step.prices[row] / scale).collect();
        let change = Newton::new(&self.engine.model).along(&self.engine.model, &response.weight, &d).ok()?;
        Some(response.point.x.iter().zip(&change).map(|(x, d)| x + step.length * d).collect())
    }

    /// The answer that a moved plan is made of.
    fn origin(&self, key: ColumnKey) -> Option<&Response> {
        let index = key.slot.checked_sub(ColumnKey::MOVED)?;
        let kept = if key.round == self.pending_round { self.pending.get(usize::from(index)) } else { None };
        kept.filter(|response| response.weight.len() == self.engine.model.constraints())
    }

    fn column(&self, key: ColumnKey) -> Option<&Vec<f64>> {
        self.columns.get(&key).or_else(|| self.held.get(&key.round))
    }

    /// The first plan of a mix that is not kept here.
    fn unknown(&self, mix: &Mix) -> Option<ColumnKey> {
        mix.weights.iter().map(|(key, _)| *key).find(|key| self.column(*key).is_none() && self.origin(*key).is_none())
    }

    fn check(&self, query: &RoundQuery) -> Result<(), ParticipantError> {
        let m = self.row_count;
        if query.row_count as usize != m {
            return Err(ParticipantError::RowCount { expected: m, found: query.row_count as usize });
        }
        let unusable = |reason: &str| Err(ParticipantError::Query { reason: reason.to_owned() });
        let list = |v: &[f64]| v.len() == m && v.iter().all(|v| v.is_finite());
        if query.points.is_empty() || query.points.len() > usize::from(u16::MAX) / 2 {
            return unusable("it asks at no point, or at too many");
        }
        if !query.points.iter().all(|p| list(&p.prices) && p.barrier.is_finite() && p.barrier > 0.0) {
            return unusable("a price or a barrier is not a usable number");
        }
        if !query.bound_points.iter().all(|&k| usize::from(k) < query.points.len()) {
            return unusable("a bound is asked for at a point that is not there");
        }
        if query.ray.as_ref().is_some_and(|ray| !list(ray)) {
            return unusable("the ray has another length or is not finite");
        }
        if query.row_scale.as_ref().is_some_and(|s| !list(s) || s.iter().any(|v| *v <= 0.0)) {
            return unusable("a row scale is not positive");
        }
        match &query.ask {
            Ask::Path { base: Some(base), .. } | Ask::Newton { base: Some(base) }
                if self.feasible && usize::from(*base) >= self.pending.len() =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Accelerated { weights, start: None, .. } if self.feasible && weights.len() > self.steps_known() => {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Accelerated { start: Some(mix), .. } if self.feasible && self.unknown(mix).is_some() => Err(self
                .unknown(mix)
                .map_or(ParticipantError::Missed { round: query.round }, ParticipantError::UnknownColumn)),
            Ask::Accelerated { penalty, shift, weights, .. }
                if !(*penalty > 0.0
                    && penalty.is_finite()
                    && list(shift)
                    && !weights.is_empty()
                    && weights.iter().all(|w| w.is_finite())) =>
            {
                unusable("the penalty, the shift or a weight is not a usable number")
            }
            Ask::Follow { base: Some(base), .. } | Ask::Guided { base: Some(base), .. }
                if self.feasible
                    && usize::from(*base) >= self.pending.len()
                    && !(self.pending.is_empty() && self.base.is_some()) =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Guided { rest: Some(rest), .. } if !(rest.is_usable(m, query.points.len())) => {
                unusable("the curvature of the fleet or what its rows give has another length, or is no usable number")
            }
            Ask::Guided { moves, .. }
                if self.feasible && moves.iter().any(|step| !list(&step.prices) || self.origin(step.key).is_none()) =>
            {
                Err(ParticipantError::Missed { round: query.round })
            }
            Ask::Follow { open, .. } | Ask::Guided { open, .. } if !open.iter().all(|open| list(&open.prices)) => {
                unusable("an open price has another length or is not finite")
            }
            Ask::Path { metric, .. } | Ask::Follow { metric, .. } | Ask::Guided { metric, .. }
                if !(metric.stiffness > 0.0 && metric.shift > 0.0 && metric.floor > 0.0) =>
            {
                unusable("the metric is not positive")
            }
            Ask::Proximal { penalty, shift, .. } if !(*penalty > 0.0 && penalty.is_finite() && list(shift)) => {
                unusable("the penalty or the shift is not a usable number")
            }
            _ => Ok(()),
        }
    }

    /// A new public scaling of the fleet's rows: everything already known is quoted in it.
    fn rescale(&mut self, scale: &[f64]) {
        self.engine.model.scale_coupling(scale);
        let touched = &self.engine.model.touched;
        let factor: Vec<f64> = touched.iter().map(|&row| scale[row]).collect();
        for response in self.pending.iter_mut().chain(&mut self.base).chain(&mut self.trail) {
            response.rescale(&factor);
        }
        self.scale.iter_mut().zip(&factor).for_each(|(s, f)| *s *= f);
        if let Some(consensus) = &mut self.consensus {
            for list in consensus.relaxed.iter_mut().chain(&mut consensus.residual) {
                list.iter_mut().zip(&factor).for_each(|(v, f)| *v *= f);
            }
        }
    }

    /// The chosen point of the last answer becomes the base; whoever gave none keeps its old one.
    fn rebase(&mut self, base: u16) {
        if usize::from(base) < self.pending.len() {
            if self.base.is_none() {
                self.trail.clear();
            }
            if let Some(mut old) = self.base.take() {
                // Only the model is needed later; and of a long path, not every point.
                old.point = Point::default();
                old.weight = Vec::new();
                if self.trail.len() >= TRAIL_MAX {
                    self.trail.remove(TRAIL_MAX / 2);
                }
                self.trail.push(old);
            }
            self.base = Some(self.pending.swap_remove(usize::from(base)));
        }
    }

    /// Re-centres at every point, near the allocation that the base model predicts.
    fn follow(&mut self, query: &RoundQuery, base: Option<u16>, hold: &Hold<'_>, out: &mut Writer<'_>) {
        if let Some(base) = base {
            self.rebase(base);
        }
        let rule = hold.metric;
        let reference = if query.is_relative() { self.reference() } else { None };
        self.pending_round = query.round;
        self.spare.append(&mut self.pending);
        let t = self.engine.model.touched.len();
        let whole = hold.rest.filter(|_| self.base.is_some()).map(|rest| full(&rest.curvature, self.row_count));
        let mut metric = match &self.base {
            Some(base) => Metric::new(&base.curvature, t, rule).ok(),
            None => None,
        };
        let mut point = self.base.as_ref().map_or_else(|| self.start.clone(), |base| base.point.clone());
        let (mut y, mut pull, mut off) = (vec![0.0; t], vec![0.0; t], vec![0.0; t]);
        let mut linear = vec![0.0; self.engine.model.n];
        let mut sound_before = true;
        for (k, candidate) in query.points.iter().enumerate() {
            let slot = k as u16;
            let mut kept = self.spare.pop().unwrap_or_else(|| Response::blank(t, &self.start));
            let Response { prices, curvature, answer, barrier_derivative: derivative, .. } = &mut kept;
            prices.clear();
            prices.extend(self.engine.model.touched.iter().map(|&row| candidate.prices[row]));
            let mu = candidate.barrier;
            linear.copy_from_slice(&self.engine.model.q);
            self.engine.model.coupling_transpose(prices, &mut linear);
            if let (Some(rest), Some(whole), Some(base)) = (hold.rest, &whole, &self.base) {
                let touched = &self.engine.model.touched;
                let among = Metric::among(&base.curvature, touched, whole, &rest.give[k], rest.weight);
                metric = among.or_else(|_| Metric::new(&base.curvature, t, rule)).ok();
            }
            if let (Some(metric), Some(base)) = (&mut metric, &self.base) {
                base.predict(prices, mu, &mut metric.target);
            } else if self.base.is_none() {
                metric = match self.earlier(mu, prices) {
                    Some(earlier) => Metric::new(&earlier.curvature, t, rule).ok().map(|mut metric| {
                        earlier.predict(prices, mu, &mut metric.target);
                        metric
                    }),
                    None => None,
                };
            }
            if let [.., before, last] = self.pending.as_slice() {
                // Where the last two centres point to, in logarithms of the barrier.
                let (span, step) = ((last.barrier / before.barrier).ln(), (mu / last.barrier).ln());
                if sound_before && span < -0.1 && step < 0.0 {
                    point.extrapolate(&before.point, &last.point, (step / span).min(1.5));
                }
            }
            let centred = self.engine.centre(&linear, 1.0, metric.as_ref(), mu, &mut point, 30);
            let sound = centred == Centred::Yes && self.engine.response_nearby(metric.is_some(), curvature, derivative);
            sound_before = sound;
            if !sound {
                // This candidate cannot be followed here; the plan stays the last good one and the decrement says "far".
                point = self.base.as_ref().map_or_else(|| self.start.clone(), |base| base.point.clone());
                if let Some(base) = &self.base {
                    curvature.copy_from_slice(&base.curvature);
                    derivative.copy_from_slice(&base.barrier_derivative);
                } else {
                    curvature.fill(0.0);
                    derivative.fill(0.0);
                }
            }
            self.engine.model.coupling(&point.x, &mut y);
            answer.copy_from_slice(&y);
            let mut decrement = if sound { 0.0 } else { UNSOUND };
            pull.fill(0.0);
            if let (Some(metric), true) = (&metric, sound) {
                off.iter_mut().zip(y.iter().zip(&metric.target)).for_each(|(o, (y, t))| *o = y - t);
                metric.apply(&off, &mut pull);
                for a in 0..t {
                    let s: f64 = curvature[a * t..(a + 1) * t].iter().zip(&pull).map(|(s, d)| s * d).sum();
                    answer[a] += s;
                    decrement += pull[a] * s / mu;
                }
            }
            // Beyond any that is ever followed; a number that fits the ranges of coded sums.
            decrement = decrement.min(DECREMENT_MAX);
            let touched = &self.engine.model.touched;
            self.columns.insert(ColumnKey { round: query.round, slot }, point.x.clone());
            let (mut cost, mut boxed) = (self.engine.model.cost(&point.x), self.boxed_count(&point.x));
            kept.barrier = mu;
            kept.point.assign(&point);
            kept.pull.copy_from_slice(&pull);
            kept.weight.clear();
            if sound {
                kept.weight.extend_from_slice(self.engine.newton.factored());
            }
            if let (Some(plan), Some(base)) = (&reference, &self.base) {
                // What the base says at this point is already in the coordinator's sum.
                let mut told = kept.clone();
                let mut expected = vec![0.0; t];
                base.predict(&kept.prices, mu, &mut expected);
                let less = |list: &mut [f64], known: &[f64]| list.iter_mut().zip(known).for_each(|(v, k)| *v -= k);
                less(&mut y, &plan.usage);
                less(&mut told.answer, &expected);
                less(&mut told.barrier_derivative, &base.barrier_derivative);
                less(&mut told.curvature, &base.curvature);
                cost -= plan.cost;
                boxed -= plan.boxed;
                out.response(slot, touched, &told, self.row_count);
            } else {
                out.response(slot, touched, &kept, self.row_count);
            }
            self.pending.push(kept);
            out.rows(FieldKind::Use, slot, touched, &y, 1.0);
            out.scalar(FieldKind::Cost, slot, cost);
            out.scalar(FieldKind::Decrement, slot, decrement);
            out.scalar(FieldKind::DecrementSquare, slot, decrement * decrement);
            out.scalar(FieldKind::Boxed, slot, boxed);
        }
    }

    /// The base plan's figures, which relative answers are differences to.
    fn reference(&self) -> Option<Reference> {
        let base = self.base.as_ref()?;
        let mut usage = vec![0.0; self.engine.model.touched.len()];
        self.engine.model.coupling(&base.point.x, &mut usage);
        let cost = self.engine.model.cost(&base.point.x);
        Some(Reference { usage, cost, boxed: self.boxed_count(&base.point.x) })
    }

    /// How many earlier steps of the sharing ADMM a combination may use; one at the beginning, when the first step is free.
    fn steps_known(&self) -> usize {
        self.consensus.as_ref().map_or(1, |consensus| consensus.relaxed.len())
    }

    /// Forgets the earlier steps: the use of a plan stands in for them.
    fn start_from(&mut self, mix: &Mix) -> Result<(), ParticipantError> {
        let x = self.mixed(mix)?;
        let mut y = vec![0.0; self.engine.model.touched.len()];
        self.engine.model.coupling(&x, &mut y);
        self.consensus = Some(Consensus { relaxed: VecDeque::from([y]), residual: VecDeque::new() });
        Ok(())
    }

    /// The proximal step of sharing ADMM.
    ///
    /// # Source
    /// Boyd et al., "Distributed optimization and statistical learning via ADMM", 2011, section 7.3;
    /// docs/math/federated-solver.md#anderson for the combination of earlier steps.
    fn proximal(&mut self, query: &RoundQuery, step: &Proximal<'_>, out: &mut Writer<'_>) {
        let t = self.engine.model.touched.len();
        let touched = self.engine.model.touched.clone();
        let candidate = &query.points[0];
        let prices: Vec<f64> = touched.iter().map(|&row| candidate.prices[row]).collect();
        let mut point = self.start.clone();
        if self.artificial.is_some() && self.consensus.is_none() {
            // Alone this asset would run to the end of its box: it starts from no use at all instead.
            self.consensus = Some(Consensus { relaxed: VecDeque::from([vec![0.0; t]]), residual: VecDeque::new() });
        }
        let mut linear = self.engine.model.q.clone();
        let metric = self.consensus.as_ref().map(|consensus| {
            // z_i = combined own use + shift; then argmin f_i + p'y + rho/2 |y - z_i|^2.
            let mut metric = Metric::identity(t, step.penalty);
            for (a, &row) in touched.iter().enumerate() {
                let used: f64 = step.weights.iter().zip(&consensus.relaxed).map(|(w, r)| w * r[a]).sum();
                metric.target[a] = used + step.shift[row];
            }
            metric
        });
        if metric.is_some() {
            self.engine.model.coupling_transpose(&prices, &mut linear);
        }
        let centred = self.engine.centre(&linear, 1.0, metric.as_ref(), candidate.barrier, &mut point, 40);
        if centred == Centred::No {
            point = self.start.clone();
        }
        let mut y = vec![0.0; t];
        self.engine.model.coupling(&point.x, &mut y);
        let mut norms = [0.0; 4];
        let mut gram = vec![0.0; step.memory + 1];
        let mut consensus = self.consensus.take().unwrap_or_default();
        let mut relaxed = y.clone();
        if let Some(metric) = &metric {
            let z = &metric.target;
            let residual: Vec<f64> = y.iter().zip(z).map(|(y, z)| y - z).collect();
            for a in 0..t {
                relaxed[a] = step.relaxation * y[a] + (1.0 - step.relaxation) * z[a];
                norms[0] += residual[a].powi(2);
                norms[1] += y[a] * y[a];
                norms[2] += z[a] * z[a];
                norms[3] += (relaxed[a] - consensus.relaxed[0][a]).powi(2);
            }
            consensus.residual.push_front(residual);
            for (g, earlier) in gram.iter_mut().zip(&consensus.residual) {
                *g = consensus.residual[0].iter().zip(earlier).map(|(a, b)| a * b).sum();
            }
        }
        consensus.relaxed.push_front(relaxed);
        consensus.relaxed.truncate(step.memory + 1);
        consensus.residual.truncate(step.memory + 1);
        self.consensus = Some(consensus);
        out.rows(FieldKind::Use, 0, &touched, &y, 1.0);
        out.scalar(FieldKind::Cost, 0, self.engine.model.cost(&point.x));
        out.list(FieldKind::ProximalNorms, 0, &norms);
        out.list(FieldKind::Gram, 0, &gram);
        out.scalar(FieldKind::Boxed, 0, self.boxed_count(&point.x));
        self.columns.insert(ColumnKey { round: query.round, slot: 0 }, point.x.clone());
    }

    /// Certified lower bounds, and the plans that come with them.
    fn bounds_at(&mut self, query: &RoundQuery, out: &mut Writer<'_>) {
        let touched = self.engine.model.touched.clone();
        // What the bound lacks is to be small beside the distance of the boldest candidate from the optimum.
        let boldest = query.points.iter().fold(f64::INFINITY, |least, point| least.min(point.barrier));
        let relative = query.is_relative();
        let reference = if relative { self.reference() } else { None };
        for (k, &index) in query.bound_points.iter().enumerate() {
            let candidate = &query.points[usize::from(index)];
            let start = self.pending.get(usize::from(index)).map_or_else(|| self.start.clone(), |r| r.point.clone());
            let (value, point) = self.certified(&candidate.prices, boldest, start);
            let mut y = vec![0.0; touched.len()];
            self.engine.model.coupling(&point.x, &mut y);
            let (mut cost, mut boxed) = (self.engine.model.cost(&point.x), self.boxed_count(&point.x));
            if let Some(plan) = &reference {
                y.iter_mut().zip(&plan.usage).for_each(|(y, u)| *y -= u);
                cost -= plan.cost;
                boxed -= plan.boxed;
            }
            let bound = k as u16;
            out.scalar(FieldKind::Bound, bound, value);
            out.rows(FieldKind::BoundUse, bound, &touched, &y, 1.0);
            out.scalar(FieldKind::BoundCost, bound, cost);
            out.scalar(FieldKind::BoundBoxed, bound, boxed);
            let slot = (query.points.len() + k) as u16;
            self.columns.insert(ColumnKey { round: query.round, slot }, point.x);
        }
    }

    /// Bounds at open prices: each is answered once.
    fn open_bounds(&mut self, open: &[OpenPrice], out: &mut Writer<'_>) {
        for (k, price) in open.iter().enumerate() {
            if self.bounded.insert(price.opened) {
                let start = self.pending.last().map_or_else(|| self.start.clone(), |r| r.point.clone());
                let (value, _) = self.certified(&price.prices, 0.0, start);
                out.scalar(FieldKind::OpenCount, k as u16, 1.0);
                out.scalar(FieldKind::OpenBound, k as u16, value);
            }
        }
        self.bounded.retain(|opened| open.iter().any(|price| price.opened == *opened));
    }

    /// A certified lower bound of cost plus priced use at `prices` (one per fleet row), and a feasible plan near it.
    fn certified(&mut self, prices: &[f64], barrier: f64, start: Point) -> (f64, Point) {
        let prices: Vec<f64> = self.engine.model.touched.iter().map(|&row| prices[row]).collect();
        let linear = self.priced(&prices);
        let mut point = start;
        let exact = 1e-11 * (1.0 + self.engine.model.cost(&point.x).abs()) / 8.0;
        let floor = exact.max(1e-3 * barrier);
        let mut found = self.engine.descend(&linear, 1.0, floor, &mut point, 40);
        if found == Centred::No || !point.x.iter().all(|x| x.is_finite()) {
            point = self.start.clone();
            found = self.engine.descend(&linear, 1.0, 1e2 * floor, &mut point, 80);
        }
        // The bound is valid at any point.
        let usable = point.x.iter().chain(&point.y).all(|v| v.is_finite());
        let value = if usable { self.engine.lower_bound(&linear, 1.0, &point) } else { f64::NEG_INFINITY };
        let fixed: f64 = self.engine.model.g_fixed.iter().zip(&prices).map(|(g, p)| g * p).sum();
        if found == Centred::No {
            // The plan is only kept from a point that is feasible.
            point = self.pending.first().map_or_else(|| self.start.clone(), |r| r.point.clone());
        }
        // A bound that could not be had is reported as far below anything, never as a number that is not one.
        ((value + self.engine.model.c + fixed).max(-1e200), point)
    }

    /// The least `r' G x` that the asset could possibly reach, certified.
    fn least_use(&mut self, ray: &[f64]) -> f64 {
        let r: Vec<f64> = self.engine.model.touched.iter().map(|&row| ray[row]).collect();
        let mut linear = vec![0.0; self.engine.model.n];
        self.engine.model.coupling_transpose(&r, &mut linear);
        let mut point = self.start.clone();
        let size = linear.iter().zip(&point.x).map(|(c, x)| (c * x).abs()).sum::<f64>();
        let _ = self.engine.descend(&linear, 0.0, 1e-8 * (1e-3 + size), &mut point, 60);
        let fixed: f64 = self.engine.model.g_fixed.iter().zip(&r).map(|(g, p)| g * p).sum();
        let usable = point.x.iter().chain(&point.y).all(|v| v.is_finite());
        let least = if usable { self.engine.lower_bound(&linear, 0.0, &point) } else { f64::NEG_INFINITY };
        (least + fixed).max(-1e200)
    }

    /// The model of an earlier plan at this very point of its path, while this plan has none of its own.
    fn earlier(&self, mu: f64, prices: &[f64]) -> Option<&Response> {
        let known = if self.base.is_none() { self.trail.as_slice() } else { &[] };
        // Where no price is paid there is nothing to be near to.
        known.iter().find(|r| r.barrier == mu && prices.iter().any(|p| *p != 0.0))
    }

    fn priced(&self, prices: &[f64]) -> Vec<f64> {
        let mut linear = self.engine.model.q.clone();
        self.engine.model.coupling_transpose(prices, &mut linear);
        linear
    }

    fn boxed_count(&self, x: &[f64]) -> f64 {
        match self.artificial {
            Some(size) => f64::from(u8::from(self.engine.model.beyond(x, &self.bounds, 0.9 * size))),
            None => 0.0,
        }
    }
}

impl Response {
    /// Room for a model over `t` rows.
    fn blank(t: usize, point: &Point) -> Self {
        Self {
            prices: vec![0.0; t],
            barrier: 1.0,
            answer: vec![0.0; t],
            curvature: vec![0.0; t * t],
            barrier_derivative: vec![0.0; t],
            point: point.clone(),
            pull: vec![0.0; t],
            weight: Vec::new(),
        }
    }

    /// Quotes the model in rows multiplied by a factor each.
    fn rescale(&mut self, factor: &[f64]) {
        let t = factor.len();
        for a in 0..t {
            self.prices[a] /= factor[a];
            self.pull[a] /= factor[a];
            self.answer[a] *= factor[a];
            self.barrier_derivative[a] *= factor[a];
            for b in 0..t {
                self.curvature[a * t + b] *= factor[a] * factor[b];
            }
        }
    }

    /// The allocation that the affine model expects at other prices and another barrier.
    fn predict(&self, prices: &[f64], mu: f64, out: &mut [f64]) {
        let t = out.len();
        for a in 0..t {
            let moved: f64 = (0..t).map(|b| self.curvature[a * t + b] * (prices[b] - self.prices[b])).sum();
            out[a] = self.answer[a] - moved + self.barrier_derivative[a] * (mu - self.barrier);
        }
    }
}

/// How many models of the path are kept for a later plan.
const TRAIL_MAX: usize = 16;
/// The largest squared decrement that is told apart from a larger one.
const DECREMENT_MAX: f64 = 1e9;

/// The decrement of an answer that says nothing about the response: so large that it is neither followed nor moved.
pub(crate) const UNSOUND: f64 = 1e6;

/// What holds an asset to its predicted allocation.
struct Hold<'a> {
    /// Where the rest of the fleet is not told.
    metric: &'a cosmosmesh_contracts::round::Metric,
    rest: Option<&'a Rest>,
}

/// The full matrix of an upper triangle listed row by row.
fn full(triangle: &[f64], m: usize) -> Vec<f64> {
    let mut full = vec![0.0; m * m];
    let mut next = triangle.iter();
    for a in 0..m {
        for b in a..m {
            let v = next.next().copied().unwrap_or(0.0);
            (full[a * m + b], full[b * m + a]) = (v, v);
        }
    }
    full
}

/// One step of the sharing ADMM, as everybody heard it.
struct Proximal<'a> {
    penalty: f64,
    relaxation: f64,
    shift: &'a [f64],
    weights: &'a [f64],
    memory: usize,
}

/// Writes fields of a report in place.
struct Writer<'a> {
    layout: &'a ReportLayout,
    values: &'a mut [f64],
}

impl Writer<'_> {
    fn list(&mut self, kind: FieldKind, point: u16, list: &[f64]) {
        if let Some(range) = self.layout.range(kind, point) {
            self.values[range].copy_from_slice(list);
        }
    }

    fn scalar(&mut self, kind: FieldKind, point: u16, value: f64) {
        self.list(kind, point, &[value]);
    }

    /// One number per touched row, at its place among all rows.
    fn rows(&mut self, kind: FieldKind, point: u16, touched: &[usize], list: &[f64], factor: f64) {
        if let Some(range) = self.layout.range(kind, point) {
            let target = &mut self.values[range];
            touched.iter().zip(list).for_each(|(&row, v)| target[row] = factor * v);
        }
    }

    /// The affine model at a point, in the units in which it is summed.
    fn response(&mut self, point: u16, touched: &[usize], told: &Response, m: usize) {
        self.rows(FieldKind::Response, point, touched, &told.answer, 1.0);
        self.rows(FieldKind::BarrierDerivative, point, touched, &told.barrier_derivative, told.barrier);
        self.triangle(point, touched, &told.curvature, told.barrier, m);
    }

    /// The upper triangle of a curvature, row by row.
    fn triangle(&mut self, point: u16, touched: &[usize], full: &[f64], factor: f64, m: usize) {
        if let Some(range) = self.layout.range(FieldKind::Curvature, point) {
            let target = &mut self.values[range];
            let t = touched.len();
            for (a, &i) in touched.iter().enumerate() {
                let start = i * m - i * (i + 1) / 2;
                for (b, &j) in touched.iter().enumerate().skip(a) {
                    target[start + j] = factor * full[a * t + b];
                }
            }
        }
    }
}

/// An engine with a centre of moderate barrier, if one can be found.
fn open(local: &LocalProblem, problem: &AssetProblem, relax: f64) -> Option<(Engine, Point)> {
    let mut engine = Engine::new(Model::new(local, &problem.coupling, relax));
    let mut point = engine.cold().clone();
    let linear = engine.model.q.clone();
    let scale = linear.iter().fold(0.0_f64, |worst, v| worst.max(v.abs())).clamp(1e-3, 1e6);
    let found = engine.attempt(&linear, 1.0, None, scale, &mut point, 100);
    (found == Centred::Yes).then_some((engine, point))
}

/// The same problem with bounds far out where it has none.
fn boxed(local: &LocalProblem) -> Result<(LocalProblem, f64), ProblemError> {
    let bounds = &local.variables().bounds;
    let size = 1e6 * (1.0 + bounds.magnitude().max(local.rows().bounds.magnitude()));
    let lower = bounds.lower().iter().map(|v| v.max(-size)).collect();
    let upper = bounds.upper().iter().map(|v| v.min(size)).collect();
    let mut variables = local.variables().clone();
    variables.bounds = Bounds::new(lower, upper)?;
    Ok((LocalProblem::new(variables, local.objective().clone(), local.rows().clone())?, size))
}
