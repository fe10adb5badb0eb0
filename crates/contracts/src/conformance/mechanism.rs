use crate::traits::{Mechanism, PrivacyLoss, SecureRandom, Sensitivity};

/// What every [`Mechanism`] must do; panics with a sentence where one does not.
///
/// `variance` is the variance of what one release adds to an entry.
pub fn mechanism<M: Mechanism + ?Sized>(subject: &M, variance: f64, random: &mut dyn SecureRandom) {
    let loss = |l2_squared, len| subject.loss(Sensitivity { l2_squared, len });
    assert!(loss(0, 0) <= PrivacyLoss::from_units(1), "what does not depend on an asset costs nothing");
    let mut last = PrivacyLoss::NONE;
    for power in 0..128 {
        let next = loss(1 << power, 3);
        assert!(next >= last, "more sensitivity never costs less");
        assert!(next > PrivacyLoss::NONE, "what depends on an asset costs something");
        last = next;
    }
    assert_eq!(loss(u128::MAX, 3), PrivacyLoss::UNBOUNDED, "beyond arithmetic nothing is promised");
    assert!(loss(100, 1000) >= loss(100, 1), "more entries never cost less");

    subject.release(&mut [], random).expect("an empty vector is released");
    let mut largest = [i128::MAX];
    assert!(subject.release(&mut largest, random).is_err(), "an entry without room for noise is refused");

    const COUNT: usize = 40_000;
    let truth = 1000_i128;
    let mut values = vec![truth; COUNT];
    subject.release(&mut values, random).expect("a vector is released");
    let noise: Vec<f64> = values.iter().map(|value| (value - truth) as f64).collect();
    let mean = noise.iter().sum::<f64>() / COUNT as f64;
    let square = noise.iter().map(|z| z * z).sum::<f64>() / COUNT as f64;
    // Six standard errors of a mean, and of the variance of a bell (relative: the square root of two by the count).
    assert!(mean.abs() <= 6.0 * (variance / COUNT as f64).sqrt(), "noise is centred, its mean is {mean}");
    let off = (square / variance - 1.0).abs();
    assert!(off <= 6.0 * (2.0 / COUNT as f64).sqrt() + 0.01, "the variance is {square}, stated is {variance}");
    let lag = noise.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / (COUNT as f64 * variance);
    assert!(lag.abs() <= 6.0 / (COUNT as f64).sqrt(), "entries are independent, their correlation is {lag}");
}
