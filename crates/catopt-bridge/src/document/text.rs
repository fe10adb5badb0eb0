use core::fmt::Write;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::file::FleetWriter;
use cosmosmesh_contracts::problem::{AssetProblem, Census};
use cosmosmesh_contracts::traits::ContentHasher;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::read::{delta, duals, expect, functor, hashed, junction, object, wire};
use super::shape::{DeltaShape, DualsShape, FunctorShape, JunctionShape, ObjectShape, WireShape};
use super::{CATOPT_FORMAT, DUAL_CONVENTION, read};
use crate::diagram::{Wired, places};
use crate::limit::{Beyond, Limit};
use crate::{CatoptError, Diagram, Junction, Loss, Object, Wire};

/// A checked native text whose limit is written as a fleet, one object at a time.
///
/// For readers that need the fleet's text and not the fleet: an object in memory takes several times its text.
pub struct DiagramText<'a> {
    name: String,
    objects: Vec<&'a RawValue>,
    limit: Limit,
    losses: Vec<Loss>,
}

/// The document with its objects left as they stand.
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
    wires: Vec<WireShape>,
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
    ports: Vec<(String, String, usize)>,
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
    /// Checks the text as [`read`] and [`Diagram::to_fleet`] do; with a hasher, stated content hashes too.
    ///
    /// # Errors
    /// Those of the two, in their words.
    /// # Cost
    /// Three passes; beside the text, memory for one object, every port's name and every wire.
    pub fn new(text: &'a [u8], hasher: Option<&dyn ContentHasher>) -> Result<Self, CatoptError> {
        // A refusal has to say where in the whole text: the reader of the whole knows.
        let whole = || read(text, hasher).and_then(|diagram| diagram.to_fleet()).err();
        Self::checked(text, hasher).map_err(|error| whole().unwrap_or(error))
    }

    fn checked(text: &'a [u8], hasher: Option<&dyn ContentHasher>) -> Result<Self, CatoptError> {
        let outline: Outline<'a> =
            serde_json::from_slice(text).map_err(|error| CatoptError::json(CATOPT_FORMAT, &error))?;
        expect("format", &outline.format, CATOPT_FORMAT)?;
        expect("dual_convention", &outline.dual_convention, DUAL_CONVENTION)?;
        let mut budget = text.len();
        let mut beyond = Beyond::default();
        let mut heads = Vec::with_capacity(outline.objects.len());
        for raw in &outline.objects {
            let object = hashed(shape(raw)?, hasher, &mut budget)?;
            object.check()?;
            beyond.object(&object);
            let ports = object.ports.into_iter().map(|port| (port.dimension(), port.name, port.unit));
            heads.push(Head { id: object.id, ports: ports.map(|(d, name, unit)| (name, unit, d)).collect() });
        }
        let junctions = outline.junctions.into_iter().map(|shape| junction(shape, &mut budget));
        let junctions: Vec<Junction> = junctions.collect::<Result<_, _>>()?;
        let wires: Vec<Wire> = outline.wires.into_iter().map(wire).collect::<Result<_, _>>()?;
        let limit = Limit::new(heads.len(), &junctions, &wires, &places(&heads, &junctions, &wires)?)?;
        drop((heads, wires));
        let mut rest = Diagram::new(outline.name, Vec::new(), junctions, Vec::new())?;
        rest.round = outline.round;
        rest.duals = duals(outline.duals);
        rest.functors = outline.functors.into_iter().map(functor).collect::<Result<_, _>>()?;
        rest.deltas = outline.deltas.into_iter().map(delta).collect::<Result<_, _>>()?;
        rest.extensions = outline.extensions;
        let losses = beyond.losses(&rest);
        let found = Self { name: rest.name().to_owned(), objects: outline.objects, limit, losses };
        let mut census = Census::new(&found.limit.coupling)?;
        for k in 0..found.objects.len() {
            census.add(&found.asset(k)?)?;
        }
        census.finish()?;
        Ok(found)
    }

    fn asset(&self, k: usize) -> Result<AssetProblem, CatoptError> {
        // The dimensions were counted against the text when it was checked.
        let mut budget = usize::MAX;
        let object: Object = object(shape(self.objects[k])?, &mut budget)?;
        self.limit.asset(k, &object)
    }

    /// How many assets the fleet has.
    pub fn asset_count(&self) -> usize {
        self.objects.len()
    }

    /// How many rows the fleet has.
    pub fn row_count(&self) -> usize {
        self.limit.coupling.names.len()
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
        let mut writer = FleetWriter::new(out, &self.name, &self.limit.coupling)?;
        for k in 0..self.objects.len() {
            writer.asset(&self.asset(k).expect("cannot fail because the same object was made before"))?;
        }
        writer.finish()
    }
}

fn shape(raw: &RawValue) -> Result<ObjectShape, CatoptError> {
    serde_json::from_str(raw.get()).map_err(|error| CatoptError::json(CATOPT_FORMAT, &error))
}
