use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::problem::Bounds;
use serde_json::{Map, Value};

use crate::object::nothing;
use crate::program::plus_bounds;
use crate::unit::{Conversion, conversion, converts};
use crate::{CatoptError, Object, PlanDelta, UnitClash};

/// Open problems, the junctions at which they meet, and the wires between: a problem before it is put together.
///
/// Everything is checked when it is built: names, units, dimensions, and that every port has exactly one wire.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    name: String,
    objects: Vec<Object>,
    junctions: Vec<Junction>,
    wires: Vec<Wire>,
    places: Vec<Place>,
    /// The round that duals and deltas speak of.
    pub round: u64,
    /// Covectors on wires and junctions, `d objective / d right-hand side`.
    pub duals: Duals,
    /// What acted on the objects: adapters and schema migrations, by name.
    pub functors: Vec<Functor>,
    /// What changed from round to round.
    pub deltas: Vec<PlanDelta>,
    /// What a reader did not know and gives back unchanged.
    pub extensions: Map<String, Value>,
}

/// A place where ports meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Junction {
    /// Its name, unique in the diagram.
    pub name: String,
    /// What it was called before it had to be unique, if that differs.
    pub label: Option<String>,
    /// The unit of its numbers; `1` where none is stated.
    pub unit: String,
    /// What it asks of the ports.
    pub kind: JunctionKind,
    /// How many numbers meet here.
    pub dimension: usize,
    /// Whether more may join from outside, when the diagram itself is put into a larger one.
    pub exposed: bool,
}

/// What a junction asks of the ports that are wired to it.
#[derive(Clone, Debug, PartialEq)]
pub enum JunctionKind {
    /// All show the same value. The value is shared; the wires' duals sum to zero.
    Shared,
    /// Their sum stays within bounds. The price is shared; it is the junction's dual.
    Balance(Bounds),
}

/// A port joined to a junction: the restriction map is the port's map times every factor.
#[derive(Clone, Debug, PartialEq)]
pub struct Wire {
    /// Whose port.
    pub object: AssetId,
    /// The port.
    pub port: String,
    /// The junction.
    pub junction: String,
    /// Unit factors from the port outwards, kept apart so that nesting wires is associative to the last bit.
    pub factors: Vec<f64>,
}

/// Duals in the one convention of this crate, `d objective / d right-hand side`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Duals {
    /// Of each balance, one number per dimension: what one more unit of its limit changes the cost by.
    pub junctions: BTreeMap<String, Vec<f64>>,
    /// Of each wire to a shared junction, by object and port, in the junction's unit.
    pub wires: BTreeMap<(String, String), Vec<f64>>,
    /// Of each object's own rows.
    pub rows: BTreeMap<String, Vec<f64>>,
}

/// Something that acts on objects and wires alike and keeps identity and composition: an adapter, a schema migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Functor {
    /// Its name.
    pub name: String,
    /// Which kind.
    pub kind: FunctorKind,
    /// Where it comes from: a vehicle's telemetry, a schema version.
    pub from: String,
    /// Where it leads.
    pub to: String,
    /// The objects it made or changed.
    pub objects: Vec<AssetId>,
}

/// Kinds of functors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FunctorKind {
    /// From a vehicle's state to its problem.
    Adapter,
    /// From one schema version to another.
    Migration,
}

/// Where a wire's ends are, by position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    pub(crate) object: usize,
    pub(crate) port: usize,
    pub(crate) junction: usize,
}

impl Wire {
    /// All factors in one, multiplied from the port outwards.
    pub fn factor(&self) -> f64 {
        self.factors.iter().product()
    }
}

impl Duals {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.junctions.is_empty() && self.wires.is_empty() && self.rows.is_empty()
    }
}

impl Diagram {
    /// Checks that the parts fit together.
    ///
    /// # Errors
    /// A named [`CatoptError`] each: a name twice, a wire to nowhere, a port wired twice or not at all, a clash of units or dimensions,
    /// a factor of zero, an exposed balance with a limit, a cost that is not convex.
    /// # Cost
    /// Sorting the names, and the check of convexity.
    pub fn new(
        name: impl Into<String>,
        objects: Vec<Object>,
        junctions: Vec<Junction>,
        wires: Vec<Wire>,
    ) -> Result<Self, CatoptError> {
        objects.iter().try_for_each(Object::check)?;
        let places = places(&objects, &junctions, &wires)?;
        Ok(Self {
            name: name.into(),
            objects,
            junctions,
            wires,
            places,
            round: 0,
            duals: Duals::default(),
            functors: Vec::new(),
            deltas: Vec::new(),
            extensions: Map::new(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The objects.
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// The object of this name.
    ///
    /// # Errors
    /// [`CatoptError::Unknown`].
    pub fn object(&self, id: &str) -> Result<&Object, CatoptError> {
        let found = self.objects.iter().find(|object| object.id.as_str() == id);
        found.ok_or_else(|| CatoptError::unknown("object", id))
    }

    /// The junctions.
    pub fn junctions(&self) -> &[Junction] {
        &self.junctions
    }

    /// The wires.
    pub fn wires(&self) -> &[Wire] {
        &self.wires
    }

    /// Where each wire's ends are.
    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    /// The wires that end at each junction, in the order of the wires.
    pub(crate) fn by_junction(&self) -> Vec<Vec<usize>> {
        by_junction(self.junctions.len(), &self.places)
    }

    /// The parts, to build another diagram of.
    pub(crate) fn into_parts(self) -> (Vec<Object>, Vec<Junction>, Vec<Wire>) {
        (self.objects, self.junctions, self.wires)
    }

    /// The same diagram with other parts; round, duals, functors, deltas and extensions stay.
    ///
    /// # Errors
    /// As [`Diagram::new`].
    pub(crate) fn with_parts(
        &self,
        objects: Vec<Object>,
        junctions: Vec<Junction>,
        wires: Vec<Wire>,
    ) -> Result<Self, CatoptError> {
        Ok(Self {
            round: self.round,
            duals: self.duals.clone(),
            functors: self.functors.clone(),
            deltas: self.deltas.clone(),
            extensions: self.extensions.clone(),
            ..Self::new(self.name.clone(), objects, junctions, wires)?
        })
    }

    /// The same diagram in the one order and form that its hash is taken of: everything by name, no stored zero, no minus zero.
    ///
    /// Variables and rows keep their order within an object, since plans and duals count them.
    /// # Errors
    /// None that the diagram has not passed already.
    pub fn canonical(&self) -> Result<Self, CatoptError> {
        let mut objects: Vec<Object> = self.objects.iter().map(Object::canonical).collect::<Result<_, _>>()?;
        objects.sort_by(|a, b| a.id.cmp(&b.id));
        let mut junctions = self.junctions.clone();
        for junction in &mut junctions {
            if let JunctionKind::Balance(bounds) = &mut junction.kind {
                *bounds = plus_bounds(bounds)?;
            }
        }
        junctions.sort_by(|a, b| a.name.cmp(&b.name));
        let mut wires = self.wires.clone();
        wires.sort_by(|a, b| (&a.object, &a.port).cmp(&(&b.object, &b.port)));
        self.with_parts(objects, junctions, wires)
    }
}

impl Junction {
    /// A junction whose ports agree.
    pub fn shared(name: impl Into<String>, unit: impl Into<String>, dimension: usize) -> Self {
        let kind = JunctionKind::Shared;
        Self { name: name.into(), label: None, unit: unit.into(), kind, dimension, exposed: false }
    }

    /// A junction whose ports' sum stays within bounds.
    pub fn balance(name: impl Into<String>, unit: impl Into<String>, bounds: Bounds) -> Self {
        let dimension = bounds.len();
        let kind = JunctionKind::Balance(bounds);
        Self { name: name.into(), label: None, unit: unit.into(), kind, dimension, exposed: false }
    }

    /// The same junction, open to the outside; a balance loses its limit, which belongs where the sum is closed.
    #[must_use]
    pub fn exposed(mut self) -> Self {
        if let JunctionKind::Balance(bounds) = &mut self.kind {
            *bounds = nothing(self.dimension);
        }
        self.exposed = true;
        self
    }

    /// Its label, or its name.
    pub fn label(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.name)
    }
}

/// The wires that end at each junction, in the order of the wires.
pub(crate) fn by_junction(count: usize, places: &[Place]) -> Vec<Vec<usize>> {
    let mut lists = vec![Vec::new(); count];
    places.iter().enumerate().for_each(|(w, place)| lists[place.junction].push(w));
    lists
}

/// What wires need to know of an object.
pub(crate) trait Wired {
    fn id(&self) -> &AssetId;
    fn port_count(&self) -> usize;
    /// Name, unit and dimension of a port.
    fn port_head(&self, port: usize) -> (&str, &str, usize);
}

impl Wired for Object {
    fn id(&self) -> &AssetId {
        &self.id
    }

    fn port_count(&self) -> usize {
        self.ports.len()
    }

    fn port_head(&self, port: usize) -> (&str, &str, usize) {
        let port = &self.ports[port];
        (&port.name, &port.unit, port.dimension())
    }
}

/// Where each wire's ends are, if every wire fits and every port has exactly one.
pub(crate) fn places(
    objects: &[impl Wired],
    junctions: &[Junction],
    wires: &[Wire],
) -> Result<Vec<Place>, CatoptError> {
    let mut at_object = BTreeMap::new();
    let mut at_port = BTreeMap::new();
    for (k, object) in objects.iter().enumerate() {
        if at_object.insert(object.id().as_str(), k).is_some() {
            return Err(CatoptError::NameTaken { what: "object", name: object.id().to_string() });
        }
        at_port.extend((0..object.port_count()).map(|p| ((k, object.port_head(p).0), p)));
    }
    let mut at_junction = BTreeMap::new();
    for (k, junction) in junctions.iter().enumerate() {
        if at_junction.insert(junction.name.as_str(), k).is_some() {
            return Err(CatoptError::NameTaken { what: "junction", name: junction.name.clone() });
        }
        if let JunctionKind::Balance(bounds) = &junction.kind {
            if bounds.len() != junction.dimension {
                let what = format!("balance `{}` has {} pairs of bounds", junction.name, bounds.len());
                return Err(CatoptError::step(format!("{what} and dimension {}; make them agree", junction.dimension)));
            }
            if junction.exposed && bounds.lower().iter().chain(bounds.upper()).any(|v| *v != 0.0) {
                return Err(CatoptError::ExposedLimit { junction: junction.name.clone() });
            }
        }
    }
    let mut wired = BTreeSet::new();
    let mut places = Vec::with_capacity(wires.len());
    for wire in wires {
        let object = *at_object
            .get(wire.object.as_str())
            .ok_or_else(|| CatoptError::unknown("object", wire.object.to_string()))?;
        let port = *at_port
            .get(&(object, wire.port.as_str()))
            .ok_or_else(|| CatoptError::unknown("port", format!("{}` of `{}", wire.port, wire.object)))?;
        let junction = *at_junction
            .get(wire.junction.as_str())
            .ok_or_else(|| CatoptError::unknown("junction", wire.junction.clone()))?;
        if !wired.insert((object, port)) {
            return Err(CatoptError::WiredTwice { object: wire.object.to_string(), port: wire.port.clone() });
        }
        fits(wire, objects[object].port_head(port), &junctions[junction])?;
        places.push(Place { object, port, junction });
    }
    for (k, object) in objects.iter().enumerate() {
        if let Some(p) = (0..object.port_count()).find(|p| !wired.contains(&(k, *p))) {
            let port = object.port_head(p).0.to_owned();
            return Err(CatoptError::DanglingPort { object: object.id().to_string(), port });
        }
    }
    Ok(places)
}

fn fits(wire: &Wire, (_, unit, dimension): (&str, &str, usize), junction: &Junction) -> Result<(), CatoptError> {
    let names = || (wire.object.to_string(), wire.port.clone());
    if let Some(&value) = wire.factors.iter().find(|factor| !factor.is_finite() || **factor == 0.0) {
        let (object, port) = names();
        return Err(CatoptError::Factor { object, port, value });
    }
    if dimension != junction.dimension {
        let ((object, name), found) = (names(), dimension);
        let (junction, expected) = (junction.name.clone(), junction.dimension);
        return Err(CatoptError::DimensionClash { object, port: name, found, junction, expected });
    }
    if !converts(unit, &junction.unit, &wire.factors) {
        let (object, name) = names();
        let factor = match conversion(unit, &junction.unit) {
            Conversion::Factor(factor) => Some(factor),
            Conversion::Never | Conversion::Unknown => None,
        };
        let (unit, wanted) = (unit.to_owned(), junction.unit.clone());
        let junction = junction.name.clone();
        let clash = UnitClash { object, port: name, unit, junction, wanted, factor };
        return Err(CatoptError::UnitClash(Box::new(clash)));
    }
    Ok(())
}
