use crate::round::{Ranges, ReportLayout, RoundQuery, SummedReport};

/// Chooses the coded ranges of each round's answers from what everybody hears: the queries, and the sums before.
///
/// Whoever hears the same has the same ranges, so they can be announced by one and checked by all.
/// Implemented by `solver_core::Ranging` and `conformance::WideRanges`; used by `privacy::MaskedSum` and the node's round.
/// # Privacy
/// Nothing private goes in.
pub trait RangeRule {
    /// The ranges of the answers to a query; they pass [`Ranges::check`] for its layout.
    fn ranges(&self, query: &RoundQuery, layout: &ReportLayout) -> Ranges;

    /// Hears the sum of the answers to a query.
    fn hear(&mut self, query: &RoundQuery, sum: &SummedReport);
}
