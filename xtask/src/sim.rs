use std::fs;

use serde_json::{Value, json};

use crate::cargo::{Cargo, Done, Failure, root};

/// Where the scenarios are, each with its expected figures beside it as `NAME.expected.json`.
const SCENARIOS: &str = "crates/simulator/scenarios";
/// Figures may differ this much from one machine's arithmetic to another's, relative to `1 + |expected|`.
const TOLERANCE: f64 = 1e-6;

/// Simulates scenarios with the seed they state, and compares exit code and figures with the expected ones.
///
/// Without an expected file they are printed and nothing is compared; `bless` writes the file.
pub(crate) fn run(names: &[String], bless: bool) -> Done {
    let names = if names.is_empty() { all()? } else { names.to_vec() };
    Cargo::new(["build", "--release", "--package", "cosmosmesh"]).run()?;
    let mut differing = Vec::new();
    for name in &names {
        let found = simulate(name)?;
        let shown = serde_json::to_string_pretty(&found).map_err(|error| Failure::new(error.to_string()))?;
        let path = root().join(SCENARIOS).join(format!("{name}.expected.json"));
        if bless {
            fs::write(&path, shown + "\n")?;
            println!("{name}: written");
        } else if path.exists() {
            let expected = serde_json::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| Failure::new(format!("{name}.expected.json: {error}")))?;
            let lines = differences("", &expected, &found);
            let verdict = if lines.is_empty() { "as expected".into() } else { format!("{} differ", lines.len()) };
            println!("{name}: {verdict}");
            differing.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
        } else {
            println!("{name}: nothing to compare with\n{shown}");
        }
    }
    for line in &differing {
        println!("{line}");
    }
    if differing.is_empty() { Ok(()) } else { Err(Failure::new(format!("{} figures differ", differing.len()))) }
}

/// Exit code and figures of one scenario. A sol whose limits break is an answer too, so the code is not judged here.
fn simulate(name: &str) -> Result<Value, Failure> {
    let simulate = ["run", "--release", "--quiet", "--package", "cosmosmesh", "--", "simulate", name, "--json"];
    let (output, code) = Cargo::new(simulate).output_and_code()?;
    let report: Value = serde_json::from_str(&output)
        .map_err(|error| Failure::new(format!("{name}: what `simulate --json` printed is not JSON: {error}")))?;
    Ok(json!({ "exit_code": code, "seed": report["seed"], "variant": report["variant"], "figures": report["figures"] }))
}

fn all() -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join(SCENARIOS))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(name.strip_suffix(".toml").map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

/// Where two JSON values differ, beyond the tolerance in numbers. Keys that start with `wall` are clock time and free.
fn differences(place: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let mut keys: Vec<&String> = a.keys().chain(b.keys()).filter(|key| !key.starts_with("wall")).collect();
            keys.sort();
            keys.dedup();
            let value =
                |map: &serde_json::Map<String, Value>, key: &String| map.get(key).cloned().unwrap_or(Value::Null);
            keys.into_iter()
                .flat_map(|key| differences(&format!("{place}.{key}"), &value(a, key), &value(b, key)))
                .collect()
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            let pairs = a.iter().zip(b).enumerate();
            pairs.flat_map(|(k, (a, b))| differences(&format!("{place}[{k}]"), a, b)).collect()
        }
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) if (a - b).abs() <= TOLERANCE * (1.0 + a.abs()) => Vec::new(),
            _ => vec![format!("{place}: expected {a}, found {b}")],
        },
        (a, b) if a == b => Vec::new(),
        (a, b) => vec![format!("{place}: expected {a}, found {b}")],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_differ_by_more_than_rounding() {
        let expected = json!({"rounds": 9, "gap": 1e-4, "assets": ["a"], "wall_ms": 12.0});
        assert!(
            differences("", &expected, &json!({"rounds": 9, "gap": 1.000001e-4, "assets": ["a"], "wall_ms": 9.0}))
                .is_empty()
        );
        let found = differences("", &expected, &json!({"rounds": 10, "gap": 1e-4, "assets": ["a", "b"], "new": true}));
        assert_eq!(
            found,
            [
                ".assets: expected [\"a\"], found [\"a\",\"b\"]",
                ".new: expected null, found true",
                ".rounds: expected 9, found 10"
            ]
        );
    }
}
