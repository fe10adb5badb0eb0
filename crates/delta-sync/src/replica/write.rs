//! Entries of this replica's own, and the time that they are given.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::Store;

use crate::checkpoint::{CONTROL_TOPIC, VOTE_KIND};
use crate::codec::CodecError;
use crate::entry::{DEPENDENCIES_MAX, Entry, EntryId, Header, LogId, LogicalTime, NO_ENTRY, Topic, body_bytes_max};

use super::{Replica, ReplicaError};

/// An entry as its author thinks of it; the replica adds the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Which of the author's logs it goes to.
    pub topic: Topic,
    /// What the body is.
    pub kind: u16,
    /// In which order it travels.
    pub priority: Priority,
    /// From when on a reader may disregard it.
    pub expiry: Option<MissionTime>,
    /// Entries it builds on; sorted and freed of doubles by the replica.
    pub dependencies: Vec<EntryId>,
    /// Its contents.
    pub body: Vec<u8>,
}

impl<S: Store> Replica<S> {
    /// Appends a signed entry to this replica's own log of the draft's topic. It is durable after [`Replica::sync`].
    ///
    /// # Errors
    /// [`ReplicaError`]; nothing was written unless the store failed.
    pub fn append(&mut self, now: MissionTime, draft: Draft) -> Result<Entry, ReplicaError> {
        // What speaks of checkpoints is written here and not by others.
        if draft.topic == CONTROL_TOPIC || draft.kind >= VOTE_KIND {
            return Err(ReplicaError::Draft(CodecError::Variant));
        }
        self.write(now, draft)
    }

    /// The same for what only a replica writes.
    pub(crate) fn write(&mut self, now: MissionTime, draft: Draft) -> Result<Entry, ReplicaError> {
        if draft.body.len() > body_bytes_max(draft.kind) {
            return Err(ReplicaError::Draft(CodecError::TooLong { bytes: draft.body.len() }));
        }
        let mut dependencies = draft.dependencies;
        dependencies.sort();
        dependencies.dedup();
        if dependencies.len() > DEPENDENCIES_MAX {
            return Err(ReplicaError::Draft(CodecError::TooLong { bytes: dependencies.len() }));
        }
        let author = self.me();
        let mut log = LogId { author, epoch: self.epoch, topic: draft.topic };
        // A log of our own that is quarantined takes nothing more, and one with a gap or a stranger's tail is not ours to extend.
        if self.logs.get(&log).is_some_and(|own| {
            own.fork.is_some() || own.runs.len() > 1 || own.runs.first().is_some_and(|run| run.start > 0)
        }) {
            self.begin_epoch(now);
            log.epoch = self.epoch;
        }
        let (sequence, previous) = match self.logs.get(&log).and_then(|own| own.runs.last()) {
            Some(run) => (run.end, run.last),
            None => (0, NO_ENTRY),
        };
        let time = self.tick(now);
        let header = Header {
            mission: self.config.mission,
            id: EntryId { log, sequence },
            previous,
            time,
            kind: draft.kind,
            priority: draft.priority,
            expiry: draft.expiry,
            dependencies,
            body_bytes: 0,
            body_hash: NO_ENTRY,
        };
        let entry = Entry::sign(header, draft.body, &self.keys).map_err(ReplicaError::Key)?;
        let mut record = Vec::new();
        entry.encode(&mut record);
        self.add(&log, sequence, previous, entry.hash(), entry.header().priority, &record)?;
        self.clock = time;
        Ok(entry)
    }

    /// The next logical time: later than everything seen.
    fn tick(&self, now: MissionTime) -> LogicalTime {
        if now > self.clock.at {
            LogicalTime { at: now, count: 0 }
        } else if self.clock.count < u32::MAX {
            LogicalTime { at: self.clock.at, count: self.clock.count + 1 }
        } else {
            LogicalTime { at: self.clock.at.plus_ms(1), count: 0 }
        }
    }

    /// Learns a time, unless it is too far ahead: one clock gone astray must not take everybody's with it.
    pub(super) fn observe(&mut self, now: MissionTime, time: LogicalTime) {
        if self.is_due(now, time) && time > self.clock {
            self.clock = time;
        }
    }

    /// Writes to new logs from now on. The number follows the clock, so that a second restore of the same copy does not meet the first.
    pub(crate) fn begin_epoch(&mut self, now: MissionTime) {
        let seconds = u32::try_from(now.as_ms().max(0) / 1_000).unwrap_or(u32::MAX);
        self.epoch = self.epoch.saturating_add(1).max(seconds);
    }
}
