use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_bench::tables::{BEGIN, Context, Data, Row, Table, block, page, with_block};
use cosmosmesh_solver_core::Method;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn committed() -> Data {
    Data::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data")).unwrap()
}

#[test]
fn the_page_is_what_the_committed_measurements_give() {
    let found = fs::read_to_string(root().join("docs/perf/solver.md")).unwrap();
    assert!(found == page(&committed()), "write it again: cargo xtask bench compare --write-docs");
}

#[test]
fn the_readme_holds_the_table_of_the_page() {
    let data = committed();
    for name in ["README.md", "docs/perf/solver.md"] {
        let text = fs::read_to_string(root().join(name)).unwrap();
        assert_eq!(text.matches(BEGIN).count(), 1, "{name}");
        assert!(with_block(&text, &block(&data)).unwrap() == text, "{name}: cargo xtask bench compare --write-docs");
    }
    assert!(block(&data).contains("strong 10, 24"), "the block shows something");
}

#[test]
fn every_table_has_a_name_of_its_own_and_rows_of_their_own() {
    for table in Table::ALL {
        assert_eq!(Table::named(table.name).unwrap().title, table.title);
        let mut keys: Vec<String> = table.needs().into_iter().map(|need| need.key).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count, "{}", table.name);
    }
    assert!(Table::named("nothing").is_none());
}

#[test]
fn a_row_is_measured_kept_and_read_back() {
    let table = Table::named("infeasible").unwrap();
    let need = table.needs().remove(0);
    let mut context = Context::of(&root(), Method::default());
    context.seeds_max = 2;
    let row = table.measure(&need, &context).unwrap();
    assert_eq!(row.problems, ["infeasible-3-24-0", "infeasible-3-24-1"]);
    assert!(row.wrong.is_empty(), "{:?}", row.wrong);
    assert!(row.worst("rounds").unwrap() <= 20.0);

    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tables");
    let mut data = Data::default();
    data.keep("infeasible", &need.key, row.clone());
    data.write(&folder, "infeasible").unwrap();
    let again = Data::read(&folder).unwrap();
    assert_eq!(again.row("infeasible", &need.key), Some(&row));
    assert!(page(&again).contains("infeasible 3, 24"));
    let goals = table.goals(&again);
    assert_eq!((goals.len(), goals[0].reached, goals[0].measured), (1, true, 2));
    assert!(table.goals(&Data::default()).is_empty(), "no goal is reached by measuring nothing");
}

#[test]
fn a_row_that_grows_keeps_the_stamps_of_its_parts() {
    let part = |problem: &str, revision: &str, value: Option<f64>| {
        let mut row = Row { problems: vec![problem.into()], ..Row::default() };
        row.stamp.revision = revision.into();
        row.series.insert("rounds".into(), vec![value]);
        row
    };
    let mut data = Data::default();
    let key = Table::named("hindsight").unwrap().needs().remove(0).key;
    for (problem, revision, value) in [("a", "1", Some(7.0)), ("b", "1", None), ("c", "2", Some(9.0))] {
        data.extend("hindsight", &key, part(problem, revision, value));
    }
    let row = data.row("hindsight", &key).unwrap();
    assert_eq!(row.problems, ["a", "b", "c"]);
    assert_eq!(row.column("rounds"), [Some(7.0), None, Some(9.0)]);
    let revisions: Vec<&str> = data.stamps("hindsight").into_iter().map(|stamp| stamp.revision.as_str()).collect();
    assert_eq!(revisions, ["1", "2"]);
}

#[test]
fn a_run_that_did_not_arrive_spoils_the_goal_and_shows() {
    let need = Table::named("infeasible").unwrap().needs().remove(0);
    let mut row = Row { problems: vec!["a".into(), "b".into()], ..Row::default() };
    row.series.insert("rounds".into(), vec![Some(2.0), None]);
    assert_eq!((row.worst("rounds"), row.gaps("rounds"), row.mean("rounds")), (None, 1, 2.0));
    row.wrong.push("a claims too much".into());
    let mut data = Data::default();
    data.keep("infeasible", &need.key, row);
    assert!(!Table::named("infeasible").unwrap().goals(&data)[0].reached);
    let page = page(&data);
    assert!(page.contains("2, 1 not") && page.contains("**short**") && page.contains("- a claims too much"), "{page}");
}

/// Search with hindsight may not be worse than what it searches around.
#[test]
fn hindsight_beats_the_textbook_penalty() {
    let table = Table::named("hindsight").unwrap();
    let need = table.needs().remove(0);
    let mut context = Context::of(&root(), Method::default());
    context.seeds_max = 1;
    let row = table.measure(&need, &context).unwrap();
    let fleet =
        cosmosmesh_bench::family::generate(cosmosmesh_bench::family::Recipe::from_name(&row.problems[0]).unwrap())
            .unwrap();
    let textbook =
        cosmosmesh_bench::trial::Trial::run(&fleet, &cosmosmesh_bench::trial::Course::new(Method::Admm, 1e-3));
    assert!(row.worst("rounds").unwrap() <= f64::from(textbook.rounds));
}
