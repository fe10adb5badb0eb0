//! What a masked sum costs in time: an asset's round, and the busiest guardian with the aggregator.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench may fail")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::round::{
    Ask, Contribution, FieldRange, Metric, Quantiser, QueryPoint, Ranges, ReportLayout, RoundQuery, WordWidth,
};
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_privacy::mask::{
    Agent, Aggregator, Committee, Expected, Guardian, GuardianKeys, Header, Mode, Roster, RosterTerms, SignedHeader,
};
use criterion::{Criterion, criterion_group, criterion_main};

fn node(name: &str) -> CryptoProvider {
    seeded_provider(Arc::new(seeded_signer(1, name)), 1, name)
}

struct Fleet {
    roster: Arc<Roster>,
    agents: Vec<(Agent, CryptoProvider)>,
    guardians: Vec<(Guardian, CryptoProvider)>,
    facilitator: CryptoProvider,
}

fn fleet(agents: u32, width: WordWidth) -> Fleet {
    let committee = Committee::new(4, 3, 1).unwrap();
    let facilitator = node("facilitator");
    let mut secrets = Vec::new();
    let guardians: Vec<GuardianKeys> = (0..4)
        .map(|g| {
            let (mut crypto, mut secret) = (node(&format!("guardian-{g}")), [0; 32]);
            crypto.random.fill(&mut secret).unwrap();
            secrets.push(secret);
            GuardianKeys { node: crypto.signer.node_id(), agreement: crypto.agreement.public_key(&secret) }
        })
        .collect();
    let names: Vec<NodeId> = (0..agents).map(|k| node(&format!("agent-{k}")).signer.node_id()).collect();
    let terms = RosterTerms {
        mission: Digest::from_bytes([1; 32]),
        epoch: 0,
        agents: names,
        guardians,
        committee,
        facilitators: vec![facilitator.signer.node_id()],
        contributors_min: 3,
        churn_min: 1,
        width,
        words_max: 1 << 20,
        bits_per_word: Roster::bits_per_word(agents, width),
    };
    let roster = Arc::new(Roster::new(terms, &*facilitator.hasher).unwrap());
    let mut guardians: Vec<(Guardian, CryptoProvider)> = secrets
        .iter()
        .enumerate()
        .map(|(g, secret)| {
            let crypto = node(&format!("guardian-{g}"));
            let store = Box::new(MemoryStore::new());
            (Guardian::open(Arc::clone(&roster), g as u8, secret, store, None, &crypto).unwrap(), crypto)
        })
        .collect();
    let agents = (0..agents).map(|k| {
        let mut crypto = node(&format!("agent-{k}"));
        let (agent, bundle) = Agent::enrol(Arc::clone(&roster), k, &mut crypto).unwrap();
        guardians.iter_mut().for_each(|(guardian, keys)| assert!(guardian.accept(&bundle, keys).is_ok()));
        (agent, crypto)
    });
    let agents = agents.collect();
    Fleet { roster, agents, guardians, facilitator }
}

fn header(fleet: &Fleet, round: u64, words: usize) -> SignedHeader {
    let header = Header {
        round,
        mode: Mode::Full,
        ahead: false,
        purpose: "bench".to_owned(),
        word_count: words as u32,
        ranges: Digest::from_bytes([2; 32]),
        state: Digest::from_bytes([3; 32]),
        contributors_min: 3,
        facilitator: fleet.facilitator.signer.node_id(),
    };
    header.sign(&fleet.roster, &fleet.facilitator).unwrap()
}

const EXPECTED: Expected = Expected { ranges: Digest::from_bytes([2; 32]), state: Digest::from_bytes([3; 32]) };

/// A report of about ten thousand numbers, nearly all of them curvature, each in one word.
fn report(width: WordWidth) -> (Quantiser, Contribution) {
    let query = RoundQuery {
        round: 2,
        row_count: 138,
        row_scale: None,
        points: vec![QueryPoint { prices: vec![0.0; 138], barrier: 1.0 }],
        ask: Ask::Path { base: None, metric: Metric { stiffness: 1.0, shift: 1.0, floor: 0.0 } },
        bound_points: vec![],
        ray: None,
        retain: vec![],
    };
    let layout = ReportLayout::of(&query).unwrap();
    let range = |count: bool| if count { FieldRange::COUNT } else { FieldRange { exponent: -20, words: 1 } };
    let fields = layout.fields().iter().map(|field| range(field.kind.is_count())).collect();
    let ranges = Ranges { width, contributors_max: 1000, fields };
    let value = |k: usize| if k == 0 { 1.0 } else { ((k * 7919) % 100_003) as f64 * 1e-3 - 50.0 };
    let answer = Contribution::new(&layout, (0..layout.len()).map(value).collect()).unwrap();
    (Quantiser::new(layout, ranges).unwrap(), answer)
}

fn asset(c: &mut Criterion) {
    let mut group = c.benchmark_group("asset, one round, m = 4");
    for width in [WordWidth::Bits64, WordWidth::Bits48] {
        let (quantiser, answer) = report(width);
        let words = quantiser.quantise(&answer).unwrap();
        let about = format!("{} words of {} bits", words.len(), width.bits());
        group.bench_function(format!("quantise {about}"), |b| {
            b.iter(|| quantiser.quantise(black_box(&answer)).unwrap())
        });
        let small = RefCell::new(fleet(3, width));
        let mut round = 0;
        group.bench_function(format!("quantise, mask and sign {about}"), |b| {
            b.iter_batched(
                || {
                    round = (round + 1) % Roster::ROUNDS;
                    if round == 0 {
                        // An epoch has so many rounds; the next one has its own keys.
                        small.replace(fleet(3, width));
                    }
                    header(&small.borrow(), round, words.len())
                },
                |header| {
                    let words = quantiser.quantise(black_box(&answer)).unwrap();
                    let (agent, crypto) = &mut small.borrow_mut().agents[0];
                    agent.mask(&header, EXPECTED, &words, crypto).unwrap()
                },
                criterion::BatchSize::PerIteration,
            )
        });
        // What is left of the last figure without this is what quantising and masking take.
        let (crypto, payload) = (node("agent-0"), vec![7; words.len() * width.bytes()]);
        group.bench_function(format!("sign {about}"), |b| {
            b.iter(|| {
                let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[black_box(&payload)]);
                crypto.signer.sign(digest.as_ref()).unwrap()
            })
        });
    }
    group.finish();
}

fn guardian_and_aggregator(c: &mut Criterion) {
    const AGENTS: u32 = 1000;
    const WORDS: usize = 10_000;
    let mut fleet = fleet(AGENTS, WordWidth::Bits64);
    let header = header(&fleet, 0, WORDS);
    let log = BTreeSet::from([header.hash()]);
    let words: Vec<u64> = (0..WORDS as u64).collect();
    let messages: Vec<Vec<u8>> =
        fleet.agents.iter_mut().map(|(agent, crypto)| agent.mask(&header, EXPECTED, &words, crypto).unwrap()).collect();
    let collect = |fleet: &Fleet| {
        let mut aggregator = Aggregator::new(Arc::clone(&fleet.roster), header.clone());
        for message in &messages {
            aggregator.accept(message, &fleet.facilitator).unwrap();
        }
        aggregator
    };
    let request = collect(&fleet).request(0b0111, &fleet.facilitator).unwrap();
    let answer = |fleet: &mut Fleet, g: usize| {
        let (guardian, crypto) = &mut fleet.guardians[g];
        guardian.answer(&request, &log, crypto).unwrap()
    };
    let openings: Vec<Vec<u8>> = (0..3).map(|g| answer(&mut fleet, g)).collect();
    let mut group = c.benchmark_group("1,000 assets, 10,000 words, m = 4");
    group.sample_size(10);
    group.bench_function("aggregator: add, 1,000 signature checks, open", |b| {
        b.iter(|| {
            let mut aggregator = collect(&fleet);
            aggregator.request(0b0111, &fleet.facilitator).unwrap();
            openings.iter().for_each(|opening| assert!(aggregator.hear(opening, &fleet.facilitator).is_ok()));
            aggregator.open(&fleet.facilitator).unwrap()
        })
    });
    group.bench_function("busiest guardian: answer", |b| b.iter(|| answer(&mut fleet, 0)));
    group.finish();
}

criterion_group!(benches, asset, guardian_and_aggregator);
criterion_main!(benches);
