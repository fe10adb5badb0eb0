use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::trust::{Role, Roles};
use cosmosmesh_contracts::{AssetId, MissionTime};
use cosmosmesh_identity::certificate::GovernanceView;
use cosmosmesh_identity::role::{Delegation, Members, Policy};
use cosmosmesh_ledger::governance::{Governance, Member};

/// A fold of a governance log as a judge of certificates sees it, heard at a time.
///
/// Positions count entries: what entry `k` decides holds from position `k + 1` on.
#[derive(Clone, Copy, Debug)]
pub struct FleetView<'a> {
    /// What the log decides.
    pub state: &'a Governance,
    /// When its newest entry was heard, by the judge's clock.
    pub heard: MissionTime,
}

impl GovernanceView for FleetView<'_> {
    fn position(&self) -> u64 {
        self.state.entries
    }

    fn heard(&self) -> MissionTime {
        self.heard
    }

    fn issuer_approved(&self, issuer: &NodeId, position: u64) -> bool {
        self.state.issuers.get(issuer).is_some_and(|standing| standing.was_approved(position))
    }

    fn revoked_since(&self, certificate: &str) -> Option<u64> {
        self.state.revocations.get(certificate).map(|standing| standing.since + 1)
    }

    fn holds_key(&self, asset: &AssetId, key: &NodeId, position: u64) -> bool {
        self.state.members.get(asset.as_str()).is_some_and(|member| member.held(key, position))
    }
}

/// The roles that the log gives a member; words that are no role of ours give nothing.
pub fn roles(member: &Member) -> Roles {
    member.roles.iter().filter_map(|word| word.parse::<Role>().ok()).collect()
}

/// Who has which roles at the log's end, and what is handed on.
///
/// A member whose roles this policy keeps apart has none, and what it hands on or receives counts for nothing.
pub fn members(state: &Governance, policy: &Policy) -> Members {
    let node = |name: &str| state.members.get(name).and_then(Member::node);
    let mut members = Members::new();
    for member in state.members.values() {
        if let Some(node) = member.node() {
            // Roles that must be apart give nothing, so that nobody has to be believed about which of them was meant.
            let _ = members.set(policy, node, roles(member));
        }
    }
    for standing in state.delegations.values() {
        let it = &standing.delegation;
        let (Some(from), Some(to), Ok(role)) = (node(&it.from), node(&it.to), it.role.parse()) else { continue };
        // Nothing counts for the entries before the one in which it stands.
        if state.entries > standing.since {
            members.delegate(Delegation { from, to, role, begins: it.begins, ends: it.ends });
        }
    }
    members
}
