//! What goes out next to a peer.

use std::collections::VecDeque;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::entry::{EntryId, LogId, RawEntry};
use crate::frame::{BatchHead, BatchRow, BatchWriter, Beacon, Evidence, FRAME_BYTES_MAX, SummaryHead, write_summary};
use crate::interest::Interest;
use crate::range::RangeSet;
use crate::replica::{Closed, damaged};

use super::peer::{Entries, Flight, Peer};
use super::{BATCH_BYTES_MIN, Event, Session};

impl<S: Store> Session<S> {
    /// The next frame for a peer: what is small and says where we stand before what is large.
    pub(super) fn next_frame(&mut self, now: MissionTime, id: NodeId) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut peer) = self.peers.remove(&id) else { return Ok(None) };
        let result = self.frame_for(now, id, &mut peer);
        if let (Ok(Some(bytes)), Some(open)) = (&result, &mut peer.contact) {
            open.spend(bytes.len());
        }
        self.peers.insert(id, peer);
        result
    }

    fn frame_for(&mut self, now: MissionTime, id: NodeId, peer: &mut Peer) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(open) = &peer.contact else { return Ok(None) };
        let left = open.bytes_left(now);
        if left < 64 {
            return Ok(None);
        }
        let scope = self.scope(peer);
        if peer.stale {
            self.plan(peer, &scope);
        }
        let mission = self.replica.config.mission.tag();
        let mut out = Vec::new();
        if let Some(log) = peer.wants.evidence.pop_first() {
            if let Some(fork) = self.replica.fork(&log) {
                peer.their_forks.insert(log, self.replica.fork_place(fork));
                Evidence { mission, fork: fork.clone() }.encode(&mut out);
                peer.arm(now, 0);
            }
            return Ok(Some(out).filter(|out| !out.is_empty()));
        }
        if let Some(sketch) = peer.wants.sketch.take() {
            sketch.encode(&mut out);
            return Ok(Some(out));
        }
        // Before the summary, which would have the peer begin at the start.
        if core::mem::take(&mut peer.wants.pieces)
            && let Some(out) = self.wanted()
        {
            return Ok(Some(out));
        }
        let idle = peer.pending.is_empty() && peer.forced.is_empty();
        let pushing = !idle && !peer.held;
        if peer.wants.summary {
            let reply = core::mem::take(&mut peer.wants.reply);
            peer.wants.summary = false;
            peer.wants.beacon = false;
            let root = self.replica.root(&scope);
            peer.told = Some(root);
            let head = SummaryHead {
                mission,
                interest: &self.replica.config.interest,
                scope: self.scope_tag(&scope),
                root,
                clock: now,
                room_kib: self.config.room_kib,
                number: self.replica.closed().map_or(0, Closed::number),
                reply,
                hashes: core::mem::take(&mut peer.wants.hashes),
            };
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(FRAME_BYTES_MAX);
            return Ok(Some(write_summary(&head, &self.holdings(&scope), room)));
        }
        // A batch says our root too, so that a beacon beside it would say nothing; but a question is a question.
        if peer.wants.beacon && (!pushing || peer.wants.reply) {
            peer.wants.beacon = false;
            let reply = core::mem::take(&mut peer.wants.reply);
            let (tag, root) = (self.scope_tag(&scope), self.replica.root(&scope));
            let room_kib = self.config.room_kib;
            Beacon { mission, reply, scope: tag, root, clock: now, room_kib }.encode(&mut out);
            return Ok(Some(out));
        }
        if pushing {
            peer.wants.beacon = false;
            return self.batch_for(now, id, peer, &scope, left);
        }
        self.piece_for(now, peer, left)
    }

    /// What we hold of a scope, as a summary says it.
    fn holdings(&self, scope: &Interest) -> Vec<(LogId, Option<u64>, RangeSet)> {
        let wanted = self
            .replica
            .indices()
            .filter(|(id, log)| scope.covers(id.topic) && !(log.runs.is_empty() && log.fork.is_none()));
        wanted.map(|(id, log)| (*id, log.fork, log.have())).collect()
    }

    /// What the peer lacks and was not sent: the most urgent first, log by log.
    pub(super) fn plan(&self, peer: &mut Peer, scope: &Interest) {
        peer.stale = false;
        peer.pending.clear();
        peer.wants.evidence = self
            .replica
            .forks()
            .filter(|fork| {
                let (log, place) = (fork.at().log, self.replica.fork_place(fork));
                scope.covers(log.topic) && peer.their_forks.get(&log).is_none_or(|known| *known > place)
            })
            .map(|fork| fork.at().log)
            .collect();
        let unanswered = peer.unanswered();
        let mut missing = Vec::new();
        for (id, log) in self.replica.indices().filter(|(id, _)| scope.covers(id.topic)) {
            let mut lacks = log.have().minus(&RangeSet::from_range(0, log.base));
            for known in [peer.theirs.get(id), unanswered.get(id)].into_iter().flatten() {
                lacks = lacks.minus(known);
            }
            // What a quarantined author writes after the fork is nobody's business.
            if let Some(&fork) = peer.their_forks.get(id) {
                lacks.truncate(fork);
            }
            if !lacks.is_empty() {
                missing.push((id, log, lacks));
            }
        }
        for code in (0..4).rev() {
            for (id, log, lacks) in &missing {
                let part = log.of_priority(lacks, code);
                if !part.is_empty() {
                    peer.pending.push_back((**id, part));
                }
            }
        }
        peer.pending.shrink_to_fit();
    }

    fn batch_for(
        &mut self,
        now: MissionTime,
        id: NodeId,
        peer: &mut Peer,
        scope: &Interest,
        left: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let room = peer.room_bytes.unwrap_or(u64::MAX);
        let limit = usize::try_from(left.min(room)).unwrap_or(usize::MAX).min(self.config.batch_bytes_max);
        if limit < BATCH_BYTES_MIN {
            self.tell_cut(id, peer);
            return Ok(None);
        }
        if peer.packed_per_mille == 0 {
            peer.packed_per_mille = 1_000;
        }
        let forced = !peer.forced.is_empty();
        let mut compress = self.config.compress;
        // A little less than the last batch promises: one that turns out too long is made anew.
        let promise = limit * 1_000 / peer.packed_per_mille.clamp(400, 1_000) as usize;
        let mut raw_max = if peer.packed_per_mille < 1_000 { promise - promise / 32 } else { promise };
        for _ in 0..TRIES_MAX {
            let source: Vec<(LogId, RangeSet)> = if forced {
                peer.forced.iter().map(|(log, ranges)| (*log, ranges.clone())).collect()
            } else {
                Vec::new()
            };
            let (writer, taken) = if forced {
                self.fill(peer, source.iter().map(|(log, ranges)| (log, ranges)), true, raw_max)?
            } else {
                self.fill(peer, peer.pending.iter().map(|(log, ranges)| (log, ranges)), false, raw_max)?
            };
            if writer.is_empty() {
                // Not even one entry fits.
                self.tell_cut(id, peer);
                return Ok(None);
            }
            let (raw_bytes, entry_count) = (writer.bytes(), writer.entry_count());
            let whole = taken.iter().map(|(_, ranges)| ranges.count()).sum::<u64>() == pending_count(peer, forced);
            let used = if raw_bytes > limit / 2 { raw_bytes } else { 0 };
            let last = whole
                || left.saturating_sub(used as u64) < BATCH_BYTES_MIN as u64
                || room.saturating_sub(used as u64) < BATCH_BYTES_MIN as u64;
            let index = peer.sending.as_ref().map_or(0, |flight| flight.batches);
            let number = if index == 0 { peer.flight_number.wrapping_add(1) } else { peer.flight_number };
            let root = self.replica.root(scope);
            let head = BatchHead {
                mission: self.replica.config.mission.tag(),
                flight: number,
                index,
                last,
                scope: self.scope_tag(scope),
                root,
            };
            let compression = if compress { Some(&mut self.compression) } else { None };
            let Some(bytes) = writer.finish(&head, compression) else {
                compress = false;
                raw_max = raw_max.min(limit);
                continue;
            };
            if entry_count == 1 && bytes.len() as u64 > left.min(room) {
                self.tell_cut(id, peer);
                return Ok(None);
            }
            // An entry that is longer than batches are meant to be travels alone; it would keep everything behind it.
            if bytes.len() > limit && entry_count > 1 {
                raw_max = (raw_max.min(raw_bytes) as u128 * limit as u128 / bytes.len() as u128 * 15 / 16) as usize;
                continue;
            }
            peer.packed_per_mille = (bytes.len() * 1_000 / raw_bytes.max(1)).clamp(1, 1_000) as u32;
            if let Some(room) = &mut peer.room_bytes {
                *room = room.saturating_sub(bytes.len() as u64);
            }
            peer.flight_number = number;
            take_off(peer, forced, &taken);
            let flight =
                peer.sending.get_or_insert_with(|| Flight { sent_at: now, batches: 0, entries: Entries::new(), root });
            flight.sent_at = now;
            flight.root = root;
            flight.batches += 1;
            for (log, ranges) in taken {
                flight.entries.entry(log).or_default().union(&ranges);
            }
            if last {
                if let Some(flight) = peer.sending.take() {
                    peer.push_flight(flight);
                }
                peer.arm(now, bytes.len() as u64);
            }
            return Ok(Some(bytes));
        }
        Ok(None)
    }

    /// Fills a batch with entries of one priority, as far as they fit.
    fn fill<'p>(
        &self,
        peer: &Peer,
        source: impl Iterator<Item = (&'p LogId, &'p RangeSet)>,
        with_previous: bool,
        raw_max: usize,
    ) -> Result<(BatchWriter, Vec<(LogId, RangeSet)>), StoreError> {
        let mut writer = BatchWriter::new();
        let mut taken: Vec<(LogId, RangeSet)> = Vec::new();
        let mut full = false;
        for (log, ranges) in source {
            // Logs rise within one priority; where they do not, the next priority begins.
            if full || taken.last().is_some_and(|(before, _)| before >= log) {
                break;
            }
            let Some(index) = self.replica.index_of(log) else { continue };
            let mut part = RangeSet::new();
            self.replica.for_each_record(index, ranges, |record| {
                let raw = RawEntry::decode(record).map_err(|_| damaged(&index.stream))?;
                let sequence = raw.header.id.sequence;
                let follows = sequence > 0 && part.end() == sequence && !part.is_empty();
                let needed =
                    !follows && sequence > 0 && (with_previous || peer.explicit || !peer.has_entry(log, sequence - 1));
                let row = BatchRow::of(&raw, needed);
                let row_bytes = ROW_BYTES + row.body_bytes as usize + row.dependencies.len() * 44;
                if !writer.is_empty() && writer.bytes() + row_bytes > raw_max {
                    full = true;
                    return Ok(false);
                }
                writer.push(&row);
                part.insert(sequence, sequence + 1);
                Ok(true)
            })?;
            if !part.is_empty() {
                taken.push((*log, part));
            }
        }
        Ok((writer, taken))
    }

    fn tell_cut(&mut self, id: NodeId, peer: &mut Peer) {
        if !peer.cut_told {
            peer.cut_told = true;
            self.tell(Event::Cut { peer: id, entries_left: pending_count(peer, false) });
        }
    }

    /// The row and header of one entry, for tests of what a batch says.
    pub(super) fn known_previous(&self, id: &EntryId) -> Result<Option<cosmosmesh_contracts::key::Digest>, StoreError> {
        match id.sequence.checked_sub(1) {
            Some(before) => self.replica.hash_at(&id.log, before),
            None => Ok(Some(crate::entry::NO_ENTRY)),
        }
    }
}

/// More than a row without dependencies and body needs: signature, hash before, a header's worth of numbers, its group.
const ROW_BYTES: usize = 160;
/// How often a batch is filled anew because compression turned out otherwise.
const TRIES_MAX: usize = 12;

fn pending_count(peer: &Peer, forced: bool) -> u64 {
    let entries: u64 = if forced {
        peer.forced.values().map(RangeSet::count).sum()
    } else {
        peer.pending.iter().map(|(_, ranges)| ranges.count()).sum()
    };
    entries
}

fn take_off(peer: &mut Peer, forced: bool, taken: &[(LogId, RangeSet)]) {
    for (log, ranges) in taken {
        if forced {
            if let Some(rest) = peer.forced.get_mut(log) {
                *rest = rest.minus(ranges);
                if rest.is_empty() {
                    peer.forced.remove(log);
                }
            }
            continue;
        }
        let mut pending: VecDeque<(LogId, RangeSet)> = core::mem::take(&mut peer.pending);
        if let Some(front) = pending.front_mut().filter(|front| front.0 == *log) {
            front.1 = front.1.minus(ranges);
            if front.1.is_empty() {
                pending.pop_front();
            }
        }
        peer.pending = pending;
    }
}
