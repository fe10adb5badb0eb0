use cosmosmesh_contracts::round::Rest;

/// How many assets leave their predictions at the same time, as a power of over how many the decrement was spread.
const TOGETHER: f64 = 0.75;
/// The most that a row gives, as a multiple of how far the fleet's use of it moves.
const GIVE_MAX: f64 = 1e9;

/// What surrounds each asset of a fleet with this summed curvature (in full), for a query whose points' rows give so much.
///
/// `effective` is over how many assets the fleet's distance from its path is spread.
/// # Source
/// docs/math/federated-solver.md#metric.
pub(super) fn rest(curvature: &[f64], effective: f64, mut give: Vec<Vec<f64>>) -> Rest {
    let m = give.first().map_or(0, Vec::len);
    // A row without limits, or far from them, gives without end.
    let mean = (0..m).map(|k| curvature[k * m + k]).sum::<f64>() / m.max(1) as f64;
    for give in &mut give {
        let cap = |k: usize| GIVE_MAX * (curvature[k * m + k] + mean).max(f64::MIN_POSITIVE);
        give.iter_mut().enumerate().for_each(|(k, v)| *v = v.min(cap(k)));
    }
    let upper = (0..m).flat_map(|a| curvature[a * m + a..(a + 1) * m].iter().copied()).collect();
    Rest { weight: effective.powf(TOGETHER), curvature: upper, give }
}
