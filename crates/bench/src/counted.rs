use cosmosmesh_contracts::round::{Contribution, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{Sum, SumError};
use cosmosmesh_contracts::wire;

/// A sum that counts: rounds, and the bytes that each asset would send and receive over a link.
#[derive(Clone, Debug, Default)]
pub struct Counted<S> {
    inner: S,
    /// Sums taken; two sums are two rounds.
    pub rounds: u32,
    /// Bytes of the wire frames of one asset's contributions, before masks and signatures. All assets' are equally long.
    pub bytes_up: u64,
    /// Bytes of the wire frames of the queries that one asset heard.
    pub bytes_down: u64,
    /// `bytes_up` after each round.
    by_round: Vec<u64>,
}

impl<S: Sum> Counted<S> {
    /// Wraps a sum.
    pub fn new(inner: S) -> Self {
        Self { inner, rounds: 0, bytes_up: 0, bytes_down: 0, by_round: Vec::new() }
    }

    /// Bytes that one asset had sent after a round, the first being 1.
    pub fn bytes_up_by(&self, round: u32) -> Option<u64> {
        self.by_round.get(round.checked_sub(1)? as usize).copied()
    }
}

impl<S: Sum> Sum for Counted<S> {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        self.rounds += 1;
        self.bytes_down += wire::encode(query).len() as u64;
        let first = contributions.next();
        if let Some(contribution) = &first {
            self.bytes_up += wire::encode(contribution).len() as u64;
        }
        self.by_round.push(self.bytes_up);
        self.inner.sum(query, &mut first.into_iter().chain(contributions))
    }
}
