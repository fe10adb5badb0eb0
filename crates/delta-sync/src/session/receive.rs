//! What comes in from a peer.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::entry::{EntryId, LogId, MissionId, body_hash, entry_hash, signed_prefix};
use crate::frame::{Batch, Beacon, Frame, SHORT_BYTES, Summary};
use crate::range::RangeSet;
use crate::receipt::{LINK_BYTES_MAX, RECEIPTS_STREAM, Receipt};
use crate::replica::{Arrival, Candidate, Closed, Fork, Refusal, Root, Verdict};

use super::peer::Entries;
use super::{Event, PEER_RANGES_MAX, Session};

/// How many signatures are checked together: enough to share among threads, few enough to hold.
const CHUNK: usize = 128;
/// How often a peer may say the same before nothing more is sent to it in this contact.
const REPEATS_MAX: u32 = 16;

impl<S: Store> Session<S> {
    pub(super) fn receive(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) -> Result<(), StoreError> {
        let hasher = self.replica.keys.hasher.clone();
        let decoded = Frame::decode(bytes, &mut self.compression, &*hasher);
        let frame = match decoded {
            Ok(frame) if frame.mission_tag() == self.replica.config.mission.tag() => frame,
            Ok(_) => {
                self.tell(Event::Refused { from, refusal: Refusal::Mission, count: 1 });
                return Ok(());
            }
            Err(error) => {
                self.tell(Event::Malformed { from, error });
                return Ok(());
            }
        };
        match frame {
            Frame::Beacon(beacon) => self.receive_beacon(now, from, &beacon),
            Frame::Summary(summary) => self.receive_summary(now, from, &summary),
            Frame::Batch(batch) => return self.receive_batch(now, from, bytes.len(), &batch),
            Frame::Evidence(evidence) => return self.receive_fork(from, evidence.fork),
            Frame::Sketch(sketch) => return self.receive_sketch(now, from, &sketch),
            Frame::Votes(votes) => return self.receive_votes(now, from, &votes),
            Frame::Piece(piece) => return self.receive_piece(now, from, &piece),
            Frame::Wanted(wanted) => self.receive_wanted(now, from, &wanted),
        }
        Ok(())
    }

    /// The root over what the peer's frame is over; nothing if the two do not mean the same topics.
    pub(super) fn root_for(&mut self, from: NodeId, tag: [u8; 4]) -> Option<Root> {
        let scope = {
            let peer = self.peer(from);
            let interest = peer.interest.clone();
            match interest {
                Some(theirs) => self.replica.config.interest.shared(&theirs),
                None => self.replica.config.interest.clone(),
            }
        };
        (self.scope_tag(&scope) == tag).then(|| self.replica.root(&scope))
    }

    fn receive_beacon(&mut self, now: MissionTime, from: NodeId, beacon: &Beacon) {
        let mine = self.root_for(from, beacon.scope);
        let peer = self.peer(from);
        peer.room_bytes = Some(u64::from(beacon.room_kib) << 10);
        if mine == Some(beacon.root) {
            self.settle(from, beacon.root);
            let peer = self.peer(from);
            peer.wants.beacon |= beacon.reply;
            return;
        }
        if let Some(mine) = mine {
            peer.hear(mine, beacon.root);
        }
        // It answers a flight: it holds what we held then.
        if let Some(at) = peer.flights.iter().position(|flight| flight.root == beacon.root) {
            let answered: Vec<Entries> = peer.flights.drain(..=at).map(|flight| flight.entries).collect();
            for (log, ranges) in answered.into_iter().flatten() {
                for &(start, end) in ranges.ranges() {
                    peer.learn(log, start, end);
                }
            }
            peer.probe = None;
            peer.stale = true;
            if !beacon.reply && !peer.held {
                return;
            }
        }
        peer.wants.summary = true;
        peer.arm(now, 0);
    }

    fn settle(&mut self, from: NodeId, root: Root) {
        let holdings: Vec<(LogId, Option<u64>, RangeSet)> = {
            let scope = self.peers.get(&from).map(|peer| self.scope(peer)).unwrap_or_default();
            let logs = self.replica.indices().filter(|(id, _)| scope.covers(id.topic));
            logs.map(|(id, log)| (*id, log.fork, log.have())).collect()
        };
        let peer = self.peer(from);
        let news = peer.settled != Some(root);
        peer.settled = Some(root);
        peer.known = true;
        peer.held = false;
        peer.flights.clear();
        peer.sending = None;
        peer.forced.clear();
        peer.probe = None;
        peer.acknowledge = None;
        peer.stale = true;
        if news {
            peer.unsaved = true;
            peer.theirs = holdings.iter().map(|(id, _, have)| (*id, have.clone())).collect();
            peer.their_forks = holdings.iter().filter_map(|(id, fork, _)| fork.map(|fork| (*id, fork))).collect();
            self.tell(Event::Settled { peer: from, root });
        }
    }

    fn receive_summary(&mut self, now: MissionTime, from: NodeId, summary: &Summary<'_>) {
        let short = self.by_short_name();
        let interest = self.replica.config.interest.shared(&summary.interest);
        let mut theirs = Entries::new();
        let mut forks = BTreeMap::new();
        let mut ranges_left = PEER_RANGES_MAX;
        let mut unknown = false;
        // Decoded once already: it does not fail here.
        let _ = summary.for_each(PEER_RANGES_MAX, |log| {
            let author = match <[u8; 32]>::try_from(log.author) {
                Ok(whole) => Some(NodeId::from_bytes(whole)),
                Err(_) => short.get(log.author).copied().flatten(),
            };
            let known = author.map(|author| LogId { author, epoch: log.epoch, topic: log.topic });
            let Some(id) = known.filter(|id| interest.covers(id.topic) && self.replica.index_of(id).is_some()) else {
                // A log of which nothing is here, so that nothing of it needs to be remembered.
                unknown = true;
                return;
            };
            let count = log.have.ranges().len();
            if count <= ranges_left {
                ranges_left -= count;
                theirs.insert(id, log.have);
                if let Some(fork) = log.fork {
                    forks.insert(id, fork);
                }
            }
        });
        let peer = self.peer(from);
        peer.interest = Some(summary.interest.clone());
        peer.room_bytes = Some(u64::from(summary.room_kib) << 10);
        let mine = self.root_for(from, summary.scope);
        if mine == Some(summary.root) {
            self.settle(from, summary.root);
            self.peer(from).wants.beacon |= summary.reply;
            return;
        }
        let number = self.replica.closed().map_or(0, Closed::number);
        let more_there = unknown
            || summary.number > number
            || theirs.iter().any(|(id, have)| {
                self.replica.index_of(id).is_none_or(|log| {
                    let mut more = have.minus(&log.have());
                    if let Some(fork) = log.fork {
                        more.truncate(fork);
                    }
                    !more.is_empty()
                })
            })
            || forks
                .iter()
                .any(|(id, fork)| self.replica.index_of(id).is_none_or(|log| log.fork.is_none_or(|mine| mine > *fork)));
        let scope = self.replica.config.interest.shared(&summary.interest);
        let mine_now = self.replica.root(&scope);
        let peer = self.peer(from);
        peer.hear(mine_now, summary.root);
        peer.theirs = theirs;
        peer.their_forks = forks;
        peer.known = true;
        peer.unsaved = true;
        // A peer that does not take what it lacks is not sent it for ever.
        peer.held = peer.repeats > REPEATS_MAX;
        peer.explicit = summary.hashes;
        peer.settled = None;
        peer.drop_answered(now);
        if summary.hashes {
            peer.flights.clear();
        }
        peer.stale = true;
        peer.cut_told = false;
        if summary.reply || more_there && peer.told != Some(mine_now) {
            peer.wants.summary = true;
        }
        if more_there {
            peer.arm(now, 0);
        } else {
            peer.probe = None;
        }
        // Something is still on its way: look again when its answer is due.
        if !peer.flights.is_empty() {
            peer.arm(now, 0);
        }
        if self.replica.incoming().is_some() && self.peer(from).wants.summary {
            self.peer(from).wants.pieces = true;
        }
        if summary.number < number {
            self.offer_snapshot(now, from);
        }
        let same_scope = mine.is_some() && summary.number == number;
        if same_scope && !more_there {
            self.sketch_if_nothing_else_helps(from, summary.root);
        }
    }

    /// The authors known here by the beginning of their keys; nothing for a beginning that two share.
    fn by_short_name(&self) -> BTreeMap<[u8; SHORT_BYTES], Option<NodeId>> {
        let mut names = BTreeMap::new();
        for id in self.replica.logs() {
            let mut short = [0; SHORT_BYTES];
            short.copy_from_slice(&id.author.as_bytes()[..SHORT_BYTES]);
            names
                .entry(short)
                .and_modify(|known| {
                    if *known != Some(id.author) {
                        *known = None;
                    }
                })
                .or_insert(Some(id.author));
        }
        names
    }

    fn receive_fork(&mut self, from: NodeId, fork: Fork) -> Result<(), StoreError> {
        let (at, place) = (fork.at(), self.replica.fork_place(&fork));
        let taken = self.replica.take_fork(fork)?;
        // What nobody signed, or of strangers, is not worth remembering.
        if self.replica.fork(&at.log).is_some() {
            let known = self.peer(from).their_forks.entry(at.log).or_insert(place);
            *known = (*known).min(place);
        }
        if taken {
            self.replica.sync()?;
            self.changed();
            self.tell(Event::Fork { at, from });
            // Roots differ now by what the peer knows already: say where we stand.
            self.peer(from).wants.beacon = true;
        }
        Ok(())
    }

    fn receive_batch(
        &mut self,
        now: MissionTime,
        from: NodeId,
        frame_bytes: usize,
        batch: &Batch<'_>,
    ) -> Result<(), StoreError> {
        let link = self.peers.get(&from).and_then(|peer| peer.contact.as_ref()).map(|open| open.contact.link.clone());
        let mut link = link.unwrap_or_default();
        while link.len() > LINK_BYTES_MAX {
            link.pop();
        }
        let mut intake = Intake::new(Receipt {
            at: now,
            from,
            link,
            bytes: frame_bytes as u64,
            new: 0,
            duplicate: 0,
            quarantined: 0,
            forks: 0,
            refused: 0,
            latency_sum_ms: 0,
            latency_ms_max: 0,
            late: 0,
        });
        let mission = self.replica.config.mission;
        let hasher = self.replica.keys.hasher.clone();
        let mut chunk: Vec<Candidate<'_>> = Vec::with_capacity(CHUNK.min(batch.entry_count()));
        let mut rows = batch.rows();
        let mut before = None;
        let mut guessed = false;
        loop {
            let row = match rows.next_row() {
                Ok(Some(row)) => row,
                Ok(None) => break,
                Err(error) => {
                    self.tell(Event::Malformed { from, error });
                    break;
                }
            };
            guessed = row.previous.is_none() && row.id.sequence > 0 && (guessed || !row.follows);
            let previous = match (row.previous, row.follows) {
                (Some(previous), _) => Some(previous),
                (None, true) => before,
                (None, false) => {
                    // The entry before may stand in the part of this very batch that is not taken in yet.
                    self.settle_chunk(now, &mut chunk, &mut intake)?;
                    self.known_previous(&row.id)?
                }
            };
            let Some(previous) = previous else {
                before = None;
                intake.count(&row.id, row.time.at, Verdict::Refused(Refusal::PreviousUnknown));
                continue;
            };
            let (body, hash) = match row.body {
                Ok(body) => (Some(body), body_hash(&*hasher, body)),
                Err(hash) => (None, hash),
            };
            let candidate = Candidate { guessed, ..candidate(&row, mission, previous, hash, body, &*hasher) };
            before = Some(candidate.hash);
            match self.replica.look(&candidate)? {
                Arrival::Settled(verdict) => intake.count(&row.id, row.time.at, verdict),
                Arrival::Open => {
                    chunk.push(candidate);
                    if chunk.len() == CHUNK {
                        self.settle_chunk(now, &mut chunk, &mut intake)?;
                    }
                }
            }
        }
        self.settle_chunk(now, &mut chunk, &mut intake)?;
        self.conclude(now, from, batch, intake)
    }

    /// Checks the signatures of a chunk together and takes in what is good.
    fn settle_chunk(
        &mut self,
        now: MissionTime,
        chunk: &mut Vec<Candidate<'_>>,
        intake: &mut Intake,
    ) -> Result<(), StoreError> {
        let verdicts = {
            let signed: Vec<_> =
                chunk.iter().map(|c| (c.header.id.log.author, c.signed.as_slice(), c.signature)).collect();
            self.replica.keys.verifier.verify_all(&signed)
        };
        for (candidate, good) in chunk.drain(..).zip(verdicts) {
            let (id, at, guessed) = (candidate.header.id, candidate.header.time.at, candidate.guessed);
            let verdict = match good {
                Ok(()) => self.replica.insert(now, candidate)?,
                // Either it is forged, or the author has told the sender another story than us.
                Err(_) if guessed => Verdict::Refused(Refusal::PreviousUnknown),
                Err(_) => Verdict::Refused(Refusal::Signature),
            };
            intake.count(&id, at, verdict);
        }
        Ok(())
    }

    /// Writes the receipt, tells what happened, and answers if the flight is over.
    fn conclude(
        &mut self,
        now: MissionTime,
        from: NodeId,
        batch: &Batch<'_>,
        intake: Intake,
    ) -> Result<(), StoreError> {
        let Intake { receipt, new, held, forks, refused } = intake;
        let (new, held) = (new.into_entries(), held.into_entries());
        let mut record = Vec::new();
        receipt.encode(&mut record);
        self.replica.store.append(RECEIPTS_STREAM, &record)?;
        self.replica.touch();
        // One flush for the whole batch, before anything is acknowledged.
        self.replica.sync()?;
        let me = self.replica.me();
        let (forked, any_new, doubled) = (!forks.is_empty(), !new.is_empty(), receipt.duplicate > 0);
        let was_stale = self.peer(from).stale;
        if new.keys().any(|log| log.author == me && log.epoch == self.replica.epoch()) {
            self.replica.begin_epoch(now);
            self.tell(Event::Restored { epoch: self.replica.epoch() });
        }
        if any_new {
            self.tell(Event::Entries { from, entries: new.into_iter().collect() });
        }
        for at in forks {
            self.tell(Event::Fork { at, from });
        }
        let unknown_previous = refused.contains_key(&Refusal::PreviousUnknown);
        let late = refused.contains_key(&Refusal::Late);
        for (refusal, count) in refused {
            self.tell(Event::Refused { from, refusal, count });
        }
        self.tell(Event::Receipt(receipt));
        if any_new || forked {
            self.changed();
        }
        let peer = self.peer(from);
        // What it brought it has: what was planned for it stands, unless some of that came back.
        peer.stale = was_stale || forked || doubled;
        for (log, ranges) in held {
            for &(start, end) in ranges.ranges() {
                peer.learn(log, start, end);
            }
        }
        let whole = peer.inbox.note(batch.head.flight, batch.head.index, batch.head.last);
        if unknown_previous {
            peer.wants.summary = true;
            peer.wants.hashes = true;
        } else if whole {
            // A beacon is enough: if the peer holds more or less than we do, it will say so.
            peer.wants.beacon = true;
            peer.acknowledge = None;
        } else if let Some(open) = &peer.contact {
            peer.acknowledge = Some(now.plus_ms(open.patience_ms(0, 2 * receipt_bytes(batch))));
        }
        if late {
            // It does not know that the past is closed.
            self.offer_snapshot(now, from);
        }
        self.attend(now)
    }
}

/// Enough for what is signed and the signature, but for body and dependencies.
const RECORD_BYTES: usize = 288;

fn receipt_bytes(batch: &Batch<'_>) -> u64 {
    batch.raw().len() as u64 + batch.entry_count() as u64 * 64
}

fn candidate<'b>(
    row: &crate::frame::BatchRow<'b>,
    mission: MissionId,
    previous: cosmosmesh_contracts::key::Digest,
    body_hash: cosmosmesh_contracts::key::Digest,
    body: Option<&'b [u8]>,
    hasher: &dyn cosmosmesh_contracts::traits::ContentHasher,
) -> Candidate<'b> {
    let header = row.header(mission, previous, body_hash);
    let mut signed = Vec::with_capacity(RECORD_BYTES + row.dependencies.len() * 50 + row.body_bytes as usize);
    header.signed_bytes(&mut signed);
    let hash = entry_hash(hasher, &signed[signed_prefix().len()..], &row.signature);
    Candidate { header, signed, signature: row.signature, hash, body, guessed: false }
}

/// What one batch comes to.
struct Intake {
    receipt: Receipt,
    /// Taken in.
    new: Tally,
    /// What the sender shows that it holds.
    held: Tally,
    forks: Vec<EntryId>,
    refused: BTreeMap<Refusal, u64>,
}

/// Entries by log. A batch brings them log by log, so that the last log is nearly always the one.
#[derive(Default)]
struct Tally(Vec<(LogId, RangeSet)>);

impl Tally {
    fn add(&mut self, id: &EntryId) {
        match self.0.last_mut() {
            Some((log, ranges)) if *log == id.log => ranges.insert(id.sequence, id.sequence + 1),
            _ => self.0.push((id.log, RangeSet::from_range(id.sequence, id.sequence + 1))),
        }
    }

    fn into_entries(self) -> Entries {
        let mut entries = Entries::new();
        for (log, ranges) in self.0 {
            entries.entry(log).or_default().union(&ranges);
        }
        entries
    }
}

impl Intake {
    fn new(receipt: Receipt) -> Self {
        Self { receipt, new: Tally::default(), held: Tally::default(), forks: Vec::new(), refused: BTreeMap::new() }
    }

    fn count(&mut self, id: &EntryId, written: MissionTime, verdict: Verdict) {
        match verdict {
            Verdict::New => {
                self.held.add(id);
                self.new.add(id);
                self.receipt.new += 1;
                let late = u64::try_from(self.receipt.at.ms_since(written)).unwrap_or(0);
                self.receipt.latency_sum_ms = self.receipt.latency_sum_ms.saturating_add(late);
                self.receipt.latency_ms_max = self.receipt.latency_ms_max.max(late);
            }
            Verdict::Duplicate => {
                self.held.add(id);
                self.receipt.duplicate += 1;
            }
            Verdict::Quarantined => self.receipt.quarantined += 1,
            Verdict::Fork(at) => {
                self.receipt.forks += 1;
                self.forks.push(at);
            }
            Verdict::Refused(refusal) => {
                self.receipt.refused += 1;
                self.receipt.late += u64::from(refusal == Refusal::Late);
                *self.refused.entry(refusal).or_default() += 1;
            }
        }
    }
}
