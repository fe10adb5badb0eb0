use std::collections::BTreeMap;

use cosmosmesh_contracts::problem::{LocalProblem, Objective};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};

use crate::explain::{JunctionReport, reports};
use crate::plan::{Plans, check_plans};
use crate::{CatoptError, Diagram, Duals, JunctionKind};

/// What plans and duals prove about each other, recomputed from the problem; no part of it is taken from whoever made them.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The cost of the plans.
    pub objective: f64,
    /// A lower bound of every plan's cost, by weak duality; minus infinity is possible.
    pub lower_bound: f64,
    /// `(objective - lower_bound) / (1 + |lower_bound|)`; negative if the plans violate something and gain by it.
    pub gap_relative: f64,
    /// Worst violation of an object's own rows and bounds or of a junction, each relative to one plus what it is measured against.
    pub primal_residual: f64,
    /// Worst reduced cost towards an open side, worst dual of an open side and worst imbalance at a shared junction, relative to one plus the largest marginal cost.
    pub dual_residual: f64,
    /// Whether `lower_bound` is a proof as it stands (up to rounding): nothing had to be left out of it, that is `dual_residual` is zero.
    pub proven: bool,
    /// How far the worst variable that must be whole is from a whole number.
    pub integer_violation: f64,
    /// Every junction, in the diagram's order.
    pub junctions: Vec<JunctionReport>,
    /// Worst violation of each object's own rows and bounds.
    pub objects: Vec<(String, f64)>,
}

impl Verdict {
    /// Whether the plans are feasible and their cost is optimal to a relative tolerance.
    pub fn holds(&self, tolerance: f64) -> bool {
        self.feasible(tolerance) && self.dual_residual <= tolerance && self.gap_relative <= tolerance
    }

    /// Whether the plans meet everything to a relative tolerance.
    pub fn feasible(&self, tolerance: f64) -> bool {
        self.primal_residual <= tolerance && self.integer_violation <= tolerance
    }
}

/// Judges plans and duals from anywhere.
///
/// Duals of junctions that are missing count as zero. Duals of an object's own rows that are missing are found by the solver if one is given;
/// it is not trusted either, since whatever it returns enters the bound by weak duality only.
/// # Errors
/// [`CatoptError::Opaque`]; [`CatoptError::Solution`] for a plan or dual that is missing, of another length or not finite.
/// # Cost
/// One pass over every matrix; with a solver, one solve per object without duals.
/// # Source
/// docs/math/catopt.md#certificate.
pub fn certify(
    diagram: &Diagram,
    plans: &Plans,
    duals: &Duals,
    mut solver: Option<&mut dyn LocalSolver>,
) -> Result<Verdict, CatoptError> {
    check_plans(diagram, plans)?;
    check_duals(diagram, duals)?;
    let junctions = reports(diagram, plans, duals);
    let (mut residual, mut residual_scale, mut open) = (0.0_f64, 0.0_f64, 0.0_f64);
    let prices = prices(diagram, duals, &mut residual);
    let mut bound = 0.0;
    for (junction, dual) in diagram.junctions().iter().zip(&prices.junctions) {
        let JunctionKind::Balance(bounds) = &junction.kind else { continue };
        bound += support(dual, bounds.lower(), bounds.upper());
    }
    let (mut objective, mut integer_violation, mut objects) = (0.0, 0.0_f64, Vec::new());
    for (o, object) in diagram.objects().iter().enumerate() {
        let (local, whole) = object.solvable()?;
        let x = &plans[object.id.as_str()];
        objective += local.objective().value(x);
        objects.push((object.id.to_string(), local.violation(x)));
        integer_violation = whole.iter().fold(integer_violation, |worst, &j| worst.max((x[j] - x[j].round()).abs()));
        let given = duals.rows.get(object.id.as_str());
        let (point, rows) = match (given, solver.as_deref_mut()) {
            (Some(rows), _) => (x.clone(), rows.clone()),
            (None, Some(solver)) => solved(object.id.as_str(), local, &prices.objects[o], solver)?,
            (None, None) => (x.clone(), vec![0.0; local.row_count()]),
        };
        let part = lower_bound(local, &prices.objects[o], &point, rows);
        bound += part.bound;
        residual = residual.max(part.residual);
        residual_scale = residual_scale.max(part.scale);
        open = open.max(part.open);
    }
    let primal = junctions.iter().map(|report| report.relative);
    let primal_residual = primal.chain(objects.iter().map(|(_, v)| *v)).fold(0.0, f64::max);
    Ok(Verdict {
        objective,
        lower_bound: bound,
        gap_relative: (objective - bound) / (1.0 + bound.abs()),
        primal_residual,
        dual_residual: open.max(residual / (1.0 + residual_scale)),
        proven: residual == 0.0 && open == 0.0,
        integer_violation,
        junctions,
        objects,
    })
}

fn check_duals(diagram: &Diagram, duals: &Duals) -> Result<(), CatoptError> {
    let fits = |what: &str, found: &[f64], expected: usize| {
        if found.len() != expected {
            return Err(CatoptError::solution(format!("{what} has {} duals where {expected} are needed", found.len())));
        }
        if let Some(v) = found.iter().find(|v| !v.is_finite()) {
            return Err(CatoptError::solution(format!("a dual of {what} is {v}")));
        }
        Ok(())
    };
    let junctions: BTreeMap<&str, usize> = diagram.junctions().iter().map(|j| (j.name.as_str(), j.dimension)).collect();
    for (name, dual) in &duals.junctions {
        let dimension = junctions.get(name.as_str()).ok_or_else(|| CatoptError::unknown("junction", name.clone()))?;
        fits(&format!("junction `{name}`"), dual, *dimension)?;
    }
    let objects: BTreeMap<&str, &crate::Object> = diagram.objects().iter().map(|o| (o.id.as_str(), o)).collect();
    let object = |id: &str| objects.get(id).copied().ok_or_else(|| CatoptError::unknown("object", id));
    for ((id, port), dual) in &duals.wires {
        fits(&format!("port `{port}` of `{id}`"), dual, object(id)?.port(port)?.dimension())?;
    }
    for (id, dual) in &duals.rows {
        fits(&format!("the rows of `{id}`"), dual, object(id)?.solvable()?.0.row_count())?;
    }
    Ok(())
}

struct Prices {
    /// The dual of each junction, a balance's only, without what an open side cannot bear.
    junctions: Vec<Vec<f64>>,
    /// For each object, what the junctions pay for one more unit of each variable.
    objects: Vec<Vec<f64>>,
}

/// Duals pulled back along the wires, by the transposes of the restriction maps.
fn prices(diagram: &Diagram, duals: &Duals, residual: &mut f64) -> Prices {
    let mut objects: Vec<Vec<f64>> = diagram.objects().iter().map(|o| vec![0.0; o.variable_count()]).collect();
    let mut junctions = Vec::with_capacity(diagram.junctions().len());
    for (junction, wires) in diagram.junctions().iter().zip(diagram.by_junction()) {
        let mut own = vec![0.0; junction.dimension];
        let on_wires: Vec<Vec<f64>> = match &junction.kind {
            JunctionKind::Balance(bounds) => {
                if let Some(given) = duals.junctions.get(&junction.name) {
                    own.clone_from(given);
                }
                for (k, dual) in own.iter_mut().enumerate() {
                    let side = if *dual > 0.0 { bounds.lower()[k] } else { bounds.upper()[k] };
                    if *dual != 0.0 && !side.is_finite() {
                        *residual = residual.max(dual.abs());
                        *dual = 0.0;
                    }
                }
                wires.iter().map(|_| own.clone()).collect()
            }
            JunctionKind::Shared => balanced(diagram, duals, &wires, junction.dimension, residual),
        };
        for (&w, dual) in wires.iter().zip(&on_wires) {
            let (place, factor) = (diagram.places()[w], diagram.wires()[w].factor());
            for (k, j, v) in diagram.objects()[place.object].ports[place.port].map.triplets() {
                objects[place.object][j] += factor * v * dual[k];
            }
        }
        junctions.push(own);
    }
    Prices { junctions, objects }
}

/// The duals of the wires at a shared junction, moved so that they sum to zero: only then do they say nothing about the shared value.
fn balanced(diagram: &Diagram, duals: &Duals, wires: &[usize], dimension: usize, residual: &mut f64) -> Vec<Vec<f64>> {
    let given = |w: &usize| {
        let wire = &diagram.wires()[*w];
        duals.wires.get(&(wire.object.to_string(), wire.port.clone())).cloned().unwrap_or_else(|| vec![0.0; dimension])
    };
    let mut list: Vec<Vec<f64>> = wires.iter().map(given).collect();
    for k in 0..dimension {
        let sum: f64 = list.iter().map(|dual| dual[k]).sum();
        let scale: f64 = list.iter().map(|dual| dual[k].abs()).sum();
        if sum.abs() > 1e-14 * scale {
            *residual = residual.max(sum.abs());
        }
        let share = sum / list.len() as f64;
        list.iter_mut().for_each(|dual| dual[k] -= share);
    }
    list
}

/// `max y'v` turned to the side of a lower bound: `sum of y l where y > 0, y u where y < 0`.
fn support(y: &[f64], lower: &[f64], upper: &[f64]) -> f64 {
    let term = |y: f64, l: f64, u: f64| match y {
        y if y > 0.0 => y * l,
        y if y < 0.0 => y * u,
        _ => 0.0,
    };
    y.iter().zip(lower.iter().zip(upper)).map(|(y, (l, u))| term(*y, *l, *u)).sum()
}

fn solved(
    id: &str,
    local: &LocalProblem,
    price: &[f64],
    solver: &mut dyn LocalSolver,
) -> Result<(Vec<f64>, Vec<f64>), CatoptError> {
    let objective = local.objective();
    let q = objective.q.iter().zip(price).map(|(q, p)| q - p).collect();
    let objective = Objective { p: objective.p.clone(), q, c: objective.c };
    let priced = LocalProblem::new(local.variables().clone(), objective, local.rows().clone())?;
    let report = solver.solve(&priced, None, Budget::default());
    let report = report.map_err(|error| CatoptError::solution(format!("the solver refused `{id}`: {error}")))?;
    match report.outcome {
        LocalOutcome::Optimal { solution, .. } | LocalOutcome::Stopped { solution } => {
            Ok((solution.x, solution.row_multipliers.iter().map(|y| -y).collect()))
        }
        LocalOutcome::Infeasible { .. } => Err(CatoptError::solution(format!("`{id}` has no plan at all"))),
        _ => Ok((vec![0.0; local.variable_count()], vec![0.0; local.row_count()])),
    }
}

struct Part {
    bound: f64,
    /// Of duals on open sides, in their own units.
    residual: f64,
    /// The largest marginal cost.
    scale: f64,
    /// Of reduced costs towards open bounds, each relative to one plus its own variable's marginal cost: the bound leaves them out, so none may hide behind a dear variable.
    open: f64,
}

/// A lower bound of one object's priced cost: the tangent plane at `point`, minimised over the bounds with the rows priced.
fn lower_bound(local: &LocalProblem, price: &[f64], point: &[f64], mut rows: Vec<f64>) -> Part {
    let (variables, objective, own) = (local.variables(), local.objective(), local.rows());
    let mut part = Part { bound: objective.c, residual: 0.0, scale: 0.0, open: 0.0 };
    for (k, y) in rows.iter_mut().enumerate() {
        let side = if *y > 0.0 { own.bounds.lower()[k] } else { own.bounds.upper()[k] };
        if *y != 0.0 && !side.is_finite() {
            part.residual = part.residual.max(y.abs());
            *y = 0.0;
        }
    }
    part.bound += support(&rows, own.bounds.lower(), own.bounds.upper());
    let mut gradient = objective.q.clone();
    let mut square = 0.0;
    for (i, j, v) in objective.p.triplets() {
        gradient[i] += v * point[j];
        square += v * point[i] * point[j];
        if i != j {
            gradient[j] += v * point[i];
            square += v * point[i] * point[j];
        }
    }
    // f(point) - gradient'point, without the constant.
    part.bound -= 0.5 * square;
    part.scale = gradient.iter().fold(0.0, |worst, g| worst.max(g.abs()));
    let mut pulled = vec![0.0; point.len()];
    own.matrix.transpose_multiply_add(&rows, &mut pulled);
    for j in 0..point.len() {
        let reduced = gradient[j] - price[j] - pulled[j];
        let side = if reduced > 0.0 { variables.bounds.lower()[j] } else { variables.bounds.upper()[j] };
        if reduced == 0.0 {
            continue;
        }
        if side.is_finite() {
            part.bound += reduced * side;
        } else {
            part.open = part.open.max(reduced.abs() / (1.0 + gradient[j].abs()));
        }
    }
    part
}
