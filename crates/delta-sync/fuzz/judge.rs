// What holds for every input of a decoder: it does not panic, and what it takes encodes to the same bytes.
// The fuzz targets and the tests of the crate share this file. Each says whether the input was taken.

use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::{ContentHasher, Signer, Store, Verifier};
use cosmosmesh_delta_sync::checkpoint::{Checkpoint, Snapshot};
use cosmosmesh_delta_sync::frame::{Compression, Frame};
use cosmosmesh_delta_sync::state::{Operation, State};
use cosmosmesh_delta_sync::{Entry, Fork, Keys, MissionId, Receipt, Replica, ReplicaConfig, Session, SessionConfig};

pub fn frame(bytes: &[u8], hasher: &dyn ContentHasher) -> bool {
    let mut compression = Compression::new();
    let Ok(frame) = Frame::decode(bytes, &mut compression, hasher) else { return false };
    let mut again = Vec::new();
    frame.encode(&mut again);
    same(bytes, &again)
}

pub fn entry(bytes: &[u8], hasher: &dyn ContentHasher) -> bool {
    let Ok(entry) = Entry::decode(bytes, hasher) else { return false };
    let mut again = Vec::new();
    entry.encode(&mut again);
    same(bytes, &again)
}

pub fn fork(bytes: &[u8], hasher: &dyn ContentHasher) -> bool {
    let Ok(fork) = Fork::decode(bytes, hasher) else { return false };
    let mut again = Vec::new();
    fork.encode(&mut again);
    same(bytes, &again)
}

pub fn receipt(bytes: &[u8], _: &dyn ContentHasher) -> bool {
    let Ok(receipt) = Receipt::decode(bytes) else { return false };
    let mut again = Vec::new();
    receipt.encode(&mut again);
    same(bytes, &again)
}

pub fn operation(bytes: &[u8], _: &dyn ContentHasher) -> bool {
    let Ok(operation) = Operation::decode(bytes) else { return false };
    let again = operation.encode();
    assert!(again.is_ok(), "an operation was read that may not be written: {operation:?}");
    again.is_ok_and(|again| same(bytes, &again))
}

pub fn state(bytes: &[u8], _: &dyn ContentHasher) -> bool {
    let Ok(state) = State::decode(bytes) else { return false };
    let mut again = Vec::new();
    state.encode(&mut again);
    same(bytes, &again)
}

pub fn checkpoint(bytes: &[u8], _: &dyn ContentHasher) -> bool {
    let Ok(checkpoint) = Checkpoint::decode(bytes) else { return false };
    let mut again = Vec::new();
    checkpoint.encode(&mut again);
    same(bytes, &again)
}

pub fn snapshot(bytes: &[u8], hasher: &dyn ContentHasher) -> bool {
    let Ok(snapshot) = Snapshot::decode(bytes, hasher) else { return false };
    let mut again = Vec::new();
    snapshot.encode(&mut again);
    same(bytes, &again)
}

/// A store with one record that somebody else wrote: it is refused or opened, and what is opened can be looked at.
pub fn store(bytes: &[u8], _: &dyn ContentHasher) -> bool {
    const STREAMS: [&str; 4] = ["index", "logs", "forks", "peers"];
    let Some((&stream, record)) = bytes.split_first() else { return false };
    let mut store = MemoryStore::new();
    if store.append(STREAMS[usize::from(stream) % STREAMS.len()], record).is_err() {
        return false;
    }
    let keys = Keys { signer: Arc::new(Onlooker), verifier: Arc::new(Onlooker), hasher: Arc::new(Onlooker) };
    let opened = Replica::open(MissionTime(0), store, keys, ReplicaConfig::new(MissionId([7; 16])))
        .and_then(|replica| Session::new(replica, SessionConfig::default()));
    let Ok(session) = opened else { return false };
    let replica = session.replica();
    let _ = (replica.root(&Default::default()), replica.entry_count(), replica.read_all());
    true
}

/// Keys that sign nothing, take everything and hash a little.
struct Onlooker;

impl Signer for Onlooker {
    fn node_id(&self) -> NodeId {
        NodeId::from_bytes([1; 32])
    }

    fn sign(&self, _: &[u8]) -> Result<Signature, KeyError> {
        Err(KeyError::Unavailable)
    }
}

impl Verifier for Onlooker {
    fn verify(&self, _: &NodeId, _: &[u8], _: &Signature) -> Result<(), KeyError> {
        Ok(())
    }
}

impl ContentHasher for Onlooker {
    fn digest(&self, _: &str, parts: &[&[u8]]) -> Digest {
        let mut state = 0xcbf2_9ce4_8422_2325_u64;
        for &byte in parts.iter().copied().flatten() {
            state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&state.to_le_bytes());
        Digest::from_bytes(bytes)
    }

    fn expand(&self, _: &[u8; 32], _: &[u8], _: u64, output: &mut [u8]) {
        output.fill(0);
    }
}

fn same(bytes: &[u8], again: &[u8]) -> bool {
    assert_eq!(bytes, again, "an input was taken that is not the one encoding of what it says");
    true
}
