use core::fmt::Write;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::file::FleetWriter;
use cosmosmesh_contracts::problem::{AssetProblem, Census, Coupling};
use cosmosmesh_contracts::traits::ContentHasher;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::read::{delta, duals, expect, functor, hashed, junction, object, wire};
use super::shape::{DeltaShape, DualsShape, FunctorShape, JunctionShape};
use super::{CATOPT_FORMAT, DUAL_CONVENTION, read};
use crate::diagram::{Place, Wired, places};
use crate::limit::{Beyond, Limit};
use crate::{CatoptError, Diagram, Junction, JunctionKind, Loss, Object, Wire};

/// A checked native text whose objects are made one at a time.
///
/// For who passes over the objects and does not keep them: an object in memory takes several times its text.
#[derive(Debug)]
pub struct DiagramText<'a> {
    objects: Vec<&'a RawValue>,
    /// What a document around this one says of each object; empty if there is none.
    extensions: Vec<Map<String, Value>>,
    wires: Vec<&'a RawValue>,
    places: Vec<Place>,
    /// The diagram without its objects and wires.
    frame: Diagram,
}

/// The document with its objects and wires left as they stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline<'a> {
    format: String,
    name: String,
    #[serde(default)]
    round: u64,
    dual_convention: String,
    #[serde(borrow)]
    objects: Vec<&'a RawValue>,
    junctions: Vec<JunctionShape>,
    #[serde(borrow)]
    wires: Vec<&'a RawValue>,
    #[serde(default)]
    duals: DualsShape,
    #[serde(default)]
    functors: Vec<FunctorShape>,
    #[serde(default)]
    deltas: Vec<DeltaShape>,
    #[serde(default)]
    extensions: Map<String, Value>,
}

/// What wires need to know of an object.
struct Head {
    id: AssetId,
    /// Name, unit and dimension.
    ports: Vec<(Box<str>, Box<str>, usize)>,
}

impl Wired for Head {
    fn id(&self) -> &AssetId {
        &self.id
    }

    fn port_count(&self) -> usize {
        self.ports.len()
    }

    fn port_head(&self, port: usize) -> (&str, &str, usize) {
        let (name, unit, dimension) = &self.ports[port];
        (name, unit, *dimension)
    }
}

impl<'a> DiagramText<'a> {
    /// Checks the text as [`read()`] does; with a hasher, stated content hashes too.
    ///
    /// # Errors
    /// Those of [`read()`], in its words.
    /// # Cost
    /// Two passes; beside the text, memory for one object, and while the wires are checked for every port's name and every wire.
    pub fn new(text: &'a [u8], hasher: Option<&dyn ContentHasher>) -> Result<Self, CatoptError> {
        // A refusal has to say where in the whole text: the reader of the whole knows.
        Self::checked(text, hasher).map_err(|error| read(text, hasher).err().unwrap_or(error))
    }

    fn checked(text: &'a [u8], hasher: Option<&dyn ContentHasher>) -> Result<Self, CatoptError> {
        let outline: Outline<'a> =
            serde_json::from_slice(text).map_err(|error| CatoptError::json(CATOPT_FORMAT, &error))?;
        expect("format", &outline.format, CATOPT_FORMAT)?;
        expect("dual_convention", &outline.dual_convention, DUAL_CONVENTION)?;
        let mut budget = text.len();
        let mut heads = Vec::with_capacity(outline.objects.len());
        for raw in &outline.objects {
            let object = hashed(shape(raw)?, hasher, &mut budget)?;
            object.check()?;
            let ports = object.ports.into_iter();
            let ports = ports.map(|port| (port.dimension(), port.name.into(), port.unit.into()));
            heads.push(Head { id: object.id, ports: ports.map(|(d, name, unit)| (name, unit, d)).collect() });
        }
        let junctions = outline.junctions.into_iter().map(|shape| junction(shape, &mut budget));
        let junctions: Vec<Junction> = junctions.collect::<Result<_, _>>()?;
        let wires: Vec<Wire> = outline.wires.iter().map(|raw| wire(shape(raw)?)).collect::<Result<_, _>>()?;
        let places = places(&heads, &junctions, &wires)?;
        drop((heads, wires));
        let mut frame = Diagram::new(outline.name, Vec::new(), junctions, Vec::new())?;
        frame.round = outline.round;
        frame.duals = duals(outline.duals);
        frame.functors = outline.functors.into_iter().map(functor).collect::<Result<_, _>>()?;
        frame.deltas = outline.deltas.into_iter().map(delta).collect::<Result<_, _>>()?;
        frame.extensions = outline.extensions;
        Ok(Self { objects: outline.objects, extensions: Vec::new(), wires: outline.wires, places, frame })
    }

    /// The same with what a document around it says: of each object, and of the whole under a key.
    pub(crate) fn labelled(mut self, extensions: Vec<Map<String, Value>>, key: &str, kept: Value) -> Self {
        self.extensions = extensions;
        self.frame.extensions.insert(key.to_owned(), kept);
        self
    }

    pub(crate) fn frame(&self) -> &Diagram {
        &self.frame
    }

    pub(crate) fn objects(&self) -> impl Iterator<Item = Object> + '_ {
        (0..self.objects.len()).map(|k| self.object(k))
    }

    /// How many objects it has.
    pub fn object_count(&self) -> usize {
        self.objects.len()
    }

    fn object(&self, k: usize) -> Object {
        // The dimensions were counted against the text when it was checked.
        let mut budget = usize::MAX;
        let made = shape(self.objects[k]).and_then(|shape| object(shape, &mut budget));
        let mut object = made.expect("cannot fail because the same object was made before");
        if let Some(extensions) = self.extensions.get(k) {
            object.extensions.clone_from(extensions);
        }
        object
    }

    pub(crate) fn wires(&self) -> impl Iterator<Item = (Wire, Place)> + '_ {
        let made = |raw: &&RawValue| shape(raw).and_then(wire).expect("cannot fail because it was made before");
        self.wires.iter().map(made).zip(self.places.iter().copied())
    }

    /// Whether ports share a value; if none do, the limit, put together as a fleet, is the diagram's colimit too, since no columns are made one.
    pub fn shares_values(&self) -> bool {
        let junctions = self.frame.junctions();
        let mut wired = vec![0; junctions.len()];
        self.places.iter().for_each(|place| wired[place.junction] += 1);
        junctions.iter().zip(&wired).any(|(junction, ports)| junction.kind == JunctionKind::Shared && *ports > 1)
    }

    /// The diagram, with every object in memory.
    ///
    /// # Errors
    /// None that the text has not passed already.
    pub fn diagram(&self) -> Result<Diagram, CatoptError> {
        let wires = self.wires().map(|(wire, _)| wire).collect();
        self.frame.with_parts(self.objects().collect(), self.frame.junctions().to_vec(), wires)
    }

    /// The diagram as a fleet, whose assets are made one at a time.
    ///
    /// # Errors
    /// Those of [`Diagram::to_fleet`], in its words.
    /// # Cost
    /// One pass; memory for one object, the names of the fleet's rows and, while they are made, every wire.
    pub fn limit(&self) -> Result<LimitText<'_>, CatoptError> {
        let whole = || self.diagram().and_then(|diagram| diagram.to_fleet()).err();
        LimitText::new(self).map_err(|error| whole().unwrap_or(error))
    }
}

/// The limit of a diagram's text: a fleet whose assets are made one at a time.
#[derive(Debug)]
pub struct LimitText<'a> {
    text: &'a DiagramText<'a>,
    limit: Limit,
    losses: Vec<Loss>,
}

impl<'a> LimitText<'a> {
    fn new(text: &'a DiagramText<'a>) -> Result<Self, CatoptError> {
        let wires: Vec<Wire> = text.wires().map(|(wire, _)| wire).collect();
        let junctions = text.frame.junctions();
        let limit = Limit::new(text.objects.len(), junctions, &wires, &text.places)?;
        drop(wires);
        let mut beyond = Beyond::default();
        let mut census = Census::new(&limit.coupling)?;
        for (k, object) in text.objects().enumerate() {
            beyond.object(&object);
            census.add(&limit.asset(k, &object)?)?;
        }
        census.finish()?;
        Ok(Self { text, losses: beyond.losses(&text.frame), limit })
    }

    /// The fleet's name.
    pub fn name(&self) -> &str {
        self.text.frame.name()
    }

    /// The fleet's rows.
    pub fn coupling(&self) -> &Coupling {
        &self.limit.coupling
    }

    /// How many assets the fleet has.
    pub fn asset_count(&self) -> usize {
        self.text.objects.len()
    }

    /// Its assets in order.
    pub fn assets(&self) -> impl Iterator<Item = AssetProblem> + '_ {
        let objects = self.text.objects().enumerate();
        objects.map(|(k, object)| {
            self.limit.asset(k, &object).expect("cannot fail because the same asset was made before")
        })
    }

    /// What a fleet has no place for.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Writes the fleet, `cosmosmesh.fleet/1`: the text of [`Diagram::to_fleet`].
    ///
    /// # Errors
    /// The sink's own.
    /// # Cost
    /// One pass.
    pub fn write_fleet(&self, out: &mut impl Write) -> core::fmt::Result {
        let mut writer = FleetWriter::new(out, self.name(), self.coupling())?;
        self.assets().try_for_each(|asset| writer.asset(&asset))?;
        writer.finish()
    }
}

fn shape<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Result<T, CatoptError> {
    serde_json::from_str(raw.get()).map_err(|error| CatoptError::json(CATOPT_FORMAT, &error))
}
