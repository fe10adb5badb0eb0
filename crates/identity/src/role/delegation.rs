use std::collections::BTreeMap;

use cosmosmesh_contracts::key::NodeId;

use super::{Capability, Contract, Policy, PolicyError, Reach, Role, Roles};

/// The longest delegation, in epochs of the log.
pub const EPOCHS_MAX: u64 = 64;

/// One role handed on for some epochs of the governance log. Epochs are log positions: no clock moves them back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delegation {
    /// Who hands on.
    pub from: NodeId,
    /// Who receives.
    pub to: NodeId,
    /// Which role.
    pub role: Role,
    /// The first epoch in which it holds.
    pub begins: u64,
    /// The first in which it no longer does; at most [`EPOCHS_MAX`] later.
    pub ends: u64,
}

/// Who has which roles, as governance decided, and what they have handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    roles: BTreeMap<NodeId, Roles>,
    delegations: Vec<Delegation>,
}

impl Members {
    /// Nobody.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives a member these roles and no others.
    ///
    /// # Errors
    /// [`PolicyError::Apart`] or [`PolicyError::Separation`]; nothing is changed.
    pub fn set(&mut self, policy: &Policy, member: NodeId, roles: Roles) -> Result<(), PolicyError> {
        policy.check_roles(roles)?;
        self.roles.insert(member, roles);
        Ok(())
    }

    /// Notes a delegation. It counts only while it holds, see [`Members::roles_of`].
    pub fn delegate(&mut self, delegation: Delegation) {
        self.delegations.push(delegation);
    }

    /// The roles of a member in an epoch: its own, and those handed on to it.
    ///
    /// A delegation counts if its epochs are at most [`EPOCHS_MAX`] and include this one, if who hands on is a member that has the role itself and may delegate,
    /// if who receives is a member, and if what it has may go together with the role. What was handed on is not handed on again.
    pub fn roles_of(&self, policy: &Policy, member: &NodeId, epoch: u64) -> Roles {
        let Some(&own) = self.roles.get(member) else { return Roles::NONE };
        let mut roles = own;
        for delegation in &self.delegations {
            let Delegation { from, to, role, begins, ends } = delegation;
            let lasts = begins < ends && ends - begins <= EPOCHS_MAX && (*begins..*ends).contains(&epoch);
            if to != member || from == to || !lasts {
                continue;
            }
            let giver = self.roles.get(from).copied().unwrap_or(Roles::NONE);
            let may = giver.contains(*role)
                && policy.allows((*role).into(), Capability::Delegate, Contract::Membership, Reach::Own);
            if may && policy.check_roles(roles.with(*role)).is_ok() {
                roles = roles.with(*role);
            }
        }
        roles
    }
}
