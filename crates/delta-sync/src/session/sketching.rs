//! When two summaries say the same and the roots do not: sketches of everything, sent both ways.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::entry::{LogId, RawEntry};
use crate::frame::{SKETCH_CELLS_MAX, Sketch};
use crate::interest::Interest;
use crate::range::RangeSet;
use crate::replica::{Root, damaged};

use super::Session;
use super::peer::Entries;

/// How many cells the first sketch has: enough for some eighty differences, in less than 2 kB.
const CELLS_FIRST: usize = 126;

impl<S: Store> Session<S> {
    /// Summaries are equal and roots are not: some author wrote two entries in one place.
    pub(super) fn sketch_if_nothing_else_helps(&mut self, from: NodeId, their_root: Root) {
        let Some(known) = self.peers.get(&from) else { return };
        let scope = self.scope(known);
        let nothing_to_send = self.replica.indices().filter(|(id, _)| scope.covers(id.topic)).all(|(id, log)| {
            let mut lacks = log.have();
            if let Some(theirs) = known.theirs.get(id) {
                lacks = lacks.minus(theirs);
            }
            let knows = match (log.fork, known.their_forks.get(id)) {
                (None, None) => true,
                (Some(mine), Some(&theirs)) => mine == theirs,
                (Some(_), None) => false,
                (None, Some(_)) => false,
            };
            lacks.is_empty() && knows
        });
        let root = self.replica.root(&scope);
        if !nothing_to_send || root == their_root || known.sketched.is_some_and(|(sketched, _)| sketched == root) {
            return;
        }
        self.send_sketch(from, CELLS_FIRST, true, None);
    }

    fn send_sketch(&mut self, to: NodeId, cells: usize, reply: bool, salt: Option<[u8; 16]>) {
        let Some(known) = self.peers.get(&to) else { return };
        let scope = self.scope(known);
        let root = self.replica.root(&scope);
        let salt = salt.unwrap_or_else(|| {
            self.salts += 1;
            let parts: [&[u8]; 4] = [&self.config.secret, to.as_bytes(), &root, &self.salts.to_be_bytes()];
            let digest = self.replica.keys.hasher.digest("cosmosmesh/sync/salt/1", &parts);
            let mut salt = [0; 16];
            salt.copy_from_slice(&digest.as_bytes()[..16]);
            salt
        });
        let mut sketch =
            Sketch::new(self.replica.config.mission.tag(), self.scope_tag(&scope), root, salt, reply, cells);
        let hasher = self.replica.keys.hasher.clone();
        let noted = self.for_each_hash(&scope, |_, _, hash| {
            let name = sketch.name(&hash, &*hasher);
            sketch.add(name);
        });
        match noted {
            Ok(()) => {
                let peer = self.peer(to);
                peer.sketched = Some((root, sketch.cell_count()));
                peer.wants.sketch = Some(sketch);
            }
            Err(error) => self.halt(error),
        }
    }

    pub(super) fn receive_sketch(&mut self, now: MissionTime, from: NodeId, theirs: &Sketch) -> Result<(), StoreError> {
        let Some(mine_root) = self.root_for(from, theirs.scope) else {
            self.peer(from).wants.summary = true;
            return Ok(());
        };
        if mine_root == theirs.root || !self.peer(from).hears_sketch(mine_root) {
            return Ok(());
        }
        let scope = self.peers.get(&from).map(|peer| self.scope(peer)).unwrap_or_default();
        let hasher = self.replica.keys.hasher.clone();
        let mut mine = Sketch::new(theirs.mission, theirs.scope, mine_root, theirs.salt, false, theirs.cell_count());
        self.for_each_hash(&scope, |_, _, hash| {
            let name = mine.name(&hash, &*hasher);
            mine.add(name);
        })?;
        let Some(difference) = mine.difference(theirs) else {
            // Too many differences for it: a larger one, up to the largest; the peer's answer decides.
            let cells = (theirs.cell_count() * 4).min(SKETCH_CELLS_MAX);
            if theirs.cell_count() < cells {
                self.send_sketch(from, cells, true, None);
            }
            return Ok(());
        };
        let mut only_mine: Vec<u64> = difference.first;
        only_mine.sort_unstable();
        let mut forced = Entries::new();
        self.for_each_hash(&scope, |log, sequence, hash| {
            if only_mine.binary_search(&mine.name(&hash, &*hasher)).is_ok() {
                forced.entry(*log).or_default().insert(sequence, sequence + 1);
            }
        })?;
        let peer = self.peer(from);
        peer.held = false;
        for (log, ranges) in forced {
            peer.forced.entry(log).or_default().union(&ranges);
        }
        peer.arm(now, 0);
        if theirs.reply {
            mine.reply = false;
            peer.sketched = Some((mine_root, mine.cell_count()));
            peer.wants.sketch = Some(mine);
        }
        Ok(())
    }

    /// The hash of every entry of a scope. Reads the whole history, which is why it is the last resort.
    fn for_each_hash(&self, scope: &Interest, mut take: impl FnMut(&LogId, u64, Digest)) -> Result<(), StoreError> {
        let hasher = &*self.replica.keys.hasher;
        for (id, log) in self.replica.indices().filter(|(id, _)| scope.covers(id.topic)) {
            // What a checkpoint has is the same for all who adopted it, whether they pruned it or not.
            let closed = self.replica.closed().map_or(0, |closed| closed.checkpoint.cut.end(id));
            let there = log.have().minus(&RangeSet::from_range(0, log.base.max(closed)));
            self.replica.for_each_record(log, &there, |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&log.stream))?;
                take(id, raw.header.id.sequence, raw.hash(hasher));
                Ok(true)
            })?;
        }
        Ok(())
    }
}
