use serde_json::{Value, json};

use crate::command::{Run, data, run, scratch, tiny, written};

fn close(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{found} is not {expected}");
}

fn solved(name: &str, fleet: &Value, arguments: &[&str]) -> Run {
    let path = written(name, &fleet.to_string());
    run(&[&["solve", &path, "--json"], arguments].concat())
}

/// Each asset gets one unit of three: cost 1/2 each, price 1.
#[test]
fn a_fleet_small_enough_to_solve_by_hand() {
    let run = solved("solve-tiny.json", &tiny(), &[]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let result = run.json();
    assert_eq!(result["format"], "cosmosmesh.result/1");
    assert_eq!(
        (&result["status"], &result["plan"], &result["sum"]),
        (&json!("optimal"), &json!("optimal"), &json!("masked"))
    );
    close(&result["objective"], 1.5, 2e-6);
    close(&result["prices"][0], 1.0, 1e-2);
    assert!(result["dual_bound"].as_f64().unwrap() <= 1.5 + 1e-12);
    assert!(result["gap_relative"].as_f64().unwrap() <= 1e-6);
    let task: f64 = result["agents"].as_array().unwrap().iter().map(|agent| agent["x"][0].as_f64().unwrap()).sum();
    assert!(task <= 3.0 + 4e-6, "{task}");
    assert!(result["bytes_up_per_agent"].as_u64().unwrap() > 0 && result["bytes_down_per_agent"].as_u64().unwrap() > 0);
    assert!(result["extensions"]["safe_round"].as_u64().unwrap() <= result["rounds"].as_u64().unwrap());
}

#[test]
fn both_methods_agree_on_a_generated_fleet() {
    let file = data("strong-3-12-0.json");
    let objective = |variant: &str| {
        let run = run(&["solve", &file, "--variant", variant, "--tolerance", "1e-5", "--json"]);
        assert_eq!(run.code, 0, "{variant}: {}", run.stderr);
        run.json()["objective"].as_f64().unwrap()
    };
    let (menu, admm) = (objective("menu"), objective("admm"));
    assert!((menu - admm).abs() <= 2e-5 * (1.0 + menu.abs()), "{menu} {admm}");
}

#[test]
fn the_result_is_written_and_repeats_but_for_the_clock() {
    let file = data("degenerate-3-12-0.json");
    let result = |name: &str, threads: &str| {
        let out = scratch(name);
        let run = run(&["solve", &file, "--threads", threads, "--out", out.to_str().unwrap()]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert!(run.stdout.contains("optimal after") && run.stdout.contains("written to"), "{}", run.stdout);
        let mut result: Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
        result["wall_ms"] = json!(0);
        result
    };
    assert_eq!(result("solve-once.json", "1"), result("solve-twice.json", "4"));
}

#[test]
fn infeasible_names_the_rows_that_prove_it() {
    let out = scratch("solve-infeasible.json");
    let run = run(&["solve", &data("infeasible-3-12-0.json"), "--out", out.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{}", run.stderr);
    assert!(run.stdout.contains("rows in conflict") && run.stdout.contains("bus["), "{}", run.stdout);
    let result: Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!(result["status"], "infeasible");
    assert_eq!(result["conflict"].as_array().unwrap().len(), 12);
    assert_eq!((&result["agents"], &result["objective"]), (&json!([]), &Value::Null));
}

#[test]
fn an_asset_that_cannot_meet_its_own_rows_is_named() {
    let mut fleet = tiny();
    fleet["agents"][1]["rows"]["lower"] = json!([11.0]);
    fleet["agents"][1]["rows"]["upper"] = json!([12.0]);
    let run = solved("solve-own.json", &fleet, &[]);
    assert_eq!(run.code, 2, "{}{}", run.stdout, run.stderr);
    assert_eq!(run.json()["extensions"]["locally_infeasible"], json!(["drone"]));
}

#[test]
fn a_cost_without_end_is_unbounded() {
    let mut fleet = tiny();
    fleet["agents"][0]["objective"] = json!({ "P": [], "q": [0.0, -1.0], "c": 0.0 });
    fleet["agents"][0]["variables"]["upper"] = json!([5.0, null]);
    fleet["agents"][0]["rows"] = json!({ "names": [], "A": [], "lower": [], "upper": [] });
    let run = solved("solve-unbounded.json", &fleet, &[]);
    assert_eq!(run.code, 4, "{}{}", run.stdout, run.stderr);
    let result = run.json();
    assert_eq!(result["status"], "unbounded");
    assert_eq!(
        (&result["agents"], &result["objective"], &result["dual_bound"]),
        (&json!([]), &Value::Null, &Value::Null)
    );
}

#[test]
fn a_limit_of_rounds_leaves_the_best_safe_plan() {
    let file = data("strong-3-12-0.json");
    let run = run(&["solve", &file, "--rounds-max", "4", "--json"]);
    assert_eq!(run.code, 3, "{}", run.stderr);
    let result = run.json();
    assert_eq!((&result["status"], &result["rounds"]), (&json!("round_limit"), &json!(4)));
    assert_eq!(result["plan"], "safe");
    assert!(result["coupling_violation"].as_f64().unwrap() <= 1e-12);
    assert!(result["gap_relative"].as_f64().unwrap() > 1e-6);
}

/// Interrupted once, the command finishes its round and hands over what it has.
#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_best_safe_plan() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let out = scratch("solve-interrupted.json");
    let mut child = crate::command::binary()
        .args(["solve", &data("degenerate-3-12-0.json"), "--variant", "admm", "--tolerance", "1e-10"])
        .args(["--rounds-max", "100000000", "--verbose", "--out", out.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("safe plan since") {
        line.clear();
        assert!(stderr.read_line(&mut line).unwrap() > 0, "the run ended before it had a safe plan");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("interrupted"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(3));
    let result: Value = serde_json::from_str(&std::fs::read_to_string(out).unwrap()).unwrap();
    assert_eq!((&result["status"], &result["plan"]), (&json!("round_limit"), &json!("safe")));
    assert_eq!(result["extensions"]["interrupted"], true);
    assert_eq!(result["agents"].as_array().unwrap().len(), 3);
}

#[test]
fn whole_numbers_are_refused_unless_relaxed_and_then_never_optimal() {
    let mut fleet = tiny();
    fleet["agents"][0]["integer"] = json!([0]);
    fleet["coupling"]["upper"] = json!([4.0]);
    let refused = solved("solve-whole.json", &fleet, &[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (64, ""));
    assert!(refused.stderr.contains("--relax"), "{}", refused.stderr);
    let relaxed = solved("solve-relaxed.json", &fleet, &["--relax"]);
    assert_eq!(relaxed.code, 3, "{}", relaxed.stderr);
    let result = relaxed.json();
    assert_eq!((&result["status"], &result["plan"]), (&json!("round_limit"), &json!("safe")));
    assert_eq!(result["extensions"]["relaxed"], true);
    close(&result["extensions"]["integer_violation"], 1.0 / 3.0, 1e-3);
}

#[test]
fn a_warm_start_needs_the_result_of_a_fleet_of_the_same_shape() {
    let (file, out) = (data("strong-3-12-0.json"), scratch("solve-warm.json"));
    let cold = run(&["solve", &file, "--out", out.to_str().unwrap(), "--json"]);
    let warm = run(&["solve", &file, "--warm", out.to_str().unwrap(), "--json"]);
    assert_eq!((cold.code, warm.code), (0, 0), "{}", warm.stderr);
    assert!(warm.json()["rounds"].as_u64().unwrap() <= cold.json()["rounds"].as_u64().unwrap());
    let other = solved("solve-warm-other.json", &tiny(), &["--warm", out.to_str().unwrap()]);
    assert_eq!(other.code, 64);
    assert!(other.stderr.contains("prices: has 12 entries where 1 are needed"), "{}", other.stderr);
    let none = solved("solve-warm-none.json", &tiny(), &["--warm", &file]);
    assert_eq!(none.code, 64, "a problem is not a result: {}", none.stderr);
}

/// On one machine the least computing; over a link the method that is soonest there, and how long that takes.
#[test]
fn the_link_decides_what_auto_takes() {
    let file = data("degenerate-3-12-0.json");
    let result = |arguments: &[&str]| {
        let run = run(&[&["solve", &file, "--json"], arguments].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.json()
    };
    let (here, far) = (result(&[]), result(&["--link", "40min,2kB/s"]));
    assert_eq!((&here["variant"], &far["variant"]), (&json!("auto"), &json!("auto")));
    assert_eq!((&here["extensions"]["chosen"], &far["extensions"]["chosen"]), (&json!("fan"), &json!("menu")));
    close(&far["objective"], here["objective"].as_f64().unwrap(), 2e-6);
    let count = |key: &str| far[key].as_u64().unwrap();
    assert!(count("rounds") <= here["rounds"].as_u64().unwrap());
    let bytes = count("bytes_up_per_agent") + count("bytes_down_per_agent");
    close(&far["extensions"]["link_s"], 2400.0 * count("rounds") as f64 + bytes as f64 / 2000.0, 1e-12);
    assert!(here["extensions"].get("link_s").is_none());
    // A method named by hand is no choice, over whatever link.
    let named = result(&["--variant", "fan", "--link", "40min,2kB/s"]);
    assert!(named["extensions"].get("chosen").is_none() && named["extensions"]["link_s"].as_f64().unwrap() > 2400.0);
    assert_eq!(named["rounds"], here["rounds"]);
    let text = |arguments: &[&str]| run(&[&["solve", &file], arguments].concat()).stdout;
    assert!(text(&[]).contains("fan, the least computing, since all assets are on this machine"));
    assert!(text(&["--link", "1200s,64kbit/s"]).contains("over a link of 20 min 00 s there and back and 8000 B/s"));
}

/// Masks come off without a trace: the result is that of the same words in the open, and differs from the plain sum's by rounding.
#[test]
fn masked_is_the_default_and_says_what_it_is() {
    let file = data("strong-3-12-0.json");
    let (masked, plain) = (run(&["solve", &file]), run(&["solve", &file, "--sum", "plain"]));
    assert_eq!((masked.code, plain.code), (0, 0), "{}", masked.stderr);
    assert!(masked.stdout.contains("masked; 3 of 3 guardians open it"), "{}", masked.stdout);
    assert!(masked.stdout.contains("inside one process, which protects nobody"), "{}", masked.stdout);
    assert!(masked.stdout.contains("no asset and no guardian may be missing"), "{}", masked.stdout);
    assert!(!masked.stderr.contains("warning"), "{}", masked.stderr);
    assert!(plain.stderr.contains("added in the open"), "{}", plain.stderr);
    let result = |sum: &str| run(&["solve", &file, "--json", "--sum", sum]).json();
    let (masked, plain) = (result("masked"), result("plain"));
    assert_eq!((&masked["sum"], &plain["sum"]), (&json!("masked"), &json!("plain")));
    close(&masked["objective"], plain["objective"].as_f64().unwrap(), 2e-6);
    assert!(masked["rounds"].as_u64().unwrap() <= plain["rounds"].as_u64().unwrap() + 1);
    let masks = &masked["extensions"]["masks"];
    let count = |key: &str| masks[key].as_u64().unwrap();
    assert_eq!((count("guardians"), count("threshold"), count("missing_assets_max")), (3, 3, 0));
    assert_eq!(count("bytes_up_rounds") + count("bytes_up_set_up"), masked["bytes_up_per_agent"].as_u64().unwrap());
    assert!(count("bytes_up_rounds") > count("bytes_up_words") && count("guardian_masks") > 0);
    assert!(plain["extensions"].get("masks").is_none());
}

#[test]
fn fleets_of_two_are_not_summed_under_masks() {
    let mut fleet = tiny();
    fleet["agents"].as_array_mut().unwrap().truncate(2);
    let refused = solved("solve-two.json", &fleet, &[]);
    assert_eq!(refused.code, 64);
    assert!(refused.stderr.contains("2 assets, where a private sum takes at least 3"), "{}", refused.stderr);
    assert!(refused.stderr.contains("--sum plain"), "{}", refused.stderr);
    assert_eq!(solved("solve-two.json", &fleet, &["--sum", "plain"]).code, 0);
}

#[test]
fn a_problem_may_come_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let mut child = crate::command::binary()
        .args(["solve", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(tiny().to_string().as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, &run.json()["problem"]), (0, &json!("tiny")));
}
