//! Ours, over a store in memory. Without signature checks the verifier says yes; hashes are BLAKE3 always.

use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{Engine, Verifier};
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_delta_sync::{Contact, Draft, Entry, Keys, MissionId, Replica, ReplicaConfig, Session, SessionConfig};

use crate::link::{Cost, Link};
use crate::load::{At, Case, Load};

type Side = Session<MemoryStore>;

/// When the two meet: after everything was written.
const MEETING: MissionTime = MissionTime(1 << 40);

pub(super) fn raw(load: &Load, warm: bool) -> Option<Cost> {
    run(load, warm, false, false)
}

pub(super) fn compressed(load: &Load, warm: bool) -> Option<Cost> {
    run(load, warm, true, false)
}

pub(super) fn checked(load: &Load, warm: bool) -> Option<Cost> {
    run(load, warm, true, true)
}

struct Trusting;

impl Verifier for Trusting {
    fn verify(&self, _: &NodeId, _: &[u8], _: &Signature) -> Result<(), KeyError> {
        Ok(())
    }
}

fn keys(number: u8, check: bool) -> Keys {
    let mut seed = [0; 32];
    seed[0] = number;
    let verifier: Arc<dyn Verifier + Send + Sync> =
        if check { Arc::new(Ed25519Verifier::new()) } else { Arc::new(Trusting) };
    Keys { signer: Arc::new(Ed25519Signer::new(Secret::take(&mut seed))), verifier, hasher: Arc::new(Blake3) }
}

fn run(load: &Load, warm: bool, compress: bool, check: bool) -> Option<Cost> {
    // A memory of the peer does not help against holes that neither knew of.
    if warm && load.case == Case::Holes {
        return None;
    }
    let config = || ReplicaConfig::new(MissionId(*b"peers side by si"));
    let log = |(author, items): (usize, &Vec<crate::load::Item>)| -> Vec<Entry> {
        let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(100 + author as u8, false), config())
            .expect("an empty store opens");
        let write = |item: &crate::load::Item| {
            let draft = Draft { kind: 7, body: item.body.clone(), ..Draft::default() };
            replica.append(MissionTime(item.at_ms), draft).expect("a store in memory takes it")
        };
        items.iter().map(write).collect()
    };
    let logs: Vec<Vec<Entry>> = load.logs.iter().enumerate().map(log).collect();
    let entries = || logs.iter().flatten().zip(load.logs.iter().flatten());
    let mut sides: Vec<Side> = (0..2)
        .map(|side| {
            let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(1 + side as u8, check), config())
                .expect("an empty store opens");
            let here = |at: At| at == At::Both || (!warm && at == At::Only(side));
            for (entry, _) in entries().filter(|(_, item)| here(item.at)) {
                replica.take(MEETING, entry).expect("a store in memory takes it");
            }
            replica.sync().expect("a store in memory syncs");
            let config = SessionConfig { compress, ..SessionConfig::default() };
            Session::new(replica, config).expect("a store in memory opens")
        })
        .collect();
    let mut now = MEETING;
    if warm {
        reconcile(&mut sides, &mut now, &mut Link::new());
        for (side, session) in sides.iter_mut().enumerate() {
            for (entry, _) in entries().filter(|(_, item)| item.at == At::Only(side)) {
                session.take(now, entry).expect("a store in memory takes it");
            }
        }
    }
    let mut link = Link::new();
    reconcile(&mut sides, &mut now, &mut link);
    Some(link.cost())
}

/// Both open a contact at once and talk until they hold the same; what follows only acknowledges.
fn reconcile(sides: &mut [Side], now: &mut MissionTime, link: &mut Link) {
    let names: Vec<NodeId> = sides.iter().map(|side| side.replica().me()).collect();
    let contact = Contact { delay_ms: 1_200_000, ..Contact::new("counted") };
    for (k, side) in sides.iter_mut().enumerate() {
        link.work(|| side.contact_open(*now, names[1 - k], contact.clone()));
    }
    loop {
        let settled = equal(sides);
        let crossing: Vec<Vec<Vec<u8>>> = sides
            .iter_mut()
            .map(|side| {
                let mut frames = || {
                    let mut frames = Vec::new();
                    while let Some(transmit) = side.poll_transmit(*now) {
                        frames.push(transmit.bytes);
                    }
                    frames
                };
                if settled { frames() } else { link.work(frames) }
            })
            .collect();
        if crossing.iter().all(Vec::is_empty) {
            assert!(settled, "both have nothing to say and hold different things");
            break;
        }
        if !settled {
            link.leg(crossing.iter().flatten().map(Vec::as_slice));
        }
        *now = now.plus_ms(contact.delay_ms);
        for (from, frames) in crossing.iter().enumerate() {
            let to = &mut sides[1 - from];
            let mut take = || frames.iter().for_each(|frame| to.handle_input(*now, names[from], frame));
            if settled { take() } else { link.work(take) }
        }
    }
    for (k, side) in sides.iter_mut().enumerate() {
        side.contact_close(names[1 - k]);
    }
}

fn equal(sides: &[Side]) -> bool {
    let root = |side: &Side| side.replica().root(&Default::default());
    root(&sides[0]) == root(&sides[1])
}
