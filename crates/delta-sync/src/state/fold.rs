use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::ops::RangeBounds as _;

use cosmosmesh_contracts::MissionTime;

use super::{Base, Notice, Operation, Stamp, State};
use crate::checkpoint::{CONTROL_TOPIC, REBASED_KIND, carried_of};
use crate::codec::CodecError;
use crate::entry::{Entry, EntryId, Header, LogId};

/// The operations that are here, and the state that they fold to. An operation that arrives late is put in its place, and the fold goes on from there.
///
/// # Cost
/// Memory of the operations, and of one state in every [`SNAPSHOT_EVERY`] of them among the last [`SNAPSHOTS_MAX`] such; a late operation costs the operations after the snapshot before it.
#[derive(Clone, Debug, Default)]
pub struct Fold {
    base: Option<Box<Base>>,
    operations: BTreeMap<Stamp, Item>,
    /// States after the operations named, at a distance.
    snapshots: BTreeMap<Stamp, State>,
    notices: BTreeMap<Stamp, Notice>,
    state: State,
    /// The last operation in `state`.
    reached: Option<Stamp>,
    since_snapshot: usize,
}

/// One operation of the order.
#[derive(Clone, Debug)]
struct Item {
    expiry: Option<MissionTime>,
    operation: Operation,
    /// The late entry that said so, if another carries it.
    carried: Option<EntryId>,
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

    /// Begins with the state of a checkpoint; what was written up to then is in it, and entries of that time are left out.
    pub fn from_base(base: Base) -> Self {
        Self { state: base.state.clone(), base: Some(Box::new(base)), ..Self::default() }
    }

    /// Takes in an entry whose body is an operation, in whatever order. Gives whether it was new.
    ///
    /// An entry that carries a late one over a checkpoint says what the late one said, at its own place and once; it says nothing where the checkpoint is not known.
    /// # Errors
    /// [`CodecError`] if the body is none; an entry without its body says nothing and is left out.
    pub fn take(&mut self, entry: &Entry) -> Result<bool, CodecError> {
        self.take_parts(entry.header(), entry.body())
    }

    pub(crate) fn take_parts(&mut self, header: &Header, body: Option<&[u8]>) -> Result<bool, CodecError> {
        // What is said of checkpoints is no operation, whatever it looks like.
        let Some(body) = body.filter(|_| header.id.log.topic != CONTROL_TOPIC) else { return Ok(false) };
        if header.kind != REBASED_KIND {
            let operation = Operation::decode(body)?;
            return Ok(self.put(Stamp::of(header), Item { expiry: header.expiry, operation, carried: None }));
        }
        let (late, said) = carried_of(body)?;
        let counts = self.base.as_ref().is_some_and(|base| base.cut.is_late(&late.id, late.time, base.at));
        let Some(said) = said.filter(|_| counts) else { return Ok(false) };
        let operation = Operation::decode(said)?;
        Ok(self.put(Stamp::of(header), Item { expiry: late.expiry, operation, carried: Some(late.id) }))
    }

    /// The same for an operation that was decoded already.
    pub fn insert(&mut self, stamp: Stamp, expiry: Option<MissionTime>, operation: Operation) -> bool {
        self.put(stamp, Item { expiry, operation, carried: None })
    }

    fn put(&mut self, stamp: Stamp, item: Item) -> bool {
        if self.base.as_ref().is_some_and(|base| stamp.time.at <= base.at) || self.operations.contains_key(&stamp) {
            return false;
        }
        self.operations.insert(stamp, item);
        if self.reached.is_some_and(|reached| stamp < reached) {
            self.rewind(stamp);
        }
        true
    }

    /// Adds what another has: the union of both.
    pub fn join(&mut self, other: &Self) {
        for (stamp, item) in &other.operations {
            self.put(*stamp, item.clone());
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
    ///
    /// A time before the checkpoint that the fold begins with gives the checkpoint's state.
    pub fn state(&mut self, as_of: MissionTime) -> &State {
        if self.reached.is_some_and(|reached| reached.time.at > as_of) {
            self.rewind_to(as_of);
        }
        let after = self.reached.map_or(Unbounded, Excluded);
        for (stamp, item) in self.operations.range((after, Unbounded)) {
            if stamp.time.at > as_of {
                break;
            }
            if let Some(notice) = item.act(*stamp, &mut self.state) {
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

    /// The state of everything that is here, without a way back.
    pub(crate) fn into_state(mut self) -> State {
        let after = self.reached.map_or(Unbounded, Excluded);
        for (stamp, item) in self.operations.range((after, Unbounded)) {
            item.act(*stamp, &mut self.state);
        }
        self.state
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
                self.state = self.base.as_ref().map(|base| base.state.clone()).unwrap_or_default();
                self.reached = None;
            }
        }
    }
}

impl Item {
    fn act(&self, stamp: Stamp, state: &mut State) -> Option<Notice> {
        match self.carried {
            None => state.apply(stamp, self.expiry, &self.operation),
            Some(entry) if state.carry(entry) => {
                state.apply(Stamp { time: stamp.time, id: entry }, self.expiry, &self.operation)
            }
            Some(entry) => Some(Notice::Repeated { entry, by: stamp.id }),
        }
    }
}
