//! Scenarios: what is where, what it can do, who hears whom and when, and what goes wrong.
//!
//! A scenario is a TOML file in which every key carries its unit.
//! Whatever the reader does not understand it refuses, with the line, the reason and a remedy; `scenarios/jezero-base.toml` is the reference of all keys.

mod asset;
mod channels;
mod closing;
mod error;
mod library;
mod link;
mod parse;
mod reader;
mod vehicle;

pub use asset::{AssetSpec, Vehicle};
pub use closing::Closing;
pub use error::{ScenarioError, ScenarioErrorKind};
pub use library::{BUILT_IN, builtin_source};
pub use link::{ContactSpec, FaultSpec, LinkSpec, PassSpec};

use cosmosmesh_contracts::Horizon;
use cosmosmesh_contracts::round::WordWidth;

use crate::geometry::{Site, Sky, Sun};
use crate::report::Span;

/// A scenario that holds together.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// One line of what it is about.
    pub description: String,
    /// What the epoch stands for.
    pub epoch: String,
    /// The slots to plan. The planning starts at the epoch, so the horizon's start is its deadline.
    pub horizon: Horizon,
    /// How the planning runs.
    pub planning: Planning,
    /// Where the base is.
    pub site: Site,
    /// Season and hour.
    pub sun: Sun,
    /// Dust and cold.
    pub sky: Sky,
    /// The bus's rows: `None` if there is no bus; else what it carries in a slot beyond what members feed, in Wh.
    pub bus_limit_wh: Option<f64>,
    /// How many may be in the corridor at once; `None` if there is no corridor.
    pub corridor_limit: Option<f64>,
    /// Earth's stations.
    pub earth: Earth,
    /// How high a relay must stand for a pass, degrees.
    pub mask_deg: f64,
    /// The members of the fleet.
    pub assets: Vec<AssetSpec>,
    /// Who can talk to whom.
    pub links: Vec<LinkSpec>,
    /// Passes of relays that are not members.
    pub passes: Vec<PassSpec>,
    /// What goes wrong.
    pub faults: Vec<FaultSpec>,
    /// How far reality may stray from the forecast.
    pub uncertainty: Uncertainty,
    /// How the past of the fleet's logs is closed; nothing if it stays open.
    pub closing: Option<Closing>,
}

/// How the planning runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Planning {
    /// Index of the asset that runs the coordination.
    pub facilitator: usize,
    /// Indices of the assets that take masks off sums; the first are asked first.
    pub guardians: Vec<usize>,
    /// Whether reports are added under masks, unless the user says otherwise.
    pub masked: bool,
    /// How long an asset computes before it answers.
    pub solve_ms: i64,
    /// How long the facilitator waits for an answer; without it, until the horizon begins.
    pub round_timeout_ms: Option<i64>,
    /// After how long a masked round goes on without assets that have not answered; without it, everybody is waited for.
    pub answer_timeout_ms: Option<i64>,
    /// After how long other guardians are asked for an opening; without it, those that were asked are waited for.
    pub opening_timeout_ms: Option<i64>,
    /// The words of masked sums.
    pub words: WordWidth,
    /// Whether guardians are asked together with the assets.
    pub ahead: bool,
}

/// When Earth listens.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Earth {
    /// The stations' name.
    pub station: String,
    /// Stretches of tracking.
    pub tracking: Vec<Span>,
}

/// How far reality may stray from the forecast, as parts of the forecast value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertainty {
    /// Generation by sun: dust on arrays and in the air.
    pub generation_fraction: f64,
    /// Power needed for keep-alive.
    pub keep_alive_fraction: f64,
    /// Efficiency of batteries, downwards.
    pub efficiency_fraction: f64,
    /// Rate of relay passes, downwards.
    pub rate_fraction: f64,
    /// Whether each vehicle draws from the whole range, or gets the unfavourable end of it.
    pub draw: Draw,
}

/// How disturbances are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// Evenly from the whole range.
    Random,
    /// The unfavourable end, for everybody and all the time.
    Worst,
}

impl Scenario {
    /// A built-in scenario by name, or the file at a path.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line, the reason and a remedy.
    pub fn load(name_or_path: &str) -> Result<Self, ScenarioError> {
        match builtin_source(name_or_path) {
            Some(text) => Self::parse(name_or_path, text),
            None => Self::parse(name_or_path, &library::read(name_or_path)?),
        }
    }

    /// A scenario from the text of a file; `file` is what errors call it.
    ///
    /// # Errors
    /// [`ScenarioError`] with the line, the reason and a remedy.
    pub fn parse(file: &str, text: &str) -> Result<Self, ScenarioError> {
        parse::scenario(file, text)
    }

    /// The index of an asset by name.
    pub fn asset_index(&self, id: &str) -> Option<usize> {
        self.assets.iter().position(|asset| asset.id.as_str() == id)
    }
}
