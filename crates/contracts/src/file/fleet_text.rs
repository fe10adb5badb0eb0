use serde::Deserialize;
use serde_json::value::RawValue;

use super::fleet::{asset, coupling};
use super::fleet_document::{AgentDocument, CouplingDocument, FleetFormat};
use super::value::Object;
use super::{FileError, read_fleet};
use crate::problem::{AssetProblem, Census, Coupling};

/// A checked `cosmosmesh.fleet/1` text whose assets are made one at a time, each time anew.
///
/// For readers that need one asset at a time and not the fleet: an asset in memory takes several times its text.
#[derive(Debug)]
pub struct FleetText<'a> {
    name: String,
    coupling: Coupling,
    agents: Vec<&'a RawValue>,
}

/// The document with its assets left as they stand.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outline<'a> {
    #[serde(rename = "format")]
    _format: FleetFormat,
    name: String,
    #[serde(deserialize_with = "super::value::object")]
    coupling: CouplingDocument,
    #[serde(borrow)]
    agents: Vec<&'a RawValue>,
}

impl<'a> FleetText<'a> {
    /// Checks the text as [`read_fleet`] does.
    ///
    /// # Errors
    /// Those of [`read_fleet`], in its words.
    /// # Cost
    /// Two passes; beside the text, memory for one asset and every asset's name.
    pub fn new(text: &'a [u8]) -> Result<Self, FileError> {
        // A refusal has to say where in the whole text: the reader of the whole knows.
        Self::checked(text).map_err(|error| read_fleet(text).err().unwrap_or(error))
    }

    fn checked(text: &'a [u8]) -> Result<Self, FileError> {
        let outline: Result<Object<Outline<'a>>, _> = serde_json::from_slice(text);
        let Object(outline) = outline.map_err(|error| FileError::from_json(text, &error))?;
        let found = Self { name: outline.name, coupling: coupling(outline.coupling)?, agents: outline.agents };
        let mut census = Census::new(&found.coupling)?;
        for agent in &found.agents {
            census.add(&found.made(agent)?)?;
        }
        census.finish()?;
        Ok(found)
    }

    fn made(&self, agent: &RawValue) -> Result<AssetProblem, FileError> {
        let text = agent.get();
        let document: Result<Object<AgentDocument>, _> = serde_json::from_str(text);
        let Object(document) = document.map_err(|error| FileError::from_json(text.as_bytes(), &error))?;
        Ok(asset(document, self.coupling.bounds.len())?)
    }

    /// The problem's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shared rows.
    pub fn coupling(&self) -> &Coupling {
        &self.coupling
    }

    /// How many assets, at least one.
    pub fn asset_count(&self) -> usize {
        self.agents.len()
    }

    /// The assets in the order of the file, each made when it is asked for.
    ///
    /// # Cost
    /// One pass over the text.
    pub fn assets(&self) -> impl Iterator<Item = AssetProblem> + '_ {
        let made = |agent: &&RawValue| self.made(agent);
        self.agents.iter().map(move |agent| made(agent).expect("cannot fail because the same text was made before"))
    }
}
