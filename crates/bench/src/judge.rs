//! The judge: recomputes everything a solve claims from the plan alone, outside the solvers, in 64-bit floating point.

use std::collections::BTreeMap;

use cosmosmesh_contracts::file::ResultFile;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use serde::Serialize;

use crate::central::{self, CentralSolution, CentralStatus};

/// How accurately the central reference is found.
pub const TOLERANCE_REFERENCE: f64 = 1e-9;

/// What a solve claims, in a form that any solver can fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// How it says it ended.
    pub status: Status,
    /// The cost it states.
    pub objective: Option<f64>,
    /// The lower bound it states.
    pub dual_bound: Option<f64>,
    /// One plan per asset in the fleet's order; nothing if there is none, or it does not fit the fleet.
    pub x: Option<Vec<Vec<f64>>>,
    /// With [`Status::Infeasible`]: weights of the fleet's rows.
    pub conflict: Vec<f64>,
}

impl Claim {
    /// The claim of a result file; agents may come in any order.
    pub fn from_result(fleet: &FleetProblem, result: &ResultFile) -> Self {
        let by_id: BTreeMap<_, _> = result.agents.iter().map(|agent| (&agent.id, &agent.x)).collect();
        let plan = |asset: &cosmosmesh_contracts::problem::AssetProblem| {
            by_id.get(&asset.id).filter(|x| x.len() == asset.local.variable_count()).map(|x| x.to_vec())
        };
        Self {
            status: result.status,
            objective: result.objective,
            dual_bound: result.dual_bound,
            x: fleet.assets().iter().map(plan).collect(),
            conflict: result.conflict.clone().unwrap_or_default(),
        }
    }
}

/// What the judge found. Figures that do not apply are absent.
///
/// The measures are those of every table of this project: `gap` is `|f - f*| / (1 + |f*|)`, a violation is divided by one plus the largest finite bound.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether the claim is right to the tolerance.
    pub ok: bool,
    /// Why not, in words; empty if it is.
    pub reasons: Vec<String>,
    /// The optimum by the central peer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<f64>,
    /// The cost of the plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objective: Option<f64>,
    /// How far that is from the optimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<f64>,
    /// The worst violation of a shared row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupling: Option<f64>,
    /// The worst violation of an asset's own rows and bounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<f64>,
    /// How far the stated cost is from the plan's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claimed_objective_error: Option<f64>,
    /// Whether the stated lower bound lies below the optimum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound_is_valid: Option<bool>,
    /// How far the stated lower bound lies below the plan's cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certified_gap: Option<f64>,
    /// By how much the weighted row stays above its limit at best; above zero proves that no plan exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict_margin: Option<f64>,
}

/// Judges a claim against the central reference.
///
/// A claim of optimality is right if gap, coupling, local violation and stated cost are within `tolerance`,
/// the bound is valid within it, and plan and bound are within twice it of each other.
/// A claim of infeasibility is right if the weights prove it, or, without weights, if an asset has no plan even alone.
/// A claim of unboundedness is right if the central peer proves it. Any other status claims nothing and is not `ok`.
pub fn judge(fleet: &FleetProblem, reference: &CentralSolution, claim: &Claim, tolerance: f64) -> Verdict {
    let mut verdict = Verdict::default();
    match (&reference.status, claim.status) {
        (CentralStatus::Infeasible, Status::Infeasible) => infeasible(fleet, claim, &mut verdict),
        (CentralStatus::Unbounded, Status::Unbounded) => {}
        (CentralStatus::Optimal, Status::Optimal) => {
            optimal(fleet, reference.objective, claim, tolerance, &mut verdict)
        }
        (CentralStatus::Optimal, claimed) => {
            verdict.reasons.push(format!("the problem has an optimum, the claim is `{claimed}`"));
            if claim.x.is_some() {
                optimal(fleet, reference.objective, claim, tolerance, &mut verdict);
            }
        }
        (found, claimed) => verdict.reasons.push(format!("the central peer says {found:?}, the claim is `{claimed}`")),
    }
    verdict.ok = verdict.reasons.is_empty();
    verdict
}

fn optimal(fleet: &FleetProblem, reference: f64, claim: &Claim, tolerance: f64, verdict: &mut Verdict) {
    let Some(x) = &claim.x else {
        verdict.reasons.push("there is no plan for every asset".into());
        return;
    };
    let objective = fleet.objective(x);
    let local = fleet.assets().iter().zip(x).map(|(asset, x)| asset.local.violation(x));
    let local = local.fold(0.0, larger);
    let coupling = fleet.coupling().bounds.violation(&fleet.coupling_values(x));
    let gap = (objective - reference).abs() / (1.0 + reference.abs());
    let error = claim.objective.map_or(f64::INFINITY, |stated| (stated - objective).abs() / (1.0 + objective.abs()));
    let mut at_most = |what: &str, value: f64, limit: f64| {
        // Written so that NaN is refused.
        let within = value <= limit;
        if !within {
            verdict.reasons.push(format!("{what} is {value:.3e}, above {limit:.1e}"));
        }
    };
    at_most("the gap", gap, tolerance);
    at_most("the coupling violation", coupling, tolerance);
    at_most("the local violation", local, tolerance);
    at_most("the error of the stated cost", error, tolerance);
    match claim.dual_bound {
        None => verdict.reasons.push("no lower bound is stated".into()),
        Some(bound) => {
            let valid = bound <= reference + tolerance * (1.0 + reference.abs());
            let certified = (objective - bound) / (1.0 + objective.abs());
            at_most("the certified gap", certified, 2.0 * tolerance);
            if !valid {
                verdict.reasons.push(format!("the bound {bound} lies above the optimum {reference}"));
            }
            verdict.bound_is_valid = Some(valid);
            verdict.certified_gap = Some(certified);
        }
    }
    verdict.reference = Some(reference);
    verdict.objective = Some(objective);
    verdict.gap = Some(gap);
    verdict.coupling = Some(coupling);
    verdict.local = Some(local);
    verdict.claimed_objective_error = claim.objective.map(|_| error);
}

/// The larger of two figures, NaN being larger than any.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}

fn infeasible(fleet: &FleetProblem, claim: &Claim, verdict: &mut Verdict) {
    if claim.conflict.is_empty() {
        let alone = |asset: &cosmosmesh_contracts::problem::AssetProblem| {
            central::solve_alone(&asset.local, None, TOLERANCE_REFERENCE).status == CentralStatus::Infeasible
        };
        if !fleet.assets().iter().any(alone) {
            verdict.reasons.push("no weights prove it, and every asset has a plan alone".into());
        }
        return;
    }
    let margin = conflict_margin(fleet, &claim.conflict);
    verdict.conflict_margin = Some(margin);
    let proven = margin > 0.0;
    if !proven {
        verdict.reasons.push(format!("the weights leave a margin of {margin:.3e}, which proves nothing"));
    }
}

/// How far the weighted shared row stays above its limit at best, relative to one plus the limit; above zero proves that no plan exists.
///
/// `min sum_i w'G_i x_i` over the assets' own sets, by the central peer, less `max w'v` over the row bounds, less 1e-9 for its inexactness.
/// Minus infinity if the weights do not fit the rows or weigh an open side.
pub fn conflict_margin(fleet: &FleetProblem, weights: &[f64]) -> f64 {
    let bounds = &fleet.coupling().bounds;
    let largest = weights.iter().fold(0.0_f64, |largest, w| largest.max(w.abs()));
    if weights.len() != bounds.len() || largest == 0.0 || weights.iter().any(|w| !w.is_finite()) {
        return f64::NEG_INFINITY;
    }
    let weights: Vec<f64> = weights.iter().map(|w| w / largest).collect();
    let mut limit = 0.0;
    for (row, &w) in weights.iter().enumerate().filter(|(_, w)| **w != 0.0) {
        limit += w * if w > 0.0 { bounds.upper()[row] } else { bounds.lower()[row] };
    }
    if !limit.is_finite() {
        return f64::NEG_INFINITY;
    }
    let mut least = 0.0;
    for asset in fleet.assets() {
        let mut linear = vec![0.0; asset.local.variable_count()];
        asset.coupling.transpose_multiply_add(&weights, &mut linear);
        let found = central::solve_alone(&asset.local, Some(&linear), TOLERANCE_REFERENCE);
        if found.status != CentralStatus::Optimal {
            return f64::NEG_INFINITY;
        }
        least += found.objective;
    }
    (least - limit) / (1.0 + limit.abs()) - 1e-9
}
