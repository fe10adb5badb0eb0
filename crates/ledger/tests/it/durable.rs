//! What was acknowledged survives; what survives is a prefix; what was signed is never contradicted.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_ledger::{Log, LogError, Tree};

use crate::house::{ORIGIN, entries, signer};

/// A store that is one file in memory, cut off at any byte: records framed by name, length and a sum.
#[derive(Clone, Default)]
struct FileStore {
    file: Vec<u8>,
    durable: usize,
}

impl FileStore {
    /// What a restart finds if the file ends after `kept` bytes.
    fn killed_at(&self, kept: usize) -> Self {
        let mut found = Self { file: self.file[..kept].to_vec(), durable: 0 };
        let whole = found.records().last().map_or(0, |(end, ..)| end);
        found.file.truncate(whole);
        found.durable = whole;
        found
    }

    fn records(&self) -> impl Iterator<Item = (usize, String, Vec<u8>)> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let rest = &self.file[at..];
            let (lengths, rest) = rest.split_first_chunk::<8>()?;
            let [name, record] = [0, 4].map(|k| u32::from_be_bytes(lengths[k..k + 4].try_into().unwrap()) as usize);
            let (body, rest) = rest.split_at_checked(name + record)?;
            let sum = rest.first_chunk::<4>()?;
            (sum32(body) == u32::from_be_bytes(*sum)).then_some(())?;
            at += 8 + body.len() + 4;
            Some((at, String::from_utf8(body[..name].to_vec()).ok()?, body[name..].to_vec()))
        })
    }
}

fn sum32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(1, |sum: u32, byte| sum.rotate_left(5).wrapping_mul(31) ^ u32::from(*byte))
}

impl Store for FileStore {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        let index = self.records().filter(|(_, name, _)| name == stream).count() as u64;
        let body = [stream.as_bytes(), record].concat();
        self.file.extend((stream.len() as u32).to_be_bytes());
        self.file.extend((record.len() as u32).to_be_bytes());
        self.file.extend(&body);
        self.file.extend(sum32(&body).to_be_bytes());
        Ok(index)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        let records = self.records().filter(|(_, name, _)| name == stream).map(|(_, _, record)| record);
        Ok(records.skip(from as usize).take(limit).collect())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.durable = self.file.len();
        Ok(())
    }
}

#[test]
fn killed_at_any_byte_it_is_a_prefix_with_all_that_was_acknowledged() {
    let entries = entries(12);
    let mut store = FileStore::default();
    let mut log = Log::open(&store, "l", ORIGIN).unwrap();
    // What was promised once the file had so many bytes: entries, and the size that was signed.
    let mut promised = vec![(0, 0_u64, 0_u64)];
    for batch in entries.chunks(3) {
        log.append(&mut store, batch).unwrap();
        promised.push((store.durable, log.size(), log.checkpoint().map_or(0, |c| c.size)));
        let signed = log.sign(&mut store, &signer(1)).map(|_| ()).and(Ok(log.size())).unwrap();
        promised.push((store.durable, log.size(), signed));
    }
    let roots = Tree::of(&entries);
    for kept in 0..=store.file.len() {
        let found = store.killed_at(kept);
        let mut again = Log::open(&found, "l", ORIGIN).unwrap();
        let (_, size, signed) = promised.iter().filter(|(bytes, ..)| *bytes <= kept).max().unwrap();
        assert!(again.size() >= *size, "killed at byte {kept}: {} of {size} acknowledged entries", again.size());
        assert_eq!(again.tree().root(), roots.root_at(again.size()).unwrap(), "killed at byte {kept}: not a prefix");
        assert!(again.checkpoint().map_or(0, |c| c.size) >= *signed, "killed at byte {kept}: a signature is forgotten");
        let mut found = found;
        again.append(&mut found, &[b"and on"]).unwrap();
        again.sign(&mut found, &signer(1)).unwrap();
    }
}

#[test]
fn every_crash_between_two_syncs_leaves_a_prefix() {
    let entries = entries(10);
    for kept in 0..=10 {
        let mut store = MemoryStore::new();
        let mut log = Log::open(&store, "l", ORIGIN).unwrap();
        log.append(&mut store, &entries[..4]).unwrap();
        // The batch is written, and then the sync fails: nothing was acknowledged.
        store.fail_after(6);
        assert!(matches!(log.append(&mut store, &entries[4..]), Err(LogError::Store(_))));
        assert_eq!(log.size(), 4, "what is not durable does not count");
        assert_eq!(log.append(&mut store, &entries[..1]), Err(LogError::Broken));
        assert_eq!(log.sign(&mut store, &signer(1)).map(|_| ()), Err(LogError::Broken));
        let store = store.crash(kept);
        let again = Log::open(&store, "l", ORIGIN).unwrap();
        assert!((4..=10).contains(&again.size()));
        assert_eq!(again.tree().root(), Tree::of(&entries).root_at(again.size()).unwrap());
    }
}

#[test]
fn a_log_that_was_rewritten_on_disk_signs_nothing_more() {
    let (log, store) = crate::house::log(5);
    let note = log.checkpoint_note().unwrap().to_string();
    let mut other = MemoryStore::new();
    for entry in crate::house::entries(4) {
        other.append("ledger/entries", &entry).unwrap();
    }
    other.append("ledger/checkpoints", note.as_bytes()).unwrap();
    let shorter = Log::open(&other, "ledger", ORIGIN).map(|_| ());
    assert_eq!(shorter, Err(LogError::Rewritten { size: 5 }), "an entry less than was signed");
    other.append("ledger/entries", b"another").unwrap();
    assert_eq!(Log::open(&other, "ledger", ORIGIN).map(|_| ()), Err(LogError::Rewritten { size: 5 }));
    assert_eq!(Log::open(&store, "ledger", "another").map(|_| ()), Err(LogError::Rewritten { size: 5 }));
    assert_eq!(Log::open(&store, "ledger", ORIGIN).unwrap().checkpoint(), log.checkpoint());
}

#[test]
fn bounds_and_second_writers_are_noticed() {
    let (mut log, mut store) = crate::house::log(5);
    let long = vec![0; cosmosmesh_ledger::ENTRY_BYTES_MAX + 1];
    assert_eq!(log.append(&mut store, &[long]), Err(LogError::Entry { bytes: 65_536 }));
    assert_eq!(log.append(&mut store, &[vec![0; 65_535]]), Ok(5..6));
    assert_eq!(log.append::<&[u8]>(&mut store, &[]), Ok(6..6));
    assert_eq!(log.read(&store, 4, 100).unwrap().len(), 2);
    store.append("ledger/entries", b"from somewhere else").unwrap();
    assert_eq!(log.append(&mut store, &[b"x"]), Err(LogError::OtherWriter { expected: 6, found: 7 }));
    let nothing = Log::open(&MemoryStore::new(), "l", ORIGIN).unwrap();
    assert_eq!(nothing.prove(0), Err(LogError::Unsigned));
}

/// What is read is held against the tree, also when the store has changed since the log was opened.
#[test]
fn a_store_that_says_something_else_is_noticed() {
    let (mut one, mut two) = (MemoryStore::new(), MemoryStore::new());
    let mut log = Log::open(&one, "ledger", ORIGIN).unwrap();
    log.append(&mut one, &["a", "b"]).unwrap();
    Log::open(&two, "ledger", ORIGIN).unwrap().append(&mut two, &["a", "c"]).unwrap();
    assert_eq!(log.read(&one, 0, 9).unwrap(), [b"a", b"b"]);
    assert_eq!(
        log.read(&one, u64::MAX, 9).unwrap(),
        [[0; 0]; 0],
        "nothing is there, and nothing is counted past the end"
    );
    assert!(matches!(log.read(&two, 0, 9), Err(LogError::Rewritten { size: 1 })));
    assert_eq!(log.read(&two, 0, 1).unwrap(), [b"a"]);
}
