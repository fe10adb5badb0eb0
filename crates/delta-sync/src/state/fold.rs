use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::RangeBounds as _;

use cosmosmesh_contracts::MissionTime;

use super::{Notice, Operation, Stamp, State};
use crate::codec::CodecError;
use crate::entry::{Entry, LogId};

/// The operations that are here, and the state that they fold to. An operation that arrives late is put in its place, and the fold goes on from there.
///
/// # Cost
/// Memory of the operations, and of one state in every [`SNAPSHOT_EVERY`] of them among the last [`SNAPSHOTS_MAX`] such; a late operation costs the operations after the snapshot before it.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    operations: BTreeMap<Stamp, (Option<MissionTime>, Operation)>,
    /// States after the operations named, at a distance.
    snapshots: BTreeMap<Stamp, State>,
    notices: BTreeMap<Stamp, Notice>,
    state: State,
    /// The last operation in `state`.
    reached: Option<Stamp>,
    since_snapshot: usize,
}

/// After how many operations the state is kept.
pub const SNAPSHOT_EVERY: usize = 256;
/// How many such states are kept.
pub const SNAPSHOTS_MAX: usize = 64;

impl Fold {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in an entry whose body is an operation, in whatever order. Gives whether it was new.
    ///
    /// # Errors
    /// [`CodecError`] if the body is none; an entry without its body says nothing and is left out.
    pub fn take(&mut self, entry: &Entry) -> Result<bool, CodecError> {
        let Some(body) = entry.body() else { return Ok(false) };
        let header = entry.header();
        Ok(self.insert(Stamp::of(header), header.expiry, Operation::decode(body)?))
    }

    /// The same for an operation that was decoded already.
    pub fn insert(&mut self, stamp: Stamp, expiry: Option<MissionTime>, operation: Operation) -> bool {
        if self.operations.contains_key(&stamp) {
            return false;
        }
        self.operations.insert(stamp, (expiry, operation));
        if self.reached.is_some_and(|reached| stamp < reached) {
            self.rewind(stamp);
        }
        true
    }

    /// Adds what another has: the union of both.
    pub fn join(&mut self, other: &Self) {
        for (stamp, (expiry, operation)) in &other.operations {
            self.insert(*stamp, *expiry, operation.clone());
        }
    }

    /// Forgets what a log says from a place on: its author wrote two entries there, and nothing after counts.
    pub fn quarantine(&mut self, log: &LogId, from: u64) {
        let gone: Vec<Stamp> =
            self.operations.keys().filter(|stamp| stamp.id.log == *log && stamp.id.sequence >= from).copied().collect();
        for stamp in &gone {
            self.operations.remove(stamp);
        }
        if let Some(first) = gone.first().filter(|first| self.reached.is_some_and(|reached| **first <= reached)) {
            self.rewind(*first);
        }
    }

    /// The state of everything written up to a time, that included. What is ahead of it waits, and is not lost.
    pub fn state(&mut self, as_of: MissionTime) -> &State {
        if self.reached.is_some_and(|reached| reached.time.at > as_of) {
            self.rewind_to(as_of);
        }
        let after = self.reached.map_or(Unbounded, Excluded);
        for (stamp, (expiry, operation)) in self.operations.range((after, Unbounded)) {
            if stamp.time.at > as_of {
                break;
            }
            if let Some(notice) = self.state.apply(*stamp, *expiry, operation) {
                self.notices.insert(*stamp, notice);
            }
            self.reached = Some(*stamp);
            self.since_snapshot += 1;
            if self.since_snapshot == SNAPSHOT_EVERY {
                self.since_snapshot = 0;
                self.snapshots.insert(*stamp, self.state.clone());
                if self.snapshots.len() > SNAPSHOTS_MAX {
                    self.snapshots.pop_first();
                }
            }
        }
        &self.state
    }

    /// What the rules decided in the state that was asked for last, in the one order.
    pub fn notices(&self) -> impl Iterator<Item = (&Stamp, &Notice)> {
        self.notices.iter()
    }

    /// How many operations are here.
    pub fn operation_count(&self) -> usize {
        self.operations.len()
    }

    /// Back to before the operation.
    fn rewind(&mut self, stamp: Stamp) {
        let below = self.snapshots.range((Unbounded, Excluded(stamp))).next_back();
        self.restore(below.map(|(at, state)| (*at, state.clone())));
    }

    fn rewind_to(&mut self, as_of: MissionTime) {
        let below = self.snapshots.iter().rev().find(|(at, _)| at.time.at <= as_of);
        self.restore(below.map(|(at, state)| (*at, state.clone())));
    }

    fn restore(&mut self, from: Option<(Stamp, State)>) {
        self.since_snapshot = 0;
        match from {
            Some((stamp, state)) => {
                drop(self.snapshots.split_off(&stamp));
                self.snapshots.insert(stamp, state.clone());
                self.notices.retain(|at, _| (Unbounded, Included(stamp)).contains(at));
                (self.state, self.reached) = (state, Some(stamp));
            }
            None => {
                self.snapshots.clear();
                self.notices.clear();
                (self.state, self.reached) = (State::default(), None);
            }
        }
    }
}
