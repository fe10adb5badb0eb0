use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::{
    Bounds, LocalProblem, Objective, ProblemError, ProblemErrorKind, Rows, SparseMatrix, Variables,
};
use cosmosmesh_contracts::traits::ContentHasher;

use super::shape::{
    CatoptDocument, DeltaShape, DualsShape, FunctorKindShape, FunctorShape, JunctionShape, KindShape, ObjectShape,
    PrivateShape, Semantics, WireShape,
};
use super::{CATOPT_FORMAT, DUAL_CONVENTION, object_hash};
use crate::diagram::{Diagram, Duals, Functor, FunctorKind, Junction, JunctionKind, Wire};
use crate::{Body, CatoptError, Object, PlanDelta, Port, SchemaVersion};

/// The diagram that a native text states; with a hasher, stated content hashes are checked.
///
/// # Errors
/// [`CatoptError::Text`] with the line for a shape that is not the format's; [`CatoptError::Hash`]; else as [`Diagram::new`].
/// # Cost
/// One pass; memory a small multiple of the text, whatever the text claims.
pub fn read(text: &[u8], hasher: Option<&dyn ContentHasher>) -> Result<Diagram, CatoptError> {
    let document: CatoptDocument =
        serde_json::from_slice(text).map_err(|error| CatoptError::json(CATOPT_FORMAT, &error))?;
    expect("format", &document.format, CATOPT_FORMAT)?;
    expect("dual_convention", &document.dual_convention, DUAL_CONVENTION)?;
    let mut budget = text.len();
    let mut objects = Vec::with_capacity(document.objects.len());
    for shape in document.objects {
        objects.push(hashed(shape, hasher, &mut budget)?);
    }
    let junctions =
        document.junctions.into_iter().map(|shape| junction(shape, &mut budget)).collect::<Result<_, _>>()?;
    let wires = document.wires.into_iter().map(wire).collect::<Result<_, _>>()?;
    let mut diagram = Diagram::new(document.name, objects, junctions, wires)?;
    diagram.round = document.round;
    diagram.duals = duals(document.duals);
    diagram.functors = document.functors.into_iter().map(functor).collect::<Result<_, _>>()?;
    diagram.deltas = document.deltas.into_iter().map(delta).collect::<Result<_, _>>()?;
    diagram.extensions = document.extensions;
    Ok(diagram)
}

pub(super) fn expect(key: &str, found: &str, expected: &str) -> Result<(), CatoptError> {
    if found == expected {
        return Ok(());
    }
    Err(CatoptError::text(CATOPT_FORMAT, 0, format!("{key} is `{found}`, and what is read here is `{expected}`")))
}

fn id(text: String) -> Result<AssetId, CatoptError> {
    Ok(AssetId::new(text).map_err(|error| ProblemError::at("id", error.into()))?)
}

fn bounds(lower: Vec<Option<f64>>, upper: Vec<Option<f64>>) -> Result<Bounds, ProblemError> {
    let side = |values: Vec<Option<f64>>, open: f64| values.into_iter().map(|v| v.unwrap_or(open)).collect();
    Bounds::new(side(lower, f64::NEG_INFINITY), side(upper, f64::INFINITY))
}

/// A dimension is the one number that no list backs: all of them together may not exceed the text's bytes.
fn dimension(claimed: usize, budget: &mut usize, place: &str) -> Result<usize, CatoptError> {
    let Some(rest) = budget.checked_sub(claimed) else {
        let kind = ProblemErrorKind::TooLarge { what: "the dimension".to_owned(), size: claimed, limit: *budget };
        return Err(ProblemError::at(place, kind).into());
    };
    *budget = rest;
    Ok(claimed)
}

/// The object, if its content is what its stated hash says.
pub(super) fn hashed(
    mut shape: ObjectShape,
    hasher: Option<&dyn ContentHasher>,
    budget: &mut usize,
) -> Result<Object, CatoptError> {
    let stated = shape.hash.take();
    let object = object(shape, budget)?;
    if let (Some(stated), Some(hasher)) = (stated, hasher) {
        let found = object_hash(&object, hasher)?;
        if found != stated {
            return Err(CatoptError::Hash { object: object.id.to_string(), stated, found });
        }
    }
    Ok(object)
}

pub(super) fn object(shape: ObjectShape, budget: &mut usize) -> Result<Object, CatoptError> {
    let within = |error: ProblemError| error.within(&shape.id);
    let body = match (shape.semantics, shape.private, shape.label) {
        (Semantics::Quadratic, Some(private), None) => quadratic(private).map_err(within)?,
        (Semantics::Opaque, None, Some(label)) => Body::Opaque { label },
        (semantics, ..) => {
            let what = match semantics {
                Semantics::Quadratic => "a quadratic object has a private part and no label",
                Semantics::Opaque => "an opaque object has a label and no private part",
            };
            return Err(CatoptError::text(CATOPT_FORMAT, 0, format!("object `{}`: {what}", shape.id)));
        }
    };
    let n = match &body {
        Body::Quadratic { local, .. } => local.variable_count(),
        Body::Opaque { .. } => 0,
    };
    let mut ports = Vec::with_capacity(shape.ports.len());
    for port in shape.ports {
        let place = format!("{}.{}", shape.id, port.name);
        let map = SparseMatrix::from_triplets(dimension(port.dimension, budget, &place)?, n, &port.map);
        ports.push(Port { map: map.map_err(|error| error.within(&place))?, name: port.name, unit: port.unit });
    }
    Ok(Object {
        id: id(shape.id)?,
        domain: shape.domain,
        schema: shape.schema.map(|schema| SchemaVersion { name: schema.name, version: schema.version }),
        body,
        ports,
        extensions: shape.extensions,
    })
}

fn quadratic(shape: PrivateShape) -> Result<Body, ProblemError> {
    let PrivateShape { variables, objective, rows, integer } = shape;
    let (n, m) = (variables.lower.len(), rows.lower.len());
    let local = LocalProblem::new(
        Variables {
            names: variables.names,
            bounds: bounds(variables.lower, variables.upper).map_err(|error| error.within("variables"))?,
        },
        Objective {
            p: SparseMatrix::from_triplets(n, n, &objective.p).map_err(|error| error.within("objective.P"))?,
            q: objective.q,
            c: objective.c,
        },
        Rows {
            names: rows.names,
            matrix: SparseMatrix::from_triplets(m, n, &rows.a).map_err(|error| error.within("rows.A"))?,
            bounds: bounds(rows.lower, rows.upper).map_err(|error| error.within("rows"))?,
        },
    )?;
    let units = if variables.units.is_empty() { vec![String::new(); n] } else { variables.units };
    Ok(Body::Quadratic { local: Box::new(local), units, integer })
}

pub(super) fn junction(shape: JunctionShape, budget: &mut usize) -> Result<Junction, CatoptError> {
    let dimension = dimension(shape.dimension, budget, &shape.name)?;
    let kind = match shape.kind {
        KindShape::Balance => {
            JunctionKind::Balance(bounds(shape.lower, shape.upper).map_err(|error| error.within(&shape.name))?)
        }
        KindShape::Shared if shape.lower.is_empty() && shape.upper.is_empty() => JunctionKind::Shared,
        KindShape::Shared => {
            let what = format!("shared junction `{}` has bounds; only a balance has", shape.name);
            return Err(CatoptError::text(CATOPT_FORMAT, 0, what));
        }
    };
    Ok(Junction { name: shape.name, label: shape.label, unit: shape.unit, kind, dimension, exposed: shape.exposed })
}

pub(super) fn wire(shape: WireShape) -> Result<Wire, CatoptError> {
    Ok(Wire { object: id(shape.object)?, port: shape.port, junction: shape.junction, factors: shape.factors })
}

pub(super) fn duals(shape: DualsShape) -> Duals {
    let wires = shape.wires.into_iter().map(|covector| ((covector.object, covector.port), covector.dual));
    Duals { junctions: shape.junctions, wires: wires.collect(), rows: shape.rows }
}

pub(super) fn functor(shape: FunctorShape) -> Result<Functor, CatoptError> {
    Ok(Functor {
        name: shape.name,
        kind: match shape.kind {
            FunctorKindShape::Adapter => FunctorKind::Adapter,
            FunctorKindShape::Migration => FunctorKind::Migration,
        },
        from: shape.from,
        to: shape.to,
        objects: shape.objects.into_iter().map(id).collect::<Result<_, _>>()?,
    })
}

pub(super) fn delta(shape: DeltaShape) -> Result<PlanDelta, CatoptError> {
    if shape.from > shape.to {
        let what = format!("a delta runs from round {} back to {}; swap them", shape.from, shape.to);
        return Err(CatoptError::text(CATOPT_FORMAT, 0, what));
    }
    let set = shape.set.into_iter().map(|(object, variable, value)| ((object, variable), value)).collect();
    Ok(PlanDelta { from: shape.from, to: shape.to, set })
}
