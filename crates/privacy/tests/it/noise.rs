//! The sampler against the exact distribution, the mechanisms against brute force.

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::key::KeyError;
use cosmosmesh_contracts::traits::{Mechanism, MechanismError, PrivacyLoss, SecureRandom, Sensitivity};
use cosmosmesh_crypto::{SeededRandom, SystemRandom};
use cosmosmesh_privacy::noise::{
    DiscreteGaussian, Lattice, LatticeError, LocalGaussian, NoiseError, SummedGaussian, tail_radius,
};
use proptest::prelude::*;

/// The exact probabilities of -reach..=reach.
fn exact(variance: f64, reach: i64) -> Vec<f64> {
    let weight = |x: i64| (-((x * x) as f64) / (2.0 * variance)).exp();
    let total: f64 = (-4 * reach..=4 * reach).map(weight).sum();
    (-reach..=reach).map(|x| weight(x) / total).collect()
}

/// Pearson's statistic and its degrees of freedom, with cells of at least twenty expected draws.
fn chi_square(counts: &[u64], probabilities: &[f64], draws: u64) -> (f64, usize) {
    let (mut statistic, mut cells) = (0.0, 0);
    let (mut seen, mut expected) = (0.0, 0.0);
    let mut rest = (draws as f64, draws as f64);
    for (count, probability) in counts.iter().zip(probabilities) {
        seen += *count as f64;
        expected += probability * draws as f64;
        if expected >= 20.0 {
            statistic += (seen - expected).powi(2) / expected;
            cells += 1;
            rest = (rest.0 - seen, rest.1 - expected);
            (seen, expected) = (0.0, 0.0);
        }
    }
    // Whatever lies beyond the last full cell, above the reach included.
    statistic += (rest.0 - rest.1).powi(2) / rest.1.max(1.0);
    (statistic, cells)
}

/// The value that a chi-square passes with probability `exp(-z^2/2)` or less, after Wilson and Hilferty (1931).
fn quantile(degrees: usize, z: f64) -> f64 {
    let k = degrees as f64;
    k * (1.0 - 2.0 / (9.0 * k) + z * (2.0 / (9.0 * k)).sqrt()).powi(3)
}

fn draws_fit(variance: u64, seed: u64, draws: u64) {
    let gaussian = DiscreteGaussian::new(variance).expect("a variance that can be drawn");
    let mut random = SeededRandom::new(seed, "chi-square");
    let mechanism = LocalGaussian::new(variance).expect("the same");
    assert_eq!(mechanism.variance(), gaussian.variance());
    let reach = (6.0 * (variance as f64).sqrt()).ceil() as i64 + 1;
    let mut counts = vec![0; 2 * reach as usize + 1];
    let mut batch = vec![0; 10_000];
    for _ in 0..draws / 10_000 {
        batch.fill(0);
        mechanism.release(&mut batch, &mut random).expect("a debug build draws from a seed");
        for &x in batch.iter().filter(|x| x.unsigned_abs() <= reach as u128) {
            counts[(x + i128::from(reach)) as usize] += 1;
        }
    }
    let (statistic, degrees) = chi_square(&counts, &exact(variance as f64, reach), draws);
    // Passed by chance once in two thousand seeds; the seeds are fixed.
    let limit = quantile(degrees, 3.29);
    assert!(
        statistic < limit,
        "variance {variance}: {statistic:.1} is above {limit:.1} with {degrees} degrees of freedom"
    );
    // And not suspiciously good either.
    assert!(statistic > quantile(degrees, -3.29), "variance {variance}: {statistic:.1} is too good to be random");
}

#[test]
fn a_million_draws_fit_the_exact_distribution() {
    draws_fit(10, 1, 1_000_000);
}

#[test]
fn draws_fit_at_other_variances() {
    // One, a square, one below a square, and a wide one.
    for (variance, seed) in [(1, 2), (4, 3), (99, 4), (2500, 5)] {
        draws_fit(variance, seed, 100_000);
    }
}

/// The test above can fail: draws from a rounded continuous bell do not pass it.
#[test]
fn the_chi_square_tells_a_rounded_bell_from_the_discrete_one() {
    let variance = 1.0_f64;
    let reach = 7;
    // P(x - 1/2 < Z < x + 1/2) by the midpoint rule on a fine grid.
    let cell = |x: i64| {
        let density = |z: f64| (-z * z / (2.0 * variance)).exp() / (2.0 * std::f64::consts::PI * variance).sqrt();
        (0..1000).map(|k| density(x as f64 - 0.5 + (k as f64 + 0.5) / 1000.0) / 1000.0).sum::<f64>()
    };
    let counts: Vec<u64> = (-reach..=reach).map(|x| (cell(x) * 1e6).round() as u64).collect();
    let (statistic, degrees) = chi_square(&counts, &exact(variance, reach), 1_000_000);
    assert!(statistic > quantile(degrees, 3.29), "{statistic}");
}

#[test]
fn the_largest_variance_is_drawn_and_the_next_is_refused() {
    let most = DiscreteGaussian::VARIANCE_MAX;
    let gaussian = DiscreteGaussian::new(most).expect("the largest");
    let mut random = SeededRandom::new(6, "large");
    let draws: Vec<f64> = (0..20_000).map(|_| gaussian.sample(&mut random).expect("a draw") as f64).collect();
    let variance = draws.iter().map(|x| x * x).sum::<f64>() / draws.len() as f64;
    assert!((variance / most as f64 - 1.0).abs() < 0.06, "{variance}");
    assert_eq!(DiscreteGaussian::new(most + 1), Err(NoiseError::Variance { found: most + 1 }));
    assert_eq!(DiscreteGaussian::new(0), Err(NoiseError::Variance { found: 0 }));
}

#[test]
fn mechanisms_keep_the_contract() {
    let local = LocalGaussian::new(400).expect("a mechanism");
    conformance::mechanism(&local, 400.0, &mut SeededRandom::new(7, "local"));
    let summed = SummedGaussian::new(40, 10).expect("a mechanism");
    conformance::mechanism(&summed, 40.0, &mut SeededRandom::new(8, "summed"));
    conformance::mechanism(&local, 400.0, &mut SystemRandom::new());
}

/// `D_alpha(Z || Z + shift)`, by summation, in logarithms. The distribution is even, so the other direction is the same.
fn renyi(probabilities: &[f64], shift: usize, alpha: f64) -> f64 {
    let logs: Vec<f64> = probabilities.iter().map(|p| p.ln()).collect();
    let both = logs[shift..].iter().zip(&logs).filter(|(p, q)| p.is_finite() && q.is_finite());
    let sum: f64 = both.map(|(p, q)| (alpha * p + (1.0 - alpha) * q).exp()).sum();
    sum.ln() / (alpha - 1.0)
}

fn convolve(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut sum = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            sum[i + j] += x * y;
        }
    }
    sum
}

/// The stated loss against the divergence of the true distribution of a sum, which is no discrete Gaussian.
#[test]
fn the_summed_loss_bounds_the_exact_divergence() {
    for variance in [1_u64, 2, 3, 9] {
        let one = exact(variance as f64, (20.0 * (variance as f64).sqrt()) as i64);
        let mut sum = one.clone();
        for contributors in 2..=4_u32 {
            sum = convolve(&sum, &one);
            let mechanism = SummedGaussian::new(variance, contributors).expect("a mechanism");
            for shift in [1_usize, 2, 5] {
                let stated = mechanism.loss(Sensitivity { l2_squared: (shift * shift) as u128, len: 1 }).nats();
                let plain = (shift * shift) as f64 / (2 * variance * u64::from(contributors)) as f64;
                // Nine and more: nothing but the bell's own loss can be seen.
                assert!(variance < 9 || stated < plain * (1.0 + 1e-12), "{stated} {plain}");
                for alpha in [1.01, 1.5, 2.0, 4.0] {
                    let divergence = renyi(&sum, shift, alpha);
                    assert!(
                        divergence <= alpha * stated * (1.0 + 1e-9),
                        "{variance} {contributors} {shift} {alpha}: {divergence}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_local_loss_is_the_exact_divergence_of_a_vector() {
    let probabilities = exact(6.0, 40);
    let mechanism = LocalGaussian::new(6).expect("a mechanism");
    // A move by (3, 4) in two entries: the divergences of independent entries add up.
    let stated = mechanism.loss(Sensitivity { l2_squared: 25, len: 2 }).nats();
    for alpha in [1.1, 2.0, 3.0] {
        let divergence = renyi(&probabilities, 3, alpha) + renyi(&probabilities, 4, alpha);
        assert!(divergence <= alpha * stated * (1.0 + 1e-9) && divergence > 0.98 * alpha * stated, "{divergence}");
    }
}

#[test]
fn the_least_noise_for_a_loss_costs_no_more() {
    let sensitivity = Sensitivity { l2_squared: 1 << 30, len: 24 };
    for units in [1_u128 << 50, 1 << 58, (1 << 60) + 7, 1 << 64] {
        let loss = PrivacyLoss::from_units(units);
        let local = LocalGaussian::for_loss(sensitivity, loss).expect("a mechanism");
        assert!(local.loss(sensitivity) <= loss);
        assert!(LocalGaussian::new(local.variance() - 1).expect("less").loss(sensitivity) > loss);
        let summed = SummedGaussian::for_loss(sensitivity, 99, loss).expect("a mechanism");
        assert!(summed.loss(sensitivity) <= loss);
        // At most two steps of variance per share are lost to rounding.
        assert!(summed.variance_of_sum(99) <= u128::from(local.variance()) + 2 * 99);
    }
    let nothing = SummedGaussian::for_loss(sensitivity, 99, PrivacyLoss::NONE);
    assert!(matches!(nothing, Err(NoiseError::Variance { .. })));
    assert_eq!(SummedGaussian::for_loss(sensitivity, 0, PrivacyLoss::UNBOUNDED), Err(NoiseError::NoContributors));
}

/// A sum of a hundred shares stays inside the radius that is promised, and uses a good part of it.
#[test]
fn sums_stay_inside_their_radius() {
    let (share, contributors, runs) = (25, 100, 2000);
    let mechanism = SummedGaussian::new(share, contributors).expect("a mechanism");
    let mut random = SeededRandom::new(9, "tail");
    let radius = tail_radius(mechanism.variance_of_sum(contributors) as f64, runs, 0.999);
    let mut largest = 0;
    let mut sum = vec![0_i128; runs as usize];
    for _ in 0..contributors {
        mechanism.release(&mut sum, &mut random).expect("a share");
    }
    for value in sum {
        largest = largest.max(value.abs());
    }
    assert!(largest as f64 <= radius, "{largest} {radius}");
    assert!(largest as f64 > 0.5 * radius, "{largest} {radius}");
}

#[derive(Debug)]
struct Broken;

impl SecureRandom for Broken {
    fn fill(&mut self, _: &mut [u8]) -> Result<(), KeyError> {
        Err(KeyError::Random)
    }
    fn is_seeded(&self) -> bool {
        false
    }
}

#[test]
fn a_failing_source_stops_the_release() {
    let mechanism = LocalGaussian::new(1).expect("a mechanism");
    assert_eq!(mechanism.release(&mut [0], &mut Broken), Err(MechanismError::Random(KeyError::Random)));
}

/// Runs where tests are built for release: `cargo test --release -p cosmosmesh-privacy`.
#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_draws_no_noise_from_a_seed() {
    let mechanism = LocalGaussian::new(1).expect("a mechanism");
    let mut random = SeededRandom::new(1, "release");
    assert_eq!(mechanism.release(&mut [0], &mut random), Err(MechanismError::Seeded));
}

#[test]
fn a_lattice_clips_before_it_rounds() {
    let lattice = Lattice::new(vec![1.0, 0.3], 1 << 20).expect("a lattice");
    let steps = 1_i128 << 20;
    assert_eq!(lattice.integers(&[f64::INFINITY, -1e300]), Ok(vec![steps, -steps]));
    assert_eq!(lattice.integers(&[-0.0, 0.3]), Ok(vec![0, steps]));
    assert_eq!(lattice.integers(&[0.0]), Err(LatticeError::Length { expected: 2, found: 1 }));
    assert_eq!(lattice.integers(&[0.0, f64::NAN]), Err(LatticeError::NotANumber { index: 1 }));
    for bound in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(Lattice::new(vec![1.0, bound], 8), Err(LatticeError::Bound { index: 1, .. })));
    }
    assert_eq!(Lattice::new(vec![], 0), Err(LatticeError::Steps { found: 0 }));
}

proptest! {
    #[test]
    fn no_two_answers_are_further_apart_than_the_sensitivity(
        steps in 1_u32..1 << 24, bound in 1e-9..1e9_f64,
        a in prop::array::uniform3(-1e10..1e10_f64), b in prop::array::uniform3(-1e10..1e10_f64)
    ) {
        let lattice = Lattice::new(vec![bound; 3], steps).expect("a lattice");
        let (a, b) = (lattice.integers(&a).expect("integers"), lattice.integers(&b).expect("integers"));
        let distance: u128 = a.iter().zip(&b).map(|(a, b)| a.abs_diff(*b).pow(2)).sum();
        prop_assert!(distance <= lattice.sensitivity(3).l2_squared);
    }

    #[test]
    fn inside_the_box_rounding_errs_by_half_a_step(steps in 1_u32..1 << 24, bound in 1e-6..1e6_f64, part in -1.0..1.0_f64) {
        let lattice = Lattice::new(vec![bound], steps).expect("a lattice");
        let back = lattice.integers(&[part * bound]).expect("an integer")[0] as f64 * lattice.step(0);
        prop_assert!((back - part * bound).abs() <= 0.5000001 * lattice.step(0));
    }
}
