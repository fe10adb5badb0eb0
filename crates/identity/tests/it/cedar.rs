//! The role table against the answers of Cedar, which `cargo xtask bench roles -- --renew` writes from the same policy.

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::role::{Capability, Contract, Delegation, Members, Policy, Reach, Role, Roles};
use serde::Deserialize;

#[derive(Deserialize)]
struct Answers {
    policy: String,
    combinations: Vec<Combination>,
    fleets: Vec<Fleet>,
}

#[derive(Deserialize)]
struct Combination {
    roles: Vec<Role>,
    may_hold: bool,
    allowed: String,
}

#[derive(Deserialize)]
struct Fleet {
    members: Vec<Vec<Role>>,
    delegations: Vec<Handing>,
    asked: Vec<Asked>,
}

#[derive(Deserialize)]
struct Handing {
    from: u8,
    to: u8,
    role: Role,
    begins: u64,
    ends: u64,
}

#[derive(Deserialize)]
struct Asked {
    member: u8,
    epoch: u64,
    allowed: String,
}

fn answers() -> Answers {
    let text = include_str!("../data/cedar.json");
    let answers: Answers = serde_json::from_str(text).unwrap();
    assert_eq!(
        answers.policy,
        Policy::standard().document(),
        "the standard policy changed: ask Cedar again with `cargo xtask bench roles -- --renew`"
    );
    answers
}

/// Our decisions in the form of the answers: for each contract a word in which bit 3 c + r is capability c and reach r.
fn words(policy: &Policy, roles: Roles) -> String {
    let word = |contract: &Contract| {
        let mut bits = 0_u16;
        for (c, capability) in Capability::ALL.iter().enumerate() {
            for (r, reach) in Reach::ALL.iter().enumerate() {
                bits |= u16::from(policy.allows(roles, *capability, *contract, *reach)) << (3 * c + r);
            }
        }
        format!("{bits:04x}")
    };
    Contract::ALL.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_combination_is_decided_as_cedar_does() {
    let (answers, policy) = (answers(), Policy::standard());
    let mut seen = Vec::new();
    for Combination { roles, may_hold, allowed } in answers.combinations {
        let roles: Roles = roles.into_iter().collect();
        assert_eq!(words(&policy, roles), allowed, "{roles}");
        assert_eq!(policy.check_roles(roles).is_ok(), may_hold, "{roles}");
        seen.push(roles);
    }
    assert!(seen.into_iter().eq(Roles::combinations()));
}

#[test]
fn every_delegation_counts_as_cedar_has_it() {
    let (answers, policy) = (answers(), Policy::standard());
    let node = |k: u8| NodeId::from_bytes([k + 1; 32]);
    let (mut asked, mut with_more) = (0, 0);
    for fleet in answers.fleets {
        let mut members = Members::new();
        for (k, roles) in (0..).zip(&fleet.members) {
            members.set(&policy, node(k), roles.iter().copied().collect()).unwrap();
        }
        for Handing { from, to, role, begins, ends } in fleet.delegations {
            members.delegate(Delegation { from: node(from), to: node(to), role, begins, ends });
        }
        for Asked { member, epoch, allowed } in fleet.asked {
            let roles = members.roles_of(&policy, &node(member), epoch);
            assert_eq!(words(&policy, roles), allowed, "member {member} in epoch {epoch}, {roles}");
            let own = fleet.members.get(usize::from(member)).into_iter().flatten().copied().collect();
            asked += 1;
            with_more += usize::from(roles != own);
        }
    }
    // Or nothing would be said of delegations at all.
    assert!(asked >= 200 && with_more >= 10, "{with_more} of {asked}");
}

#[test]
fn an_answer_that_was_changed_is_noticed() {
    let policy = Policy::standard();
    for combination in answers().combinations.into_iter().step_by(13) {
        let roles = combination.roles.into_iter().collect();
        for (k, digit) in combination.allowed.bytes().enumerate().filter(|(_, digit)| *digit != b' ') {
            let mut changed = combination.allowed.clone().into_bytes();
            changed[k] = if digit == b'0' { b'1' } else { b'0' };
            assert_ne!(words(&policy, roles).into_bytes(), changed);
        }
    }
}
