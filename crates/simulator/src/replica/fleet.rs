use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Engine as _, Signer as _};
use cosmosmesh_crypto::{Blake3, Ed25519Verifier, seeded_signer};
use cosmosmesh_delta_sync::state::Operation;
use cosmosmesh_delta_sync::{
    Contact, Draft, EntryId, Event, Keys, MissionId, Replica, ReplicaConfig, ReplicaError, Session, SessionConfig,
};

use super::agenda::{Agenda, Happening};
use super::knowledge::{Knowledge, mean};
use super::past::{Past, Stores};
use super::wire::{PACKET_BYTES, Wire};
use crate::link::Windows;
use crate::report::ReplicaReport;
use crate::scenario::Scenario;

/// How often an asset writes, and how often staleness is looked at.
const EVERY_MS: i64 = 1_800_000;
/// Length of what it writes.
const BODY_BYTES: usize = 200;
/// The kind of what it writes.
const TELEMETRY: u16 = 1;
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
            fleet.agenda.push(at_ms, Happening::Write(k));
        }
        fleet.agenda.push(at_ms, Happening::Look);
    }
    fleet.plan_contacts(end_ms);
    fleet.run(end_ms)?;
    Ok(fleet.report())
}

struct Fleet {
    names: Vec<String>,
    ids: Vec<NodeId>,
    nodes: Vec<Session<MemoryStore>>,
    wires: Vec<Wire>,
    /// Which wire leads from one asset to another.
    wire_of: BTreeMap<(usize, usize), usize>,
    agenda: Agenda,
    knowledge: Knowledge,
    /// The last entry of each asset.
    last: Vec<Option<EntryId>>,
    /// How the past is closed, if it is.
    past: Option<Past>,
    stores: Stores,
    times_ms: Vec<i64>,
    now_ms: i64,
    frames: u64,
    frames_lost: u64,
    bytes: u64,
}

impl Fleet {
    fn new(scenario: &Scenario, seed: u64) -> Result<Self, ReplicaError> {
        let names: Vec<String> = scenario.assets.iter().map(|asset| asset.id.to_string()).collect();
        let ids: Vec<NodeId> = names.iter().map(|name| seeded_signer(seed, name).node_id()).collect();
        let quorum = scenario.closing.as_ref().map(|closing| Past::quorum(closing, &ids));
        let mut nodes = Vec::with_capacity(names.len());
        for (k, name) in names.iter().enumerate() {
            let keys = Keys {
                signer: Arc::new(seeded_signer(seed, name)),
                verifier: Arc::new(Ed25519Verifier::new()),
                hasher: Arc::new(Blake3),
            };
            let config = ReplicaConfig { quorum: quorum.clone(), ..ReplicaConfig::new(MISSION) };
            let replica = Replica::open(MissionTime::EPOCH, MemoryStore::new(), keys, config)?;
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&seed.to_le_bytes());
            secret[8..16].copy_from_slice(&(k as u64).to_le_bytes());
            // A frame is a packet, so that one lost packet costs one frame.
            let config = SessionConfig { batch_bytes_max: PACKET_BYTES, secret, ..SessionConfig::default() };
            nodes.push(Session::new(replica, config)?);
        }
        let wires: Vec<Wire> = scenario.channels(seed).iter().map(|channel| Wire::new(seed, channel)).collect();
        let count = names.len();
        Ok(Self {
            ids,
            stores: Stores::new(&names),
            names,
            nodes,
            wire_of: wires.iter().enumerate().map(|(k, wire)| ((wire.from, wire.to), k)).collect(),
            wires,
            agenda: Agenda::default(),
            knowledge: Knowledge::new(count),
            last: vec![None; count],
            past: scenario.closing.clone().map(Past::new),
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
                self.agenda.push(span.start_ms, Happening::Open(wire.from, wire.to, planned));
                self.agenda.push(span.end_ms, Happening::Close(wire.from, wire.to));
            }
        }
    }

    fn run(&mut self, end_ms: i64) -> Result<(), ReplicaError> {
        loop {
            let next = self.agenda.next_ms();
            let due = self.nodes.iter().filter_map(|node| node.poll_timeout()).map(MissionTime::as_ms).min();
            match (next, due) {
                (next, Some(due)) if due < end_ms && next.is_none_or(|next| due < next) => {
                    self.now_ms = self.now_ms.max(due);
                    for k in 0..self.nodes.len() {
                        self.nodes[k].handle_timeout(MissionTime(self.now_ms));
                        self.drain(k, self.now_ms)?;
                    }
                }
                (Some(next), _) if next <= end_ms => {
                    let Some((at_ms, happening)) = self.agenda.pop() else { break };
                    self.now_ms = at_ms;
                    self.happen(at_ms, happening)?;
                }
                _ => break,
            }
        }
        Ok(())
    }

    fn happen(&mut self, at_ms: i64, happening: Happening) -> Result<(), ReplicaError> {
        let now = MissionTime(at_ms);
        match happening {
            Happening::Write(k) => {
                let body = body(k, self.knowledge.count(k), self.last[k])?;
                let entry = self.nodes[k].append(now, Draft { kind: TELEMETRY, body, ..Draft::default() })?;
                self.last[k] = Some(entry.id());
                self.knowledge.wrote(k, entry.id(), at_ms);
                self.drain(k, at_ms)?;
            }
            Happening::Look => {
                self.times_ms.push(at_ms);
                self.knowledge.look(at_ms);
                self.stores.look(&self.nodes);
                for k in self.past.as_ref().map(Past::proposers).unwrap_or_default() {
                    if let Some(past) = &mut self.past {
                        past.close(at_ms, k, &mut self.nodes[k])?;
                    }
                    self.drain(k, at_ms)?;
                }
            }
            Happening::Open(from, to, until_ms) => {
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
                self.drain(from, at_ms)?;
            }
            Happening::Close(from, to) => self.nodes[from].contact_close(self.ids[to]),
            Happening::Arrive(from, to, bytes) => {
                self.nodes[to].handle_input(now, self.ids[from], &bytes);
                self.drain(to, at_ms)?;
            }
        }
        Ok(())
    }

    /// Notes what happened at a node, and sends what it has to say.
    fn drain(&mut self, k: usize, now_ms: i64) -> Result<(), ReplicaError> {
        while let Some(event) = self.nodes[k].poll_event() {
            match event {
                Event::Entries { entries, .. } => self.knowledge.arrived(k, &entries, now_ms),
                Event::Receipt(receipt) => {
                    if let Some(past) = &mut self.past {
                        past.refused(receipt.late);
                    }
                }
                Event::Checkpoint(adoption) => {
                    for (late, carrier) in &adoption.rebased {
                        self.knowledge.carried(late, *carrier);
                    }
                    let certificate = self.nodes[k].replica().certificate();
                    if let Some(certificate) = &certificate {
                        self.knowledge.closed(k, &certificate.checkpoint.cut, now_ms);
                    }
                    if let Some(past) = &mut self.past {
                        past.adopted(now_ms, k, &adoption, certificate, (&self.names, &self.ids));
                    }
                    let pruned = self.nodes[k].prune()?;
                    self.stores.pruned(k, pruned);
                }
                _ => {}
            }
        }
        while let Some(transmit) = self.nodes[k].poll_transmit(MissionTime(now_ms)) {
            let Some(to) = self.ids.iter().position(|id| *id == transmit.to) else { continue };
            self.frames += 1;
            self.bytes += transmit.bytes.len() as u64;
            let wire = self.wire_of.get(&(k, to)).map(|&wire| &mut self.wires[wire]);
            match wire.and_then(|wire| wire.send(now_ms, transmit.bytes.len())) {
                Some(arrival_ms) => self.agenda.push(arrival_ms, Happening::Arrive(k, to, transmit.bytes)),
                None => self.frames_lost += 1,
            }
        }
        Ok(())
    }

    fn report(self) -> ReplicaReport {
        let all = self.knowledge.latencies();
        ReplicaReport {
            every_ms: EVERY_MS,
            body_bytes: BODY_BYTES,
            entries: self.knowledge.entries(),
            frames: self.frames,
            frames_lost: self.frames_lost,
            bytes: self.bytes,
            latency_ms_mean: mean(&all),
            latency_ms_p95: all.get((all.len() * 95).div_ceil(100).saturating_sub(1)).copied(),
            latency_ms_max: all.last().copied(),
            missing: self.knowledge.missing(),
            times_ms: self.times_ms,
            pairs: self.knowledge.pairs(&self.names),
            closing: self.past.map(|past| past.report(&self.names)),
            stores: self.stores.report(),
        }
    }
}

/// A register write of [`BODY_BYTES`] that does not compress to nothing, as telemetry does not: what an asset last said of itself.
fn body(k: usize, count: usize, over: Option<EntryId>) -> Result<Vec<u8>, ReplicaError> {
    let mut word = (k as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ count as u64;
    let step = |_| {
        word = word.wrapping_mul(0xBF58_476D_1CE4_E5B9).rotate_left(31) ^ 0x94D0_49BB_1331_11EB;
        word.to_le_bytes()
    };
    let noise: Vec<u8> = (0..BODY_BYTES / 8).flat_map(step).collect();
    let write = |value: &[u8]| Operation::Write { key: (k as u16).to_le_bytes().to_vec(), value: value.to_vec(), over };
    let around = write(&[]).encode().map_err(ReplicaError::Draft)?.len();
    // The length of the value takes a byte more than that of none.
    write(&noise[..BODY_BYTES - around - 1]).encode().map_err(ReplicaError::Draft)
}
