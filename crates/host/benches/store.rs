//! What a durable append costs, in batches of 100 of 200 bytes.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use cosmosmesh_contracts::traits::Store;
use cosmosmesh_host::store::SqliteStore;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn append(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("cosmosmesh-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut store = SqliteStore::open(folder.join("store.db")).unwrap();
    let mut group = criterion.benchmark_group("sqlite");
    group.throughput(Throughput::Elements(100));
    group.bench_function("100 appends of 200 bytes and a sync", |bencher| {
        bencher.iter(|| {
            for _ in 0..100 {
                store.append("a", &[7; 200]).unwrap();
            }
            store.sync().unwrap();
        });
    });
    group.finish();
    drop(store);
    std::fs::remove_dir_all(folder).unwrap();
}

criterion_group!(benches, append);
criterion_main!(benches);
