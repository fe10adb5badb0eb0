//! MathOptFormat by the rules of its schema 1.9, as far as a convex quadratic problem needs them, in our own words: who has the schema itself names it, see `schema.rs`.

use std::collections::BTreeSet;

use cosmosmesh_catopt_bridge::{Assembly, mof};
use serde_json::{Value, json};

use crate::fixture::{odd, suite, tricky};

/// The keys that an object of this type must have, by its `type`, and whether a number, a text or a list belongs there.
const FUNCTIONS: [(&str, &[(&str, char)]); 3] = [
    ("Variable", &[("name", 't')]),
    ("ScalarAffineFunction", &[("constant", 'n'), ("terms", 'l')]),
    ("ScalarQuadraticFunction", &[("constant", 'n'), ("affine_terms", 'l'), ("quadratic_terms", 'l')]),
];
const SETS: [(&str, &[(&str, char)]); 6] = [
    ("LessThan", &[("upper", 'n')]),
    ("GreaterThan", &[("lower", 'n')]),
    ("EqualTo", &[("value", 'n')]),
    ("Interval", &[("lower", 'n'), ("upper", 'n')]),
    ("Integer", &[]),
    ("ZeroOne", &[]),
];

fn has(value: &Value, keys: &[(&str, char)]) -> Result<(), String> {
    for (key, kind) in keys {
        let fits = match (kind, &value[*key]) {
            ('n', found) => found.is_number(),
            ('t', found) => found.is_string(),
            (_, found) => found.is_array(),
        };
        if !fits {
            return Err(format!("`{key}` in {value}"));
        }
    }
    Ok(())
}

fn typed(value: &Value, types: &[(&str, &[(&str, char)])]) -> Result<(), String> {
    let keys = types.iter().find(|(name, _)| value["type"] == *name).ok_or_else(|| format!("type of {value}"))?;
    has(value, keys.1)
}

fn function(value: &Value, variables: &BTreeSet<&str>) -> Result<(), String> {
    typed(value, &FUNCTIONS)?;
    let known = |term: &Value, key: &str| match term[key].as_str() {
        Some(name) if variables.contains(name) => Ok(()),
        _ => Err(format!("`{key}` in {term}")),
    };
    if value["type"] == "Variable" {
        known(value, "name")?;
    }
    for term in ["terms", "affine_terms"].iter().filter_map(|key| value[*key].as_array()).flatten() {
        has(term, &[("coefficient", 'n')])?;
        known(term, "variable")?;
    }
    for term in value["quadratic_terms"].as_array().into_iter().flatten() {
        has(term, &[("coefficient", 'n')])?;
        known(term, "variable_1")?;
        known(term, "variable_2")?;
    }
    Ok(())
}

/// Nothing, or the first place that breaks a rule.
fn check(document: &Value) -> Result<(), String> {
    let version = &document["version"];
    if version["major"] != 1 || version["minor"].as_u64().is_none_or(|minor| minor > 9) {
        return Err(format!("version {version}"));
    }
    has(document, &[("variables", 'l'), ("constraints", 'l')])?;
    if !document["name"].is_string() {
        return Err("name".to_owned());
    }
    let list = |key: &str| document[key].as_array().into_iter().flatten();
    let mut variables = BTreeSet::new();
    for variable in list("variables") {
        let name = variable["name"].as_str().ok_or_else(|| format!("name of {variable}"))?;
        if !variables.insert(name) {
            return Err(format!("`{name}` twice"));
        }
    }
    if !["min", "max", "feasibility"].iter().any(|sense| document["objective"]["sense"] == *sense) {
        return Err("sense".to_owned());
    }
    function(&document["objective"]["function"], &variables)?;
    let mut seen = BTreeSet::new();
    for constraint in list("constraints") {
        if constraint.get("name").is_some_and(|name| !name.is_string()) {
            return Err(format!("name of {constraint}"));
        }
        function(&constraint["function"], &variables)?;
        typed(&constraint["set"], &SETS)?;
        if !seen.insert(constraint.to_string()) {
            return Err(format!("{constraint} twice"));
        }
    }
    Ok(())
}

#[test]
fn what_is_written_keeps_the_rules() {
    let fleets = [odd(), suite("strong-3-12-0"), suite("degenerate-3-12-0"), suite("infeasible-3-12-0")];
    let mut assemblies: Vec<Assembly> = fleets.iter().map(|fleet| Assembly::allow_nonconvex(fleet).unwrap()).collect();
    assemblies.push(tricky());
    for assembly in assemblies {
        let mut text = String::new();
        mof::write(&assembly.program, &mut text);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(check(&document), Ok(()));
        // And the rules bite: what is changed against them is found.
        for (pointer, value) in [
            ("/version/minor", json!(10)),
            ("/variables/0/name", json!(3)),
            ("/variables", json!({})),
            ("/objective/sense", json!("least")),
            ("/objective/function/type", json!("ScalarCubicFunction")),
            ("/objective/function/constant", json!("0")),
            ("/constraints/0/set/type", json!("Between")),
            ("/constraints/0/set", json!({"type": "Interval", "lower": 0})),
            ("/constraints/0/function/name", json!("nobody")),
        ] {
            let mut damaged = document.clone();
            *damaged.pointer_mut(pointer).unwrap() = value;
            assert!(check(&damaged).is_err(), "{pointer}");
        }
    }
}
