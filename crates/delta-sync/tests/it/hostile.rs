//! What arrives may be anything: no decoder panics, takes a second encoding, or allocates much more than its input.
//!
//! The seeds are real frames and records, kept in `fuzz/corpus` for the fuzz targets as well; here they are mutated by a seed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{ContentHasher, Engine, Store, StoreError};
use cosmosmesh_delta_sync::receipt::RECEIPTS_STREAM;
use cosmosmesh_delta_sync::{Interest, Receipt, Replica, Session, SessionConfig, Topic};

use crate::keys::{TestHasher, keys};
use crate::pair::{config, contact, draft, ids, reconcile, session, session_with};
use crate::random::Random;

#[allow(unreachable_pub, reason = "the fuzz targets use it from outside")]
#[path = "../../fuzz/judge.rs"]
mod judge;

type Judge = fn(&[u8], &dyn ContentHasher) -> bool;

const DECODERS: [(&str, Judge); 9] = [
    ("frame", judge::frame),
    ("entry", judge::entry),
    ("fork", judge::fork),
    ("receipt", judge::receipt),
    ("operation", judge::operation),
    ("state", judge::state),
    ("checkpoint", judge::checkpoint),
    ("snapshot", judge::snapshot),
    ("store", judge::store),
];

/// Mutants of one decoder.
const MUTANTS: usize = 20_000;

fn corpus(decoder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(decoder)
}

/// The kept inputs of a decoder, in the order of their names.
fn kept(decoder: &str) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(corpus(decoder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
        .iter()
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect()
}

/// Two replicas with suffixes, holes, a fork, topics, expiries and dependencies, and all that they say to each other.
fn said() -> Vec<(&'static str, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (name, compress) in [("raw", false), ("packed", true)] {
        let configured = || SessionConfig { compress, batch_bytes_max: 2_000, ..SessionConfig::default() };
        let (mut a, mut b) = (session_with(1, config(), configured()), session_with(2, config(), configured()));
        let mut now = MissionTime(10_000);
        for k in 0..12_i64 {
            let first =
                a.append(MissionTime(k * 700), draft(0, b"the battery is at half, the battery is at half")).unwrap();
            let mut second = draft(3, &[k as u8; 90]);
            second.dependencies = vec![first.id()];
            second.expiry = (k % 2 == 0).then(|| MissionTime(k * 900 + 5_000));
            second.kind = k as u16;
            b.append(MissionTime(k * 900), second).unwrap();
        }
        let cold = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        a.append(now, draft(0, b"one more")).unwrap();
        let warm = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        seeds.extend(cold.frames.into_iter().chain(warm.frames).map(|frame| (name, frame)));
    }
    seeds
}

fn seeds_of(decoder: &str) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = kept(decoder).into_iter().map(|(_, bytes)| bytes).collect();
    if decoder == "frame" {
        seeds.extend(said().into_iter().map(|(_, frame)| frame));
    }
    assert!(!seeds.is_empty(), "{decoder} has seeds");
    seeds
}

fn mutant(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len() as u64) as usize].clone();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        match random.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.splice(at..at, random.bytes(1)).for_each(drop),
            2 if at < bytes.len() => drop(bytes.remove(at)),
            3 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            4 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5) as usize],
            // A number that claims a great deal.
            5 => bytes.splice(at..at, [0xff; 9].into_iter().chain([1])).for_each(drop),
            6 => {
                let other = &seeds[random.below(seeds.len() as u64) as usize];
                let from = random.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            _ => bytes.extend(random.bytes(3)),
        }
    }
    bytes
}

#[test]
fn the_kept_inputs_are_taken_or_refused_as_their_names_say() {
    for (decoder, judge) in DECODERS {
        let kept = kept(decoder);
        assert!(kept.iter().any(|(name, _)| name.starts_with("good")), "{decoder} has good inputs");
        for (name, bytes) in kept {
            assert_eq!(judge(&bytes, &TestHasher), name.starts_with("good"), "{decoder}/{name}");
        }
    }
}

#[test]
fn mutants_do_not_panic_nor_cost_more_than_four_times_their_length() {
    for (decoder, judge) in DECODERS {
        let seeds = seeds_of(decoder);
        let mut random = Random(decoder.len() as u64);
        let mut taken = 0;
        for k in 0..MUTANTS {
            let bytes = mutant(&mut random, &seeds);
            let mut good = false;
            let cost = allocation_counter::measure(|| good = judge(&bytes, &TestHasher));
            taken += usize::from(good);
            // Decoding alone has the bound; a good input is encoded again here, and compared.
            let encoded = if good { 8 * bytes.len() as u64 + (64 << 10) } else { 0 };
            let bound = 4 * bytes.len() as u64 + (64 << 10) + encoded;
            assert!(cost.bytes_max <= bound, "{decoder} mutant {k}: {} B for {} B", cost.bytes_max, bytes.len());
        }
        assert!(taken > 0, "some mutants of {decoder} are good again, or the mutation is too rough");
    }
}

#[test]
fn a_session_outlives_whatever_a_peer_says() {
    let seeds = seeds_of("frame");
    let mut random = Random(77);
    let (me, you) = ids();
    let mut session = session(2);
    session.contact_open(MissionTime(0), me, contact());
    for k in 0..4_000 {
        let now = MissionTime(k * 10);
        session.handle_input(now, if k % 3 == 0 { you } else { me }, &mutant(&mut random, &seeds));
        while session.poll_transmit(now).is_some() {}
        while session.poll_event().is_some() {}
    }
    session.contact_close(me);
    // It still syncs with somebody honest.
    let mut honest = crate::pair::session(5);
    honest.append(MissionTime(40_000), draft(0, b"still there?")).unwrap();
    let mut now = MissionTime(50_000);
    reconcile(&mut session, &mut honest, &mut now, &contact(), |_, _, _| true);
    assert!(crate::pair::equal(&session, &honest));
}

/// A store that gives back one record other than it was written, and notes which streams are read.
#[derive(Debug)]
struct Damaged {
    store: MemoryStore,
    stream: String,
    at: u64,
    record: Vec<u8>,
    read: Rc<RefCell<BTreeSet<String>>>,
}

impl Store for Damaged {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        self.store.append(stream, record)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.read.borrow_mut().insert(stream.to_owned());
        let mut records = self.store.read(stream, from, limit)?;
        if stream == self.stream
            && let Some(record) = self.at.checked_sub(from).and_then(|k| records.get_mut(k as usize))
        {
            record.clone_from(&self.record);
        }
        Ok(records)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.store.sync()
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        self.store.len(stream)
    }

    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        self.store.trim(stream, below)
    }
}

#[test]
fn a_damaged_store_is_refused_or_opened_and_never_breaks_the_program() {
    let mut random = Random(3);
    let configured = || {
        let mut config = config();
        config.index_every = 16;
        config
    };
    let new = |number| session_with(number, configured(), SessionConfig::default());
    let (mut a, mut b) = (new(1), new(2));
    let mut now = MissionTime(10_000);
    for k in 0..40_i64 {
        a.append(MissionTime(k), draft(0, b"a")).unwrap();
        b.append(MissionTime(k), draft(1, b"b")).unwrap();
    }
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    // What somebody who has nothing says, and so is sent everything.
    let (me, _) = ids();
    let mut nobody = session(2);
    nobody.contact_open(now, me, contact());
    let summary = nobody.poll_transmit(now).unwrap().bytes;
    // As a crash would leave it, so that there are an index snapshot and records after it.
    let store = a.into_replica().into_store();
    let open = |stream: &str, at: u64, record: Vec<u8>| {
        let read: Rc<RefCell<BTreeSet<String>>> = Rc::default();
        let seen = read.clone();
        let damaged = Damaged { store: store.clone(), stream: stream.to_owned(), at, record, read };
        let opened = Replica::open(now, damaged, keys(1), configured())
            .and_then(|replica| Session::new(replica, SessionConfig::default()));
        opened.map(|mut session| {
            let streams = seen.borrow().clone();
            // What damage leaves to be opened can be worked with, or says that it cannot.
            let (_, you) = ids();
            let _ = session.replica().root(&Interest::All);
            let _ = session.replica().entry_count();
            let _ = session.replica().read_all();
            let _ = session.append(now, draft(0, b"after all"));
            session.contact_open(now, you, contact());
            while session.poll_transmit(now).is_some() {}
            session.handle_input(now, you, &summary);
            for _ in 0..20 {
                if session.poll_transmit(now).is_none() {
                    break;
                }
            }
            session.contact_close(you);
            streams
        })
    };
    let streams = open("", 0, Vec::new()).unwrap();
    assert!(streams.contains("index") && streams.contains("peers"), "{streams:?}");
    let (mut refused, mut tried) = (0, 0);
    for stream in &streams {
        let end = store.len(stream).unwrap();
        for at in 0..end {
            let Ok(records) = store.read(stream, at, 1) else { continue };
            for _ in 0..40 {
                tried += 1;
                refused += usize::from(open(stream, at, mutant(&mut random, &records)).is_err());
            }
        }
    }
    // Most records are read when they are wanted and not on opening; of the others most damage shows.
    assert!(refused > 30, "damage is seen where it is read: {refused} of {tried}");
}

/// Writes the corpus when the environment has `COSMOSMESH_WRITE_CORPUS`: once, and again after a format has changed.
#[test]
fn the_corpus_is_written_when_asked_for() {
    if std::env::var_os("COSMOSMESH_WRITE_CORPUS").is_none() {
        return;
    }
    let keep = |decoder: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(corpus(decoder)).unwrap();
        fs::write(corpus(decoder).join(name), bytes).unwrap();
    };
    for (k, (name, frame)) in said().into_iter().enumerate() {
        keep("frame", &format!("good-{name}-{k:02}"), &frame);
        keep("frame", &format!("bad-cut-{k:02}"), &frame[..frame.len() - 1]);
    }
    let interest = Interest::Only([Topic(3)].into());
    let mut wanting = config();
    wanting.interest = interest;
    let (mut a, mut b) = (session(1), session_with(2, wanting, SessionConfig::default()));
    a.append(MissionTime(5), draft(3, b"for the rover")).unwrap();
    a.append(MissionTime(6), draft(4, b"for the habitat")).unwrap();
    let mut now = MissionTime(1_000);
    for (k, frame) in reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true).frames.iter().enumerate() {
        keep("frame", &format!("good-topics-{k:02}"), frame);
    }
    for entry in a.replica().read_all().unwrap() {
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        keep("entry", &format!("good-{}", entry.id().log.topic.0), &bytes);
        bytes.push(0);
        let mut bare = Vec::new();
        entry.without_body().encode(&mut bare);
        keep("entry", "good-without-body", &bare);
        bare.pop();
        keep("entry", "bad-cut", &bare);
    }
    for (k, fork) in crate::forks::forked().iter().enumerate() {
        let mut bytes = Vec::new();
        fork.encode(&mut bytes);
        keep("fork", &format!("good-{k}"), &bytes);
        let half = bytes.len() / 2;
        bytes.rotate_left(half);
        keep("fork", &format!("bad-swapped-{k}"), &bytes);
    }
    for (k, operation) in crate::state::one_of_each().into_iter().enumerate() {
        let bytes = operation.encode().unwrap();
        keep("operation", &format!("good-{k:02}"), &bytes);
        keep("operation", &format!("bad-cut-{k:02}"), &bytes[..bytes.len() - 1]);
    }
    let closing = crate::checkpoints::closing();
    for (k, frame) in closing.frames.iter().enumerate() {
        keep("frame", &format!("good-closing-{k:02}"), frame);
    }
    let mut bytes = Vec::new();
    closing.snapshot.encode(&mut bytes);
    keep("snapshot", "good-0", &bytes);
    keep("snapshot", "bad-cut", &bytes[..bytes.len() - 1]);
    bytes.clear();
    closing.snapshot.state.encode(&mut bytes);
    keep("state", "good-0", &bytes);
    keep("state", "good-empty", &[0; 7]);
    keep("state", "bad-cut", &bytes[..bytes.len() - 1]);
    bytes.clear();
    closing.snapshot.certificate.checkpoint.encode(&mut bytes);
    keep("checkpoint", "good-0", &bytes);
    keep("checkpoint", "bad-cut", &bytes[..bytes.len() - 1]);
    keep("entry", "good-carrier", &closing.carrier);
    let store = b.into_replica().close().unwrap();
    for record in store.read(RECEIPTS_STREAM, 0, 9).unwrap() {
        Receipt::decode(&record).unwrap();
        keep("receipt", "good-0", &record);
        keep("receipt", "bad-cut", &record[..record.len() - 1]);
    }
    let mut fork = Vec::new();
    crate::forks::forked()[0].encode(&mut fork);
    for (k, stream) in ["index", "logs", "forks", "peers"].into_iter().enumerate() {
        let last = store.len(stream).unwrap().saturating_sub(1);
        let record = if stream == "forks" { fork.clone() } else { store.read(stream, last, 1).unwrap().remove(0) };
        let bytes = [&[k as u8], &record[..]].concat();
        keep("store", &format!("good-{stream}"), &bytes);
        keep("store", &format!("bad-cut-{stream}"), &bytes[..bytes.len() - 1]);
    }
}
