//! One list an author, one commit an entry. Cold: version vectors cross, then what the other lacks; warm: the other's vector is remembered.

use loro::{ExportMode, LoroDoc, VersionVector};

use crate::link::{Cost, Link};
use crate::load::{At, Case, Load};

pub(super) fn run(load: &Load, warm: bool) -> Option<Cost> {
    if load.case == Case::Holes {
        return None;
    }
    let sides = [LoroDoc::new(), LoroDoc::new()];
    let mut later: [Vec<Vec<u8>>; 2] = Default::default();
    for (author, log) in load.logs.iter().enumerate() {
        let doc = LoroDoc::new();
        doc.set_peer_id(1_000 + author as u64).expect("a fresh document takes a peer id");
        let list = doc.get_list(format!("log-{author:02}"));
        let push = |item: &crate::load::Item| {
            list.push(item.opaque()).expect("a list takes bytes");
            doc.commit();
        };
        log.iter().filter(|item| item.at == At::Both).for_each(push);
        let shared = doc.oplog_vv();
        let update = export(&doc, &VersionVector::default());
        sides.iter().for_each(|side| import(side, &update));
        log.iter().filter(|item| item.at != At::Both).for_each(push);
        later[author % 2].push(export(&doc, &shared));
    }
    let remembered = sides[0].oplog_vv();
    for (side, updates) in sides.iter().zip(&later) {
        updates.iter().for_each(|update| import(side, update));
    }
    let mut link = Link::new();
    let vectors: Vec<VersionVector> = if warm {
        vec![remembered.clone(), remembered]
    } else {
        let vectors: Vec<Vec<u8>> = sides.iter().map(|side| link.work(|| side.oplog_vv().encode())).collect();
        link.leg(vectors.iter().map(Vec::as_slice));
        vectors.iter().map(|bytes| VersionVector::decode(bytes).expect("a vector of loro's own")).collect()
    };
    let updates: Vec<Vec<u8>> = (0..2).map(|side| link.work(|| export(&sides[side], &vectors[1 - side]))).collect();
    link.leg(updates.iter().map(Vec::as_slice));
    for side in 0..2 {
        link.work(|| import(&sides[side], &updates[1 - side]));
    }
    assert_eq!(sides[0].oplog_vv(), sides[1].oplog_vv(), "loro's replicas are equal");
    Some(link.cost())
}

fn export(doc: &LoroDoc, from: &VersionVector) -> Vec<u8> {
    doc.export(ExportMode::updates(from)).expect("a document exports its updates")
}

fn import(doc: &LoroDoc, update: &[u8]) {
    doc.import(update).expect("an update of loro's own applies");
}
