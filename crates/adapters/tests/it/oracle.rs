use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};
use cosmosmesh_contracts::problem::LocalProblem;
use cosmosmesh_contracts::traits::{
    Budget, LocalOutcome, LocalReport, LocalSolver, ProblemClass, SolveError, WarmStart,
};

/// Clarabel as a [`LocalSolver`]: somebody else's answer.
pub(crate) struct Oracle;

impl LocalSolver for Oracle {
    fn supports(&self, class: ProblemClass) -> bool {
        class != ProblemClass::MixedInteger
    }

    fn solve(
        &mut self,
        problem: &LocalProblem,
        _warm: Option<&WarmStart>,
        budget: Budget,
    ) -> Result<LocalReport, SolveError> {
        let n = problem.variable_count();
        let mut entries: Vec<(usize, usize, f64)> = Vec::new();
        let (mut rhs, mut cones, mut kinds) = (Vec::new(), Vec::new(), Vec::new());
        let by_row = |row: usize| problem.rows().matrix.triplets().filter(move |t| t.0 == row);
        let bounds = &problem.rows().bounds;
        let boxes = &problem.variables().bounds;
        // Equalities first, so that the cones come in two blocks.
        for equality in [true, false] {
            let start = rhs.len();
            let mut side = |terms: Vec<(usize, f64)>, sign: f64, value: f64| {
                if value.is_finite() {
                    entries.extend(terms.iter().map(|(j, v)| (rhs.len(), *j, sign * v)));
                    rhs.push(sign * value);
                }
            };
            let rows = (0..problem.row_count()).map(|row| {
                (by_row(row).map(|t| (t.1, t.2)).collect::<Vec<_>>(), bounds.lower()[row], bounds.upper()[row])
            });
            let columns = (0..n).map(|j| (vec![(j, 1.0)], boxes.lower()[j], boxes.upper()[j]));
            for (terms, lower, upper) in rows.chain(columns) {
                if (lower == upper) != equality {
                    continue;
                }
                side(terms.clone(), 1.0, upper);
                if !equality {
                    side(terms, -1.0, lower);
                }
            }
            kinds.push((equality, rhs.len() - start));
        }
        for (equality, count) in kinds.into_iter().filter(|k| k.1 > 0) {
            cones.push(if equality {
                SupportedConeT::ZeroConeT(count)
            } else {
                SupportedConeT::NonnegativeConeT(count)
            });
        }
        let matrix = |rows: usize, entries: &mut Vec<(usize, usize, f64)>| {
            entries.sort_by_key(|t| (t.1, t.0));
            let (i, (j, v)): (Vec<_>, (Vec<_>, Vec<_>)) = entries.iter().map(|t| (t.0, (t.1, t.2))).unzip();
            CscMatrix::new_from_triplets(rows, n, i, j, v)
        };
        let p = matrix(n, &mut problem.objective().p.triplets().collect());
        let a = matrix(rhs.len(), &mut entries);
        let settings = DefaultSettings { verbose: false, max_iter: budget.iterations_max, ..Default::default() };
        let mut solver =
            DefaultSolver::new(&p, &problem.objective().q, &a, &rhs, &cones, settings).expect("a well-formed problem");
        solver.solve();
        let x = solver.solution.x.clone();
        let outcome = match solver.solution.status {
            SolverStatus::Solved => LocalOutcome::Optimal {
                objective: problem.objective().value(&x),
                solution: WarmStart { x, ..WarmStart::default() },
            },
            SolverStatus::PrimalInfeasible => LocalOutcome::Infeasible { proof: WarmStart::default() },
            SolverStatus::DualInfeasible => LocalOutcome::Unbounded { direction: x },
            _ => LocalOutcome::Stopped { solution: WarmStart { x, ..WarmStart::default() } },
        };
        Ok(LocalReport { outcome, iterations: solver.solution.iterations })
    }
}
