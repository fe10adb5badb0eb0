use std::collections::BTreeMap;

use crate::traits::{RECORD_MAX, Store, StoreError, check_record, check_stream_name};

/// A store in memory with a crash to order: the reference of every other store, and what engines are tested on.
///
/// What was appended after the last sync may be lost by a crash, in any number counted from the end over all streams: [`MemoryStore::crash`].
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {
    streams: BTreeMap<String, Stream>,
    unsynced: Vec<String>,
    writes_left: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Stream {
    first: u64,
    records: Vec<Vec<u8>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// The store as it is found after a crash that kept only the first `kept` of the records appended since the last sync.
    pub fn crash(mut self, kept: usize) -> Self {
        for name in self.unsynced.split_off(kept.min(self.unsynced.len())) {
            if let Some(stream) = self.streams.get_mut(&name) {
                stream.records.pop();
            }
        }
        self.unsynced.clear();
        self.writes_left = None;
        self
    }

    /// How many records a crash could lose now.
    pub fn unsynced(&self) -> usize {
        self.unsynced.len()
    }

    /// How many bytes the records have that are there.
    pub fn bytes(&self) -> u64 {
        self.streams.values().flat_map(|stream| &stream.records).map(|record| record.len() as u64).sum()
    }

    /// After so many further appends and syncs every one fails, as a full disk would make them.
    pub fn fail_after(&mut self, writes: u64) {
        self.writes_left = Some(writes);
    }

    fn write(&mut self) -> Result<(), StoreError> {
        match &mut self.writes_left {
            Some(0) => Err(StoreError::Failed { detail: "the writes allowed are spent".to_owned() }),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Store for MemoryStore {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        check_stream_name(stream)?;
        check_record(record)?;
        self.write()?;
        self.unsynced.push(stream.to_owned());
        let stream = self.streams.entry(stream.to_owned()).or_default();
        stream.records.push(record.to_vec());
        Ok(stream.first + stream.records.len() as u64 - 1)
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        check_stream_name(stream)?;
        let Some(stream) = self.streams.get(stream) else { return Ok(Vec::new()) };
        if from < stream.first && limit > 0 {
            return Err(StoreError::Trimmed { first: stream.first });
        }
        let skip = usize::try_from(from.saturating_sub(stream.first)).unwrap_or(usize::MAX);
        Ok(stream.records.iter().skip(skip).take(limit).cloned().collect())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.write()?;
        self.unsynced.clear();
        Ok(())
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        check_stream_name(stream)?;
        Ok(self.streams.get(stream).map_or(0, |stream| stream.first + stream.records.len() as u64))
    }

    // Only what is durable is trimmed, so that a crash takes records from the end alone.
    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        check_stream_name(stream)?;
        let volatile = self.unsynced.iter().filter(|name| *name == stream).count();
        if let Some(stream) = self.streams.get_mut(stream) {
            let durable = stream.records.len() - volatile;
            let gone = usize::try_from(below.saturating_sub(stream.first)).unwrap_or(usize::MAX).min(durable);
            stream.records.drain(..gone);
            stream.first += gone as u64;
        }
        Ok(())
    }
}

/// What every [`Store`] must do; panics with a sentence where one does not.
///
/// `reopen` closes a store in good order and opens it again.
pub fn store<S: Store>(mut subject: S, reopen: impl Fn(S) -> S) {
    let all = |store: &S, stream: &str| store.read(stream, 0, usize::MAX).expect("reading what is there");
    assert_eq!(subject.len("a"), Ok(0), "a stream nobody wrote is empty");
    assert!(all(&subject, "a").is_empty(), "a stream nobody wrote has no records");

    let records: Vec<Vec<u8>> = (0..300_usize).map(|k| vec![k as u8; k % 7]).collect();
    for (k, record) in records.iter().enumerate() {
        assert_eq!(subject.append("a", record), Ok(k as u64), "records are counted from zero");
        if k % 3 == 0 {
            assert_eq!(subject.append("b/x-1_2.3", record), Ok(k as u64 / 3), "streams are counted apart");
        }
    }
    assert_eq!(all(&subject, "a"), records, "what was appended is read before a sync too");
    subject.sync().expect("a sound store syncs");
    subject.sync().expect("a second sync does no harm");
    let mut subject = reopen(subject);
    assert_eq!(all(&subject, "a"), records, "what was synced is there after a restart");
    assert_eq!(subject.len("b/x-1_2.3"), Ok(100), "the length counts every record");
    assert_eq!(subject.read("a", 298, 10), Ok(records[298..].to_vec()), "a read ends where the stream ends");
    assert_eq!(subject.read("a", 5, 3), Ok(records[5..8].to_vec()), "a read gives no more than it was asked for");
    assert_eq!(subject.read("a", 300, 3), Ok(Vec::new()), "beyond the end there is nothing");
    assert_eq!(subject.read("a", u64::MAX, usize::MAX), Ok(Vec::new()), "far beyond the end there is nothing");
    assert_eq!(subject.append("a", &[9]), Ok(300), "counting goes on after a restart");
    subject.sync().expect("a sound store syncs");

    for name in ["", "A", "a b", "ä", &"a".repeat(129)] {
        assert_eq!(subject.append(name, &[]), Err(StoreError::StreamName), "{name:?} names no stream");
        assert_eq!(subject.read(name, 0, 1), Err(StoreError::StreamName), "{name:?} names no stream");
    }
    let long = vec![0; RECORD_MAX + 1];
    let bytes = long.len();
    assert_eq!(subject.append("a", &long), Err(StoreError::RecordTooLong { bytes }), "a bound is a bound");
    assert_eq!(subject.len("a"), Ok(301), "what was refused is not there");

    subject.trim("a", 100).expect("trimming what is there");
    let mut subject = reopen(subject);
    match subject.read("a", 99, 1) {
        Ok(kept) => assert_eq!(kept, records[99..100], "a record that was kept is the one that was written"),
        Err(error) => assert!(matches!(error, StoreError::Trimmed { first: 1..=100 }), "{error}"),
    }
    assert_eq!(subject.read("a", 100, 2), Ok(records[100..102].to_vec()), "trimming moves no index");
    assert_eq!(subject.len("a"), Ok(301), "trimming changes no length");
    assert_eq!(subject.append("a", &[1]), Ok(301), "counting goes on after trimming");
}
