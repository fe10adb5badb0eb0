use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cosmosmesh_contracts::MissionTime;

use crate::entry::LogId;
use crate::frame::Sketch;
use crate::interest::Interest;
use crate::range::RangeSet;
use crate::replica::Root;

use super::contact::OpenContact;
use super::outgoing::{Outgoing, Round};

/// Entries by log, as stretches.
pub(super) type Entries = BTreeMap<LogId, RangeSet>;

/// What is known of one peer, and what it is still to be sent.
#[derive(Debug, Default)]
pub(super) struct Peer {
    pub(super) contact: Option<OpenContact>,
    /// Which topics it wants, once it has said so.
    pub(super) interest: Option<Interest>,
    /// Whether `theirs` means anything.
    pub(super) known: bool,
    /// What it is known to hold, durably.
    pub(super) theirs: Entries,
    /// Where it knows logs to fork.
    pub(super) their_forks: BTreeMap<LogId, u64>,
    /// The root at which it was last known to hold what we hold.
    pub(super) settled: Option<Root>,
    /// What was sent and not yet acknowledged, oldest first.
    pub(super) flights: VecDeque<Flight>,
    pub(super) flight_number: u32,
    /// The flight that is being sent.
    pub(super) sending: Option<Flight>,
    /// What remains to be sent, most urgent first.
    pub(super) pending: VecDeque<(LogId, RangeSet)>,
    /// What is to be sent whatever the peer's summary says: one side of a difference that a sketch showed.
    pub(super) forced: Entries,
    /// Whether `pending` was made before something changed.
    pub(super) stale: bool,
    /// Whether pushing waits for the peer's summary.
    pub(super) held: bool,
    pub(super) wants: Wants,
    pub(super) inbox: Inbox,
    /// How many bytes of batches it will still take.
    pub(super) room_bytes: Option<u64>,
    /// At which root it was last sent a summary in this contact.
    pub(super) told: Option<Root>,
    /// When to ask whether it is still there.
    pub(super) probe: Option<MissionTime>,
    /// How often it was asked since there was any progress.
    pub(super) attempts: u32,
    /// Our root and its, when it last said something.
    pub(super) heard: Option<(Root, Root)>,
    /// When to acknowledge, though the flight is not whole.
    pub(super) acknowledge: Option<MissionTime>,
    /// The root for which the last sketch was sent, and how many cells it had.
    pub(super) sketched: Option<(Root, usize)>,
    /// Our root when it last sent a sketch, and how many it has sent since that root.
    pub(super) sketch_heard: Option<(Root, u32)>,
    /// Whether it asked that no hash be left out.
    pub(super) explicit: bool,
    pub(super) cut_told: bool,
    /// How much shorter batches get by compression, in per mille.
    pub(super) packed_per_mille: u32,
    /// The snapshot that it is being sent in this contact.
    pub(super) outgoing: Option<Outgoing>,
    /// How far the snapshot has come over ways without answers.
    pub(super) round: Option<Round>,
    /// When to ask for the pieces of a snapshot that have not come.
    pub(super) pieces_due: Option<MissionTime>,
    /// How often it said the same while nothing changed here.
    pub(super) repeats: u32,
    /// Whether what the store remembers of this peer is out of date.
    pub(super) unsaved: bool,
}

/// Frames to be sent besides batches.
#[derive(Debug, Default)]
pub(super) struct Wants {
    pub(super) evidence: BTreeSet<LogId>,
    pub(super) sketch: Option<Sketch>,
    pub(super) summary: bool,
    /// Whether beacon or summary ask for an answer.
    pub(super) reply: bool,
    pub(super) beacon: bool,
    /// Whether the peer shall leave no hash out.
    pub(super) hashes: bool,
    /// Whether to say which pieces of a snapshot are missing.
    pub(super) pieces: bool,
}

/// Batches sent one after the other, and answered once.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) sent_at: MissionTime,
    pub(super) batches: u32,
    pub(super) entries: Entries,
    /// Our root when its last batch went out.
    pub(super) root: Root,
}

/// What came of the peer's present flight.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    pub(super) flight: u32,
    pub(super) seen: RangeSet,
    pub(super) last: Option<u32>,
    pub(super) answered: bool,
}

impl Inbox {
    /// Notes a batch; gives whether the flight is whole. More scattered numbers than an honest flight has are not noted, and the flight is asked for again.
    pub(super) fn note(&mut self, flight: u32, index: u32, last: bool) -> bool {
        if self.flight != flight {
            *self = Self { flight, ..Self::default() };
        }
        let index = u64::from(index);
        if self.seen.ranges().len() < INBOX_RANGES_MAX || self.seen.contains(index + 1) {
            self.seen.insert(index, index + 1);
        }
        if last {
            self.last = u32::try_from(index).ok();
        }
        self.last.is_some_and(|last| self.seen.contiguous() == u64::from(last) + 1)
    }
}

/// How often a peer is asked again within one contact without any progress.
const PROBES_MAX: u32 = 8;
/// The most flights without an answer that are kept apart; beyond them the two oldest become one.
const FLIGHTS_MAX: usize = 64;
/// The most stretches of batches that are noted of one flight.
const INBOX_RANGES_MAX: usize = 4_096;
/// How many sketches of a peer are read in one contact while the entries here stay the same: more than a whole search takes.
const SKETCHES_MAX: u32 = 12;

impl Peer {
    pub(super) fn deadline(&self) -> Option<MissionTime> {
        self.contact.as_ref()?;
        [self.probe, self.acknowledge, self.pieces_due].into_iter().flatten().min()
    }

    pub(super) fn handle_timeout(&mut self, now: MissionTime) {
        if self.contact.is_none() {
            return;
        }
        if self.acknowledge.is_some_and(|at| at <= now) {
            self.acknowledge = None;
            self.wants.summary = true;
            self.inbox.answered = true;
        }
        if self.pieces_due.is_some_and(|at| at <= now) {
            self.pieces_due = None;
            self.wants.pieces = true;
        }
        if self.probe.is_some_and(|at| at <= now) {
            self.probe = None;
            if self.attempts < PROBES_MAX {
                // A peer of whom nothing is known is told what we hold; one that is known is only asked.
                if self.known {
                    self.wants.beacon = true;
                } else {
                    self.wants.summary = true;
                }
                self.wants.reply = true;
                self.attempts += 1;
                self.arm(now, 0);
            }
        }
    }

    /// Asks again after a while, unless an answer comes.
    pub(super) fn arm(&mut self, now: MissionTime, queued_bytes: u64) {
        if let Some(open) = &self.contact
            && open.contact.two_way
        {
            self.probe = Some(now.plus_ms(open.patience_ms(self.attempts, queued_bytes)));
        }
    }

    /// A flight is under way and unanswered.
    pub(super) fn push_flight(&mut self, flight: Flight) {
        self.flights.push_back(flight);
        if self.flights.len() > FLIGHTS_MAX
            && let Some(oldest) = self.flights.pop_front()
            && let Some(next) = self.flights.front_mut()
        {
            // Who holds what we held at the next one holds the oldest too.
            for (log, ranges) in oldest.entries {
                next.entries.entry(log).or_default().union(&ranges);
            }
        }
    }

    /// Whether another sketch of this peer is worth reading the history for.
    pub(super) fn hears_sketch(&mut self, mine: Root) -> bool {
        if self.sketch_heard.is_none_or(|(root, _)| root != mine) {
            self.sketch_heard = Some((mine, 0));
        }
        let count = self.sketch_heard.as_mut().map_or(0, |heard| {
            heard.1 += 1;
            heard.1
        });
        count <= SKETCHES_MAX
    }

    /// Starts asking afresh if either side holds something else than when it was last heard.
    pub(super) fn hear(&mut self, mine: Root, theirs: Root) {
        if self.heard.replace((mine, theirs)) != Some((mine, theirs)) {
            self.attempts = 0;
            self.repeats = 0;
        } else {
            self.repeats += 1;
        }
    }

    /// Everything sent that may still be on its way or not yet answered.
    pub(super) fn unanswered(&self) -> Entries {
        let mut all = Entries::new();
        for flight in self.flights.iter().chain(&self.sending) {
            for (log, ranges) in &flight.entries {
                all.entry(*log).or_default().union(ranges);
            }
        }
        all
    }

    /// Flights whose answer would be here by now are settled by what the peer says it holds.
    pub(super) fn drop_answered(&mut self, now: MissionTime) {
        let round_trip = self.contact.as_ref().map_or(0, |open| open.contact.delay_ms.saturating_mul(2));
        self.flights.retain(|flight| flight.sent_at.plus_ms(round_trip) > now);
    }

    pub(super) fn has_entry(&self, log: &LogId, sequence: u64) -> bool {
        self.theirs.get(log).is_some_and(|have| have.contains(sequence))
    }

    pub(super) fn learn(&mut self, log: LogId, start: u64, end: u64) {
        self.theirs.entry(log).or_default().insert(start, end);
        self.unsaved = true;
    }
}
