//! Replicas of the fleet's logs, reconciled over the scenario's links.

mod fleet;
mod wire;

pub(crate) use fleet::reconcile;
