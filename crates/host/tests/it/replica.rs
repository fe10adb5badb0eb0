//! A replica on a disk that fills up and tears, while a checkpoint comes into force and its past is pruned.

use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::Engine;
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_delta_sync::checkpoint::Quorum;
use cosmosmesh_delta_sync::state::Operation;
use cosmosmesh_delta_sync::{
    Contact, Draft, Interest, Keys, LogId, MissionId, RangeSet, Replica, ReplicaConfig, Session, SessionConfig,
};
use cosmosmesh_host::store::FaultyStore;

type Node = Session<FaultyStore>;

const NOW: MissionTime = MissionTime(100_000);

fn keys(number: u8) -> Keys {
    Keys {
        signer: Arc::new(Ed25519Signer::new(Secret::take(&mut [number; 32]))),
        verifier: Arc::new(Ed25519Verifier::new()),
        hasher: Arc::new(Blake3),
    }
}

fn config() -> ReplicaConfig {
    let voters = [1, 2].map(|number| keys(number).signer.node_id());
    let quorum = Quorum::new(voters[0], voters.into(), 2).unwrap();
    ReplicaConfig { quorum: Some(quorum), index_every: 7, ..ReplicaConfig::new(MissionId(*b"a disk that ends")) }
}

fn open(number: u8, store: FaultyStore) -> Option<Node> {
    let replica = Replica::open(NOW, store, keys(number), config()).ok()?;
    Session::new(replica, SessionConfig::default()).ok()
}

fn meet(a: &mut Node, b: &mut Node) {
    let (me, you) = (a.replica().me(), b.replica().me());
    a.contact_open(NOW, you, Contact::new("test"));
    b.contact_open(NOW, me, Contact::new("test"));
    for _ in 0..60 {
        let there: Vec<Vec<u8>> = std::iter::from_fn(|| a.poll_transmit(NOW)).map(|sent| sent.bytes).collect();
        let back: Vec<Vec<u8>> = std::iter::from_fn(|| b.poll_transmit(NOW)).map(|sent| sent.bytes).collect();
        if there.is_empty() && back.is_empty() {
            break;
        }
        there.iter().for_each(|frame| b.handle_input(NOW, me, frame));
        back.iter().for_each(|frame| a.handle_input(NOW, you, frame));
    }
    a.contact_close(you);
    b.contact_close(me);
}

fn write(node: &mut Node, at: i64, by: i64) {
    let body = Operation::Count { key: b"samples".to_vec(), by }.encode().unwrap();
    node.append(MissionTime(at), Draft { kind: 3, body, ..Draft::default() }).unwrap();
}

fn state(node: &Node) -> Digest {
    node.replica().fold().unwrap().state(MissionTime(i64::MAX)).digest(&Blake3)
}

fn holdings(node: &Node) -> Vec<(LogId, RangeSet)> {
    node.replica().logs().map(|log| (log, node.replica().have(&log))).collect()
}

#[test]
fn a_torn_disk_leaves_a_pruned_replica_older_or_equal() {
    let (mut a, mut b) = (open(1, FaultyStore::new()).unwrap(), open(2, FaultyStore::new()).unwrap());
    for k in 0..30 {
        write(&mut a, 1_000 + k, 1);
        write(&mut b, 1_000 + k, 100);
    }
    meet(&mut a, &mut b);
    let expected = state(&a);
    let before = holdings(&b);
    a.propose(NOW, MissionTime(2_000)).unwrap();
    let stores = [a, b].map(|node| node.into_replica().into_store());

    let mut fill = 0;
    let (mut seed, mut seen) = (7_u64, [0; 2]);
    loop {
        let mut failing = stores[1].clone();
        failing.fill_after(fill);
        let mut a = open(1, stores[0].clone()).unwrap();
        let Some(mut b) = open(2, failing) else {
            fill += 97;
            continue;
        };
        meet(&mut a, &mut b);
        let done = b.prune().is_ok_and(|pruned| pruned.entries > 0);
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let store = b.into_replica().into_store();
        let kept = (seed >> 33) as usize % (store.volatile_bytes() + 1);
        let rubbish = vec![0xA5; (seed >> 50) as usize % 200];

        let mut b = open(2, store.crash_with(kept, &rubbish)).expect("what a torn disk leaves can be opened");
        let after = holdings(&b);
        assert!(before.iter().all(|held| after.contains(held)), "filled after {fill}: what was held is held");
        assert_eq!(state(&b), expected, "filled after {fill}");
        let number = b.replica().checkpoint().map_or(0, |checkpoint| checkpoint.number);
        seen[number as usize] += 1;
        meet(&mut a, &mut b);
        assert_eq!(b.replica().checkpoint().map(|checkpoint| checkpoint.number), Some(1), "filled after {fill}");
        b.prune().unwrap();
        meet(&mut a, &mut b);
        assert_eq!(a.replica().root(&Interest::All), b.replica().root(&Interest::All), "filled after {fill}");
        assert_eq!((state(&a), state(&b)), (expected, expected), "filled after {fill}");
        if done {
            break;
        }
        fill += 97;
    }
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}: it was found before and after");
}
