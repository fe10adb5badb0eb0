//! `compare` from outside: what its exit code says, and that its four files agree with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cosmosmesh_bench::compare::Baseline;

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("exit").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// One small fleet by the menu, its figures in `out`.
fn compare(out: &Path, more: &[&str]) -> Output {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/data/strong-2-12-0.json");
    Command::new(env!("CARGO_BIN_EXE_cosmosmesh-bench"))
        .args(["compare", "--files-only", "--repetitions", "1", "--method", "menu", "--python", "no-such-python"])
        .arg("--out")
        .args([out, &file])
        .args(more)
        .output()
        .unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn read(out: &Path) -> Baseline {
    serde_json::from_slice(&std::fs::read(out.join("compare.json")).unwrap()).unwrap()
}

/// A figures file in which the menu was better than it is.
fn better(out: &Path, change: impl Fn(&mut cosmosmesh_bench::compare::Measured)) -> String {
    let mut then = read(out);
    then.measured.iter_mut().filter(|measured| measured.solver == "menu").for_each(change);
    let path = out.join("then.json");
    std::fs::write(&path, serde_json::to_string(&then).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn equal_figures_exit_0_and_a_regression_exits_1_with_its_reason() {
    let out = folder("regression");
    compare(&out, &[]);
    let same = better(&out, |_| {});
    let equal = compare(&out, &["--against", &same]);
    assert_eq!(code(&equal), Some(0), "{equal:?}");
    let fewer = better(&out, |measured| measured.rounds = measured.rounds.map(|rounds| rounds - 2));
    let worse = compare(&out, &["--against", &fewer]);
    assert_eq!(code(&worse), Some(1), "{worse:?}");
    let page = std::fs::read_to_string(out.join("summary.md")).unwrap();
    assert!(page.contains("**regression** menu to 1e-3: ") && page.contains("more rounds"), "{page}");
}

#[test]
fn a_wrong_answer_exits_2_even_beside_a_regression() {
    let out = folder("wrong");
    compare(&out, &[]);
    let fewer = better(&out, |measured| measured.bytes_up = measured.bytes_up.map(|bytes| bytes / 2));
    let drilled = compare(&out, &["--drill", "--against", &fewer]);
    assert_eq!(code(&drilled), Some(2), "{drilled:?}");
    let page = std::fs::read_to_string(out.join("summary.md")).unwrap();
    assert!(page.contains("## Wrongly claimed") && page.contains("strong-2-12-0, menu, to 1e-3, claims"), "{page}");
    let found = read(&out);
    let menu: Vec<_> = found.measured.iter().filter(|measured| measured.solver == "menu").collect();
    assert!(menu.iter().all(|measured| measured.wrong && !measured.solved), "{menu:?}");
    let central = found.measured.iter().find(|measured| measured.solver == "central").unwrap();
    assert!(central.solved && !central.wrong, "the drill spoils our methods only");
    let results = std::fs::read_to_string(out.join("results.csv")).unwrap();
    let lines: Vec<&str> = results.lines().filter(|line| line.contains(",menu,")).collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(",false,true,")), "{results}");
}

#[test]
fn no_baseline_exits_3_and_a_broken_one_64() {
    let out = folder("baseline");
    let absent = compare(&out, &["--against", "nowhere.json"]);
    assert_eq!(code(&absent), Some(3), "{absent:?}");
    let broken = out.join("broken.json");
    std::fs::write(&broken, "{\"version\": 1").unwrap();
    let refused = compare(&out, &["--against", broken.to_str().unwrap()]);
    assert_eq!(code(&refused), Some(64), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("broken.json: "), "{refused:?}");
}

#[test]
fn criterions_figures_stand_on_the_page_with_what_they_were_before() {
    let out = folder("kernels");
    let bench = out.join("criterion/a group/a function/new");
    std::fs::create_dir_all(&bench).unwrap();
    let write = |name: &str, text: &str| std::fs::write(bench.join(name), text).unwrap();
    write("benchmark.json", r#"{"group_id": "a group", "full_id": "a group/a function"}"#);
    let median = |ns: f64| {
        let (low, high) = (0.9 * ns, 1.1 * ns);
        format!(
            r#"{{"median": {{"confidence_interval": {{"lower_bound": {low}, "upper_bound": {high}}}, "point_estimate": {ns}}}}}"#
        )
    };
    write("estimates.json", &median(2e5));
    let criterion = out.join("criterion");
    let criterion = ["--criterion", criterion.to_str().unwrap()];
    compare(&out, &criterion);
    assert_eq!(read(&out).kernels[0].median_ns[1], 2e5);
    let then = better(&out, |_| {});
    write("estimates.json", &median(1e5));
    let again = compare(&out, &[criterion[0], criterion[1], "--against", &then]);
    assert_eq!(code(&again), Some(0), "{again:?}");
    let page = std::fs::read_to_string(out.join("summary.md")).unwrap();
    let line = page.lines().find(|line| line.starts_with("| a group/a function |")).unwrap();
    assert!(line.contains("| 100 us | 90.0 us to 110 us |") && line.contains("200 us (0.50x now)"), "{line}");

    write("estimates.json", "{}");
    let refused = compare(&out, &criterion);
    assert_eq!(code(&refused), Some(64), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("has no median"), "{refused:?}");
}
