//! What comes out of planning: a status, a certificate, and for every asset its own plan.

use core::fmt;

use crate::AssetId;
use crate::round::Mix;

/// Why planning stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum Status {
    /// The certificate proves the plan good to the tolerance.
    Optimal,
    /// No plan meets the fleet's rows; the certificate's conflict proves it.
    Infeasible,
    /// The cost can fall without end.
    Unbounded,
    /// Stopped by a limit or by the user; the best safe plan, if any, comes with it.
    RoundLimit,
    /// The arithmetic broke down; the best safe plan, if any, comes with it.
    Numerical,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optimal => "optimal",
            Self::Infeasible => "infeasible",
            Self::Unbounded => "unbounded",
            Self::RoundLimit => "round_limit",
            Self::Numerical => "numerical",
        })
    }
}

/// Which plan is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub enum PlanKind {
    /// Proven good to the tolerance.
    Optimal,
    /// Meets every row; how far from the optimum, the certificate says.
    Safe,
}

/// What is proven about a plan, from sums alone.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "wire", derive(bincode::Encode, bincode::Decode))]
pub struct Certificate {
    /// An upper bound of the plan's cost.
    pub objective: f64,
    /// A lower bound of every plan's cost: `max_p sum_i min_{X_i}(f_i + p'G_i x) - max_{l<=v<=u} p'v`.
    pub dual_bound: f64,
    /// `(objective - dual_bound) / (1 + |dual_bound|)`.
    pub gap_relative: f64,
    /// Worst violation of a fleet row, divided by `1 + ` the largest finite bound.
    pub coupling_violation: f64,
}

/// What the coordinator knows when it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What to call the run if it stops now: [`Status::RoundLimit`] while it could go on.
    pub status: Status,
    /// How many sums were absorbed.
    pub rounds: u32,
    /// The plan to use now, if there is one: proven, else the best safe one, else the least violating.
    pub mix: Option<Mix>,
    /// Whether that plan is proven or safe; absent if it still violates a row.
    pub plan: Option<PlanKind>,
    /// What is proven about it.
    pub certificate: Option<Certificate>,
    /// The best prices known, one per fleet row in the problem's own units.
    pub prices: Vec<f64>,
    /// With [`Status::Infeasible`]: weights of the fleet's rows that no choice of the assets can meet; empty if assets fail on their own.
    pub conflict: Vec<f64>,
    /// How many assets report that their own problem has no solution.
    pub locally_infeasible: usize,
    /// The first round with a safe plan.
    pub safe_round: Option<u32>,
    /// The first round with a safe plan proven within 1 % of the optimum.
    pub safe_round_one_percent: Option<u32>,
}

/// One asset's plan: private to it.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Plan {
    /// Whose.
    pub id: AssetId,
    /// One value per variable of its local problem.
    pub x: Vec<f64>,
}
