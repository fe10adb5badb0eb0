use cosmosmesh_contracts::plan::Status;

use crate::report::RoundReport;

/// What a running simulation tells its caller, who may stop it at any of these.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// The scenario is read and every asset has its problem.
    Ready {
        /// How many assets.
        assets: usize,
        /// How many fleet rows.
        rows: usize,
        /// How many slots.
        slots: usize,
    },
    /// A round is over.
    Round(RoundReport),
    /// The rounds are over.
    Planned {
        /// What they came to.
        status: Status,
        /// Virtual time since the first query.
        time_ms: i64,
    },
    /// The reality is being integrated.
    Executing {
        /// How far it is.
        time_ms: i64,
        /// Where it ends.
        end_ms: i64,
    },
}
