//! Replicas of the fleet's logs, reconciled over the scenario's links.

mod agenda;
mod fleet;
mod knowledge;
mod past;
mod wire;

pub(crate) use fleet::reconcile;
