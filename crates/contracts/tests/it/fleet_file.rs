//! `cosmosmesh.fleet/1`: what is read, what is refused and with which words.

use cosmosmesh_contracts::file::{FileError, FleetText, read_fleet, write_fleet};
use serde_json::{Value, json};

/// Two assets, two rows, every feature of the format.
pub(crate) fn valid() -> Value {
    json!({
        "format": "cosmosmesh.fleet/1", "name": "two assets",
        "coupling": {"names": ["bus", "relay"], "lower": [null, 1.5], "upper": [3.0, 1.5]},
        "agents": [
            {"id": "rover",
             "variables": {"names": ["drive", "science"], "lower": [0, null], "upper": [2.5, null]},
             "objective": {"P": [[0, 0, 1.0], [0, 1, -0.25], [1, 1, 1.0]], "q": [-2.0, 1e-3], "c": 0.5},
             "rows": {"names": ["time"], "A": [[0, 0, 1.0], [0, 1, 1.0]], "lower": [null], "upper": [4]},
             "coupling": [[0, 0, 1.0], [1, 1, 2.0]], "integer": [1, 0]},
            {"id": "drone",
             "variables": {"names": ["fly"], "lower": [0], "upper": [1]},
             "objective": {"P": [], "q": [-1]},
             "rows": {"names": [], "A": [], "lower": [], "upper": []},
             "coupling": [[0, 0, 1.0]]}
        ]
    })
}

/// The text with one piece replaced.
fn with(pointer: &str, value: Value) -> String {
    let mut document = valid();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the document")) = value;
    document.to_string()
}

fn without(pointer: &str, key: &str) -> String {
    let mut document = valid();
    let object = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
    object.remove(key).expect("the key was there");
    document.to_string()
}

/// Reads a text that must be refused with all of these words.
#[track_caller]
fn refused(text: &str, words: &[&str]) -> FileError {
    let error = read_fleet(text.as_bytes()).expect_err(text);
    assert_eq!(FleetText::new(text.as_bytes()).expect_err(text), error, "asset by asset the refusal is the same");
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
    assert!(message.contains("; "), "no remedy in: {message}");
    error
}

#[test]
fn every_part_arrives() {
    let fleet = read_fleet(valid().to_string().as_bytes()).unwrap();
    assert_eq!((fleet.name(), fleet.row_count(), fleet.assets().len()), ("two assets", 2, 2));
    assert_eq!(fleet.coupling().bounds.lower(), [f64::NEG_INFINITY, 1.5]);
    assert!(fleet.coupling().bounds.is_equality(1));
    let [rover, drone] = fleet.assets() else { panic!("two assets") };
    assert_eq!(rover.integer, [0, 1], "columns may be listed in any order");
    assert_eq!(rover.local.variables().bounds.upper(), [2.5, f64::INFINITY]);
    assert_eq!(rover.local.rows().bounds.lower(), [f64::NEG_INFINITY]);
    // 1/2 (4 + 1) - 1/4 2 1 - 4 + 0.001 + 0.5
    assert!((rover.local.objective().value(&[2.0, 1.0]) - (2.5 - 0.5 - 4.0 + 0.001 + 0.5)).abs() < 1e-15);
    assert_eq!((drone.local.objective().c, drone.integer.len()), (0.0, 0), "c and integer may be absent");
    assert_eq!(read_fleet(write_fleet(&fleet).as_bytes()).unwrap(), fleet);
}

#[test]
fn syntax_errors_give_line_and_column() {
    let error = refused("{\"format\": \"cosmosmesh.fleet/1\",\n \"name\": oops}", &["line 2", "name", "`oops`"]);
    let FileError::Syntax(fault) = error else { panic!("{error:?}") };
    assert_eq!((fault.line, fault.place.as_str()), (2, "name"));
    assert!((10..=13).contains(&fault.column), "{fault:?}");
    refused("", &["line 1", "ends too early"]);
    refused(&valid().to_string()[..300], &["line 1", "agents[0]", "ends too early"]);
    refused(&format!("{} {{}}", valid()), &["trailing characters"]);
    assert!(read_fleet(b"{\"name\": \"\xff\xfe\"}").is_err());
    assert!(read_fleet(&[b'['; 100_000]).is_err());
}

#[test]
fn numbers_that_are_none_are_named() {
    for literal in ["NaN", "Infinity", "-Infinity", "nan", "1e999", "-1e999", "1e400"] {
        for (pointer, place) in [
            ("/agents/0/objective/q/1", "agents[0].objective.q[1]"),
            ("/agents/1/variables/upper/0", "agents[1].variables.upper[0]"),
            ("/agents/0/rows/A/1/2", "agents[0].rows.A[1][2]"),
            ("/coupling/lower/1", "coupling.lower[1]"),
        ] {
            let text = with(pointer, json!("HERE")).replace("\"HERE\"", literal);
            refused(&text, &["line 1, column", place, "null"]);
        }
    }
    let text = with("/agents/0/objective/q/1", json!("HERE")).replace("\"HERE\"", "1e-999");
    let fleet = read_fleet(text.as_bytes()).expect("an underflow is a small number");
    assert_eq!(fleet.assets()[0].local.objective().q[1], 0.0);
}

#[test]
fn values_of_another_kind_are_refused_with_their_place() {
    refused("[]", &["object"]);
    refused(&with("/name", json!(3)), &["name", "string"]);
    refused(&with("/agents", json!({})), &["agents", "sequence"]);
    refused(&with("/agents/1", json!(["id"])), &["agents[1]", "an object"]);
    refused(&with("/coupling", json!([[], [], []])), &["coupling", "an object"]);
    refused(&with("/agents/0/objective/q/1", json!(null)), &["agents[0].objective.q[1]", "a finite number"]);
    refused(&with("/agents/0/objective/q/1", json!("1")), &["agents[0].objective.q[1]", "a finite number"]);
    refused(&with("/agents/0/objective/c", json!(null)), &["agents[0].objective.c", "a finite number"]);
    refused(&with("/agents/0/rows/A/1", json!([0, 1])), &["agents[0].rows.A[1]", "an entry [row, column, value]"]);
    refused(&with("/agents/0/rows/A/1", json!([0, 1, 2, 3])), &["agents[0].rows.A[1]", "an entry"]);
    refused(&with("/agents/0/rows/A/1", json!(7)), &["agents[0].rows.A[1]", "an entry"]);
}

#[test]
fn indices_are_whole_and_inside() {
    let entry = |row: Value| with("/agents/0/rows/A/1", json!([row, 1, 1.0]));
    refused(&entry(json!(-1)), &["agents[0].rows.A[1][0]", "-1", "counted from 0"]);
    refused(&entry(json!(0.5)), &["agents[0].rows.A[1][0]", "0.5", "counted from 0"]);
    refused(&entry(json!(0.0)), &["agents[0].rows.A[1][0]", "counted from 0"]);
    refused(&entry(json!(1)), &["agents[0].rows.A[1]: index 1 is outside 0..1"]);
    refused(&entry(json!(100_000_000_000_u64)), &["agents[0].rows.A[1]: index 100000000000 is outside"]);
    refused(&entry(json!(1e30)), &["agents[0].rows.A[1][0]", "counted from 0"]);
    let huge = json!([[0, 0, 1.0], [u64::MAX, 0, 1.0]]);
    refused(&with("/agents/0/coupling", huge), &["agents[0].coupling[1]", "18446744073709551615"]);
    refused(&with("/agents/1/coupling/0/1", json!(1)), &["agents[1].coupling[0]: index 1 is outside 0..1"]);
    refused(&with("/agents/0/objective/P/2/1", json!(2)), &["agents[0].objective.P[2]: index 2"]);
    refused(&with("/agents/0/integer", json!([0, 100_000_000_000_u64])), &["agents[0].integer[1]: index 100000000000"]);
    refused(&with("/agents/0/integer", json!([1, 0, 1])), &["agents[0].integer[2]: column 1 is given twice"]);
    refused(&with("/agents/0/integer", json!([-1])), &["agents[0].integer[0]", "counted from 0"]);
}

#[test]
fn content_is_checked_with_its_place() {
    refused(&with("/agents/0/objective/P/1", json!([1, 0, 1.0])), &["agents[0].objective.P[1]", "below the diagonal"]);
    refused(&with("/agents/0/objective/P/2", json!([1, 1, -1.0])), &["agents[0].objective.P", "not positive"]);
    refused(&with("/agents/0/objective/P/2", json!([0, 1, 1.0])), &["agents[0].objective.P[2]", "twice"]);
    refused(&with("/agents/0/rows/A/1", json!([0, 0, 1.0])), &["agents[0].rows.A[1]", "row 0, column 0", "twice"]);
    refused(&with("/agents/0/coupling/1", json!([0, 0, 0.0])), &["agents[0].coupling[1]", "twice"]);
    refused(&with("/agents", json!([])), &["agents: the fleet has no asset"]);
    refused(&with("/agents/1/id", json!("rover")), &["agents[1].id", "`rover`", "two assets"]);
    refused(&with("/agents/1/id", json!("")), &["agents[1].id", "empty"]);
    refused(&with("/agents/1/id", json!("a\u{1b}[2J")), &["agents[1].id", "control characters"]);
    refused(&with("/coupling/upper/1", json!(1.0)), &["coupling.lower[1]", "1.5", "above"]);
    refused(&with("/agents/0/variables/upper/0", json!(-1)), &["agents[0].variables.lower[0]", "above"]);
    refused(&with("/agents/0/rows/lower/0", json!(5)), &["agents[0].rows.lower[0]", "above"]);
    refused(&with("/agents/0/coupling/1/2", json!(0.0)), &["coupling.names[1]", "`relay`", "no asset touches"]);
}

#[test]
fn lengths_must_agree() {
    refused(&with("/coupling/names", json!(["bus"])), &["coupling.names: has 1 entries where 2 are needed"]);
    refused(&with("/coupling/upper", json!([1])), &["coupling.upper: has 1 entries where 2"]);
    refused(&with("/agents/0/variables/names", json!([])), &["agents[0].variables.names: has 0 entries where 2"]);
    refused(&with("/agents/0/variables/upper", json!([1])), &["agents[0].variables.upper: has 1 entries where 2"]);
    refused(&with("/agents/0/objective/q", json!([1, 2, 3])), &["agents[0].objective.q: has 3 entries where 2"]);
    refused(&with("/agents/0/rows/names", json!([])), &["agents[0].rows.names: has 0 entries where 1"]);
    refused(&with("/agents/0/rows/upper", json!([])), &["agents[0].rows.upper: has 0 entries where 1"]);
    let empty = json!({"names": [], "lower": [], "upper": []});
    refused(&with("/agents/1/variables", empty), &["agents[1]", "objective.q"]);
    let mut document = valid();
    document["agents"][1]["variables"] = json!({"names": [], "lower": [], "upper": []});
    document["agents"][1]["objective"]["q"] = json!([]);
    document["agents"][1]["coupling"] = json!([]);
    refused(&document.to_string(), &["agents[1].variables", "no variable"]);
}

#[test]
fn keys_are_known_present_and_single() {
    for (pointer, place) in [
        ("", ""),
        ("/coupling", "coupling"),
        ("/agents/1", "agents[1]"),
        ("/agents/1/variables", "agents[1].variables"),
        ("/agents/1/objective", "agents[1].objective"),
        ("/agents/1/rows", "agents[1].rows"),
    ] {
        let mut document = valid();
        let object = document.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object");
        let keys: Vec<String> = object.keys().cloned().collect();
        object.insert("colour".to_owned(), json!({"deep": [1, 2]}));
        refused(&document.to_string(), &["unknown field `colour`", place, "remove it"]);
        for key in keys.iter().filter(|key| *key != "c" && *key != "integer") {
            refused(&without(pointer, key), &[&format!("missing field `{key}`"), place, "add it"]);
        }
    }
    let text = valid().to_string().replace("\"name\":", "\"name\":\"first\",\"name\":");
    refused(&text, &["duplicate field `name`", "keep one"]);
}

#[test]
fn other_formats_are_refused_by_name() {
    for format in ["cosmosmesh.fleet/2", "cosmosmesh.result/1", "", "cosmosmesh.fleet/1 "] {
        refused(&with("/format", json!(format)), &["format", &format!("`{format}`"), "`cosmosmesh.fleet/1`"]);
    }
    refused(&with("/format", json!({"cosmosmesh.fleet/1": null})), &["format", "string"]);
}

#[test]
fn a_message_stays_short_and_printable() {
    let name = format!("\u{1b}]0;title\u{7}{}", "x".repeat(100_000));
    for text in [
        json!({(name.clone()): 1}).to_string(),
        with("/format", json!(name)),
        with("/coupling/names/1", json!(name)),
        with("/name", json!([{(name.clone()): name.clone()}])),
    ] {
        let message = read_fleet(text.replace("[1,1,2.0]", "[1,1,0.0]").as_bytes()).unwrap_err().to_string();
        assert!(message.len() < 1500, "{} bytes", message.len());
        assert!(!message.contains(char::is_control), "{message:?}");
    }
}
