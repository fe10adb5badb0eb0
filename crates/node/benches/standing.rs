//! What certificates cost: a message judged, beside the signature check that it needs anyway, and a ladder heard.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../tests/it/fleet_log.rs"]
mod fleet_log;

/// What the log's members sign with.
mod world {
    use std::sync::Arc;

    use cosmosmesh_contracts::traits::CryptoProvider;
    use cosmosmesh_crypto::{seeded_provider, seeded_signer};

    pub(crate) fn node(k: usize) -> CryptoProvider {
        seeded_provider(Arc::new(seeded_signer(1, &format!("{k}"))), 1, &format!("{k}"))
    }
}

use std::hint::black_box;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::TrustPolicy;
use cosmosmesh_contracts::trust::{Act, Capability, Contract, Moment, Reach, Verdict};
use cosmosmesh_crypto::Ed25519Verifier;
use criterion::{Criterion, criterion_group, criterion_main};

use fleet_log::{BOUND, FleetLog, SOL, asset};

const MEMBERS: usize = 100;

fn standing(criterion: &mut Criterion) {
    let log = FleetLog::new(&(0..MEMBERS).map(|k| (k, asset())).collect::<Vec<_>>());
    let verifier = Ed25519Verifier::new();
    let at = Moment::live(MissionTime(10 * SOL), BOUND);
    let mut judge = log.certified(MissionTime(0));
    let ladders: Vec<Vec<u8>> = (0..MEMBERS).map(|k| log.ladder(k, asset(), MissionTime(0))).collect();
    ladders.iter().for_each(|ladder| judge.hear(ladder, &at, &verifier).unwrap());
    let authors: Vec<_> = (0..MEMBERS).map(|k| world::node(k).signer.node_id()).collect();
    let answer = Act::new(Capability::Publish, Contract::Round, Reach::Own);
    let mut group = criterion.benchmark_group("standing");
    let mut k = 0;
    group.bench_function("a message judged, one of 100 members with a ladder of 10", |bencher| {
        bencher.iter(|| {
            k = (k + 1) % MEMBERS;
            let verdict = judge.judge(black_box(&authors[k]), answer, &at);
            assert!(matches!(verdict, Verdict::Valid { .. }));
        });
    });
    group.bench_function("a ladder of 10 heard", |bencher| {
        bencher.iter(|| judge.hear(black_box(&ladders[7]), &at, &verifier).unwrap());
    });
    let crypto = world::node(3);
    let (message, key) = ([7_u8; 200], crypto.signer.node_id());
    let signature = crypto.signer.sign(&message).unwrap();
    group.bench_function("for comparison: one signature checked", |bencher| {
        bencher.iter(|| crypto.verifier.verify(black_box(&key), &message, &signature).unwrap());
    });
    group.finish();
}

criterion_group!(benches, standing);
criterion_main!(benches);
