//! Who may sign what: for each kind the accepted case and its refused twins.

use std::collections::BTreeSet;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::governance::{
    Anchor, ApprovalChange, Authority, BREAK_GLASS_S_MAX, BreakGlass, BudgetGrant, Decision, Delegation, Governance,
    Group, Issuer, Kind, Membership, MembershipChange, Policy, Quorum, Refusal, Renewal, Revocation, Roles,
    SchemaApproval,
};

use super::house::*;
use crate::house::NOW;

/// Accepted with each of `enough`, refused with each of `few`, which must say that something is missing.
fn check(state: &Governance, decision: &Decision, enough: &[&[u8]], few: &[&[u8]]) {
    for signers in enough {
        decide(&mut state.clone(), decision.clone(), signers);
    }
    for signers in few {
        let refused = refusal(state, &statement(state, decision.clone()), signers);
        assert!(matches!(&refused, Refusal::Signatures { kind, .. } if *kind == decision.kind()), "{refused}");
        assert!(refused.to_string().contains("; missing: "), "{refused}");
    }
}

fn content(state: &Governance, decision: Decision, signers: &[u8], says: &str) {
    let refused = refusal(state, &statement(state, decision), signers);
    assert!(matches!(&refused, Refusal::Content { detail } if detail.contains(says)), "{refused}");
}

/// A fleet in which Rover's key is a governor's too.
fn with_rover_governing() -> Governance {
    let mut state = manned();
    decide(&mut state, Decision::Root(root(&[ALICE, BOB, ROVER], 2)), &[ALICE, BOB, ROVER]);
    state
}

#[test]
fn membership() {
    let state = founded();
    check(
        &state,
        &admit("rover-1", ROVER),
        &[&[ALICE, BOB, ROVER], &[ALICE, BOB, CAROL, ROVER]],
        &[&[], &[ROVER], &[ALICE, ROVER], &[ALICE, BOB], &[ALICE, DRONE, ROVER]],
    );
    let state = manned();
    content(&state, admit("rover-1", 23), &[ALICE, BOB, 23], "is a member already");
    content(&state, admit("rover-2", ROVER), &[ALICE, BOB, ROVER], "is or was that of rover-1");
    content(&state, admit("rover 2", 23), &[ALICE, BOB, 23], "is no name");
    let remove = |member: &str, seed| {
        let (member, node) = (member.to_owned(), node(seed));
        Decision::Membership(Membership { member, node, next_key: None, change: MembershipChange::Remove })
    };
    check(&state, &remove("rover-1", ROVER), &[&[ALICE, CAROL]], &[&[ALICE], &[ALICE, ROVER]]);
    content(&state, remove("rover-1", DRONE), &[ALICE, BOB], "is no member with the key");
    content(&state, remove("rover-9", ROVER), &[ALICE, BOB], "is no member with the key");
    // Out and in again takes another key.
    let mut state = state;
    decide(&mut state, remove("rover-1", ROVER), &[ALICE, BOB]);
    content(&state, admit("rover-1", ROVER), &[ALICE, BOB, ROVER], "is or was that of rover-1");
    decide(&mut state, admit("rover-1", 23), &[ALICE, BOB, 23]);
    let spans: Vec<_> = state.members["rover-1"].keys.iter().map(|key| (key.since, key.until)).collect();
    assert_eq!(spans, [(1, Some(3)), (4, None)]);
}

#[test]
fn nobody_counts_for_themselves() {
    let state = with_rover_governing();
    let roles =
        |member: &str| Decision::Roles(Roles { member: member.to_owned(), roles: ["planner".to_owned()].into() });
    check(&state, &roles("rover-1"), &[&[ALICE, BOB]], &[&[ALICE, ROVER], &[BOB, ROVER]]);
    check(&state, &roles("drone-1"), &[&[ALICE, ROVER]], &[&[ROVER]]);
    let budget = |member: &str| {
        Decision::Budget(BudgetGrant { member: member.to_owned(), stream: "energy".to_owned(), rho_micro: 5 })
    };
    check(&state, &budget("rover-1"), &[&[ALICE, BOB]], &[&[ALICE, ROVER]]);
    let issuer = Issuer { issuer: "rover-ca".to_owned(), node: node(ROVER), change: ApprovalChange::Approve };
    check(&state, &Decision::Issuer(issuer), &[&[ALICE, BOB]], &[&[ALICE, ROVER]]);
}

#[test]
fn roles_of_strangers_and_bad_names() {
    let state = manned();
    let roles = |member: &str, role: &str| {
        Decision::Roles(Roles { member: member.to_owned(), roles: BTreeSet::from([role.to_owned()]) })
    };
    content(&state, roles("rover-9", "planner"), &[ALICE, BOB], "rover-9 is no member");
    content(&state, roles("rover-1", "pla nner"), &[ALICE, BOB], "is no name for a role");
    let mut state = state;
    decide(&mut state, roles("rover-1", "planner"), &[ALICE, BOB]);
    decide(&mut state, roles("rover-1", "asset"), &[ALICE, CAROL]);
    assert_eq!(state.members["rover-1"].roles, BTreeSet::from(["asset".to_owned()]));
    assert_eq!(state.members["rover-1"].roles_since, 4);
}

#[test]
fn policy_and_schema_by_their_own_authorities() {
    let mut root = first_root();
    let of = |seeds: &[u8], threshold| Quorum { keys: seeds.iter().map(|seed| node(*seed)).collect(), threshold };
    root.authorities.insert(Authority::Policy, of(&[CAROL], 1));
    root.authorities.insert(Authority::Schema, of(&[ALICE, CAROL], 2));
    let mut state = founded();
    decide(&mut state, Decision::Root(root), &[ALICE, BOB]);
    let policy = Decision::Policy(Policy { policy: "flight".to_owned(), document: "{\"deny\": \"all\"}".to_owned() });
    check(&state, &policy, &[&[CAROL]], &[&[ALICE, BOB], &[]]);
    let schema = |change| {
        let digest = Digest::from_bytes([7; 32]);
        Decision::Schema(SchemaApproval { schema: "telemetry".to_owned(), schema_version: 1, digest, change })
    };
    check(&state, &schema(ApprovalChange::Approve), &[&[ALICE, CAROL]], &[&[ALICE, BOB], &[CAROL]]);
    decide(&mut state, policy, &[CAROL]);
    assert_eq!(state.policies["flight"].document, "{\"deny\": \"all\"}");
    decide(&mut state, schema(ApprovalChange::Approve), &[ALICE, CAROL]);
    decide(&mut state, schema(ApprovalChange::Revoke), &[ALICE, CAROL]);
    assert_eq!(state.schemas["telemetry@1"].approval.change, ApprovalChange::Revoke);
}

#[test]
fn issuers_and_revocations_stand_by_their_places_in_the_log() {
    let mut state = manned();
    let issuer = |change| Decision::Issuer(Issuer { issuer: "ground-ca".to_owned(), node: node(ISSUER), change });
    let revocation = |certificate: &str| {
        let (certificate, reason) = (certificate.to_owned(), "the rover was lost".to_owned());
        Decision::Revocation(Revocation { issuer: node(ISSUER), certificate, reason })
    };
    content(&state, issuer(ApprovalChange::Revoke), &[ALICE, BOB], "is not approved");
    check(&state, &issuer(ApprovalChange::Approve), &[&[ALICE, BOB]], &[&[ALICE], &[ISSUER, ALICE]]);
    // Nobody asks an issuer that is not approved.
    check(&state, &revocation("c-1"), &[&[ALICE, BOB]], &[&[ISSUER]]);
    decide(&mut state, issuer(ApprovalChange::Approve), &[ALICE, BOB]);
    content(&state, issuer(ApprovalChange::Approve), &[ALICE, BOB], "approved already");
    check(&state, &revocation("c-1"), &[&[ISSUER], &[ALICE, CAROL]], &[&[ALICE], &[ROVER]]);
    decide(&mut state, revocation("c-1"), &[ISSUER]);
    decide(&mut state, issuer(ApprovalChange::Revoke), &[ALICE, BOB]);
    let standing = &state.issuers[&node(ISSUER)];
    assert_eq!(standing.approved, [(3, Some(5))]);
    assert!(!standing.is_approved());
    // A certificate that knows of n entries knows of the first n only.
    let approved: Vec<u64> = (0..8).filter(|position| standing.was_approved(*position)).collect();
    assert_eq!(approved, [4, 5]);
    assert_eq!(state.revocations[&format!("c-1@{}", node(ISSUER))].since, 4);
}

#[test]
fn a_renewal_is_recorded_by_the_issuer_that_renewed_and_gives_nothing() {
    let mut state = manned();
    let renewal = |member: &str, certificate: &str, rungs: u16, issuer: u8| {
        Decision::Renewal(Renewal {
            member: member.to_owned(),
            certificate: certificate.to_owned(),
            certificate_issuer: node(32),
            issuer: node(issuer),
            first: "0100".to_owned(),
            rungs,
            roles: ["asset".to_owned()].into(),
        })
    };
    let once = renewal("rover-1", "00ff", 10, ISSUER);
    content(&state, once.clone(), &[ISSUER], "is no approved issuer");
    let change = ApprovalChange::Approve;
    decide(&mut state, Decision::Issuer(Issuer { issuer: "base".into(), node: node(ISSUER), change }), &[ALICE, BOB]);
    check(&state, &once, &[&[ISSUER], &[ISSUER, ALICE]], &[&[ALICE, BOB, CAROL], &[ROVER]]);
    content(&state, renewal("rover-9", "00ff", 10, ISSUER), &[ISSUER], "is no member");
    content(&state, renewal("rover-1", "00ff", 0, ISSUER), &[ISSUER], "one certificate at least");
    content(&state, renewal("rover-1", "no name", 1, ISSUER), &[ISSUER], "is no name");
    let (members, digest) = (state.members.clone(), state.digest());
    decide(&mut state, once.clone(), &[ISSUER]);
    let subject = format!("00ff@{}", node(32));
    assert_eq!((state.renewals[&subject].since, &state.members), (4, &members));
    assert_ne!(state.digest(), digest);
    // The same certificate renewed again is the next version; the same statement again is none.
    let again = refusal(&state, &statement_of(1, once), &[ISSUER]);
    assert!(matches!(again, Refusal::Version { found: 1, due: 2, .. }), "{again:?}");
    decide(&mut state, renewal("rover-1", "00ff", 3, ISSUER), &[ISSUER]);
    assert_eq!((state.renewals[&subject].since, state.renewals[&subject].renewal.rungs), (5, 3));
}

#[test]
fn break_glass_takes_two_and_ends() {
    let mut state = manned();
    let glass = |member: &str, length: u64| {
        Decision::BreakGlass(BreakGlass {
            emergency: "dust-storm".to_owned(),
            member: member.to_owned(),
            capability: "command".to_owned(),
            scope: "habitat-1".to_owned(),
            reason: "the habitat does not answer".to_owned(),
            from_posix_s: NOW,
            until_posix_s: NOW + length,
        })
    };
    check(&state, &glass("rover-1", 3_600), &[&[ALICE, BOB], &[ALICE, BOB, CAROL]], &[&[ALICE], &[ALICE, ROVER]]);
    content(&state, glass("rover-1", 0), &[ALICE, BOB], "an emergency lasts");
    content(&state, glass("rover-1", BREAK_GLASS_S_MAX + 1), &[ALICE, BOB], "an emergency lasts");
    content(&state, glass("rover-9", 60), &[ALICE, BOB], "is no member");
    decide(&mut state, glass("rover-1", BREAK_GLASS_S_MAX), &[ALICE, CAROL]);
    let at = |now| state.emergencies_of("rover-1", now).count();
    assert_eq!([at(NOW - 1), at(NOW), at(NOW + BREAK_GLASS_S_MAX - 1), at(NOW + BREAK_GLASS_S_MAX)], [0, 1, 1, 0]);
    assert_eq!(state.emergencies_of("drone-1", NOW).count(), 0);
    let signed = &state.emergencies["dust-storm"].signed;
    assert!(signed.contains(&"alice".to_owned()) && signed.contains(&"carol".to_owned()));
    // One governor alone founds a fleet, and still cannot break the glass alone.
    let mut lonely = Governance::new();
    let founding = cosmosmesh_ledger::governance::Statement::founding("ares", NOW, root(&[ALICE], 1));
    accept(&mut lonely, &signed_by(&founding, ALICE));
    let mut admission = statement_of(1, admit("rover-1", ROVER));
    admission.fleet = lonely.fleet.unwrap();
    accept(&mut lonely, &super::house::signed(&admission, &[ALICE, ROVER]));
    let mut emergency = statement_of(1, glass("rover-1", 60));
    emergency.fleet = lonely.fleet.unwrap();
    assert!(refusal(&lonely, &emergency, &[ALICE]).to_string().contains("a second signer"));
}

fn signed_by(statement: &cosmosmesh_ledger::governance::Statement, seed: u8) -> Vec<u8> {
    super::house::signed(statement, &[seed])
}

#[test]
fn anchors_by_members_and_governors() {
    let state = manned();
    let anchor =
        Decision::Anchor(Anchor { anchor: "delta-log/epoch-4".to_owned(), digest: Digest::from_bytes([1; 32]) });
    check(&state, &anchor, &[&[ROVER], &[DRONE], &[CAROL]], &[&[], &[23]]);
}

#[test]
fn a_signature_in_anothers_name_takes_nothing_away_and_is_named() {
    let state = founded();
    let mut envelope = statement(&state, admit("rover-1", ROVER)).to_envelope();
    for seed in [ALICE, ROVER, 99] {
        envelope.sign(&crate::house::signer(seed)).unwrap();
    }
    envelope.signatures[2].key_id = node(BOB).to_string();
    let refused = state.check(envelope.to_string().as_bytes(), &crate::house::verifier()).unwrap_err();
    assert!(refused.to_string().ends_with("; false signatures in the names of bob"), "{refused}");
    envelope.signatures.push(envelope.signatures[2].clone());
    envelope.signatures[3].bytes.truncate(5);
    let mut copy = statement(&state, admit("rover-1", ROVER)).to_envelope();
    copy.sign(&crate::house::signer(BOB)).unwrap();
    envelope.merge(&copy).unwrap();
    assert!(state.check(envelope.to_string().as_bytes(), &crate::house::verifier()).is_ok());
}

#[test]
fn every_kind_has_its_word_and_its_rule() {
    for kind in Kind::ALL {
        assert_eq!(Kind::of_predicate_type(&kind.predicate_type()), Some(kind));
        assert!(kind.rule().contains("signed by"), "{}", kind.rule());
    }
    assert_eq!(Kind::of_predicate_type("urn:cosmosmesh:governance:root:2"), None);
}

#[test]
fn groups_by_the_quorum_for_membership() {
    let group = |members: &[&str]| {
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        Decision::Group(Group { group: "north".to_owned(), members })
    };
    let mut state = manned();
    check(&state, &group(&["rover-1"]), &[&[ALICE, CAROL]], &[&[], &[ALICE], &[ALICE, ROVER], &[ROVER, DRONE]]);
    content(&state, group(&["rover-1", "rover-9"]), &[ALICE, BOB], "rover-9 is no member");
    content(&state, group(&["rover 1"]), &[ALICE, BOB], "no name for a member");
    assert!(!state.share_a_group("rover-1", "drone-1"));
    decide(&mut state, group(&["rover-1", "drone-1"]), &[ALICE, BOB]);
    assert!(state.share_a_group("rover-1", "drone-1"));
    decide(&mut state, group(&["rover-1"]), &[ALICE, BOB]);
    assert!(!state.share_a_group("rover-1", "drone-1"));
    // Who governs does not put their own key's member into a group.
    let governing = with_rover_governing();
    check(&governing, &group(&["rover-1"]), &[&[ALICE, BOB]], &[&[ALICE, ROVER]]);
    check(&governing, &group(&["drone-1"]), &[&[ALICE, ROVER]], &[&[ROVER]]);
}

#[test]
fn delegations_by_who_hands_on() {
    let delegation = |from: &str, to: &str, begins, ends| {
        let [from, to, role] = [from, to, "planner"].map(str::to_owned);
        Decision::Delegation(Delegation { from, to, role, begins, ends })
    };
    let mut state = manned();
    let hand = delegation("rover-1", "drone-1", 5, 9);
    check(&state, &hand, &[&[ROVER], &[ROVER, ALICE]], &[&[], &[DRONE], &[ALICE, BOB, CAROL]]);
    content(&state, delegation("rover-1", "rover-1", 5, 9), &[ROVER], "nobody hands a role on to themselves");
    content(&state, delegation("rover-1", "drone-1", 9, 5), &[ROVER], "turn them round");
    content(&state, delegation("rover-1", "drone-9", 5, 9), &[ROVER], "drone-9 is no member");
    content(&state, delegation("rover-9", "drone-1", 5, 9), &[ROVER], "rover-9 is no member");
    decide(&mut state, hand, &[ROVER]);
    assert_eq!(state.delegations["planner@rover-1>drone-1"].since, 3);
    // Who lost the key that handed on is helped by the governors; the receiver among them would not count.
    let back = delegation("rover-1", "drone-1", 0, 0);
    check(&state, &back, &[&[ROVER], &[ALICE, BOB]], &[&[], &[ALICE], &[DRONE]]);
    // Whoever leaves and comes back is in no group and has nothing handed on.
    let members = ["rover-1".to_owned(), "drone-1".to_owned()].into();
    decide(&mut state, Decision::Group(Group { group: "north".to_owned(), members }), &[ALICE, BOB]);
    let (member, node) = ("drone-1".to_owned(), node(DRONE));
    let leaves = Membership { member, node, next_key: None, change: MembershipChange::Remove };
    decide(&mut state, Decision::Membership(leaves), &[ALICE, BOB]);
    assert!(state.delegations.is_empty());
    decide(&mut state, admit("drone-1", 23), &[ALICE, BOB, 23]);
    assert!(!state.share_a_group("rover-1", "drone-1"));
    assert_eq!(state.groups["north"].members.len(), 1);
}
