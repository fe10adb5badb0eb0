//! A member's key rotates: by itself to what it committed to, by the governors when it is lost.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::governance::{Decision, Governance, KeyRotation, Refusal};
use cosmosmesh_ledger::leaf_hash;
use sha2::{Digest as _, Sha256};

use super::house::*;

fn commitment(seed: u8) -> Digest {
    Digest::from_bytes(Sha256::digest(node(seed).as_bytes()).into())
}

fn rotation(old: u8, new: u8, next: Option<u8>) -> Decision {
    Decision::KeyRotation(KeyRotation {
        member: "rover-1".to_owned(),
        old: node(old),
        new: node(new),
        next_key: next.map(commitment),
    })
}

/// A rover that committed itself to the key 41.
fn committed() -> Governance {
    let mut state = founded();
    let Decision::Membership(mut membership) = admit("rover-1", ROVER) else { unreachable!() };
    membership.next_key = Some(commitment(41));
    decide(&mut state, Decision::Membership(membership), &[ALICE, BOB, ROVER]);
    state
}

#[test]
fn the_old_key_and_the_committed_one() {
    let mut state = committed();
    decide(&mut state, rotation(ROVER, 41, Some(42)), &[ROVER, 41]);
    decide(&mut state, rotation(41, 42, None), &[41, 42]);
    // No commitment: any new key will do.
    decide(&mut state, rotation(42, 43, None), &[42, 43]);
    assert_eq!(state.members["rover-1"].node(), Some(node(43)));
    assert_eq!(state.member_of(&node(43)).unwrap().0, "rover-1");
    assert!(state.member_of(&node(ROVER)).is_none());
    let spans: Vec<_> = state.members["rover-1"].keys.iter().map(|key| (key.since, key.until)).collect();
    assert_eq!(spans, [(1, Some(2)), (2, Some(3)), (3, Some(4)), (4, None)]);
    // What a leaf is has nothing to do with what a commitment is.
    assert_ne!(leaf_hash(node(41).as_bytes()), commitment(41));
}

#[test]
fn a_thief_of_the_present_key_cannot_rotate_it() {
    let state = committed();
    let refused = refusal(&state, &statement(&state, rotation(ROVER, 66, None)), &[ROVER, 66]);
    assert!(refused.to_string().contains("committed itself to another next key"), "{refused}");
}

#[test]
fn governors_help_whoever_lost_a_key_but_not_without_the_new_one() {
    let mut state = committed();
    for signers in [&[66][..], &[ALICE, 66], &[ALICE, BOB], &[ROVER]] {
        let refused = refusal(&state, &statement(&state, rotation(ROVER, 66, None)), signers);
        assert!(matches!(refused, Refusal::Signatures { .. }), "{signers:?}: {refused}");
    }
    decide(&mut state, rotation(ROVER, 66, None), &[ALICE, BOB, 66]);
}

#[test]
fn rotations_that_cannot_be() {
    let mut state = committed();
    let check = |state: &Governance, decision: Decision, signers: &[u8], says: &str| {
        let refused = refusal(state, &statement(state, decision), signers);
        assert!(refused.to_string().contains(says), "{refused}");
    };
    check(&state, rotation(ROVER, ROVER, None), &[ROVER, ALICE, BOB], "the new key is the old one");
    check(&state, rotation(DRONE, 41, None), &[DRONE, 41, ALICE, BOB], "not with");
    decide(&mut state, rotation(ROVER, 41, None), &[ROVER, 41]);
    check(&state, rotation(41, ROVER, None), &[41, ROVER], "is or was that of rover-1");
    let mut stranger = rotation(41, 42, None);
    if let Decision::KeyRotation(it) = &mut stranger {
        it.member = "rover-9".to_owned();
    }
    check(&state, stranger, &[41, 42], "rover-9 is no member");
}
