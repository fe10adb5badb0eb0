use std::collections::BTreeSet;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Verifier;

use super::decision::{ApprovalChange, Decision, Kind, MembershipChange};
use super::envelope::Envelope;
use super::refusal::Refusal;
use super::rule;
use super::state::{
    AnchorStanding, BudgetInForce, DelegationStanding, Emergency, Fork, Governance, GroupInForce, IssuerStanding,
    Member, MemberKey, PolicyInForce, Refused, RenewalStanding, RevocationStanding, RootInForce, SchemaInForce,
};
use super::statement::{Statement, StatementError, fleet_id};
use crate::checkpoint::Checkpoint;
use crate::evidence::SplitView;
use crate::note::Note;

/// What one entry did to the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is no matter of governance.
    Other,
    /// It decided something.
    Accepted(Box<Statement>),
    /// It was meant to, and did not; the refusal is kept in [`Governance::refused`].
    Refused(Box<Refusal>),
    /// It shows that a log has two faces.
    Fork(Fork),
}

/// A statement that may come into force, with the keys that make it so.
struct Judged {
    statement: Statement,
    signed: BTreeSet<NodeId>,
}

impl Governance {
    /// Takes the next entry of the log.
    ///
    /// # Cost
    /// One signature check for each signature line of a known key; nothing for entries of other kinds but a look at their first bytes.
    pub fn apply(&mut self, entry: &[u8], verifier: &dyn Verifier) -> Outcome {
        let at = self.entries;
        self.entries += 1;
        if entry.starts_with(SplitView::HEAD.as_bytes()) {
            return self.fork(at, entry, verifier);
        }
        if entry.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Outcome::Other;
        }
        match self.judge(entry, verifier) {
            Ok(judged) => {
                let statement = judged.statement.clone();
                self.enact(at, judged);
                Outcome::Accepted(Box::new(statement))
            }
            // Other JSON may be logged too, and other people's statements.
            Err(Refusal::Statement(StatementError::NotOurs { .. })) => Outcome::Other,
            Err(Refusal::Envelope(_)) if !is_meant_as_envelope(entry) => Outcome::Other,
            Err(refusal) => {
                self.refuse(at, refusal.rule(), refusal.to_string());
                Outcome::Refused(Box::new(refusal))
            }
        }
    }

    /// Whether an entry would be accepted if it came next, without taking it.
    ///
    /// # Errors
    /// [`Refusal`]: the rule, and what would be needed.
    pub fn check(&self, entry: &[u8], verifier: &dyn Verifier) -> Result<Statement, Refusal> {
        self.judge(entry, verifier).map(|judged| judged.statement)
    }

    fn refuse(&mut self, at: u64, rule: &str, needed: String) {
        self.refused.push(Refused { at, rule: rule.to_owned(), needed });
    }

    fn judge(&self, entry: &[u8], verifier: &dyn Verifier) -> Result<Judged, Refusal> {
        let envelope = Envelope::parse(entry).map_err(Refusal::Envelope)?;
        let statement = Statement::of_envelope(&envelope).map_err(Refusal::Statement)?;
        let (kind, subject) = (statement.decision.kind(), statement.decision.subject());
        let founding = self.root.is_none();
        if founding && kind != Kind::Root {
            return Err(Refusal::NotFounded);
        }
        if let Some(expected) = self.fleet.filter(|fleet| *fleet != statement.fleet) {
            return Err(Refusal::OtherFleet { found: statement.fleet.to_string(), expected: expected.to_string() });
        }
        let due = self.version_due(kind, &subject);
        if statement.version != due {
            return Err(Refusal::Version { kind, subject, found: statement.version, due });
        }
        statement.decision.check().map_err(|detail| Refusal::Content { detail })?;
        self.fits(&statement, founding)?;
        let signed = rule::signed(self, &statement.decision, &envelope, verifier)?;
        Ok(Judged { statement, signed })
    }

    /// Whether the statement can follow on the state, whoever signed it.
    fn fits(&self, statement: &Statement, founding: bool) -> Result<(), Refusal> {
        let content = |detail: String| Err(Refusal::Content { detail });
        if let Some(root) = &self.root
            && statement.decision.kind() != Kind::Root
            && statement.issued_posix_s >= root.document.expires_posix_s
        {
            return Err(Refusal::Expired {
                expired_posix_s: root.document.expires_posix_s,
                issued_posix_s: statement.issued_posix_s,
            });
        }
        let member_key = |name: &str| self.members.get(name).and_then(Member::node);
        match &statement.decision {
            Decision::Root(root) if founding && fleet_id(root) != statement.fleet => {
                content("the fleet's id is not that of its first root; propose the founding anew".to_owned())
            }
            Decision::Root(root) if root.expires_posix_s <= statement.issued_posix_s => {
                content("the root has expired when it is issued; give it a later end".to_owned())
            }
            Decision::Membership(it) => match (it.change, member_key(&it.member)) {
                (MembershipChange::Admit, Some(_)) => {
                    content(format!("{} is a member already; rotate its key or remove it first", it.member))
                }
                (MembershipChange::Admit, None) => self.is_free(&it.node),
                (MembershipChange::Remove, Some(node)) if node == it.node => Ok(()),
                (MembershipChange::Remove, _) => {
                    content(format!("{} is no member with the key {}; nothing is to be removed", it.member, it.node))
                }
            },
            Decision::Roles(it) if member_key(&it.member).is_none() => not_member(&it.member),
            Decision::Budget(it) if member_key(&it.member).is_none() => not_member(&it.member),
            Decision::BreakGlass(it) if member_key(&it.member).is_none() => not_member(&it.member),
            Decision::Renewal(it) if member_key(&it.member).is_none() => not_member(&it.member),
            Decision::Group(it) => match it.members.iter().find(|name| member_key(name).is_none()) {
                Some(name) => not_member(name),
                None => Ok(()),
            },
            Decision::Delegation(it) => match [&it.from, &it.to].into_iter().find(|name| member_key(name).is_none()) {
                Some(name) => not_member(name),
                None => Ok(()),
            },
            Decision::KeyRotation(it) => match member_key(&it.member) {
                Some(node) if node == it.old => self.is_free(&it.new),
                Some(node) => content(format!("{} signs with {node}, not with {}; propose it anew", it.member, it.old)),
                None => not_member(&it.member),
            },
            Decision::Issuer(it) => {
                let approved = self.issuers.get(&it.node).filter(|standing| standing.is_approved());
                match (it.change, approved) {
                    (ApprovalChange::Approve, Some(standing)) => {
                        content(format!("the key of {} is approved already, as {}", it.issuer, standing.issuer))
                    }
                    (ApprovalChange::Revoke, None) => {
                        content(format!("{} is not approved; nothing is to be revoked", it.issuer))
                    }
                    (ApprovalChange::Revoke, Some(standing)) if standing.issuer != it.issuer => {
                        content(format!("that key is approved as {}; name it so", standing.issuer))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// A key stands for one member, and a key once given up never comes back.
    fn is_free(&self, node: &NodeId) -> Result<(), Refusal> {
        let holder = self.members.iter().find(|(_, member)| member.keys.iter().any(|key| key.node == *node));
        match holder {
            Some((name, _)) => Err(Refusal::Content {
                detail: format!("the key {node} is or was that of {name}; make a new one with `keygen`"),
            }),
            None => Ok(()),
        }
    }

    fn enact(&mut self, at: u64, Judged { statement, signed }: Judged) {
        let subject = statement.decision.subject();
        self.versions.insert((statement.decision.kind(), subject.clone()), statement.version);
        let names = |state: &Self| signed.iter().map(|key| rule::holder(state, key)).collect::<Vec<_>>();
        match statement.decision {
            Decision::Root(document) => {
                self.fleet = Some(statement.fleet);
                self.fleet_name = statement.fleet_name;
                self.root = Some(RootInForce { version: statement.version, since: at, document });
            }
            Decision::Membership(it) => {
                // Nor has anybody who comes back the groups and delegations of before.
                for group in self.groups.values_mut() {
                    group.members.remove(&it.member);
                }
                self.delegations
                    .retain(|_, standing| standing.delegation.from != it.member && standing.delegation.to != it.member);
                let member = self.members.entry(it.member).or_insert_with(Member::unknown);
                match it.change {
                    MembershipChange::Admit => {
                        member.keys.push(MemberKey { node: it.node, since: at, until: None });
                        member.next_key = it.next_key;
                    }
                    MembershipChange::Remove => member.end(at),
                }
                // Whoever leaves or comes back has the roles that are given afterwards.
                member.roles = BTreeSet::new();
                member.roles_since = at;
            }
            Decision::Roles(it) => {
                if let Some(member) = self.members.get_mut(&it.member) {
                    member.roles = it.roles;
                    member.roles_since = at;
                }
            }
            Decision::KeyRotation(it) => {
                if let Some(member) = self.members.get_mut(&it.member) {
                    member.end(at);
                    member.keys.push(MemberKey { node: it.new, since: at, until: None });
                    member.next_key = it.next_key;
                }
            }
            Decision::Policy(it) => {
                let policy = PolicyInForce { version: statement.version, since: at, document: it.document };
                self.policies.insert(it.policy, policy);
            }
            Decision::Schema(approval) => {
                self.schemas.insert(subject, SchemaInForce { since: at, approval });
            }
            Decision::Budget(it) => {
                self.budgets.insert(subject, BudgetInForce { since: at, rho_micro: it.rho_micro });
            }
            Decision::Issuer(it) => {
                let fresh = || IssuerStanding { issuer: String::new(), approved: Vec::new() };
                let standing = self.issuers.entry(it.node).or_insert_with(fresh);
                standing.issuer = it.issuer;
                match it.change {
                    ApprovalChange::Approve => standing.approved.push((at, None)),
                    ApprovalChange::Revoke => {
                        if let Some((_, until)) = standing.approved.last_mut() {
                            *until = Some(at);
                        }
                    }
                }
            }
            Decision::Revocation(it) => {
                self.revocations.insert(subject, RevocationStanding { since: at, reason: it.reason });
            }
            Decision::BreakGlass(it) => {
                let emergency = Emergency {
                    since: at,
                    member: it.member,
                    capability: it.capability,
                    scope: it.scope,
                    reason: it.reason,
                    from_posix_s: it.from_posix_s,
                    until_posix_s: it.until_posix_s,
                    signed: names(self),
                };
                self.emergencies.insert(subject, emergency);
            }
            Decision::Anchor(it) => {
                let standing = AnchorStanding { since: at, digest: it.digest, signed: names(self) };
                self.anchors.insert(subject, standing);
            }
            Decision::Group(it) => {
                self.groups.insert(it.group, GroupInForce { since: at, members: it.members });
            }
            Decision::Delegation(delegation) => {
                self.delegations.insert(subject, DelegationStanding { since: at, delegation });
            }
            Decision::Renewal(renewal) => {
                self.renewals.insert(subject, RenewalStanding { since: at, renewal });
            }
        }
    }

    fn fork(&mut self, at: u64, entry: &[u8], verifier: &dyn Verifier) -> Outcome {
        let refuse = |state: &mut Self, needed: String| {
            state.refuse(at, FORK_RULE, needed.clone());
            Outcome::Refused(Box::new(Refusal::Content { detail: needed }))
        };
        let Some(policy) = self.root.as_ref().and_then(|root| root.document.log_policy()) else {
            return refuse(self, Refusal::NotFounded.to_string());
        };
        // Whose signature carries the evidence adds nothing to what it proves.
        let evidence = match Note::parse(entry).ok().and_then(|note| SplitView::parse(note.text())) {
            Some(evidence) => evidence,
            None => return refuse(self, crate::evidence::EvidenceError::Form.to_string()),
        };
        if let Err(error) = evidence.verify(&policy, verifier) {
            return refuse(self, error.to_string());
        }
        let size = |note: &Note| Checkpoint::parse(note.text()).map_or(0, |checkpoint| checkpoint.size);
        let fork = Fork { at, origin: policy.origin, sizes: (size(&evidence.earlier), size(&evidence.later)) };
        self.forks.push(fork.clone());
        Outcome::Fork(fork)
    }
}

const FORK_RULE: &str = "evidence of two faces convicts the log that the root names";

impl Member {
    fn unknown() -> Self {
        Self { keys: Vec::new(), next_key: None, roles: BTreeSet::new(), roles_since: 0 }
    }

    fn end(&mut self, at: u64) {
        if let Some(key) = self.keys.last_mut() {
            key.until = Some(at);
        }
        self.next_key = None;
    }
}

fn not_member(name: &str) -> Result<(), Refusal> {
    Err(Refusal::Content { detail: format!("{name} is no member; admit it first") })
}

/// Whether somebody wanted to log an envelope of ours and it came out wrong, rather than other JSON.
fn is_meant_as_envelope(entry: &[u8]) -> bool {
    let has = |word: &str| entry.windows(word.len()).any(|window| window == word.as_bytes());
    has("\"payloadType\"") && has(super::envelope::STATEMENT_PAYLOAD_TYPE)
}
