//! Every change of a single byte of a log of 1,000 entries, its checkpoint and its proofs is noticed.
//!
//! Checkpoint, proofs, hash tiles, lengths and entries are changed to each of the 255 other values; entries within the whole log once at each byte.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::{
    Tile, TileLevel, TlogProof, Tree, audit, leaf_hash, node_hash, verify_consistency, verify_inclusion,
};

use crate::house::{NOW, entries, log, policy, signer, verifier};
use crate::tiles::files;

const SIZE: usize = 1_000;

fn each_change(bytes: &[u8], mut check: impl FnMut(usize, &[u8])) {
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len() {
        for difference in 1..=255 {
            changed[at] ^= difference;
            check(at, &changed);
            changed[at] = bytes[at];
        }
    }
}

/// The root of the log whose bundle `index` holds these bytes and whose other bundles are as they were; nothing if the bundle cannot be read.
///
/// It is the root that [`audit`] comes to, since 256 leaves are a complete subtree of height 8 (the last bundle: the rest of the tree), and the four of them are joined as RFC 6962 does.
/// Only the changed subtree is hashed anew, so every byte has its turn.
fn root_with(bundle: &Tile, bytes: &[u8], tops: &[Digest]) -> Option<Digest> {
    let mut tops = tops.to_vec();
    tops[bundle.index as usize] = Tree::of(bundle.entries(bytes).ok()?).root();
    Some(node_hash(&node_hash(&tops[0], &tops[1]), &node_hash(&tops[2], &tops[3])))
}

#[test]
fn every_byte_of_the_files_of_the_log() {
    let entries = entries(SIZE);
    let root = Tree::of(&entries).root();
    let mut files = files(&entries);
    let tree = audit(SIZE as u64, &root, &mut |tile| files.get(tile).cloned()).unwrap();
    let tops: Vec<Digest> = entries.chunks(256).map(|chunk| Tree::of(chunk).root()).collect();
    let tiles: Vec<(Tile, Vec<u8>)> = files.iter().map(|(tile, bytes)| (*tile, bytes.clone())).collect();
    for (tile, bytes) in &tiles {
        if tile.level != TileLevel::Entries {
            // An audit compares these bytes with those that follow from the entries, which nobody changed.
            let expected = tile.hashes(&tree).unwrap();
            assert_eq!(*bytes, expected);
            each_change(bytes, |at, changed| assert_ne!(changed, expected, "byte {at} of {tile}"));
            continue;
        }
        assert_eq!(root_with(tile, bytes, &tops), Some(root));
        let mut changed = bytes.clone();
        for at in 0..bytes.len() {
            changed[at] ^= 1 << (at % 8);
            assert_ne!(root_with(tile, &changed, &tops), Some(root), "byte {at} of {tile}");
            changed[at] = bytes[at];
        }
        // The lengths decide where entries begin and end: each of their bytes takes each of its values.
        let mut at = 0;
        while at < bytes.len() {
            let length = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            for (byte, difference) in [at, at + 1].into_iter().flat_map(|byte| (1..=255).map(move |d| (byte, d))) {
                changed[byte] ^= difference;
                assert_ne!(root_with(tile, &changed, &tops), Some(root), "byte {byte} of {tile}");
                changed[byte] = bytes[byte];
            }
            at += 2 + length;
        }
    }
    // The whole audit comes to the same verdict wherever it is asked.
    for (tile, bytes) in &tiles {
        for at in (0..bytes.len()).step_by(251) {
            files.get_mut(tile).unwrap()[at] ^= 1 << (at % 8);
            assert!(audit(SIZE as u64, &root, &mut |t| files.get(t).cloned()).is_err(), "byte {at} of {tile}");
            files.get_mut(tile).unwrap()[at] = bytes[at];
        }
    }
}

#[test]
fn every_byte_of_every_entry_at_its_place() {
    let entries = entries(SIZE);
    let tree = Tree::of(&entries);
    let root = tree.root();
    for (index, entry) in (0..).zip(&entries) {
        let proof = tree.inclusion(index, SIZE as u64).unwrap();
        let leaf = leaf_hash(entry);
        assert_eq!(verify_inclusion(&leaf, index, SIZE as u64, &proof, &root), Ok(()));
        // Only the hash enters the proof, so the proof is walked once a byte and the hash compared for every value.
        each_change(entry, |_, changed| assert_ne!(leaf_hash(changed), leaf, "entry {index}"));
        for at in 0..entry.len() {
            let mut changed = entry.clone();
            changed[at] ^= 1;
            assert!(verify_inclusion(&leaf_hash(&changed), index, SIZE as u64, &proof, &root).is_err());
        }
    }
}

#[test]
fn every_byte_of_a_checkpoint_with_its_witnesses() {
    let (log, _) = log(SIZE);
    let mut note = log.checkpoint_note().unwrap().clone();
    note.cosign("w2", NOW, &signer(2)).unwrap();
    note.cosign("w3", NOW, &signer(3)).unwrap();
    let (policy, verifier) = (policy(), verifier());
    let whole = |bytes: &[u8]| policy.open(bytes, &verifier).is_ok_and(|open| open.is_final());
    let text = note.to_string();
    assert!(whole(text.as_bytes()));
    each_change(text.as_bytes(), |at, changed| assert!(!whole(changed), "byte {at}"));
}

#[test]
fn every_byte_of_a_proof() {
    let (log, _) = log(SIZE);
    let entries = entries(SIZE);
    let (policy, verifier) = (policy(), verifier());
    let text = log.prove(777).unwrap().to_string();
    let holds = |bytes: &[u8]| {
        TlogProof::parse(bytes).is_ok_and(|proof| proof.verify(&entries[777], &policy, &verifier).is_ok())
    };
    assert!(holds(text.as_bytes()));
    each_change(text.as_bytes(), |at, changed| assert!(!holds(changed), "byte {at}"));
}

#[test]
fn every_byte_of_a_consistency_proof() {
    let tree = Tree::of(entries(SIZE));
    for old in [1, 512, 777, 999] {
        let (a, b) = (tree.root_at(old).unwrap(), tree.root());
        let proof = tree.consistency(old, SIZE as u64).unwrap();
        let bytes: Vec<u8> = proof.iter().flat_map(|hash| *hash.as_bytes()).collect();
        each_change(&bytes, |at, changed| {
            let changed: Vec<_> = changed.chunks(32).map(|c| Digest::from_slice(c).unwrap()).collect();
            assert!(verify_consistency(old, &a, SIZE as u64, &b, &changed).is_err(), "byte {at} of {old}");
        });
    }
}
