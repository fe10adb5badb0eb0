use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer, Serialize};

use super::value::{nullable, number, numbers, object_from_slice, objects};
use super::{FileError, RESULT_FORMAT};
use crate::AssetId;
use crate::plan::{PlanKind, Status};
use crate::problem::{FleetProblem, ProblemErrorKind as Kind};

/// What a solve of a fleet's problem writes.
///
/// A figure that is not known is `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(title = "cosmosmesh.result/1"))]
pub struct ResultFile {
    /// The name of the format.
    pub format: ResultFormat,
    /// The name of the problem.
    pub problem: String,
    /// The name of the coordination method.
    pub variant: String,
    /// Why the solve stopped.
    pub status: Status,
    /// How many sums over the agents were taken until the program's own certificate stopped it.
    pub rounds: u32,
    /// The cost of `agents`, in units of cost.
    #[serde(deserialize_with = "nullable")]
    #[cfg_attr(feature = "schema", schemars(required, extend("type" = ["number", "null"])))]
    pub objective: Option<f64>,
    /// A proven lower bound of every plan's cost, in units of cost.
    #[serde(deserialize_with = "nullable")]
    #[cfg_attr(feature = "schema", schemars(required, extend("type" = ["number", "null"])))]
    pub dual_bound: Option<f64>,
    /// The proven gap between the two, relative to one plus the bound's absolute value.
    #[serde(deserialize_with = "nullable")]
    #[cfg_attr(feature = "schema", schemars(required, extend("type" = ["number", "null"])))]
    pub gap_relative: Option<f64>,
    /// The worst violation of a coupling row, relative to one plus the largest finite bound.
    #[serde(deserialize_with = "nullable")]
    #[cfg_attr(feature = "schema", schemars(required, extend("type" = ["number", "null"])))]
    pub coupling_violation: Option<f64>,
    /// One price per coupling row, in cost per unit of the row; >= 0 pushes the row down.
    #[serde(deserialize_with = "numbers")]
    pub prices: Vec<f64>,
    /// The plan, agent by agent; empty if there is none.
    #[serde(deserialize_with = "objects")]
    pub agents: Vec<AgentResult>,
    /// Bytes that one agent sent.
    pub bytes_up_per_agent: u64,
    /// Bytes that one agent received.
    pub bytes_down_per_agent: u64,
    /// How long the solve took, in milliseconds.
    #[serde(deserialize_with = "number")]
    pub wall_ms: f64,
    /// How the agents' reports were summed.
    pub sum: SumKind,
    /// Whether the plan is proven optimal or merely safe; absent if there is none.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "PlanKind"))]
    pub plan: Option<PlanKind>,
    /// With the status `infeasible`: one weight per coupling row (>= 0 on its upper side, <= 0 on its lower side) such that
    /// no choice of the agents can bring the weighted row down to its limit.
    #[serde(default, deserialize_with = "present_numbers", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Vec<f64>"))]
    pub conflict: Option<Vec<f64>>,
    /// Anything more.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

/// The name of the result format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(!try_from))]
#[non_exhaustive]
pub enum ResultFormat {
    /// The first version.
    #[default]
    #[serde(rename = "cosmosmesh.result/1")]
    V1,
}

impl TryFrom<String> for ResultFormat {
    type Error = String;
    fn try_from(found: String) -> Result<Self, String> {
        super::value::expect_format(&found, RESULT_FORMAT).map(|()| Self::V1)
    }
}

/// One agent's part of a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AgentResult {
    /// Whose.
    #[cfg_attr(feature = "schema", schemars(with = "String", length(min = 1, max = 128)))]
    pub id: AssetId,
    /// One value per variable.
    #[serde(deserialize_with = "numbers")]
    pub x: Vec<f64>,
}

/// How reports were summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum SumKind {
    /// In the clear.
    Plain,
    /// Under masks that cancel in the sum.
    Masked,
    /// Under masks, with noise for differential privacy.
    Noisy,
}

/// The result that a `cosmosmesh.result/1` text states.
///
/// # Errors
/// [`FileError`] with the place and what to do; the same text fails again.
/// # Cost
/// One pass. Memory is a small multiple of the text; `extensions`, which may hold anything, take up to about a hundred times theirs.
pub fn read_result(text: &[u8]) -> Result<ResultFile, FileError> {
    let result: ResultFile = object_from_slice(text)?;
    result.check()?;
    Ok(result)
}

/// The `cosmosmesh.result/1` text of a result, on one line.
///
/// A figure that is not finite, such as a `dual_bound` of minus infinity, is written as `null`; reading gives `None`.
/// # Errors
/// [`FileError::Content`] if a price, a weight, a plan's value or the time is not finite, or an agent comes twice.
pub fn write_result(result: &ResultFile) -> Result<String, FileError> {
    result.check()?;
    let mut text = serde_json::to_string(result).expect("cannot fail because every key is text and memory is no file");
    text.push('\n');
    Ok(text)
}

impl ResultFile {
    fn check(&self) -> Result<(), FileError> {
        finite("prices", &self.prices)?;
        if !self.wall_ms.is_finite() {
            return Err(FileError::content("wall_ms", Kind::NotFinite { value: self.wall_ms }));
        }
        // Empty when agents fail on their own: then no fleet row is to blame.
        let weights = self.conflict.as_deref().unwrap_or_default();
        if !weights.is_empty() && weights.len() != self.prices.len() {
            let kind = Kind::WrongLength { expected: self.prices.len(), found: weights.len() };
            return Err(FileError::content("conflict", kind));
        }
        finite("conflict", weights)?;
        let mut seen = BTreeSet::new();
        for (k, agent) in self.agents.iter().enumerate() {
            finite(&format!("agents[{k}].x"), &agent.x)?;
            if !seen.insert(&agent.id) {
                let kind = Kind::DuplicateId { id: agent.id.to_string() };
                return Err(FileError::content(format!("agents[{k}].id"), kind));
            }
        }
        Ok(())
    }

    /// Whether the result speaks of this problem: as many prices as fleet rows and, if there is a plan, the same agents in the same
    /// order with as many values as variables. What a warm start asks first.
    ///
    /// # Errors
    /// [`FileError::Content`] or [`FileError::OtherFleet`] names the first place that does not fit.
    pub fn check_fits(&self, fleet: &FleetProblem) -> Result<(), FileError> {
        let length = |place: &str, found: usize, expected: usize| {
            let kind = Kind::WrongLength { expected, found };
            if found == expected { Ok(()) } else { Err(FileError::content(place, kind)) }
        };
        length("prices", self.prices.len(), fleet.row_count())?;
        if self.agents.is_empty() {
            return Ok(());
        }
        length("agents", self.agents.len(), fleet.assets().len())?;
        for (k, (agent, asset)) in self.agents.iter().zip(fleet.assets()).enumerate() {
            if agent.id != asset.id {
                let (found, expected) = (agent.id.to_string(), asset.id.to_string());
                return Err(FileError::OtherFleet { place: format!("agents[{k}].id"), found, expected });
            }
            length(&format!("agents[{k}].x"), agent.x.len(), asset.local.variable_count())?;
        }
        Ok(())
    }
}

// An absent value has no key; null is not another way to say so.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

fn present_numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<f64>>, D::Error> {
    numbers(deserializer).map(Some)
}

fn finite(place: &str, values: &[f64]) -> Result<(), FileError> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(k) => Err(FileError::content(format!("{place}[{k}]"), Kind::NotFinite { value: values[k] })),
        None => Ok(()),
    }
}
