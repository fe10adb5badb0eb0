use serde_json::{Value, json};

use crate::command::{run, scratch, written};

#[test]
fn the_testbed_is_planned_and_breaks_no_limit() {
    let run = run(&["simulate", "three-assets", "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let report = run.json();
    assert_eq!(report["schema"], "cosmosmesh.simulation/1");
    assert_eq!(report["ending"], json!({ "kind": "complete", "status": "optimal" }));
    assert_eq!(report["violations"], json!([]));
    assert!(report["figures"]["gap_relative"].as_f64().unwrap() <= 1e-3);
    assert_eq!(report["assets"].as_array().unwrap().len(), 3);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_does_not() {
    let report = |name: &str, seed: &str| {
        let folder = scratch(name);
        let run = run(&["simulate", "three-assets", "--seed", seed, "--report", folder.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        ["report.html", "report.json"].map(|file| std::fs::read_to_string(folder.join(file)).unwrap())
    };
    let once = report("simulate-once", "4");
    assert_eq!(once, report("simulate-twice", "4"));
    assert_ne!(once, report("simulate-other", "5"));
}

#[test]
fn the_page_stands_alone_and_its_drawings_have_words() {
    let folder = scratch("simulate-page");
    let run = run(&["simulate", "three-assets", "--report", folder.to_str().unwrap()]);
    assert!(run.stdout.contains("report.html"), "{}", run.stdout);
    let page = std::fs::read_to_string(folder.join("report.html")).unwrap();
    let inside = page.replace("http://www.w3.org/2000/svg", "");
    for outside in ["http://", "https://", "<script", "<link", "<img", "@import", "url(", "NaN"] {
        assert!(!inside.contains(outside), "the page must not contain {outside}");
    }
    let count = |what: &str| page.matches(what).count();
    assert!(count("<svg ") >= 8, "{} drawings", count("<svg "));
    assert_eq!(count("<svg "), count("</svg>"));
    assert_eq!(count("<svg "), count("<desc id="), "every drawing has a description");
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let total = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), total, "an id stands for one element");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap();
    for asset in report["assets"].as_array().unwrap() {
        assert!(page.contains(asset["id"].as_str().unwrap()));
    }
    for row in report["fleet_rows"].as_array().unwrap() {
        assert!(page.contains(row["name"].as_str().unwrap()), "{}", row["name"]);
    }
}

#[test]
fn the_problem_of_a_scenario_can_be_solved_on_its_own() {
    let path = scratch("simulate-problem.json");
    let simulated = run(&["simulate", "three-assets", "--json", "--problem", path.to_str().unwrap()]);
    let solved = run(&["solve", path.to_str().unwrap(), "--tolerance", "1e-3", "--json"]);
    assert_eq!((simulated.code, solved.code), (0, 0), "{}{}", simulated.stderr, solved.stderr);
    let (simulated, solved) = (simulated.json(), solved.json());
    assert_eq!(solved["problem"], "three-assets");
    let [a, b] = [&simulated["certificate"]["objective"], &solved["objective"]].map(|v| v.as_f64().unwrap());
    assert!((a - b).abs() <= 2e-3 * (1.0 + a.abs()), "over links {a}, in one process {b}");
}

#[test]
fn a_wanted_activity_that_is_missing_is_explained() {
    let run = run(&["simulate", "three-assets"]);
    assert!(run.stdout.contains("wanted activities are planned in full"), "{}", run.stdout);
    assert!(run.stdout.contains("dearest limit"), "{}", run.stdout);
}

#[test]
fn three_assets_are_told_that_nobody_may_be_missing() {
    let run = run(&["simulate", "three-assets"]);
    assert!(run.stdout.contains("masked; 3 of 3 guardians open it, and nobody may be missing"), "{}", run.stdout);
}

#[test]
fn scenarios_are_listed_and_a_wrong_name_gets_the_list() {
    let list = run(&["simulate", "--list"]);
    assert_eq!(list.code, 0);
    let wrong = run(&["simulate", "atlantis-base"]);
    assert_eq!(wrong.code, 64);
    for name in ["jezero-base", "three-assets"] {
        assert!(list.stdout.contains(name) && wrong.stderr.contains(name), "{}{}", list.stdout, wrong.stderr);
    }
}

#[test]
fn a_scenario_that_is_refused_names_the_line() {
    let scenario = include_str!("../../../simulator/scenarios/three-assets.toml");
    let line = scenario.lines().position(|line| line.starts_with("delay_ms")).unwrap() + 1;
    for (name, change) in [("unit", "delay = 1"), ("negative", "delay_ms = -1"), ("number", "delay_ms = \"soon\"")] {
        let text = scenario.replacen("delay_ms = 1", change, 1);
        let path = written(&format!("simulate-{name}.toml"), &text);
        let run = run(&["simulate", &path]);
        assert_eq!(run.code, 64, "{name}: {}", run.stderr);
        assert!(run.stderr.contains(&format!("{path}:{line}")), "{name}: {}", run.stderr);
    }
}
