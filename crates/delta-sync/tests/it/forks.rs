//! Authors who write twice, and replicas that forget.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_delta_sync::{Event, Fork, Replica, ReplicaConfig, Session, SessionConfig, Verdict};

use crate::keys::{TestHasher, keys, node};
use crate::pair::{TestSession, config, contact, equal, reconcile, session, write};

fn session_on(number: u64, store: MemoryStore, config: ReplicaConfig) -> TestSession {
    let replica = Replica::open(MissionTime(0), store, keys(number), config).unwrap();
    Session::new(replica, SessionConfig::default()).unwrap()
}

/// The author writes `common` entries, then goes on in two ways; each of two replicas gets one of them.
fn two_sides(common: i64, left: i64, right: i64) -> (TestSession, TestSession) {
    let mut author = session(9);
    let mut now = MissionTime(1_000);
    for k in 0..common {
        write(&mut author, k, b"common");
    }
    let store = author.into_replica().into_store();
    let [mut one, mut other] = [store.clone(), store].map(|store| session_on(9, store, config()));
    for k in 0..left {
        write(&mut one, 10_000 + k, b"one way");
    }
    for k in 0..right {
        write(&mut other, 20_000 + k, b"the other way");
    }
    let (mut a, mut b) = (session(1), session(2));
    reconcile(&mut one, &mut a, &mut now, &contact(), |_, _, _| true);
    reconcile(&mut other, &mut b, &mut now, &contact(), |_, _, _| true);
    (a, b)
}

/// Proofs of forks of several shapes.
pub(crate) fn forked() -> Vec<Fork> {
    [(5, 1, 1), (0, 3, 3), (5, 4, 9)]
        .map(|(common, left, right)| {
            let (mut a, mut b) = two_sides(common, left, right);
            reconcile(&mut a, &mut b, &mut MissionTime(100_000), &contact(), |_, _, _| true);
            a.replica().forks().next().unwrap().clone()
        })
        .into()
}

#[test]
fn a_fork_is_found_wherever_it_is_and_everybody_is_told() {
    for (common, left, right) in [(5, 1, 1), (5, 7, 7), (0, 3, 3), (5, 4, 9), (3, 9, 4), (1, 1, 300)] {
        let (mut a, mut b) = two_sides(common, left, right);
        let mut now = MissionTime(100_000);
        for _ in 0..2 {
            reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        }
        assert!(equal(&a, &b), "{common} {left} {right}");
        let mut c = session(3);
        reconcile(&mut b, &mut c, &mut now, &contact(), |_, _, _| true);
        assert!(equal(&b, &c), "who comes later is told too");
        for side in [&a, &b, &c] {
            let forks: Vec<&Fork> = side.replica().forks().collect();
            assert_eq!(forks.len(), 1);
            assert_eq!(
                (forks[0].at().log.author, forks[0].at().sequence),
                (node(9), common as u64),
                "{common} {left} {right}"
            );
            assert!(forks[0].is_signed(&keys(1)));
            let mut bytes = Vec::new();
            forks[0].encode(&mut bytes);
            assert_eq!(Fork::decode(&bytes, &TestHasher).as_ref(), Ok(forks[0]));
            assert_eq!(side.replica().have(&forks[0].at().log).end(), common as u64, "it counts up to the fork only");
        }
    }
}

#[test]
fn a_fork_is_remembered_over_a_restart() {
    let (mut a, mut b) = two_sides(4, 3, 3);
    let mut now = MissionTime(100_000);
    for _ in 0..2 {
        reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    }
    let root = a.replica().root(&Default::default());
    for closed in [true, false] {
        let replica = Replica::open(now, b.into_replica().into_store(), keys(2), config()).unwrap();
        assert_eq!((replica.root(&Default::default()), replica.forks().count()), (root, 1));
        let store = if closed { replica.close().unwrap() } else { replica.into_store() };
        b = session_on(2, store, config());
        assert_eq!(b.replica().root(&Default::default()), root);
    }
}

#[test]
fn a_replica_restored_from_a_copy_writes_to_new_logs() {
    let mut author = session(9);
    let mut now = MissionTime(1_000);
    let mut other = session(1);
    write(&mut author, 1, b"first");
    let copy = author.into_replica().into_store();
    let mut author = session_on(9, copy.clone(), config());
    write(&mut author, 2, b"second");
    reconcile(&mut author, &mut other, &mut now, &contact(), |_, _, _| true);

    // Told that it was restored, it never writes in a place that may be taken.
    let mut told = session_on(9, copy.clone(), ReplicaConfig { restored: true, ..config() });
    let entry = write(&mut told, 5_000, b"third");
    assert!(entry.id().log.epoch > 0 && entry.id().sequence == 0);
    reconcile(&mut told, &mut other, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&told, &other));
    assert_eq!((other.replica().forks().count(), other.replica().entry_count()), (0, 3));

    // Told nothing, it learns it from the first peer that knows better.
    let mut untold = session_on(9, copy, config());
    let traffic = reconcile(&mut untold, &mut other, &mut now, &contact(), |_, _, _| true);
    assert!(traffic.events.iter().any(|event| matches!(event, Event::Restored { .. })), "{:?}", traffic.events);
    let entry = write(&mut untold, 9_000_000, b"fourth");
    assert_eq!(entry.id().sequence, 0);
    reconcile(&mut untold, &mut other, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&untold, &other));
    assert_eq!(other.replica().forks().count(), 0);
}

#[test]
fn entries_that_nobody_signed_or_of_strangers_are_refused() {
    use cosmosmesh_delta_sync::{Refusal, Roster};
    let mut author = session(9);
    let entry = write(&mut author, 1, b"body");
    let mut bytes = Vec::new();
    entry.encode(&mut bytes);
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), config()).unwrap();
    let last = bytes.len() - b"body".len() - 2;
    bytes[last] ^= 1;
    let forged = cosmosmesh_delta_sync::Entry::decode(&bytes, &TestHasher).unwrap();
    assert_eq!(replica.take(MissionTime(2), &forged), Ok(Verdict::Refused(Refusal::Signature)));
    assert_eq!(replica.take(MissionTime(2), &entry), Ok(Verdict::New));
    assert_eq!(replica.take(MissionTime(2), &entry), Ok(Verdict::Duplicate));
    let closed = ReplicaConfig { roster: Roster::Only([node(1)].into()), ..config() };
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), closed).unwrap();
    assert_eq!(replica.take(MissionTime(2), &entry), Ok(Verdict::Refused(Refusal::Author)));
}
