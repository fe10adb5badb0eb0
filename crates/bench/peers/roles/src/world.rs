use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::role::{Capability, Contract, Delegation, Members, Policy, Reach, Role, Roles};

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
        let may_hold = |roles: &Roles| policy.check_roles(*roles).is_ok();
        let combinations: Vec<Roles> = Roles::combinations().filter(may_hold).collect();
        let few: Vec<Roles> = combinations.iter().copied().filter(|roles| roles.iter().count() <= 2).collect();
        let pick = |random: &mut Random| {
            let from = if random.below(4) == 0 { &combinations } else { &few };
            from[random.below(from.len())]
        };
        let roles: Vec<Roles> = (0..STRANGER).map(|_| pick(random)).collect();
        let mut delegations = Vec::new();
        for _ in 0..2 + random.below(5) {
            let member = |random: &mut Random| match random.below(12) {
                0 => STRANGER,
                k => k % STRANGER,
            };
            let (from, to) = (member(random), member(random));
            let held: Vec<Role> = roles.get(from).into_iter().flat_map(|roles| roles.iter()).collect();
            let handed =
                |role: &Role| policy.allows((*role).into(), Capability::Delegate, Contract::Membership, Reach::Own);
            let handed: Vec<Role> = held.iter().copied().filter(handed).collect();
            let choice = match random.below(6) {
                0 => Role::ALL,
                1 if !held.is_empty() => &held,
                _ if !handed.is_empty() => &handed,
                _ => Role::ALL,
            };
            let role = choice[random.below(choice.len())];
            // Every other time to somebody who gains by it, if there is one.
            let gains = |to: &usize| roles.get(*to).is_some_and(|own| !own.contains(role) && may_hold(&own.with(role)));
            let gainers: Vec<usize> = (0..STRANGER).filter(|to| *to != from && gains(to)).collect();
            let to = if gainers.is_empty() || random.below(2) == 0 { to } else { gainers[random.below(gainers.len())] };
            let begins = random.below(20) as u64;
            // Below, at and above the longest that is allowed, and sometimes none at all.
            let ends = begins + [0, 1, 5, 12, 40, 64, 64, 65, 200][random.below(9)];
            delegations.push(Handing { from, to, role, begins, ends });
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
