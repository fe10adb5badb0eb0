//! The same formats as another implementation writes and reads them: the crates `signed_note` and `tlog_tiles`.

use cosmosmesh_ledger::{Checkpoint, Tree, leaf_hash};

use crate::house::{ORIGIN, entries, log, policy};

#[test]
fn a_peer_opens_our_checkpoint() {
    let (log, _) = log(300);
    let ours = log.checkpoint_note().unwrap().to_string();
    let theirs = signed_note::Note::from_bytes(ours.as_bytes()).unwrap();
    assert_eq!(theirs.to_bytes(), ours.as_bytes());
    let key = signed_note::StandardVerifier::new(&policy().keys[0].to_string()).unwrap();
    let verifiers = signed_note::VerifierList::new(vec![Box::new(key)]);
    let (good, unknown) = theirs.verify(&verifiers).unwrap();
    assert_eq!((good.len(), unknown.len()), (1, 0));
    let text = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
    assert_eq!((text.origin().as_bytes(), text.size()), (ORIGIN.as_bytes(), 300));
    assert_eq!(text.hash().0, *log.tree().root().as_bytes());
    assert_eq!(
        text.to_bytes(),
        Checkpoint::parse(core::str::from_utf8(theirs.text()).unwrap()).unwrap().to_text().as_bytes()
    );
}

#[test]
fn a_peer_has_the_same_leaves() {
    for entry in entries(20) {
        assert_eq!(tlog_tiles::record_hash(&entry).0, *leaf_hash(&entry).as_bytes());
    }
    let tree = Tree::of(entries(2));
    let [a, b] = [0, 1].map(|k| tlog_tiles::Hash(*tree.leaf(k).unwrap().as_bytes()));
    assert_eq!(tlog_tiles::node_hash(a, b).0, *tree.root().as_bytes());
}

#[test]
fn a_peer_accepts_every_proof() {
    let size = 45;
    let entries = entries(size);
    let tree = Tree::of(&entries);
    let hash = |digest: cosmosmesh_contracts::key::Digest| tlog_tiles::Hash(*digest.as_bytes());
    let root = hash(tree.root());
    let size = size as u64;
    for (index, entry) in (0..).zip(&entries) {
        let proof = tree.inclusion(index, size).unwrap().into_iter().map(hash).collect();
        let leaf = hash(leaf_hash(entry));
        assert!(tlog_tiles::check_record(&proof, size, root, index, leaf).is_ok(), "inclusion of {index}");
        let old = index + 1;
        let proof = tree.consistency(old, size).unwrap().into_iter().map(hash).collect();
        let old_root = hash(tree.root_at(old).unwrap());
        assert!(tlog_tiles::check_tree(&proof, size, root, old, old_root).is_ok(), "growth from {old}");
    }
}
