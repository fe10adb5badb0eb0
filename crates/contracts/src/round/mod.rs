//! One planning round: a query that everybody hears, and a report whose *sum* over the assets is all that anybody learns.
//!
//! ```text
//! Coordination --query()--> RoundQuery ──► every asset: Participant::answer ──► Contribution
//!                                                                                   │  Sum (plain, masked, ...)
//! Coordination <--absorb()-- SummedReport ◄──────────────────────────────────────────┘
//! ```
//!
//! A [`Contribution`] is one asset's and private; a [`SummedReport`] is the fleet's. No function turns the one into the other but a sum.

mod check;
mod layout;
mod query;
mod report;
mod result;

pub use check::{RoundError, RoundErrorKind};
pub use layout::{Field, FieldKind, ReportLayout};
pub use query::{Ask, ColumnKey, Metric, Mix, OpenPrice, QueryPoint, RoundQuery};
pub use report::{Contribution, ReportError, SummedReport};
pub use result::RoundResult;
