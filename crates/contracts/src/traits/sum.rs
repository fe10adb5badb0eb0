use core::fmt;

use crate::round::{Contribution, RangeError, ReportError, RoundQuery, SummedReport};

/// Turns contributions into their sum, inside one process.
///
/// Over links the round's messages do the same. Implemented by `solver_core::PlainSum`, `solver_core::FixedPointSum`, `privacy::MaskedSum` and `conformance::CompensatedSum`; used by `solver_core::run`.
pub trait Sum {
    /// Adds up the answers to one query, in the order in which they come.
    ///
    /// # Errors
    /// [`SumError`] if nobody contributes or a contribution does not fit the query.
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError>;
}

/// Why a round's sum could not be opened. The round is void; the previous sum stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SumError {
    /// A contribution or the whole does not fit the query.
    Report(ReportError),
    /// The coded ranges do not fit the query.
    Ranges(RangeError),
    /// Fewer contributors than a private sum takes: each could be told apart.
    TooFew {
        /// How many there are.
        found: u32,
        /// How many it takes.
        min: u32,
    },
    /// Noise could not be paid for or drawn; nothing left any asset.
    Noise {
        /// Why, and what to do.
        reason: String,
    },
    /// The masks do not come off, or somebody who must help refuses.
    Masks {
        /// What was refused, and what to do.
        reason: String,
    },
}

impl fmt::Display for SumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Report(error) => error.fmt(f),
            Self::Ranges(error) => error.fmt(f),
            Self::TooFew { found, min } => write!(
                f,
                "{found} contributors where a private sum takes at least {min}, or each could be told apart; wait for more, or sum in the open if nothing is secret"
            ),
            Self::Noise { reason } => f.write_str(reason),
            Self::Masks { reason } => write!(f, "the masked sum was not opened: {reason}"),
        }
    }
}

impl std::error::Error for SumError {}

impl From<ReportError> for SumError {
    fn from(error: ReportError) -> Self {
        Self::Report(error)
    }
}

impl From<RangeError> for SumError {
    fn from(error: RangeError) -> Self {
        Self::Ranges(error)
    }
}
