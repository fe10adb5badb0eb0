use serde_json::{Value, json};

use crate::command::{data, run, tiny, written};

#[test]
fn a_fleet_is_counted() {
    insta::assert_snapshot!(run(&["validate", &data("strong-3-12-0.json")]).stdout);
}

#[test]
fn a_fleet_is_counted_for_machines() {
    let run = run(&["validate", &written("validate-tiny.json", &tiny().to_string()), "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let inventory = run.json();
    assert_eq!(inventory["valid"], true);
    assert_eq!(inventory["problem"], "tiny");
    assert_eq!(inventory["assets"].as_array().unwrap().len(), 3);
    assert_eq!(
        inventory["assets"][1],
        json!({ "id": "drone", "variables": 2, "integer": 0, "rows": 1, "entries": 5, "fleet_rows": 1 })
    );
    assert_eq!(
        inventory["fleet_rows"],
        json!({ "total": 1, "at_most": 1, "at_least": 0, "between": 0, "equal": 0, "open": 0 })
    );
    assert_eq!(inventory["warnings"], json!([]));
}

fn warnings(name: &str, fleet: &Value) -> Vec<String> {
    let run = run(&["validate", &written(name, &fleet.to_string()), "--json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    run.json()["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_unusual_is_said() {
    let mut fleet = tiny();
    fleet["coupling"] = json!({
        "names": ["bus", "lonely", "pair", "idle"],
        "lower": [null, 0.0, null, null],
        "upper": [3e9, null, 2.0, null]
    });
    fleet["agents"][0]["coupling"] = json!([[0, 0, 1.0], [1, 0, 1.0], [2, 0, 1.0], [3, 0, 1.0]]);
    fleet["agents"][1]["coupling"] = json!([[0, 0, 1.0], [2, 0, 1.0], [3, 0, 1.0]]);
    fleet["agents"][2]["coupling"] = json!([[0, 0, 1.0], [3, 0, 1.0]]);
    fleet["agents"][2]["integer"] = json!([1]);
    let warnings = warnings("validate-unusual.json", &fleet);
    for (part, name) in [
        ("used by one asset only", "`lonely`"),
        ("used by two assets only", "`pair`"),
        ("open on both sides", "`idle`"),
        ("must be whole", "1 variable"),
        ("spans", "fleet row bounds"),
    ] {
        assert!(warnings.iter().any(|w| w.contains(part) && w.contains(name)), "{part} {name}: {warnings:#?}");
    }
    assert_eq!(warnings.len(), 5, "{warnings:#?}");
}

#[test]
fn a_refusal_is_json_where_json_is_asked_for() {
    let run = run(&["validate", &written("validate-refused.json", "{}"), "--json"]);
    assert_eq!(run.code, 64);
    let refusal = run.json();
    assert_eq!(refusal["valid"], false);
    assert!(refusal["error"].as_str().unwrap().contains("missing field"), "{refusal}");
    assert!(run.stderr.contains("missing field"), "{}", run.stderr);
}
