use std::collections::BTreeMap;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::{ContentHasher, Store};

use super::codec::{Kind, Reader, Writer};
use super::{MaskError, Roster};

/// How far a guardian's record has grown: what a log keeps of it, so that a disk that was rolled back is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many records it has.
    pub count: u64,
    /// The chain over them.
    pub chain: Digest,
}

/// What a guardian has answered: one header and one online set a round, for ever.
///
/// A round is in memory only once it is durable.
pub(crate) struct Record {
    stream: String,
    rounds: BTreeMap<u64, (Digest, Digest)>,
    last_set: Option<Vec<u32>>,
    checkpoint: Checkpoint,
    failed: bool,
}

const RECORDS_AT_ONCE: usize = 1024;

impl Record {
    /// Reads the record, or begins it.
    pub(crate) fn open(
        roster: &Roster,
        guardian: u8,
        store: &mut dyn Store,
        known: Option<Checkpoint>,
        hasher: &dyn ContentHasher,
    ) -> Result<Self, MaskError> {
        let mut record = Self {
            stream: format!("{}/record", stream(roster, guardian)),
            rounds: BTreeMap::new(),
            last_set: None,
            checkpoint: Checkpoint { count: 0, chain: Digest::from_bytes([0; 32]) },
            failed: false,
        };
        // What is read below was perhaps never synced: the next crash could take it back, and with it the refusal that rests on it.
        store.sync()?;
        let mut matches = known.is_none_or(|known| known == record.checkpoint);
        loop {
            let records = store.read(&record.stream, record.checkpoint.count, RECORDS_AT_ONCE)?;
            if records.is_empty() {
                break;
            }
            for bytes in records {
                record.take(&bytes, roster, hasher)?;
                matches |= known == Some(record.checkpoint);
            }
        }
        if let (Some(known), false) = (known, matches) {
            return Err(MaskError::RolledBack { expected: known.count, found: record.checkpoint.count });
        }
        if record.checkpoint.count == 0 {
            let first = Writer::bare().u8(FIRST).bytes(roster.hash());
            record.write(first, store, hasher)?;
        }
        Ok(record)
    }

    /// Whether this header and set may be answered: `Ok(true)` if they were, `Ok(false)` if the round is new.
    pub(crate) fn answered(&self, round: u64, header: &Digest, set: &Digest) -> Result<bool, MaskError> {
        match self.rounds.get(&round) {
            None => Ok(false),
            Some(known) if *known == (*header, *set) => Ok(true),
            Some(_) => Err(MaskError::Answered { round }),
        }
    }

    /// The agents of the last set that was answered.
    pub(crate) fn last_set(&self) -> Option<&[u32]> {
        self.last_set.as_deref()
    }

    /// Makes an answer durable before it is given.
    pub(crate) fn remember(
        &mut self,
        round: u64,
        header: Digest,
        set: Digest,
        agents: Vec<u32>,
        store: &mut dyn Store,
        hasher: &dyn ContentHasher,
    ) -> Result<(), MaskError> {
        let text = Writer::bare().u8(ROUND).u64(round).bytes(header).bytes(set).u32(agents.len() as u32);
        let text = agents.iter().fold(text, |text, agent| text.u32(*agent));
        self.write(text, store, hasher)?;
        self.rounds.insert(round, (header, set));
        self.last_set = Some(agents);
        Ok(())
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// Whether a write failed, so that nothing is known of the disk until it is opened again.
    pub(crate) fn failed(&self) -> bool {
        self.failed
    }

    fn write(&mut self, text: Writer, store: &mut dyn Store, hasher: &dyn ContentHasher) -> Result<(), MaskError> {
        let text = text.done();
        let chain = chain(hasher, &self.checkpoint.chain, &text);
        let record = Writer::bare().bytes(&text).bytes(chain).done();
        self.failed = true;
        store.append(&self.stream, &record)?;
        store.sync()?;
        self.failed = false;
        self.checkpoint = Checkpoint { count: self.checkpoint.count + 1, chain };
        Ok(())
    }

    fn take(&mut self, bytes: &[u8], roster: &Roster, hasher: &dyn ContentHasher) -> Result<(), MaskError> {
        let mut reader = Reader::bare(Kind::Record, bytes);
        match (reader.u8()?, self.checkpoint.count) {
            (FIRST, 0) => {
                if reader.digest()? != roster.hash() {
                    return Err(MaskError::OtherRoster);
                }
            }
            (ROUND, 1..) => {
                let (round, header, set) = (reader.u64()?, reader.digest()?, reader.digest()?);
                let count = reader.u32()? as usize;
                if reader.left() / 4 < count {
                    return Err(reader.malformed("ends too early"));
                }
                let mut agents = Vec::with_capacity(count);
                for _ in 0..count {
                    agents.push(reader.u32()?);
                }
                self.rounds.insert(round, (header, set));
                self.last_set = Some(agents);
            }
            _ => return Err(reader.malformed("is out of place")),
        }
        let expected = chain(hasher, &self.checkpoint.chain, reader.so_far());
        if reader.digest()? != expected {
            return Err(reader.malformed("does not continue the chain"));
        }
        reader.end()?;
        self.checkpoint = Checkpoint { count: self.checkpoint.count + 1, chain: expected };
        Ok(())
    }
}

const FIRST: u8 = 0;
const ROUND: u8 = 1;

/// Where a guardian keeps what it must not forget: one place per mission, epoch and guardian, whatever the roster, so that a second roster of an epoch is found out.
pub(crate) fn stream(roster: &Roster, guardian: u8) -> String {
    format!("mask/{}/{}/{guardian}", roster.terms().mission, roster.terms().epoch)
}

fn chain(hasher: &dyn ContentHasher, previous: &Digest, text: &[u8]) -> Digest {
    hasher.digest("cosmosmesh/mask/chain/1", &[previous.as_ref(), text])
}
