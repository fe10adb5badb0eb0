//! The five cases of TUF root rotation, and what a root must be.

use cosmosmesh_contracts::traits::Signer as _;
use cosmosmesh_ledger::governance::{Authority, Decision, Governance, Quorum, Refusal, Root, Statement, fleet_id};

use super::house::*;
use crate::house::{NOW, signer};

/// Alice and Bob give way to two others; Carol stays.
fn next_root() -> Root {
    root(&[CAROL, 14, 15], 2)
}

#[test]
fn rotation_by_the_quorums_of_old_and_new_is_accepted() {
    let mut state = founded();
    let next = statement(&state, Decision::Root(next_root()));
    accept(&mut state, &signed(&next, &[ALICE, CAROL, 14]));
    let root = state.root.as_ref().unwrap();
    assert_eq!((root.version, root.since, &root.document), (2, 1, &next_root()));
    // Who gave way decides nothing any more.
    let refused = refusal(&state, &statement(&state, admit("rover-1", ROVER)), &[ALICE, BOB, ROVER]);
    assert!(refused.to_string().contains("counted: nobody"), "{refused}");
}

#[test]
fn rotation_by_the_new_quorum_alone_is_refused() {
    let state = founded();
    let refused = refusal(&state, &statement(&state, Decision::Root(next_root())), &[CAROL, 14, 15]);
    assert!(
        refused.to_string().contains("missing: 1 more of the old root: bob, alice")
            || refused.to_string().contains("missing: 1 more of the old root: alice, bob"),
        "{refused}"
    );
}

#[test]
fn rotation_by_the_old_quorum_alone_is_refused() {
    let state = founded();
    let refused = refusal(&state, &statement(&state, Decision::Root(next_root())), &[ALICE, BOB, CAROL]);
    assert!(refused.to_string().contains("missing: 1 more of the new root"), "{refused}");
    assert!(refused.to_string().contains("governor-14") && refused.to_string().contains("governor-15"), "{refused}");
}

#[test]
fn a_version_left_out_or_repeated_is_refused() {
    let mut state = founded();
    for version in [0, 1, 3, u64::MAX] {
        let next = statement_of(version, Decision::Root(next_root()));
        let refused = refusal(&state, &next, &[ALICE, BOB, CAROL, 14, 15]);
        assert!(matches!(refused, Refusal::Version { due: 2, found, .. } if found == version), "{refused:?}");
    }
    let next = signed(&statement_of(2, Decision::Root(next_root())), &[ALICE, CAROL, 14]);
    accept(&mut state, &next);
    assert!(matches!(state.check(&next, &crate::house::verifier()), Err(Refusal::Version { due: 3, .. })));
}

#[test]
fn one_key_that_signs_twice_counts_once() {
    let state = founded();
    let mut envelope = statement(&state, Decision::Root(first_root())).to_envelope();
    envelope.sign(&signer(ALICE)).unwrap();
    let line = envelope.signatures[0].clone();
    envelope.signatures.push(line);
    let refused = state.check(envelope.to_string().as_bytes(), &crate::house::verifier()).unwrap_err();
    assert!(refused.to_string().contains("counted: alice;"), "{refused}");
}

#[test]
fn a_founding_is_signed_by_its_own_quorum_and_happens_once() {
    let founding = Statement::founding("ares", NOW, first_root());
    let refused = refusal(&Governance::new(), &founding, &[ALICE]);
    assert!(matches!(refused, Refusal::Signatures { .. }));
    assert!(matches!(refusal(&founded(), &founding, &[ALICE, BOB]), Refusal::Version { due: 2, .. }));
    let first = statement_of(1, admit("rover-1", ROVER));
    assert_eq!(refusal(&Governance::new(), &first, &[ALICE, BOB, ROVER]), Refusal::NotFounded);
}

#[test]
fn a_founding_cannot_take_another_fleets_name() {
    let mut foreign = Statement::founding("ares", NOW, first_root());
    foreign.decision = Decision::Root(root(&[14, 15, 16], 2));
    assert!(matches!(refusal(&Governance::new(), &foreign, &[14, 15]), Refusal::Content { .. }));
    let other = Statement::founding("ares", NOW, root(&[14, 15, 16], 2));
    let pinned = Governance::pinned(fleet_id(&first_root()));
    assert!(matches!(refusal(&pinned, &other, &[14, 15]), Refusal::OtherFleet { .. }));
    // Signatures of one fleet count in no other, even with the same keys.
    let mut state = Governance::new();
    let mut twin = first_root();
    twin.expires_posix_s += 1;
    accept(&mut state, &signed(&Statement::founding("ares", NOW, twin), &[ALICE, BOB]));
    let refused = refusal(&state, &statement(&state, admit("rover-1", ROVER)), &[ALICE, BOB, ROVER]);
    assert!(matches!(refused, Refusal::OtherFleet { .. }), "{refused:?}");
}

#[test]
fn a_root_that_cannot_be_is_refused_by_name() {
    let check = |change: &dyn Fn(&mut Root), says: &str| {
        let mut root = first_root();
        change(&mut root);
        let error = root.check().unwrap_err();
        assert!(error.contains(says), "{error}");
        let refused = refusal(&Governance::new(), &Statement::founding("ares", NOW, root), &[ALICE, BOB, CAROL]);
        assert_eq!(refused.to_string(), error);
    };
    let set = |root: &mut Root, authority, seeds: &[u8], threshold| {
        let keys = seeds.iter().map(|seed| node(*seed)).collect();
        root.authorities.insert(authority, Quorum { keys, threshold });
    };
    check(&|root| root.governors.clear(), "1 to 64 governors; this one has 0");
    check(&|root| root.authorities.clear(), "`root` is not there");
    // Half is not more than half: two quorums would not need to share a governor.
    check(&|root| set(root, Authority::Root, &[ALICE, BOB], 1), "1 of 2 keys");
    check(&|root| set(root, Authority::Root, &[ALICE, BOB, CAROL], 1), "1 of 3 keys");
    check(&|root| set(root, Authority::Root, &[ALICE, BOB, CAROL], 4), "4 of 3 keys");
    check(&|root| set(root, Authority::Policy, &[ALICE], 0), "0 of 1 keys");
    check(&|root| set(root, Authority::Policy, &[ALICE, 14], 2), "is no governor");
    check(
        &|root| {
            root.governors.insert(node(BOB), "alice".to_owned());
        },
        "two governors are called alice",
    );
    check(
        &|root| {
            root.governors.insert(node(BOB), "a b".to_owned());
        },
        "no name for a governor",
    );
    check(&|root| root.log.origin.clear(), "no name for a log");
    check(&|root| root.log.keys.clear(), "1 to 64 keys");
    check(&|root| root.log.keys[0].push('x'), "is no key of the kind");
    check(&|root| root.log.witnesses[0] = root.log.keys[0].clone(), "is no key of the kind");
    check(&|root| root.log.quorum = 4, "cannot be a quorum of 4");
}

#[test]
fn a_quorum_of_all_is_warned_of() {
    assert!(first_root().warnings().is_empty());
    assert!(root(&[ALICE, BOB], 2).warnings()[0].contains("one lost key ends it"));
    let mut unwatched = first_root();
    unwatched.log.quorum = 0;
    assert!(unwatched.warnings()[0].contains("two faces"));
}

#[test]
fn the_root_says_whom_to_believe_about_the_log() {
    assert_eq!(first_root().log_policy(), Some(crate::house::policy()));
    assert_eq!(signer(ALICE).node_id(), node(ALICE));
}
