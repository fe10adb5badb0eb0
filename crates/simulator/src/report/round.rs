use serde::Serialize;

/// One round of coordination.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoundReport {
    /// Counted from 1.
    pub round: u32,
    /// Certified relative gap of the best plan after this round.
    pub gap: Option<f64>,
    /// Its relative violation of the fleet's rows.
    pub violation: Option<f64>,
    /// Certified relative gap, if that plan is safe: it meets every row.
    pub safe_gap: Option<f64>,
    /// The smallest barrier parameter asked at, for methods that have one.
    pub barrier: Option<f64>,
    /// When the query was sent.
    pub started_ms: i64,
    /// When the last report had arrived.
    pub finished_ms: i64,
    /// Message bytes towards the assets, all together.
    pub bytes_down: u64,
    /// Message bytes from the assets, all together.
    pub bytes_up: u64,
    /// Packets sent again.
    pub retransmissions: u64,
}
