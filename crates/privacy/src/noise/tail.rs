/// How far a sum of independent discrete Gaussians of this total variance stays from zero, in every one of `statements` two-sided statements together,
/// with probability at least `confidence`.
///
/// Holds for statements about noise that is drawn after whatever they depend on, so also over the rounds of a run that reacts to them.
/// # Units
/// Those of the square root of `variance`.
/// # Source
/// A discrete Gaussian is sub-Gaussian with its own variance (Canonne, Kamath, Steinke 2020, corollary 17), sums of such are with the sum of variances,
/// and `P(|Z| >= r) <= 2 exp(-r^2 / (2 variance))`; then the union bound. docs/math/privacy-accounting.md#confidence.
///
/// ```
/// use cosmosmesh_privacy::noise::tail_radius;
///
/// // One statement at 95 %: 2.72 standard deviations, where the bell itself would need 1.96.
/// let radius = tail_radius(100.0, 1, 0.95);
/// assert!((27.1..27.3).contains(&radius));
/// ```
pub fn tail_radius(variance: f64, statements: u64, confidence: f64) -> f64 {
    let failing = (1.0 - confidence).clamp(f64::MIN_POSITIVE, 1.0);
    let radius = (2.0 * variance * (2.0 * statements.max(1) as f64 / failing).ln()).sqrt();
    // Outwards by more than the arithmetic above can err.
    radius * (1.0 + 1e-12)
}
