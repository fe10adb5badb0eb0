use cosmosmesh_solver_core::BarrierProblem;

use crate::fleets::{Dice, Kind, random};
use crate::oracle::{self, Verdict};

/// The response is the derivative: `-dy/dp` and `dy/dmu`, against central differences.
#[test]
fn response_is_the_derivative() {
    for (kind, mu) in [(Kind::Strong, 0.3), (Kind::Degenerate, 0.1), (Kind::Strong, 1e-3)] {
        for asset in random(kind, 3, 4, 11).assets() {
            let mut barrier = BarrierProblem::new(asset).expect("convex");
            let t = barrier.touched_rows().len();
            let prices = vec![0.2; t];
            let at = |barrier: &mut BarrierProblem, p: &[f64], mu: f64| {
                barrier.centre(p, mu).expect("an interior").usage.to_vec()
            };
            let (curvature, derivative) = {
                let response = barrier.centre(&prices, mu).expect("an interior");
                (response.curvature.to_vec(), response.barrier_derivative.to_vec())
            };
            let h = 1e-4 * mu;
            for b in 0..t {
                let (mut up, mut down) = (prices.clone(), prices.clone());
                up[b] += h;
                down[b] -= h;
                let (above, below) = (at(&mut barrier, &up, mu), at(&mut barrier, &down, mu));
                for a in 0..t {
                    let slope = -(above[a] - below[a]) / (2.0 * h);
                    // 1e-3: the centres are accurate to 1e-4 of mu in complementarity, the difference to h^2.
                    let scale = curvature[a * t + a].max(curvature[b * t + b]).max(1e-3);
                    assert!(
                        (slope - curvature[a * t + b]).abs() < 1e-3 * scale.max(1.0),
                        "{slope} against {}",
                        curvature[a * t + b]
                    );
                }
            }
            let (above, below) = (at(&mut barrier, &prices, mu * 1.001), at(&mut barrier, &prices, mu * 0.999));
            for a in 0..t {
                let slope = (above[a] - below[a]) / (0.002 * mu);
                assert!(
                    (slope - derivative[a]).abs() < 1e-2 * (1.0 + derivative[a].abs()),
                    "{slope} against {}",
                    derivative[a]
                );
            }
        }
    }
}

/// A bound is below the true minimum at any barrier, and close to it at a small one.
#[test]
fn bound_is_valid_at_any_accuracy_and_tight_at_last() {
    for seed in 0..12 {
        let mut dice = Dice::new(seed);
        let kind = if seed % 2 == 0 { Kind::Strong } else { Kind::Degenerate };
        for asset in random(kind, 2, 5, seed).assets() {
            let prices: Vec<f64> = (0..5).map(|_| dice.uniform(-1.0, 3.0)).collect();
            let Verdict::Optimal { objective: least } = oracle::priced(asset, &prices) else {
                panic!("the oracle solves it")
            };
            let mut barrier = BarrierProblem::new(asset).expect("convex");
            let touched: Vec<f64> = barrier.touched_rows().iter().map(|&r| prices[r]).collect();
            for mu in [1.0, 1e-2, 1e-5, 1e-10] {
                let bound = barrier.centre(&touched, mu).expect("an interior").bound;
                assert!(bound <= least + 1e-8 * (1.0 + least.abs()), "seed {seed}: {bound} above {least} at {mu}");
                if mu < 1e-9 {
                    assert!(bound >= least - 1e-7 * (1.0 + least.abs()), "seed {seed}: {bound} far below {least}");
                }
            }
        }
    }
}

#[test]
fn neighbouring_centres_cost_few_steps() {
    let fleet = random(Kind::Strong, 1, 4, 3);
    let mut barrier = BarrierProblem::new(&fleet.assets()[0]).expect("convex");
    let t = barrier.touched_rows().len();
    barrier.centre(&vec![0.1; t], 1e-2).expect("an interior");
    let before = barrier.newton_steps();
    barrier.centre(&vec![0.1001; t], 1e-2).expect("an interior");
    assert!(barrier.newton_steps() - before <= 3, "took {}", barrier.newton_steps() - before);
}
