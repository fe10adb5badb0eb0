//! The JSON Schemas: committed as generated, closed against unknown keys, and of one kind with what the readers take.

use cosmosmesh_contracts::message::Message;
use cosmosmesh_contracts::schema::schemas;
use serde_json::{Value, json};

#[test]
fn the_committed_schemas_are_the_generated_ones() {
    let folder = format!("{}/../../docs/protocol/schemas", env!("CARGO_MANIFEST_DIR"));
    let committed = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        // The form of `catopt-bridge` is its own, and its tests hold it.
        .filter(|name| name.ends_with(".schema.json") && name != "catopt-1.schema.json");
    assert_eq!(committed.count(), schemas().len());
    for (name, schema) in schemas() {
        let text = std::fs::read_to_string(format!("{folder}/{name}.schema.json")).unwrap();
        // As values: the order of keys is the generator's business, and `cargo xtask codegen --check` compares bytes.
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), schema, "{name}: run `cargo xtask codegen`");
    }
}

#[test]
fn every_object_is_closed_and_described() {
    fn visit(path: &str, value: &Value) {
        if value.get("properties").is_some() {
            assert_eq!(value["additionalProperties"], json!(false), "{path}");
        }
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| visit(&format!("{path}/{key}"), value)),
            Value::Array(items) => items.iter().enumerate().for_each(|(k, value)| visit(&format!("{path}/{k}"), value)),
            _ => {}
        }
    }
    for (name, schema) in schemas() {
        visit(name, &schema);
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(schema["description"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
}

#[test]
fn titles_are_the_names_that_the_messages_carry() {
    let titles: Vec<Value> = schemas().into_iter().map(|(_, schema)| schema["title"].clone()).collect();
    for id in Message::SCHEMAS {
        assert!(titles.contains(&json!(id.to_string())), "{id}");
    }
}

#[test]
fn units_stand_beside_quantities() {
    let schemas = schemas();
    let telemetry = &schemas.iter().find(|(name, _)| *name == "telemetry-1").unwrap().1["properties"];
    for (key, unit) in
        [("battery_wh", "W h"), ("battery_temperature_c", "degC"), ("stored_mbit", "Mbit"), ("odometer_m", "m")]
    {
        assert_eq!(telemetry[key]["x-unit"], unit, "{key}");
    }
    let fleet = &schemas[0].1["$defs"]["Objective"]["properties"];
    assert!(fleet["c"].get("x-unit").is_none(), "{fleet}");
}
