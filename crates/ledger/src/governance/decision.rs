use std::collections::BTreeSet;

use cosmosmesh_contracts::key::{Digest, NodeId};
use serde::{Deserialize, Serialize};

use super::name::{REMEDY, is_name};
use super::renewal::Renewal;
use super::root::{Authority, Root};

/// What a statement decides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// Who governs.
    Root(Root),
    /// Who belongs to the fleet.
    Membership(Membership),
    /// What a member is.
    Roles(Roles),
    /// What roles may do.
    Policy(Policy),
    /// Which schema messages may have.
    Schema(SchemaApproval),
    /// What an asset may reveal.
    Budget(BudgetGrant),
    /// With which key a member signs from now on.
    KeyRotation(KeyRotation),
    /// Who issues certificates.
    Issuer(Issuer),
    /// Which certificate is none any more.
    Revocation(Revocation),
    /// Who may do for a while what nobody may.
    BreakGlass(BreakGlass),
    /// What was so at this place of the log.
    Anchor(Anchor),
    /// Which members belong together.
    Group(Group),
    /// Who has another's role for a while.
    Delegation(Delegation),
    /// Which certificate was renewed in its grace window.
    Renewal(Renewal),
}

/// What kind of decision it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Kind {
    /// [`Root`].
    Root,
    /// [`Membership`].
    Membership,
    /// [`Roles`].
    Roles,
    /// [`Policy`].
    Policy,
    /// [`SchemaApproval`].
    Schema,
    /// [`BudgetGrant`].
    Budget,
    /// [`KeyRotation`].
    KeyRotation,
    /// [`Issuer`].
    Issuer,
    /// [`Revocation`].
    Revocation,
    /// [`BreakGlass`].
    BreakGlass,
    /// [`Anchor`].
    Anchor,
    /// [`Group`].
    Group,
    /// [`Delegation`].
    Delegation,
    /// [`Renewal`].
    Renewal,
}

/// A member comes or goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Membership {
    /// Who, by the name that stays when keys change.
    pub member: String,
    /// With which key.
    pub node: NodeId,
    /// The SHA-256 of the public key to which it will rotate, so that a thief of the present key cannot.
    pub next_key: Option<Digest>,
    /// Which way.
    pub change: MembershipChange,
}

/// Comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MembershipChange {
    /// Comes, with this key.
    Admit,
    /// Goes.
    Remove,
}

/// All roles that a member has from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roles {
    /// Who.
    pub member: String,
    /// Every one, by the names that the policy uses; an empty set takes all away.
    pub roles: BTreeSet<String>,
}

/// A policy in force, word for word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Which; a later version of the same name replaces it.
    pub policy: String,
    /// The document. What it means is read by whoever applies it.
    pub document: String,
}

/// A schema comes into use or goes out of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaApproval {
    /// The schema's name.
    pub schema: String,
    /// The schema's own version.
    pub schema_version: u32,
    /// The digest by which the registry knows it.
    pub digest: Digest,
    /// Which way.
    pub change: ApprovalChange,
}

/// Comes into use or goes out of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApprovalChange {
    /// From here on it counts.
    Approve,
    /// From here on it does not.
    Revoke,
}

/// What privacy loss a member may spend on a stream of releases, in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetGrant {
    /// Who.
    pub member: String,
    /// On what.
    pub stream: String,
    /// The total since the stream began, not an addition.
    ///
    /// # Units
    /// Millionths of rho, zero-concentrated differential privacy.
    pub rho_micro: u64,
}

/// A member's next key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRotation {
    /// Who.
    pub member: String,
    /// The key until now.
    pub old: NodeId,
    /// The key from now on.
    pub new: NodeId,
    /// The SHA-256 of the public key after that.
    pub next_key: Option<Digest>,
}

/// An issuer of certificates is approved, or is none any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Which.
    pub issuer: String,
    /// With which key.
    pub node: NodeId,
    /// Which way.
    pub change: ApprovalChange,
}

/// A certificate is none any more from this place of the log on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    /// Who issued it.
    pub issuer: NodeId,
    /// Its identifier, as the issuer's certificates carry it.
    pub certificate: String,
    /// Why, for those who read the log.
    pub reason: String,
}

/// Emergency powers for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BreakGlass {
    /// Which emergency; a name of its own.
    pub emergency: String,
    /// Who may act.
    pub member: String,
    /// What they may do, in the policy's words.
    pub capability: String,
    /// Where.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// From when.
    pub from_posix_s: u64,
    /// Until when; at most [`BREAK_GLASS_S_MAX`] later.
    pub until_posix_s: u64,
}

/// The longest emergency, in seconds: a sol, two times over.
pub const BREAK_GLASS_S_MAX: u64 = 2 * 88_775;

/// The longest reason, in bytes.
pub(crate) const REASON_BYTES_MAX: usize = 1_024;

/// A digest that somebody vouches for: the root of a delta log, a conformance result, a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// Of what.
    pub anchor: String,
    /// The digest.
    pub digest: Digest,
}

/// Members that belong together: what a policy allows in a group goes as far as this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Which; a later version of the same name replaces it.
    pub group: String,
    /// Every one of its members; an empty set ends it.
    pub members: BTreeSet<String>,
}

/// A member hands a role of its own on to another, for a stretch of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delegation {
    /// Who hands on.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// Which role, by the name that the policy uses.
    pub role: String,
    /// From this number of log entries on; log positions, since no clock moves them back.
    pub begins: u64,
    /// Up to this number, without it; equal to `begins` takes the delegation back.
    pub ends: u64,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Root,
        Self::Membership,
        Self::Roles,
        Self::Policy,
        Self::Schema,
        Self::Budget,
        Self::KeyRotation,
        Self::Issuer,
        Self::Revocation,
        Self::BreakGlass,
        Self::Anchor,
        Self::Group,
        Self::Delegation,
        Self::Renewal,
    ];

    /// Its word in predicate types and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Membership => "membership",
            Self::Roles => "roles",
            Self::Policy => "policy",
            Self::Schema => "schema",
            Self::Budget => "budget",
            Self::KeyRotation => "key-rotation",
            Self::Issuer => "issuer",
            Self::Revocation => "revocation",
            Self::BreakGlass => "break-glass",
            Self::Anchor => "anchor",
            Self::Group => "group",
            Self::Delegation => "delegation",
            Self::Renewal => "renewal",
        }
    }

    /// The in-toto predicate type.
    pub fn predicate_type(self) -> String {
        format!("{PREDICATE_PREFIX}{}:1", self.name())
    }

    /// The kind of a predicate type; nothing if it is not one of ours, or of a later version.
    pub fn of_predicate_type(text: &str) -> Option<Self> {
        let name = text.strip_prefix(PREDICATE_PREFIX)?.strip_suffix(":1")?;
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Who may sign it, in a sentence.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Root => "a root is signed by the quorum of the root before it and by its own",
            Self::Membership => {
                "membership is signed by the quorum for membership, and an admitted key signs that it is held; nobody counts for themselves"
            }
            Self::Roles => "roles are signed by the quorum for membership; nobody counts for themselves",
            Self::Policy => "a policy is signed by the quorum for policy",
            Self::Schema => "a schema is signed by the quorum for schema",
            Self::Budget => "a budget is signed by the quorum for budget; nobody counts for themselves",
            Self::KeyRotation => {
                "a key rotation is signed by the new key, and by the old key or the quorum for membership"
            }
            Self::Issuer => "an issuer is signed by the quorum for issuer; nobody counts for themselves",
            Self::Revocation => "a revocation is signed by the issuer of the certificate or by the quorum for issuer",
            Self::BreakGlass => {
                "an emergency is signed by the quorum for break-glass, by two at least; nobody counts for themselves"
            }
            Self::Anchor => "an anchor is signed by a member or a governor",
            Self::Group => "a group is signed by the quorum for membership; nobody counts for themselves",
            Self::Delegation => {
                "a delegation is signed by the member that hands on; taking it back, by that member or the quorum for membership"
            }
            Self::Renewal => "a renewal in the grace window is signed by the approved issuer that renewed",
        }
    }

    /// Whose quorum decides, where one does.
    pub fn authority(self) -> Option<Authority> {
        match self {
            Self::Root => Some(Authority::Root),
            Self::Membership | Self::Roles | Self::KeyRotation | Self::Group | Self::Delegation => {
                Some(Authority::Membership)
            }
            Self::Policy => Some(Authority::Policy),
            Self::Schema => Some(Authority::Schema),
            Self::Budget => Some(Authority::Budget),
            Self::Issuer | Self::Revocation => Some(Authority::Issuer),
            Self::BreakGlass => Some(Authority::BreakGlass),
            Self::Anchor | Self::Renewal => None,
        }
    }
}

/// What every predicate type of ours begins with.
pub(crate) const PREDICATE_PREFIX: &str = "urn:cosmosmesh:governance:";

impl Decision {
    /// What kind it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Root(_) => Kind::Root,
            Self::Membership(_) => Kind::Membership,
            Self::Roles(_) => Kind::Roles,
            Self::Policy(_) => Kind::Policy,
            Self::Schema(_) => Kind::Schema,
            Self::Budget(_) => Kind::Budget,
            Self::KeyRotation(_) => Kind::KeyRotation,
            Self::Issuer(_) => Kind::Issuer,
            Self::Revocation(_) => Kind::Revocation,
            Self::BreakGlass(_) => Kind::BreakGlass,
            Self::Anchor(_) => Kind::Anchor,
            Self::Group(_) => Kind::Group,
            Self::Delegation(_) => Kind::Delegation,
            Self::Renewal(_) => Kind::Renewal,
        }
    }

    /// What it is about: versions are counted for each kind and subject.
    pub fn subject(&self) -> String {
        match self {
            Self::Root(_) => String::new(),
            Self::Membership(it) => it.member.clone(),
            Self::Roles(it) => it.member.clone(),
            Self::Policy(it) => it.policy.clone(),
            Self::Schema(it) => format!("{}@{}", it.schema, it.schema_version),
            Self::Budget(it) => format!("{}@{}", it.member, it.stream),
            Self::KeyRotation(it) => it.member.clone(),
            Self::Issuer(it) => it.issuer.clone(),
            Self::Revocation(it) => format!("{}@{}", it.certificate, it.issuer),
            Self::BreakGlass(it) => it.emergency.clone(),
            Self::Anchor(it) => it.anchor.clone(),
            Self::Group(it) => it.group.clone(),
            Self::Delegation(it) => format!("{}@{}>{}", it.role, it.from, it.to),
            Self::Renewal(it) => format!("{}@{}", it.certificate, it.certificate_issuer),
        }
    }

    /// Whether it can be meant, whoever signs it.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do.
    pub fn check(&self) -> Result<(), String> {
        let names: &[&str] = match self {
            Self::Root(root) => return root.check(),
            Self::Membership(it) => &[&it.member],
            Self::Roles(it) => {
                if let Some(role) = it.roles.iter().find(|role| !is_name(role)) {
                    return Err(format!("{role:?} is no name for a role; {REMEDY}"));
                }
                &[&it.member]
            }
            Self::Policy(it) => &[&it.policy],
            Self::Schema(it) => &[&it.schema],
            Self::Budget(it) => &[&it.member, &it.stream],
            Self::KeyRotation(it) if it.old == it.new => {
                return Err("the new key is the old one; make another with `keygen`".to_owned());
            }
            Self::KeyRotation(it) => &[&it.member],
            Self::Issuer(it) => &[&it.issuer],
            Self::Revocation(it) => {
                reason(&it.reason)?;
                &[&it.certificate]
            }
            Self::BreakGlass(it) => {
                reason(&it.reason)?;
                let length = it.until_posix_s.checked_sub(it.from_posix_s);
                if length.is_none_or(|length| length == 0 || length > BREAK_GLASS_S_MAX) {
                    return Err(format!("an emergency lasts 1 to {BREAK_GLASS_S_MAX} seconds; shorten it"));
                }
                &[&it.emergency, &it.member, &it.capability, &it.scope]
            }
            Self::Anchor(it) => &[&it.anchor],
            Self::Group(it) => {
                if let Some(name) = it.members.iter().find(|name| !is_name(name)) {
                    return Err(format!("{name:?} is no name for a member; {REMEDY}"));
                }
                &[&it.group]
            }
            Self::Delegation(it) => {
                if it.from == it.to {
                    return Err("nobody hands a role on to themselves; name another member".to_owned());
                }
                if it.begins > it.ends {
                    return Err(format!("it would end at {} and begin at {}; turn them round", it.ends, it.begins));
                }
                &[&it.from, &it.to, &it.role]
            }
            Self::Renewal(it) => {
                it.check()?;
                if let Some(role) = it.roles.iter().find(|role| !is_name(role)) {
                    return Err(format!("{role:?} is no name for a role; {REMEDY}"));
                }
                &[&it.member, &it.certificate, &it.first]
            }
        };
        match names.iter().find(|name| !is_name(name)) {
            Some(name) => Err(format!("{name:?} is no name; {REMEDY}")),
            None => Ok(()),
        }
    }
}

fn reason(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.len() > REASON_BYTES_MAX {
        return Err(format!("a reason has 1 to {REASON_BYTES_MAX} bytes; say why in a sentence"));
    }
    Ok(())
}
