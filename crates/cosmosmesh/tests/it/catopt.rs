use cosmosmesh_contracts::file::{read_fleet, write_fleet};

use crate::command::{data, run, scratch, tiny, written};

fn path(name: &str) -> String {
    scratch(name).to_str().unwrap().to_owned()
}

#[test]
fn export_then_import_gives_the_same_fleet() {
    for (format, ending) in [("mps", "mps"), ("mof", "mof.json")] {
        let (file, out) = (path(&format!("catopt-there.{ending}")), path(&format!("catopt-back-{format}.json")));
        let source = data("strong-3-12-0.json");
        let there = run(&["catopt", "export", &source, "--format", format, "--include-private", "--out", &file]);
        assert_eq!(there.code, 0, "{}", there.stderr);
        assert!(there.stdout.starts_with("revealed: of 3 assets: "), "{}", there.stdout);
        assert!(there.stdout.ends_with("nothing was lost\n"), "{}", there.stdout);
        let back = run(&["catopt", "import", &file, "--out", &out, "--json"]);
        assert_eq!(back.code, 0, "{}", back.stderr);
        assert_eq!(back.json()["lost"], serde_json::json!([]));
        let expected = write_fleet(&read_fleet(&std::fs::read(source).unwrap()).unwrap());
        assert_eq!(std::fs::read_to_string(out).unwrap(), expected, "{format}");
    }
}

#[test]
fn private_data_needs_a_word_and_nothing_is_written_without_it() {
    let file = path("catopt-private.mps");
    let _ = std::fs::remove_file(&file);
    let tiny = written("catopt-tiny.json", &tiny().to_string());
    let run = run(&["catopt", "export", &tiny, "--format", "mps", "--out", &file]);
    assert_eq!((run.code, run.stdout.as_str()), (64, ""));
    for part in ["3 assets", "6 variables", "3 private rows", "--include-private"] {
        assert!(run.stderr.contains(part), "no `{part}` in {}", run.stderr);
    }
    assert!(!std::path::Path::new(&file).exists());
}

#[test]
fn a_scenario_is_exported_and_a_foreign_file_says_what_is_lost() {
    let file = path("catopt-scenario.lp");
    let exported = run(&["catopt", "export", "three-assets", "--format", "lp", "--include-private", "--out", &file]);
    assert_eq!(exported.code, 0, "{}", exported.stderr);
    assert!(exported.stdout.contains("LP is written only"), "{}", exported.stdout);
    let foreign = written(
        "catopt-foreign.mps",
        "NAME f\nROWS\n N obj\n G r\nCOLUMNS\n x obj 1 r 1\nRHS\n RHS r 2\nQUADOBJ\n x x 1\nENDATA\n",
    );
    let out = path("catopt-foreign.json");
    let imported = run(&["catopt", "import", &foreign, "--out", &out]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    assert!(imported.stdout.contains("lost: which asset owns which column"), "{}", imported.stdout);
    assert_eq!(run(&["validate", &out]).code, 0);
}

#[test]
fn a_cost_that_is_not_convex_is_refused_with_its_eigenvalue() {
    let mut fleet = tiny();
    fleet["agents"][0]["objective"]["P"] = serde_json::json!([[0, 0, 1.0], [0, 1, 2.0], [1, 1, 1.0]]);
    let (source, file) = (written("catopt-bent.json", &fleet.to_string()), path("catopt-bent.mps"));
    let arguments = ["catopt", "export", &source, "--format", "mps", "--include-private", "--out", &file];
    let refused = run(&arguments);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("P of `rover` is indefinite, with an eigenvalue of -1.0"), "{}", refused.stderr);
    assert_eq!(run(&[&arguments[..], &["--allow-nonconvex"]].concat()).code, 0);
}

#[test]
fn a_damaged_foreign_file_is_bad_input_with_its_line() {
    let foreign = written("catopt-damaged.mps", "NAME f\nROWS\n N obj\nCOLUMNS\n x r 1\nENDATA\n");
    let run = run(&["catopt", "import", &foreign, "--out", &path("catopt-damaged.json")]);
    assert_eq!(run.code, 64);
    assert!(run.stderr.contains("MPS, line 5: there is no row `r`"), "{}", run.stderr);
}
