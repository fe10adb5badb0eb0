//! The native form as it stands in the text: shapes only, nothing checked yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A diagram: open problems (objects), the junctions at which their ports meet, and the wires between.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct CatoptDocument {
    /// The name of the format, `cosmosmesh.catopt/1`.
    pub(super) format: String,
    /// The diagram's name.
    pub(super) name: String,
    /// The round that duals and deltas speak of.
    #[serde(default)]
    pub(super) round: u64,
    /// The sign convention of every dual, `d_objective_d_rhs`.
    pub(super) dual_convention: String,
    /// The open problems, each with an id of its own.
    pub(super) objects: Vec<ObjectShape>,
    /// The places where ports meet, each with a name of its own.
    pub(super) junctions: Vec<JunctionShape>,
    /// One wire for each port.
    pub(super) wires: Vec<WireShape>,
    #[serde(default)]
    pub(super) duals: DualsShape,
    /// What acted on the objects.
    #[serde(default)]
    pub(super) functors: Vec<FunctorShape>,
    /// What changed from round to round.
    #[serde(default)]
    pub(super) deltas: Vec<DeltaShape>,
    /// Anything more; readers give it back unchanged.
    #[serde(default)]
    pub(super) extensions: Map<String, Value>,
}

/// An open problem.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Object"))]
pub(super) struct ObjectShape {
    /// Its name, unique in the diagram: 1 to 128 bytes.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub(super) id: String,
    /// The field it belongs to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) domain: String,
    /// The schema that its variables follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<SchemaShape>,
    /// Whether it has a problem or only a label.
    pub(super) semantics: Semantics,
    /// The label of an opaque object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// The private part of a quadratic object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) private: Option<PrivateShape>,
    /// What it exposes, each port under a name of its own.
    pub(super) ports: Vec<PortShape>,
    /// The content hash, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) hash: Option<String>,
    /// Anything more; readers give it back unchanged.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) extensions: Map<String, Value>,
}

/// What an object's objective is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(super) enum Semantics {
    /// `1/2 x'Px + q'x + c`, under rows and bounds.
    Quadratic,
    /// A label: it may be routed and versioned, and is never solved.
    Opaque,
}

/// A schema by name and version.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "SchemaVersion"))]
pub(super) struct SchemaShape {
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: u32,
}

/// Variables, cost and rows, as in cosmosmesh.fleet/1.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Private"))]
pub(super) struct PrivateShape {
    pub(super) variables: VariablesShape,
    pub(super) objective: ObjectiveShape,
    pub(super) rows: RowsShape,
    /// Columns that must be whole numbers, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) integer: Vec<usize>,
}

/// The variables. The lists have one length.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Variables"))]
pub(super) struct VariablesShape {
    /// One name per variable.
    pub(super) names: Vec<String>,
    /// One unit per variable; left out where none is stated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) units: Vec<String>,
    /// One lower bound per variable; null is open.
    pub(super) lower: Vec<Option<f64>>,
    /// One upper bound per variable; null is open.
    pub(super) upper: Vec<Option<f64>>,
}

/// The cost `1/2 x'Px + q'x + c`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Objective"))]
pub(super) struct ObjectiveShape {
    /// The upper triangle of P: entries [row, column, value]; one off the diagonal stands for both of its places.
    #[serde(rename = "P")]
    pub(super) p: Vec<(usize, usize, f64)>,
    /// One number per variable.
    pub(super) q: Vec<f64>,
    /// The constant.
    #[serde(default)]
    pub(super) c: f64,
}

/// The rows `lower <= A x <= upper`. Names and bounds have one length.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Rows"))]
pub(super) struct RowsShape {
    /// One name per row.
    pub(super) names: Vec<String>,
    /// Entries [row, column, value].
    #[serde(rename = "A")]
    pub(super) a: Vec<(usize, usize, f64)>,
    /// One lower bound per row; null is open.
    pub(super) lower: Vec<Option<f64>>,
    /// One upper bound per row; null is open.
    pub(super) upper: Vec<Option<f64>>,
}

/// A named linear view of an object's variables.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Port"))]
pub(super) struct PortShape {
    /// Its name, unique in the object.
    pub(super) name: String,
    /// The unit of what it shows; `1` where none is stated.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) unit: String,
    /// How many numbers it shows.
    #[serde(default = "single", skip_serializing_if = "is_single")]
    pub(super) dimension: usize,
    /// Entries [position, variable, value]; none if the object is opaque.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) map: Vec<(usize, usize, f64)>,
}

/// A place where ports meet.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Junction"))]
pub(super) struct JunctionShape {
    /// Its name, unique in the diagram.
    pub(super) name: String,
    /// What it was called before it had to be unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) label: Option<String>,
    /// The unit of its numbers; `1` where none is stated.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(super) unit: String,
    /// What it asks of its ports.
    pub(super) kind: KindShape,
    /// How many numbers meet here.
    #[serde(default = "single", skip_serializing_if = "is_single")]
    pub(super) dimension: usize,
    /// The lower bounds of a balance; null is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) lower: Vec<Option<f64>>,
    /// The upper bounds of a balance; null is open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) upper: Vec<Option<f64>>,
    /// Whether more may join from outside.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(super) exposed: bool,
}

/// What a junction asks of its ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "JunctionKind"))]
pub(super) enum KindShape {
    /// All show the same value.
    Shared,
    /// Their sum stays within bounds.
    Balance,
}

/// A port joined to a junction.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Wire"))]
pub(super) struct WireShape {
    /// Whose port.
    pub(super) object: String,
    /// The port.
    pub(super) port: String,
    /// The junction.
    pub(super) junction: String,
    /// Unit factors from the port outwards; the junction's number is the port's times all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) factors: Vec<f64>,
}

/// Duals, d objective / d right-hand side.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Duals"))]
pub(super) struct DualsShape {
    /// Of each balance, one number per dimension.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) junctions: BTreeMap<String, Vec<f64>>,
    /// Of each wire to a shared junction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) wires: Vec<CovectorShape>,
    /// Of each object's own rows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) rows: BTreeMap<String, Vec<f64>>,
}

/// The dual of one wire, in the junction's unit.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Covector"))]
pub(super) struct CovectorShape {
    /// Whose port.
    pub(super) object: String,
    /// The port.
    pub(super) port: String,
    /// One number per dimension.
    pub(super) dual: Vec<f64>,
}

/// What acted on objects and wires alike.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Functor"))]
pub(super) struct FunctorShape {
    /// Its name.
    pub(super) name: String,
    /// Which kind.
    pub(super) kind: FunctorKindShape,
    /// Where it comes from.
    pub(super) from: String,
    /// Where it leads.
    pub(super) to: String,
    /// The objects it made or changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) objects: Vec<String>,
}

/// Kinds of functors.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "FunctorKind"))]
pub(super) enum FunctorKindShape {
    /// From a vehicle's state to its problem.
    Adapter,
    /// From one schema version to another.
    Migration,
}

/// What changed in the plans between two rounds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Delta"))]
pub(super) struct DeltaShape {
    /// The round it starts from.
    pub(super) from: u64,
    /// The round it leads to, not before the one it starts from.
    pub(super) to: u64,
    /// New values: [object, variable counted from zero, value].
    pub(super) set: Vec<(String, usize, f64)>,
}

fn one() -> String {
    "1".to_owned()
}

fn is_one(unit: &str) -> bool {
    unit == "1"
}

fn single() -> usize {
    1
}

fn is_single(dimension: &usize) -> bool {
    *dimension == 1
}
