use cosmosmesh_contracts::problem::{AssetProblem, Bounds, LocalProblem, ProblemError};

use crate::local::{Centred, Engine, Model, Point};

/// An engine with a centre of moderate barrier, if one can be found.
pub(super) fn open(local: &LocalProblem, problem: &AssetProblem, relax: f64) -> Option<(Engine, Point)> {
    let mut engine = Engine::new(Model::new(local, &problem.coupling, relax));
    let mut point = engine.cold().clone();
    let linear = engine.model.q.clone();
    let scale = linear.iter().fold(0.0_f64, |worst, v| worst.max(v.abs())).clamp(1e-3, 1e6);
    let found = engine.attempt(&linear, 1.0, None, scale, &mut point, 100);
    (found == Centred::Yes).then_some((engine, point))
}

/// The same problem with bounds far out where it has none.
pub(super) fn boxed(local: &LocalProblem) -> Result<(LocalProblem, f64), ProblemError> {
    let bounds = &local.variables().bounds;
    let size = 1e6 * (1.0 + bounds.magnitude().max(local.rows().bounds.magnitude()));
    let lower = bounds.lower().iter().map(|v| v.max(-size)).collect();
    let upper = bounds.upper().iter().map(|v| v.min(size)).collect();
    let mut variables = local.variables().clone();
    variables.bounds = Bounds::new(lower, upper)?;
    Ok((LocalProblem::new(variables, local.objective().clone(), local.rows().clone())?, size))
}
