use core::fmt;
use core::str::FromStr;

use cosmosmesh_contracts::problem::Coupling;
use cosmosmesh_contracts::round::QueryPoint;
use cosmosmesh_contracts::traits::{Coordination, CoordinationError};

use super::auto;
use super::{Admm, AdmmAdaptive, Aladin, Auto, Fan, Ipm, Link, Menu};

/// The coordination methods, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// Textbook sharing ADMM: few bytes, many rounds.
    Admm,
    /// Sharing ADMM, over-relaxed, with a penalty that follows the residuals.
    AdmmAdaptive,
    /// Barrier-ALADIN: one candidate a round on summed curvature.
    Aladin,
    /// Three candidates a round around the step that the last one suggests: the least computing.
    Fan,
    /// A primal-dual interior point over the fleet: one Newton step of every asset a round.
    Ipm,
    /// Speculative path following on summed curvature: few rounds, more bytes.
    Menu,
    /// Chooses among the others by the size of the fleet and by the link, and hands over when a run stands still.
    #[default]
    Auto,
}

impl Method {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 7] =
        [Self::Admm, Self::AdmmAdaptive, Self::Aladin, Self::Auto, Self::Fan, Self::Ipm, Self::Menu];

    /// The name on command lines and in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admm => "admm",
            Self::AdmmAdaptive => "admm-adaptive",
            Self::Aladin => "aladin",
            Self::Fan => "fan",
            Self::Ipm => "ipm",
            Self::Auto => "auto",
            Self::Menu => "menu",
        }
    }

    /// What asks the first question under this name: itself, or what `auto` takes for a fleet with so many rows.
    pub fn chosen(self, row_count: usize, options: &Options) -> Self {
        if self == Self::Auto { auto::choose(row_count, options).0 } else { self }
    }

    /// One line of what it is and when to take it.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Admm => "textbook sharing ADMM: m + 9 numbers up per round, tens to hundreds of rounds",
            Self::AdmmAdaptive => {
                "sharing ADMM, over-relaxed and Anderson-accelerated, penalty from relative residuals: small, fewer rounds"
            }
            Self::Auto => {
                "menu, its thin form, fan or admm-adaptive, by size and link; hands over when a run stands still"
            }
            Self::Aladin => {
                "barrier-ALADIN: one candidate per round on summed curvature, an eighth of menu's bytes a round"
            }
            Self::Fan => {
                "three candidates per round around a predicted step: 6 to 22 rounds, a third of menu's computing"
            }
            Self::Ipm => "summed primal-dual interior point: one Newton step of every asset per round",
            Self::Menu => {
                "speculative path following: several candidates per round on summed curvature, 5 to 20 rounds"
            }
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no method's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownMethod(pub String);

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Method::ALL.iter().map(|method| method.name()).collect();
        write!(f, "`{}` is no coordination method; choose one of {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownMethod {}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(text: &str) -> Result<Self, UnknownMethod> {
        Self::ALL.into_iter().find(|method| method.name() == text).ok_or_else(|| UnknownMethod(text.to_owned()))
    }
}

/// How a run goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Certified relative gap and coupling violation to reach.
    pub tolerance: f64,
    /// The most rounds; each method has a default of its own.
    pub rounds_max: Option<u32>,
    /// Where to start.
    pub warm: Option<Warm>,
    /// Stop only with a plan that violates no row, as vehicles need it; else one that violates rows within the tolerance will do.
    pub strict: bool,
    /// The public scale of one asset's cost, the same for everybody: where the barrier starts, and ADMM's penalty.
    pub cost_scale: f64,
    /// Whether assets may be away in rounds after the first: their last models and plans then stay in the sum.
    pub absence: bool,
    /// Whether bytes are dearer than rounds: one curvature per round instead of eight.
    pub thin: bool,
    /// The link between coordinator and assets, if it is known: `auto` then takes the method with the least predicted time.
    /// No delay and an infinite rate say that all is on one machine: then the one with the least computing.
    pub link: Option<Link>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tolerance: 1e-6,
            rounds_max: None,
            warm: None,
            strict: false,
            cost_scale: 1.0,
            absence: false,
            thin: false,
            link: None,
        }
    }
}

/// A start from an earlier plan's prices.
#[derive(Clone, Debug, PartialEq)]
pub struct Warm {
    /// One per fleet row, in the problem's units.
    pub prices: Vec<f64>,
    /// The barrier around which to look, in units of cost.
    pub barrier: f64,
    /// The earlier path, barrier by barrier, prices in the problem's units; may be empty. See [`Path`](super::Path).
    pub path: Vec<QueryPoint>,
}

impl Warm {
    /// # Errors
    /// [`CoordinationError::Unsupported`] if it is the start of a fleet with another number of rows.
    pub(super) fn check(&self, rows: usize) -> Result<(), CoordinationError> {
        if self.prices.len() == rows {
            return Ok(());
        }
        let reason = format!("the warm start has {} prices, the fleet has {rows} rows", self.prices.len());
        Err(CoordinationError::Unsupported { reason })
    }
}

/// A coordinator of the method.
///
/// # Errors
/// [`CoordinationError::Unsupported`] if the method cannot take a fleet of this shape.
pub fn coordinator(
    method: Method,
    coupling: &Coupling,
    asset_count: usize,
    options: &Options,
) -> Result<Box<dyn Coordination + Send>, CoordinationError> {
    Ok(match method {
        Method::Admm => Box::new(Admm::new(coupling, asset_count, options)?),
        Method::AdmmAdaptive => Box::new(AdmmAdaptive::new(coupling, asset_count, options)?),
        Method::Aladin => Box::new(Aladin::new(coupling, asset_count, options)?),
        Method::Fan => Box::new(Fan::new(coupling, asset_count, options)?),
        Method::Ipm => Box::new(Ipm::new(coupling, asset_count, options)?),
        Method::Auto => Box::new(Auto::new(coupling, asset_count, options)?),
        Method::Menu => Box::new(Menu::new(coupling, asset_count, options)?),
    })
}
