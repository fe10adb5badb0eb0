//! The coordinator's side: one file per method, and what they share.
//!
//! Nothing here can hold one asset's contribution: the only input is a [`SummedReport`].

mod admm;
mod admm_adaptive;
mod aladin;
mod anderson;
mod auto;
mod away;
mod cautious;
mod evidence;
mod fan;
mod follower;
mod ipm;
mod link;
mod master;
mod menu;
mod method;
mod mixing;
mod model;
mod moves;
mod pace;
mod path;
mod ray;
mod relay;
mod scaled_rows;
mod start;

use cosmosmesh_contracts::round::{ReportError, ReportLayout, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::CoordinationError;

pub use admm::Admm;
pub use admm_adaptive::AdmmAdaptive;
pub use aladin::Aladin;
pub use auto::Auto;
pub use cautious::{Caution, Cautious};
pub use fan::Fan;
pub use ipm::Ipm;
pub use link::Link;
pub use menu::Menu;
pub use method::{Method, Options, UnknownMethod, Warm, coordinator};
pub use path::Path;

/// The question that waits for its sum.
enum Asked {
    Nothing,
    Query(Box<RoundQuery>),
}

impl Asked {
    /// The question, asked again.
    fn waiting(&self) -> Option<RoundQuery> {
        if let Self::Query(query) = self { Some(RoundQuery::clone(query)) } else { None }
    }

    /// Keeps a question until its sum is there.
    fn keep(&mut self, query: RoundQuery) -> RoundQuery {
        *self = Self::Query(Box::new(query.clone()));
        query
    }

    /// Takes the question that `sum` answers.
    fn take(&mut self, sum: &SummedReport) -> Result<Box<RoundQuery>, CoordinationError> {
        let Self::Query(query) = self else { return Err(CoordinationError::NothingAsked) };
        let expected = ReportLayout::of(query)?;
        if *sum.layout() != expected {
            let error = ReportError::WrongLength { expected: expected.len(), found: sum.layout().len() };
            return Err(CoordinationError::Report(error));
        }
        match std::mem::replace(self, Self::Nothing) {
            Self::Query(query) => Ok(query),
            Self::Nothing => Err(CoordinationError::NothingAsked),
        }
    }
}
