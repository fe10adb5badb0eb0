use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;

use crate::range::RangeSet;

/// A snapshot that a peer is being sent.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub(super) checkpoint: Digest,
    /// Whether the votes are to go first.
    pub(super) votes: bool,
    pub(super) pending: RangeSet,
    /// Where to go on: what is pending before it comes last.
    pub(super) from: u64,
    /// How many pieces have gone out since the votes, over a way without answers.
    pub(super) since_votes: u32,
    /// When the last of it went out.
    pub(super) sent_at: MissionTime,
}

/// How much of which snapshot has gone to a peer over ways without answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) checkpoint: Digest,
    pub(super) from: u64,
}

/// After how many pieces the votes go out again, where nobody can say that they were lost.
pub(super) const VOTES_EVERY: u32 = 32;

impl Outgoing {
    /// The stretch that the next piece is of.
    pub(super) fn next(&self) -> Option<(u64, u64)> {
        let stretches = self.pending.ranges();
        let ahead = stretches.iter().find(|(_, end)| *end > self.from);
        ahead.map(|&(start, end)| (start.max(self.from), end)).or_else(|| stretches.first().copied())
    }
}
