/// Prices as a direction of length one; none if they are zero or beyond arithmetic.
pub(super) fn direction(prices: &[f64]) -> Option<Vec<f64>> {
    let largest = prices.iter().fold(0.0_f64, |worst, p| worst.max(p.abs()));
    let norm = largest * prices.iter().map(|p| (p / largest).powi(2)).sum::<f64>().sqrt();
    (norm > 0.0 && norm.is_finite()).then(|| prices.iter().map(|p| p / norm).collect())
}

/// Where a plan may not exist: along prices that ran away while the master looked for a point that the modelled fleet cannot reach,
/// else along those of the boldest point.
pub(super) fn of(suspect: Option<Vec<f64>>, boldest: &[f64]) -> Option<Vec<f64>> {
    suspect.and_then(|prices| direction(&prices)).or_else(|| direction(boldest))
}
