//! One planning round: a query that everybody hears, and a report whose *sum* over the assets is all that anybody learns.
//!
//! ```text
//! Coordination --query()--> RoundQuery ──► every asset: Participant::answer ──► Contribution
//!                                                                                   │  Sum (plain, masked, ...)
//! Coordination <--absorb()-- SummedReport ◄──────────────────────────────────────────┘
//! ```
//!
//! Between the contributions and a private sum stands the [`Quantiser`]: numbers become integers in coded [`Ranges`], and words whose modular sum is exact.
//!
//! A [`Contribution`] is one asset's and private; a [`SummedReport`] is the fleet's. No function turns the one into the other but a sum.

mod check;
mod layout;
mod mix;
mod quantiser;
mod query;
mod ranges;
mod report;
mod result;
mod short;

pub use check::{RoundError, RoundErrorKind};
pub use layout::{Field, FieldKind, ReportLayout, Rounding};
pub use mix::{ColumnKey, Mix, Move};
pub use quantiser::Quantiser;
pub use query::{Ask, Guide, Metric, OpenPrice, QueryPoint, Rest, RoundQuery};
pub use ranges::{FieldRange, RangeError, Ranges, WordWidth};
pub use report::{Contribution, ReportError, SummedReport};
pub use result::RoundResult;
