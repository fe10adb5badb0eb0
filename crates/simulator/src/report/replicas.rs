use serde::Serialize;

/// How the replicas of the fleet's logs kept up with each other over the scenario's links.
///
/// Every asset writes one entry in each [`ReplicaReport::every_ms`], from the epoch to the end of the horizon.
/// The fleet's links carry nothing else meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplicaReport {
    /// How often each asset writes.
    pub every_ms: i64,
    /// Length of an entry's body, bytes.
    pub body_bytes: usize,
    /// Entries written, all together.
    pub entries: u64,
    /// Frames sent, all together.
    pub frames: u64,
    /// Of them lost.
    pub frames_lost: u64,
    /// Bytes of all frames.
    pub bytes: u64,
    /// Time from the writing of an entry until another asset had it with all before it: mean over all that arrived.
    pub latency_ms_mean: Option<i64>,
    /// The time that 95 in 100 of them kept within.
    pub latency_ms_p95: Option<i64>,
    /// The longest of them.
    pub latency_ms_max: Option<i64>,
    /// Pairs of an entry and an asset that it had not reached at the end of the horizon.
    pub missing: u64,
    /// When the pairs' staleness was looked at.
    pub times_ms: Vec<i64>,
    /// Each asset as each other asset knows it.
    pub pairs: Vec<PairReport>,
    /// How the past was closed; absent if the scenario keeps it open.
    pub closing: Option<ClosingReport>,
    /// What each asset's store held.
    pub stores: Vec<StoreReport>,
}

/// How a quorum closed the past of the fleet's logs; every asset prunes as soon as a checkpoint is in force at it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClosingReport {
    /// Who may propose checkpoints, in the order in which they stand in for each other.
    pub proposers: Vec<String>,
    /// Who votes.
    pub voters: Vec<String>,
    /// How many votes certify.
    pub needed: usize,
    /// The past is closed up to whole multiples of this.
    pub period_ms: i64,
    /// How old entries are before they are closed.
    pub age_ms: i64,
    /// How long each proposer waits for those before it.
    pub patience_ms: i64,
    /// How often one claimed to propose in another's place.
    pub claims: u64,
    /// The checkpoints that came into force, rising.
    pub checkpoints: Vec<CheckpointReport>,
    /// How often an entry was refused because it came too late, as receipts tell it.
    pub late: u64,
    /// How often an asset wrote a late entry again, as an entry of its own.
    pub carried: u64,
}

/// A checkpoint: which past is closed, and who says so.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CheckpointReport {
    /// Counts from one.
    pub number: u64,
    /// Up to when the past is closed.
    pub at_ms: i64,
    /// Who last proposed it.
    pub proposer: String,
    /// When.
    pub proposed_ms: i64,
    /// Whose votes certified it where it first came into force.
    pub signed_by: Vec<String>,
    /// How many entries it covers, those of earlier checkpoints, proposals and votes included.
    pub entries: u64,
    /// Length of the state that they come to.
    pub state_bytes: u64,
    /// When it came into force at each asset, in the scenario's order; absent where it had not, or was overtaken by a later one.
    pub in_force_ms: Vec<Option<i64>>,
}

/// What one asset's store of logs held over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StoreReport {
    /// Whose store.
    pub at: String,
    /// Bytes of all its records at each of [`ReplicaReport::times_ms`].
    pub held_bytes: Vec<u64>,
    /// Entries of which it kept only the hash, all in all.
    pub pruned_entries: u64,
    /// How long they were.
    pub pruned_bytes: u64,
}

/// What one asset knows of another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairReport {
    /// Whose entries.
    pub of: String,
    /// Who holds them.
    pub at: String,
    /// Mean latency of those that arrived.
    pub latency_ms_mean: Option<i64>,
    /// At each of the times: how old the newest entry was that had arrived with all before it; since the epoch, if none had.
    pub stale_ms: Vec<i64>,
}
