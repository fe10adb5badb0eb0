//! The two dialects of the CatOpt family's vocabulary, read and written.
//!
//! The family's wire formats are not known byte for byte, so this is not wire compatibility: it reads the field vocabulary
//! of the family's contract sketches, keeps every key it does not know, and says what a dialect cannot carry.
//!
//! | block | [`Dialect::A`] | [`Dialect::B`] |
//! |---|---|---|
//! | LocalProblem | `id, domain, assets[], objective, constraints[]` | `asset_id, payload{}` |
//! | SharedVariables | `forecasts{}, priors{}, version` | `iter_id, values{}` |
//! | DualVariables | `multipliers{}` | `iter_id, values{}` |
//! | PlanDelta, PrivacyBudget, AuditLog, Policy | kept as they are | kept as they are |
//!
//! A document is an object of blocks by name; `LocalProblem` is one block or a list of them.
//! An objective in these dialects is a label and no function: it becomes an opaque object, which is never solved.
//! A document may carry the problem itself in a block `cosmosmesh.catopt/1`, which [`write_whole`] adds and the family's readers pass over; then it can be.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::ProblemError;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::document::{self, CATOPT_FORMAT};
use crate::{Body, CatoptError, Diagram, Fleet, Junction, JunctionKind, Loss, Object};

/// Which dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The contract sketch of the original CosmosMesh, NovaPlan and GridVerse.
    A,
    /// The sketch of CatOpt-Graph.
    B,
}

/// Where the blocks of a document that are no objects are kept in a diagram's extensions.
const KEPT: [(Dialect, &str); 2] = [(Dialect::A, "family-a"), (Dialect::B, "family-b")];

impl Dialect {
    fn key(self) -> &'static str {
        KEPT.iter().find(|(dialect, _)| *dialect == self).map_or("", |(_, key)| key)
    }

    /// The name of an object's id in a LocalProblem.
    fn id(self) -> &'static str {
        match self {
            Self::A => "id",
            Self::B => "asset_id",
        }
    }

    /// Which dialect a text speaks, if either.
    pub fn of(text: &[u8]) -> Option<Self> {
        // Whatever else is in the text is passed over without being kept.
        let probe: Probe = serde_json::from_slice(text).ok()?;
        let first = local_problems(&probe.local_problem).next()?;
        [Self::A, Self::B].into_iter().find(|dialect| first.get(dialect.id()).is_some())
    }
}

/// The one block that tells the dialects apart.
#[derive(Deserialize)]
struct Probe {
    #[serde(rename = "LocalProblem")]
    local_problem: Value,
}

/// One block or a list of them.
fn local_problems(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(list) => Box::new(list.iter()),
        one => Box::new(std::iter::once(one)),
    }
}

/// A diagram of a document, and what could not be understood.
///
/// # Errors
/// [`CatoptError::Text`] for what is no document of the dialect; [`CatoptError::NameTaken`].
/// # Cost
/// One pass; the document is kept once more, to be given back.
pub fn read(text: &[u8], dialect: Dialect) -> Result<(Diagram, Vec<Loss>), CatoptError> {
    let refuse = |what: &str| CatoptError::text(dialect.key(), 0, what);
    let value: Value = serde_json::from_slice(text).map_err(|error| CatoptError::json(dialect.key(), &error))?;
    let Value::Object(mut blocks) = value else { return Err(refuse("the document is an object of blocks by name")) };
    let problems = blocks.remove("LocalProblem").ok_or_else(|| refuse("there is no block LocalProblem; add one"))?;
    let mut objects = Vec::new();
    for problem in local_problems(&problems) {
        objects.push(object(problem, dialect)?);
    }
    let single = !problems.is_array();
    if let Some(carried) = blocks.remove(CATOPT_FORMAT) {
        return carried_along(&carried, objects, &json!({ "blocks": blocks, "single": single }), dialect);
    }
    let mut losses = Vec::new();
    let labels: Vec<String> = objects.iter().map(|object: &Object| format!("`{}`", object.id)).collect();
    losses.push(Loss::new(format!(
        "nothing can be solved: the objectives of {} are labels and no functions",
        labels.join(", ")
    )));
    let junctions: Vec<Junction> = signals(&blocks, dialect)
        .into_iter()
        .map(|name| Junction { exposed: true, ..Junction::shared(name, "1", 1) })
        .collect();
    if !junctions.is_empty() {
        losses.push(Loss::new("which object reads or writes which shared variable: the dialect does not say"));
    }
    if blocks.contains_key("DualVariables") {
        losses.push(Loss::new("what the multipliers mean: the dialect states no sign; they are kept and not used"));
    }
    let round = round(&blocks, dialect);
    let mut diagram = Diagram::new(dialect.key(), objects, junctions, Vec::new())?;
    diagram.round = round;
    diagram.extensions.insert(dialect.key().to_owned(), json!({ "blocks": blocks, "single": single }));
    Ok((diagram, losses))
}

/// The diagram that a document carries, with what the dialect's own blocks say beside it.
fn carried_along(
    carried: &Value,
    labels: Vec<Object>,
    kept: &Value,
    dialect: Dialect,
) -> Result<(Diagram, Vec<Loss>), CatoptError> {
    let mut diagram = document::read(carried.to_string().as_bytes(), None)?;
    let named = |objects: &[Object]| objects.iter().map(|object| object.id.clone()).collect::<Vec<_>>();
    if named(diagram.objects()) != named(&labels) {
        let what =
            format!("the objects of LocalProblem are not those of the block {CATOPT_FORMAT}; take that block out");
        return Err(CatoptError::text(dialect.key(), 0, what));
    }
    let mut objects = diagram.objects().to_vec();
    for (object, mut label) in objects.iter_mut().zip(labels) {
        // A payload of our own says nothing that the object does not.
        if label.extensions.get("payload") == Some(&payload(QUADRATIC, &object.domain)) {
            label.extensions.remove("payload");
        }
        object.extensions = label.extensions;
    }
    diagram = diagram.with_parts(objects, diagram.junctions().to_vec(), diagram.wires().to_vec())?;
    diagram.extensions.insert(dialect.key().to_owned(), kept.clone());
    Ok((diagram, Vec::new()))
}

fn object(problem: &Value, dialect: Dialect) -> Result<Object, CatoptError> {
    let refuse = |what: &str| CatoptError::text(dialect.key(), 0, format!("LocalProblem: {what}"));
    let mut fields = problem.as_object().ok_or_else(|| refuse("a block is an object"))?.clone();
    let id = match fields.remove(dialect.id()) {
        Some(Value::String(id)) => id,
        _ => return Err(refuse(&format!("`{}` is missing or no text", dialect.id()))),
    };
    let id = AssetId::new(id).map_err(|error| ProblemError::at(dialect.id(), error.into()))?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let (domain, label) = match dialect {
        Dialect::A => {
            let domain = match fields.remove("domain") {
                None => String::new(),
                Some(Value::String(domain)) => domain,
                Some(_) => return Err(refuse("`domain` is no text")),
            };
            // What is no text stays where it is and comes back as it was.
            let label = match fields.get("objective") {
                Some(Value::String(_)) => fields.remove("objective").as_ref().map_or_else(String::new, text),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            (domain, label)
        }
        Dialect::B => {
            let objective = fields.get("payload").and_then(|payload| payload.get("objective"));
            (String::new(), objective.map_or_else(|| "payload".to_owned(), text))
        }
    };
    Ok(Object { id, domain, schema: None, body: Body::Opaque { label }, ports: Vec::new(), extensions: fields })
}

/// The names of shared variables, each once.
fn signals(blocks: &Map<String, Value>, dialect: Dialect) -> Vec<String> {
    let keys: &[&str] = match dialect {
        Dialect::A => &["forecasts", "priors"],
        Dialect::B => &["values"],
    };
    let Some(shared) = blocks.get("SharedVariables") else { return Vec::new() };
    let maps = local_problems(shared).flat_map(|block| keys.iter().filter_map(|key| block.get(key)?.as_object()));
    let names: std::collections::BTreeSet<&String> = maps.flat_map(|map| map.keys()).collect();
    names.into_iter().cloned().collect()
}

fn round(blocks: &Map<String, Value>, dialect: Dialect) -> u64 {
    let key = if dialect == Dialect::A { "version" } else { "iter_id" };
    let shared = blocks.get("SharedVariables").map(local_problems);
    shared.and_then(|mut list| list.next()?.get(key)?.as_u64()).unwrap_or(0)
}

/// The document of a diagram, keys in alphabetical order, and what the dialect cannot carry.
///
/// What [`read`] kept of a document of the same dialect is given back as it was.
/// # Privacy
/// Names of objects, domains and junctions, labels of objectives, and what was kept; no number of a cost, row or bound.
pub fn write(diagram: &Diagram, dialect: Dialect) -> (String, Vec<Loss>) {
    written(diagram, dialect, diagram.wires().len())
}

fn written(diagram: &Diagram, dialect: Dialect, ports: usize) -> (String, Vec<Loss>) {
    let kept = diagram.extensions.get(dialect.key());
    let mut blocks =
        kept.and_then(|kept| kept["blocks"].as_object()).cloned().unwrap_or_else(|| fresh(diagram, dialect));
    let mut problems: Vec<Value> = diagram.objects().iter().map(|object| problem(object, dialect)).collect();
    let single = problems.len() == 1 && kept.is_some_and(|kept| kept["single"] == true);
    let problems = if single { problems.remove(0) } else { Value::Array(problems) };
    blocks.insert("LocalProblem".to_owned(), problems);
    let text = format!("{:#}\n", sorted(Value::Object(blocks)));
    (text, losses(diagram, dialect, kept.is_some(), ports))
}

/// The document of a fleet and what the dialect cannot carry, without the fleet's diagram.
///
/// # Errors
/// [`CatoptError::NotConvex`].
/// # Cost
/// One pass over the assets; memory for the names.
pub fn write_fleet(fleet: Fleet<'_>, dialect: Dialect) -> Result<(String, Vec<Loss>), CatoptError> {
    let (outline, ports) = Diagram::outline(fleet)?;
    Ok(written(&outline, dialect, ports))
}

/// [`write`], and the whole problem in a block `cosmosmesh.catopt/1`, which the family's readers pass over and [`read`] does not.
///
/// # Privacy
/// Holds the private part of every quadratic object.
/// # Errors
/// None that the diagram has not passed already.
pub fn write_whole(diagram: &Diagram, dialect: Dialect) -> Result<(String, Vec<Loss>), CatoptError> {
    // What is kept for the dialect stands in its own blocks.
    let mut objects = diagram.objects().to_vec();
    objects.iter_mut().for_each(|object| object.extensions = Map::new());
    let mut bare = diagram.with_parts(objects, diagram.junctions().to_vec(), diagram.wires().to_vec())?;
    bare.extensions.remove(dialect.key());
    let refuse = |error| CatoptError::json(CATOPT_FORMAT, &error);
    let carried: Value = serde_json::from_str(&document::write(&bare, None)).map_err(refuse)?;
    let (text, _) = write(diagram, dialect);
    let mut whole: Map<String, Value> = serde_json::from_str(&text).map_err(refuse)?;
    whole.insert(CATOPT_FORMAT.to_owned(), carried);
    let losses = vec![Loss::new(format!(
        "nothing for `catopt import`; readers of the family see names and labels only and pass over the block {CATOPT_FORMAT}"
    ))];
    Ok((format!("{:#}\n", sorted(Value::Object(whole))), losses))
}

fn problem(object: &Object, dialect: Dialect) -> Value {
    let mut fields = object.extensions.clone();
    fields.insert(dialect.id().to_owned(), json!(object.id.as_str()));
    let label = match &object.body {
        Body::Opaque { label } => label.as_str(),
        Body::Quadratic { .. } => QUADRATIC,
    };
    match dialect {
        Dialect::A => {
            if !object.domain.is_empty() {
                fields.insert("domain".to_owned(), json!(object.domain));
            }
            if !label.is_empty() && !fields.contains_key("objective") {
                fields.insert("objective".to_owned(), json!(label));
            }
        }
        Dialect::B => {
            if !fields.contains_key("payload") {
                fields.insert("payload".to_owned(), payload(label, &object.domain));
            }
        }
    }
    Value::Object(fields)
}

/// What stands where an objective belongs if the object has a problem.
const QUADRATIC: &str = "quadratic";

fn payload(label: &str, domain: &str) -> Value {
    json!({ "objective": label, "domain": domain })
}

/// The other blocks of a diagram that did not come from this dialect.
fn fresh(diagram: &Diagram, dialect: Dialect) -> Map<String, Value> {
    let junctions = diagram.junctions().iter();
    let about = |junction: &Junction| {
        let kind = if junction.kind == JunctionKind::Shared { "shared" } else { "balance" };
        (junction.name.clone(), json!({ "kind": kind, "unit": junction.unit, "dimension": junction.dimension }))
    };
    let shared: Map<String, Value> = junctions.map(about).collect();
    let duals: Map<String, Value> =
        diagram.duals.junctions.iter().map(|(name, dual)| (name.clone(), json!(dual))).collect();
    let round = diagram.round;
    let blocks = match dialect {
        Dialect::A => json!({
            "SharedVariables": { "forecasts": shared, "priors": {}, "version": round },
            "DualVariables": { "multipliers": duals },
        }),
        Dialect::B => json!({
            "SharedVariables": { "iter_id": round, "values": shared },
            "DualVariables": { "iter_id": round, "values": duals },
        }),
    };
    blocks.as_object().cloned().unwrap_or_default()
}

fn losses(diagram: &Diagram, dialect: Dialect, kept: bool, ports: usize) -> Vec<Loss> {
    let mut losses = Vec::new();
    let quadratic = diagram.objects().iter().filter(|object| matches!(object.body, Body::Quadratic { .. })).count();
    if quadratic > 0 {
        losses.push(Loss::new(format!(
            "variables, costs, rows and bounds of {quadratic} objects: the dialect has a label where an objective belongs"
        )));
    }
    if ports > 0 {
        losses.push(Loss::new(format!(
            "{ports} ports and wires with their maps: the dialect does not say who reads what"
        )));
    }
    if !kept && diagram.junctions().iter().any(|junction| matches!(junction.kind, JunctionKind::Balance(_))) {
        losses.push(Loss::new("the limits of balances"));
    }
    if !diagram.deltas.is_empty() || !diagram.functors.is_empty() || !diagram.duals.wires.is_empty() {
        losses.push(Loss::new("deltas, functors and duals of wires and rows"));
    }
    let domains = diagram.objects().iter().any(|object| object.schema.is_some());
    if domains {
        losses.push(Loss::new("schema versions of objects"));
    }
    let others = diagram.extensions.keys().filter(|key| *key != dialect.key()).count();
    if others > 0 {
        losses.push(Loss::new(format!("{others} extensions of the diagram that belong to another format")));
    }
    losses
}

/// The same with keys in alphabetical order throughout.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(Map::from_iter(entries))
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
