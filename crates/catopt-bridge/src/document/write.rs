use core::fmt::Write;

use cosmosmesh_contracts::problem::{AssetProblem, Bounds, SparseMatrix};
use cosmosmesh_contracts::traits::ContentHasher;
use serde::Serialize;

use super::shape::{
    CovectorShape, DeltaShape, DualsShape, FunctorKindShape, FunctorShape, JunctionShape, KindShape, ObjectShape,
    ObjectiveShape, PortShape, PrivateShape, RowsShape, SchemaShape, Semantics, VariablesShape, WireShape,
};
use super::{CATOPT_FORMAT, DUAL_CONVENTION};
use crate::diagram::hex;
use crate::{
    Body, CatoptError, Diagram, Duals, Fleet, Functor, FunctorKind, Junction, JunctionKind, Object, PlanDelta, Wire,
    fleet,
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

/// [`write`] into a sink, which keeps its errors to itself.
pub fn write_to(diagram: &Diagram, hasher: Option<&dyn ContentHasher>, out: &mut impl Write) {
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _ = try_write(diagram, hasher, out);
}

/// The content hash of one object, in hexadecimal digits: of its canonical text, ports by name, without the hash itself.
///
/// # Errors
/// None that the object has not passed already.
pub fn object_hash(object: &Object, hasher: &dyn ContentHasher) -> Result<String, CatoptError> {
    Ok(hex(hasher, "cosmosmesh/catopt/object/1", json(&object_shape(&object.canonical()?, None)).as_bytes()))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("cannot fail because every key is text and every number finite")
}

fn try_write(diagram: &Diagram, hasher: Option<&dyn ContentHasher>, out: &mut impl Write) -> core::fmt::Result {
    head(out, diagram.name(), diagram.round)?;
    list(out, "objects", diagram.objects().iter().map(|object| object_text(object, hasher)))?;
    writeln!(out, ",")?;
    list(out, "junctions", diagram.junctions().iter().map(|junction| json(&junction_shape(junction))))?;
    writeln!(out, ",")?;
    list(out, "wires", diagram.wires().iter().map(|wire| json(&wire_shape(wire))))?;
    if !diagram.duals.is_empty() {
        write!(out, ",\n\"duals\":{}", json(&duals_shape(&diagram.duals)))?;
    }
    if !diagram.functors.is_empty() {
        writeln!(out, ",")?;
        list(out, "functors", diagram.functors.iter().map(|functor| json(&functor_shape(functor))))?;
    }
    if !diagram.deltas.is_empty() {
        writeln!(out, ",")?;
        list(out, "deltas", diagram.deltas.iter().map(|delta| json(&delta_shape(delta))))?;
    }
    if !diagram.extensions.is_empty() {
        write!(out, ",\n\"extensions\":{}", json(&diagram.extensions))?;
    }
    writeln!(out, "}}")
}

/// The native text of a fleet, object by object: what [`write_to`] makes of the fleet's diagram, without the diagram.
///
/// # Errors
/// [`CatoptError::NotConvex`], before anything is written.
/// # Cost
/// Three passes over the assets; beside the text, memory for one object and the names of the fleet's rows.
/// # Privacy
/// Holds the private part of every asset.
pub fn write_fleet(
    fleet: Fleet<'_>,
    hasher: Option<&dyn ContentHasher>,
    out: &mut impl Write,
) -> Result<(), CatoptError> {
    let names = fleet::unique(&fleet.coupling().names);
    let junctions = fleet::junctions(fleet.coupling(), &names)?;
    for asset in fleet.assets() {
        fleet::object(&asset, &names)?.check()?;
    }
    let object = |asset: &AssetProblem| {
        fleet::object(asset, &names).expect("cannot fail because the same asset was made an object before")
    };
    let mut write = || {
        head(out, fleet.name(), 0)?;
        list(out, "objects", fleet.assets().map(|asset| object_text(&object(&asset), hasher)))?;
        writeln!(out, ",")?;
        list(out, "junctions", junctions.iter().map(|junction| json(&junction_shape(junction))))?;
        writeln!(out, ",")?;
        let wires = fleet.assets().flat_map(|asset| {
            let object = object(&asset);
            let texts: Vec<String> =
                object.ports.iter().map(|port| json(&wire_shape(&fleet::wire(&object, &port.name)))).collect();
            texts
        });
        list(out, "wires", wires)?;
        writeln!(out, "}}")
    };
    // Writing into memory does not fail, and a caller's own sink keeps its error to itself.
    let _: core::fmt::Result = write();
    Ok(())
}

fn head(out: &mut impl Write, name: &str, round: u64) -> core::fmt::Result {
    write!(out, "{{\"format\":{},\"name\":{},", json(&CATOPT_FORMAT), json(&name))?;
    writeln!(out, "\"round\":{round},\"dual_convention\":{},", json(&DUAL_CONVENTION))
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
