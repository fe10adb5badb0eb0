use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Engine as _;
use cosmosmesh_crypto::{Blake3, Ed25519Verifier, seeded_signer};
use cosmosmesh_delta_sync::{
    Contact, Draft, Keys, LogId, MissionId, Replica, ReplicaConfig, ReplicaError, Session, SessionConfig, Topic,
};

use super::wire::{PACKET_BYTES, Wire};
use crate::contacts::channels;
use crate::link::Windows;
use crate::report::{PairReport, ReplicaReport};
use crate::scenario::Scenario;

/// How often an asset writes, and how often staleness is looked at.
const EVERY_MS: i64 = 1_800_000;
/// Length of what it writes.
const BODY_BYTES: usize = 200;
const MISSION: MissionId = MissionId(*b"simulated fleet\0");

/// Lets every asset write and reconcile with its neighbours, from the epoch to the end of the horizon.
///
/// # Errors
/// [`ReplicaError`], which a store in memory and a key at hand do not give.
pub(crate) fn reconcile(scenario: &Scenario, seed: u64) -> Result<ReplicaReport, ReplicaError> {
    let mut fleet = Fleet::new(scenario, seed)?;
    let end_ms = scenario.horizon.end().as_ms();
    for at_ms in (0..end_ms).step_by(EVERY_MS as usize) {
        for k in 0..fleet.nodes.len() {
            fleet.events.push(at_ms, Event::Write(k));
        }
        fleet.events.push(at_ms, Event::Look);
    }
    fleet.plan_contacts(end_ms);
    fleet.run(end_ms)?;
    Ok(fleet.report())
}

enum Event {
    Write(usize),
    Look,
    Open(usize, usize, i64),
    Close(usize, usize),
    Arrive(usize, usize, Vec<u8>),
}

/// What happens next; things of one instant keep the order in which they were planned.
#[derive(Default)]
struct Agenda {
    events: BTreeMap<(i64, u64), Event>,
    count: u64,
}

impl Agenda {
    fn push(&mut self, at_ms: i64, event: Event) {
        self.count += 1;
        self.events.insert((at_ms, self.count), event);
    }
}

struct Fleet {
    names: Vec<String>,
    ids: Vec<NodeId>,
    nodes: Vec<Session<MemoryStore>>,
    wires: Vec<Wire>,
    /// Which wire leads from one asset to another.
    wire_of: BTreeMap<(usize, usize), usize>,
    events: Agenda,
    /// When each entry of each asset was written.
    written: Vec<Vec<i64>>,
    /// By holder and author: how many entries it has, none missing before them.
    known: Vec<Vec<usize>>,
    /// By holder and author: the latencies.
    latencies: Vec<Vec<Vec<i64>>>,
    stale: Vec<Vec<Vec<i64>>>,
    times_ms: Vec<i64>,
    now_ms: i64,
    frames: u64,
    frames_lost: u64,
    bytes: u64,
}

impl Fleet {
    fn new(scenario: &Scenario, seed: u64) -> Result<Self, ReplicaError> {
        let names: Vec<String> = scenario.assets.iter().map(|asset| asset.id.to_string()).collect();
        let mut nodes = Vec::with_capacity(names.len());
        for (k, name) in names.iter().enumerate() {
            let keys = Keys {
                signer: Arc::new(seeded_signer(seed, name)),
                verifier: Arc::new(Ed25519Verifier::new()),
                hasher: Arc::new(Blake3),
            };
            let replica = Replica::open(MissionTime::EPOCH, MemoryStore::new(), keys, ReplicaConfig::new(MISSION))?;
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&seed.to_le_bytes());
            secret[8..16].copy_from_slice(&(k as u64).to_le_bytes());
            // A frame is a packet, so that one lost packet costs one frame.
            let config = SessionConfig { batch_bytes_max: PACKET_BYTES, secret, ..SessionConfig::default() };
            nodes.push(Session::new(replica, config)?);
        }
        let wires: Vec<Wire> = channels(scenario, seed).iter().map(|channel| Wire::new(seed, channel)).collect();
        let count = names.len();
        Ok(Self {
            ids: nodes.iter().map(|node| node.replica().me()).collect(),
            names,
            nodes,
            wire_of: wires.iter().enumerate().map(|(k, wire)| ((wire.from, wire.to), k)).collect(),
            wires,
            events: Agenda::default(),
            written: vec![Vec::new(); count],
            known: vec![vec![0; count]; count],
            latencies: vec![vec![Vec::new(); count]; count],
            stale: vec![vec![Vec::new(); count]; count],
            times_ms: Vec::new(),
            now_ms: 0,
            frames: 0,
            frames_lost: 0,
            bytes: 0,
        })
    }

    /// Contacts open and close by the plan; that a link is down all the same shows only by silence.
    fn plan_contacts(&mut self, end_ms: i64) {
        for wire in &self.wires {
            for span in wire.contacts.within(0, end_ms).spans() {
                let planned = wire.contacts.at(span.start_ms).map_or(span.end_ms, |whole| whole.end_ms);
                self.events.push(span.start_ms, Event::Open(wire.from, wire.to, planned));
                self.events.push(span.end_ms, Event::Close(wire.from, wire.to));
            }
        }
    }

    fn run(&mut self, end_ms: i64) -> Result<(), ReplicaError> {
        loop {
            let next = self.events.events.keys().next().map(|key| key.0);
            let due = self.nodes.iter().filter_map(|node| node.poll_timeout()).map(MissionTime::as_ms).min();
            match (next, due) {
                (next, Some(due)) if due < end_ms && next.is_none_or(|next| due < next) => {
                    self.now_ms = self.now_ms.max(due);
                    for k in 0..self.nodes.len() {
                        self.nodes[k].handle_timeout(MissionTime(self.now_ms));
                        self.drain(k, self.now_ms);
                    }
                }
                (Some(next), _) if next <= end_ms => {
                    let Some(((at_ms, _), event)) = self.events.events.pop_first() else { break };
                    self.now_ms = at_ms;
                    self.happen(at_ms, event)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn happen(&mut self, at_ms: i64, event: Event) -> Result<(), ReplicaError> {
        let now = MissionTime(at_ms);
        match event {
            Event::Write(k) => {
                let draft = Draft { body: body(k, self.written[k].len()), ..Draft::default() };
                self.nodes[k].append(now, draft)?;
                self.written[k].push(at_ms);
                self.known[k][k] += 1;
                self.drain(k, at_ms);
            }
            Event::Look => {
                self.times_ms.push(at_ms);
                for (holder, stale) in self.stale.iter_mut().enumerate() {
                    for (author, ages) in stale.iter_mut().enumerate() {
                        let newest = self.known[holder][author].checked_sub(1).map(|k| self.written[author][k]);
                        ages.push(at_ms - newest.unwrap_or(0));
                    }
                }
            }
            Event::Open(from, to, until_ms) => {
                let wire = &mut self.wires[self.wire_of[&(from, to)]];
                wire.begin(at_ms);
                let contact = Contact {
                    rate_bps: Some(wire.quality.rate_bps as u64),
                    until: (until_ms < Windows::FOREVER_MS).then_some(MissionTime(until_ms)),
                    delay_ms: i64::from(wire.quality.delay_ms),
                    ..Contact::new(wire.name.clone())
                };
                let peer = self.ids[to];
                self.nodes[from].contact_open(now, peer, contact);
                self.drain(from, at_ms);
            }
            Event::Close(from, to) => self.nodes[from].contact_close(self.ids[to]),
            Event::Arrive(from, to, bytes) => {
                self.nodes[to].handle_input(now, self.ids[from], &bytes);
                self.learn(to, at_ms);
                self.drain(to, at_ms);
            }
        }
        Ok(())
    }

    /// Sends what a node has to say.
    fn drain(&mut self, k: usize, now_ms: i64) {
        while let Some(transmit) = self.nodes[k].poll_transmit(MissionTime(now_ms)) {
            let Some(to) = self.ids.iter().position(|id| *id == transmit.to) else { continue };
            self.frames += 1;
            self.bytes += transmit.bytes.len() as u64;
            let wire = self.wire_of.get(&(k, to)).map(|&wire| &mut self.wires[wire]);
            match wire.and_then(|wire| wire.send(now_ms, transmit.bytes.len())) {
                Some(arrival_ms) => self.events.push(arrival_ms, Event::Arrive(k, to, transmit.bytes)),
                None => self.frames_lost += 1,
            }
        }
        // What happened is in the receipts; the count of entries is all that is wanted here.
        while self.nodes[k].poll_event().is_some() {}
    }

    /// Notes what arrived with all before it.
    fn learn(&mut self, holder: usize, now_ms: i64) {
        for author in 0..self.ids.len() {
            let log = LogId { author: self.ids[author], epoch: 0, topic: Topic(0) };
            let here = self.nodes[holder].replica().have(&log).contiguous() as usize;
            let before = self.known[holder][author];
            for &written in self.written[author].iter().take(here).skip(before) {
                self.latencies[holder][author].push(now_ms - written);
            }
            self.known[holder][author] = before.max(here);
        }
    }

    fn report(self) -> ReplicaReport {
        let mean = |latencies: &[i64]| {
            let count = i64::try_from(latencies.len()).unwrap_or(i64::MAX);
            latencies.iter().sum::<i64>().checked_div(count)
        };
        let mut all: Vec<i64> = self.latencies.iter().flatten().flatten().copied().collect();
        all.sort_unstable();
        let (mut pairs, mut missing) = (Vec::new(), 0);
        for (holder, at) in self.names.iter().enumerate() {
            for (author, of) in self.names.iter().enumerate().filter(|(author, _)| *author != holder) {
                missing += (self.written[author].len() - self.known[holder][author]) as u64;
                pairs.push(PairReport {
                    of: of.clone(),
                    at: at.clone(),
                    latency_ms_mean: mean(&self.latencies[holder][author]),
                    stale_ms: self.stale[holder][author].clone(),
                });
            }
        }
        ReplicaReport {
            every_ms: EVERY_MS,
            body_bytes: BODY_BYTES,
            entries: self.written.iter().map(|written| written.len() as u64).sum(),
            frames: self.frames,
            frames_lost: self.frames_lost,
            bytes: self.bytes,
            latency_ms_mean: mean(&all),
            latency_ms_p95: all.get((all.len() * 95).div_ceil(100).saturating_sub(1)).copied(),
            latency_ms_max: all.last().copied(),
            missing,
            times_ms: self.times_ms,
            pairs,
        }
    }
}

/// Something that does not compress to nothing, as telemetry does not.
fn body(k: usize, count: usize) -> Vec<u8> {
    let mut word = (k as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ count as u64;
    let step = |_| {
        word = word.wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31) ^ 0x94D0_49BB_1331_11EB;
        word.to_le_bytes()
    };
    (0..BODY_BYTES / 8).flat_map(step).collect()
}
