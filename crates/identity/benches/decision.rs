//! What one decision costs: `cargo xtask bench --package identity`.

use std::hint::black_box;

use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Role, Roles};
use criterion::{Criterion, criterion_group, criterion_main};

fn decision(criterion: &mut Criterion) {
    let policy = Policy::standard();
    let roles = Roles::from(Role::Asset).with(Role::Guardian);
    criterion.bench_function("a role decision", |bencher| {
        bencher.iter(|| {
            policy.allows(
                black_box(roles),
                black_box(Capability::Open),
                black_box(Contract::Sum),
                black_box(Reach::Fleet),
            )
        });
    });
}

criterion_group!(benches, decision);
criterion_main!(benches);
