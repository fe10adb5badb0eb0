//! JSON Schemas (2020-12) of the data contracts and the file formats, made from the types themselves.
//!
//! The committed ones in docs/protocol/schemas are what `cargo run -p cosmosmesh-contracts --features schema --example schemas` writes.
//! A schema states shapes and ranges; what goes beyond them, such as lengths that must agree, the readers check.
//!
//! ```
//! let (name, schema) = &cosmosmesh_contracts::schema::schemas()[0];
//! assert_eq!((*name, &schema["title"]), ("fleet-1", &serde_json::json!("cosmosmesh.fleet/1")));
//! ```

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::file::{FleetDocument, ResultFile};
use crate::message::{Command, Envelope, Event, Forecast, Telemetry, TradeSignal};

/// Every schema with the name of its file, without the ending.
pub fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("fleet-1", schema::<FleetDocument>("cosmosmesh.fleet/1")),
        ("result-1", schema::<ResultFile>("cosmosmesh.result/1")),
        ("envelope-1", schema::<Envelope>("cosmosmesh.envelope/1")),
        ("telemetry-1", schema::<Telemetry>("cosmosmesh.telemetry/1")),
        ("forecast-1", schema::<Forecast>("cosmosmesh.forecast/1")),
        ("command-1", schema::<Command>("cosmosmesh.command/1")),
        ("event-1", schema::<Event>("cosmosmesh.event/1")),
        ("trade-signal-1", schema::<TradeSignal>("cosmosmesh.trade_signal/1")),
    ]
}

/// The schema of one type under the title of its format, in the form of the committed ones: for a crate above that has a file format of its own.
pub fn schema<T: JsonSchema>(title: &str) -> Value {
    let mut value = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    value["title"] = json!(title);
    value["$id"] = json!(format!("urn:{}", title.replace(['.', '/'], ":")));
    finished(value)
}

/// The same schema with the unit of each quantity beside it, documentation on one line, and keys in alphabetical order.
fn finished(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> =
                map.into_iter().map(|(key, value)| (key, finished(value))).collect();
            for (key, value) in &mut entries {
                match (key.as_str(), value) {
                    ("description", Value::String(text)) => {
                        *text = text.split_whitespace().collect::<Vec<_>>().join(" ")
                    }
                    ("properties", Value::Object(properties)) => properties.iter_mut().for_each(state_unit),
                    _ => {}
                }
            }
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) => items.into_iter().map(finished).collect(),
        other => other,
    }
}

fn state_unit((name, property): (&String, &mut Value)) {
    let quantity = name.strip_suffix("_max").unwrap_or(name);
    let suffix = quantity.rsplit_once('_').map_or("", |(_, suffix)| suffix);
    let unit = match suffix {
        "w" => "W",
        "wh" => "W h",
        "c" => "degC",
        "m" => "m",
        "s" => "s",
        "ms" => "ms",
        "h" => "h",
        "kg" => "kg",
        "mbit" => "Mbit",
        "bps" => "bit/s",
        "fraction" => "1",
        _ => return,
    };
    if let Value::Object(property) = property {
        let entries: Vec<(String, Value)> = core::mem::take(property).into_iter().collect();
        property.extend(entries.into_iter().chain([("x-unit".to_owned(), json!(unit))]));
        property.sort_keys();
    }
}
