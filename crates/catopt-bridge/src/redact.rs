use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{LocalProblem, Rows, SparseMatrix, Variables};
use serde::{Deserialize, Serialize};

use crate::number::count;
use crate::{Body, CatoptError, Diagram, Duals, Loss, Object, Port, Wire, marginalise};

/// What may leave, object by object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What of an object that is not named below.
    #[serde(default)]
    pub default: Release,
    /// What of these objects.
    #[serde(default)]
    pub objects: BTreeMap<String, Release>,
    /// Whether objects, ports, variables and private rows lose their names. Junctions keep theirs: they are everybody's.
    #[serde(default)]
    pub rename: bool,
}

/// How much of an object leaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Release {
    /// That it is there and where it is wired to; no number of it.
    #[default]
    Wiring,
    /// Its marginal: what is left once its private free variables are minimised out. That is less, not nothing.
    Boundary,
    /// All of it.
    Whole,
}

/// A diagram that only holds what a policy allows, with an account of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Redaction {
    /// The diagram.
    pub diagram: Diagram,
    /// What is revealed, one sentence for each object.
    pub revealed: Vec<String>,
    /// What was withheld.
    pub withheld: Vec<Loss>,
}

/// The diagram with only what a policy allows.
///
/// Duals, deltas, functors and extensions stay only if every object leaves whole and keeps its name.
/// # Errors
/// [`CatoptError::Unknown`] if the policy names an object that is not there; [`CatoptError::NameTaken`] if a new name is an old one.
/// # Privacy
/// What is revealed is listed; junctions, their limits and the wires to them always are. A boundary still tells of the private part.
pub fn redact(diagram: &Diagram, policy: &Policy) -> Result<Redaction, CatoptError> {
    for id in policy.objects.keys() {
        diagram.object(id)?;
    }
    let release = |object: &Object| policy.objects.get(object.id.as_str()).copied().unwrap_or(policy.default);
    // Positions by name: a file's order would be one more thing that tells.
    let mut order: Vec<usize> = (0..diagram.objects().len()).collect();
    order.sort_by(|&a, &b| diagram.objects()[a].id.cmp(&diagram.objects()[b].id));
    let mut new_ids: BTreeMap<&str, AssetId> = BTreeMap::new();
    for (k, &at) in order.iter().enumerate() {
        let object = &diagram.objects()[at];
        let id = if policy.rename {
            AssetId::new(format!("object-{}", k + 1)).expect("cannot fail because the name is short and plain")
        } else {
            object.id.clone()
        };
        new_ids.insert(object.id.as_str(), id);
    }
    let (mut objects, mut revealed, mut withheld) = (Vec::new(), Vec::new(), Vec::new());
    let mut ports: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for &at in &order {
        let object = &diagram.objects()[at];
        let id = new_ids[object.id.as_str()].clone();
        let mut left = part(object, release(object), &mut revealed, &mut withheld)?;
        for (k, port) in left.ports.iter_mut().enumerate() {
            if policy.rename {
                port.name = format!("p{k}");
            }
        }
        // A marginal keeps every port, and in its order.
        for (old, new) in object.ports.iter().zip(&left.ports) {
            ports.insert((object.id.as_str(), old.name.as_str()), new.name.clone());
        }
        if policy.rename {
            anonymous(&mut left)?;
        }
        objects.push(Object { id, ..left });
    }
    let wires = diagram.wires().iter().map(|wire| Wire {
        object: new_ids[wire.object.as_str()].clone(),
        port: ports[&(wire.object.as_str(), wire.port.as_str())].clone(),
        ..wire.clone()
    });
    let mut wires: Vec<Wire> = wires.collect();
    wires.sort_by(|a, b| (&a.object, &a.port).cmp(&(&b.object, &b.port)));
    let mut left = diagram.with_parts(objects, diagram.junctions().to_vec(), wires)?;
    if policy.rename || diagram.objects().iter().any(|object| release(object) != Release::Whole) {
        let had_more = !left.duals.is_empty() || !left.functors.is_empty() || !left.deltas.is_empty();
        let had_more = had_more || !left.extensions.is_empty();
        left.duals = Duals::default();
        (left.deltas, left.functors) = (Vec::new(), Vec::new());
        left.extensions = serde_json::Map::new();
        if had_more {
            withheld.push(Loss::new("duals, deltas, functors and extensions of the diagram"));
        }
    }
    let about = |object: &Object| !object.domain.is_empty() || object.schema.is_some() || !object.extensions.is_empty();
    let less = |object: &Object| policy.rename || release(object) != Release::Whole;
    if diagram.objects().iter().any(|object| less(object) && about(object)) {
        withheld.push(Loss::new("domains, schema versions and extensions of objects"));
    }
    if policy.rename {
        withheld.push(Loss::new("the names of objects, ports, variables and private rows"));
    }
    Ok(Redaction { diagram: left, revealed, withheld })
}

/// What a release leaves of one object.
fn part(
    object: &Object,
    release: Release,
    revealed: &mut Vec<String>,
    withheld: &mut Vec<Loss>,
) -> Result<Object, CatoptError> {
    let bare = |body: Body, ports: Vec<Port>| Object {
        id: object.id.clone(),
        domain: String::new(),
        schema: None,
        body,
        ports,
        extensions: serde_json::Map::new(),
    };
    match (release, &object.body) {
        (Release::Whole, _) => {
            revealed.push(format!("all of `{}`: {}", object.id, count(object.variable_count(), "variable")));
            Ok(object.clone())
        }
        (Release::Boundary, Body::Quadratic { .. }) => {
            let marginal = marginalise(object)?;
            revealed.push(format!(
                "the boundary of `{}`: {} of {}, {} of them private ones that cannot be minimised out",
                object.id,
                count(marginal.object.variable_count(), "variable"),
                object.variable_count(),
                marginal.kept.len()
            ));
            withheld.push(Loss::new(format!(
                "{} of `{}`",
                count(marginal.eliminated.len(), "private variable"),
                object.id
            )));
            Ok(bare(marginal.object.body, marginal.object.ports))
        }
        _ => {
            revealed.push(format!("where `{}` is wired to: {}", object.id, count(object.ports.len(), "port")));
            withheld.push(Loss::new(format!("cost, rows, bounds and maps of `{}`", object.id)));
            let port = |port: &Port| Port { map: SparseMatrix::zeros(port.dimension(), 0), ..port.clone() };
            let body = Body::Opaque { label: "withheld".to_owned() };
            Ok(bare(body, object.ports.iter().map(port).collect()))
        }
    }
}

/// Variables and rows by number.
fn anonymous(object: &mut Object) -> Result<(), CatoptError> {
    (object.domain, object.schema) = (String::new(), None);
    object.extensions = serde_json::Map::new();
    let Body::Quadratic { local, .. } = &mut object.body else { return Ok(()) };
    let numbered = |letter: char, count: usize| (0..count).map(|k| format!("{letter}{k}")).collect();
    **local = LocalProblem::new(
        Variables { names: numbered('x', local.variable_count()), bounds: local.variables().bounds.clone() },
        local.objective().clone(),
        Rows { names: numbered('r', local.row_count()), ..local.rows().clone() },
    )?;
    Ok(())
}
