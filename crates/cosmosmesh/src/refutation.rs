use cosmosmesh_contracts::problem::{AssetProblem, FleetProblem, LocalProblem, Objective, SparseMatrix};
use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};
use cosmosmesh_solver_core::InteriorPoint;

/// A claim that no plan exists, judged again from the problem: by a plain solve per asset instead of the rounds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refutation {
    /// These assets have no solution of their own.
    Assets(Vec<String>),
    /// The weighted fleet rows miss their limit by this much at best, relative to it.
    Rows(f64),
    /// Nothing proves the claim.
    Open,
}

impl Refutation {
    /// By less than this the weighted rows might miss their limit by rounding alone.
    const MARGIN_MIN: f64 = 1e-9;

    /// Looks for a proof: assets that fail on their own, else the weights of the fleet's rows.
    ///
    /// # Shape
    /// `weights` has one entry per fleet row, positive on upper sides, or none.
    pub(crate) fn of(fleet: &FleetProblem, weights: &[f64]) -> Self {
        let failing = fleet
            .assets()
            .iter()
            .filter(|asset| matches!(solve(asset.local.clone()), Some(LocalOutcome::Infeasible { .. })));
        let failing: Vec<String> = failing.map(|asset| asset.id.to_string()).collect();
        if !failing.is_empty() {
            return Self::Assets(failing);
        }
        match margin(fleet, weights) {
            Some(margin) if margin > Self::MARGIN_MIN => Self::Rows(margin),
            _ => Self::Open,
        }
    }
}

/// How far the weighted rows stay above their limit, whatever the assets choose.
fn margin(fleet: &FleetProblem, weights: &[f64]) -> Option<f64> {
    let largest = weights.iter().fold(0.0_f64, |most, w| most.max(w.abs()));
    if weights.len() != fleet.row_count() || largest == 0.0 {
        return None;
    }
    let weights: Vec<f64> = weights.iter().map(|w| w / largest).collect();
    let bounds = &fleet.coupling().bounds;
    let sides = weights.iter().zip(bounds.lower().iter().zip(bounds.upper()));
    let limit: f64 =
        sides.filter(|(w, _)| **w != 0.0).map(|(w, (lower, upper))| if *w > 0.0 { w * upper } else { w * lower }).sum();
    let least: Option<f64> = fleet.assets().iter().map(|asset| least(asset, &weights)).sum();
    Some((least? - limit) / (1.0 + limit.abs())).filter(|margin| margin.is_finite())
}

/// The least weighted use of the fleet's rows that one asset can have.
fn least(asset: &AssetProblem, weights: &[f64]) -> Option<f64> {
    let local = &asset.local;
    let n = local.variable_count();
    let mut q = vec![0.0; n];
    asset.coupling.transpose_multiply_add(weights, &mut q);
    let objective = Objective { p: SparseMatrix::zeros(n, n), q, c: 0.0 };
    let problem = LocalProblem::new(local.variables().clone(), objective, local.rows().clone()).ok()?;
    match solve(problem) {
        Some(LocalOutcome::Optimal { objective, .. }) => Some(objective),
        _ => None,
    }
}

fn solve(problem: LocalProblem) -> Option<LocalOutcome> {
    InteriorPoint.solve(&problem, None, Budget::default()).ok().map(|report| report.outcome)
}

#[cfg(test)]
mod tests {
    use cosmosmesh_contracts::file::read_fleet;

    use super::*;

    /// One asset, `lower <= x <= upper`, own row `x >= own`, fleet row `x <= limit`.
    fn fleet(own: f64, limit: f64) -> FleetProblem {
        let text = format!(
            r#"{{"format": "cosmosmesh.fleet/1", "name": "one", "coupling": {{"names": ["bus"], "lower": [null], "upper": [{limit}]}},
            "agents": [{{"id": "rover", "variables": {{"names": ["x"], "lower": [1], "upper": [5]}},
            "objective": {{"P": [], "q": [1.0], "c": 0}},
            "rows": {{"names": ["own"], "A": [[0, 0, 1.0]], "lower": [{own}], "upper": [null]}}, "coupling": [[0, 0, 2.0]]}}]}}"#
        );
        read_fleet(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_claim_stands_only_with_a_proof() {
        assert_eq!(Refutation::of(&fleet(9.0, 3.0), &[]), Refutation::Assets(vec!["rover".into()]));
        // At least 2 * 2 is used, the limit is 3: missed by 1, relative to 1 + 3.
        assert!(matches!(Refutation::of(&fleet(2.0, 3.0), &[7.0]), Refutation::Rows(m) if (m - 0.25).abs() < 1e-6));
        assert_eq!(Refutation::of(&fleet(2.0, 4.5), &[7.0]), Refutation::Open);
        // A weight on a side that is open proves nothing, and neither do no weights.
        assert_eq!(Refutation::of(&fleet(2.0, 3.0), &[-1.0]), Refutation::Open);
        assert_eq!(Refutation::of(&fleet(2.0, 3.0), &[]), Refutation::Open);
    }
}
