//! Who may sign what, once more and whole: every kind of decision with every set of signers, against rules written down here.

use std::collections::BTreeSet;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::governance::{
    Anchor, ApprovalChange, BreakGlass, BudgetGrant, Decision, Delegation, Governance, Group, Issuer, KeyRotation,
    Kind, Membership, MembershipChange, Policy, Refusal, Renewal, Revocation, Roles, SchemaApproval, Statement,
};

use super::house::*;
use crate::house::{NOW, verifier};

const HABITAT: u8 = 23;
const ROVER_NEXT: u8 = 41;

/// Whoever might sign: three governors, two members, an approved issuer, a newcomer, the rover's next key.
const SIGNERS: [u8; 8] = [ALICE, BOB, CAROL, ROVER, DRONE, ISSUER, HABITAT, ROVER_NEXT];

struct By(BTreeSet<u8>);

impl By {
    fn has(&self, seed: u8) -> bool {
        self.0.contains(&seed)
    }

    /// Two of the three governors.
    fn quorum(&self) -> bool {
        [ALICE, BOB, CAROL].into_iter().filter(|seed| self.has(*seed)).count() >= 2
    }
}

type Rule = fn(&By) -> bool;

fn fleet() -> Governance {
    let mut state = manned();
    let (issuer, node) = ("ground-ca".to_owned(), node(ISSUER));
    decide(&mut state, Decision::Issuer(Issuer { issuer, node, change: ApprovalChange::Approve }), &[ALICE, BOB]);
    state
}

/// Each kind, and where it matters each way of it, with who must have signed.
fn table() -> Vec<(Decision, Rule)> {
    let text = str::to_owned;
    let digest = Digest::from_bytes([7; 32]);
    let remove =
        Membership { member: text("rover-1"), node: node(ROVER), next_key: None, change: MembershipChange::Remove };
    let schema =
        |change| Decision::Schema(SchemaApproval { schema: text("telemetry"), schema_version: 1, digest, change });
    let issuer = |seed, change| Decision::Issuer(Issuer { issuer: text("ground-ca"), node: node(seed), change });
    let glass = BreakGlass {
        emergency: text("storm"),
        member: text("rover-1"),
        capability: text("command"),
        scope: text("habitat-1"),
        reason: text("it does not answer"),
        from_posix_s: NOW,
        until_posix_s: NOW + 60,
    };
    let delegation = |ends| {
        let (from, to, role) = (text("rover-1"), text("drone-1"), text("asset"));
        Decision::Delegation(Delegation { from, to, role, begins: 0, ends })
    };
    let roles = Roles { member: text("rover-1"), roles: [text("asset")].into() };
    let budget = BudgetGrant { member: text("rover-1"), stream: text("energy"), rho_micro: 5 };
    let group = Group { group: text("north"), members: [text("rover-1")].into() };
    let rotation = KeyRotation { member: text("rover-1"), old: node(ROVER), new: node(ROVER_NEXT), next_key: None };
    let revocation = Revocation { issuer: node(ISSUER), certificate: text("00ff"), reason: text("lost") };
    let renewal = Renewal {
        member: text("rover-1"),
        certificate: text("00ff"),
        certificate_issuer: node(ISSUER),
        issuer: node(ISSUER),
        first: text("0100"),
        rungs: 10,
        roles: [text("asset")].into(),
    };
    vec![
        (Decision::Renewal(renewal), |by| by.has(ISSUER)),
        (Decision::Root(first_root()), By::quorum),
        (admit("habitat-1", HABITAT), |by| by.quorum() && by.has(HABITAT)),
        (Decision::Membership(remove), By::quorum),
        (Decision::Roles(roles), By::quorum),
        (Decision::Policy(Policy { policy: text("flight"), document: text("{}") }), By::quorum),
        (schema(ApprovalChange::Approve), By::quorum),
        (schema(ApprovalChange::Revoke), By::quorum),
        (Decision::Budget(budget), By::quorum),
        (Decision::KeyRotation(rotation), |by| by.has(ROVER_NEXT) && (by.has(ROVER) || by.quorum())),
        (issuer(32, ApprovalChange::Approve), By::quorum),
        (issuer(ISSUER, ApprovalChange::Revoke), By::quorum),
        (Decision::Revocation(revocation), |by| by.quorum() || by.has(ISSUER)),
        (Decision::BreakGlass(glass), By::quorum),
        (Decision::Anchor(Anchor { anchor: text("epoch-4"), digest }), |by| {
            [ALICE, BOB, CAROL, ROVER, DRONE].into_iter().any(|seed| by.has(seed))
        }),
        (Decision::Group(group), By::quorum),
        (delegation(9), |by| by.has(ROVER)),
        (delegation(0), |by| by.has(ROVER) || by.quorum()),
    ]
}

#[test]
fn every_kind_with_every_set_of_signers() {
    let (state, verifier) = (fleet(), verifier());
    let table = table();
    let kinds: BTreeSet<Kind> = table.iter().map(|(decision, _)| decision.kind()).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "a kind is missing");
    for (decision, rule) in table {
        let next = statement(&state, decision);
        let mut accepted = 0;
        // One signature of each, put together anew for each set.
        let mut all = next.to_envelope();
        SIGNERS.iter().for_each(|seed| all.sign(&crate::house::signer(*seed)).unwrap());
        for bits in 0..1_u32 << SIGNERS.len() {
            let picked = |k: usize| bits >> k & 1 == 1;
            let by = By(SIGNERS.iter().enumerate().filter(|(k, _)| picked(*k)).map(|(_, seed)| *seed).collect());
            let mut envelope = all.clone();
            let mut k = 0..;
            envelope.signatures.retain(|_| k.next().is_some_and(picked));
            let verdict = state.check(envelope.to_string().as_bytes(), &verifier);
            assert_eq!(verdict.is_ok(), rule(&by), "{:?} by {:?}: {verdict:?}", next.decision, by.0);
            if let Err(refusal) = verdict {
                assert!(matches!(refusal, Refusal::Signatures { .. }), "{refusal:?}");
            }
            accepted += usize::from(rule(&by));
        }
        assert!(accepted > 0 && accepted < 1 << SIGNERS.len());
    }
}

#[test]
fn past_its_end_a_root_lets_every_signer_together_decide_nothing_but_the_next() {
    let state = fleet();
    for (decision, _) in table() {
        let decision = match decision {
            Decision::Root(mut root) => {
                root.expires_posix_s = EXPIRES + 10;
                Decision::Root(root)
            }
            other => other,
        };
        let next = Statement { issued_posix_s: EXPIRES, ..statement(&state, decision) };
        let verdict = state.check(&signed(&next, &SIGNERS), &verifier());
        match next.decision.kind() {
            Kind::Root => assert!(verdict.is_ok(), "{verdict:?}"),
            kind => assert!(matches!(verdict, Err(Refusal::Expired { .. })), "{kind:?}: {verdict:?}"),
        }
    }
}
