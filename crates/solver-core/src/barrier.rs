use cosmosmesh_contracts::problem::{AssetProblem, Bounds, ProblemError};

use crate::local::{Centred, Engine, Model, Point};

/// One asset's QP with a logarithmic barrier, solved to a chosen barrier parameter, with its response to the fleet's prices.
///
/// For people who build coordination methods of their own: a [`crate::Participant`] is this and a protocol.
/// After construction nothing is allocated: every call works in buffers that the value owns.
///
/// # Source
/// docs/math/federated-solver.md#local.
pub struct BarrierProblem {
    engine: Engine,
    bounds: Bounds,
    start: Point,
    point: Point,
    linear: Vec<f64>,
    usage: Vec<f64>,
    curvature: Vec<f64>,
    barrier_derivative: Vec<f64>,
}

/// An asset's use of the rows it touches near a centre: `usage - curvature (p' - p) + barrier_derivative (mu' - mu)`.
///
/// # Shape
/// t touched rows; `curvature` is t × t, symmetric positive semidefinite, row after row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BarrierResponse<'a> {
    /// `y = G x`.
    pub usage: &'a [f64],
    /// `S = -dy/dp`.
    pub curvature: &'a [f64],
    /// `dy/dmu`.
    pub barrier_derivative: &'a [f64],
    /// The cost `f(x)`, without prices and barrier.
    pub cost: f64,
    /// A certified lower bound of `min_X f(x) + p'G x`.
    pub bound: f64,
}

impl BarrierProblem {
    /// Prepares an asset's problem.
    ///
    /// # Errors
    /// [`ProblemError`] if `P` is not positive semidefinite.
    pub fn new(problem: &AssetProblem) -> Result<Self, ProblemError> {
        crate::check_convex(&problem.local)?;
        let engine = Engine::new(Model::new(&problem.local, &problem.coupling, 0.0));
        let t = engine.model.touched.len();
        Ok(Self {
            bounds: problem.local.variables().bounds.clone(),
            start: engine.cold().clone(),
            point: engine.cold().clone(),
            linear: vec![0.0; engine.model.n],
            usage: vec![0.0; t],
            curvature: vec![0.0; t * t],
            barrier_derivative: vec![0.0; t],
            engine,
        })
    }

    /// The fleet rows that the asset touches, ascending: what the entries of a response belong to.
    pub fn touched_rows(&self) -> &[usize] {
        &self.engine.model.touched
    }

    /// Moves to `argmin f(x) + p'G x - barrier * sum log(slacks)` and returns the response there.
    ///
    /// Starts from the last centre. `prices` has one entry per touched row, `barrier` is positive, in units of cost.
    /// Returns nothing if the asset's set has no interior, or the cost falls for ever.
    /// # Cost
    /// 1 to 30 Newton steps; one or two from a neighbouring centre.
    pub fn centre(&mut self, prices: &[f64], barrier: f64) -> Option<BarrierResponse<'_>> {
        assert_eq!(prices.len(), self.usage.len(), "one price per touched row");
        assert!(barrier > 0.0 && barrier.is_finite(), "a barrier parameter is positive");
        self.linear.copy_from_slice(&self.engine.model.q);
        self.engine.model.coupling_transpose(prices, &mut self.linear);
        let found = self.engine.centre(&self.linear, 1.0, None, barrier, &mut self.point, 30);
        if found == Centred::No || !self.engine.response(&mut self.curvature, &mut self.barrier_derivative) {
            self.point.assign(&self.start);
            return None;
        }
        let model = &self.engine.model;
        model.coupling(&self.point.x, &mut self.usage);
        let fixed: f64 = model.g_fixed.iter().zip(prices).map(|(g, p)| g * p).sum();
        let (cost, constant) = (model.cost(&self.point.x), model.c + fixed);
        let bound = self.engine.lower_bound(&self.linear, 1.0, &self.point) + constant;
        let Self { usage, curvature, barrier_derivative, .. } = self;
        Some(BarrierResponse { usage, curvature, barrier_derivative, cost, bound })
    }

    /// The present centre in the problem's own variables.
    pub fn x(&self) -> Vec<f64> {
        self.engine.model.original(&self.point.x, &self.bounds)
    }

    /// Newton steps taken so far.
    pub fn newton_steps(&self) -> u64 {
        self.engine.steps
    }
}
