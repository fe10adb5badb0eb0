use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;

use super::State;
use crate::checkpoint::Cut;

/// Where a fold begins when the past is closed: the state of a checkpoint, and which entries that state has in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What the entries of the cut come to.
    pub state: State,
    /// Up to when they were written.
    pub at: MissionTime,
    /// Which they are.
    pub cut: Arc<Cut>,
}
