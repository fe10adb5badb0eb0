//! One array an author, one transaction an entry. Cold: state vectors cross, then what the other lacks; warm: the other's vector is remembered.

use std::sync::Arc;

use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Any, Array, Doc, ReadTxn, StateVector, Transact, Update};

use crate::link::{Cost, Link};
use crate::load::{At, Case, Load};

pub(super) fn run(load: &Load, warm: bool) -> Option<Cost> {
    if load.case == Case::Holes {
        return None;
    }
    let sides = [Doc::with_client_id(1), Doc::with_client_id(2)];
    let mut later: [Vec<Vec<u8>>; 2] = Default::default();
    for (author, log) in load.logs.iter().enumerate() {
        let doc = Doc::with_client_id(1_000 + author as u64);
        let array = doc.get_or_insert_array(format!("log-{author:02}"));
        let push = |item: &crate::load::Item| {
            array.push_back(&mut doc.transact_mut(), Any::Buffer(Arc::from(item.opaque())));
        };
        log.iter().filter(|item| item.at == At::Both).for_each(push);
        let shared = doc.transact().state_vector();
        let update = doc.transact().encode_state_as_update_v2(&StateVector::default());
        sides.iter().for_each(|side| apply(side, &update));
        log.iter().filter(|item| item.at != At::Both).for_each(push);
        later[author % 2].push(doc.transact().encode_state_as_update_v2(&shared));
    }
    let remembered = sides[0].transact().state_vector();
    for (side, updates) in sides.iter().zip(&later) {
        updates.iter().for_each(|update| apply(side, update));
    }
    let mut link = Link::new();
    let vectors: Vec<StateVector> = if warm {
        vec![remembered.clone(), remembered]
    } else {
        let vectors: Vec<Vec<u8>> =
            sides.iter().map(|side| link.work(|| side.transact().state_vector().encode_v2())).collect();
        link.leg(vectors.iter().map(Vec::as_slice));
        vectors.iter().map(|bytes| StateVector::decode_v2(bytes).expect("a vector of yrs's own")).collect()
    };
    let updates: Vec<Vec<u8>> =
        (0..2).map(|side| link.work(|| sides[side].transact().encode_state_as_update_v2(&vectors[1 - side]))).collect();
    link.leg(updates.iter().map(Vec::as_slice));
    for side in 0..2 {
        link.work(|| apply(&sides[side], &updates[1 - side]));
    }
    assert_eq!(sides[0].transact().state_vector(), sides[1].transact().state_vector(), "yrs's replicas are equal");
    Some(link.cost())
}

fn apply(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v2(update).expect("an update of yrs's own");
    doc.transact_mut().apply_update(update).expect("an update of yrs's own applies");
}
