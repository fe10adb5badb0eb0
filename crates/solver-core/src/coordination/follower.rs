use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::{Ask, QueryPoint, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{CoordinationError, Step};

use super::evidence::Evidence;
use super::master::Priced;
use super::model::Model;
use super::relay::Relayed;
use super::scaled_rows::ScaledRows;
use super::{Asked, Options};

/// What `aladin`, `fan` and `ipm` share: a base on the fleet's central path, the summed affine model there, and everything proven so far.
pub(super) struct Follower {
    pub(super) assets: f64,
    pub(super) evidence: Evidence,
    pub(super) round: u32,
    pub(super) base: Option<Model>,
    rows: ScaledRows,
    rounds_max: u32,
    asked: Asked,
    /// Whether the assets keep what a move needs, so that plans can be moved onto the rows.
    moving: bool,
}

impl Follower {
    /// The most fleet rows: a report with eight curvatures then has about 2^24 numbers.
    pub(super) const ROWS_MAX: usize = 1500;

    pub(super) fn new(
        name: &str,
        coupling: &Coupling,
        asset_count: usize,
        options: &Options,
    ) -> Result<Self, CoordinationError> {
        let m = coupling.bounds.len();
        let refused = |reason: String| Err(CoordinationError::Unsupported { reason });
        if m > Self::ROWS_MAX {
            let most = Self::ROWS_MAX;
            return refused(format!(
                "`{name}` sums a curvature of {m} × {m} rows, at most {most} fit; use `--variant admm`"
            ));
        }
        if options.absence {
            return refused(format!("`{name}` needs every asset in every round; use `--variant menu`"));
        }
        options.warm.as_ref().map_or(Ok(()), |warm| warm.check(m))?;
        Ok(Self {
            assets: asset_count.max(1) as f64,
            evidence: Evidence::new(coupling.bounds.clone(), options),
            round: 0,
            base: None,
            rows: ScaledRows::unknown(),
            rounds_max: options.rounds_max.unwrap_or(200),
            asked: Asked::Nothing,
            moving: false,
        })
    }

    /// The same, whose plans are moved onto the rows; every question must then be [`Ask::Guided`] and name the moves that are due.
    pub(super) fn moving(self) -> Self {
        Self { moving: true, ..self }
    }

    /// Everything that another method can go on with; none before the first sum.
    pub(super) fn relay(&self) -> Option<Relayed> {
        Some(Relayed { evidence: self.evidence.clone(), scale: self.rows.scale().cloned()?, round: self.round })
    }

    /// The question that waits, or the one that `ask` makes.
    pub(super) fn query(&mut self, ask: impl FnOnce(&mut Self) -> RoundQuery) -> Result<RoundQuery, CoordinationError> {
        if self.evidence.is_done() || self.round >= self.rounds_max {
            return Err(CoordinationError::Finished);
        }
        if let Some(query) = self.asked.waiting() {
            return Ok(query);
        }
        let query = ask(self);
        Ok(self.asked.keep(query))
    }

    /// A question at these points; the boldest is asked for its bound.
    ///
    /// `suspect` prices ran away while the master looked for a point that the modelled fleet cannot reach; they, else those of the
    /// boldest point, are asked for a proof that no plan exists.
    pub(super) fn question(
        &self,
        points: Vec<QueryPoint>,
        suspect: Option<Vec<f64>>,
        ask: impl FnOnce(Option<u16>) -> Ask,
    ) -> RoundQuery {
        let last = points.len() - 1;
        let ray = self.evidence.ray(suspect, &points[last].prices);
        RoundQuery {
            round: self.round + 1,
            row_count: self.evidence.bounds.len() as u32,
            row_scale: self.rows.scale().cloned().filter(|_| self.round == 1),
            ask: ask(self.base.as_ref().and_then(|base| base.index)),
            bound_points: vec![last as u16],
            points,
            ray,
            retain: self.evidence.retained(),
        }
    }

    /// The point of the modelled path at a barrier.
    ///
    /// # Errors
    /// The prices that ran away, if the modelled fleet has none.
    pub(super) fn point(&self, base: &Model, barrier: f64) -> Result<QueryPoint, Vec<f64>> {
        self.priced(base, barrier).map(|at| QueryPoint { prices: at.prices, barrier })
    }

    /// The same, with what the rows give there.
    pub(super) fn priced(&self, base: &Model, barrier: f64) -> Result<Priced, Vec<f64>> {
        base.priced(&self.rows, barrier)
    }

    /// The least barrier worth asking for: the complementarity it leaves is far below the tolerance.
    pub(super) fn floor(&self) -> f64 {
        self.evidence.barrier_least(self.rows.sides)
    }

    /// Takes a sum: what it proves, and the base that `choose` picks among the models of its candidates.
    ///
    /// Where no candidate is sound the run is over: there is nothing to go on from.
    pub(super) fn absorb(
        &mut self,
        sum: &SummedReport,
        choose: impl FnOnce(&mut Self, Vec<Model>) -> Option<Model>,
    ) -> Result<Step, CoordinationError> {
        let query = self.asked.take(sum)?;
        self.round = query.round;
        let units = self.rows.hear(sum, &self.evidence.bounds);
        self.evidence.absorb(&query, sum, &units.plain, &units.plain);
        if !self.evidence.is_done() {
            let read = |slot| Model::read(&query, slot, sum, &units.scaled, &self.rows, self.assets, self.moving);
            let (models, moved): (Vec<_>, Vec<_>) = (0..query.points.len() as u16).filter_map(read).unzip();
            moved.into_iter().flatten().for_each(|moved| self.evidence.offer_moved(moved));
            self.base = choose(self, models);
            self.rows.hold(&self.evidence, self.base.as_ref(), self.assets);
            self.evidence.conclude();
            if !self.evidence.is_done() && self.base.is_none() {
                self.evidence.status = Status::Numerical;
            }
        }
        let over = self.evidence.is_done() || self.round >= self.rounds_max;
        Ok(if over { Step::Done } else { Step::Continue })
    }
}

/// The boldest model below a limit; if there is none, the one nearest to the path.
pub(super) fn boldest(models: Vec<Model>, limit: f64) -> Option<Model> {
    models.into_iter().reduce(|old, new| {
        let better = match (old.decrement < limit, new.decrement < limit) {
            (true, true) => new.barrier < old.barrier,
            (false, false) => new.decrement < old.decrement,
            (trusted, _) => !trusted,
        };
        if better { new } else { old }
    })
}

/// Where a run without a base looks: at the old prices of a warm start, else at zero; the barrier is a power of ten of the public scale.
pub(super) fn opening(rows: usize, options: &Options, decade: f64) -> QueryPoint {
    let (prices, scale) = match &options.warm {
        Some(warm) => (warm.prices.clone(), warm.barrier),
        None => (vec![0.0; rows], options.cost_scale),
    };
    QueryPoint { prices, barrier: scale * 10f64.powf(decade) }
}
