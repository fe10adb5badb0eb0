use core::fmt::Write;
use std::borrow::Cow;

use cosmosmesh_contracts::problem::{Bounds, SparseMatrix};
use cosmosmesh_contracts::traits::ContentHasher;
use serde::Serialize;

use super::shape::{
    CovectorShape, DeltaShape, DualsShape, FunctorKindShape, FunctorShape, JunctionShape, KindShape, ObjectShape,
    ObjectiveShape, PortShape, PrivateShape, RowsShape, SchemaShape, Semantics, VariablesShape, WireShape,
};
use super::{CATOPT_FORMAT, DUAL_CONVENTION};
use crate::{
    Body, CatoptError, Diagram, Duals, Functor, FunctorKind, Junction, JunctionKind, Object, PlanDelta, Source, Wire,
};

/// The native text of a diagram; with a hasher every object carries its content hash.
///
/// Reading it gives an equal diagram.
/// # Cost
/// One pass; beside the text, memory for one object at a time.
/// # Privacy
/// Holds the private part of every quadratic object.
pub fn write(diagram: &Diagram, hasher: Option<&dyn ContentHasher>) -> String {
    let mut text = String::new();
    write_to(diagram, hasher, &mut text);
    text
}

/// [`write()`] into a sink, which keeps its errors to itself.
///
/// # Cost
/// A pass over the objects and one over the wires; memory for one object at a time.
pub fn write_to<'a>(source: impl Into<Source<'a>>, hasher: Option<&dyn ContentHasher>, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = put(source.into(), hasher, None, out).and_then(|()| writeln!(out));
}

/// The content hash of one object, in hexadecimal digits: of its canonical text, ports by name, without the hash itself.
///
/// # Errors
/// None that the object has not passed already.
pub fn object_hash(object: &Object, hasher: &dyn ContentHasher) -> Result<String, CatoptError> {
    let text = json(&object_shape(&object.canonical()?, None));
    Ok(hasher.digest("cosmosmesh/catopt/object/1", &[text.as_bytes()]).to_string())
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("cannot fail because every key is text and every number finite")
}

/// The text up to its last line break, without what a document of the family keeps elsewhere: the extensions of objects, and the diagram's of this key.
pub(crate) fn put(
    source: Source<'_>,
    hasher: Option<&dyn ContentHasher>,
    elsewhere: Option<&str>,
    out: &mut impl Write,
) -> core::fmt::Result {
    let frame = source.frame();
    write!(out, "{{\"format\":{},\"name\":{},", json(&CATOPT_FORMAT), json(&frame.name()))?;
    writeln!(out, "\"round\":{},\"dual_convention\":{},", frame.round, json(&DUAL_CONVENTION))?;
    let objects = source.objects().map(|mut object| {
        if elsewhere.is_some() && !object.extensions.is_empty() {
            object.to_mut().extensions.clear();
        }
        object_text(&object, hasher)
    });
    list(out, "objects", objects)?;
    writeln!(out, ",")?;
    list(out, "junctions", frame.junctions().iter().map(|junction| json(&junction_shape(junction))))?;
    writeln!(out, ",")?;
    list(out, "wires", source.wires().map(|(wire, _)| json(&wire_shape(&wire))))?;
    if !frame.duals.is_empty() {
        write!(out, ",\n\"duals\":{}", json(&duals_shape(&frame.duals)))?;
    }
    if !frame.functors.is_empty() {
        writeln!(out, ",")?;
        list(out, "functors", frame.functors.iter().map(|functor| json(&functor_shape(functor))))?;
    }
    if !frame.deltas.is_empty() {
        writeln!(out, ",")?;
        list(out, "deltas", frame.deltas.iter().map(|delta| json(&delta_shape(delta))))?;
    }
    let mut extensions = Cow::Borrowed(&frame.extensions);
    if let Some(key) = elsewhere.filter(|key| extensions.contains_key(*key)) {
        extensions.to_mut().remove(key);
    }
    if !extensions.is_empty() {
        write!(out, ",\n\"extensions\":{}", json(&extensions))?;
    }
    write!(out, "}}")
}

fn object_text(object: &Object, hasher: Option<&dyn ContentHasher>) -> String {
    let hash = hasher.and_then(|hasher| object_hash(object, hasher).ok());
    json(&object_shape(object, hash))
}

fn list(out: &mut impl Write, key: &str, items: impl Iterator<Item = String>) -> core::fmt::Result {
    write!(out, "\"{key}\":[")?;
    for (k, item) in items.enumerate() {
        write!(out, "{}{item}", if k > 0 { ",\n" } else { "\n" })?;
    }
    write!(out, "]")
}

fn open_sides(bounds: &Bounds) -> (Vec<Option<f64>>, Vec<Option<f64>>) {
    let side = |values: &[f64]| values.iter().map(|&v| v.is_finite().then_some(v)).collect();
    (side(bounds.lower()), side(bounds.upper()))
}

fn entries(matrix: &SparseMatrix) -> Vec<(usize, usize, f64)> {
    matrix.triplets().collect()
}

fn object_shape(object: &Object, hash: Option<String>) -> ObjectShape {
    let (semantics, label, private) = match &object.body {
        Body::Opaque { label } => (Semantics::Opaque, Some(label.clone()), None),
        Body::Quadratic { local, units, integer } => {
            let (variables, objective, rows) = (local.variables(), local.objective(), local.rows());
            let ((lower, upper), (row_lower, row_upper)) = (open_sides(&variables.bounds), open_sides(&rows.bounds));
            let units = if units.iter().all(String::is_empty) { Vec::new() } else { units.clone() };
            let private = PrivateShape {
                variables: VariablesShape { names: variables.names.clone(), units, lower, upper },
                objective: ObjectiveShape { p: entries(&objective.p), q: objective.q.clone(), c: objective.c },
                rows: RowsShape {
                    names: rows.names.clone(),
                    a: entries(&rows.matrix),
                    lower: row_lower,
                    upper: row_upper,
                },
                integer: integer.clone(),
            };
            (Semantics::Quadratic, None, Some(private))
        }
    };
    let port = |port: &crate::Port| PortShape {
        name: port.name.clone(),
        unit: port.unit.clone(),
        dimension: port.dimension(),
        map: entries(&port.map),
    };
    ObjectShape {
        id: object.id.to_string(),
        domain: object.domain.clone(),
        schema: object.schema.as_ref().map(|s| SchemaShape { name: s.name.clone(), version: s.version }),
        semantics,
        label,
        private,
        ports: object.ports.iter().map(port).collect(),
        hash,
        extensions: object.extensions.clone(),
    }
}

fn junction_shape(junction: &Junction) -> JunctionShape {
    let (kind, (lower, upper)) = match &junction.kind {
        JunctionKind::Shared => (KindShape::Shared, (Vec::new(), Vec::new())),
        JunctionKind::Balance(bounds) => (KindShape::Balance, open_sides(bounds)),
    };
    JunctionShape {
        name: junction.name.clone(),
        label: junction.label.clone(),
        unit: junction.unit.clone(),
        kind,
        dimension: junction.dimension,
        lower,
        upper,
        exposed: junction.exposed,
    }
}

fn wire_shape(wire: &Wire) -> WireShape {
    WireShape {
        object: wire.object.to_string(),
        port: wire.port.clone(),
        junction: wire.junction.clone(),
        factors: wire.factors.clone(),
    }
}

fn duals_shape(duals: &Duals) -> DualsShape {
    let wires = duals.wires.iter().map(|((object, port), dual)| CovectorShape {
        object: object.clone(),
        port: port.clone(),
        dual: dual.clone(),
    });
    DualsShape { junctions: duals.junctions.clone(), wires: wires.collect(), rows: duals.rows.clone() }
}

fn functor_shape(functor: &Functor) -> FunctorShape {
    FunctorShape {
        name: functor.name.clone(),
        kind: match functor.kind {
            FunctorKind::Adapter => FunctorKindShape::Adapter,
            FunctorKind::Migration => FunctorKindShape::Migration,
        },
        from: functor.from.clone(),
        to: functor.to.clone(),
        objects: functor.objects.iter().map(ToString::to_string).collect(),
    }
}

fn delta_shape(delta: &PlanDelta) -> DeltaShape {
    let set = delta.set.iter().map(|((object, variable), value)| (object.clone(), *variable, *value));
    DeltaShape { from: delta.from, to: delta.to, set: set.collect() }
}
