//! What is kept in memory of one log: where its entries are, never the entries.

use cosmosmesh_contracts::key::Digest;

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{EntryId, LogId, NO_ENTRY};
use crate::range::{RangeSet, SEQUENCE_END};

/// A stretch of entries that are all here, with the hashes at both ends.
///
/// The last hash fixes every entry of the run, because each repeats the hash before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// What the first entry says about the one before it.
    pub(crate) before: Digest,
    pub(crate) last: Digest,
}

/// A stretch of entries that stand one after the other in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) start: u64,
    pub(crate) count: u64,
    pub(crate) record: u64,
}

/// The index of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Log {
    /// Name of the stream that holds it.
    pub(crate) stream: String,
    pub(crate) runs: Vec<Run>,
    pub(crate) extents: Vec<Extent>,
    /// How many records the stream has.
    pub(crate) records: u64,
    /// Sequence numbers of each priority but the usual one, in the order bulk, expedited, emergency.
    pub(crate) unusual: [RangeSet; 3],
    /// The author wrote two different entries here, the first time.
    pub(crate) fork: Option<u64>,
    /// Below this only hashes are kept.
    pub(crate) base: u64,
    /// Hash of the last entry below the base.
    pub(crate) base_hash: Digest,
}

impl Log {
    pub(crate) fn new(id: &LogId) -> Self {
        Self {
            stream: format!("log/{}/{}/{}", id.author, id.epoch, id.topic.0),
            runs: Vec::new(),
            extents: Vec::new(),
            records: 0,
            unusual: [const { RangeSet::new() }; 3],
            fork: None,
            base: 0,
            base_hash: NO_ENTRY,
        }
    }

    /// Whether an entry is here, or was before it was pruned.
    pub(crate) fn has(&self, sequence: u64) -> bool {
        self.run_at(sequence).is_some()
    }

    pub(crate) fn run_at(&self, sequence: u64) -> Option<&Run> {
        let after = self.runs.partition_point(|run| run.start <= sequence);
        self.runs[..after].last().filter(|run| sequence < run.end)
    }

    /// Which entries are here, pruned ones included.
    pub(crate) fn have(&self) -> RangeSet {
        let mut set = RangeSet::new();
        for run in &self.runs {
            set.insert(run.start, run.end);
        }
        set
    }

    /// Begins anew where the past is closed: with the stretches of a cut, of which nothing is in the store unless it is said later.
    pub(crate) fn begin(&mut self, have: &RangeSet, lasts: &[Digest]) {
        self.runs.clear();
        for (&(start, end), &last) in have.ranges().iter().zip(lasts) {
            // Whatever comes before a stretch of the cut is late, so that nobody asks what its first entry says of it.
            self.runs.push(Run { start, end, before: NO_ENTRY, last });
        }
        self.extents.clear();
        self.unusual = [const { RangeSet::new() }; 3];
        self.base = have.end();
        self.base_hash = lasts.last().copied().unwrap_or(NO_ENTRY);
    }

    /// The first record that is still needed.
    pub(crate) fn first_record(&self) -> u64 {
        self.extents.iter().map(|extent| extent.record).min().unwrap_or(self.records)
    }

    /// The sequence number after the last entry here.
    pub(crate) fn end(&self) -> u64 {
        self.runs.last().map_or(0, |run| run.end)
    }

    /// The index of the record that holds an entry.
    pub(crate) fn record_of(&self, sequence: u64) -> Option<u64> {
        self.extent_of(sequence).map(|(record, _)| record)
    }

    /// The record of an entry, and how many entries stand from there on one after the other.
    pub(crate) fn extent_of(&self, sequence: u64) -> Option<(u64, u64)> {
        let after = self.extents.partition_point(|extent| extent.start <= sequence);
        let extent = self.extents[..after].last()?;
        let offset = sequence - extent.start;
        (offset < extent.count).then(|| (extent.record + offset, extent.count - offset))
    }

    /// The first entry in the store after a place that is not.
    pub(crate) fn next_stored(&self, sequence: u64) -> Option<u64> {
        let after = self.extents.partition_point(|extent| extent.start <= sequence);
        self.extents.get(after).map(|extent| extent.start)
    }

    /// Members of `wanted` with this priority code.
    pub(crate) fn of_priority(&self, wanted: &RangeSet, code: u8) -> RangeSet {
        match code {
            1 if self.unusual.iter().all(RangeSet::is_empty) => wanted.clone(),
            1 => self.unusual.iter().fold(wanted.clone(), |rest, set| rest.minus(set)),
            code if self.unusual[unusual_index(code)].is_empty() => RangeSet::new(),
            code => wanted.intersection(&self.unusual[unusual_index(code)]),
        }
    }

    /// How an entry would join the runs beside it: the sequence number at which the chain breaks, if it does.
    pub(crate) fn chain_break(&self, sequence: u64, previous: &Digest, hash: &Digest) -> Option<ChainBreak> {
        let after = self.runs.partition_point(|run| run.start <= sequence);
        if let Some(run) = self.runs[..after].last()
            && run.end == sequence
            && run.last != *previous
        {
            return Some(ChainBreak::Before);
        }
        if let Some(run) = self.runs.get(after)
            && run.start == sequence + 1
            && run.before != *hash
        {
            return Some(ChainBreak::After);
        }
        None
    }

    /// Takes in an entry that is in no run and breaks no chain.
    pub(crate) fn add(&mut self, sequence: u64, previous: Digest, hash: Digest, priority: u8, record: u64) {
        self.join(Run { start: sequence, end: sequence + 1, before: previous, last: hash });
        if priority != 1 {
            self.unusual[unusual_index(priority)].insert(sequence, sequence + 1);
        }
        match self.extents.last_mut() {
            Some(last) if last.start + last.count == sequence && last.record + last.count == record => last.count += 1,
            Some(last) if last.start + last.count > sequence => {
                let after = self.extents.partition_point(|extent| extent.start <= sequence);
                match self.extents[..after].last_mut() {
                    Some(before)
                        if before.start + before.count == sequence && before.record + before.count == record =>
                    {
                        before.count += 1;
                    }
                    _ => self.extents.insert(after, Extent { start: sequence, count: 1, record }),
                }
            }
            _ => self.extents.push(Extent { start: sequence, count: 1, record }),
        }
    }

    /// Joins a run that overlaps no other.
    pub(crate) fn join(&mut self, run: Run) {
        let after = self.runs.partition_point(|other| other.start <= run.start);
        let touches_before = after > 0 && self.runs[after - 1].end == run.start;
        let touches_after = self.runs.get(after).is_some_and(|next| next.start == run.end);
        match (touches_before, touches_after) {
            (false, false) => self.runs.insert(after, run),
            (true, false) => {
                self.runs[after - 1].end = run.end;
                self.runs[after - 1].last = run.last;
            }
            (false, true) => {
                self.runs[after].start = run.start;
                self.runs[after].before = run.before;
            }
            (true, true) => {
                let next = self.runs.remove(after);
                self.runs[after - 1].end = next.end;
                self.runs[after - 1].last = next.last;
            }
        }
    }

    /// Forgets the entries from `from` on; `last` is the hash of the one before, if it is here.
    pub(crate) fn truncate(&mut self, from: u64, last: Digest) {
        self.runs.retain(|run| run.start < from);
        if let Some(run) = self.runs.last_mut()
            && run.end > from
        {
            run.end = from;
            run.last = last;
        }
        self.extents.retain(|extent| extent.start < from);
        if let Some(extent) = self.extents.last_mut() {
            extent.count = extent.count.min(from - extent.start);
        }
        for set in &mut self.unusual {
            set.truncate(from);
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_u64(out, self.runs.len() as u64);
        for run in &self.runs {
            put_u64(out, run.start);
            put_u64(out, run.end);
            out.extend(run.before.as_bytes());
            out.extend(run.last.as_bytes());
        }
        put_u64(out, self.extents.len() as u64);
        for extent in &self.extents {
            put_u64(out, extent.start);
            put_u64(out, extent.count);
            put_u64(out, extent.record);
        }
        put_u64(out, self.records);
        for set in &self.unusual {
            set.encode(out);
        }
        put_u64(out, self.fork.map_or(0, |fork| fork + 1));
        put_u64(out, self.base);
        out.extend(self.base_hash.as_bytes());
    }

    pub(crate) fn read(id: &LogId, reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let mut log = Self::new(id);
        for _ in 0..reader.count(66)? {
            let run =
                Run { start: reader.u64()?, end: reader.u64()?, before: reader.digest()?, last: reader.digest()? };
            log.runs.push(run);
        }
        for _ in 0..reader.count(3)? {
            log.extents.push(Extent { start: reader.u64()?, count: reader.u64()?, record: reader.u64()? });
        }
        log.records = reader.u64()?;
        for set in &mut log.unusual {
            *set = RangeSet::decode(reader, usize::MAX)?;
        }
        log.fork = reader.u64()?.checked_sub(1);
        log.base = reader.u64()?;
        log.base_hash = reader.digest()?;
        if log.is_sound() { Ok(log) } else { Err(CodecError::Contradiction) }
    }

    /// Whether runs and extents rise and end where numbers end: everything else here relies on it.
    fn is_sound(&self) -> bool {
        let runs = self.runs.iter().all(|run| run.start < run.end && run.end <= SEQUENCE_END)
            && self.runs.windows(2).all(|pair| pair[0].end < pair[1].start);
        let end = |extent: &Extent| extent.start.checked_add(extent.count);
        let kept = |extent: &Extent| extent.record.checked_add(extent.count).is_some_and(|after| after <= self.records);
        let extents = self.extents.iter().all(|extent| extent.count > 0 && end(extent).is_some() && kept(extent))
            && self.extents.windows(2).all(|pair| end(&pair[0]).is_some_and(|end| end <= pair[1].start));
        runs && extents && self.base <= SEQUENCE_END
    }
}

/// On which side of an entry the chain breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainBreak {
    /// The entry repeats another hash than that of the entry before it.
    Before,
    /// The entry after it repeats another hash than its own.
    After,
}

const fn unusual_index(code: u8) -> usize {
    match code {
        0 => 0,
        2 => 1,
        _ => 2,
    }
}

/// Whether two entries of one log cannot both be honest, and from which sequence number on.
pub(crate) fn fork_of(a: &crate::Entry, b: &crate::Entry) -> Option<EntryId> {
    let (x, y) = (a.id(), b.id());
    if x.log != y.log || a.hash() == b.hash() {
        return None;
    }
    if x.sequence == y.sequence {
        return Some(x);
    }
    let (first, second) = if x.sequence < y.sequence { (a, b) } else { (b, a) };
    let follows = first.id().sequence + 1 == second.id().sequence;
    (follows && second.header().previous != first.hash()).then(|| first.id())
}
