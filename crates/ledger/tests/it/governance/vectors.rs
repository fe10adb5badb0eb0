//! The frozen entries of docs/protocol/vectors/governance.json: what they decide, and what state follows.

use std::path::PathBuf;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::governance::{
    Anchor, ApprovalChange, BreakGlass, BudgetGrant, Decision, Delegation, Governance, Group, Issuer, KeyRotation,
    Outcome, Policy, Renewal, Revocation, Roles, SchemaApproval, Statement,
};
use serde_json::{Value, json};

use super::house::*;
use crate::house::{NOW, verifier};

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/protocol/vectors/governance.json")
}

/// One of each kind, in an order in which all are accepted, and some that are refused.
fn entries() -> Vec<(&'static str, Vec<u8>)> {
    let mut state = Governance::new();
    let mut entries = Vec::new();
    let mut push = |note: &'static str, next: Statement, signers: &[u8]| entries.push((note, signed(&next, signers)));
    push("a fleet is founded", Statement::founding("ares", NOW, first_root()), &[ALICE, BOB]);
    accept(&mut state, &signed(&Statement::founding("ares", NOW, first_root()), &[ALICE, BOB]));
    let digest = Digest::from_bytes([7; 32]);
    let text = str::to_owned;
    push("an asset joins", statement_of(1, admit("rover-1", ROVER)), &[ALICE, BOB, ROVER]);
    push("too few sign", statement_of(1, admit("drone-1", DRONE)), &[ALICE, DRONE]);
    let roles = Roles { member: text("rover-1"), roles: ["asset".to_owned(), "planner".to_owned()].into() };
    push("roles", statement_of(1, Decision::Roles(roles)), &[BOB, CAROL]);
    let policy = Policy { policy: text("flight"), document: text("{\"grants\":[]}") };
    push("a policy", statement_of(1, Decision::Policy(policy)), &[BOB, CAROL]);
    let change = ApprovalChange::Approve;
    let schema = SchemaApproval { schema: text("telemetry"), schema_version: 1, digest, change };
    push("a schema", statement_of(1, Decision::Schema(schema)), &[ALICE, CAROL]);
    let budget = BudgetGrant { member: text("rover-1"), stream: text("energy"), rho_micro: 500_000 };
    push("a budget", statement_of(1, Decision::Budget(budget)), &[ALICE, CAROL]);
    let issuer = Issuer { issuer: text("ground-ca"), node: node(ISSUER), change };
    push("an issuer", statement_of(1, Decision::Issuer(issuer)), &[ALICE, CAROL]);
    let (issuer, reason) = (node(ISSUER), text("the drone was lost"));
    let revocation = Revocation { issuer, certificate: text("00112233"), reason };
    push("a revocation by the issuer", statement_of(1, Decision::Revocation(revocation)), &[ISSUER]);
    let rotation = KeyRotation { member: text("rover-1"), old: node(ROVER), new: node(41), next_key: Some(digest) };
    push("a key rotates", statement_of(1, Decision::KeyRotation(rotation)), &[ROVER, 41]);
    let glass = BreakGlass {
        emergency: text("dust-storm"),
        member: text("rover-1"),
        capability: text("command"),
        scope: text("habitat-1"),
        reason: text("the habitat does not answer"),
        from_posix_s: NOW,
        until_posix_s: NOW + 3_600,
    };
    push("an emergency", statement_of(1, Decision::BreakGlass(glass)), &[ALICE, BOB]);
    let anchor = Anchor { anchor: text("delta-log/epoch-4"), digest };
    push("an anchor by the member's new key", statement_of(1, Decision::Anchor(anchor)), &[41]);
    let group = Group { group: text("north"), members: [text("rover-1")].into() };
    push("a group", statement_of(1, Decision::Group(group)), &[BOB, CAROL]);
    push("another asset joins", statement_of(1, admit("drone-1", DRONE)), &[ALICE, BOB, DRONE]);
    let (from, to, role) = (text("rover-1"), text("drone-1"), text("planner"));
    let hand = Delegation { from, to, role, begins: 14, ends: 30 };
    push("a role is handed on", statement_of(1, Decision::Delegation(hand)), &[41]);
    push("a version left out", statement_of(3, Decision::Root(root(&[ALICE, BOB, 14], 2))), &[ALICE, BOB, 14]);
    push("the next root", statement_of(2, Decision::Root(root(&[ALICE, BOB, 14], 2))), &[ALICE, BOB]);
    let renewal = Renewal {
        member: text("rover-1"),
        certificate: text("00000000000000ff"),
        certificate_issuer: node(ISSUER),
        issuer: node(ISSUER),
        first: text("0000000000000100"),
        rungs: 10,
        roles: ["asset".to_owned()].into(),
    };
    push("a certificate is renewed in its grace window", statement_of(1, Decision::Renewal(renewal)), &[ISSUER]);
    entries
}

fn document() -> Value {
    let mut state = Governance::new();
    let entries: Vec<Value> = entries()
        .into_iter()
        .map(|(note, entry)| {
            let outcome = match state.apply(&entry, &verifier()) {
                Outcome::Accepted(statement) => json!({ "accepted": statement.decision.kind() }),
                Outcome::Refused(refusal) => json!({ "refused": refusal.rule(), "needed": refusal.to_string() }),
                other => panic!("{note}: {other:?}"),
            };
            json!({ "note": note, "entry": String::from_utf8(entry).unwrap(), "outcome": outcome })
        })
        .collect();
    json!({ "format": "cosmosmesh.vectors/1", "entries": entries, "state": state, "digest": state.digest() })
}

#[test]
fn the_vectors_are_what_we_write_and_what_we_make_of_them() {
    let found = document();
    if std::env::var_os("COSMOSMESH_BLESS").is_some() {
        std::fs::write(path(), format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
    }
    let frozen: Value = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    assert_eq!(found, frozen);
    let refused =
        frozen["entries"].as_array().unwrap().iter().filter(|entry| entry["outcome"].get("refused").is_some());
    assert_eq!(refused.count(), 2);
}
