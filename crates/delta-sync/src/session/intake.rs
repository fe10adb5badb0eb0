//! Batches that come in: entries are judged, signatures checked together, and one receipt says what came of it.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::entry::{EntryId, LogId, MissionId, body_hash, entry_hash, signed_prefix};
use crate::frame::Batch;
use crate::range::RangeSet;
use crate::receipt::{LINK_BYTES_MAX, RECEIPTS_STREAM, Receipt};
use crate::replica::{Arrival, Candidate, Refusal, Verdict};

use super::peer::Entries;
use super::{Event, Session};

/// How many signatures are checked together: enough to share among threads, few enough to hold.
const CHUNK: usize = 128;

impl<S: Store> Session<S> {
    pub(super) fn receive_batch(
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
