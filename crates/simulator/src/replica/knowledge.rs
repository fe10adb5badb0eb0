use std::collections::BTreeMap;

use cosmosmesh_delta_sync::checkpoint::Cut;
use cosmosmesh_delta_sync::{EntryId, LogId, RangeSet};

use crate::report::PairReport;

/// What each asset has of what each other wrote, and how late it came to have it.
pub(super) struct Knowledge {
    /// By author: when each of its entries was written.
    written: Vec<Vec<i64>>,
    /// Author and count of an entry by its name; one that carries a late entry on stands for that one.
    places: BTreeMap<EntryId, (usize, usize)>,
    /// By holder and author: which of the author's entries it has.
    held: Vec<Vec<RangeSet>>,
    /// By holder and author: how many it has with all before them.
    known: Vec<Vec<usize>>,
    /// By holder and author: how long each of those took.
    latencies: Vec<Vec<Vec<i64>>>,
    stale: Vec<Vec<Vec<i64>>>,
}

impl Knowledge {
    pub(super) fn new(count: usize) -> Self {
        Self {
            written: vec![Vec::new(); count],
            places: BTreeMap::new(),
            held: vec![vec![RangeSet::new(); count]; count],
            known: vec![vec![0; count]; count],
            latencies: vec![vec![Vec::new(); count]; count],
            stale: vec![vec![Vec::new(); count]; count],
        }
    }

    /// How many entries an author has written.
    pub(super) fn count(&self, author: usize) -> usize {
        self.written[author].len()
    }

    pub(super) fn wrote(&mut self, author: usize, id: EntryId, now_ms: i64) {
        let place = self.written[author].len();
        self.written[author].push(now_ms);
        self.places.insert(id, (author, place));
        self.held[author][author].insert(place as u64, place as u64 + 1);
        self.known[author][author] = place + 1;
    }

    /// From now on an entry also goes by the name of the one that carries it.
    pub(super) fn carried(&mut self, late: &EntryId, carrier: EntryId) {
        if let Some(&place) = self.places.get(late) {
            self.places.insert(carrier, place);
        }
    }

    /// Entries arrived.
    pub(super) fn arrived(&mut self, holder: usize, entries: &[(LogId, RangeSet)], now_ms: i64) {
        for (log, ranges) in entries {
            for sequence in ranges.ranges().iter().flat_map(|&(start, end)| start..end) {
                self.hold(holder, &EntryId { log: *log, sequence });
            }
        }
        self.count_up(holder, now_ms);
    }

    /// A checkpoint came into force: its holder has what is in the cut, by the entries themselves or by their state.
    pub(super) fn closed(&mut self, holder: usize, cut: &Cut, now_ms: i64) {
        let covered: Vec<EntryId> = self.places.keys().filter(|id| cut.contains(id)).copied().collect();
        for id in covered {
            self.hold(holder, &id);
        }
        self.count_up(holder, now_ms);
    }

    fn hold(&mut self, holder: usize, id: &EntryId) {
        // Proposals and votes are not what the fleet wants to know.
        if let Some(&(author, place)) = self.places.get(id) {
            self.held[holder][author].insert(place as u64, place as u64 + 1);
        }
    }

    fn count_up(&mut self, holder: usize, now_ms: i64) {
        for (author, written) in self.written.iter().enumerate() {
            let before = self.known[holder][author];
            let here = (self.held[holder][author].contiguous() as usize).max(before);
            self.latencies[holder][author].extend(written[before..here].iter().map(|written| now_ms - written));
            self.known[holder][author] = here;
        }
    }

    /// Notes how old what everybody has of everybody is.
    pub(super) fn look(&mut self, now_ms: i64) {
        for (holder, stale) in self.stale.iter_mut().enumerate() {
            for (author, ages) in stale.iter_mut().enumerate() {
                let newest = self.known[holder][author].checked_sub(1).map(|k| self.written[author][k]);
                ages.push(now_ms - newest.unwrap_or(0));
            }
        }
    }

    /// How many entries were written.
    pub(super) fn entries(&self) -> u64 {
        self.written.iter().map(|written| written.len() as u64).sum()
    }

    /// All latencies, rising.
    pub(super) fn latencies(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.latencies.iter().flatten().flatten().copied().collect();
        all.sort_unstable();
        all
    }

    /// Pairs of an entry and an asset that it has not reached.
    pub(super) fn missing(&self) -> u64 {
        let lacks = |known: &Vec<usize>| {
            self.written.iter().zip(known).map(|(written, known)| (written.len() - known) as u64).sum::<u64>()
        };
        self.known.iter().map(lacks).sum()
    }

    /// Each asset as each other knows it.
    pub(super) fn pairs(self, names: &[String]) -> Vec<PairReport> {
        let mut pairs = Vec::new();
        for (holder, (latencies, stale)) in self.latencies.iter().zip(self.stale).enumerate() {
            for (author, (latencies, stale_ms)) in latencies.iter().zip(stale).enumerate() {
                if author != holder {
                    let (of, at) = (names[author].clone(), names[holder].clone());
                    pairs.push(PairReport { of, at, latency_ms_mean: mean(latencies), stale_ms });
                }
            }
        }
        pairs
    }
}

pub(super) fn mean(latencies: &[i64]) -> Option<i64> {
    let count = i64::try_from(latencies.len()).unwrap_or(i64::MAX);
    latencies.iter().sum::<i64>().checked_div(count)
}
