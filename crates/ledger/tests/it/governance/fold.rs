//! The state is a fold of the log: whatever is logged, in whatever pieces it is read.

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_ledger::governance::{
    Anchor, BudgetGrant, Decision, Delegation, Group, KeyRotation, Membership, MembershipChange, Outcome, Policy, Roles,
};
use proptest::prelude::*;

use super::house::*;
use crate::house::verifier;

/// Something that might be decided, right or wrong.
fn decision() -> impl Strategy<Value = Decision> {
    let member = prop_oneof![Just("rover-1"), Just("drone-1"), Just("habitat-1")].prop_map(str::to_owned);
    let key = 40_u8..46;
    let change = prop_oneof![3 => Just(MembershipChange::Admit), 1 => Just(MembershipChange::Remove)];
    prop_oneof![
        4 => (member.clone(), key.clone(), change).prop_map(|(member, seed, change)| {
            Decision::Membership(Membership { member, node: node(seed), next_key: None, change })
        }),
        2 => (member.clone(), key.clone(), key).prop_map(|(member, old, new)| {
            Decision::KeyRotation(KeyRotation { member, old: node(old), new: node(new), next_key: None })
        }),
        1 => member.clone().prop_map(|member| Decision::Roles(Roles { member, roles: ["asset".to_owned()].into() })),
        1 => (member.clone(), 0_u64..9).prop_map(|(member, rho_micro)| {
            Decision::Budget(BudgetGrant { member, stream: "energy".to_owned(), rho_micro })
        }),
        1 => (member.clone(), member.clone()).prop_map(|(one, other)| {
            Decision::Group(Group { group: "north".to_owned(), members: [one, other].into() })
        }),
        1 => (member.clone(), member.clone(), 0_u64..3).prop_map(|(from, to, ends)| {
            Decision::Delegation(Delegation { from, to, role: "planner".to_owned(), begins: 0, ends })
        }),
        1 => Just(Decision::Policy(Policy { policy: "flight".to_owned(), document: "deny".to_owned() })),
        1 => Just(Decision::Anchor(Anchor { anchor: "a".to_owned(), digest: Digest::from_bytes([1; 32]) })),
        1 => Just(Decision::Root(root(&[ALICE, BOB, CAROL, 14], 3))),
    ]
}

/// Decision, whether its version is the due one, who signs.
fn history() -> impl Strategy<Value = Vec<(Decision, u64, Vec<u8>)>> {
    let signers = proptest::sample::subsequence(vec![ALICE, BOB, CAROL, 14, 40, 41, 42, 43, 44, 45], 2..=10);
    let step = (decision(), prop_oneof![9 => Just(0_u64), 1 => Just(1)], signers);
    proptest::collection::vec(step, 0..12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn reading_in_pieces_is_reading_at_once(history in history(), cut in 0_usize..14) {
        let mut state = founded();
        let mut entries = Vec::new();
        let mut accepted = Vec::new();
        for (decision, ahead, signers) in history {
            let mut next = statement(&state, decision);
            next.version += ahead;
            let entry = signed(&next, &signers);
            let before = state.clone();
            let expected = state.check(&entry, &verifier());
            let outcome = state.apply(&entry, &verifier());
            // What is refused leaves nothing but its refusal.
            if expected.is_err() {
                let mut same = before;
                same.entries += 1;
                same.refused = state.refused.clone();
                prop_assert_eq!(&same, &state);
            }
            prop_assert_eq!(expected.is_ok(), matches!(outcome, Outcome::Accepted(_)));
            if expected.is_ok() {
                accepted.push(entry.clone());
            }
            entries.push(entry);
        }
        let mut again = founded();
        let cut = cut.min(entries.len());
        entries[..cut].iter().for_each(|entry| { again.apply(entry, &verifier()); });
        let mut resumed = again.clone();
        entries[cut..].iter().for_each(|entry| { resumed.apply(entry, &verifier()); });
        prop_assert_eq!(&resumed, &state);
        prop_assert_eq!(resumed.digest(), state.digest());
        // No key stands for two members, and the spans of a member's keys do not overlap.
        let mut seen = std::collections::BTreeSet::new();
        for member in state.members.values() {
            for pair in member.keys.windows(2) {
                prop_assert!(pair[0].until.is_some_and(|until| until <= pair[1].since));
            }
            prop_assert!(member.keys.iter().all(|key| seen.insert(key.node)));
        }
        // Nothing that was decided can be decided again by the same signatures.
        for entry in &accepted {
            prop_assert!(state.check(entry, &verifier()).is_err());
        }
    }
}

#[test]
fn the_digest_tells_states_apart() {
    let (a, mut b) = (manned(), manned());
    assert_eq!(a.digest(), b.digest());
    b.apply(b"anything", &verifier());
    assert_ne!(a.digest(), b.digest());
}
