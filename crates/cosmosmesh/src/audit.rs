use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::FleetProblem;

/// A plan judged by its numbers alone, outside the solver that made it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Audit {
    /// The fleet's cost.
    pub(crate) objective: f64,
    /// Worst violation of a fleet row, divided by `1 +` the largest finite bound.
    pub(crate) coupling_violation: f64,
    /// Worst violation of any asset's own rows and bounds, divided likewise.
    pub(crate) local_violation: f64,
    /// How far the worst variable that must be whole is from a whole number.
    pub(crate) integer_violation: f64,
}

impl Audit {
    /// Recomputes everything from the assets' plans.
    ///
    /// # Shape
    /// One plan per asset, in the fleet's order.
    pub(crate) fn of(fleet: &FleetProblem, plans: &[Plan]) -> Self {
        assert_eq!(plans.len(), fleet.assets().len(), "one plan per asset");
        let mut audit = Self { objective: 0.0, coupling_violation: 0.0, local_violation: 0.0, integer_violation: 0.0 };
        let mut used = vec![0.0; fleet.row_count()];
        for (asset, plan) in fleet.assets().iter().zip(plans) {
            assert_eq!(asset.id, plan.id, "plans come in the fleet's order");
            audit.objective += asset.local.objective().value(&plan.x);
            audit.local_violation = audit.local_violation.max(asset.local.violation(&plan.x));
            asset.coupling.multiply_add(&plan.x, &mut used);
            for &column in &asset.integer {
                let value = plan.x[column];
                audit.integer_violation = audit.integer_violation.max((value - value.round()).abs());
            }
        }
        audit.coupling_violation = fleet.coupling().bounds.violation(&used);
        audit
    }

    /// How far the cost lies above a lower bound of every plan's cost.
    pub(crate) fn gap_relative(&self, dual_bound: f64) -> f64 {
        (self.objective - dual_bound) / (1.0 + dual_bound.abs())
    }
}

#[cfg(test)]
mod tests {
    use cosmosmesh_contracts::AssetId;
    use cosmosmesh_contracts::problem::{
        AssetProblem, Bounds, Coupling, LocalProblem, Objective, Rows, SparseMatrix, Variables,
    };

    use super::*;

    #[test]
    fn a_plan_is_judged_by_its_numbers() {
        let matrix = |entries: &[_]| SparseMatrix::from_triplets(1, 1, entries).unwrap();
        let bounds = |l: f64, u: f64| Bounds::new(vec![l], vec![u]).unwrap();
        let local = LocalProblem::new(
            Variables { names: vec!["x".into()], bounds: bounds(0.0, 3.0) },
            Objective { p: matrix(&[(0, 0, 2.0)]), q: vec![1.0], c: 0.5 },
            Rows { names: vec!["r".into()], matrix: matrix(&[(0, 0, 1.0)]), bounds: bounds(f64::NEG_INFINITY, 2.0) },
        );
        let id = AssetId::new("rover").unwrap();
        let asset = AssetProblem::new(id.clone(), local.unwrap(), matrix(&[(0, 0, 10.0)]), vec![0]).unwrap();
        let coupling = Coupling { names: vec!["bus".into()], bounds: bounds(f64::NEG_INFINITY, 9.0) };
        let fleet = FleetProblem::new("one", coupling, vec![asset]).unwrap();
        let audit = Audit::of(&fleet, &[Plan { id, x: vec![2.3] }]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
        close(audit.objective, 2.3 * 2.3 + 2.3 + 0.5);
        close(audit.coupling_violation, (23.0 - 9.0) / 10.0);
        close(audit.local_violation, 0.3 / 3.0);
        close(audit.integer_violation, 0.3);
        close(audit.gap_relative(7.0), (audit.objective - 7.0) / 8.0);
    }
}
