use std::collections::BTreeMap;
use std::path::Path;

use cosmosmesh_bench::compare::{
    Baseline, COLUMNS, Change, Entrant, Measured, Record, Setting, Solver, changes, compare, csv, summary,
};
use cosmosmesh_bench::family::{Family, Recipe, generate};
use cosmosmesh_bench::{Counted, Environment};
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_solver_core::{Method, Options, Participant, PlainSum, coordinator, run};

fn entrant(family: Family, seed: u64) -> Entrant {
    let recipe = Recipe { family, assets: 2, rows: 12, seed };
    Entrant { recipe: Some(recipe), fleet: generate(recipe).unwrap() }
}

fn records(family: Family) -> Vec<Record> {
    compare(&entrant(family, 0), &Setting { repetitions: 2, tolerances: vec![1e-3], ..Setting::default() })
}

#[test]
fn every_solver_arrives_at_an_easy_optimum_and_is_judged() {
    let records = records(Family::Strong);
    let solvers: Vec<Solver> = records.iter().map(|record| record.solver).collect();
    let methods = Method::ALL.into_iter().map(Solver::Method);
    assert_eq!(solvers, methods.chain([Solver::Central]).collect::<Vec<_>>());
    for record in &records {
        assert!(record.solved && !record.wrong, "{}: {:?}", record.solver, record.verdict.reasons);
        assert_eq!(record.status, Status::Optimal);
        assert_eq!(record.rounds.is_none(), record.solver == Solver::Central);
        assert!(record.verdict.gap.unwrap() <= 1e-3);
        assert_eq!(record.repetitions, 2);
    }
}

#[test]
fn infeasibility_is_an_end_that_can_be_right() {
    for record in records(Family::Infeasible) {
        assert_eq!(record.status, Status::Infeasible, "{}", record.solver);
        assert!(record.solved, "{}: {:?}", record.solver, record.verdict.reasons);
        assert!(record.verdict.conflict_margin.unwrap() > 0.0);
    }
}

#[test]
fn a_limit_that_is_too_short_is_neither_solved_nor_wrong() {
    let setting = Setting { rounds_max: Some(2), tolerances: vec![1e-6], repetitions: 1, ..Setting::default() };
    for record in compare(&entrant(Family::Degenerate, 0), &setting) {
        if record.solver == Solver::Central {
            continue;
        }
        assert_eq!((record.solved, record.wrong), (false, false), "{}: {:?}", record.solver, record.verdict.reasons);
        assert_eq!((record.status, record.rounds), (Status::RoundLimit, Some(2)), "{}", record.solver);
    }
}

#[test]
fn the_wrapper_counts_what_the_coordinator_counts() {
    let Entrant { fleet, .. } = entrant(Family::Strong, 1);
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
    let mut coordination = coordinator(Method::Menu, fleet.coupling(), 2, &Options::default()).unwrap();
    let mut sum = Counted::new(PlainSum);
    let mut numbers = 0;
    let outcome = run(&mut *coordination, &mut participants, &mut sum, &mut |query, _| {
        numbers += cosmosmesh_contracts::round::ReportLayout::of(query).unwrap().len() as u64;
        core::ops::ControlFlow::Continue(())
    });
    assert_eq!(sum.rounds, outcome.unwrap().rounds);
    // Eight bytes a number, and a dozen bytes of frame around each round's numbers at most.
    assert!((8 * numbers..=8 * numbers + 12 * u64::from(sum.rounds)).contains(&sum.bytes_up), "{}", sum.bytes_up);
    assert!(sum.bytes_down > 0);
}

/// Everything but the clock: the cells of `results.csv` without its clock columns.
fn without_clock(text: &str) -> Vec<Vec<&str>> {
    let clock: Vec<usize> = (0..COLUMNS.len()).filter(|&k| COLUMNS[k].starts_with("wall_ms")).collect();
    let mut lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    for cells in &mut lines {
        clock.iter().rev().for_each(|&k| {
            cells.remove(k);
        });
    }
    lines
}

#[test]
fn results_have_their_columns_and_repeat_apart_from_the_clock() {
    let (first, second) = (csv(&records(Family::Balance)), csv(&records(Family::Balance)));
    assert_eq!(without_clock(&first), without_clock(&second));
    assert_eq!(first.lines().next().unwrap(), COLUMNS.join(","));
    assert_eq!(first.lines().count(), 1 + Method::ALL.len() + 1, "a head, every method, the central peer");
    assert!(without_clock(&first).iter().all(|cells| cells.len() == COLUMNS.len() - 3));
}

#[test]
fn the_page_shows_every_solver_and_marks_what_is_wrong() {
    let entrant = entrant(Family::Strong, 0);
    let mut records = records(Family::Strong);
    let environment = Environment::of([&entrant.fleet]);
    let page = summary(&environment, &records);
    for expected in ["| admm | 1 of 1 | 0 |", "| central | 1 of 1 | 0 |", &environment.problem_set, "strong 2, 12"] {
        assert!(page.contains(expected), "`{expected}` is missing in\n{page}");
    }
    assert!(!page.contains("WRONG"));

    let menu = records.iter_mut().find(|record| record.solver == Solver::Method(Method::Menu)).unwrap();
    menu.wrong = true;
    menu.solved = false;
    menu.verdict.reasons = vec!["the gap is 1, above 1e-3".into()];
    let page = summary(&environment, &records);
    assert!(page.contains("WRONG") && page.contains("## Wrongly claimed"), "{page}");
    assert!(page.contains("strong-2-12-0, menu, to 1e-3, claims `optimal`: the gap is 1"), "{page}");
}

#[test]
fn files_on_the_command_line_take_part() {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/strong-2-12-0.json");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cosmosmesh-bench"))
        .args(["compare", "--files-only", "--repetitions", "1", "--method", "menu", "--out"])
        .args([&out, &file])
        .args(["--python", "no-such-python"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("OSQP is left out"), "{output:?}");
    let picture = std::fs::read_to_string(out.join("profile.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.ends_with("</svg>\n") && picture.contains(">menu</text>"));
    let found: Baseline = serde_json::from_slice(&std::fs::read(out.join("compare.json")).unwrap()).unwrap();
    assert_eq!(found.measured.iter().filter(|m| m.solver == "menu").count(), 2);
    let results = std::fs::read_to_string(out.join("results.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.starts_with("1,strong-2-12-0,,,2,12,menu,")).count(), 2, "{results}");
    assert!(std::fs::read_to_string(out.join("summary.md")).unwrap().contains("| menu | 1 of 1 | 0 |"));
}

fn baseline() -> Baseline {
    let mut all = records(Family::Strong);
    for record in &mut all {
        (record.wall_ms_min, record.wall_ms, record.wall_ms_max) = (10.0, 11.0, 12.0);
    }
    Baseline::of("here".into(), &all)
}

fn regressions(change: impl Fn(&mut Measured)) -> Vec<String> {
    let then = baseline();
    let mut now = then.clone();
    now.measured.iter_mut().filter(|m| m.solver == "menu").for_each(change);
    changes(&then, &now).regressions
}

#[test]
fn equal_runs_are_no_regression_and_each_figure_can_be_one() {
    assert_eq!(regressions(|_| {}), [""; 0]);
    let has = |found: Vec<String>, words: &str| assert!(found.iter().any(|line| line.contains(words)), "{found:?}");
    has(regressions(|m| m.solved = false), "was solved and is not any more");
    has(regressions(|m| m.rounds = m.rounds.map(|v| v + 1)), "more rounds");
    has(regressions(|m| m.rounds = m.rounds.map(|v| v + 9)), "rounds instead of");
    has(regressions(|m| m.bytes_up = m.bytes_up.map(|v| 2 * v)), "more bytes");
    has(regressions(|m| m.wall_ms = [30.0, 31.0, 32.0]), "times the central solver's");
}

#[test]
fn slower_within_the_noise_and_better_figures_are_no_regression() {
    assert_eq!(regressions(|m| m.wall_ms = [11.0, 13.0, 40.0]), [""; 0]);
    assert_eq!(regressions(|m| (m.rounds, m.bytes_up, m.wall_ms) = (Some(1), Some(1), [1.0; 3])), [""; 0]);
}

/// Found by `--baseline-rev` with one repetition: equal code was called slower.
#[test]
fn runs_timed_once_are_not_judged_by_the_clock() {
    let mut then = baseline();
    then.measured.iter_mut().for_each(|m| m.wall_ms = [11.0; 3]);
    let mut now = then.clone();
    now.measured.iter_mut().filter(|m| m.solver == "menu").for_each(|m| m.wall_ms = [99.0; 3]);
    assert_eq!(changes(&then, &now).regressions, [""; 0]);
}

#[test]
fn problems_that_only_one_run_has_are_left_out() {
    let (then, mut now) = (baseline(), baseline());
    now.measured.iter_mut().for_each(|m| {
        m.problem = "another".into();
        m.solved = false;
    });
    assert_eq!(changes(&then, &now), Change::default());
}

#[test]
fn admm_tuned_with_hindsight_takes_part_where_it_was_searched_for() {
    let entrant = entrant(Family::Strong, 0);
    let tuned = [(entrant.fleet.name().to_owned(), (1.0, 1.6))].into();
    let setting = Setting { solvers: vec![Solver::Hindsight], tuned, repetitions: 1, ..Setting::default() };
    let found = compare(&entrant, &setting);
    assert_eq!(found.iter().map(|record| record.tolerance).collect::<Vec<_>>(), [1e-3]);
    assert!(found[0].solved && !found[0].wrong && found[0].rounds.unwrap() > 1, "{:?}", found[0]);
    let setting = Setting { tuned: BTreeMap::new(), ..setting };
    assert!(compare(&entrant, &setting).is_empty());
}
