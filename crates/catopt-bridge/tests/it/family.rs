//! The family's two dialects: what they say comes back, what they cannot say is listed.

use cosmosmesh_catopt_bridge::family::{self, Dialect, read, write};
use cosmosmesh_catopt_bridge::{Body, CatoptError, Diagram, Junction, Loss, document};
use serde_json::{Value, json};

use crate::fixture::suite;
use crate::world::{ANY, Seed};

const A: &str = include_str!("../data/family-a.json");
const B: &str = include_str!("../data/family-b.json");

#[test]
fn a_document_comes_back_in_the_same_bytes() {
    for (text, dialect) in [(A, Dialect::A), (B, Dialect::B)] {
        assert_eq!(Dialect::of(text.as_bytes()), Some(dialect));
        let (diagram, losses) = read(text.as_bytes(), dialect).unwrap();
        assert!(losses.len() >= 3, "{losses:?}");
        let (again, losses) = write(&diagram, dialect);
        assert_eq!((again.as_str(), losses.len()), (text, 0), "{losses:?}");
        // And through the native form.
        let native = document::write(&diagram, None);
        let (again, _) = write(&document::read(native.as_bytes(), None).unwrap(), dialect);
        assert_eq!(again, text);
    }
    assert_eq!(Dialect::of(b"{}"), None);
    assert_eq!(Dialect::of(b"[1"), None);
}

#[test]
fn objectives_are_labels_and_the_solver_refuses_them_by_name() {
    for (text, dialect, id, label) in
        [(A, Dialect::A, "rover-planner", "min_energy"), (B, Dialect::B, "drone-1", "max_coverage")]
    {
        let (diagram, losses) = read(text.as_bytes(), dialect).unwrap();
        let object = diagram.object(id).unwrap();
        assert!(matches!(&object.body, Body::Opaque { label: found } if found == label));
        for error in [diagram.assemble().unwrap_err(), diagram.to_fleet().unwrap_err()] {
            assert!(matches!(&error, CatoptError::Opaque { object, .. } if object == id), "{error}");
        }
        assert!(losses[0].what.contains(id), "{losses:?}");
    }
    let (diagram, _) = read(A.as_bytes(), Dialect::A).unwrap();
    assert_eq!((diagram.round, diagram.junctions().len()), (7, 2));
    assert_eq!(diagram.object("habitat-module").unwrap().domain, "habitat");
}

#[test]
fn a_change_is_written_and_the_rest_is_kept() {
    let (diagram, _) = read(A.as_bytes(), Dialect::A).unwrap();
    let mut objects = diagram.objects().to_vec();
    objects[0].body = Body::Opaque { label: "min_dust".to_owned() };
    let mut changed = Diagram::new("x", objects, diagram.junctions().to_vec(), Vec::new()).unwrap();
    changed.extensions = diagram.extensions.clone();
    let (text, _) = write(&changed, Dialect::A);
    assert_eq!(text, A.replace("min_energy", "min_dust"));
}

/// What was kept of a document is given back as it was: what came since is said to be lost, and so is a key that is in the way.
#[test]
fn what_came_since_is_listed() {
    for (text, dialect) in [(A, Dialect::A), (B, Dialect::B)] {
        let (mut diagram, _) = read(text.as_bytes(), dialect).unwrap();
        assert_eq!(write(&diagram, dialect).1, []);
        let mut junctions = diagram.junctions().to_vec();
        diagram.duals.junctions.insert(junctions[0].name.clone(), vec![1.0]);
        let said = |diagram: &Diagram| format!("{:?}", write(diagram, dialect).1);
        assert!(said(&diagram).contains("came since"), "{}", said(&diagram));
        junctions.push(Junction::shared("new", "1", 1));
        let mut more = Diagram::new("x", diagram.objects().to_vec(), junctions, Vec::new()).unwrap();
        more.extensions = diagram.extensions.clone();
        assert!(said(&more).contains("came since"), "{}", said(&more));
        let mut objects = diagram.objects().to_vec();
        let id = if dialect == Dialect::A { "id" } else { "asset_id" };
        objects[0].extensions.insert(id.to_owned(), json!("another's"));
        let hidden = Diagram::new("x", objects, Vec::new(), Vec::new()).unwrap();
        assert!(said(&hidden).contains("a key of 1 object"), "{}", said(&hidden));
    }
}

#[test]
fn a_fleet_is_named_and_no_number_of_it_is_said() {
    let diagram = Diagram::of(&suite("strong-3-12-0")).unwrap();
    for dialect in [Dialect::A, Dialect::B] {
        let (text, losses) = write(&diagram, dialect);
        assert!(losses.iter().any(|loss| loss.what.contains("variables, costs, rows and bounds of 3 objects")));
        assert!(losses.iter().any(|loss| loss.what.contains("ports with wires and maps")), "{losses:?}");
        assert!(losses.iter().any(|loss| loss.what.contains("limits of balances")), "{losses:?}");
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["LocalProblem"].as_array().unwrap().len(), 3);
        fn numbers(value: &Value) -> usize {
            match value {
                Value::Number(n) => usize::from(n.as_f64().is_some_and(|v| v != 0.0 && v != 1.0)),
                Value::Array(list) => list.iter().map(numbers).sum(),
                Value::Object(map) => map.values().map(numbers).sum(),
                _ => 0,
            }
        }
        assert_eq!(numbers(&value), 0, "{text}");
        let (back, losses) = read(text.as_bytes(), dialect).unwrap();
        assert_eq!((back.objects().len(), losses.is_empty()), (3, false));
    }
}

fn write_whole(diagram: &Diagram, dialect: Dialect) -> (String, Vec<Loss>) {
    let mut text = String::new();
    let losses = family::write_whole(diagram, dialect, &mut text).unwrap();
    (text, losses)
}

#[test]
fn a_document_may_carry_the_problem_along() {
    let fleet = suite("strong-3-12-0");
    let mut diagrams = vec![Diagram::of(&fleet).unwrap()];
    diagrams.extend((0..32).map(|k| crate::world::diagram(&mut Seed(k), "", ANY)));
    for dialect in [Dialect::A, Dialect::B] {
        for diagram in &diagrams {
            let (text, losses) = write_whole(diagram, dialect);
            assert_eq!(losses.len(), 1, "{losses:?}");
            assert_eq!(Dialect::of(text.as_bytes()), Some(dialect));
            let (mut again, losses) = read(text.as_bytes(), dialect).unwrap();
            assert!(losses.is_empty(), "{losses:?}");
            assert_eq!(write_whole(&again, dialect).0, text);
            // What the dialect's own blocks said is all that was added.
            assert_eq!(again.extensions.len(), 1);
            again.extensions.clear();
            assert_eq!(&again, diagram);
        }
        let (text, _) = write_whole(&diagrams[0], dialect);
        let (again, _) = read(text.as_bytes(), dialect).unwrap();
        assert_eq!(again.to_fleet().unwrap().0, fleet);
        let id = fleet.assets()[0].id.as_str();
        let renamed = text.replacen(&format!("\"{id}\""), "\"somebody\"", 1);
        assert_ne!(renamed, text);
        assert!(read(renamed.as_bytes(), dialect).is_err(), "the two lists of objects must agree");
    }
}

#[test]
fn what_is_no_document_of_the_dialect_is_refused() {
    for (value, part) in [
        (json!([]), "an object of blocks"),
        (json!({}), "no block LocalProblem"),
        (json!({"LocalProblem": 3}), "a block is an object"),
        (json!({"LocalProblem": {"asset_id": "x"}}), "`id` is missing"),
        (json!({"LocalProblem": {"id": ""}}), "id"),
        (json!({"LocalProblem": {"id": "x", "domain": 3}}), "`domain` is no text"),
        (json!({"LocalProblem": [{"id": "x"}, {"id": "x"}]}), "two objects are called `x`"),
    ] {
        let error = read(value.to_string().as_bytes(), Dialect::A).unwrap_err();
        assert!(error.to_string().contains(part), "no `{part}` in: {error}");
    }
    for text in [A, B] {
        for k in 0..text.len() {
            let _ = read(&text.as_bytes()[..k], Dialect::A).map_err(|error| error.to_string());
            let _ = read(&text.as_bytes()[..k], Dialect::B).map_err(|error| error.to_string());
        }
    }
}
