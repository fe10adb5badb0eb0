//! What a replica keeps does not grow with what a peer says, and nothing that is late, early or out of date is dropped for it.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::{Engine, Store, StoreError};
use cosmosmesh_delta_sync::session::{EVENTS_MAX, PEERS_MAX};
use cosmosmesh_delta_sync::state::{Fold, Operation};
use cosmosmesh_delta_sync::{Contact, Draft, Event, Interest, Replica, ReplicaConfig, Session, SessionConfig};

use crate::keys::{keys, node};
use crate::pair::{config, contact, draft, equal, reconcile, session, write};
use crate::random::Random;

/// A store that counts and keeps nothing, so that what is measured is the session.
#[derive(Debug, Default)]
struct Counting(BTreeMap<String, u64>);

impl Store for Counting {
    fn append(&mut self, stream: &str, _: &[u8]) -> Result<u64, StoreError> {
        let count = self.0.entry(stream.to_owned()).or_default();
        *count += 1;
        Ok(*count - 1)
    }

    fn read(&self, _: &str, _: u64, _: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        Ok(Vec::new())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        Ok(self.0.get(stream).copied().unwrap_or(0))
    }

    fn trim(&mut self, _: &str, _: u64) -> Result<(), StoreError> {
        Ok(())
    }
}

fn listener() -> Session<Counting> {
    let replica = Replica::open(MissionTime(0), Counting::default(), keys(2), config()).unwrap();
    Session::new(replica, SessionConfig::default()).unwrap()
}

/// What a session holds more after `count` frames than after a tenth of them, in bytes; nobody asks for its events.
fn growth(count: u64, from_many: bool, mut frame: impl FnMut(u64) -> Vec<u8>) -> i64 {
    let mut session = listener();
    let mut hear = |session: &mut Session<Counting>, k: u64| {
        let from = node(if from_many { 100 + k } else { 1 });
        session.contact_open(MissionTime(k as i64), from, contact());
        session.handle_input(MissionTime(k as i64), from, &frame(k));
        while session.poll_transmit(MissionTime(k as i64)).is_some() {}
        session.contact_close(from);
    };
    // Until every bounded thing is full.
    (0..count).for_each(|k| hear(&mut session, k));
    let more = allocation_counter::measure(|| (count..2 * count).for_each(|k| hear(&mut session, k)));
    more.bytes_current
}

#[test]
fn a_session_does_not_grow_with_what_peers_say() {
    // Beacons of ever new peers, each with another root.
    let beacon = |k: u64| {
        let mut random = Random(k);
        let mut frame = vec![0xD5, 1, 1];
        frame.extend(&config().mission.0[..8]);
        frame.extend([0, 0, 0, 0, 0]);
        frame.extend(random.bytes(16));
        frame.extend([2, 64]);
        frame
    };
    // Batches without entries, each of another flight or with another number of one.
    let batch = |k: u64, flight: u64| {
        let mut frame = vec![0xD5, 1, 3];
        frame.extend(&config().mission.0[..8]);
        frame.push(0);
        for number in [flight, 3 * k] {
            let mut number = number;
            while number >= 0x80 {
                frame.push(number as u8 | 0x80);
                number >>= 7;
            }
            frame.push(number as u8);
        }
        frame.extend([0; 20]);
        frame.extend([2, 1, 0]);
        frame
    };
    // Proofs of forks that nobody signed, each of another author.
    let forks = crate::forks::forked();
    let mut proof = Vec::new();
    forks[0].encode(&mut proof);
    let evidence = |k: u64| {
        let mut proof = proof.clone();
        let half = proof.len() / 2;
        // The author stands 19 bytes into each entry, after its length: two bytes, version, suite and mission.
        for start in [2 + 18, half + 2 + 18] {
            proof[start..start + 8].copy_from_slice(&k.to_be_bytes());
        }
        let mut frame = vec![0xD5, 1, 4];
        frame.extend(&config().mission.0[..8]);
        frame.extend(proof);
        frame
    };
    let cases: [(&str, i64); 5] = [
        ("beacons of ever new peers", growth(6_000, true, beacon)),
        ("batches of ever new peers", growth(6_000, true, |k| batch(k, 1))),
        ("batches with scattered numbers", growth(6_000, false, |k| batch(k, 1))),
        ("batches of ever new flights", growth(6_000, false, |k| batch(0, k))),
        ("proofs that nobody signed", growth(6_000, false, evidence)),
    ];
    for (what, bytes) in cases {
        assert!(bytes.abs() < 200_000, "{what}: {bytes} B more");
    }
}

#[test]
fn the_frames_of_the_test_above_are_understood() {
    // Or it would show nothing.
    let forks = crate::forks::forked();
    let mut proof = Vec::new();
    forks[0].encode(&mut proof);
    let mut frame = vec![0xD5, 1, 4];
    frame.extend(&config().mission.0[..8]);
    frame.extend(&proof);
    let mut session = listener();
    session.contact_open(MissionTime(0), node(1), contact());
    session.handle_input(MissionTime(0), node(1), &frame);
    assert!(std::iter::from_fn(|| session.poll_event()).any(|event| matches!(event, Event::Fork { .. })));
}

#[test]
fn events_that_nobody_asks_for_are_counted_and_dropped() {
    let mut session = listener();
    for k in 0..EVENTS_MAX as i64 + 7 {
        session.handle_input(MissionTime(k), node(1), b"no frame");
    }
    assert_eq!(session.poll_event(), Some(Event::Missed { count: 7 }));
    assert_eq!(std::iter::from_fn(|| session.poll_event()).count(), EVENTS_MAX);
}

#[test]
fn beyond_its_bound_a_session_forgets_peers_without_a_contact_first() {
    let mut session = session(2);
    let mut now = MissionTime(1_000);
    write(&mut session, 1, b"x");
    session.contact_open(now, node(1), contact());
    for k in 0..2 * PEERS_MAX as u64 {
        session.contact_open(now, node(100 + k), contact());
        session.contact_close(node(100 + k));
    }
    let mut said = std::iter::from_fn(|| session.poll_transmit(now));
    assert!(said.any(|transmit| transmit.to == node(1)), "the contact that is open is served");
    session.contact_close(node(1));
    // Whoever was forgotten is met as a stranger.
    let mut forgotten = crate::pair::session(100);
    reconcile(&mut session, &mut forgotten, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&session, &forgotten));
}

#[test]
fn an_entry_too_far_ahead_is_kept_and_passed_on_and_waits_for_its_time() {
    let (mut ahead, mut b, mut c) = (session(1), session(2), session(3));
    let hour = 3_600_000;
    let mut now = MissionTime(1_000);
    let body = Operation::Count { key: b"n".to_vec(), by: 1 }.encode().unwrap();
    // A clock an hour ahead, where five minutes are allowed.
    let entry = write(&mut ahead, now.as_ms() + hour, &body);
    let near = Contact { delay_ms: 10, ..Contact::new("near") };
    reconcile(&mut ahead, &mut b, &mut now, &near, |_, _, _| true);
    reconcile(&mut b, &mut c, &mut now, &near, |_, _, _| true);
    for side in [&mut b, &mut c] {
        assert_eq!(side.replica().entry_count(), 1, "it is kept and passed on");
        assert!(!side.replica().is_due(MissionTime(2_000), entry.header().time));
        assert!(side.replica().is_due(MissionTime(hour), entry.header().time));
        let mine = side.append(MissionTime(50_000), draft(0, &body)).unwrap();
        assert_eq!(mine.header().time.at, MissionTime(50_000), "a clock gone astray does not move another");
        let mut fold = Fold::new();
        for entry in side.replica().read_all().unwrap() {
            fold.take(&entry).unwrap();
        }
        assert_eq!(fold.state(MissionTime(50_000)).counter(b"n"), 1, "the state waits for it");
        assert_eq!(fold.state(MissionTime(2 * hour)).counter(b"n"), 2);
    }
}

#[test]
fn what_has_expired_is_kept_sent_and_counted_as_before() {
    let (mut a, mut b) = (session(1), session(2));
    let mut now = MissionTime(1_000);
    for k in 0..5 {
        let expiry = Some(MissionTime(2_000));
        a.append(MissionTime(k), Draft { expiry, priority: Priority::Expedited, ..draft(0, b"old news") }).unwrap();
    }
    now = now.plus_ms(1 << 40);
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&a, &b));
    let there = b.replica().read_all().unwrap();
    assert_eq!(there.len(), 5);
    assert!(there.iter().all(|entry| entry.header().expiry == Some(MissionTime(2_000))));
}

#[test]
fn opening_costs_memory_for_logs_and_not_for_history() {
    let opened = |per_author: u64| {
        let store = {
            let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), config()).unwrap();
            for author in 0..20 {
                let mut writer =
                    Replica::open(MissionTime(0), MemoryStore::new(), keys(100 + author), config()).unwrap();
                for k in 0..per_author {
                    let entry = writer.append(MissionTime(k as i64), draft(0, &[7; 100])).unwrap();
                    replica.take(MissionTime(k as i64), &entry).unwrap();
                }
            }
            replica.close().unwrap()
        };
        let mut replica = None;
        let cost = allocation_counter::measure(|| {
            replica = Some(Replica::open(MissionTime(0), store, keys(1), config()).unwrap());
        });
        assert_eq!(replica.map(|replica| replica.entry_count()), Some(20 * per_author));
        cost
    };
    let (few, many) = (opened(5), opened(1_000));
    assert!(many.bytes_max <= few.bytes_max + 1_000, "{few:?} and {many:?}");
    assert!(many.count_total <= few.count_total + 20, "{few:?} and {many:?}");
}

#[test]
fn after_a_crash_no_more_than_the_unindexed_records_are_read() {
    let every = 64;
    let config = || ReplicaConfig { index_every: every, ..config() };
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), config()).unwrap();
    for k in 0..1_000 {
        replica.append(MissionTime(k), draft(0, &[7; 100])).unwrap();
        replica.sync().unwrap();
    }
    let root = replica.root(&Interest::All);
    let store = replica.into_store();
    let before = store.clone();
    let mut replica = None;
    let cost = allocation_counter::measure(|| {
        replica = Some(Replica::open(MissionTime(0), store, keys(1), config()).unwrap())
    });
    assert_eq!(replica.unwrap().root(&Interest::All), root);
    // Whatever is read is allocated: a record is some 300 B, and the index less.
    assert!(cost.bytes_total < every * 1_000, "{cost:?}");
    assert!(before.read("index", 0, 1).is_err(), "old indices are gone");
}
