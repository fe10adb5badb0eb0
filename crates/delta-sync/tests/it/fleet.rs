//! Some replicas that meet in pairs, and a clock.

use std::collections::BTreeSet;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_delta_sync::checkpoint::Quorum;
use cosmosmesh_delta_sync::state::Operation;
use cosmosmesh_delta_sync::{Adoption, Contact, Draft, Entry, Event, Replica, ReplicaConfig, Session, SessionConfig};

use crate::keys::{TestHasher, keys, node};
use crate::pair::{TestSession, Traffic, config, equal, reconcile};

pub(crate) const END: MissionTime = MissionTime(i64::MAX);

/// Nodes 1 to 3 vote, two are needed, and 1 proposes.
pub(crate) fn quorum() -> Quorum {
    Quorum::new(node(1), (1..=3).map(node).collect(), 2).unwrap()
}

pub(crate) fn closing_config() -> ReplicaConfig {
    ReplicaConfig { quorum: Some(quorum()), ..config() }
}

pub(crate) fn open(number: u64, store: MemoryStore, now: MissionTime, quorum: &Quorum) -> TestSession {
    let config = ReplicaConfig { quorum: Some(quorum.clone()), ..config() };
    let replica = Replica::open(now, store, keys(number), config).unwrap();
    Session::new(replica, SessionConfig { batch_bytes_max: 4_000, ..SessionConfig::default() }).unwrap()
}

pub(crate) fn count(key: u8, by: i64) -> Draft {
    let body = Operation::Count { key: vec![key], by }.encode().unwrap();
    Draft { kind: 1, body, ..Draft::default() }
}

/// Some nodes, numbered from one, and a clock.
pub(crate) struct Fleet {
    pub(crate) now: MissionTime,
    pub(crate) nodes: Vec<TestSession>,
    /// Who is there.
    pub(crate) present: BTreeSet<usize>,
    quorum: Quorum,
}

impl Fleet {
    pub(crate) fn new(count: usize) -> Self {
        Self::with(count, quorum())
    }

    pub(crate) fn with(count: usize, quorum: Quorum) -> Self {
        let nodes = (1..=count as u64).map(|k| open(k, MemoryStore::new(), MissionTime(0), &quorum)).collect();
        Self { now: MissionTime(1_000), nodes, present: (0..count).collect(), quorum }
    }

    pub(crate) fn write(&mut self, k: usize, by: i64) -> Entry {
        self.now = self.now.plus_ms(10);
        self.nodes[k].append(self.now, count(k as u8, by)).unwrap()
    }

    pub(crate) fn meet_over(
        &mut self,
        a: usize,
        b: usize,
        contact: &Contact,
        pass: impl FnMut(u32, usize, &[u8]) -> bool,
    ) -> Traffic {
        let (low, high) = (a.min(b), a.max(b));
        let (left, right) = self.nodes.split_at_mut(high);
        reconcile(&mut left[low], &mut right[0], &mut self.now, contact, pass)
    }

    pub(crate) fn meet(&mut self, a: usize, b: usize) -> Traffic {
        let contact = Contact { delay_ms: 1_000, ..Contact::new("test") };
        self.meet_over(a, b, &contact, |_, _, _| true)
    }

    /// Everybody present meets everybody along a line and back.
    pub(crate) fn gather(&mut self) -> Vec<Event> {
        let line: Vec<usize> = self.present.iter().copied().collect();
        let mut events = Vec::new();
        for _ in 0..3 {
            for pair in line.windows(2) {
                events.extend(self.meet(pair[0], pair[1]).events);
            }
            for pair in line.windows(2).rev() {
                events.extend(self.meet(pair[0], pair[1]).events);
            }
        }
        events
    }

    /// Everything up to now becomes the past.
    pub(crate) fn close(&mut self) -> Vec<Event> {
        let at = self.now;
        self.now = self.now.plus_ms(1_000);
        self.nodes[0].propose(self.now, at).unwrap();
        self.gather()
    }

    pub(crate) fn prune(&mut self, nodes: std::ops::Range<usize>) {
        for k in nodes {
            self.nodes[k].prune().unwrap();
        }
    }

    pub(crate) fn digest(&self, k: usize) -> Digest {
        self.nodes[k].replica().fold().unwrap().state(END).digest(&TestHasher)
    }

    pub(crate) fn number(&self, k: usize) -> u64 {
        self.nodes[k].replica().checkpoint().map_or(0, |checkpoint| checkpoint.number)
    }

    pub(crate) fn counter(&self, k: usize, key: usize) -> i128 {
        self.nodes[k].replica().fold().unwrap().state(END).counter(&[key as u8])
    }

    pub(crate) fn assert_equal(&self) {
        let first = *self.present.first().unwrap();
        for &k in &self.present {
            assert!(equal(&self.nodes[first], &self.nodes[k]), "{first} and {k} differ");
            assert_eq!(self.digest(first), self.digest(k), "{first} and {k} make different states");
        }
    }

    pub(crate) fn restart(&mut self, k: usize, store: MemoryStore) {
        self.nodes[k] = open(k as u64 + 1, store, self.now, &self.quorum);
    }

    pub(crate) fn take_store(&mut self, k: usize) -> MemoryStore {
        let blank = open(k as u64 + 1, MemoryStore::new(), self.now, &self.quorum);
        std::mem::replace(&mut self.nodes[k], blank).into_replica().into_store()
    }
}

pub(crate) fn adoptions(events: &[Event]) -> Vec<Adoption> {
    let adoption = |event: &Event| match event {
        Event::Checkpoint(adoption) => Some(adoption.clone()),
        _ => None,
    };
    events.iter().filter_map(adoption).collect()
}
