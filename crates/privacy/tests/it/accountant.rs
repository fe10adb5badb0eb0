//! The accountant against dp-accounting: frozen answers always, the package itself where it is installed.

use std::io::Write as _;
use std::process::{Command, Stdio};

use cosmosmesh_contracts::traits::{Mechanism, PrivacyLoss, Sensitivity};
use cosmosmesh_privacy::budget::{Budget, epsilon};
use cosmosmesh_privacy::noise::LocalGaussian;
use proptest::prelude::*;

/// 200 compositions and what dp-accounting 0.6.0 says about them; made by `oracle.py` from the lines of `compositions`.
const FROZEN: &str = include_str!("../accounting/frozen.txt");
const COUNT: usize = 200;

/// A release of a vector with squared sensitivity 2^20, so that the multiplier is the deviation divided by 1024.
fn loss(variance: u64) -> PrivacyLoss {
    let mechanism = LocalGaussian::new(variance).expect("a variance that can be drawn");
    mechanism.loss(Sensitivity { l2_squared: 1 << 20, len: 7 })
}

/// Random compositions of up to six kinds of release, from a fixed linear congruence (Knuth's MMIX).
fn compositions() -> Vec<(String, PrivacyLoss, f64)> {
    let mut state = 20_u64;
    let mut below = move |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    (0..COUNT)
        .map(|_| {
            let delta = 10_f64.powi(-(3 + below(8) as i32));
            let mut line = format!("{delta:e}");
            let mut sum = PrivacyLoss::NONE;
            for _ in 0..=below(6) {
                // Multipliers from about a half to about two hundred.
                let deviation = 2_f64.powf(9.0 + below(900) as f64 / 100.0);
                let variance = (deviation * deviation) as u64;
                let count = 1 + below(60);
                line.push_str(&format!(" {}*{count}", (variance as f64).sqrt() / 1024.0));
                sum = sum.and(loss(variance).times(count));
            }
            (line, sum, delta)
        })
        .collect()
}

fn compare(answers: &str) {
    let mut worst: f64 = 0.0;
    let compositions = compositions();
    assert_eq!(answers.lines().count(), compositions.len());
    for (answer, (line, sum, delta)) in answers.lines().zip(compositions) {
        let figures = answer.strip_prefix(line.as_str()).expect("the oracle answers the lines it was asked");
        let figures: Vec<f64> = figures.split_whitespace().map(|f| f.parse().expect("a number")).collect();
        let ours = epsilon(sum, delta);
        assert!(ours >= figures[1], "{line}: {ours} is below the true loss {}", figures[1]);
        assert!(ours <= 1.02 * figures[0], "{line}: {ours} is more than 2 % above RDP's {}", figures[0]);
        worst = worst.max(ours / figures[0]);
    }
    // The best order lies between the orders that the package tries, so ours is below, and not by much.
    assert!((0.99..1.0 + 1e-9).contains(&worst), "largest ratio to RDP: {worst}");
}

#[test]
fn frozen_compositions_are_never_below_the_truth_and_close_to_rdp() {
    compare(FROZEN);
}

#[test]
#[allow(clippy::print_stdout, reason = "a skipped test says why")]
fn dp_accounting_agrees_where_it_is_installed() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/accounting/oracle.py");
    let python = std::env::var("COSMOSMESH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let there = Command::new(&python).args(["-c", "import dp_accounting"]).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!(
            "skipped: {python} has no package dp_accounting; `pip install dp-accounting==0.6.0`, or name a Python in COSMOSMESH_PYTHON"
        );
        return;
    }
    let mut child =
        Command::new(&python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python starts");
    let lines: String = compositions().iter().map(|(line, ..)| format!("{line}\n")).collect();
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("Python reads");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success(), "the oracle failed");
    let answers = String::from_utf8(output.stdout).expect("text");
    if let Ok(path) = std::env::var("COSMOSMESH_FREEZE") {
        std::fs::write(path, &answers).expect("the frozen answers are written");
    }
    compare(&answers);
}

/// The table of the notes: deviation, releases, RDP and PLD of dp-accounting, and the textbook's bound.
#[test]
fn known_figures() {
    for (deviation, count, pld, rdp, textbook) in [
        (1.0, 1, 4.8866, 5.2215, 5.7565),
        (4.0, 1, 1.0607, 1.1432, 1.3454),
        (4.0, 100, 14.451, 15.328, 16.266),
        (10.0, 500, 12.595, 13.376, 14.254),
    ] {
        let variance = (deviation * deviation * (1 << 20) as f64) as u64;
        let ours = epsilon(loss(variance).times(count), 1e-6);
        assert!(pld < ours && ours < 1.0001 * rdp && ours < textbook, "{deviation} {count}: {ours}");
    }
}

#[test]
fn ends_of_the_scale() {
    assert_eq!(epsilon(PrivacyLoss::NONE, 1e-6), 0.0);
    assert_eq!(epsilon(PrivacyLoss::UNBOUNDED, 1e-6), f64::INFINITY);
    let smallest = epsilon(PrivacyLoss::from_units(1), 1e-9);
    assert!((0.0..1e-6).contains(&smallest), "{smallest}");
    for (epsilon, delta) in
        [(0.0, 1e-6), (-1.0, 1e-6), (f64::NAN, 1e-6), (1.0, 0.0), (1.0, 1.0), (1.0, f64::NAN), (1e9, 0.01)]
    {
        let refused = Budget::new(epsilon, delta).expect_err("outside the range").to_string();
        assert!(refused.contains("outside"), "{refused}");
    }
    // The largest that is admitted still fits the search.
    assert!((Budget::new(1e4, 0.1).expect("a budget").epsilon() - 1e4).abs() < 1e-3);
}

proptest! {
    #[test]
    fn a_budget_is_what_it_says(log_epsilon in -2.0..2.0_f64, log_delta in -20.0..-2.0_f64) {
        let (wanted, delta) = (10_f64.powf(log_epsilon), 10_f64.powf(log_delta));
        let budget = Budget::new(wanted, delta).expect("a budget");
        prop_assert!(budget.epsilon() <= wanted);
        prop_assert!(budget.epsilon() >= wanted * (1.0 - 1e-6));
        prop_assert!(epsilon(budget.loss().and(PrivacyLoss::from_units(budget.loss().units() / 1000 + 1)), delta) > wanted);
    }

    #[test]
    fn more_loss_and_less_delta_cost_more(units in 1_u128..1 << 70, more in 0_u128..1 << 70, log_delta in -20.0..-2.0_f64) {
        let delta = 10_f64.powf(log_delta);
        let (less, both) = (PrivacyLoss::from_units(units), PrivacyLoss::from_units(units + more));
        // The search for the best order is exact to a part in a billion.
        prop_assert!(epsilon(both, delta) >= epsilon(less, delta) * (1.0 - 1e-9));
        prop_assert!(epsilon(less, delta / 10.0) >= epsilon(less, delta) * (1.0 - 1e-9));
    }
}
