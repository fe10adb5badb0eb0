//! Roles: the table against the rules one by one, separation, delegation, refusals in words.

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::role::{
    Capability, Contract, Delegation, EPOCHS_MAX, Members, Policy, PolicyError, Reach, Role, Roles, Rule,
};
use proptest::prelude::*;

fn node(k: u8) -> NodeId {
    NodeId::from_bytes([k; 32])
}

/// What the words of a rule say, read literally.
fn by_the_words(policy: &Policy, roles: Roles, capability: Capability, contract: Contract, reach: Reach) -> bool {
    policy.rules().iter().any(|rule| {
        rule.roles.iter().any(|role| roles.contains(*role))
            && rule.may.contains(&capability)
            && rule.on.contains(&contract)
            && match rule.reach {
                Reach::Own => reach == Reach::Own,
                Reach::Group => reach != Reach::Fleet,
                Reach::Fleet => true,
            }
    })
}

fn agrees_everywhere(policy: &Policy) -> usize {
    let mut allowed = 0;
    for roles in Roles::combinations() {
        for &capability in Capability::ALL {
            for &contract in Contract::ALL {
                for &reach in Reach::ALL {
                    let expected = by_the_words(policy, roles, capability, contract, reach);
                    let at = format!("{roles} {capability} {contract} {reach}");
                    assert_eq!(policy.allows(roles, capability, contract, reach), expected, "{at}");
                    let decision = policy.decide(roles, capability, contract, reach);
                    assert_eq!(decision.is_ok(), expected, "{at}");
                    if let Err(refusal) = decision {
                        // What it says would be needed is enough.
                        for role in refusal.needed.iter() {
                            assert!(policy.allows(role.into(), capability, contract, reach), "{at}: {refusal}");
                        }
                    }
                    allowed += usize::from(expected);
                }
            }
        }
    }
    allowed
}

#[test]
fn the_table_is_what_the_rules_say_in_every_combination() {
    let allowed = agrees_everywhere(&Policy::standard());
    let all = 128 * Capability::ALL.len() * Contract::ALL.len() * Reach::ALL.len();
    assert!(allowed > 0 && allowed < all / 2, "{allowed} of {all}");
}

proptest! {
    #[test]
    fn any_rules_that_are_taken_are_kept_to_the_word(
        rules in proptest::collection::vec((1..128_u8, 1..32_u8, 1..0x4000_u16, 0..3_usize), 0..6)
    ) {
        let pick = |bits: u16, k: usize| bits >> k & 1 == 1;
        let rules: Vec<Rule> = rules.into_iter().map(|(roles, may, on, reach)| Rule {
            roles: Role::ALL.iter().enumerate().filter(|(k, _)| pick(roles.into(), *k)).map(|(_, it)| *it).collect(),
            may: Capability::ALL.iter().enumerate().filter(|(k, _)| pick(may.into(), *k)).map(|(_, it)| *it).collect(),
            on: Contract::ALL.iter().enumerate().filter(|(k, _)| pick(on, *k)).map(|(_, it)| *it).collect(),
            reach: Reach::ALL[reach],
        }).collect();
        match Policy::new(rules, vec![]) {
            Ok(policy) => {
                agrees_everywhere(&policy);
                prop_assert_eq!(Policy::read(&policy.document()), Ok(policy));
            }
            Err(error) => prop_assert!(matches!(error, PolicyError::Idle { .. } | PolicyError::Separation { .. }), "{}", error),
        }
    }
}

#[test]
fn nobody_without_a_role_may_do_anything() {
    let policy = Policy::standard();
    for &capability in Capability::ALL {
        for &contract in Contract::ALL {
            assert!(!policy.allows(Roles::NONE, capability, contract, Reach::Own));
        }
    }
}

#[test]
fn who_makes_something_does_not_judge_it() {
    let rule = |role, may, on| Rule { roles: vec![role], may: vec![may], on: vec![on], reach: Reach::Fleet };
    let planner = vec![
        rule(Role::Planner, Capability::Publish, Contract::Plan),
        rule(Role::Planner, Capability::Approve, Contract::Policy),
    ];
    assert!(matches!(Policy::new(planner, vec![]), Err(PolicyError::Separation { role: Role::Planner, .. })));
    // In two roles it is two people's, and one member cannot have both.
    let apart = vec![
        rule(Role::Planner, Capability::Publish, Contract::Plan),
        rule(Role::Governor, Capability::Approve, Contract::Policy),
    ];
    let policy = Policy::new(apart, vec![]).unwrap();
    let both = Roles::from(Role::Planner).with(Role::Governor);
    assert!(matches!(policy.check_roles(both), Err(PolicyError::Separation { .. })));
    let standard = Policy::standard();
    assert_eq!(
        standard.check_roles(Roles::from(Role::Governor).with(Role::Auditor)),
        Err(PolicyError::Apart { one: Role::Governor, other: Role::Auditor })
    );
    assert_eq!(standard.check_roles(Roles::from(Role::Asset).with(Role::Guardian)), Ok(()));
}

#[test]
fn a_refusal_says_what_would_be_needed() {
    let policy = Policy::standard();
    let say = |role: Role, capability, contract, reach| {
        policy.decide(role.into(), capability, contract, reach).unwrap_err().to_string()
    };
    assert_eq!(
        say(Role::Planner, Capability::Approve, Contract::Policy, Reach::Fleet),
        "no rule lets planner approve policy of the whole fleet; needed is the role governor"
    );
    assert_eq!(
        say(Role::Asset, Capability::Read, Contract::Plan, Reach::Fleet),
        "no rule lets asset read plan of the whole fleet, only of its group; needed is the role commander or planner or observer or auditor"
    );
    assert_eq!(
        say(Role::Governor, Capability::Open, Contract::Log, Reach::Own),
        "no rule lets governor open log of its own; the policy gives it to nobody, so a policy that does must be approved first"
    );
}

#[test]
fn a_role_is_handed_on_for_some_epochs_and_once() {
    let policy = Policy::standard();
    let mut members = Members::new();
    for (k, role) in [(1, Role::Commander), (2, Role::Observer), (3, Role::Observer), (4, Role::Auditor)] {
        members.set(&policy, node(k), role.into()).unwrap();
    }
    let hand = |from, to, role, begins, ends| Delegation { from: node(from), to: node(to), role, begins, ends };
    members.delegate(hand(1, 2, Role::Commander, 10, 20));
    members.delegate(hand(2, 3, Role::Commander, 10, 20));
    members.delegate(hand(1, 4, Role::Commander, 10, 20));
    members.delegate(hand(1, 9, Role::Commander, 10, 20));
    members.delegate(hand(2, 3, Role::Observer, 10, 20));
    members.delegate(hand(1, 3, Role::Commander, 30, 31 + EPOCHS_MAX));
    let has = |who, epoch| members.roles_of(&policy, &node(who), epoch).contains(Role::Commander);
    assert_eq!([9, 10, 19, 20].map(|epoch| has(2, epoch)), [false, true, true, false]);
    assert!(!has(3, 15), "what was handed on is not handed on again");
    assert!(!has(4, 15), "an auditor does not command, not even for a while");
    assert!(!has(9, 15), "a stranger is handed nothing");
    assert!(!has(3, 30), "it would last too long");
}

#[test]
fn a_policy_that_is_none_is_refused_with_its_fault() {
    let standard = Policy::standard().document();
    for (text, expected) in [
        ("", "EOF"),
        ("[1]", "invalid"),
        (&standard.replace("cosmosmesh.policy/1", "cosmosmesh.policy/2"), "cosmosmesh.policy/2"),
        (&standard.replace("\"planner\"", "\"pilot\""), "unknown variant `pilot`"),
        (&standard.replacen("\"apart\"", "\"asunder\"", 1), "unknown field `asunder`"),
        (&standard.replacen("\"auditor\"\n    ]\n  ]", "\"planner\"\n    ]\n  ]", 1), ""),
    ] {
        match Policy::read(text) {
            Err(error) => assert!(error.to_string().contains(expected), "{error}"),
            Ok(_) => assert_eq!(expected, "", "{text:.60} was taken"),
        }
    }
    let doubled = Policy::standard().rules().iter().chain(&Policy::standard().rules()[..1]).cloned().collect();
    assert!(matches!(Policy::new(doubled, vec![]), Err(PolicyError::Idle { rule: 15 })));
    let itself = Policy::new(vec![], vec![(Role::Asset, Role::Asset)]);
    assert_eq!(itself, Err(PolicyError::ApartFromItself { role: Role::Asset }));
}
