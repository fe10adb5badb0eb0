use cosmosmesh_contracts::conformance::{self, MemoryStore};
use cosmosmesh_contracts::traits::{Store, StoreError};

#[test]
fn the_store_in_memory_is_a_store() {
    conformance::store(MemoryStore::new(), |store| store);
}

/// Counts by the provided method.
struct Uncounted(MemoryStore);

impl Store for Uncounted {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        self.0.append(stream, record)
    }
    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.0.read(stream, from, limit)
    }
    fn sync(&mut self) -> Result<(), StoreError> {
        self.0.sync()
    }
    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        self.0.trim(stream, below)
    }
}

#[test]
fn a_store_that_does_not_count_is_counted() {
    conformance::store(Uncounted(MemoryStore::new()), |store| store);
    for count in 0..70 {
        let mut store = Uncounted(MemoryStore::new());
        (0..count).for_each(|_| drop(store.append("a", &[1])));
        store.sync().unwrap();
        store.trim("a", count / 2).unwrap();
        assert_eq!(store.len("a"), Ok(count));
    }
}

#[test]
fn a_crash_takes_the_last_appended_first_and_never_what_was_synced() {
    let mut store = MemoryStore::new();
    for (stream, record) in [("a", 1), ("b", 2), ("a", 3)] {
        store.append(stream, &[record]).unwrap();
    }
    store.sync().unwrap();
    for (stream, record) in [("b", 4), ("a", 5), ("b", 6)] {
        store.append(stream, &[record]).unwrap();
    }
    let lengths = |store: MemoryStore| (store.len("a").unwrap(), store.len("b").unwrap());
    let expected = [(2, 1), (2, 2), (3, 2), (3, 3), (3, 3)];
    for (kept, expected) in expected.into_iter().enumerate() {
        assert_eq!(lengths(store.clone().crash(kept)), expected, "{kept} kept");
    }
    store.sync().unwrap();
    assert_eq!(lengths(store.crash(0)), (3, 3));
}

#[test]
fn trimming_does_not_reach_what_a_crash_could_take() {
    let mut store = MemoryStore::new();
    store.append("a", &[1]).unwrap();
    store.sync().unwrap();
    store.append("a", &[2]).unwrap();
    store.trim("a", 2).unwrap();
    assert_eq!(store.read("a", 1, 1), Ok(vec![vec![2]]));
    assert_eq!(store.crash(0).len("a"), Ok(1));
}

#[test]
fn a_full_disk_is_an_error_with_a_remedy() {
    let mut store = MemoryStore::new();
    store.fail_after(1);
    store.append("a", &[1]).unwrap();
    let error = store.append("a", &[2]).unwrap_err();
    assert!(error.to_string().contains("open it again"), "{error}");
    assert!(store.sync().is_err());
    assert_eq!(store.len("a"), Ok(1));
}
