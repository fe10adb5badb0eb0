use super::evidence::Evidence;

/// What one method leaves to the next: everything proven, the row scaling that everybody has heard, and how many rounds there were.
///
/// # Source
/// docs/math/federated-solver.md#auto.
pub(super) struct Relayed {
    pub(super) evidence: Evidence,
    /// As announced with round 2.
    pub(super) scale: Vec<f64>,
    pub(super) round: u32,
}
