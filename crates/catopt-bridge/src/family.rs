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

use core::fmt::Write;
use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::ProblemError;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::document::{self, CATOPT_FORMAT, DiagramText};
use crate::number::count as counted;
use crate::{Body, CatoptError, Diagram, Junction, JunctionKind, Loss, Object, Source};

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
    let Outline { blocks, objects, single, carried } = outline(text, dialect)?;
    if let Some(carried) = carried {
        return Ok((along(carried, objects, kept(blocks, single), dialect)?.diagram()?, Vec::new()));
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
    diagram.extensions.insert(dialect.key().to_owned(), kept(blocks, single));
    Ok((diagram, losses))
}

/// The diagram that a document carries along, in its text, with what the dialect's own blocks say beside it; nothing if it carries none.
///
/// # Errors
/// Those of [`read`], with lines counted from where the carried diagram begins.
/// # Cost
/// Two passes; beside the text, memory for its other blocks and for one object.
pub fn carried(text: &[u8], dialect: Dialect) -> Result<Option<DiagramText<'_>>, CatoptError> {
    let Outline { blocks, objects, single, carried } = outline(text, dialect)?;
    carried.map(|carried| along(carried, objects, kept(blocks, single), dialect)).transpose()
}

/// What is in a document, with the carried diagram left as it stands.
struct Outline<'a> {
    /// The other blocks, without LocalProblem.
    blocks: Map<String, Value>,
    /// What LocalProblem says.
    objects: Vec<Object>,
    /// Whether it was one block and no list.
    single: bool,
    carried: Option<&'a RawValue>,
}

fn outline(text: &[u8], dialect: Dialect) -> Result<Outline<'_>, CatoptError> {
    let refuse = |what: &str| CatoptError::text(dialect.key(), 0, what);
    let json = |error| CatoptError::json(dialect.key(), &error);
    if !text.trim_ascii_start().starts_with(b"{") {
        // Damaged or not, it has to say where.
        serde_json::from_slice::<IgnoredAny>(text).map_err(json)?;
        return Err(refuse("the document is an object of blocks by name"));
    }
    let mut raw: BTreeMap<String, &RawValue> = serde_json::from_slice(text).map_err(json)?;
    let carried = raw.remove(CATOPT_FORMAT);
    let mut blocks = Map::new();
    for (name, block) in raw {
        blocks.insert(name, serde_json::from_str(block.get()).map_err(json)?);
    }
    let problems = blocks.remove("LocalProblem").ok_or_else(|| refuse("there is no block LocalProblem; add one"))?;
    let objects = local_problems(&problems).map(|problem| object(problem, dialect)).collect::<Result<_, _>>()?;
    Ok(Outline { blocks, objects, single: !problems.is_array(), carried })
}

fn kept(blocks: Map<String, Value>, single: bool) -> Value {
    json!({ "blocks": blocks, "single": single })
}

fn along<'a>(
    carried: &'a RawValue,
    labels: Vec<Object>,
    kept: Value,
    dialect: Dialect,
) -> Result<DiagramText<'a>, CatoptError> {
    let text = DiagramText::new(carried.get().as_bytes(), None)?;
    let (mut extensions, mut agree) = (Vec::with_capacity(labels.len()), labels.len() == text.object_count());
    for (object, mut label) in text.objects().zip(labels) {
        agree &= object.id == label.id;
        // A payload of our own says nothing that the object does not.
        if label.extensions.get("payload") == Some(&payload(QUADRATIC, &object.domain)) {
            label.extensions.remove("payload");
        }
        extensions.push(label.extensions);
    }
    if !agree {
        let what =
            format!("the objects of LocalProblem are not those of the block {CATOPT_FORMAT}; take that block out");
        return Err(CatoptError::text(dialect.key(), 0, what));
    }
    Ok(text.labelled(extensions, dialect.key(), kept))
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
/// # Cost
/// One pass over the objects; memory for the text.
/// # Privacy
/// Names of objects, domains and junctions, labels of objectives, and what was kept; no number of a cost, row or bound.
pub fn write<'a>(source: impl Into<Source<'a>>, dialect: Dialect) -> (String, Vec<Loss>) {
    let source = source.into();
    let mut count = Count::default();
    let blocks = blocks(source, dialect, &mut count);
    (format!("{:#}\n", Value::Object(blocks)), losses(source.frame(), dialect, count))
}

/// [`write`] into a sink, with the whole problem in a block `cosmosmesh.catopt/1`, which the family's readers pass over and [`read`] does not; it stands there as in the native form.
///
/// # Errors
/// The sink's own.
/// # Cost
/// Two passes over the objects and one over the wires; memory for one object and for the other blocks.
/// # Privacy
/// Holds the private part of every quadratic object.
pub fn write_whole<'a>(
    source: impl Into<Source<'a>>,
    dialect: Dialect,
    out: &mut impl Write,
) -> Result<Vec<Loss>, core::fmt::Error> {
    let source = source.into();
    let mut blocks: BTreeMap<String, Value> = blocks(source, dialect, &mut Count::default()).into_iter().collect();
    // It takes the place of what was carried before, where its name has it.
    blocks.insert(CATOPT_FORMAT.to_owned(), Value::Null);
    for (k, (name, block)) in blocks.iter().enumerate() {
        write!(out, "{}  {}: ", if k == 0 { "{\n" } else { ",\n" }, Value::from(name.as_str()))?;
        if name == CATOPT_FORMAT {
            // What is kept for the dialect stands in its own blocks.
            document::put(source, None, Some(dialect.key()), out)?;
        } else {
            // No line break inside a JSON text belongs to a string.
            out.write_str(&format!("{block:#}").replace('\n', "\n  "))?;
        }
    }
    writeln!(out, "\n}}")?;
    Ok(vec![Loss::new(format!(
        "nothing for `catopt import`; readers of the family see names and labels only and pass over the block {CATOPT_FORMAT}"
    ))])
}

/// What of the objects the dialect has no place for.
#[derive(Default)]
struct Count {
    quadratic: usize,
    ports: usize,
    schemas: usize,
    /// Objects with a key of another's that the dialect has a use of its own for.
    hidden: usize,
}

/// The blocks of a document, keys in alphabetical order throughout.
fn blocks(source: Source<'_>, dialect: Dialect, count: &mut Count) -> Map<String, Value> {
    let frame = source.frame();
    let kept = frame.extensions.get(dialect.key());
    let mut blocks = kept.and_then(|kept| kept["blocks"].as_object()).cloned().unwrap_or_else(|| fresh(frame, dialect));
    let mut problems = Vec::new();
    for object in source.objects() {
        count.quadratic += usize::from(matches!(object.body, Body::Quadratic { .. }));
        count.ports += object.ports.len();
        count.schemas += usize::from(object.schema.is_some());
        let domain = dialect == Dialect::A && !object.domain.is_empty() && object.extensions.contains_key("domain");
        count.hidden += usize::from(domain || object.extensions.contains_key(dialect.id()));
        problems.push(problem(&object, dialect));
    }
    let single = problems.len() == 1 && kept.is_some_and(|kept| kept["single"] == true);
    let problems = if single { problems.remove(0) } else { Value::Array(problems) };
    blocks.insert("LocalProblem".to_owned(), problems);
    match sorted(Value::Object(blocks)) {
        Value::Object(blocks) => blocks,
        _ => Map::new(),
    }
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

fn losses(frame: &Diagram, dialect: Dialect, Count { quadratic, ports, schemas, hidden }: Count) -> Vec<Loss> {
    let kept = frame.extensions.get(dialect.key());
    let others = frame.extensions.len() - usize::from(kept.is_some());
    // What was kept is given back as it was, and says nothing of what came since.
    let since = kept.is_some_and(|kept| {
        let blocks = kept["blocks"].as_object();
        let named = blocks.map_or_else(Vec::new, |blocks| signals(blocks, dialect));
        let stranger = |junction: &Junction| named.binary_search(&junction.name).is_err();
        let duals = blocks.and_then(|blocks| blocks.get("DualVariables"));
        let other_duals = !frame.duals.junctions.is_empty() && duals != fresh(frame, dialect).get("DualVariables");
        let other_round = blocks.is_some_and(|blocks| round(blocks, dialect) != frame.round);
        other_duals || other_round || frame.junctions().iter().any(stranger)
    });
    let balances = frame.junctions().iter().any(|junction| matches!(junction.kind, JunctionKind::Balance(_)));
    let more = !frame.deltas.is_empty() || !frame.functors.is_empty() || !frame.duals.wires.is_empty();
    let said = [
        (
            quadratic > 0,
            format!(
                "variables, costs, rows and bounds of {}: the dialect has a label where an objective belongs",
                counted(quadratic, "object")
            ),
        ),
        (ports > 0, format!("{} with wires and maps: the dialect does not say who reads what", counted(ports, "port"))),
        (kept.is_none() && balances, "the limits of balances".to_owned()),
        (
            since,
            "junctions, duals and rounds that came since the document was read: its blocks are given back as they were"
                .to_owned(),
        ),
        (hidden > 0, format!("a key of {} that the dialect uses itself", counted(hidden, "object"))),
        (more, "deltas, functors and duals of wires and rows".to_owned()),
        (schemas > 0, "schema versions of objects".to_owned()),
        (others > 0, format!("{} of the diagram that belong to another format", counted(others, "extension"))),
    ];
    said.into_iter().filter(|(lost, _)| *lost).map(|(_, what)| Loss::new(what)).collect()
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
