//! A world of replicas: virtual time, links that are late, lossy, doubled and reordered, partitions, crashes; all from one seed.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::Engine;
use cosmosmesh_delta_sync::checkpoint::{CONTROL_TOPIC, Quorum};
use cosmosmesh_delta_sync::state::{Notice, Operation};
use cosmosmesh_delta_sync::{
    Contact, Draft, EntryId, Event, LogId, RangeSet, Replica, ReplicaConfig, ReplicaError, Session, SessionConfig,
    Topic,
};

use crate::keys::{TestHasher, keys, node};
use crate::pair::{TestSession, config};
use crate::random::Random;

pub(crate) struct World {
    pub(crate) now: MissionTime,
    pub(crate) random: Random,
    pub(crate) nodes: Vec<TestSession>,
    /// What each node had durable when it last said something to anybody.
    promised: Vec<BTreeMap<LogId, RangeSet>>,
    /// Delivery time and a count, so that equal times keep an order; then from, to, bytes.
    flying: BTreeMap<(MissionTime, u64), (usize, usize, Vec<u8>)>,
    count: u64,
    /// One way, and loss in percent, of the contacts that are open, by the lower and the higher node.
    open: BTreeMap<(usize, usize), (i64, u64)>,
    group: Vec<u64>,
    pub(crate) forks: u64,
    /// Who closes the past, in worlds where that is done.
    quorum: Option<Quorum>,
    /// Who is away and meets nobody.
    away: Option<usize>,
    /// Everything that anybody ever had durable when it said something.
    acknowledged: BTreeMap<LogId, RangeSet>,
    /// Which late entry an entry carries on.
    carriers: BTreeMap<EntryId, EntryId>,
    pub(crate) checkpoints: u64,
    /// Which checkpoint was ever in force under each number.
    certified: BTreeMap<u64, Digest>,
    pub(crate) claims: u64,
    /// How many pieces of snapshots were sent.
    pub(crate) pieces: u64,
}

impl World {
    pub(crate) fn new(seed: u64, count: usize, closes: bool) -> Self {
        let mut random = Random(seed);
        let voters: BTreeSet<NodeId> = (0..count.min(3) as u64).map(node).collect();
        // In every other of these worlds there are successors, who may propose at any time.
        let successors: Vec<NodeId> = (1..count.min(3) as u64).filter(|_| seed % 8 == 1).map(node).collect();
        let quorum = closes.then(|| Quorum::new(node(0), voters, 2).unwrap().with_successors(&successors).unwrap());
        let nodes = (0..count)
            .map(|k| open(MissionTime(0), MemoryStore::new(), k, seed, quorum.clone(), random.below(3)))
            .collect();
        Self {
            now: MissionTime(0),
            random,
            nodes,
            promised: vec![BTreeMap::new(); count],
            flying: BTreeMap::new(),
            count: 0,
            open: BTreeMap::new(),
            group: vec![0; count],
            forks: 0,
            quorum,
            away: None,
            acknowledged: BTreeMap::new(),
            carriers: BTreeMap::new(),
            checkpoints: 0,
            certified: BTreeMap::new(),
            claims: 0,
            pieces: 0,
        }
    }

    /// The clock of one node; clocks differ by some seconds.
    fn clock(&self, k: usize) -> MissionTime {
        self.now.plus_ms(k as i64 * 1_700 - 9_000)
    }

    pub(crate) fn write(&mut self, k: usize) {
        let body = self.operation(k).encode().unwrap();
        let priority = match self.random.below(8) {
            0 => Priority::Bulk,
            1 => Priority::Expedited,
            2 => Priority::Emergency,
            _ => Priority::Normal,
        };
        let topic = Topic(self.random.below(2) as u16);
        let draft = Draft { topic, kind: 1, priority, body, ..Draft::default() };
        let now = self.clock(k);
        self.nodes[k].append(now, draft).unwrap();
        self.drain(k);
    }

    /// Something to say to the state: about the few same things, so that much of it collides.
    fn operation(&mut self, k: usize) -> Operation {
        let key = vec![self.random.below(2) as u8];
        let replica = self.nodes[k].replica();
        let logs: Vec<LogId> = replica.logs().collect();
        let mut seen = || {
            let log = *logs.get(self.random.below(logs.len() as u64) as usize)?;
            Some(EntryId { log, sequence: self.random.below(replica.have(&log).end().max(1)) })
        };
        let (one, other) = (seen(), seen());
        let to = node(self.random.below(self.nodes.len() as u64));
        let (amount, from) = (self.random.below(9), self.random.below(50) as i64 * 1_000);
        let element = vec![amount as u8 % 3];
        match (self.random.below(11), one) {
            (0, _) => Operation::Write { key, value: self.random.bytes(2), over: other },
            (1, _) => Operation::Add { key, element },
            (2, Some(one)) => Operation::Remove { key, element, seen: vec![one] },
            (3, _) => Operation::Count { key, by: amount as i64 - 4 },
            (4, _) => Operation::Grant { key, to, amount },
            (5, _) => Operation::Transfer { key, to, amount },
            (6, _) => Operation::Spend { key, amount },
            (7, Some(command)) => Operation::Acknowledge { command },
            (8, Some(command)) => Operation::Execute { command },
            (9, _) => {
                let until = MissionTime(from + 1 + amount as i64 * 1_000);
                Operation::Foretell { key, from: MissionTime(from), until, value: element }
            }
            _ => Operation::Issue { over: other.filter(|_| amount > 5) },
        }
    }

    /// The state that a node makes of its entries, and what its rules decided.
    pub(crate) fn state(&self, k: usize) -> (Digest, Vec<Notice>) {
        let mut fold = self.nodes[k].replica().fold().unwrap();
        let digest = fold.state(self.now.plus_ms(1 << 40)).digest(&TestHasher);
        (digest, fold.notices().map(|(_, notice)| notice.clone()).collect())
    }

    fn connect(&mut self, a: usize, b: usize, delay_ms: i64, loss: u64) {
        let pair = (a.min(b), a.max(b));
        self.open.insert(pair, (delay_ms, loss));
        let bounded = self.random.chance(30);
        for (x, y) in [pair, (pair.1, pair.0)] {
            let mut contact = Contact { delay_ms, ..Contact::new("sim") };
            if bounded {
                contact.rate_bps = Some(8_000);
                contact.until = Some(self.clock(x).plus_ms(1_000 + 2 * delay_ms));
            }
            let now = self.clock(x);
            self.nodes[x].contact_open(now, node(y as u64), contact);
        }
        self.drain(a);
        self.drain(b);
    }

    fn disconnect(&mut self, pair: (usize, usize)) {
        self.open.remove(&pair);
        self.nodes[pair.0].contact_close(node(pair.1 as u64));
        self.nodes[pair.1].contact_close(node(pair.0 as u64));
    }

    fn drain(&mut self, k: usize) {
        let now = self.clock(k);
        let mut said = false;
        while let Some(transmit) = self.nodes[k].poll_transmit(now) {
            said = true;
            self.pieces += u64::from(transmit.bytes[2] == 7);
            let to = self.index_of(&transmit.to);
            let Some(&(delay, loss)) = self.open.get(&(k.min(to), k.max(to))) else { continue };
            if self.random.chance(loss) {
                continue;
            }
            let copies = if self.random.chance(loss / 4) { 2 } else { 1 };
            for _ in 0..copies {
                // A lossy link reorders too.
                let late = if loss == 0 { 0 } else { self.random.below(delay as u64 / 2 + 1) as i64 };
                self.count += 1;
                self.flying.insert((self.now.plus_ms(delay + late), self.count), (k, to, transmit.bytes.clone()));
            }
        }
        if said {
            let replica = self.nodes[k].replica();
            self.promised[k] = replica.logs().map(|log| (log, replica.have(&log))).collect();
            if self.quorum.is_some() {
                for (log, have) in &self.promised[k] {
                    self.acknowledged.entry(*log).or_default().union(have);
                }
            }
        }
        while let Some(event) = self.nodes[k].poll_event() {
            match event {
                Event::Fork { .. } => self.forks += 1,
                Event::Checkpoint(adoption) => {
                    self.checkpoints += 1;
                    // One that a later one has overtaken since is not here any more.
                    if let Some(checkpoint) = self.nodes[k].replica().checkpoint() {
                        let hash = checkpoint.hash(&TestHasher);
                        let first = *self.certified.entry(checkpoint.number).or_insert(hash);
                        assert_eq!(first, hash, "two checkpoints {} are certified", checkpoint.number);
                    }
                    assert_eq!(adoption.conflicts, [], "nobody wrote twice");
                    self.carriers.extend(adoption.rebased.iter().map(|(late, carrier)| (*carrier, *late)));
                }
                Event::Malformed { .. } | Event::StoreFailed(_) => panic!("{event:?}"),
                _ => {}
            }
        }
    }

    fn index_of(&self, id: &NodeId) -> usize {
        (0..self.nodes.len()).find(|&k| node(k as u64) == *id).unwrap()
    }

    /// Lets the world go on until a moment: messages arrive, deadlines pass.
    fn run_until(&mut self, until: MissionTime) {
        loop {
            let arrival = self.flying.keys().next().map(|key| key.0);
            let deadline = (0..self.nodes.len())
                .filter_map(|k| {
                    Some((self.nodes[k].poll_timeout()?.plus_ms(9_000 - k as i64 * 1_700).max(self.now), k))
                })
                .min();
            match (arrival, deadline) {
                (Some(at), deadline) if at <= until && deadline.is_none_or(|(due, _)| at <= due) => {
                    let ((at, _), (from, to, bytes)) = self.flying.pop_first().unwrap();
                    self.now = at.max(self.now);
                    // What arrives after the contact ended is lost, as radio is.
                    if self.open.contains_key(&(from.min(to), from.max(to))) {
                        let now = self.clock(to);
                        self.nodes[to].handle_input(now, node(from as u64), &bytes);
                        self.drain(to);
                    }
                }
                (_, Some((at, k))) if at <= until => {
                    self.now = at;
                    let now = self.clock(k);
                    self.nodes[k].handle_timeout(now);
                    self.drain(k);
                }
                _ => break,
            }
        }
        self.now = self.now.max(until);
    }

    /// The node loses its memory and some of what it had not synced.
    fn crash(&mut self, k: usize) {
        let pairs: Vec<_> = self.open.keys().copied().filter(|pair| pair.0 == k || pair.1 == k).collect();
        for pair in pairs {
            self.open.remove(&pair);
            let other = if pair.0 == k { pair.1 } else { pair.0 };
            self.nodes[other].contact_close(node(k as u64));
        }
        let blank = open(self.now, MemoryStore::new(), k, 0, None, 0);
        let store = std::mem::replace(&mut self.nodes[k], blank).into_replica().into_store();
        let kept = self.random.below(store.unsynced() as u64 + 1) as usize;
        let lossless = kept == store.unsynced();
        let every = self.random.below(3);
        let seed = self.random.next();
        // A node that may have lost entries nobody has seen need not worry; one restored from a copy would.
        let now = self.clock(k);
        self.nodes[k] = open(now, store.crash(kept), k, seed, self.quorum.clone(), every);
        self.assert_kept(k, &self.promised[k], &format!("crash, lossless {lossless}"));
    }

    /// Whether a node has all of some entries: each as it is, or carried on by another.
    fn assert_kept(&self, k: usize, entries: &BTreeMap<LogId, RangeSet>, when: &str) {
        let replica = self.nodes[k].replica();
        let mut state = None;
        for (log, ranges) in entries {
            let gone = ranges.minus(&replica.have(log));
            if gone.is_empty() || log.topic == CONTROL_TOPIC {
                continue;
            }
            let checkpoint = replica.checkpoint();
            assert!(checkpoint.is_some(), "{when}: node {k} lost {gone:?} of {log:?}");
            let state = state.get_or_insert_with(|| {
                let mut fold = replica.fold().unwrap();
                fold.state(MissionTime(i64::MAX)).clone()
            });
            for sequence in gone.ranges().iter().flat_map(|&(start, end)| start..end) {
                let id = EntryId { log: *log, sequence };
                let late = self.carriers.get(&id).copied().unwrap_or(id);
                assert!(state.has_carried(&late), "{when}: node {k} lost {id:?}, and nobody carries it on");
            }
        }
    }

    /// Closes the past or prunes, if this is a world where that is done.
    fn close(&mut self) {
        if self.quorum.is_none() {
            return;
        }
        let proposers = self.quorum.as_ref().map_or(1, |quorum| quorum.proposers().len());
        if self.random.chance(20) {
            let k = self.random.below(proposers as u64) as usize;
            let now = self.clock(k);
            let at = now.plus_ms(-(1 << self.random.below(20)));
            match self.nodes[k].propose(now, at) {
                Ok(_) | Err(ReplicaError::Propose(_)) => {}
                Err(error) => panic!("{error}"),
            }
            self.drain(k);
        }
        if proposers > 1 && self.random.chance(15) {
            let k = self.random.below(proposers as u64) as usize;
            let now = self.clock(k);
            match self.nodes[k].claim(now) {
                Ok(_) => self.claims += 1,
                Err(ReplicaError::Propose(_)) => {}
                Err(error) => panic!("{error}"),
            }
            self.drain(k);
        }
        if self.random.chance(40) {
            let k = self.random.below(self.nodes.len() as u64) as usize;
            self.nodes[k].prune().unwrap();
            self.drain(k);
        }
    }

    /// One random thing happens.
    fn stir(&mut self) {
        self.close();
        let count = self.nodes.len() as u64;
        let k = self.random.below(count) as usize;
        match self.random.below(10) {
            0..=3 => self.write(k),
            4..=6 => {
                let other = self.random.below(count) as usize;
                if other != k
                    && self.away.is_none_or(|away| away != k && away != other)
                    && self.group[k] == self.group[other]
                    && !self.open.contains_key(&(k.min(other), k.max(other)))
                {
                    // From one second to a day, as often short as long.
                    let delay_ms = 1_000 << self.random.below(18);
                    let loss = self.random.below(51);
                    self.connect(k, other, delay_ms.min(86_400_000), loss);
                }
            }
            7 => {
                let open: Vec<_> = self.open.keys().copied().collect();
                if !open.is_empty() {
                    let pair = open[self.random.below(open.len() as u64) as usize];
                    self.disconnect(pair);
                }
            }
            8 => {
                // A partition: who is on which side changes, and contacts across end.
                for side in 0..self.group.len() {
                    self.group[side] = self.random.below(2);
                }
                let across: Vec<_> =
                    self.open.keys().copied().filter(|pair| self.group[pair.0] != self.group[pair.1]).collect();
                for pair in across {
                    self.disconnect(pair);
                }
            }
            _ => self.crash(k),
        }
        let ahead = 500 << self.random.below(17);
        self.run_until(self.now.plus_ms(ahead));
    }

    /// A contact without loss, as long as it is needed.
    pub(crate) fn calm_contact(&mut self, a: usize, b: usize) {
        let pair = (a.min(b), a.max(b));
        self.open.insert(pair, (5_000, 0));
        for (x, y) in [pair, (pair.1, pair.0)] {
            let now = self.clock(x);
            let contact = Contact { delay_ms: 5_000, ..Contact::new("calm") };
            self.nodes[x].contact_open(now, node(y as u64), contact);
        }
        self.drain(a);
        self.drain(b);
        self.run_until(self.now.plus_ms(600_000));
        self.disconnect(pair);
    }

    /// What two nodes hold otherwise, for whoever looks into a failure.
    fn difference(&self, a: usize, b: usize) -> String {
        let (x, y) = (self.nodes[a].replica(), self.nodes[b].replica());
        let number = |replica: &Replica<MemoryStore>| replica.checkpoint().map(|c| (c.number, c.at));
        let mut out = format!("{a} at {:?}, {b} at {:?}", number(x), number(y));
        let logs: BTreeSet<LogId> = x.logs().chain(y.logs()).collect();
        for log in logs.into_iter().filter(|log| x.have(log) != y.have(log)) {
            let author = self.index_of(&log.author);
            out += &format!("\nlog {author}/{}/{}: {:?} and {:?}", log.epoch, log.topic.0, x.have(&log), y.have(&log));
        }
        out
    }

    /// How many late entries were written again.
    pub(crate) fn rebased(&self) -> u64 {
        self.carriers.len() as u64
    }

    pub(crate) fn are_equal(&self, a: usize, b: usize) -> bool {
        let root = |k: usize| self.nodes[k].replica().root(&Default::default());
        root(a) == root(b)
    }
}

fn open(now: MissionTime, store: MemoryStore, k: usize, seed: u64, quorum: Option<Quorum>, every: u64) -> TestSession {
    // A batch must hold the longest entry: where the past is closed, a part of a proposal.
    let narrow = if quorum.is_some() { 12_000 } else { 400 };
    let config = ReplicaConfig { quorum, index_every: [1, 3, 1_000][every as usize], ..config() };
    let replica = Replica::open(now, store, keys(k as u64), config).unwrap();
    let mut secret = [0; 32];
    secret[..8].copy_from_slice(&seed.to_le_bytes());
    let batch_bytes_max = if seed.is_multiple_of(3) { narrow } else { 60 << 10 };
    Session::new(replica, SessionConfig { secret, batch_bytes_max, ..SessionConfig::default() }).unwrap()
}

/// One run: trouble, then calm, then everybody is equal.
pub(crate) fn run(seed: u64) -> World {
    let mut random = Random(seed ^ 0x5EED);
    let count = 2 + if random.chance(90) { random.below(4) } else { random.below(15) } as usize;
    // In some worlds the past is closed and pruned, and those who were away come late.
    let mut world = World::new(seed, count, seed % 4 == 1);
    // One that votes for nothing may be away for the first two thirds of it.
    world.away = (world.quorum.is_some() && count > 3 && random.chance(60)).then_some(count - 1);
    // Where others may stand in for it, the first proposer is lost as long.
    if world.quorum.as_ref().is_some_and(|quorum| quorum.proposers().len() > 2) && random.chance(40) {
        world.away = Some(0);
    }
    let stirs = 10 + random.below(30);
    for k in 0..stirs {
        if k == stirs * 2 / 3 {
            world.away = None;
        }
        world.stir();
    }
    if world.quorum.is_some() {
        for k in 0..count {
            if random.chance(50) {
                world.nodes[k].prune().unwrap();
                world.drain(k);
            }
        }
    }
    let open: Vec<_> = world.open.keys().copied().collect();
    for pair in open {
        world.disconnect(pair);
    }
    world.flying.clear();
    // Two replicas are equal after two contacts between them, whatever happened before.
    let (a, b) = (0, 1 + random.below(count as u64 - 1) as usize);
    world.calm_contact(a, b);
    world.calm_contact(a, b);
    assert!(world.are_equal(a, b), "seed {seed}: {a} and {b} differ after two contacts: {}", world.difference(a, b));
    // Along the line and back, everybody has everything; where the past is closed, votes and what is carried on go the same way again.
    for _ in 0..if world.quorum.is_some() { 4 } else { 1 } {
        for k in (1..count).chain((1..count).rev()) {
            world.calm_contact(k - 1, k);
            let equal = world.are_equal(k - 1, k);
            assert!(equal, "seed {seed}: {} and {k} differ: {}", k - 1, world.difference(k - 1, k));
        }
    }
    let state = world.state(0);
    for k in 1..count {
        assert!(world.are_equal(0, k), "seed {seed}: 0 and {k} differ: {}", world.difference(0, k));
        assert_eq!(world.state(k).0, state.0, "seed {seed}: 0 and {k} make different states of equal entries");
        if world.quorum.is_none() {
            assert_eq!(world.state(k).1, state.1, "seed {seed}: 0 and {k} decided otherwise");
        }
        let checkpoint = |k: usize| world.nodes[k].replica().checkpoint().map(|checkpoint| checkpoint.number);
        assert_eq!(checkpoint(0), checkpoint(k), "seed {seed}: 0 and {k} stand at different checkpoints");
    }
    world.assert_kept(0, &world.acknowledged, &format!("seed {seed}"));
    world
}
