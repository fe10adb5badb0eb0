//! A checkpoint comes into force: the logs begin at its cut, and late entries are written again.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::{CONTROL_TOPIC, Certificate, REBASED_KIND, carried_of, carrier_of};
use crate::entry::{EntryId, LogId, LogicalTime, RawEntry, priority_code};
use crate::log::Log;
use crate::range::RangeSet;
use crate::state::Stamp;

use super::{Replica, ReplicaError, damaged};

/// What came of a checkpoint that came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// Its number.
    pub number: u64,
    /// Up to when the past is closed.
    pub at: MissionTime,
    /// Late entries that were here, each with the entry of this replica that carries it from now on.
    pub rebased: Vec<(EntryId, EntryId)>,
    /// Entries that were here and contradict a hash that the quorum certifies: their authors wrote twice. They are kept in the stream `conflicts` and count no more.
    pub conflicts: Vec<EntryId>,
}

/// Entries that contradict a checkpoint, in their stored form.
const CONFLICTS_STREAM: &str = "conflicts";

/// What is late here.
#[derive(Default)]
struct Late {
    /// By their place in the order, so that they keep it among themselves.
    records: BTreeMap<Stamp, Vec<u8>>,
    /// Late entries that this replica carries already.
    carried: BTreeSet<EntryId>,
    conflicts: Vec<(EntryId, Vec<u8>)>,
    /// Whether numbers of this replica's own logs are taken after the cut, or were forgotten.
    own: bool,
}

impl<S: Store> Replica<S> {
    /// Puts a certified checkpoint in force; the certificate was verified, and the state is the one that it names.
    pub(super) fn adopt(
        &mut self,
        now: MissionTime,
        certificate: &Certificate,
        state: &[u8],
    ) -> Result<Adoption, StoreError> {
        self.put_checkpoint(certificate, state)?;
        self.settle_checkpoint(now)
    }

    /// Brings the logs in line with the checkpoint in force. Doing it again does nothing.
    ///
    /// # Errors
    /// [`StoreError`], also where the key's device does not answer: the replica must be opened again, and then goes on from there.
    pub(super) fn settle_checkpoint(&mut self, now: MissionTime) -> Result<Adoption, StoreError> {
        let Some(closed) = self.closed.clone() else { return Err(damaged("checkpoint")) };
        let checkpoint = &closed.checkpoint;
        let (number, at) = (checkpoint.number, checkpoint.at);
        let me = self.me();
        let mut late = Late::default();
        let mut begun: BTreeMap<LogId, Log> = BTreeMap::new();
        for (id, part) in checkpoint.cut.logs() {
            if id.author == me && id.epoch >= self.epoch && !part.have.minus(&self.have(id)).is_empty() {
                late.own = true;
                self.epoch = id.epoch;
            }
            if self.config.interest.covers(id.topic) && !part.have.is_empty() && !self.logs.contains_key(id) {
                self.name_log(id)?;
            }
        }
        for (id, log) in &self.logs {
            let next = self.begin_log(id, log, &mut late)?;
            begun.insert(*id, next);
        }
        // From now on nothing of ours is written up to the time that is closed.
        self.clock = self.clock.max(LogicalTime { at, count: u32::MAX });
        if late.own {
            self.begin_epoch(now);
        }
        self.broken = true;
        self.logs = begun;
        self.roots.clear();
        let mut conflicts = Vec::new();
        for (id, record) in late.conflicts {
            self.store.append(CONFLICTS_STREAM, &record)?;
            conflicts.push(id);
        }
        let mut rebased = Vec::new();
        for record in late.records.values() {
            let (header, draft) = carrier_of(record).map_err(|_| damaged("checkpoint"))?;
            if late.carried.insert(header.id) {
                let carrier = self.write(now, draft).map_err(|error| match error {
                    ReplicaError::Store(error) => error,
                    other => StoreError::Failed { detail: format!("a late entry is not carried on: {other}") },
                })?;
                rebased.push((header.id, carrier.id()));
            }
        }
        (self.settled, self.broken) = (number, false);
        self.write_index()?;
        self.forget_older()?;
        self.store.sync()?;
        Ok(Adoption { number, at, rebased, conflicts })
    }

    /// One log as it stands after the checkpoint, and what of it is late.
    fn begin_log(&self, id: &LogId, log: &Log, late: &mut Late) -> Result<Log, StoreError> {
        let Some(closed) = &self.closed else { return Ok(log.clone()) };
        let hasher = &*self.keys.hasher;
        let part = closed.checkpoint.cut.log(id).cloned().unwrap_or_default();
        let end = part.have.end();
        let fork_known = self.forks.get(id).map(|fork| self.fork_place(fork));
        let mut next = Log { fork: fork_known, ..Log::new(id) };
        next.records = log.records;
        next.begin(&part.have, &part.lasts);
        let mut agrees = part.have.minus(&log.have()).is_empty();
        for (&(_, end), last) in part.have.ranges().iter().zip(&part.lasts) {
            let mine = self.hash_at(id, end - 1)?;
            agrees = agrees && mine == Some(*last);
            if mine.is_some_and(|mine| mine != *last)
                && let Some(record) = log.record_of(end - 1)
            {
                let record = self.store.read(&log.stream, record, 1)?.pop().ok_or_else(|| damaged(&log.stream))?;
                late.conflicts.push((EntryId { log: *id, sequence: end - 1 }, record));
            }
        }
        if agrees {
            // All of the cut is here: what is in the store stays where it is.
            next.base = log.base;
            next.base_hash = log.base_hash;
            next.extents = log.extents.iter().filter(|extent| extent.start < end).cloned().collect();
            if let Some(last) = next.extents.last_mut() {
                last.count = last.count.min(end - last.start);
            }
            next.unusual.clone_from(&log.unusual);
            next.unusual.iter_mut().for_each(|set| set.truncate(end));
        }
        let beside = log.have().minus(&part.have).minus(&RangeSet::from_range(0, log.base));
        self.for_each_record(log, &beside, |record| {
            let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
            let header = &raw.header;
            let sequence = header.id.sequence;
            if header.kind == REBASED_KIND
                && id.author == self.me()
                && !closed.is_late(&header.id, header.time)
                && let Some(Ok((carried, _))) = raw.body.map(carried_of)
            {
                late.carried.insert(carried.id);
            }
            if closed.is_late(&header.id, header.time) {
                late.own |= id.author == self.me() && id.epoch >= self.epoch;
                // What a quarantined author wrote after its fork is not carried on, nor what was said of checkpoints that are past.
                if part.fork.is_none_or(|fork| sequence < fork) && id.topic != CONTROL_TOPIC {
                    late.records.insert(Stamp::of(header), record.to_vec());
                }
                return Ok(true);
            }
            let (hash, place) = (raw.hash(hasher), log.record_of(sequence).ok_or_else(|| damaged(&log.stream))?);
            if next.fork.is_none_or(|fork| sequence < fork) {
                if next.chain_break(sequence, &header.previous, &hash).is_some() {
                    late.conflicts.push((header.id, record.to_vec()));
                } else {
                    next.add(sequence, header.previous, hash, priority_code(header.priority), place);
                }
            }
            Ok(true)
        })?;
        Ok(next)
    }
}
