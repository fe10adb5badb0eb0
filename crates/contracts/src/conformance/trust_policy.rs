use crate::key::NodeId;
use crate::traits::TrustPolicy;
use crate::trust::{Act, Capability, Contract, Moment, Reach, Verdict};

/// What every [`TrustPolicy`] must do; panics with a sentence where one does not.
///
/// `authors` should hold some that may do much, some that may do little, and some that nobody knows; `moments` some before, in and after their certificates' windows.
pub fn trust_policy(policy: &impl TrustPolicy, authors: &[NodeId], moments: &[Moment]) {
    for (author, at) in authors.iter().flat_map(|author| moments.iter().map(move |at| (author, at))) {
        for act in acts() {
            let verdict = policy.judge(author, act, at);
            assert_eq!(policy.judge(author, act, at), verdict, "asking changes nothing: {act}");
            let admitted = policy.admit(author, act, at);
            match verdict {
                Verdict::Valid { .. } => assert_eq!(admitted, Ok(verdict), "what is valid is heard"),
                Verdict::Invalid(_) => assert!(admitted.is_err(), "what is invalid is not heard"),
                Verdict::Indeterminate { .. } => {
                    assert_eq!(
                        admitted.is_ok(),
                        act.goes_on_in_doubt(),
                        "what is in doubt is heard by the rule: {act}"
                    );
                }
            }
            // A clock that is trusted less settles less.
            let coarse = Moment { clock_bound_ms: at.clock_bound_ms.saturating_mul(2).saturating_add(1), ..*at };
            let doubted = policy.judge(author, act, &coarse);
            assert!(settled(&verdict) || !settled(&doubted), "a coarser clock settles nothing: {act}");
            if settled(&doubted) {
                let same = matches!((verdict, doubted), (Verdict::Valid { .. }, Verdict::Valid { .. }))
                    || matches!((verdict, doubted), (Verdict::Invalid(_), Verdict::Invalid(_)));
                assert!(same, "a coarser clock turns no verdict round: {act}");
            }
        }
        for (capability, contract) in pairs() {
            let goes = |reach| !is_invalid(&policy.judge(author, Act::new(capability, contract, reach), at));
            assert!(goes(Reach::Group) || !goes(Reach::Fleet), "who may all over the fleet may in a group");
            assert!(goes(Reach::Own) || !goes(Reach::Group), "who may in a group may with its own");
        }
    }
}

fn settled(verdict: &Verdict) -> bool {
    !matches!(verdict, Verdict::Indeterminate { .. })
}

fn is_invalid(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Invalid(_))
}

fn pairs() -> impl Iterator<Item = (Capability, Contract)> {
    Capability::ALL.iter().flat_map(|capability| Contract::ALL.iter().map(|contract| (*capability, *contract)))
}

fn acts() -> impl Iterator<Item = Act> {
    let reach = |(capability, contract)| Reach::ALL.iter().map(move |reach| Act::new(capability, contract, *reach));
    pairs().flat_map(reach)
}
