//! The planning over links: one party of `node::round` for every asset, and the driver that carries their messages.

mod driver;
mod masks;
mod parties;
mod slowest;

pub(crate) use driver::{Planned, plan};
