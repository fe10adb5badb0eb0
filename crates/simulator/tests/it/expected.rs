//! The figures of the built-in scenarios, beside each of them as `NAME.expected.json`.
//!
//! They hold up to what another machine's arithmetic may change. After a change that is meant to move them, look at the difference and renew:
//! `COSMOSMESH_RENEW=1 cargo test -p cosmosmesh-simulator expected`.

use std::path::Path;

use cosmosmesh_simulator::report::SimulationReport;
use cosmosmesh_simulator::scenario::Scenario;
use serde_json::{Value, json};

use crate::edit::run;

/// Three significant digits.
fn rounded(value: f64) -> f64 {
    format!("{value:.2e}").parse().unwrap()
}

fn figures(report: &SimulationReport) -> Value {
    let figures = &report.figures;
    let wanted = report.assets.iter().flat_map(|asset| {
        asset.wanted.iter().map(move |wanted| {
            let name = format!("{} {} {}", asset.id, wanted.label, wanted.unit);
            (name, json!({ "desired": rounded(wanted.desired), "planned": rounded(wanted.planned) }))
        })
    });
    let replicas = &report.replicas;
    let closing = replicas.closing.as_ref().expect("the built-in scenarios close their past");
    let held: u64 = replicas.stores.iter().map(|store| store.held_bytes.last().unwrap()).sum();
    json!({
        "checkpoints": closing.checkpoints.len(),
        "late_entries_carried": closing.carried,
        "log_bytes_held": rounded(held as f64),
        "ending": report.ending.to_string(),
        "fleet_rows": report.fleet_rows.len(),
        "rounds": figures.rounds,
        "bytes_up_per_asset": rounded(figures.bytes_up_per_asset),
        "bytes_down_per_asset": rounded(figures.bytes_down_per_asset),
        "time_to_plan_s": rounded(figures.time_to_plan_ms.unwrap_or(0) as f64 / 1000.0),
        "objective": rounded(report.certificate.as_ref().map_or(0.0, |certificate| certificate.objective)),
        "violations": figures.violation_count,
        "wanted": wanted.collect::<serde_json::Map<String, Value>>(),
    })
}

/// Words agree, numbers nearly.
fn agree(place: &str, expected: &Value, found: &Value) -> Result<(), String> {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys()) {
                let side = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                agree(&format!("{place}.{key}"), &side(a), &side(b))?;
            }
            Ok(())
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            // Two rounds more or less, or an eighth of the bytes and of the time that follow from them.
            let tolerance = match place {
                ".rounds" => 2.0,
                ".bytes_up_per_asset" | ".bytes_down_per_asset" | ".time_to_plan_s" => 0.13 * a.abs().max(b.abs()),
                _ => 0.02 * a.abs().max(b.abs()),
            };
            if (a - b).abs() <= tolerance { Ok(()) } else { Err(format!("{place}: {a} was expected, {b} came")) }
        }
        _ if expected == found => Ok(()),
        _ => Err(format!("{place}: {expected} was expected, {found} came")),
    }
}

fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(format!("{name}.expected.json"));
    let found = figures(&run(&Scenario::load(name).unwrap(), 1));
    if std::env::var_os("COSMOSMESH_RENEW").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let expected: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    if let Err(difference) = agree("", &expected, &found) {
        panic!("{name}{difference}; is that meant? then renew {}", path.display());
    }
}

#[test]
fn figures_of_jezero_base() {
    check("jezero-base");
}

#[test]
fn figures_of_three_assets() {
    check("three-assets");
}

#[test]
fn figures_of_dust_and_cold() {
    check("dust-and-cold");
}

#[test]
fn figures_that_differ_are_told_apart() {
    let (a, b) = (json!({ "rounds": 10, "x": { "y": 1.0 } }), json!({ "rounds": 11, "x": { "y": 1.1 } }));
    assert_eq!(agree("", &a, &b), Err(".x.y: 1 was expected, 1.1 came".to_owned()));
    assert!(agree("", &a, &json!({ "rounds": 10 })).is_err());
}
