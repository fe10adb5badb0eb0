use cosmosmesh_contracts::file::{read_fleet, write_fleet};

use crate::command::{binary, data, run, scratch, tiny, written};

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

/// What a first user gets wrong, each told where and what to do.
#[test]
fn what_is_no_problem_is_named() {
    let out = path("catopt-strange.json");
    let csv = written("catopt-strange.csv", "kind,name,value,dual\n");
    let (fleet, words) = (data("strong-3-12-0.json"), written("catopt-strange-words.json", "words"));
    let other = written("catopt-strange-other.json", r#"{"format": "cosmosmesh.result/1"}"#);
    let none = written("catopt-strange-none.json", "{}");
    let labels = format!("{}/../catopt-bridge/tests/data/family-a.json", env!("CARGO_MANIFEST_DIR"));
    for (arguments, part) in [
        (vec!["import", &fleet, "--out", &out], "is a fleet already"),
        (vec!["import", &other, "--out", &out], "the format is `cosmosmesh.result/1`; what is read here is MPS"),
        (vec!["import", &none, "--out", &out], "MathOptFormat, line 1: missing field `version`"),
        (vec!["import", &words, "--out", &out], "MPS, line 1: "),
        (vec!["import", &csv, "--out", &out], "MPS, line 1: "),
        (vec!["export", &csv, "--format", "acset", "--out", &out], "line 1, column 1"),
        (vec!["certify", &fleet, &fleet], "what is read here is `cosmosmesh.result/1`"),
        (vec!["certify", &fleet, &csv, "--tolerance", "nan"], "a tolerance lies between 0 and 0.5"),
        (vec!["explain", &fleet, &csv, "--tolerance=-1"], "a tolerance lies between 0 and 0.5"),
        (vec!["certify", &fleet, &csv], "has no value"),
        (vec!["redact", &fleet, "--rename", "--policy", &none, "--out", &out], "cannot be used with"),
        (vec!["export", &fleet, "--format", "mps", "--out", "/"], "is a directory"),
        (vec!["export", &fleet, "--format", "lp", "--ranges", "--out", &out], "--ranges is for --format mps"),
        (
            vec!["export", &fleet, "--format", "acset", "--allow-nonconvex", "--out", &out],
            "for --format mps, lp and mof",
        ),
        (vec!["certify", &labels, &csv], "family-a.json: `rover-planner` is opaque"),
    ] {
        let refused = run(&[&["catopt"], &arguments[..]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (64, ""), "{arguments:?}");
        assert!(refused.stderr.contains(part), "no `{part}` in {}", refused.stderr);
    }
}

/// What a file holds is told by its text and not by its name.
#[test]
fn documents_are_known_by_their_text_also_on_standard_input() {
    let (source, native, out) =
        (data("strong-3-12-0.json"), path("catopt-nameless"), path("catopt-nameless-back.json"));
    let there = run(&["catopt", "export", &source, "--format", "catopt", "--include-private", "--out", &native]);
    assert_eq!(there.code, 0, "{}", there.stderr);
    let stdin = std::fs::File::open(&native).unwrap();
    let back = binary().args(["catopt", "import", "-", "--out", &out]).stdin(stdin).output().unwrap();
    assert!(back.status.success(), "{}", String::from_utf8_lossy(&back.stderr));
    let expected = write_fleet(&read_fleet(&std::fs::read(&source).unwrap()).unwrap());
    assert_eq!(std::fs::read_to_string(out).unwrap(), expected);
}

#[test]
fn the_native_form_comes_back_as_the_same_fleet_and_is_a_source_itself() {
    let (file, out) = (path("catopt-native.catopt.json"), path("catopt-native-back.json"));
    let source = data("strong-3-12-0.json");
    let refused = run(&["catopt", "export", &source, "--format", "catopt", "--out", &file]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("--include-private"), "{}", refused.stderr);
    let there = run(&["catopt", "export", &source, "--format", "catopt", "--include-private", "--out", &file]);
    assert_eq!(there.code, 0, "{}", there.stderr);
    assert!(there.stdout.ends_with("nothing was lost\n"), "{}", there.stdout);
    let back = run(&["catopt", "import", &file, "--out", &out]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    let expected = write_fleet(&read_fleet(&std::fs::read(&source).unwrap()).unwrap());
    assert_eq!(std::fs::read_to_string(out).unwrap(), expected);
    // From a document as from the fleet: the same problem in the same bytes.
    let (one, other) = (path("catopt-one.mps"), path("catopt-other.mps"));
    for (from, to) in [(&source, &one), (&file, &other)] {
        let done = run(&["catopt", "export", from, "--format", "mps", "--include-private", "--out", to]);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
    assert_eq!(std::fs::read(&one).unwrap(), std::fs::read(&other).unwrap());
    let sidecar = |file: &str| std::fs::read(format!("{file}.sidecar.json")).unwrap();
    assert_eq!(sidecar(&one), sidecar(&other));
    // One digit changed: the hash tells.
    let text = std::fs::read_to_string(&file).unwrap();
    let changed = written("catopt-native-changed.json", &text.replacen("\"c\":0.0", "\"c\":1.0", 1));
    let refused = run(&["catopt", "import", &changed, "--out", &path("catopt-never.json")]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("has the hash"), "{}", refused.stderr);
}

#[test]
fn the_wiring_reveals_names_and_wires_only() {
    let file = path("catopt-wiring.json");
    let done = run(&["catopt", "export", &data("strong-3-12-0.json"), "--format", "acset", "--out", &file]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains("revealed: names and wires of 3 assets"), "{}", done.stdout);
    assert!(done.stdout.contains("lost: every objective"), "{}", done.stdout);
    let wiring: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(wiring["Box"].as_array().unwrap().len(), 3);
    assert!(std::path::Path::new(&format!("{file}.schema.json")).is_file());
}

#[test]
fn a_result_is_certified_and_a_touched_one_is_not() {
    let (fleet, result) = (data("strong-3-12-0.json"), path("catopt-result.json"));
    let solved = run(&["solve", &fleet, "--tolerance", "1e-7", "--out", &result]);
    assert_eq!(solved.code, 0, "{}", solved.stderr);
    let good = run(&["catopt", "certify", &fleet, &result]);
    assert_eq!(good.code, 0, "{}{}", good.stdout, good.stderr);
    assert!(good.stdout.starts_with("feasible and optimal to 1.0e-6"), "{}", good.stdout);
    assert_eq!(run(&["catopt", "explain", &fleet, &result]).code, 0);

    let mut value: serde_json::Value = serde_json::from_slice(&std::fs::read(&result).unwrap()).unwrap();
    // Without prices there is no proof; the plan is as good as before.
    value["prices"].as_array_mut().unwrap().iter_mut().for_each(|price| *price = 0.0.into());
    let unproven = written("catopt-unproven.json", &value.to_string());
    let unproven = run(&["catopt", "certify", &fleet, &unproven, "--json"]);
    assert_eq!(unproven.code, 3, "{}", unproven.stdout);
    assert_eq!(unproven.json()["verdict"], "feasible, not proven optimal");
    // The figures that the result claims are still the old ones: nobody looks at them.
    value["agents"][0]["x"].as_array_mut().unwrap().iter_mut().for_each(|v| *v = (v.as_f64().unwrap() + 50.0).into());
    let touched = written("catopt-touched.json", &value.to_string());
    let broken = run(&["catopt", "certify", &fleet, &touched]);
    assert_eq!(broken.code, 6, "{}", broken.stdout);
    assert!(broken.stdout.starts_with("violated to 1.0e-6"), "{}", broken.stdout);
    let explained = run(&["catopt", "explain", &fleet, &touched, "--json"]);
    assert_eq!(explained.code, 6);
    let off = explained.json()["junctions_off"].as_array().unwrap().clone();
    assert!(!off.is_empty() && off[0]["relative"].as_f64().unwrap() > 1e-3, "{off:?}");
    let strange = run(&["catopt", "certify", &written("catopt-tiny2.json", &tiny().to_string()), &result]);
    assert_eq!(strange.code, 64);
}

#[test]
fn a_family_document_is_routed_and_not_solved() {
    let source = format!("{}/../catopt-bridge/tests/data/family-a.json", env!("CARGO_MANIFEST_DIR"));
    let (native, again) = (path("catopt-family.catopt.json"), path("catopt-family-again.json"));
    let kept = run(&["catopt", "export", &source, "--format", "catopt", "--include-private", "--out", &native]);
    assert_eq!(kept.code, 0, "{}", kept.stderr);
    let back = run(&["catopt", "export", &native, "--format", "family-a", "--out", &again]);
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&source).unwrap());
    let refused = run(&["catopt", "import", &source, "--out", &path("catopt-family-never.json")]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("`rover-planner` is opaque"), "{}", refused.stderr);
    let named = run(&["catopt", "export", &data("strong-3-12-0.json"), "--format", "family-b", "--out", &again]);
    assert_eq!(named.code, 0, "{}", named.stderr);
    assert!(named.stdout.contains("lost: variables, costs, rows and bounds of 3 objects"), "{}", named.stdout);
    // With the problem carried along it can be solved: the fleet comes back.
    for dialect in ["family-a", "family-b"] {
        let (source, out) = (data("strong-3-12-0.json"), path("catopt-family-back.json"));
        let whole = run(&["catopt", "export", &source, "--format", dialect, "--include-private", "--out", &again]);
        assert_eq!(whole.code, 0, "{}", whole.stderr);
        let back = run(&["catopt", "import", &again, "--out", &out]);
        assert_eq!(back.code, 0, "{}", back.stderr);
        let expected = write_fleet(&read_fleet(&std::fs::read(&source).unwrap()).unwrap());
        assert_eq!(std::fs::read_to_string(out).unwrap(), expected);
    }
}

#[test]
fn a_policy_decides_what_leaves() {
    let (source, out) = (data("strong-3-12-0.json"), path("catopt-redacted.catopt.json"));
    let shape = run(&["catopt", "redact", &source, "--rename", "--out", &out]);
    assert_eq!(shape.code, 0, "{}", shape.stderr);
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("\"object-1\"") && !text.contains("\"P\""), "{text}");
    let policy = written("catopt-policy.json", r#"{"default": "boundary", "objects": {}}"#);
    let arguments = ["catopt", "redact", &source, "--policy", &policy, "--out", &out];
    let refused = run(&arguments);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("--include-private"), "{}", refused.stderr);
    let allowed = run(&[&arguments[..], &["--include-private"]].concat());
    assert_eq!(allowed.code, 0, "{}", allowed.stderr);
    assert!(allowed.stdout.contains("revealed: the boundary of"), "{}", allowed.stdout);
    let bad = written("catopt-policy-bad.json", r#"{"default": "everything"}"#);
    assert_eq!(run(&["catopt", "redact", &source, "--policy", &bad, "--out", &out]).code, 64);
    let marginal = run(&["catopt", "marginalise", &source, "--out", &out]);
    assert_eq!(marginal.code, 64);
    let marginal = run(&["catopt", "marginalise", &source, "--include-private", "--out", &out, "--json"]);
    assert_eq!(marginal.code, 0, "{}", marginal.stderr);
    assert!(marginal.json()["did"].as_str().unwrap().starts_with("minimised out 0 private variables"));
    let strange = run(&["catopt", "marginalise", &source, "--object", "nobody", "--include-private", "--out", &out]);
    assert_eq!(strange.code, 64);
}

#[test]
fn another_solvers_answer_is_certified_by_name() {
    // Two tasks on one bus of 3: 1/2 x^2 - 2 x each, so both take 1.5 and the bus's dual is -0.5.
    let agent = |id: &str| {
        serde_json::json!({"id": id, "variables": {"names": ["drive"], "lower": [0], "upper": [2]},
            "objective": {"P": [[0, 0, 1.0]], "q": [-2.0]},
            "rows": {"names": [], "A": [], "lower": [], "upper": []}, "coupling": [[0, 0, 1.0]]})
    };
    let fleet = serde_json::json!({"format": "cosmosmesh.fleet/1", "name": "one bus",
        "coupling": {"names": ["bus"], "lower": [null], "upper": [3.0]}, "agents": [agent("rover"), agent("drone")]});
    let fleet = written("catopt-bus.json", &fleet.to_string());
    let solution = |dual: &str| {
        format!("kind,name,value,dual\ncolumn,rover.drive,1.5,\ncolumn,drone.drive,1.5,\nrow,bus,3,{dual}\n")
    };
    let right = written("catopt-bus.csv", &solution("-0.5"));
    let certified = run(&["catopt", "certify", &fleet, &right, "--json"]);
    assert_eq!(certified.code, 0, "{}{}", certified.stdout, certified.stderr);
    assert_eq!(certified.json()["objective"], -3.75);
    assert_eq!(certified.json()["proven"], true);
    // The other sign convention is no proof of anything.
    let turned = written("catopt-bus-turned.csv", &solution("0.5"));
    assert_eq!(run(&["catopt", "certify", &fleet, &turned]).code, 3);
    let stranger = written("catopt-bus-stranger.csv", &solution("-0.5").replace("drone", "habitat"));
    let refused = run(&["catopt", "certify", &fleet, &stranger]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("no column `habitat.drive`"), "{}", refused.stderr);
}
