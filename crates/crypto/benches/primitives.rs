//! What the primitives cost on one thread: signatures, agreement, and the stream that masks are made of.

use std::hint::black_box;

use cosmosmesh_contracts::traits::{ContentHasher, KeyAgreement, Signer, Verifier};
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Ed25519Verifier, Secret, X25519};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn primitives(c: &mut Criterion) {
    let signer = Ed25519Signer::new(Secret::take(&mut [7; 32]));
    let message = [0x5a; 128];
    let signature = signer.sign(&message).expect("a key in memory signs");
    let (id, verifier) = (signer.node_id(), Ed25519Verifier::new());
    c.bench_function("ed25519/sign", |b| b.iter(|| signer.sign(black_box(&message))));
    c.bench_function("ed25519/verify", |b| b.iter(|| verifier.verify(&id, black_box(&message), &signature)));
    let peer = X25519.public_key(&[2; 32]);
    c.bench_function("x25519/agree", |b| {
        let mut shared = [0; 32];
        b.iter(|| X25519.agree(black_box(&[1; 32]), &peer, &mut shared))
    });

    let mut group = c.benchmark_group("blake3");
    let mut buffer = vec![0; 1 << 16];
    group.throughput(Throughput::Bytes(buffer.len() as u64));
    group
        .bench_function("expand 64 KiB", |b| b.iter(|| Blake3.expand(&[1; 32], b"context", 0, black_box(&mut buffer))));
    group.bench_function("digest 64 KiB", |b| b.iter(|| Blake3.digest("bench/1", &[black_box(&buffer)])));
}

criterion_group!(benches, primitives);
criterion_main!(benches);
