//! What the log costs: hashing, proving, verifying, and appending, to memory and to a SQLite file.
#![allow(missing_docs, reason = "criterion writes undocumented items")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_host::store::SqliteStore;
use cosmosmesh_ledger::{Log, Tree, leaf_hash, verify_consistency, verify_inclusion};
use criterion::{Criterion, criterion_group, criterion_main};

const SIZE: u64 = 1_000_000;

fn log(criterion: &mut Criterion) {
    let entry = [7_u8; 200];
    criterion.bench_function("leaf hash of 200 bytes", |b| b.iter(|| leaf_hash(&entry)));
    let mut tree = Tree::new();
    (0..SIZE).for_each(|k| tree.push(leaf_hash(&k.to_be_bytes())));
    let root = tree.root();
    let mut index = 0;
    criterion.bench_function("inclusion proof at 1,000,000 entries", |b| {
        b.iter(|| {
            index = (index + 618_033) % SIZE;
            tree.inclusion(index, SIZE)
        });
    });
    // The deepest leaf and a size whose right edge must be hashed.
    criterion.bench_function("inclusion proof at 999,999 entries, earlier root", |b| {
        b.iter(|| tree.inclusion(618_033, SIZE - 1));
    });
    let proof = tree.inclusion(618_033, SIZE).unwrap();
    let leaf = tree.leaf(618_033).unwrap();
    criterion.bench_function("verification at 1,000,000 entries", |b| {
        b.iter(|| verify_inclusion(&leaf, 618_033, SIZE, &proof, &root));
    });
    let old = tree.root_at(777_777).unwrap();
    let growth = tree.consistency(777_777, SIZE).unwrap();
    criterion.bench_function("growth proof at 1,000,000 entries", |b| b.iter(|| tree.consistency(777_777, SIZE)));
    criterion.bench_function("verification of growth", |b| {
        b.iter(|| verify_consistency(777_777, &old, SIZE, &root, &growth));
    });
    let batch = vec![entry; 100];
    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "l", "bench").unwrap();
    criterion.bench_function("append of 100 entries, store in memory", |b| {
        b.iter(|| log.append(&mut store, &batch).unwrap());
    });
    let path = std::env::temp_dir().join(format!("cosmosmesh-ledger-bench-{}.sqlite", std::process::id()));
    let mut store = SqliteStore::open(&path).unwrap();
    let mut log = Log::open(&store, "l", "bench").unwrap();
    criterion.bench_function("durable append of 100 entries, SQLite", |b| {
        b.iter(|| log.append(&mut store, &batch).unwrap());
    });
    drop(store);
    let _ = std::fs::remove_file(path);
}

criterion_group!(benches, log);
criterion_main!(benches);
