//! Proofs against the definition of the tree, for every size and place up to a bound, and by chance beyond.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::{
    LogError, RangeStatement, TlogProofError, Tree, TreeError, empty_root, leaf_hash, node_hash, roots_of_path,
    verify_consistency, verify_inclusion, verify_range,
};
use proptest::prelude::*;

use crate::house::entries;

/// MTH of RFC 6962, section 2.1, word for word.
fn definition(entries: &[Vec<u8>]) -> Digest {
    match entries.len() {
        0 => empty_root(),
        1 => leaf_hash(&entries[0]),
        n => {
            let mut k = 1;
            while k * 2 < n {
                k *= 2;
            }
            node_hash(&definition(&entries[..k]), &definition(&entries[k..]))
        }
    }
}

const SIZE: usize = 70;

#[test]
fn every_inclusion_is_proven_and_no_other() {
    let entries = entries(SIZE);
    let tree = Tree::of(&entries);
    for size in 0..=SIZE as u64 {
        let root = definition(&entries[..size as usize]);
        assert_eq!(tree.root_at(size), Ok(root));
        for index in 0..size {
            let proof = tree.inclusion(index, size).unwrap();
            let leaf = leaf_hash(&entries[index as usize]);
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            // Places that the tree does not have are no others either.
            for other in (0..2 * size + 2).chain([u64::MAX]).filter(|other| *other != index) {
                assert!(verify_inclusion(&leaf, other, size, &proof, &root).is_err(), "{index} passes for {other}");
            }
            assert!(verify_inclusion(&leaf, index, size, &proof, &leaf_hash(b"another")).is_err());
        }
        assert_eq!(tree.inclusion(size, size), Err(TreeError::Index { index: size, size }));
    }
    let (asked, size) = (SIZE as u64 + 1, SIZE as u64);
    assert_eq!(tree.root_at(asked), Err(TreeError::Size { asked, size }));
    assert_eq!(tree.consistency(asked, size), Err(TreeError::Size { asked, size }));
}

#[test]
fn every_growth_is_proven_and_no_other() {
    let entries = entries(SIZE);
    let tree = Tree::of(&entries);
    let root = |size: u64| tree.root_at(size).unwrap();
    for new in 0..=SIZE as u64 {
        for old in 0..=new {
            let proof = tree.consistency(old, new).unwrap();
            assert_eq!(verify_consistency(old, &root(old), new, &root(new), &proof), Ok(()), "{old} {new}");
            assert!(verify_consistency(old, &leaf_hash(b"x"), new, &root(new), &proof).is_err(), "{old} {new}");
            // Nothing is the beginning of everything, so only there another new root cannot be noticed.
            let other = verify_consistency(old, &root(old), new, &leaf_hash(b"x"), &proof);
            assert_eq!(other.is_ok(), old == 0 && new > 0, "{old} {new}");
            if 0 < old && old < new {
                let path = tree.consistency_path(old, new).unwrap();
                assert_eq!(roots_of_path(old, new, &path), Ok((root(old), root(new))), "{old} {new}");
            }
        }
    }
}

#[test]
fn every_range_is_complete_or_refused() {
    let size = 23;
    let entries = entries(size);
    let leaves: Vec<Digest> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let tree = Tree::of(&entries);
    let root = tree.root();
    for begin in 0..=size {
        for end in begin..=size {
            let proof = tree.range(begin as u64, end as u64, size as u64).unwrap();
            let check =
                |leaves: &[Digest], begin: usize| verify_range(leaves, begin as u64, size as u64, &proof, &root);
            assert_eq!(check(&leaves[begin..end], begin), Ok(()), "{begin}..{end}");
            if begin == end {
                continue;
            }
            assert!(check(&leaves[begin..end - 1], begin).is_err(), "{begin}..{end} without its last");
            assert!(check(&leaves[begin + 1..end], begin).is_err(), "{begin}..{end} without its first");
            if begin > 0 {
                assert!(check(&leaves[begin..end], begin - 1).is_err(), "{begin}..{end} moved");
            }
            let mut more = leaves[begin..end].to_vec();
            more.push(leaf_hash(b"put in"));
            assert!(check(&more, begin).is_err(), "{begin}..{end} with one put in");
            for cut in begin + 1..end - 1 {
                let without = [&leaves[begin..cut], &leaves[cut + 1..end]].concat();
                assert!(check(&without, begin).is_err(), "{begin}..{end} without {cut}");
            }
        }
    }
    assert!(tree.range(3, 2, 23).is_err());
    assert!(tree.range(3, 24, 23).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Hostile sizes and lengths end in an answer.
    #[test]
    fn no_numbers_upset_a_verifier(index: u64, size: u64, old: u64, count in 0_usize..70, seed: u8) {
        let proof: Vec<Digest> = (0..count).map(|k| leaf_hash(&[seed, k as u8])).collect();
        let root = leaf_hash(&[seed]);
        prop_assert!(verify_inclusion(&root, index, size, &proof, &leaf_hash(b"")).is_err());
        prop_assert!(verify_consistency(old, &root, size, &leaf_hash(b"x"), &proof).is_err());
        let range = cosmosmesh_ledger::RangeProof { left: proof.clone(), right: proof };
        prop_assert!(verify_range(&[root], index, size, &range, &root).is_err());
    }
}

/// A range that travels as one text: the entries, all of them, or a refusal that says which.
#[test]
fn a_range_is_shown_to_an_outsider_whole() {
    let (log, verifier, policy) = (crate::house::log(23).0, crate::house::verifier(), crate::house::policy());
    let all = entries(23);
    for (begin, end) in [(0, 23), (0, 0), (3, 9), (22, 23), (16, 23), (23, 23)] {
        let statement = log.prove_range(begin, end).unwrap();
        let text = statement.to_string();
        assert_eq!(RangeStatement::parse(text.as_bytes()).as_ref(), Ok(&statement));
        let range = &all[begin as usize..end as usize];
        let open = statement.verify(range, &policy, &verifier).unwrap();
        assert_eq!((open.checkpoint.size, open.is_final()), (23, false));
        if range.is_empty() {
            continue;
        }
        let refused = |entries: &[Vec<u8>]| statement.verify(entries, &policy, &verifier).unwrap_err();
        let found = range.len() - 1;
        assert_eq!(refused(&range[1..]), TlogProofError::Count { begin, end, found });
        let mut changed = range.to_vec();
        changed[0].push(b'!');
        assert!(matches!(refused(&changed), TlogProofError::Proof(_)));
        let mut shorter = statement.clone();
        shorter.end -= 1;
        assert!(shorter.verify(&range[..found], &policy, &verifier).is_err() || found == 0, "{begin}..{end}");
    }
    assert!(matches!(log.prove_range(3, 24), Err(LogError::Tree(_))));
    assert!(matches!(log.prove_range(9, 3), Err(LogError::Tree(_))));
    let text = log.prove_range(3, 9).unwrap().to_string();
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        let read = RangeStatement::parse(&bytes).and_then(|read| read.verify(&all[3..9], &policy, &verifier));
        assert!(read.is_err(), "byte {at}");
    }
}
