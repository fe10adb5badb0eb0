/// `exp(mean(ln(v + shift))) - shift`: small values count less the larger the shift, so a table must state it.
///
/// NaN for an empty list.
pub fn shifted_geometric_mean(values: &[f64], shift: f64) -> f64 {
    let mean = values.iter().map(|v| (v + shift).ln()).sum::<f64>() / values.len() as f64;
    mean.exp() - shift
}

/// The value in the middle, or the mean of the two; NaN for an empty list.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which a share of the list lies, linear between neighbours; NaN for an empty list.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    // Neighbours that are equal need no line between them, which between two endless ones would be none.
    if sorted[below] == sorted[above] {
        sorted[below]
    } else {
        sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shift_decides_what_small_values_weigh() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} against {b}");
        near(shifted_geometric_mean(&[1.0, 100.0], 0.0), 10.0);
        near(shifted_geometric_mean(&[0.0, 3.0], 1.0), 1.0);
        near(shifted_geometric_mean(&[5.0, 5.0, 5.0], 10.0), 5.0);
        assert!(shifted_geometric_mean(&[], 1.0).is_nan());
    }

    #[test]
    fn medians_and_quantiles_ignore_the_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile(&[0.0, 10.0, 20.0], 0.95), 19.0);
        assert_eq!(quantile(&[7.0], 0.05), 7.0);
        assert_eq!(median(&[10.0, f64::INFINITY, f64::INFINITY, f64::INFINITY]), f64::INFINITY);
        assert!(median(&[]).is_nan());
    }
}
