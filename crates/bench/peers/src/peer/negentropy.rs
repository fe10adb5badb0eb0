//! Range-based reconciliation of ids; the entries themselves follow in two more flights: those the other lacks with the wish for the rest, then the rest.
//! It remembers nothing of a peer, so there is no warm case.

use negentropy::{Id, Negentropy, NegentropyStorageVector};

use crate::link::{Cost, Link};
use crate::load::{At, ENTRY_BYTES, Load};
use crate::random::Random;

pub(super) fn run(load: &Load, warm: bool) -> Option<Cost> {
    if warm {
        return None;
    }
    let storage = |side: usize| {
        let mut storage = NegentropyStorageVector::new();
        for (author, log) in load.logs.iter().enumerate() {
            for (k, item) in log.iter().enumerate() {
                if item.at == At::Both || item.at == At::Only(side) {
                    let mut random = Random((author as u64) << 32 | k as u64);
                    let id = std::array::from_fn(|_| random.next() as u8);
                    storage.insert(item.at_ms as u64, Id::from_byte_array(id)).expect("it is not sealed yet");
                }
            }
        }
        storage.seal().expect("it is sealed once");
        storage
    };
    let mut asking = Negentropy::owned(storage(0), 0).expect("no limit of a frame");
    let mut answering = Negentropy::owned(storage(1), 0).expect("no limit of a frame");
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut link = Link::new();
    let mut query = Some(link.work(|| asking.initiate().expect("it initiates once")));
    while let Some(message) = query {
        link.leg([message.as_slice()]);
        let reply = link.work(|| answering.reconcile(&message).expect("a message of its own"));
        link.leg([reply.as_slice()]);
        query = link.work(|| asking.reconcile_with_ids(&reply, &mut have, &mut need).expect("a reply of its own"));
    }
    assert_eq!(have.len() + need.len(), load.count(), "it finds every difference");
    // Entries as they are, without a frame; a wish is an id.
    let mut random = Random(9);
    let bodies = |random: &mut Random, count: usize| (0..count * ENTRY_BYTES).map(|_| random.next() as u8).collect();
    let mut given: Vec<u8> = bodies(&mut random, have.len());
    given.extend((0..32 * need.len()).map(|_| random.next() as u8));
    let wanted: Vec<u8> = bodies(&mut random, need.len());
    link.leg([given.as_slice()]);
    link.leg([wanted.as_slice()]);
    Some(link.cost())
}
