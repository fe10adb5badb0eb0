//! The fleet format as it stands in the text: shapes only, nothing checked yet.

use serde::{Deserialize, Serialize};

use super::FLEET_FORMAT;
use super::value::{Entry, Index, Number, objects};

/// A fleet's problem: minimise `sum_i 1/2 x_i' P_i x_i + q_i' x_i + c_i` where every agent keeps its own rows and bounds
/// and the fleet's use of every coupling row, `sum_i G_i x_i`, stays within its bounds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "cosmosmesh.fleet/1"))]
pub(crate) struct FleetDocument {
    pub(super) format: FleetFormat,
    /// The problem's name.
    pub(super) name: String,
    /// The rows that the whole fleet shares.
    #[serde(deserialize_with = "super::value::object")]
    pub(super) coupling: CouplingDocument,
    /// The assets, at least one.
    #[serde(deserialize_with = "objects")]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub(super) agents: Vec<AgentDocument>,
}

/// The name of the format.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(!try_from))]
pub(super) enum FleetFormat {
    /// The first version.
    #[serde(rename = "cosmosmesh.fleet/1")]
    V1,
}

impl TryFrom<String> for FleetFormat {
    type Error = String;
    fn try_from(found: String) -> Result<Self, String> {
        super::value::expect_format(&found, FLEET_FORMAT).map(|()| Self::V1)
    }
}

/// The shared rows: `lower <= sum_i G_i x_i <= upper`. The three lists have one length.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Coupling"))]
pub(super) struct CouplingDocument {
    /// One name per row.
    pub(super) names: Vec<String>,
    /// One lower bound per row; null is open.
    pub(super) lower: Vec<Option<Number>>,
    /// One upper bound per row; null is open.
    pub(super) upper: Vec<Option<Number>>,
}

/// One asset.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Agent"))]
pub(super) struct AgentDocument {
    /// Its name, unique in the fleet: 1 to 128 bytes, no control characters, no white space at either end.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub(super) id: String,
    #[serde(deserialize_with = "super::value::object")]
    pub(super) variables: VariablesDocument,
    #[serde(deserialize_with = "super::value::object")]
    pub(super) objective: ObjectiveDocument,
    #[serde(deserialize_with = "super::value::object")]
    pub(super) rows: RowsDocument,
    /// G, its use of the fleet's rows: entries [fleet row, own column, value], no place twice.
    pub(super) coupling: Vec<Entry>,
    /// Columns that must be whole numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) integer: Vec<Index>,
}

/// Its variables. The three lists have one length.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Variables"))]
pub(super) struct VariablesDocument {
    /// One name per variable.
    pub(super) names: Vec<String>,
    /// One lower bound per variable; null is open.
    pub(super) lower: Vec<Option<Number>>,
    /// One upper bound per variable; null is open.
    pub(super) upper: Vec<Option<Number>>,
}

/// Its cost, `1/2 x' P x + q' x + c`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Objective"))]
pub(super) struct ObjectiveDocument {
    /// The upper triangle of a positive semidefinite matrix: entries [row, column, value] with row <= column, no place twice.
    /// An entry off the diagonal stands for both of its places.
    #[serde(rename = "P")]
    pub(super) p: Vec<Entry>,
    /// One linear coefficient per variable.
    pub(super) q: Vec<Number>,
    /// The constant.
    #[serde(default)]
    pub(super) c: Number,
}

/// Its private rows, `lower <= A x <= upper`. The lists have one length.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Rows"))]
pub(super) struct RowsDocument {
    /// One name per row.
    pub(super) names: Vec<String>,
    /// The coefficients: entries [row, column, value], no place twice.
    #[serde(rename = "A")]
    pub(super) a: Vec<Entry>,
    /// One lower bound per row; null is open.
    pub(super) lower: Vec<Option<Number>>,
    /// One upper bound per row; null is open.
    pub(super) upper: Vec<Option<Number>>,
}
