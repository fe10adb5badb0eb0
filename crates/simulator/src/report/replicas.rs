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
