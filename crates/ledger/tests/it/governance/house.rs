//! A small fleet for the tests: three governors, two of whom decide.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_ledger::governance::{
    Authority, Decision, Governance, LogTrust, Membership, MembershipChange, Outcome, Quorum, Refusal, Root, Statement,
    fleet_id,
};

use crate::house::{NOW, policy, signer, verifier};

/// Seeds of the governors' keys; their names in the order of the alphabet.
pub(crate) const ALICE: u8 = 11;
pub(crate) const BOB: u8 = 12;
pub(crate) const CAROL: u8 = 13;
/// Assets and others.
pub(crate) const ROVER: u8 = 21;
pub(crate) const DRONE: u8 = 22;
pub(crate) const ISSUER: u8 = 31;
pub(crate) const EXPIRES: u64 = NOW + 1_000_000;

pub(crate) fn node(seed: u8) -> NodeId {
    signer(seed).node_id()
}

fn name(seed: u8) -> String {
    match seed {
        ALICE => "alice".to_owned(),
        BOB => "bob".to_owned(),
        CAROL => "carol".to_owned(),
        seed => format!("governor-{seed}"),
    }
}

/// A root of these governors, so many of whom decide about everything.
pub(crate) fn root(governors: &[u8], threshold: u32) -> Root {
    let keys: BTreeSet<NodeId> = governors.iter().map(|seed| node(*seed)).collect();
    let log = policy();
    Root {
        expires_posix_s: EXPIRES,
        governors: governors.iter().map(|seed| (node(*seed), name(*seed))).collect(),
        authorities: BTreeMap::from([(Authority::Root, Quorum { keys, threshold })]),
        log: LogTrust {
            origin: log.origin,
            keys: log.keys.iter().map(ToString::to_string).collect(),
            witnesses: log.witnesses.iter().map(ToString::to_string).collect(),
            quorum: 2,
        },
    }
}

pub(crate) fn first_root() -> Root {
    root(&[ALICE, BOB, CAROL], 2)
}

/// The next statement of this fleet.
pub(crate) fn statement(state: &Governance, decision: Decision) -> Statement {
    let version = state.version_due(decision.kind(), &decision.subject());
    statement_of(version, decision)
}

pub(crate) fn statement_of(version: u64, decision: Decision) -> Statement {
    Statement { fleet_name: "ares".to_owned(), fleet: fleet_id(&first_root()), version, issued_posix_s: NOW, decision }
}

/// The entry of a statement that these have signed.
pub(crate) fn signed(statement: &Statement, signers: &[u8]) -> Vec<u8> {
    let mut envelope = statement.to_envelope();
    for seed in signers {
        envelope.sign(&signer(*seed)).unwrap();
    }
    envelope.to_string().into_bytes()
}

/// The fleet just founded.
pub(crate) fn founded() -> Governance {
    let mut state = Governance::new();
    let entry = signed(&Statement::founding("ares", NOW, first_root()), &[ALICE, BOB]);
    accept(&mut state, &entry);
    state
}

pub(crate) fn accept(state: &mut Governance, entry: &[u8]) {
    let outcome = state.apply(entry, &verifier());
    assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
}

/// Decides something with these signatures.
pub(crate) fn decide(state: &mut Governance, decision: Decision, signers: &[u8]) {
    let entry = signed(&statement(state, decision), signers);
    accept(state, &entry);
}

/// What refuses the decision if these sign; the state must not notice it otherwise than by keeping the refusal.
pub(crate) fn refusal(state: &Governance, statement: &Statement, signers: &[u8]) -> Refusal {
    let entry = signed(statement, signers);
    let mut after = state.clone();
    let Outcome::Refused(refusal) = after.apply(&entry, &verifier()) else {
        panic!("accepted: {statement:?} by {signers:?}");
    };
    let kept = after.refused.pop().unwrap();
    assert_eq!((kept.at, kept.rule.as_str(), kept.needed), (state.entries, refusal.rule(), refusal.to_string()));
    after.entries -= 1;
    assert_eq!(after, *state);
    assert_eq!(state.check(&entry, &verifier()), Err((*refusal).clone()));
    *refusal
}

pub(crate) fn admit(member: &str, seed: u8) -> Decision {
    Decision::Membership(Membership {
        member: member.to_owned(),
        node: node(seed),
        next_key: None,
        change: MembershipChange::Admit,
    })
}

/// The fleet with a rover and a drone.
pub(crate) fn manned() -> Governance {
    let mut state = founded();
    decide(&mut state, admit("rover-1", ROVER), &[ALICE, BOB, ROVER]);
    decide(&mut state, admit("drone-1", DRONE), &[BOB, CAROL, DRONE]);
    state
}
