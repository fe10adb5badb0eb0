//! One asset's own problem: an interior point that stops at a chosen barrier parameter and exposes its response.

mod centre;
mod lists;
mod metric;
mod model;
mod newton;
mod point;
mod side;

pub(crate) use centre::{Centred, Engine, FIRM};
pub(crate) use lists::Lists;
pub(crate) use metric::Metric;
pub(crate) use model::Model;
pub(crate) use newton::Newton;
pub(crate) use point::Point;
pub(crate) use side::Side;
