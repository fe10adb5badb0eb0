use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::role::{Delegation, Members, Policy, Role, Roles};

use crate::random::Random;

/// Who is not in the fleet: the number after the last member's.
pub(crate) const STRANGER: usize = 4;

/// Four members with roles, and what they hand on.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) roles: Vec<Roles>,
    pub(crate) delegations: Vec<Handing>,
    pub(crate) epochs: Vec<u64>,
}

/// One delegation between numbered members.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handing {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) role: Role,
    pub(crate) begins: u64,
    pub(crate) ends: u64,
}

pub(crate) fn name(member: usize) -> String {
    format!("member {member}")
}

pub(crate) fn node(member: usize) -> NodeId {
    NodeId::from_bytes([member as u8 + 1; 32])
}

impl World {
    /// Members with roles that may go together, delegations that mostly can hold and sometimes cannot, epochs around their ends.
    pub(crate) fn random(policy: &Policy, random: &mut Random) -> Self {
        let combinations: Vec<Roles> =
            Roles::combinations().filter(|roles| policy.check_roles(*roles).is_ok()).collect();
        let roles: Vec<Roles> = (0..STRANGER).map(|_| combinations[random.below(combinations.len())]).collect();
        let mut delegations = Vec::new();
        for _ in 0..1 + random.below(5) {
            let from = random.below(STRANGER + 1);
            let held: Vec<Role> = roles.get(from).into_iter().flat_map(|roles| roles.iter()).collect();
            let any = Role::ALL[random.below(Role::ALL.len())];
            let role = if held.is_empty() || random.below(4) == 0 { any } else { held[random.below(held.len())] };
            let begins = random.below(20) as u64;
            // At, above and below the longest that is allowed, and sometimes none at all.
            let ends = begins + [0, 1, 5, 40, 64, 65, 200][random.below(7)];
            delegations.push(Handing { from, to: random.below(STRANGER + 1), role, begins, ends });
        }
        let mut epochs: Vec<u64> = delegations
            .iter()
            .flat_map(|handing| {
                [handing.begins.saturating_sub(1), handing.begins, handing.ends.saturating_sub(1), handing.ends]
            })
            .collect();
        epochs.sort_unstable();
        epochs.dedup();
        while epochs.len() > 4 {
            epochs.remove(random.below(epochs.len()));
        }
        Self { roles, delegations, epochs }
    }

    /// Who is asked about, and when.
    pub(crate) fn questions(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.epochs.iter().flat_map(|epoch| (0..=STRANGER).map(move |member| (member, *epoch)))
    }

    /// The same fleet in our words.
    pub(crate) fn members(&self, policy: &Policy) -> Result<Members, String> {
        let mut members = Members::new();
        for (k, roles) in self.roles.iter().enumerate() {
            members.set(policy, node(k), *roles).map_err(|error| error.to_string())?;
        }
        for handing in &self.delegations {
            let Handing { from, to, role, begins, ends } = *handing;
            members.delegate(Delegation { from: node(from), to: node(to), role, begins, ends });
        }
        Ok(members)
    }
}
