// What holds for every input of a decoder: it does not panic, and what it takes encodes to the same bytes.
// The fuzz targets and the tests of the crate share this file. Each says whether the input was taken.

use cosmosmesh_contracts::traits::ContentHasher;
use cosmosmesh_delta_sync::checkpoint::{Checkpoint, Snapshot};
use cosmosmesh_delta_sync::frame::{Compression, Frame};
use cosmosmesh_delta_sync::state::{Operation, State};
use cosmosmesh_delta_sync::{Entry, Fork, Receipt};

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

fn same(bytes: &[u8], again: &[u8]) -> bool {
    assert_eq!(bytes, again, "an input was taken that is not the one encoding of what it says");
    true
}
