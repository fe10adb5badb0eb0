use std::collections::BTreeMap;

use cosmosmesh_contracts::AssetId;

use crate::object::Body;
use crate::{CatoptError, Diagram, Junction, JunctionKind, Object, Port, Wire};

impl Diagram {
    /// The diagram with one box's object replaced by a whole diagram, whose exposed junctions answer to the box's ports by name.
    ///
    /// An exposed junction becomes the junction that its port is wired to; the others stay, and so do all objects and their wires.
    /// Duals, deltas, functors and extensions of both are left behind: they speak of the parts, not of the whole.
    /// # Errors
    /// [`CatoptError::Unknown`] for a port without an exposed junction; [`CatoptError::DanglingPort`] for an exposed junction without a port;
    /// [`CatoptError::Step`] if they ask for different things; [`CatoptError::NameTaken`]; else as [`Diagram::new`].
    /// # Source
    /// Composition in the operad of undirected wiring diagrams: docs/math/catopt.md#composition.
    pub fn substitute(&self, object: &str, inner: &Self) -> Result<Self, CatoptError> {
        let outer_object = self.object(object)?;
        // Where each exposed junction of the inner diagram goes: the outer junction, and the factors on the way.
        let mut exits = BTreeMap::new();
        for (wire, place) in self.wires().iter().zip(self.places()) {
            if wire.object == outer_object.id {
                exits.insert(wire.port.as_str(), (&self.junctions()[place.junction], &wire.factors));
            }
        }
        for port in &outer_object.ports {
            let junction = inner.junctions().iter().find(|junction| junction.exposed && junction.name == port.name);
            let junction = junction.ok_or_else(|| CatoptError::unknown("exposed junction", port.name.clone()))?;
            meets(port, junction, exits[port.name.as_str()].0)?;
        }
        if let Some(loose) = inner.junctions().iter().find(|j| j.exposed && !exits.contains_key(j.name.as_str())) {
            return Err(CatoptError::DanglingPort { object: object.to_owned(), port: loose.name.clone() });
        }
        let mut objects: Vec<Object> = self.objects().iter().filter(|o| o.id != outer_object.id).cloned().collect();
        objects.extend_from_slice(inner.objects());
        let mut junctions = self.junctions().to_vec();
        junctions.extend(inner.junctions().iter().filter(|junction| !junction.exposed).cloned());
        let mut wires: Vec<Wire> = self.wires().iter().filter(|w| w.object != outer_object.id).cloned().collect();
        for (wire, place) in inner.wires().iter().zip(inner.places()) {
            let mut wire = wire.clone();
            if inner.junctions()[place.junction].exposed {
                let (junction, factors) = exits[wire.junction.as_str()];
                wire.junction = junction.name.clone();
                wire.factors.extend_from_slice(factors);
            }
            wires.push(wire);
        }
        Self::new(self.name(), objects, junctions, wires)
    }

    /// Two diagrams side by side, without a wire between them.
    ///
    /// # Errors
    /// [`CatoptError::NameTaken`].
    pub fn beside(&self, other: &Self) -> Result<Self, CatoptError> {
        let (mut objects, mut junctions, mut wires) = self.clone().into_parts();
        let (more_objects, more_junctions, more_wires) = other.clone().into_parts();
        objects.extend(more_objects);
        junctions.extend(more_junctions);
        wires.extend(more_wires);
        Self::new(self.name(), objects, junctions, wires)
    }

    /// The diagram that only names what a box shows: one object, each port on an exposed junction of the port's name, unit and kind.
    ///
    /// Substituting it for the object, or anything of these ports into it, changes nothing.
    /// # Errors
    /// As [`Diagram::new`].
    pub fn identity(object: &Object, kinds: &BTreeMap<String, JunctionKind>) -> Result<Self, CatoptError> {
        let mut junctions = Vec::with_capacity(object.ports.len());
        let mut wires = Vec::with_capacity(object.ports.len());
        for port in &object.ports {
            let kind = kinds.get(&port.name).ok_or_else(|| CatoptError::unknown("port", port.name.clone()))?;
            let mut junction = Junction::shared(port.name.clone(), port.unit.clone(), port.dimension());
            junction.kind = kind.clone();
            junctions.push(junction.exposed());
            let (id, name) = (object.id.clone(), port.name.clone());
            wires.push(Wire { object: id, port: name.clone(), junction: name, factors: Vec::new() });
        }
        Self::new(object.id.as_str(), vec![object.clone()], junctions, wires)
    }

    /// What the diagram looks like from outside: an opaque object with a port for each exposed junction.
    pub fn as_box(&self, id: AssetId, label: &str) -> Object {
        let port = |junction: &Junction| Port {
            name: junction.name.clone(),
            unit: junction.unit.clone(),
            map: cosmosmesh_contracts::problem::SparseMatrix::zeros(junction.dimension, 0),
        };
        Object {
            id,
            domain: String::new(),
            schema: None,
            body: Body::Opaque { label: label.to_owned() },
            ports: self.junctions().iter().filter(|junction| junction.exposed).map(port).collect(),
            extensions: serde_json::Map::new(),
        }
    }
}

/// Whether an inner junction may become the outer one through this port.
fn meets(port: &Port, inner: &Junction, outer: &Junction) -> Result<(), CatoptError> {
    let balance = |junction: &Junction| matches!(junction.kind, JunctionKind::Balance(_));
    let fault = if port.dimension() != inner.dimension {
        format!("has dimension {} and the port {}", inner.dimension, port.dimension())
    } else if port.unit != inner.unit {
        format!("is in `{}` and the port in `{}`", inner.unit, port.unit)
    } else if balance(inner) != balance(outer) {
        format!("and junction `{}` outside are not both shared or both balances", outer.name)
    } else {
        return Ok(());
    };
    Err(CatoptError::step(format!("exposed junction `{}` {fault}; make them agree", inner.name)))
}
