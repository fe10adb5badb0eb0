//! Processor time to bring two replicas together: both sides on one thread (of the thread alone, so that a busy machine shows less), from the opening of the contact until both hold the same.
//!
//! `cargo bench -p cosmosmesh-delta-sync --bench reconcile`; the figures are in docs/perf/sync.md.
//! Hashes are BLAKE3; the verifier says yes, except in `checked`, where every signature is checked, by one thread and by two.
//! The store is the least that one can be, a vector for each stream: what a disk costs is measured in `host`.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench that cannot go on says so by panicking")]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{Engine, Store, StoreError, Verifier};
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_delta_sync::{Contact, Entry, Keys, MissionId, Replica, ReplicaConfig, Session, SessionConfig};
use cpu_time::ThreadTime;
use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};

use load::{AUTHORS, DIFFERENT, MEETING, SHARED};

#[allow(dead_code, reason = "a test uses the rest")]
#[path = "../tests/it/load.rs"]
mod load;
#[allow(dead_code, reason = "a test uses the rest")]
#[path = "../tests/it/random.rs"]
mod random;

type Side = Session<PlainStore>;

/// Streams in memory, without the crashes that the conformance suite's store is for.
#[derive(Clone, Debug, Default)]
struct PlainStore(BTreeMap<String, (u64, Vec<Vec<u8>>)>);

impl PlainStore {
    fn new() -> Self {
        Self::default()
    }
}

impl Store for PlainStore {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        let (first, records) = match self.0.get_mut(stream) {
            Some(there) => there,
            None => self.0.entry(stream.to_owned()).or_default(),
        };
        records.push(record.to_vec());
        Ok(*first + records.len() as u64 - 1)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some((first, records)) = self.0.get(stream) else { return Ok(Vec::new()) };
        let skip = from.checked_sub(*first).ok_or(StoreError::Trimmed { first: *first })?;
        Ok(records.iter().skip(skip as usize).take(limit).cloned().collect())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        Ok(self.0.get(stream).map_or(0, |(first, records)| first + records.len() as u64))
    }

    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        if let Some((first, records)) = self.0.get_mut(stream) {
            let gone = below.saturating_sub(*first).min(records.len() as u64);
            records.drain(..gone as usize);
            *first += gone;
        }
        Ok(())
    }
}

struct Trusting;

impl Verifier for Trusting {
    fn verify(&self, _: &NodeId, _: &[u8], _: &Signature) -> Result<(), KeyError> {
        Ok(())
    }
}

fn keys(number: u64, verifier: Arc<dyn Verifier + Send + Sync>) -> Keys {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Keys { signer: Arc::new(Ed25519Signer::new(Secret::take(&mut seed))), verifier, hasher: Arc::new(Blake3) }
}

fn trusting(number: u64) -> Keys {
    keys(number, Arc::new(Trusting))
}

fn config() -> ReplicaConfig {
    ReplicaConfig::new(MissionId(*b"two side by side"))
}

/// A store that holds these entries and its index.
fn store<'e>(number: u64, entries: impl Iterator<Item = &'e Entry>) -> PlainStore {
    let mut replica = Replica::open(MissionTime(0), PlainStore::new(), trusting(number), config()).unwrap();
    for entry in entries {
        replica.take(MEETING, entry).unwrap();
    }
    replica.close().unwrap()
}

fn session(number: u64, store: PlainStore, compress: bool, keys: Keys) -> Side {
    let replica = Replica::open(MEETING, store, keys, config()).unwrap();
    assert_eq!(replica.me(), trusting(number).signer.node_id());
    Session::new(replica, SessionConfig { compress, ..SessionConfig::default() }).unwrap()
}

fn equal(sides: &[Side; 2]) -> bool {
    let root = |side: &Side| side.replica().root(&Default::default());
    root(&sides[0]) == root(&sides[1])
}

/// Both open a contact at once and talk until both hold the same.
fn reconcile(sides: &mut [Side; 2]) {
    let names = [sides[0].replica().me(), sides[1].replica().me()];
    let contact = Contact { delay_ms: 1_200_000, ..Contact::new("timed") };
    let mut now = MEETING;
    for k in 0..2 {
        sides[k].contact_open(now, names[1 - k], contact.clone());
    }
    while !equal(sides) {
        let crossing = sides.each_mut().map(|side| {
            let mut frames = Vec::new();
            while let Some(transmit) = side.poll_transmit(now) {
                frames.push(transmit.bytes);
            }
            frames
        });
        assert!(!crossing.iter().all(Vec::is_empty), "both have nothing to say and hold different things");
        now = now.plus_ms(contact.delay_ms);
        for (from, frames) in crossing.iter().enumerate() {
            frames.iter().for_each(|frame| sides[1 - from].handle_input(now, names[from], frame));
        }
    }
}

/// What is said after both hold the same, and the closing of the contact: each then remembers what the other holds.
fn part(mut sides: [Side; 2], logs: &[Vec<Entry>]) -> [PlainStore; 2] {
    let names = [sides[0].replica().me(), sides[1].replica().me()];
    let now = MEETING.plus_ms(1 << 30);
    loop {
        let crossing = sides.each_mut().map(|side| side.poll_transmit(now));
        if crossing.iter().all(Option::is_none) {
            break;
        }
        for (from, frame) in crossing.into_iter().enumerate().filter_map(|(from, frame)| Some((from, frame?))) {
            sides[1 - from].handle_input(now, names[from], &frame.bytes);
        }
    }
    let [one, other] = sides;
    [(one, names[1], 0), (other, names[0], 1)].map(|(mut side, peer, odd)| {
        side.contact_close(peer);
        // The suffixes arrive by another way while the two are apart.
        for log in logs.iter().skip(odd).step_by(2) {
            for entry in &log[(SHARED / AUTHORS) as usize..] {
                side.take(now, entry).unwrap();
            }
        }
        side.into_replica().close().unwrap()
    })
}

/// The time that the thread had the processor.
struct Processor;

impl Measurement for Processor {
    type Intermediate = ThreadTime;
    type Value = Duration;

    fn start(&self) -> ThreadTime {
        ThreadTime::now()
    }

    fn end(&self, start: ThreadTime) -> Duration {
        start.elapsed()
    }

    fn add(&self, one: &Duration, other: &Duration) -> Duration {
        *one + *other
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// The stores of two replicas whose authors' last entries are on one side only; warm ones met before.
fn suffix_stores(warm: bool) -> [PlainStore; 2] {
    let shared = (SHARED / AUTHORS) as usize;
    let logs = load::logs((SHARED + DIFFERENT) / AUTHORS, &config(), trusting);
    if warm {
        let half = |number| store(number, logs.iter().flat_map(|log| &log[..shared]));
        let mut sides = [1, 2].map(|number| session(number, half(number), false, trusting(number)));
        reconcile(&mut sides);
        return part(sides, &logs);
    }
    [0, 1].map(|odd| {
        let half = |k: usize, log: &Vec<Entry>| if k % 2 == odd { log.len() } else { shared };
        let here = logs.iter().enumerate().flat_map(|(k, log)| &log[..half(k, log)]);
        store(1 + odd as u64, here)
    })
}

fn bench<M: Measurement>(
    group: &mut BenchmarkGroup<'_, M>,
    name: &str,
    stores: &[PlainStore; 2],
    compress: bool,
    verifier: &Arc<dyn Verifier + Send + Sync>,
) {
    let start = || {
        let side = |k: usize| {
            let number = 1 + k as u64;
            session(number, stores[k].clone(), compress, keys(number, verifier.clone()))
        };
        [side(0), side(1)]
    };
    let run = |mut sides: [Side; 2]| {
        reconcile(&mut sides);
        sides
    };
    group.bench_function(name, |bencher| bencher.iter_batched(start, run, BatchSize::PerIteration));
}

fn suffixes(criterion: &mut Criterion<Processor>) {
    let mut group = criterion.benchmark_group("10,000 in suffixes");
    group.sample_size(20);
    for warm in [true, false] {
        let stores = suffix_stores(warm);
        let name = if warm { "warm" } else { "cold" };
        for (compress, form) in [(false, "raw"), (true, "compressed")] {
            let trusting: Arc<dyn Verifier + Send + Sync> = Arc::new(Trusting);
            bench(&mut group, &format!("{name}, {form}"), &stores, compress, &trusting);
        }
    }
    group.finish();
}

/// By the clock, since several threads work.
fn checked(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("10,000 in suffixes, warm, compressed, every signature checked");
    group.sample_size(10);
    let stores = suffix_stores(true);
    for threads in [1, 2] {
        let verifier: Arc<dyn Verifier + Send + Sync> =
            Arc::new(Ed25519Verifier::with_threads(NonZeroUsize::new(threads).unwrap()));
        bench(&mut group, &format!("threads: {threads}"), &stores, true, &verifier);
    }
    group.finish();
}

fn holes(criterion: &mut Criterion<Processor>) {
    let logs = load::logs(SHARED / AUTHORS, &config(), trusting);
    let missing = load::holes(logs.iter().map(Vec::len).sum());
    let stores = [0, 1].map(|side| {
        let here = logs.iter().flatten().zip(&missing).filter(|(_, missing)| !missing[side]);
        store(1 + side as u64, here.map(|(entry, _)| entry))
    });
    let mut group = criterion.benchmark_group("10,000 in holes");
    group.sample_size(20);
    let trusting: Arc<dyn Verifier + Send + Sync> = Arc::new(Trusting);
    for (compress, form) in [(false, "raw"), (true, "compressed")] {
        bench(&mut group, &format!("cold, {form}"), &stores, compress, &trusting);
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(Processor);
    targets = suffixes, holes
}
criterion_group!(clocked, checked);
criterion_main!(benches, clocked);
