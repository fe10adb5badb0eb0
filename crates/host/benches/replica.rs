//! What it costs to open a replica with a long history in a SQLite file, and how much memory it then works in.
//!
//! `cargo bench -p cosmosmesh-host --features sqlite --bench replica`; the figures are in docs/perf/sync.md.
//! Files of 100,000 and of 1,000,000 entries of 200 B from 1,000 authors are made once, in the build folder: some 400 MB each of the larger.
//! *Closed* was closed in good order; *crashed* lost its index of the last 8,191 entries, which is the most that a crash can take.
#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench that cannot go on panics, and says what it found"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature};
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::{Engine, Store, Verifier};
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Secret};
use cosmosmesh_delta_sync::{
    Contact, Draft, Entry, EntryId, Header, Interest, Keys, LogId, LogicalTime, MissionId, Replica, ReplicaConfig,
    Session, SessionConfig, Topic,
};
use cosmosmesh_host::store::SqliteStore;
use criterion::{Criterion, criterion_group, criterion_main};

const AUTHORS: u64 = 1_000;
const NOW: MissionTime = MissionTime(1 << 40);
const CHILD: &str = "COSMOSMESH_BENCH_REPLICA";

struct Trusting;

impl Verifier for Trusting {
    fn verify(&self, _: &NodeId, _: &[u8], _: &Signature) -> Result<(), KeyError> {
        Ok(())
    }
}

fn keys(number: u64) -> Keys {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Keys {
        signer: Arc::new(Ed25519Signer::new(Secret::take(&mut seed))),
        // Whoever takes an entry in has checked it; opening checks nothing again.
        verifier: Arc::new(Trusting),
        hasher: Arc::new(Blake3),
    }
}

fn config() -> ReplicaConfig {
    ReplicaConfig::new(MissionId(*b"a long history.."))
}

fn open(path: &Path) -> Replica<SqliteStore> {
    Replica::open(NOW, SqliteStore::open(path).unwrap(), keys(0), config()).unwrap()
}

/// The files of a history, made where they are not there yet: crashed, and closed in good order.
fn files(count: u64) -> [PathBuf; 2] {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replica");
    std::fs::create_dir_all(&folder).unwrap();
    let [crashed, closed] = ["crashed", "closed"].map(|name| folder.join(format!("{name}-{count}.db")));
    if closed.exists() {
        return [crashed, closed];
    }
    println!("writing {count} entries to {}", crashed.display());
    drop(std::fs::remove_file(&crashed));
    let mut replica = open(&crashed);
    let every = replica.config().index_every;
    let writers: Vec<Keys> = (1..=AUTHORS).map(keys).collect();
    let mut before: Vec<Digest> = vec![Digest::from_bytes([0; 32]); writers.len()];
    let body = |n: u64| {
        let mut body: Vec<u8> =
            (0..4).flat_map(|k| (n * 4 + k).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes()).collect();
        body.extend(format!("asset=rover n={n:09} soc=52.17 load=331 temp=-41 mode=nominal").bytes());
        body.resize(136, b' ');
        body
    };
    // The last index of the crashed one is as old as it can get.
    let end = count / every * every + every - 1;
    for n in 0..end {
        // Authors take turns, forty entries each.
        let (turn, within) = (n / 40, n % 40);
        let author = (turn % AUTHORS) as usize;
        let sequence = turn / AUTHORS * 40 + within;
        let log = LogId { author: writers[author].signer.node_id(), epoch: 0, topic: Topic(0) };
        let header = Header {
            mission: config().mission,
            id: EntryId { log, sequence },
            previous: before[author],
            time: LogicalTime { at: MissionTime(n as i64), count: 0 },
            kind: 7,
            priority: Priority::Normal,
            expiry: None,
            dependencies: Vec::new(),
            body_bytes: 0,
            body_hash: Digest::from_bytes([0; 32]),
        };
        let entry = Entry::sign(header, body(n), &writers[author]).unwrap();
        before[author] = entry.hash();
        replica.take(NOW, &entry).unwrap();
        // The index is written out at a sync that finds so many records unindexed.
        if (n + 1) % every == 0 {
            replica.sync().unwrap();
        }
    }
    let mut store = replica.into_store();
    store.sync().unwrap();
    drop(store);
    std::fs::copy(&crashed, &closed).unwrap();
    drop(open(&closed).close().unwrap());
    [crashed, closed]
}

/// The most memory that this process had at once, MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).map_or(f64::NAN, |kib| kib / 1024.0)
}

/// What a process of its own does: opens, then writes a thousand entries and serves a peer that has nothing for two hundred batches.
fn child(path: &Path) {
    let start_mib = peak_mib();
    let start = Instant::now();
    let replica = open(path);
    let root = replica.root(&Interest::All);
    let open_ms = start.elapsed().as_secs_f64() * 1e3;
    let open_mib = peak_mib();
    let entries = replica.entry_count();
    let mut session = Session::new(replica, SessionConfig::default()).unwrap();
    black_box(root);
    for _ in 0..1_000 {
        session.append(NOW, Draft { body: vec![7; 136], ..Draft::default() }).unwrap();
    }
    let empty = Replica::open(NOW, MemoryStore::new(), keys(9_999), config()).unwrap();
    let mut peer = Session::new(empty, SessionConfig::default()).unwrap();
    let (me, you) = (session.replica().me(), peer.replica().me());
    session.contact_open(NOW, you, Contact::new("bench"));
    peer.contact_open(NOW, me, Contact::new("bench"));
    while let Some(said) = peer.poll_transmit(NOW) {
        session.handle_input(NOW, you, &said.bytes);
    }
    let (mut batches, mut bytes) = (0, 0);
    while batches < 200 {
        let Some(said) = session.poll_transmit(NOW) else { break };
        batches += 1;
        bytes += said.bytes.len();
    }
    println!(
        "{entries} entries: opened in {open_ms:.1} ms; peak {start_mib:.1} MiB before, {open_mib:.1} MiB opened, {:.1} MiB after 1,000 entries written and {batches} batches ({:.1} MB) served",
        peak_mib(),
        bytes as f64 / 1e6
    );
}

fn opening(criterion: &mut Criterion) {
    if let Some(path) = std::env::var_os(CHILD) {
        child(Path::new(&path));
        std::process::exit(0);
    }
    let mut found = BTreeMap::new();
    for count in [100_000, 1_000_000] {
        let [crashed, closed] = files(count);
        found.insert(format!("{count} entries, crashed"), crashed);
        found.insert(format!("{count} entries, closed"), closed);
    }
    let mut group = criterion.benchmark_group("open");
    group.sample_size(20);
    for (name, path) in &found {
        group.bench_function(name, |bencher| bencher.iter(|| black_box(open(path).root(&Interest::All))));
    }
    group.finish();
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replica/scratch.db");
    for (name, path) in &found {
        // It writes, so it works on a copy.
        std::fs::copy(path, &scratch).unwrap();
        let output =
            Command::new(std::env::current_exe().unwrap()).arg("--bench").env(CHILD, &scratch).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        print!("{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
    std::fs::remove_file(scratch).unwrap();
}

criterion_group!(benches, opening);
criterion_main!(benches);
