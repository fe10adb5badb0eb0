use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, ProblemError};
use cosmosmesh_contracts::round::{Ask, ColumnKey, Contribution, FieldKind, Mix, ReportLayout, RoundQuery};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};

use crate::InteriorPoint;
use crate::local::{Engine, Model, Point};
use opening::{boxed, open};
use path::Hold;
use response::Response;
use sharing::{Consensus, Proximal};
use trail::Trail;
use writer::Writer;

mod allotted;
mod bounds;
mod check;
mod error;
mod newton;
mod opening;
mod path;
mod plans;
mod response;
mod sharing;
mod trail;
mod writer;

pub use error::ParticipantError;
pub(crate) use path::UNSOUND;

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
    trail: Trail,
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
    /// Open prices that this asset has answered, and in which round.
    bounded: BTreeMap<u32, u32>,
    last: Option<(u32, Contribution)>,
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
            trail: Trail::default(),
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
            bounded: BTreeMap::new(),
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
            let back: Vec<f64> = earlier.scale.iter().map(|f| 1.0 / f).collect();
            warm.trail = earlier.trail.clone();
            earlier.base.iter().for_each(|base| warm.trail.push(base));
            warm.trail.rescale(&back);
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
                    self.open_bounds(query.round, open, &mut out);
                }
                Ask::Guided(guide) | Ask::Allotted { guide, .. } => {
                    for step in &guide.moves {
                        self.keep_moved(step)?;
                    }
                    self.follow(
                        query,
                        guide.base,
                        &Hold { metric: &guide.metric, rest: guide.rest.as_ref() },
                        &mut out,
                    );
                    self.open_bounds(query.round, &guide.open, &mut out);
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
        self.columns.retain(|key, _| is_due(query, *key));
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
        self.columns.retain(|key, _| is_due(query, *key));
    }

    /// Hears that the sum of this query is without its answer, which came too late or not at all: as if it had been away.
    ///
    /// To be called before the next query is answered.
    pub fn retract(&mut self, query: &RoundQuery) {
        if self.last.as_ref().is_none_or(|(round, _)| *round != query.round) {
            return self.miss(query);
        }
        self.last = None;
        self.columns.retain(|key, _| key.round != query.round);
        self.bounded.retain(|_, round| *round != query.round);
        self.pending.clear();
        if let Some(base) = &self.base {
            self.held.insert(query.round, base.point.x.clone());
        }
    }

    /// This asset's plan in a mix of its own earlier answers.
    ///
    /// # Errors
    /// [`ParticipantError::UnknownColumn`] if the mix names an answer that is not kept.
    pub fn plan(&self, mix: &Mix) -> Result<Plan, ParticipantError> {
        let x = self.mixed(mix)?;
        Ok(Plan { id: self.id.clone(), x: self.engine.model.original(&x, &self.bounds) })
    }

    /// A new public scaling of the fleet's rows: everything already known is quoted in it.
    fn rescale(&mut self, scale: &[f64]) {
        self.engine.model.scale_coupling(scale);
        let touched = &self.engine.model.touched;
        let factor: Vec<f64> = touched.iter().map(|&row| scale[row]).collect();
        self.pending.iter_mut().chain(&mut self.base).for_each(|response| response.rescale(&factor));
        self.trail.rescale(&factor);
        self.scale.iter_mut().zip(&factor).for_each(|(s, f)| *s *= f);
        if let Some(consensus) = &mut self.consensus {
            for list in consensus.relaxed.iter_mut().chain(&mut consensus.residual) {
                list.iter_mut().zip(&factor).for_each(|(v, f)| *v *= f);
            }
        }
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

/// Whether a plan must still be kept; one that was moved outlives its round only in a mix, which the query names.
fn is_due(query: &RoundQuery, key: ColumnKey) -> bool {
    if key.is_moved() { key.round + 1 >= query.round || query.retain.contains(&key) } else { query.retains(key) }
}
