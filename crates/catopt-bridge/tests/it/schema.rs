//! Documents against their published schemas, by PyPI's jsonschema; skipped with a reason where it is missing.

use std::path::PathBuf;
use std::process::Command;

use cosmosmesh_catopt_bridge::{Assembly, Diagram, PlanDelta, document, mof};
use cosmosmesh_crypto::Blake3;

use crate::fixture::{odd, suite};
use crate::world::{ANY, Seed, diagram};

/// Validates each document named after the schema; prints one line for each, empty if it is valid. The draft is named, since MathOptFormat's own address is unversioned.
const VALIDATE: &str = r#"
import json, sys
from jsonschema import Draft7Validator, Draft202012Validator
schema = json.load(open(sys.argv[2]))
check = {"7": Draft7Validator, "2020": Draft202012Validator}[sys.argv[1]](schema)
for path in sys.argv[3:]:
    print("; ".join(e.json_path + ": " + e.message[:200] for e in check.iter_errors(json.load(open(path)))))
"#;

/// One line for each document, or nothing where the validator is missing.
fn validate(draft: &str, schema: &PathBuf, documents: &[(String, String)]) -> Option<Vec<String>> {
    let probe = Command::new("python3").args(["-c", "from jsonschema import Draft202012Validator"]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: python3 with the package jsonschema is not here");
        return None;
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let paths: Vec<PathBuf> = documents.iter().map(|(name, _)| folder.join(name)).collect();
    for (path, (_, text)) in paths.iter().zip(documents) {
        std::fs::write(path, text).unwrap();
    }
    let output = Command::new("python3").args(["-c", VALIDATE, draft]).arg(schema).args(&paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect())
}

#[test]
fn native_documents_are_valid_and_damaged_ones_are_not() {
    let schema = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/schemas/catopt-1.schema.json");
    let mut full = diagram(&mut Seed(1), "", ANY);
    full.duals.junctions.insert("s0".to_owned(), vec![0.5]);
    full.deltas.push(PlanDelta { from: 1, to: 2, set: [(("o0".to_owned(), 0), 0.5)].into() });
    full.extensions.insert("x".to_owned(), serde_json::json!([1, null]));
    let diagrams = [Diagram::of(&odd()).unwrap(), Diagram::of(&suite("strong-3-12-0")).unwrap(), full];
    let mut documents: Vec<(String, String)> = Vec::new();
    for (k, diagram) in diagrams.iter().enumerate() {
        documents.push((format!("valid-{k}.json"), document::write(diagram, Some(&Blake3))));
    }
    let valid = documents.len();
    for (k, (from, to)) in
        [("\"kind\":\"balance\"", "\"kind\":\"sum\""), ("\"wires\":", "\"wire\":"), ("\"ports\":[", "\"ports\":[3,")]
            .iter()
            .enumerate()
    {
        let damaged = documents[1].1.replacen(from, to, 1);
        assert_ne!(damaged, documents[1].1);
        assert!(document::read(damaged.as_bytes(), None).is_err(), "the reader is as strict as the schema");
        documents.push((format!("damaged-{k}.json"), damaged));
    }
    let Some(answers) = validate("2020", &schema, &documents) else { return };
    for (k, ((name, _), answer)) in documents.iter().zip(&answers).enumerate() {
        assert_eq!(answer.is_empty(), k < valid, "{name}: {answer}");
    }
}

/// MathOptFormat's schema is not ours to ship: who has it names its path. What always runs is `grammar.rs`.
#[test]
fn mathoptformat_is_valid_where_its_schema_is_at_hand() {
    let Some(schema) = std::env::var_os("MATHOPTFORMAT_SCHEMA").map(PathBuf::from) else {
        println!("skipped: MATHOPTFORMAT_SCHEMA does not name the published schema");
        return;
    };
    let fleets = [odd(), suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0")];
    let mut documents: Vec<(String, String)> = Vec::new();
    for fleet in &fleets {
        let mut text = String::new();
        mof::write(&Assembly::allow_nonconvex(fleet).unwrap().program, &mut text);
        documents.push((format!("mof-{}.json", fleet.name()), text));
    }
    let valid = documents.len();
    for (k, (from, to)) in
        [("\"minor\":2", "\"minor\":10"), ("\"Interval\"", "\"Between\""), ("\"sense\":\"min\"", "\"sense\":1")]
            .into_iter()
            .enumerate()
    {
        let damaged = documents[1].1.replacen(from, to, 1);
        assert_ne!(damaged, documents[1].1, "{from}");
        documents.push((format!("mof-damaged-{k}.json"), damaged));
    }
    let Some(answers) = validate("7", &schema, &documents) else { return };
    for (k, ((name, _), answer)) in documents.iter().zip(&answers).enumerate() {
        assert_eq!(answer.is_empty(), k < valid, "{name}: {answer}");
    }
}
