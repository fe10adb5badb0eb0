//! The log of rounds: one header a round for ever, through crashes at every write.

use std::sync::{Arc, Mutex};

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_host::store::FaultyStore;
use cosmosmesh_node::round::{MemoryLog, QUESTION_KIND, Question, RoundLog, RoundLogError, StoreLog};
use cosmosmesh_privacy::mask::{HeaderLog, SignedHeader};

use crate::rounds::{fleet, options};
use crate::world::{World, node};

/// The headers of a planning, and second ones of the same rounds.
fn headers() -> (Vec<SignedHeader>, Vec<SignedHeader>) {
    let mut world = World::new(&fleet(4), 4, &options(), None);
    world.run(|_, _| false);
    let (roster, crypto) = (world.roster.clone().unwrap(), node(0));
    let questions = world.carried.iter().filter(|(_, to, bytes)| *to == 1 && bytes[0] == QUESTION_KIND);
    let first: Vec<SignedHeader> =
        questions.map(|(_, _, bytes)| Question::decode(bytes, 1 << 24, &roster, &crypto).unwrap().header).collect();
    let second = first.iter().map(|header| {
        let mut other = header.header().clone();
        other.purpose = "another".to_owned();
        other.sign(&roster, &crypto).unwrap()
    });
    let second = second.collect();
    (first, second)
}

#[test]
fn a_round_has_one_header() {
    let (first, second) = headers();
    let store = Box::new(MemoryStore::new());
    let logs: [Box<dyn RoundLog>; 2] =
        [Box::new(MemoryLog::new()), Box::new(StoreLog::open(store, "rounds".to_owned()).unwrap())];
    for mut log in logs {
        for (first, second) in first.iter().zip(&second) {
            assert!(!log.holds(&first.hash()));
            assert_eq!((log.append(first), log.append(first)), (Ok(()), Ok(())));
            let round = first.header().round;
            assert_eq!(log.append(second), Err(RoundLogError::Second { round }));
            assert!(log.holds(&first.hash()) && !log.holds(&second.hash()));
        }
    }
}

/// A disk that survives its process.
#[derive(Clone)]
struct Disk(Arc<Mutex<FaultyStore>>);

impl Disk {
    fn new(store: FaultyStore) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    fn open(&self) -> StoreLog {
        StoreLog::open(Box::new(self.clone()), "rounds".to_owned()).unwrap()
    }

    /// What is found after the power failed with so many bytes kept behind the last sync.
    fn crashed(&self, kept: usize) -> Self {
        Self::new(self.0.lock().unwrap().clone().crash(kept))
    }
}

impl Store for Disk {
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

#[test]
fn killed_at_any_byte_the_log_never_takes_two_headers_of_a_round() {
    let (first, second) = headers();
    let rounds = 3;
    let frame = {
        let disk = Disk::new(FaultyStore::new());
        let store: &mut dyn Store = &mut disk.clone();
        store.append("rounds", &[0; 40]).unwrap();
        disk.0.lock().unwrap().volatile_bytes()
    };
    for full_after in 0..=rounds * frame + 1 {
        for kept in [0, 1, frame / 2, frame] {
            let disk = Disk::new(FaultyStore::new());
            let mut log = disk.open();
            disk.0.lock().unwrap().fill_after(full_after);
            let taken: Vec<bool> = first.iter().take(rounds).map(|header| log.append(header).is_ok()).collect();
            // After a write that failed it takes nothing until it is opened again, not even what would fit.
            assert!(taken.windows(2).all(|pair| pair[0] || !pair[1]), "{full_after}: {taken:?}");
            drop(log);
            let mut log = disk.crashed(kept).open();
            for (k, taken) in taken.into_iter().enumerate() {
                let round = first[k].header().round;
                let (again, other) = (log.append(&first[k]), log.append(&second[k]));
                // What was taken is there. What was not may be there, or not; one of the two stands, for ever.
                assert!(again.is_ok() && other == Err(RoundLogError::Second { round }), "{full_after} {kept} {k}");
                assert!(!taken || log.holds(&first[k].hash()));
            }
            drop(log);
        }
    }
    // Said the other way round: a header that the log did not take leaves room for another one.
    let disk = Disk::new(FaultyStore::new());
    disk.open().append(&first[0]).unwrap();
    let mut log = disk.crashed(0).open();
    assert_eq!(log.next_round(), 1, "a facilitator that comes back begins no round twice");
    assert_eq!(log.append(&second[0]), Err(RoundLogError::Second { round: 0 }));
    assert_eq!(log.append(&second[1]), Ok(()));
}

#[test]
fn a_log_that_is_none_is_refused_by_its_record() {
    for record in [&[0_u8; 39][..], &[0; 41], &[]] {
        let disk = Disk::new(FaultyStore::new());
        let written = disk.clone().append("rounds", &[7; 40]).and_then(|_| disk.clone().append("rounds", record));
        if written.is_ok() {
            let opened = StoreLog::open(Box::new(disk), "rounds".to_owned()).map(|_| ());
            assert_eq!(opened, Err(RoundLogError::Malformed { record: 1 }));
        }
    }
}
