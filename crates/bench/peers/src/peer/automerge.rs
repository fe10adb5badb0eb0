//! One list an author, one change an entry, its own sync protocol. Warm: the sync states of the last contact were stored.

use automerge::sync::{Message, State, SyncDoc};
use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, Change, ObjType, ROOT, ScalarValue};

use crate::link::{Cost, Link};
use crate::load::{At, Case, Load};

pub(super) fn run(load: &Load, warm: bool) -> Option<Cost> {
    if load.case == Case::Holes {
        return None;
    }
    let mut base = AutoCommit::new().with_actor(ActorId::from(&[0; 8]));
    let lists: Vec<_> = (0..load.logs.len())
        .map(|author| base.put_object(ROOT, format!("log-{author:02}"), ObjType::List).expect("a map takes a list"))
        .collect();
    base.commit();
    let mut sides = [base.fork(), base.fork()];
    let mut later: [Vec<Change>; 2] = Default::default();
    let mut shared = Vec::new();
    for (author, (log, list)) in load.logs.iter().zip(&lists).enumerate() {
        let mut doc = base.fork().with_actor(ActorId::from((1_000 + author as u64).to_be_bytes().as_slice()));
        let start = doc.get_heads();
        let write = |doc: &mut AutoCommit, at: fn(At) -> bool, from: usize| {
            let items: Vec<_> = log.iter().filter(|item| at(item.at)).collect();
            for (k, item) in items.iter().enumerate() {
                doc.insert(list, from + k, ScalarValue::Bytes(item.opaque())).expect("a list takes bytes");
                doc.commit();
            }
            items.len()
        };
        let count = write(&mut doc, |at| at == At::Both, 0);
        let parted = doc.get_heads();
        shared.extend(doc.get_changes(&start));
        write(&mut doc, |at| at != At::Both, count);
        later[author % 2].extend(doc.get_changes(&parted));
    }
    for side in &mut sides {
        side.apply_changes(shared.iter().cloned()).expect("changes of automerge's own apply");
    }
    let mut states = [State::new(), State::new()];
    if warm {
        reconcile(&mut sides, &mut states, &mut Link::new());
        states = states.map(|state| State::decode(&state.encode()).expect("a state of automerge's own"));
    }
    for (side, changes) in sides.iter_mut().zip(later) {
        side.apply_changes(changes).expect("changes of automerge's own apply");
    }
    let mut link = Link::new();
    reconcile(&mut sides, &mut states, &mut link);
    assert_eq!(sides[0].get_heads(), sides[1].get_heads(), "automerge's replicas are equal");
    Some(link.cost())
}

/// Both speak at once until they hold the same; what follows only acknowledges and is not counted.
fn reconcile(sides: &mut [AutoCommit; 2], states: &mut [State; 2], link: &mut Link) {
    let mut idle = Link::new();
    loop {
        let settled = sides[0].get_heads() == sides[1].get_heads();
        let counted = if settled { &mut idle } else { &mut *link };
        let crossing: Vec<Option<Vec<u8>>> = (0..2)
            .map(|k| counted.work(|| sides[k].sync().generate_sync_message(&mut states[k]).map(Message::encode)))
            .collect();
        if crossing.iter().all(Option::is_none) {
            break;
        }
        counted.leg(crossing.iter().flatten().map(Vec::as_slice));
        for (k, bytes) in crossing.into_iter().enumerate() {
            let Some(bytes) = bytes else { continue };
            counted.work(|| {
                let message = Message::decode(&bytes).expect("a message of automerge's own");
                sides[1 - k]
                    .sync()
                    .receive_sync_message(&mut states[1 - k], message)
                    .expect("it takes its own message");
            });
        }
    }
}
