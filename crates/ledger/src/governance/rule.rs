use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Verifier;

use super::decision::{ApprovalChange, Decision, Kind, MembershipChange};
use super::envelope::{Envelope, Signers};
use super::refusal::Refusal;
use super::root::{Quorum, Root};
use super::state::{Governance, Member};
use super::statement::key_commitment;

/// Who signed so that the decision counts.
///
/// # Errors
/// [`Refusal::Signatures`] or [`Refusal::Content`] with what would be needed.
pub(super) fn signed(
    state: &Governance,
    decision: &Decision,
    envelope: &Envelope,
    verifier: &dyn Verifier,
) -> Result<BTreeSet<NodeId>, Refusal> {
    let signers = envelope.signers(&known(state, decision), verifier);
    let names = |key: &NodeId| holder_in(state, decision, key);
    let ballot = Ballot { kind: decision.kind(), signers: &signers, names: &names };
    let own = own_keys(state, decision);
    let root = state.root.as_ref().map(|root| &root.document);
    let quorum = |kind: Kind| root.and_then(|root| kind.authority().and_then(|authority| root.quorum(authority)));
    match decision {
        Decision::Root(new) => {
            let old = quorum(Kind::Root).map_or(Ok(BTreeSet::new()), |old| ballot.quorum(old, &own, "the old root"))?;
            let fresh = new.quorum(super::root::Authority::Root);
            let new = fresh.map_or(Ok(BTreeSet::new()), |fresh| ballot.quorum(fresh, &own, "the new root"))?;
            Ok(old.union(&new).copied().collect())
        }
        Decision::Membership(it) => {
            let mut signed = ballot.decided(quorum(Kind::Membership), &own)?;
            if it.change == MembershipChange::Admit {
                signed.insert(ballot.one(it.node, "the admitted key itself")?);
            }
            Ok(signed)
        }
        Decision::KeyRotation(it) => {
            let new = ballot.one(it.new, "the new key itself")?;
            let by_old = signers.valid.contains(&it.old);
            let committed = state.members.get(&it.member).and_then(|member| member.next_key);
            let is_committed = committed.is_none_or(|next| next == key_commitment(&it.new));
            match ballot.decided(quorum(Kind::KeyRotation), &own) {
                // Governors may set a lost commitment aside; a thief of the present key may not.
                Ok(mut signed) => {
                    signed.insert(new);
                    Ok(signed)
                }
                Err(_) if by_old && is_committed => Ok(BTreeSet::from([it.old, new])),
                Err(_) if by_old => Err(Refusal::Content {
                    detail: format!(
                        "{} committed itself to another next key; rotate to that one, or with the quorum for membership",
                        it.member
                    ),
                }),
                Err(refusal) => Err(refusal),
            }
        }
        Decision::Revocation(it) => {
            let approved = state.issuers.get(&it.issuer).is_some_and(|standing| standing.is_approved());
            if approved && signers.valid.contains(&it.issuer) {
                return Ok(BTreeSet::from([it.issuer]));
            }
            ballot.decided(quorum(Kind::Revocation), &own)
        }
        Decision::Renewal(it) => {
            let approved = state.issuers.get(&it.issuer).is_some_and(|standing| standing.is_approved());
            if !approved {
                return Err(Refusal::Content {
                    detail: format!("{} is no approved issuer; governors approve issuers", it.issuer),
                });
            }
            Ok(BTreeSet::from([ballot.one(it.issuer, "the issuer that renewed")?]))
        }
        Decision::BreakGlass(_) => {
            let signed = ballot.decided(quorum(Kind::BreakGlass), &own)?;
            if signed.len() < 2 {
                return Err(ballot.refused(&signed, "a second signer; an emergency is never one person's".to_owned()));
            }
            Ok(signed)
        }
        Decision::Anchor(_) => match signers.valid.iter().next() {
            Some(_) => Ok(signers.valid.clone()),
            None => Err(ballot.refused(&BTreeSet::new(), "a signature of a member or a governor".to_owned())),
        },
        Decision::Delegation(it) => {
            let giver = state.members.get(&it.from).and_then(Member::node);
            match giver.filter(|giver| signers.valid.contains(giver)) {
                Some(giver) => Ok(BTreeSet::from([giver])),
                // Governors take back what a lost or stolen key has handed on; they hand nothing on in another's name.
                None if it.begins == it.ends => ballot.decided(quorum(Kind::Delegation), &own),
                None => Err(ballot.refused(&BTreeSet::new(), format!("a signature of {}", it.from))),
            }
        }
        Decision::Group(_)
        | Decision::Roles(_)
        | Decision::Policy(_)
        | Decision::Schema(_)
        | Decision::Budget(_)
        | Decision::Issuer(_) => ballot.decided(quorum(decision.kind()), &own),
    }
}

/// Who holds a key, for people: a governor's or member's name, or the key.
pub(super) fn holder(state: &Governance, key: &NodeId) -> String {
    let governor = state.root.as_ref().and_then(|root| root.document.governor(key));
    let member = || state.member_of(key).map(|(name, _)| name);
    let issuer = || state.issuers.get(key).map(|standing| standing.issuer.as_str());
    governor.or_else(member).or_else(issuer).map_or_else(|| key.to_string(), str::to_owned)
}

fn holder_in(state: &Governance, decision: &Decision, key: &NodeId) -> String {
    match decision {
        Decision::Root(root) => root.governor(key).map_or_else(|| holder(state, key), str::to_owned),
        Decision::Membership(it) if it.node == *key => it.member.clone(),
        Decision::KeyRotation(it) if it.new == *key => format!("the new key of {}", it.member),
        _ => holder(state, key),
    }
}

/// The keys whose signatures are looked at.
fn known(state: &Governance, decision: &Decision) -> BTreeSet<NodeId> {
    let governors = |root: &Root| root.governors.keys().copied().collect::<Vec<_>>();
    let mut known: BTreeSet<NodeId> = BTreeSet::new();
    if let Some(root) = &state.root {
        known.extend(governors(&root.document));
    }
    match decision {
        Decision::Root(root) => known.extend(governors(root)),
        Decision::Membership(it) => known.extend([it.node]),
        Decision::KeyRotation(it) => known.extend([it.old, it.new]),
        Decision::Revocation(it) => known.extend([it.issuer]),
        Decision::Renewal(it) => known.extend([it.issuer]),
        Decision::Anchor(_) => known.extend(state.members.values().filter_map(Member::node)),
        Decision::Delegation(it) => known.extend(state.members.get(&it.from).and_then(Member::node)),
        _ => {}
    }
    known
}

/// The keys of whoever gains by the decision: they do not count towards its quorum.
fn own_keys(state: &Governance, decision: &Decision) -> BTreeSet<NodeId> {
    let member = |name: &str| state.members.get(name).and_then(Member::node);
    match decision {
        Decision::Membership(it) if it.change == MembershipChange::Admit => [it.node].into(),
        Decision::Roles(it) => member(&it.member).into_iter().collect(),
        Decision::Budget(it) => member(&it.member).into_iter().collect(),
        Decision::KeyRotation(it) => [it.old, it.new].into(),
        Decision::Issuer(it) if it.change == ApprovalChange::Approve => [it.node].into(),
        Decision::BreakGlass(it) => member(&it.member).into_iter().collect(),
        Decision::Group(it) => it.members.iter().filter_map(|name| member(name)).collect(),
        Decision::Delegation(it) => member(&it.to).into_iter().collect(),
        _ => BTreeSet::new(),
    }
}

/// The signatures under one decision, and words for what they lack.
struct Ballot<'a> {
    kind: Kind,
    signers: &'a Signers,
    names: &'a dyn Fn(&NodeId) -> String,
}

impl Ballot<'_> {
    fn decided(&self, quorum: Option<&Quorum>, own: &BTreeSet<NodeId>) -> Result<BTreeSet<NodeId>, Refusal> {
        quorum.map_or(Err(Refusal::NotFounded), |quorum| self.quorum(quorum, own, "those who decide"))
    }

    fn quorum(&self, quorum: &Quorum, own: &BTreeSet<NodeId>, whose: &str) -> Result<BTreeSet<NodeId>, Refusal> {
        let may: BTreeSet<NodeId> = quorum.keys.difference(own).copied().collect();
        let counted: BTreeSet<NodeId> = may.intersection(&self.signers.valid).copied().collect();
        let threshold = quorum.threshold as usize;
        if counted.len() >= threshold {
            return Ok(counted);
        }
        let open: Vec<String> = may.difference(&counted).map(self.names).collect();
        let left = threshold - counted.len();
        let missing = if open.len() < left {
            format!("{left} more of {whose}, of whom only {} may still sign; change the root first", open.len())
        } else {
            format!("{left} more of {whose}: {}", open.join(", "))
        };
        Err(self.refused(&counted, missing))
    }

    fn one(&self, key: NodeId, whose: &str) -> Result<NodeId, Refusal> {
        if self.signers.valid.contains(&key) {
            return Ok(key);
        }
        Err(self.refused(&self.signers.valid, format!("a signature of {whose} ({key})")))
    }

    fn refused(&self, counted: &BTreeSet<NodeId>, missing: String) -> Refusal {
        Refusal::Signatures {
            kind: self.kind,
            counted: counted.iter().map(self.names).collect(),
            missing,
            forged: self.signers.forged.iter().map(self.names).collect(),
        }
    }
}
