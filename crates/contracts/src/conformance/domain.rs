use std::collections::BTreeSet;

use crate::message::{Action, Forecast, Telemetry};
use crate::plan::Plan;
use crate::problem::{AssetProblem, Bounds, LocalProblem, Rows, Variables};
use crate::traits::{Budget, DomainAdapter, DomainError, LocalOutcome, LocalSolver};
use crate::{AssetId, Horizon, MissionTime};

/// One situation for a vehicle's adapter.
#[derive(Clone, Copy, Debug)]
pub struct DomainCase<'a> {
    /// Whose adapter it is.
    pub id: &'a AssetId,
    /// How many rows the fleet shares.
    pub fleet_row_count: usize,
    /// What the asset expects.
    pub forecast: &'a Forecast,
    /// Where it stands.
    pub telemetry: &'a Telemetry,
}

/// What every [`DomainAdapter`] must do; panics with a sentence where one does not.
///
/// `adapter` is fresh: nothing observed yet. `oracle` solves convex QPs.
/// Returns the problem and its optimum, for tests that are the vehicle's own.
pub fn domain(
    adapter: &mut dyn DomainAdapter,
    oracle: &mut dyn LocalSolver,
    case: DomainCase<'_>,
) -> (AssetProblem, Plan) {
    refuses_bad_measurements(adapter, case);
    let now = case.telemetry.at;
    adapter.observe(now, case.telemetry).expect("a sound measurement is taken");
    refuses_bad_forecasts(adapter, case);

    let problem = adapter.local_problem(case.forecast).expect("a problem from every survivable state");
    assert_eq!(adapter.local_problem(case.forecast).as_ref(), Ok(&problem), "the same state gives the same problem");
    let mut older = case.telemetry.clone();
    older.at = now.plus_ms(-1);
    older.battery_wh *= 0.5;
    adapter.observe(now, &older).expect("late news is no fault");
    assert_eq!(adapter.local_problem(case.forecast).as_ref(), Ok(&problem), "late news does not undo newer");

    has_sound_shape(&problem, case);
    let x = solve(oracle, &problem.local, "the problem itself");
    let baseline = at_baseline(&problem);
    solve(oracle, &baseline, "keep-alive on the baseline share");
    solve(oracle, &tightened(&problem.local), "the problem with every limit a little tighter (it needs an interior)");

    let plan = Plan { id: case.id.clone(), x };
    commands_are_sound(adapter, &plan, case);
    names_what_is_wanted(adapter, &problem, case);
    (problem, plan)
}

/// The problem of an asset that is left with its baseline: every share at its least.
pub fn at_baseline(problem: &AssetProblem) -> LocalProblem {
    let bounds = &problem.local.variables().bounds;
    let mut upper = bounds.upper().to_vec();
    for (_, column, _) in problem.coupling.triplets() {
        upper[column] = bounds.lower()[column];
    }
    let bounds = Bounds::new(bounds.lower().to_vec(), upper).expect("a lower bound is a possible upper bound");
    let variables = Variables { names: problem.local.variables().names.clone(), bounds };
    LocalProblem::new(variables, problem.local.objective().clone(), problem.local.rows().clone())
        .expect("only bounds changed")
}

/// The same problem with every inequality a millionth of its range tighter.
fn tightened(problem: &LocalProblem) -> LocalProblem {
    const PART: f64 = 1e-6;
    let bounds = &problem.variables().bounds;
    let mut margin = vec![0.0; problem.variable_count()];
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    for k in 0..margin.len() {
        margin[k] = PART * (upper[k] - lower[k]);
        lower[k] += margin[k];
        upper[k] -= margin[k];
    }
    let variables = Variables {
        names: problem.variables().names.clone(),
        bounds: Bounds::new(lower, upper).expect("every variable can move"),
    };
    // A row moves by what its largest term moves.
    let mut reach = vec![0.0_f64; problem.row_count()];
    for (row, column, coefficient) in problem.rows().matrix.triplets() {
        reach[row] = reach[row].max((coefficient * margin[column]).abs());
    }
    let bounds = &problem.rows().bounds;
    let (mut lower, mut upper) = (bounds.lower().to_vec(), bounds.upper().to_vec());
    for k in 0..reach.len() {
        if lower[k] < upper[k] {
            lower[k] += reach[k];
            upper[k] -= reach[k];
        }
    }
    let rows = Rows {
        names: problem.rows().names.clone(),
        matrix: problem.rows().matrix.clone(),
        bounds: Bounds::new(lower, upper).expect("an inequality row has a range"),
    };
    LocalProblem::new(variables, problem.objective().clone(), rows).expect("only bounds changed")
}

fn refuses_bad_measurements(adapter: &mut dyn DomainAdapter, case: DomainCase<'_>) {
    let now = case.telemetry.at;
    assert_eq!(adapter.local_problem(case.forecast), Err(DomainError::NothingObserved), "nothing was observed yet");
    for bad in [f64::NAN, f64::INFINITY, -1.0] {
        let mut telemetry = case.telemetry.clone();
        telemetry.battery_wh = bad;
        let refused = adapter.observe(now, &telemetry);
        assert!(matches!(refused, Err(DomainError::Telemetry(_))), "a battery of {bad} Wh is refused: {refused:?}");
    }
    let mut telemetry = case.telemetry.clone();
    telemetry.at = now.plus_ms(1);
    let expected = Err(DomainError::FromFuture { at: telemetry.at, now });
    assert_eq!(adapter.observe(now, &telemetry), expected, "news from the future is refused");
    assert_eq!(
        adapter.local_problem(case.forecast),
        Err(DomainError::NothingObserved),
        "what is refused has no effect"
    );
}

fn refuses_bad_forecasts(adapter: &mut dyn DomainAdapter, case: DomainCase<'_>) {
    let refused = |forecast: &Forecast, what: &str| {
        let answer = adapter.local_problem(forecast);
        assert!(matches!(answer, Err(DomainError::Forecast(_))), "{what} is refused: {answer:?}");
    };
    let mut forecast = case.forecast.clone();
    forecast.slots.pop();
    refused(&forecast, "a forecast without its last slot");
    let mut forecast = case.forecast.clone();
    forecast.slots[0].keep_alive_w = f64::NAN;
    refused(&forecast, "a forecast with NaN");
    let mut forecast = case.forecast.clone();
    forecast.horizon = Horizon { start: forecast.horizon.start.plus_ms(1), ..forecast.horizon };
    refused(&forecast, "a forecast for other slots");
    if let Some(pass) = case.forecast.passes.first() {
        let mut forecast = case.forecast.clone();
        forecast.passes.push(pass.clone());
        refused(&forecast, "a pass twice");
    }
}

fn has_sound_shape(problem: &AssetProblem, case: DomainCase<'_>) {
    assert_eq!(&problem.id, case.id, "the asset's own name");
    assert_eq!(problem.coupling.row_count(), case.fleet_row_count, "one row per row of the fleet");
    let local = &problem.local;
    for (kind, names) in [("variable", &local.variables().names), ("row", &local.rows().names)] {
        let mut seen = BTreeSet::new();
        names.iter().for_each(|name| assert!(seen.insert(name), "{kind} `{name}` is named twice"));
    }
    let bounds = &local.variables().bounds;
    for (k, name) in local.variables().names.iter().enumerate() {
        let (lower, upper) = (bounds.lower()[k], bounds.upper()[k]);
        assert!(lower.is_finite() && upper.is_finite(), "`{name}` has finite bounds: {lower}..{upper}");
        assert!(lower < upper, "`{name}` can move: {lower}..{upper}; leave it out if it cannot");
    }
    let mut rows = BTreeSet::new();
    let mut columns = BTreeSet::new();
    for (row, column, coefficient) in problem.coupling.triplets() {
        assert!(rows.insert(row), "fleet row {row} has one share");
        assert!(columns.insert(column), "column {column} is the share of one row");
        assert!(coefficient > 0.0, "a share counts as use");
    }
}

fn solve(oracle: &mut dyn LocalSolver, problem: &LocalProblem, what: &str) -> Vec<f64> {
    let report = oracle.solve(problem, None, Budget::default()).expect("the oracle takes a convex problem");
    let LocalOutcome::Optimal { solution, .. } = report.outcome else {
        panic!("{what} has an optimum, but the oracle says {:?}", report.outcome);
    };
    let violation = problem.violation(&solution.x);
    assert!(violation <= 1e-6, "{what}: the oracle's answer violates it by {violation}");
    solution.x
}

fn commands_are_sound(adapter: &mut dyn DomainAdapter, plan: &Plan, case: DomainCase<'_>) {
    let horizon = &case.forecast.horizon;
    let commands = adapter.apply(case.forecast, plan).expect("a plan of its own problem");
    let mut last = MissionTime(i64::MIN);
    for command in &commands {
        command.check().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(command.start >= horizon.start && command.end <= horizon.end(), "within the horizon: {command:?}");
        assert!(command.start >= last, "commands come by start: {command:?}");
        last = command.start;
    }
    for slot in 0..horizon.len() {
        let (start, end) = (horizon.slot_start(slot), horizon.slot_end(slot));
        let alive = commands.iter().any(|c| c.action == Action::KeepAlive && c.start <= start && end <= c.end);
        assert!(alive, "keep-alive is commanded in slot {slot}");
    }
    let short = Plan { id: plan.id.clone(), x: plan.x[1..].to_vec() };
    let foreign = Plan { id: AssetId::new("somebody else").expect("a name"), x: plan.x.clone() };
    for (wrong, what) in [(short, "a plan of another length"), (foreign, "a plan of another asset")] {
        let answer = adapter.apply(case.forecast, &wrong);
        assert!(matches!(answer, Err(DomainError::Plan { .. })), "{what} is refused: {answer:?}");
    }
}

fn names_what_is_wanted(adapter: &mut dyn DomainAdapter, problem: &AssetProblem, case: DomainCase<'_>) {
    let mut activities = BTreeSet::new();
    for wanted in adapter.wanted(case.forecast).expect("the forecast was good enough for a problem") {
        assert!(activities.insert(wanted.activity.clone()), "`{}` is wanted once", wanted.activity);
        assert!(wanted.desired > 0.0 && !wanted.unit.is_empty(), "`{}` has an amount and a unit", wanted.activity);
        let mut columns = BTreeSet::new();
        for part in &wanted.parts {
            assert!(part.slot < case.forecast.horizon.len(), "`{}` in a slot", wanted.activity);
            assert!(part.column < problem.local.variable_count(), "`{}` in a column", wanted.activity);
            assert!(columns.insert(part.column), "`{}` counts a column once", wanted.activity);
            assert!(part.amount_per_unit > 0.0, "`{}`: more of a part is more of the activity", wanted.activity);
        }
    }
}
