use super::local_cases::{Expected, LocalCase, local_cases};
use super::local_judge::{LOCAL_TOLERANCE, judge};
use crate::problem::{LocalProblem, ProblemErrorKind};
use crate::traits::{Budget, LocalOutcome, LocalSolver, SolveError, WarmStart};

/// What an independent solver says of a problem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Oracle {
    /// It has an optimum.
    Optimal {
        /// Of this cost.
        objective: f64,
    },
    /// No point meets its rows.
    Infeasible,
    /// Its cost falls for ever.
    Unbounded,
}

/// What every [`LocalSolver`] must do; panics with the name of the case where one does not.
///
/// Every case is solved, its certificate is recomputed here, and its status and cost are compared with the oracle's, which is somebody else's solver.
pub fn local_solver(solver: &mut dyn LocalSolver, oracle: &mut dyn FnMut(&LocalProblem) -> Oracle) {
    let mut solved = 0;
    for case in local_cases() {
        if solver.supports(case.class) {
            solves(solver, oracle, &case);
            solved += 1;
        }
    }
    assert!(solved > 0, "a solver supports at least one class");
    refuses_what_is_not_convex(solver);
}

fn solves(solver: &mut dyn LocalSolver, oracle: &mut dyn FnMut(&LocalProblem) -> Oracle, case: &LocalCase) {
    let LocalCase { name, problem, expected, .. } = case;
    let mut run = |warm: Option<&WarmStart>, budget| {
        solver.solve(problem, warm, budget).unwrap_or_else(|error| panic!("{name}: refused: {error}"))
    };
    let report = run(None, Budget::default());
    if let Err(fault) = judge(problem, &report.outcome) {
        panic!("{name}: {fault}");
    }
    let told = oracle(problem);
    let close = |a: f64, b: f64| (a - b).abs() <= LOCAL_TOLERANCE * (1.0 + b.abs());
    match (&report.outcome, expected, told) {
        (
            LocalOutcome::Optimal { objective, .. },
            Expected::Optimal(known),
            Oracle::Optimal { objective: reference },
        ) => {
            assert!(close(*objective, reference), "{name}: cost {objective}, the oracle has {reference}");
            if let Some(known) = known {
                assert!(close(*objective, *known), "{name}: cost {objective}, by hand it is {known}");
            }
        }
        (LocalOutcome::Infeasible { .. }, Expected::Infeasible, Oracle::Infeasible) => {}
        (LocalOutcome::Unbounded { .. }, Expected::Unbounded, Oracle::Unbounded) => {}
        (outcome, expected, told) => panic!("{name}: {outcome:?}, expected {expected:?}; the oracle says {told:?}"),
    }

    assert_eq!(run(None, Budget::default()), report, "{name}: the same problem gives the same report");
    // However small the budget, what comes back is true and has the problem's shape.
    for iterations_max in [0, 1, 3] {
        let hasty = run(None, Budget { iterations_max, ..Budget::default() });
        if let Err(fault) = judge(problem, &hasty.outcome) {
            panic!("{name}: with {iterations_max} iterations: {fault}");
        }
    }
    if let LocalOutcome::Optimal { solution, objective } = &report.outcome {
        let again = run(Some(solution), Budget::default());
        match &again.outcome {
            LocalOutcome::Optimal { objective: warm, .. } => {
                assert!(
                    close(*warm, *objective),
                    "{name}: cost {warm} from its own solution, {objective} from nothing"
                );
            }
            other => panic!("{name}: started at its own solution it says {other:?}"),
        }
        if let Err(fault) = judge(problem, &again.outcome) {
            panic!("{name}: started at its own solution: {fault}");
        }
        let mut longer = solution.clone();
        longer.x.push(0.0);
        let refused = solver.solve(problem, Some(&longer), Budget::default());
        assert_eq!(refused, Err(SolveError::WarmStart), "{name}: a warm start of another shape is refused");
    }
}

fn refuses_what_is_not_convex(solver: &mut dyn LocalSolver) {
    for (name, problem) in super::local_cases::indefinite_cases() {
        match solver.solve(&problem, None, Budget::default()) {
            Err(SolveError::Problem(error)) => {
                let not_convex = matches!(error.kind, ProblemErrorKind::NotConvex { .. });
                assert!(not_convex, "{name}: refused for another reason: {error}");
            }
            other => panic!("{name}: a problem that is not convex must be refused, not {other:?}"),
        }
    }
}
