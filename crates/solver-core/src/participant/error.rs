use core::fmt;

use cosmosmesh_contracts::round::{ColumnKey, ReportError};

/// Why a query was not answered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ParticipantError {
    /// The query is for a fleet with another number of rows.
    RowCount {
        /// This asset's fleet.
        expected: usize,
        /// The query's.
        found: usize,
    },
    /// The query builds on a round that this asset did not answer.
    Missed {
        /// The round of the query.
        round: u32,
    },
    /// A number or list of the query is unusable.
    Query {
        /// Which.
        reason: String,
    },
    /// The answer does not fit the layout.
    Report(ReportError),
    /// A mix names a plan that this asset does not keep.
    UnknownColumn(ColumnKey),
}

impl fmt::Display for ParticipantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RowCount { expected, found } => {
                write!(
                    f,
                    "the query has {found} fleet rows, this asset knows {expected}; compare the fleet's contract versions"
                )
            }
            Self::Missed { round } => {
                write!(f, "round {round} builds on an answer that this asset never gave; let it join at the next start")
            }
            Self::Query { reason } => write!(f, "the query is unusable: {reason}"),
            Self::Report(error) => error.fmt(f),
            Self::UnknownColumn(key) => {
                write!(
                    f,
                    "the plan of round {}, answer {}, is not kept here; ask for a mix of newer ones",
                    key.round, key.slot
                )
            }
        }
    }
}

impl std::error::Error for ParticipantError {}

impl From<ReportError> for ParticipantError {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}
