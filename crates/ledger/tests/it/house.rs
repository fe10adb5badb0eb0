//! Keys and logs that the tests share.

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_ledger::{Log, LogPolicy, NoteKey, NoteKeyKind};

pub(crate) const ORIGIN: &str = "example.com/ares/ledger";
pub(crate) const NOW: u64 = 1_795_000_000;

/// The signer of a seed byte.
pub(crate) fn signer(seed: u8) -> Ed25519Signer {
    Ed25519Signer::new(Secret::take(&mut [seed; 32]))
}

pub(crate) fn verifier() -> Ed25519Verifier {
    Ed25519Verifier::new()
}

pub(crate) fn key(name: &str, kind: NoteKeyKind, seed: u8) -> NoteKey {
    NoteKey::new(name, kind, signer(seed).node_id()).unwrap()
}

/// The log signs with seed 1; witnesses w2, w3 and w4 with theirs; two of them make a checkpoint final.
pub(crate) fn policy() -> LogPolicy {
    let witness = |seed: u8| key(&format!("w{seed}"), NoteKeyKind::Cosignature, seed);
    LogPolicy {
        origin: ORIGIN.to_owned(),
        keys: vec![key(ORIGIN, NoteKeyKind::Ed25519, 1)],
        witnesses: vec![witness(2), witness(3), witness(4)],
        quorum: 2,
    }
}

pub(crate) fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|k| format!("entry {k} of {}", k * k % 97).into_bytes()).collect()
}

/// A log of so many entries in a fresh store, signed.
pub(crate) fn log(count: usize) -> (Log, MemoryStore) {
    let mut store = MemoryStore::new();
    let mut log = Log::open(&store, "ledger", ORIGIN).unwrap();
    log.append(&mut store, &entries(count)).unwrap();
    log.sign(&mut store, &signer(1)).unwrap();
    (log, store)
}
