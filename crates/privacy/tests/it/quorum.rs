//! Obligations 3 and 4: one online set a round, whatever is crashed, replayed, torn or asked in whatever order.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_host::store::FaultyStore;
use cosmosmesh_privacy::mask::{Committee, Guardian, MaskError, Mode};

use crate::world::{World, data, node};

/// A store that outlives its guardian, as a disk does.
struct Disk<S>(Arc<Mutex<S>>);

impl<S> Disk<S> {
    fn new(store: S) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }
}

impl<S> Clone for Disk<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: Store> Store for Disk<S> {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        self.0.lock().unwrap().append(stream, record)
    }
    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.lock().unwrap().read(stream, from, limit)
    }
    fn sync(&mut self) -> Result<(), StoreError> {
        self.0.lock().unwrap().sync()
    }
}

/// A world and requests of one round that contradict each other: two sets under one header, and the first set under a second header.
struct Requests {
    world: World,
    requests: Vec<Vec<u8>>,
}

fn requests() -> Requests {
    let mut world = World::new(5, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let data = data(&world.roster, 2, 1);
    let header = world.header(0, 2, Mode::Full);
    let mut other = world.plain_header(0, 2, Mode::Full);
    other.purpose = "second-purpose".to_owned();
    let other = other.sign(&world.roster, &world.facilitator).unwrap();
    world.log.insert(other.hash());
    let mut requests = Vec::new();
    for (header, online) in [(&header, [0, 1, 2]), (&header, [1, 2, 3]), (&other, [0, 1, 2])] {
        // Agents that came back from a snapshot, so that they would speak twice.
        let mut again = World::new(5, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
        let mut aggregator = again.collect(header, &online, &data);
        requests.push(aggregator.request(0b0111, &world.facilitator).unwrap());
    }
    Requests { world, requests }
}

impl Requests {
    fn open<S: Store + Send + 'static>(&self, disk: &Disk<S>) -> Guardian {
        let (roster, secret) = (Arc::clone(&self.world.roster), &self.world.secrets[0]);
        Guardian::open(roster, 0, secret, Box::new(disk.clone()), None, &node("guardian-0")).unwrap()
    }

    fn enrol(&self, guardian: &mut Guardian) {
        for bundle in &self.world.bundles {
            guardian.accept(bundle, &node("guardian-0")).unwrap();
        }
    }

    fn ask(&self, guardian: &mut Guardian, request: usize) -> Result<(), MaskError> {
        guardian.answer(&self.requests[request], &self.world.log, &node("guardian-0")).map(|_| ())
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Ask(usize),
    /// The disk fails after so many writes, then a request comes.
    AskOnAFailingDisk(usize, u64),
    /// The process dies and starts again on the same machine; what was not synced is still in its cache.
    Restart,
    /// The power fails: of what was not synced, so many bytes are on the disk.
    PowerFailure(usize),
}

const ACTS: [Act; 9] = [
    Act::Ask(0),
    Act::Ask(1),
    Act::Ask(2),
    Act::AskOnAFailingDisk(0, 0),
    Act::AskOnAFailingDisk(0, 1),
    Act::AskOnAFailingDisk(1, 1),
    Act::Restart,
    Act::PowerFailure(0),
    Act::PowerFailure(1),
];

/// How many of the requests a guardian answers at some time in every run of so many acts; the most over all runs, and how many runs there were.
fn explore(requests: &Requests, depth: u32, lying: bool) -> (usize, usize) {
    let (mut worst, mut runs) = (0, 0);
    // The set-up is made once; every run begins from a copy of the disk.
    let enrolled = Disk::new(MemoryStore::new());
    requests.enrol(&mut requests.open(&enrolled));
    let enrolled = enrolled.0.lock().unwrap().clone();
    for number in 0..ACTS.len().pow(depth) {
        let mut rest = number;
        let acts: Vec<Act> = (0..depth)
            .map(|_| {
                let act = ACTS[rest % ACTS.len()];
                rest /= ACTS.len();
                act
            })
            .collect();
        // A run whose last act is no question shows nothing that a shorter one does not.
        if !matches!(acts.last(), Some(Act::Ask(_))) {
            continue;
        }
        runs += 1;
        let disk = Disk::new(Lying { store: enrolled.clone(), lying });
        let mut guardian = requests.open(&disk);
        let mut answered = BTreeSet::new();
        for act in &acts {
            match *act {
                Act::Ask(k) => {
                    if requests.ask(&mut guardian, k).is_ok() {
                        answered.insert(k);
                    }
                }
                Act::AskOnAFailingDisk(k, writes) => {
                    disk.0.lock().unwrap().store.fail_after(writes);
                    if requests.ask(&mut guardian, k).is_ok() {
                        answered.insert(k);
                    }
                    disk.0.lock().unwrap().store.fail_after(u64::MAX);
                }
                Act::Restart => guardian = requests.open(&disk),
                Act::PowerFailure(kept) => {
                    drop(guardian);
                    let mut lying = disk.0.lock().unwrap();
                    let store = std::mem::take(&mut lying.store);
                    lying.store = store.crash(kept);
                    drop(lying);
                    guardian = requests.open(&disk);
                }
            }
        }
        worst = worst.max(answered.len());
    }
    (worst, runs)
}

/// A disk that may say that it synced and did not.
struct Lying {
    store: MemoryStore,
    lying: bool,
}

impl Store for Lying {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        self.store.append(stream, record)
    }
    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.store.read(stream, from, limit)
    }
    fn sync(&mut self) -> Result<(), StoreError> {
        if self.lying { Ok(()) } else { self.store.sync() }
    }
}

#[test]
fn no_schedule_brings_a_guardian_to_answer_two_sets_of_one_round() {
    let requests = requests();
    let (worst, runs) = explore(&requests, 4, false);
    assert_eq!(runs, 3 * 9_usize.pow(3));
    assert_eq!(worst, 1);
    // A disk that lies breaks it, so the exploration would see it broken.
    assert_eq!(explore(&requests, 3, true).0, 2);
}

#[test]
fn whatever_is_torn_off_the_disk_one_set_is_answered() {
    let requests = requests();
    let enrolled = Disk::new(FaultyStore::new());
    requests.enrol(&mut requests.open(&enrolled));
    let enrolled = enrolled.0.lock().unwrap().clone();
    // How many bytes the record of an answer takes on the disk.
    let measured = Disk::new(enrolled.clone());
    let mut guardian = requests.open(&measured);
    let mut spent = 0;
    for bytes in 0.. {
        measured.0.lock().unwrap().fill_after(bytes);
        if requests.ask(&mut guardian, 0).is_ok() {
            spent = bytes;
            break;
        }
        *measured.0.lock().unwrap() = enrolled.clone();
        guardian = requests.open(&measured);
    }
    assert!(spent > 100, "{spent}");
    for full_after in 0..=spent {
        for kept in [0, 1, full_after / 2, full_after] {
            let disk = Disk::new(enrolled.clone());
            let mut guardian = requests.open(&disk);
            disk.0.lock().unwrap().fill_after(full_after);
            let first = requests.ask(&mut guardian, 0);
            assert_eq!(first.is_ok(), full_after == spent, "{full_after}: {first:?}");
            // Without opening it again a guardian whose disk failed answers nothing.
            if first.is_err() {
                assert!(matches!(requests.ask(&mut guardian, 1), Err(MaskError::Store(_))));
            }
            drop(guardian);
            let crashed = disk.0.lock().unwrap().clone().crash(kept);
            let mut guardian = requests.open(&Disk::new(crashed));
            let second = requests.ask(&mut guardian, 1);
            if first.is_ok() {
                assert_eq!(second, Err(MaskError::Answered { round: 0 }));
                assert_eq!(requests.ask(&mut guardian, 0), Ok(()), "the same set may be answered again");
            } else {
                let again = requests.ask(&mut guardian, 0);
                assert!(second.is_ok() != again.is_ok(), "{full_after} {kept}: {second:?} {again:?}");
            }
        }
    }
}

#[test]
fn what_is_read_on_start_is_durable_before_it_counts() {
    // The record was written and not synced when the process died; the machine lived, so it is read. It must not be lost by the next crash.
    let requests = requests();
    let disk = Disk::new(MemoryStore::new());
    let mut guardian = requests.open(&disk);
    requests.enrol(&mut guardian);
    disk.0.lock().unwrap().fail_after(1);
    assert!(matches!(requests.ask(&mut guardian, 0), Err(MaskError::Store(_))));
    disk.0.lock().unwrap().fail_after(u64::MAX);
    assert_eq!(disk.0.lock().unwrap().unsynced(), 1);
    let mut guardian = requests.open(&disk);
    assert_eq!(requests.ask(&mut guardian, 0), Ok(()));
    drop(guardian);
    let crashed = std::mem::take(&mut *disk.0.lock().unwrap()).crash(0);
    let mut guardian = requests.open(&Disk::new(crashed));
    assert_eq!(requests.ask(&mut guardian, 1), Err(MaskError::Answered { round: 0 }));
}

#[test]
fn a_rolled_back_disk_is_found_out_by_what_the_log_knows() {
    let requests = requests();
    let disk = Disk::new(MemoryStore::new());
    let mut guardian = requests.open(&disk);
    requests.enrol(&mut guardian);
    let (before, early) = (disk.0.lock().unwrap().clone(), guardian.checkpoint());
    requests.ask(&mut guardian, 0).unwrap();
    let (after, late) = (disk.0.lock().unwrap().clone(), guardian.checkpoint());
    let open = |store: &MemoryStore, known| {
        let (roster, secret) = (Arc::clone(&requests.world.roster), &requests.world.secrets[0]);
        Guardian::open(roster, 0, secret, Box::new(store.clone()), Some(known), &node("guardian-0")).map(|_| ())
    };
    assert_eq!((open(&before, early), open(&after, early), open(&after, late)), (Ok(()), Ok(()), Ok(())));
    let rolled_back = |expected, found| Err(MaskError::RolledBack { expected, found });
    assert_eq!(open(&before, late), rolled_back(2, 1));
    assert_eq!(open(&MemoryStore::new(), early), rolled_back(1, 0));
    // As long, and other.
    let forked = Disk::new(before.clone());
    requests.ask(&mut requests.open(&forked), 1).unwrap();
    let forked = forked.0.lock().unwrap().clone();
    assert_eq!(open(&forked, late), rolled_back(2, 2));
}

/// All reachable states of a committee whose guardians answer one set each, while the corrupt answer both: can both sets be opened?
fn both_open(guardians: u32, threshold: u32, corrupt: u32) -> bool {
    let honest = guardians - corrupt;
    // A state: which honest guardians have answered set one, and which set two.
    let mut known = BTreeSet::from([(0_u32, 0_u32)]);
    let mut next = vec![(0_u32, 0_u32)];
    while let Some((one, two)) = next.pop() {
        if one.count_ones() + corrupt >= threshold && two.count_ones() + corrupt >= threshold {
            return true;
        }
        for guardian in 0..honest {
            let bit = 1 << guardian;
            // Deliveries in any order, replays included; a crash leaves the record, so it is no other state.
            let mut states = Vec::new();
            if two & bit == 0 {
                states.push((one | bit, two));
            }
            if one & bit == 0 {
                states.push((one, two | bit));
            }
            next.extend(states.into_iter().filter(|state| known.insert(*state)));
        }
    }
    false
}

#[test]
fn two_sets_are_never_both_opened_in_a_committee_that_is_allowed() {
    for guardians in 1..=7_u8 {
        for threshold in 1..=guardians {
            for corrupt in 0..threshold {
                let both = both_open(guardians.into(), threshold.into(), corrupt.into());
                assert_eq!(both, 2 * threshold <= guardians + corrupt, "{guardians} {threshold} {corrupt}");
                let refused = Committee::new(guardians, threshold, corrupt).is_err();
                assert_eq!(refused, both, "{guardians} {threshold} {corrupt}");
            }
        }
    }
}
