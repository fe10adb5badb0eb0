//! HiGHS, by its Python package, on the exported scenarios, and our judgement of its answers; skipped with a reason where Python or the package is missing.
//!
//! `cargo xtask bench exchange` does the same for every problem of the suite.

use std::process::Command;

use serde_json::Value;

use crate::command::{run, scratch};

/// What users are given to solve exported files.
const SOLVE: &str = include_str!("../../../catopt-bridge/examples/highs.py");

fn path(name: &str) -> String {
    scratch(name).to_str().unwrap().to_owned()
}

#[test]
fn highs_finds_the_federated_optimum_of_every_scenario_and_is_certified() {
    let probe = Command::new("python3").args(["-c", SOLVE, "--version"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package highspy is not here");
        return;
    }
    for scenario in ["dust-and-cold", "three-assets", "jezero-base"] {
        let files = [("mps", "mps"), ("lp", "lp"), ("mof", "mof.json")].map(|(format, ending)| {
            let file = path(&format!("highs-{scenario}.{ending}"));
            let done = run(&["catopt", "export", scenario, "--format", format, "--include-private", "--out", &file]);
            assert_eq!(done.code, 0, "{}", done.stderr);
            file
        });
        let (fleet, result) = (path(&format!("highs-{scenario}.json")), path(&format!("highs-{scenario}-result.json")));
        assert_eq!(run(&["catopt", "import", &files[0], "--out", &fleet]).code, 0);
        let solved = run(&["solve", &fleet, "--tolerance", "1e-7", "--sum", "plain", "--out", &result]);
        assert_eq!(solved.code, 0, "{}", solved.stderr);
        let result: Value = serde_json::from_slice(&std::fs::read(&result).unwrap()).unwrap();
        let expected = result["objective"].as_f64().unwrap();
        let names: Value = serde_json::from_slice(&std::fs::read(&fleet).unwrap()).unwrap();
        let names = names["coupling"]["names"].as_array().unwrap();

        let output = Command::new("python3").args(["-c", SOLVE]).args(&files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for file in &files {
            let solution = format!("{file}.solution.json");
            let judged = run(&["catopt", "certify", &fleet, &solution]);
            assert_eq!(judged.code, 0, "{file}: {}{}", judged.stdout, judged.stderr);
            let solution: Value = serde_json::from_slice(&std::fs::read(&solution).unwrap()).unwrap();
            let found = solution["objective"].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{file}: {found} is not {expected}");
            // A price pushes the row down, a dual is what one more unit of the right-hand side costs: they differ in sign.
            let rows = solution["rows"].as_array().unwrap();
            let dual = |name: &str| -> f64 {
                let sides = ["", "#lo", "#hi"].map(|side| format!("{name}{side}"));
                rows.iter()
                    .filter(|row| sides.iter().any(|side| row["name"] == side.as_str()))
                    .map(|row| row["dual"].as_f64().unwrap())
                    .sum()
            };
            let mut compared = 0;
            for (row, price) in names.iter().zip(result["prices"].as_array().unwrap()) {
                let (row, price) = (row.as_str().unwrap(), price.as_f64().unwrap());
                let dual = dual(row);
                if dual.abs() > 1e-2 && price.abs() > 1e-2 {
                    assert!(dual * price < 0.0, "{file}: {row}: dual {dual}, price {price}");
                    compared += 1;
                }
            }
            assert!(compared > 0, "{file}: no row to compare");
        }
    }
}
