//! What a simulated sol comes to: data only, for tables, files and drawings.
//!
//! The report is omniscient: it shows every asset's private plan beside the sums, as only a simulation can.
//! Times are milliseconds since the scenario's epoch; the planning starts at zero and the horizon some time later.
//! Every quantity names its unit, either in the field or beside the value.

mod asset;
mod figures;
mod fleet;
mod masks;
mod replicas;
mod round;

pub use asset::{Activity, AssetReport, Binding, BindingScope, Curve, Series, Traffic, Wanted};
pub use figures::{Figures, Margin, MarginKind, Violation};
pub use fleet::{FleetRowReport, Grant};
pub use masks::MaskReport;
pub use replicas::{CheckpointReport, ClosingReport, PairReport, ReplicaReport, StoreReport};
pub use round::RoundReport;

use cosmosmesh_contracts::plan::{Certificate, PlanKind, Status};
use serde::Serialize;

/// Everything a simulation found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SimulationReport {
    /// The form of this report: `cosmosmesh.simulation/1`.
    pub schema: &'static str,
    /// The scenario's name.
    pub scenario: String,
    /// One line of what the scenario is about.
    pub description: String,
    /// The seed from which every random choice followed.
    pub seed: u64,
    /// The name of the coordination method.
    pub variant: String,
    /// The tolerance asked for.
    pub tolerance: f64,
    /// Which asset ran the coordination.
    pub facilitator: String,
    /// How reports were added up: `masked` or `plain`.
    pub sum: &'static str,
    /// Who took the masks off, and what it cost; absent if reports were added in the open.
    pub masks: Option<MaskReport>,
    /// The slots that were planned.
    pub horizon: Horizon,
    /// How the planning ended.
    pub ending: Ending,
    /// Which plan is in effect during the horizon: absent if every asset stays on its keep-alive baseline.
    pub plan: Option<PlanKind>,
    /// What is proven about the best plan known.
    pub certificate: Option<Certificate>,
    /// The assets in the scenario's order.
    pub assets: Vec<AssetReport>,
    /// The fleet's rows in the problem's order.
    pub fleet_rows: Vec<FleetRowReport>,
    /// Round by round.
    pub rounds: Vec<RoundReport>,
    /// The figures of the run in one place.
    pub figures: Figures,
    /// How the replicas of the fleet's logs kept up with each other.
    pub replicas: ReplicaReport,
    /// Every limit that the integrated reality broke; empty after a good run.
    pub violations: Vec<Violation>,
}

impl SimulationReport {
    /// The form this crate writes.
    pub const SCHEMA: &'static str = "cosmosmesh.simulation/1";
}

/// The planned slots.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Horizon {
    /// What the epoch stands for, in the scenario's words.
    pub epoch: String,
    /// Where the first slot starts.
    pub start_ms: i64,
    /// Where the last slot ends.
    pub end_ms: i64,
    /// The slots in order, without gaps.
    pub slots: Vec<Span>,
}

/// A stretch of time, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Its start.
    pub start_ms: i64,
    /// Its end.
    pub end_ms: i64,
}

/// How the planning ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// The rounds came to their own end; whether that is a plan, the status says.
    Complete {
        /// Optimal, infeasible, a limit, ...
        status: Status,
    },
    /// The caller stopped the planning; the best safe plan known by then was announced.
    Interrupted,
    /// No plan came into effect: an asset could not be heard.
    LinkDown {
        /// The link that is down, as `from -> to`.
        link: String,
        /// The asset behind it.
        asset: String,
        /// Since when the link is down.
        since_ms: i64,
        /// What was going on: `round 3`, `commit`, ...
        during: String,
    },
    /// The messages flowed, but too slowly: a time-out ran out, or the horizon began.
    Late {
        /// The asset that was waited for.
        asset: String,
        /// What was going on.
        during: String,
    },
}

impl Ending {
    /// What to call the run in one word of the planner's own vocabulary.
    pub fn status(&self) -> Status {
        match self {
            Self::Complete { status } => *status,
            Self::Interrupted | Self::LinkDown { .. } | Self::Late { .. } => Status::RoundLimit,
        }
    }
}

impl core::fmt::Display for Ending {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Complete { status } => status.fmt(f),
            Self::Interrupted => f.write_str("interrupted"),
            Self::LinkDown { link, asset, since_ms, during } => write!(
                f,
                "not planned: link {link} to asset {asset} down since {} (in {during})",
                crate::clock::Clock::text(*since_ms)
            ),
            Self::Late { asset, during } => write!(
                f,
                "not planned: {during} waited in vain for asset {asset}; start planning earlier, raise its link's rate or allow more time"
            ),
        }
    }
}
