//! What one decision costs, and what a certificate does: `cargo xtask bench --package identity`.
#![allow(missing_docs, reason = "criterion writes undocumented items")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use std::hint::black_box;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_contracts::{AssetId, MissionTime};
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret, SeededRandom};
use cosmosmesh_identity::certificate::{
    Certificate, Evidence, GovernanceView, MissionEpoch, Token, Tolerance, Verdict, Window, judge,
};
use cosmosmesh_identity::role::{Capability, Contract, Delegation, Members, Policy, Reach, Role, Roles};
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
    // All of them in turn, so that no branch is foretold from the last one.
    let asked: Vec<_> = (0..4_096_usize)
        .map(|k| {
            let roles = Roles::combinations().nth(k * 37 % 128).unwrap();
            (roles, Capability::ALL[k * 7 % 5], Contract::ALL[k * 5 % 14], Reach::ALL[k * 11 % 3])
        })
        .collect();
    let mut k = 0;
    criterion.bench_function("a role decision, always another", |bencher| {
        bencher.iter(|| {
            k = (k + 1_549) % asked.len();
            let (roles, capability, contract, reach) = asked[k];
            policy.allows(black_box(roles), capability, contract, reach)
        });
    });
    criterion.bench_function("a refusal in words", |bencher| {
        bencher.iter(|| {
            policy.decide(roles, Capability::Approve, Contract::Policy, Reach::Fleet).unwrap_err().to_string()
        });
    });
    let mut members = Members::new();
    let node = |k: u8| NodeId::from_bytes([k; 32]);
    for k in 0..100 {
        members.set(&policy, node(k), if k < 10 { Role::Commander } else { Role::Observer }.into()).unwrap();
    }
    for k in 0..10 {
        members.delegate(Delegation { from: node(k), to: node(k + 20), role: Role::Commander, begins: 0, ends: 60 });
    }
    criterion.bench_function("roles of one of 100 members with 10 delegations", |bencher| {
        bencher.iter(|| members.roles_of(&policy, black_box(&node(25)), 30));
    });
}

struct View {
    issuer: NodeId,
    subject: NodeId,
}

impl GovernanceView for View {
    fn position(&self) -> u64 {
        15
    }
    fn heard(&self) -> MissionTime {
        MissionTime(0)
    }
    fn issuer_approved(&self, issuer: &NodeId, _position: u64) -> bool {
        *issuer == self.issuer
    }
    fn revoked_since(&self, _certificate: &str) -> Option<u64> {
        None
    }
    fn holds_key(&self, _asset: &AssetId, key: &NodeId, _position: u64) -> bool {
        *key == self.subject
    }
}

fn certificate(criterion: &mut Criterion) {
    let key = |seed| Ed25519Signer::new(Secret::random(&mut SeededRandom::new(seed, "bench")).unwrap());
    let (issuer, subject) = (key(1), key(2));
    let view = View { issuer: issuer.node_id(), subject: subject.node_id() };
    let said = Certificate {
        issuer: issuer.node_id(),
        serial: 7,
        subject: subject.node_id(),
        asset: AssetId::new("rover-1").unwrap(),
        roles: Role::Asset.into(),
        window: Window::new(MissionTime(-10_000), MissionTime(100_000)).unwrap(),
        positions: (10, 20),
        rung: 3,
    };
    let (epoch, verifier) = (MissionEpoch::default(), Ed25519Verifier::new());
    criterion.bench_function("a token is issued", |bencher| {
        bencher.iter(|| Token::issue(said.clone(), epoch, &issuer).unwrap().to_bytes());
    });
    let bytes = Token::issue(said.clone(), epoch, &issuer).unwrap().to_bytes();
    criterion.bench_function("a token is read and its signature checked", |bencher| {
        bencher.iter(|| Token::read(black_box(&bytes), epoch, &verifier).unwrap());
    });
    let evidence = Evidence { now: MissionTime(1_000), clock_bound_ms: 500, position: 15, view: &view };
    let tolerance = Tolerance { evidence_age_ms_max: 1_000_000, grace_ms: 50_000 };
    assert!(matches!(judge(&said, &evidence, &tolerance), Verdict::Valid { .. }));
    criterion.bench_function("a certificate is judged", |bencher| {
        bencher.iter(|| judge(black_box(&said), &evidence, &tolerance));
    });
}

criterion_group!(benches, decision, certificate);
criterion_main!(benches);
