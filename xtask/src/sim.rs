use std::fs;

use serde_json::{Map, Value, json};

use crate::cargo::{Cargo, Done, Failure, list, root, text};

/// Where the scenarios are, each with its expected figures beside it as `NAME.expected.json`.
const SCENARIOS: &str = "crates/simulator/scenarios";
/// The seed that the expected figures are of.
const SEED: &str = "1";

/// Simulates scenarios through the command and compares the figures with the expected ones.
///
/// `renew` writes what is found, by the simulator's own test, and shows nothing wrong. A scenario from a path has nothing to be compared with; its figures are printed.
pub(crate) fn run(names: &[String], renew: bool) -> Done {
    if renew {
        let test = ["test", "--package", "cosmosmesh-simulator", "--test", "it", "expected"];
        return Cargo::new(test).env("COSMOSMESH_RENEW", "1").run();
    }
    let names = if names.is_empty() { all()? } else { names.to_vec() };
    Cargo::new(["build", "--release", "--package", "cosmosmesh"]).run()?;
    let mut differing = Vec::new();
    for name in &names {
        let found = figures(&simulate(name)?);
        let path = root().join(SCENARIOS).join(format!("{name}.expected.json"));
        if path.exists() {
            let expected = serde_json::from_str(&fs::read_to_string(&path)?)
                .map_err(|error| Failure::new(format!("{name}.expected.json: {error}")))?;
            let lines = differences("", &expected, &found);
            let verdict = if lines.is_empty() { "as expected".into() } else { format!("{} differ", lines.len()) };
            println!("{name}: {verdict}");
            differing.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
        } else {
            println!("{name}: {found:#}");
        }
    }
    for line in &differing {
        println!("{line}");
    }
    if differing.is_empty() { Ok(()) } else { Err(Failure::new(format!("{} figures differ", differing.len()))) }
}

/// The report of one scenario. A sol whose limits break is an answer too, so the exit code is not judged.
fn simulate(name: &str) -> Result<Value, Failure> {
    let simulate = ["run", "--release", "--quiet", "--package", "cosmosmesh", "--", "simulate", name];
    let (output, _) = Cargo::new(simulate).args(["--seed", SEED, "--json"]).output_and_code()?;
    serde_json::from_str(&output)
        .map_err(|error| Failure::new(format!("{name}: what `simulate --json` printed is not JSON: {error}")))
}

/// Those figures of a report that the expected ones name.
fn figures(report: &Value) -> Value {
    let found = &report["figures"];
    let mut wanted = Map::new();
    for asset in list(report, "assets") {
        for activity in list(asset, "wanted") {
            let name = format!("{} {} {}", text(asset, "id"), text(activity, "label"), text(activity, "unit"));
            wanted.insert(name, json!({ "desired": activity["desired"], "planned": activity["planned"] }));
        }
    }
    json!({
        "fleet_rows": list(report, "fleet_rows").len(),
        "rounds": found["rounds"],
        "bytes_up_per_asset": found["bytes_up_per_asset"],
        "bytes_down_per_asset": found["bytes_down_per_asset"],
        "time_to_plan_s": found["time_to_plan_ms"].as_f64().unwrap_or(0.0) / 1000.0,
        "objective": report["certificate"]["objective"].as_f64().unwrap_or(0.0),
        "violations": found["violation_count"],
        "wanted": wanted,
    })
}

/// Where two figures differ by more than another machine's arithmetic explains: two rounds, an eighth of what follows from rounds, 2 % of the rest.
///
/// Figures that only one side has are not compared, apart from activities.
fn differences(place: &str, expected: &Value, found: &Value) -> Vec<String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            let known = |key: &&String| !place.is_empty() || b.contains_key(*key);
            let value = |key: &String| b.get(key).cloned().unwrap_or(Value::Null);
            a.keys()
                .filter(known)
                .flat_map(|key| differences(&format!("{place}.{key}"), &a[key], &value(key)))
                .collect()
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            let share = a.abs().max(b.abs());
            let tolerance = match place {
                ".rounds" => 2.0,
                ".bytes_up_per_asset" | ".bytes_down_per_asset" | ".time_to_plan_s" => 0.13 * share,
                _ => 0.02 * share,
            };
            let near = (a - b).abs() <= tolerance;
            if near { Vec::new() } else { vec![format!("{place}: expected {a}, found {b}")] }
        }
        (a, b) if a == b => Vec::new(),
        (a, b) => vec![format!("{place}: expected {a}, found {b}")],
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rounds: u32, planned: f64) -> Value {
        let wanted = json!([{ "label": "drive", "unit": "m", "desired": 180.0, "planned": planned }]);
        json!({
            "figures": { "rounds": rounds, "bytes_up_per_asset": 1e6, "bytes_down_per_asset": 5e4,
                         "time_to_plan_ms": 54_000, "violation_count": 0 },
            "certificate": { "objective": 5.24 }, "fleet_rows": [1, 2], "assets": [{ "id": "rover", "wanted": wanted }],
        })
    }

    #[test]
    fn figures_differ_by_more_than_rounding() {
        let mut expected = figures(&report(10, 180.0));
        expected["ending"] = "optimal".into();
        assert!(differences("", &expected, &figures(&report(12, 178.0))).is_empty());
        assert_eq!(
            differences("", &expected, &figures(&report(13, 90.0))),
            [".rounds: expected 10, found 13", ".wanted.rover drive m.planned: expected 180, found 90"]
        );
    }

    #[test]
    fn an_activity_that_is_gone_is_a_difference() {
        let gone = json!({ "wanted": {} });
        assert_eq!(differences("", &figures(&report(10, 180.0)), &gone).len(), 1);
    }
}
