use std::path::Path;

use cosmosmesh_bench::compare::{
    COLUMNS, Counted, Entrant, Environment, Record, Setting, Solver, compare, csv, summary,
};
use cosmosmesh_bench::family::{Family, Recipe, generate};
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

/// Everything but the clock: the cells of `results.csv` without its column `wall_ms`.
fn without_clock(text: &str) -> Vec<Vec<&str>> {
    let clock = COLUMNS.iter().position(|name| *name == "wall_ms").unwrap();
    let mut lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    for cells in &mut lines {
        cells.remove(clock);
    }
    lines
}

#[test]
fn results_have_their_columns_and_repeat_apart_from_the_clock() {
    let (first, second) = (csv(&records(Family::Balance)), csv(&records(Family::Balance)));
    assert_eq!(without_clock(&first), without_clock(&second));
    assert_eq!(first.lines().next().unwrap(), COLUMNS.join(","));
    assert_eq!(first.lines().count(), 1 + Method::ALL.len() + 1, "a head, every method, the central peer");
    assert!(without_clock(&first).iter().all(|cells| cells.len() == COLUMNS.len() - 1));
}

#[test]
fn the_page_shows_every_solver_and_marks_what_is_wrong() {
    let entrant = entrant(Family::Strong, 0);
    let mut records = records(Family::Strong);
    let environment = Environment::of(&[entrant]);
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
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let results = std::fs::read_to_string(out.join("results.csv")).unwrap();
    assert_eq!(results.lines().filter(|line| line.starts_with("1,strong-2-12-0,,,2,12,menu,")).count(), 2, "{results}");
    assert!(std::fs::read_to_string(out.join("summary.md")).unwrap().contains("| menu | 1 of 1 | 0 |"));
}
