/// The slowest link between the coordinator and an asset.
///
/// # Units
/// Seconds; bytes of payload per second, the same in both directions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// From the moment a query leaves until an answer that took no time to compute or to send would be back.
    pub two_way_delay_s: f64,
    /// What the link carries once it carries something.
    pub rate_bytes_per_s: f64,
}

impl Link {
    /// No link at all: coordinator and assets are on one machine, so computing is what counts.
    pub const HERE: Self = Self { two_way_delay_s: 0.0, rate_bytes_per_s: f64::INFINITY };

    /// How long rounds of so many bytes take, query and answer together.
    pub fn predicted_s(&self, rounds: f64, bytes_per_round: f64) -> f64 {
        rounds * (self.two_way_delay_s + bytes_per_round / self.rate_bytes_per_s)
    }

    pub(super) fn is_usable(&self) -> bool {
        self.two_way_delay_s.is_finite()
            && self.two_way_delay_s >= 0.0
            && self.rate_bytes_per_s > 0.0
            && !self.rate_bytes_per_s.is_nan()
    }
}
