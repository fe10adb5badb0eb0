use cosmosmesh_contracts::plan::Status;
use serde::Serialize;

/// The figures of a run in one place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// What the rounds came to.
    pub status: Status,
    /// How many sums were absorbed.
    pub rounds: u32,
    /// Certified relative gap of the best plan.
    pub gap_relative: Option<f64>,
    /// Its relative violation of the fleet's rows.
    pub coupling_violation: Option<f64>,
    /// The first round with a plan that meets every row.
    pub safe_round: Option<u32>,
    /// The first round with such a plan proven within 1 % of the optimum.
    pub safe_round_one_percent: Option<u32>,
    /// Message bytes that an asset sent: mean over the assets that are not the facilitator.
    pub bytes_up_per_asset: f64,
    /// Message bytes sent to an asset: mean over the same assets.
    pub bytes_down_per_asset: f64,
    /// Packets sent again, all together.
    pub retransmissions: u64,
    /// Virtual time from the first query until the certificate.
    pub time_to_certificate_ms: Option<i64>,
    /// Virtual time from the first query until the plan was in effect on every asset.
    pub time_to_plan_ms: Option<i64>,
    /// The narrowest margin of each kind in the integrated reality; negative is a violation.
    pub margins: Vec<Margin>,
    /// How many limits the integrated reality broke.
    pub violation_count: usize,
    /// Steps of the integrated reality, each of which was checked.
    pub steps: u64,
}

/// The narrowest distance to a limit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Margin {
    /// Of which kind.
    pub kind: MarginKind,
    /// Whose; `fleet` for shared rows.
    pub asset: String,
    /// Which limit: `battery_floor`, `bus_energy[17]`, ...
    pub quantity: String,
    /// When.
    pub time_ms: i64,
    /// Distance to the limit, positive inside.
    pub margin: f64,
    /// Its unit.
    pub unit: String,
}

/// Kinds of limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MarginKind {
    /// Above the floor of a battery, in Wh.
    Battery,
    /// Below the size of a memory, in Mb.
    Memory,
    /// Below what the base's bus can deliver at an instant, in W.
    BusPower,
    /// Below what the base's bus can deliver in a slot, in Wh.
    BusEnergy,
    /// Below what an orbiter can take in a pass, in Mb.
    RelayVolume,
    /// Below one occupant of the corridor in a slot, as a share.
    Corridor,
}

/// A limit that the integrated reality broke.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Violation {
    /// When it was first seen.
    pub time_ms: i64,
    /// Whose; `fleet` for shared rows.
    pub asset: String,
    /// Which limit.
    pub quantity: String,
    /// The worst value during that stretch.
    pub value: f64,
    /// The limit.
    pub limit: f64,
    /// The unit of both.
    pub unit: String,
}

impl core::fmt::Display for Violation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { time_ms, asset, quantity, value, limit, unit } = self;
        let time = crate::clock::Clock::text(*time_ms);
        write!(f, "{time} {asset}: {quantity} is {value:.3} {unit}, the limit is {limit:.3} {unit}")
    }
}
