use serde::{Deserialize, Serialize};

use super::{Capability, Contract, PolicyError, Reach, Refusal, Role, Roles};

/// The name and version of a policy document.
pub const FORMAT: &str = "cosmosmesh.policy/1";

/// One line of a policy: roles may do things to contracts, so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Who.
    pub roles: Vec<Role>,
    /// May do what.
    pub may: Vec<Capability>,
    /// To what.
    pub on: Vec<Contract>,
    /// How far.
    pub reach: Reach,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    rules: Vec<Rule>,
    /// Pairs of roles that no member has both of.
    apart: Vec<(Role, Role)>,
}

/// A policy that was read and found in order. What no rule gives is refused.
///
/// # Cost
/// A decision is one look into a table for each role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
    apart: Vec<(Role, Role)>,
    /// Capabilities as bits, by role, contract and reach.
    table: [[[u8; Reach::ALL.len()]; Contract::ALL.len()]; Role::ALL.len()],
}

/// What is done, and to what.
type Act = (Capability, Contract);

/// Whoever may do the first, at least so far, may not do the second, in one role or in two that one member has.
///
/// A round's header is the whole fleet's; an asset's own contribution to it keeps nobody from being a guardian.
const SEPARATE: [(Act, Reach, Act); 4] = [
    ((Capability::Publish, Contract::Plan), Reach::Own, (Capability::Approve, Contract::Policy)),
    ((Capability::Publish, Contract::Plan), Reach::Own, (Capability::Approve, Contract::Plan)),
    ((Capability::Publish, Contract::Command), Reach::Own, (Capability::Approve, Contract::Command)),
    ((Capability::Publish, Contract::Round), Reach::Fleet, (Capability::Open, Contract::Sum)),
];

impl Policy {
    /// The policy that a fleet begins with.
    pub fn standard() -> Self {
        Self::read(include_str!("standard.json")).expect("this cannot fail because a test reads the same text")
    }

    /// Reads a policy document and checks it.
    ///
    /// # Errors
    /// [`PolicyError`], with the place and what to do.
    pub fn read(text: &str) -> Result<Self, PolicyError> {
        let document: Document =
            serde_json::from_str(text).map_err(|error| PolicyError::Form { detail: error.to_string() })?;
        if document.format != FORMAT {
            return Err(PolicyError::Format { found: document.format });
        }
        Self::new(document.rules, document.apart)
    }

    /// Checks rules and the pairs of roles that are kept apart.
    ///
    /// # Errors
    /// As of [`Policy::read`].
    pub fn new(rules: Vec<Rule>, apart: Vec<(Role, Role)>) -> Result<Self, PolicyError> {
        let mut policy = Self { rules: Vec::new(), apart, table: Default::default() };
        if let Some((role, _)) = policy.apart.iter().find(|(one, other)| one == other) {
            return Err(PolicyError::ApartFromItself { role: *role });
        }
        for (k, rule) in rules.iter().enumerate() {
            let before = policy.table;
            policy.lay_down(rule);
            if policy.table == before {
                return Err(PolicyError::Idle { rule: k + 1 });
            }
        }
        policy.rules = rules;
        for &role in Role::ALL {
            policy.separate(role.into())?;
        }
        Ok(policy)
    }

    fn lay_down(&mut self, rule: &Rule) {
        for role in &rule.roles {
            for contract in &rule.on {
                for reach in Reach::ALL.iter().filter(|reach| **reach <= rule.reach) {
                    for capability in &rule.may {
                        self.table[*role as usize][*contract as usize][*reach as usize] |= 1 << *capability as u8;
                    }
                }
            }
        }
    }

    /// What nobody may do in both parts, whatever the document says.
    fn separate(&self, roles: Roles) -> Result<(), PolicyError> {
        for (makes, reach, judges) in SEPARATE {
            let who = |(capability, contract), reach| {
                roles.iter().find(|role| self.allows((*role).into(), capability, contract, reach))
            };
            if let (Some(_), Some(role)) = (who(makes, reach), who(judges, Reach::Own)) {
                return Err(PolicyError::Separation { role, makes, judges });
            }
        }
        Ok(())
    }

    /// Whether one member may have these roles together.
    ///
    /// # Errors
    /// [`PolicyError::Apart`] or [`PolicyError::Separation`].
    pub fn check_roles(&self, roles: Roles) -> Result<(), PolicyError> {
        match self.apart.iter().find(|(one, other)| roles.contains(*one) && roles.contains(*other)) {
            Some(&(one, other)) => Err(PolicyError::Apart { one, other }),
            None => self.separate(roles),
        }
    }

    /// Whether somebody of these roles may do this.
    pub fn allows(&self, roles: Roles, capability: Capability, contract: Contract, reach: Reach) -> bool {
        let bits =
            roles.iter().fold(0, |bits, role| bits | self.table[role as usize][contract as usize][reach as usize]);
        bits & 1 << capability as u8 != 0
    }

    /// The rule that allows it, from 1.
    ///
    /// # Errors
    /// [`Refusal`], which says what would be needed.
    pub fn decide(
        &self,
        roles: Roles,
        capability: Capability,
        contract: Contract,
        reach: Reach,
    ) -> Result<usize, Refusal> {
        let gives = |rule: &Rule| rule.may.contains(&capability) && rule.on.contains(&contract);
        let found = self
            .rules
            .iter()
            .position(|rule| gives(rule) && rule.reach >= reach && rule.roles.iter().any(|role| roles.contains(*role)));
        if let Some(rule) = found {
            return Ok(rule + 1);
        }
        let as_far: Vec<&Rule> = self.rules.iter().filter(|rule| gives(rule) && rule.reach >= reach).collect();
        let needed: Roles = as_far.iter().flat_map(|rule| rule.roles.iter().copied()).collect();
        let nearer =
            self.rules.iter().filter(|rule| gives(rule) && rule.roles.iter().any(|role| roles.contains(*role)));
        let nearest = nearer.map(|rule| rule.reach).max();
        Err(Refusal { roles, capability, contract, reach, needed, nearest })
    }

    /// The rules, in the document's order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The policy as a document.
    pub fn document(&self) -> String {
        let document = Document { format: FORMAT.to_owned(), rules: self.rules.clone(), apart: self.apart.clone() };
        serde_json::to_string_pretty(&document).expect("this cannot fail because every part is a word or a list")
    }
}
