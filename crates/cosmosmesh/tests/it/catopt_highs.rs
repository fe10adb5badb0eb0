//! HiGHS, by its Python package, on the exported scenarios; skipped with a reason where Python or the package is missing.
//!
//! `cargo xtask bench exchange` does the same for every problem of the suite and for `jezero-base`, on which HiGHS takes half a minute a file.

use std::process::Command;

use serde_json::Value;

use crate::command::{run, scratch};

/// HiGHS adds 1e-7 to the diagonal of a quadratic cost unless told otherwise, and loses feasibility on wide ranges of bounds unless they are scaled.
const SOLVE: &str = r#"
import json, sys, highspy
for path in sys.argv[1:]:
    h = highspy.Highs(); h.setOptionValue("output_flag", False)
    h.setOptionValue("qp_regularization_value", 0.0); h.setOptionValue("user_bound_scale", 10)
    h.readModel(path); h.run(); lp, sol = h.getLp(), h.getSolution()
    status = h.modelStatusToString(h.getModelStatus())
    print(json.dumps([status, h.getInfo().objective_function_value, dict(zip(lp.row_names_, sol.row_dual))]))
"#;

fn path(name: &str) -> String {
    scratch(name).to_str().unwrap().to_owned()
}

#[test]
fn highs_finds_the_federated_optimum_of_a_scenario() {
    let probe = Command::new("python3").args(["-c", "import highspy"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package highspy is not here");
        return;
    }
    for scenario in ["dust-and-cold", "three-assets"] {
        let files = ["mps", "lp"].map(|format| {
            let file = path(&format!("highs-{scenario}.{format}"));
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

        let output = Command::new("python3").args(["-c", SOLVE]).args(&files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let lines = String::from_utf8(output.stdout).unwrap();
        let answers: Vec<Value> = lines
            .lines()
            .filter(|line| line.starts_with("[\""))
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(answers.len(), files.len(), "{lines}");
        for answer in &answers {
            assert_eq!(answer[0], "Optimal", "{scenario}");
            let found = answer[1].as_f64().unwrap();
            assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{scenario}: {found} is not {expected}");
        }
        // A price pushes the row down, a dual is what one more unit of the right-hand side costs: they differ in sign.
        for (row, price) in
            names["coupling"]["names"].as_array().unwrap().iter().zip(result["prices"].as_array().unwrap())
        {
            let (row, price) = (row.as_str().unwrap(), price.as_f64().unwrap());
            let sides = ["", "#lo", "#hi"].map(|side| answers[0][2][format!("{row}{side}")].as_f64().unwrap_or(0.0));
            let dual: f64 = sides.iter().sum();
            assert!(dual.abs() < 1e-2 || price.abs() < 1e-2 || dual * price < 0.0, "{row}: dual {dual}, price {price}");
        }
    }
}
