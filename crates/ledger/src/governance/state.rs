use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::key::{Digest, NodeId};
use serde::Serialize;

use super::decision::{Delegation, Kind, SchemaApproval};
use super::renewal::Renewal;
use super::root::Root;

/// What a fleet has decided, as far as its log was read: nothing else than the fold of the log's entries.
///
/// Everything that came into force says at which entry it did; validity is judged by these places, not by anybody's clock.
/// # Cost
/// Memory follows the number of statements; entries of other kinds leave nothing behind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Governance {
    /// Which fleet, once it is founded or its id was pinned.
    pub fleet: Option<Digest>,
    /// What it is called.
    pub fleet_name: String,
    /// Who governs.
    pub root: Option<RootInForce>,
    /// The members by name, those that left included.
    pub members: BTreeMap<String, Member>,
    /// The policies in force by name.
    pub policies: BTreeMap<String, PolicyInForce>,
    /// The schemas that were ever approved, by name and version.
    pub schemas: BTreeMap<String, SchemaInForce>,
    /// What members may spend, by `member@stream`.
    pub budgets: BTreeMap<String, BudgetInForce>,
    /// The issuers that were ever approved, by key.
    pub issuers: BTreeMap<NodeId, IssuerStanding>,
    /// The revoked certificates, by `certificate@issuer`.
    pub revocations: BTreeMap<String, RevocationStanding>,
    /// The emergencies, by name.
    pub emergencies: BTreeMap<String, Emergency>,
    /// The digests vouched for last, by name.
    pub anchors: BTreeMap<String, AnchorStanding>,
    /// The groups by name, those that ended included.
    pub groups: BTreeMap<String, GroupInForce>,
    /// What was handed on last, by `role@from>to`.
    pub delegations: BTreeMap<String, DelegationStanding>,
    /// The renewals in a grace window, by the old certificate's `certificate@issuer`; of several of one the last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub renewals: BTreeMap<String, RenewalStanding>,
    /// Logs that were shown to have two faces.
    pub forks: Vec<Fork>,
    /// Statements that decided nothing.
    pub refused: Vec<Refused>,
    /// How many entries were read.
    pub entries: u64,
    #[serde(skip)]
    pub(super) versions: BTreeMap<(Kind, String), u64>,
}

/// The root that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RootInForce {
    /// Its version.
    pub version: u64,
    /// Since which entry.
    pub since: u64,
    /// The document.
    pub document: Root,
}

/// A member and its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Every key it had, the present one last.
    pub keys: Vec<MemberKey>,
    /// The digest of the next one, if it committed itself.
    pub next_key: Option<Digest>,
    /// What it is.
    pub roles: BTreeSet<String>,
    /// Since which entry it has them.
    pub roles_since: u64,
}

/// One key of a member, and where in the log it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct MemberKey {
    /// The key.
    pub node: NodeId,
    /// From this entry on.
    pub since: u64,
    /// Up to this entry, without it.
    pub until: Option<u64>,
}

/// A policy in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyInForce {
    /// Its version.
    pub version: u64,
    /// Since which entry.
    pub since: u64,
    /// The document.
    pub document: String,
}

/// A schema and whether it is in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchemaInForce {
    /// Since which entry that is so.
    pub since: u64,
    /// What was decided last.
    pub approval: SchemaApproval,
}

/// A granted budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BudgetInForce {
    /// Since which entry.
    pub since: u64,
    /// Millionths of rho, in all since the stream began.
    pub rho_micro: u64,
}

/// An issuer and where in the log it may issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IssuerStanding {
    /// Its name.
    pub issuer: String,
    /// The stretches of the log in which it is approved: from an entry on, up to another, without it.
    pub approved: Vec<(u64, Option<u64>)>,
}

/// A revoked certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevocationStanding {
    /// Since which entry.
    pub since: u64,
    /// Why.
    pub reason: String,
}

/// A renewal in a grace window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RenewalStanding {
    /// At which entry it stands.
    pub since: u64,
    /// What was renewed, and as what.
    pub renewal: Renewal,
}

/// Emergency powers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Emergency {
    /// Recorded at which entry.
    pub since: u64,
    /// Whose.
    pub member: String,
    /// To do what.
    pub capability: String,
    /// Where.
    pub scope: String,
    /// Why.
    pub reason: String,
    /// From when, in seconds since 1970.
    pub from_posix_s: u64,
    /// Until when.
    pub until_posix_s: u64,
    /// Who signed, by name.
    pub signed: Vec<String>,
}

/// A digest somebody vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AnchorStanding {
    /// At which entry.
    pub since: u64,
    /// The digest.
    pub digest: Digest,
    /// Who vouched, by name.
    pub signed: Vec<String>,
}

/// A group and who is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupInForce {
    /// Since which entry.
    pub since: u64,
    /// Its members by name; whoever leaves the fleet leaves it too.
    pub members: BTreeSet<String>,
}

/// A role that was handed on. Whether the giver has it, and how long that may last, the policy's reader judges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DelegationStanding {
    /// Since which entry.
    pub since: u64,
    /// What was handed on.
    pub delegation: Delegation,
}

/// Evidence that a log has two faces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// At which entry the evidence stands; the entry is the evidence.
    pub at: u64,
    /// Which log.
    pub origin: String,
    /// The sizes of the two checkpoints.
    pub sizes: (u64, u64),
}

/// A statement that decided nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Which entry.
    pub at: u64,
    /// The rule.
    pub rule: String,
    /// What was wrong and what would be needed.
    pub needed: String,
}

/// What may be decided now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// There is no root: nothing can be decided but the founding.
    Unfounded,
    /// Everything, for so long at least.
    Open {
        /// Seconds.
        left_s: u64,
    },
    /// The clock is too uncertain to tell whether the root has expired; treated as expired where something is approved.
    Uncertain,
    /// Nothing but the next root; reading, solving and flying go on.
    RootOnly {
        /// For how long at least, in seconds.
        expired_s: u64,
    },
}

impl Member {
    /// The key that counts, if it is a member now.
    pub fn node(&self) -> Option<NodeId> {
        self.keys.last().filter(|key| key.until.is_none()).map(|key| key.node)
    }

    /// Whether it signed with a key when the log had `position` entries.
    pub fn held(&self, node: &NodeId, position: u64) -> bool {
        let counts = |key: &MemberKey| key.since < position && key.until.is_none_or(|until| position <= until);
        self.keys.iter().any(|key| key.node == *node && counts(key))
    }
}

impl IssuerStanding {
    /// Whether it may issue now.
    pub fn is_approved(&self) -> bool {
        self.approved.last().is_some_and(|(_, until)| until.is_none())
    }

    /// Whether it might issue what refers to the log at `position` entries.
    pub fn was_approved(&self, position: u64) -> bool {
        self.approved.iter().any(|(since, until)| *since < position && until.is_none_or(|until| position <= until))
    }
}

impl Governance {
    /// The state before the first entry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same for a reader that knows which fleet it wants; another fleet's founding is then refused.
    pub fn pinned(fleet: Digest) -> Self {
        Self { fleet: Some(fleet), ..Self::default() }
    }

    /// The member that signs with a key now.
    pub fn member_of(&self, node: &NodeId) -> Option<(&str, &Member)> {
        let mut members = self.members.iter();
        members.find(|(_, member)| member.node() == Some(*node)).map(|(name, member)| (name.as_str(), member))
    }

    /// Whether two members are in one group.
    pub fn share_a_group(&self, one: &str, other: &str) -> bool {
        self.groups.values().any(|group| group.members.contains(one) && group.members.contains(other))
    }

    /// The version that is due for a kind and subject.
    pub fn version_due(&self, kind: Kind, subject: &str) -> u64 {
        self.versions.get(&(kind, subject.to_owned())).map_or(1, |version| version + 1)
    }

    /// What may be approved at a time known to `uncertainty_s`; deciding what to sign is the only place where a clock enters.
    pub fn approval(&self, now_posix_s: u64, uncertainty_s: u64) -> Approval {
        let Some(root) = &self.root else { return Approval::Unfounded };
        let expires = root.document.expires_posix_s;
        match () {
            () if now_posix_s.saturating_add(uncertainty_s) < expires => {
                Approval::Open { left_s: expires - now_posix_s - uncertainty_s }
            }
            () if now_posix_s.saturating_sub(uncertainty_s) < expires => Approval::Uncertain,
            () => Approval::RootOnly { expired_s: now_posix_s - uncertainty_s - expires },
        }
    }

    /// The emergencies that give a member powers at a time.
    pub fn emergencies_of<'a>(&'a self, member: &'a str, now_posix_s: u64) -> impl Iterator<Item = &'a Emergency> {
        let holds = move |emergency: &&Emergency| {
            emergency.member == member && (emergency.from_posix_s..emergency.until_posix_s).contains(&now_posix_s)
        };
        self.emergencies.values().filter(holds)
    }

    /// The SHA-256 of the whole state: two replicas that read the same entries have the same.
    pub fn digest(&self) -> Digest {
        let versions: Vec<_> = self.versions.iter().collect();
        crate::hash::sha256(&[super::statement::encode(&(self, versions)).as_bytes()])
    }
}
