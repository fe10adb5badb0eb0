use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{EntryId, LogId, LogicalTime, put_log, read_log};
use crate::range::{RangeSet, SEQUENCE_END};

/// Which entries a checkpoint has in it: of each log its stretches, each fixed by the hash of its last entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// Rising.
    logs: Vec<(LogId, CutLog)>,
}

/// What a checkpoint has of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CutLog {
    /// Where the log forks, if the proposer knew.
    pub fork: Option<u64>,
    /// The entries.
    pub have: RangeSet,
    /// The hash of the last entry of each stretch.
    pub lasts: Vec<Digest>,
}

impl CutLog {
    /// Takes in an entry above all that are there.
    pub(crate) fn take(&mut self, sequence: u64, hash: Digest) {
        if sequence == self.have.end() && !self.lasts.is_empty() {
            self.lasts.pop();
        }
        self.lasts.push(hash);
        self.have.insert(sequence, sequence + 1);
    }
}

impl Cut {
    /// The logs, rising.
    pub fn logs(&self) -> impl Iterator<Item = (&LogId, &CutLog)> {
        self.logs.iter().map(|(id, log)| (id, log))
    }

    /// One log of it.
    pub fn log(&self, id: &LogId) -> Option<&CutLog> {
        self.logs.binary_search_by_key(id, |(id, _)| *id).ok().map(|at| &self.logs[at].1)
    }

    /// Puts a log in, after all that are there; one without entries and fork is left out.
    pub(crate) fn push(&mut self, id: LogId, log: CutLog) {
        if !log.have.is_empty() || log.fork.is_some() {
            self.logs.push((id, log));
        }
    }

    /// How many entries of a log.
    pub(crate) fn count(&self, id: &LogId) -> u64 {
        self.log(id).map_or(0, |log| log.have.count())
    }

    /// How many entries.
    pub fn entry_count(&self) -> u64 {
        self.logs.iter().map(|(_, log)| log.have.count()).sum()
    }

    /// Whether an entry is in it.
    pub fn contains(&self, id: &EntryId) -> bool {
        self.log(&id.log).is_some_and(|log| log.have.contains(id.sequence))
    }

    /// The sequence number after the last entry of a log that is in it.
    pub fn end(&self, log: &LogId) -> u64 {
        self.log(log).map_or(0, |log| log.have.end())
    }

    /// Whether an entry came too late to count: not in the cut, though written up to its time `at` or standing below its end.
    pub fn is_late(&self, id: &EntryId, time: LogicalTime, at: MissionTime) -> bool {
        !self.contains(id) && (time.at <= at || id.sequence < self.end(&id.log))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.logs.len() as u64);
        for (id, log) in &self.logs {
            put_log(out, id);
            put_u64(out, log.fork.map_or(0, |fork| fork + 1));
            log.have.encode(out);
            log.lasts.iter().for_each(|last| out.extend(last.as_bytes()));
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let count = reader.count(36)?;
        let mut cut = Self { logs: Vec::with_capacity(count) };
        for _ in 0..count {
            let id = read_log(reader)?;
            if cut.logs.last().is_some_and(|(last, _)| *last >= id) {
                return Err(CodecError::Order);
            }
            let fork = reader.up_to(SEQUENCE_END)?.checked_sub(1);
            // Each stretch has a hash to come, which bounds their number before they are kept.
            let have = RangeSet::decode_counted(reader, 33)?;
            let mut lasts = Vec::with_capacity(have.ranges().len());
            for _ in have.ranges() {
                lasts.push(reader.digest()?);
            }
            if have.is_empty() && fork.is_none() || fork.is_some_and(|fork| have.end() > fork) {
                return Err(CodecError::Contradiction);
            }
            cut.logs.push((id, CutLog { fork, have, lasts }));
        }
        Ok(cut)
    }
}
