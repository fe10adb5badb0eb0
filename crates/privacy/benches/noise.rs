//! What noise and its accounting cost: a release of 10,000 entries, a conversion, a payment.
#![allow(clippy::unwrap_used, reason = "a bench may fail")]

use std::hint::black_box;

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{Mechanism, PrivacyLoss};
use cosmosmesh_crypto::SystemRandom;
use cosmosmesh_privacy::budget::{Budget, Ledger, epsilon};
use cosmosmesh_privacy::noise::LocalGaussian;
use criterion::{Criterion, criterion_group, criterion_main};

fn noise(c: &mut Criterion) {
    let mut random = SystemRandom::new();
    for (name, variance) in [("deviation 4", 16_u64), ("deviation 2^10", 1 << 20), ("deviation 2^24", 1 << 48)] {
        let mechanism = LocalGaussian::new(variance).unwrap();
        let mut values = vec![0_i128; 10_000];
        c.bench_function(&format!("noise/release of 10,000, {name}"), |b| {
            b.iter(|| mechanism.release(black_box(&mut values), &mut random).unwrap())
        });
    }
}

fn budget(c: &mut Criterion) {
    let loss = PrivacyLoss::from_units(1 << 58);
    c.bench_function("budget/epsilon of a loss", |b| b.iter(|| epsilon(black_box(loss), 1e-6)));
    c.bench_function("budget/loss of an epsilon", |b| b.iter(|| Budget::new(black_box(1.0), 1e-6).unwrap()));
    let fleet: Vec<_> = (0..1000).map(|k| AssetId::new(format!("asset-{k}")).unwrap()).collect();
    let mut ledger = Ledger::open(MemoryStore::new(), "privacy/budget").unwrap();
    for asset in &fleet {
        ledger.grant(asset, Budget::of_loss(PrivacyLoss::from_units(1 << 100), 1e-6).unwrap()).unwrap();
    }
    let losses: Vec<_> = fleet.iter().map(|asset| (asset.clone(), PrivacyLoss::from_units(1))).collect();
    c.bench_function("budget/payment of 1,000 assets, store in memory", |b| {
        b.iter(|| ledger.spend(black_box(&losses)).unwrap())
    });
}

criterion_group!(benches, noise, budget);
criterion_main!(benches);
