use std::str::FromStr;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, Schema, ValidationMode, Validator,
};
use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Role, Roles, Rule};
use serde_json::{Value, json};

use crate::text;
use crate::world::{self, World};

/// A policy in Cedar's words with a fleet to ask it about.
pub(crate) struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
}

/// The member that has exactly these roles, in the fleet of all combinations.
pub(crate) fn combination(roles: Roles) -> String {
    let words: Vec<&str> = roles.iter().map(Role::word).collect();
    format!("with {}", words.join(" "))
}

impl Cedar {
    /// A fleet with one member for each combination of roles.
    pub(crate) fn of_combinations(policy: &Policy) -> Result<Self, String> {
        let members = Roles::combinations().map(|roles| (combination(roles), roles, true));
        Self::new(&text::rules(policy.rules(), &text::apart(policy)), members)
    }

    /// A fleet with one member for each role, under rules that our reader may refuse.
    pub(crate) fn of_roles(rules: &[Rule], apart: &[(Role, Role)]) -> Result<Self, String> {
        let members = Role::ALL.iter().map(|role| (combination(Roles::from(*role)), Roles::from(*role), true));
        Self::new(&text::rules(rules, apart), members)
    }

    /// A fleet with delegations; `alone` is the fleet of all combinations under the same policy.
    pub(crate) fn of_world(policy: &Policy, alone: &Self, world: &World) -> Result<Self, String> {
        let mut policies = text::rules(policy.rules(), &text::apart(policy));
        let mut before: Vec<(usize, Role, String)> = Vec::new();
        for (k, delegation) in world.delegations.iter().enumerate() {
            let role = delegation.role;
            if !alone.allows(&combination(role.into()), Capability::Delegate, Contract::Membership, Reach::Own, 0)? {
                continue;
            }
            let mut conflicts = Vec::new();
            for other in Role::ALL.iter().filter(|other| **other != role) {
                if !alone.may_hold(&combination(Roles::from(role).with(*other)))? {
                    conflicts.push(*other);
                }
            }
            let in_the_way = before.iter().filter(|(to, other, _)| *to == delegation.to && conflicts.contains(other));
            let earlier: Vec<String> = in_the_way.map(|(_, _, holds)| holds.clone()).collect();
            let (from, to) = (world::name(delegation.from), world::name(delegation.to));
            let words = (from.as_str(), to.as_str(), role, delegation.begins, delegation.ends);
            let (more, holds) = text::delegation(policy, k, words, &conflicts, &earlier);
            policies.push_str(&more);
            before.push((delegation.to, role, holds));
        }
        let members = (0..=world::STRANGER)
            .map(|k| (world::name(k), world.roles.get(k).copied().unwrap_or(Roles::NONE), k != world::STRANGER));
        Self::new(&policies, members)
    }

    fn new(policies: &str, members: impl Iterator<Item = (String, Roles, bool)>) -> Result<Self, String> {
        let policies = PolicySet::from_str(policies).map_err(|error| format!("{error}\n{policies}"))?;
        let (schema, warnings) = Schema::from_cedarschema_str(text::SCHEMA).map_err(|error| error.to_string())?;
        if let Some(warning) = warnings.into_iter().next() {
            return Err(warning.to_string());
        }
        let result = Validator::new(schema.clone()).validate(&policies, ValidationMode::default());
        if let Some(error) = result.validation_errors().next() {
            return Err(error.to_string());
        }
        let mut entities = vec![
            entity("Fleet", "fleet", json!({}), vec![]),
            entity("Group", "near", json!({}), vec![]),
            entity("Group", "far", json!({}), vec![]),
            entity("Member", "peer", json!({}), vec![uid("Group", "near")]),
            entity("Member", "outsider", json!({}), vec![uid("Group", "far")]),
        ];
        entities.extend(Role::ALL.iter().map(|role| entity("Role", role.word(), json!({}), vec![])));
        entities.extend(Contract::ALL.iter().map(|contract| entity("Contract", contract.word(), json!({}), vec![])));
        let thing = |id: String, contract: &Contract, owner: &str, group: &str| {
            let attributes = json!({
                "owner": { "__entity": uid("Member", owner) }, "group": { "__entity": uid("Group", group) }
            });
            entity("Thing", &id, attributes, vec![uid("Contract", contract.word())])
        };
        for contract in Contract::ALL {
            entities.push(thing(format!("{contract} of peer"), contract, "peer", "near"));
            entities.push(thing(format!("{contract} of outsider"), contract, "outsider", "far"));
        }
        for (name, roles, belongs) in members {
            let mut parents: Vec<Value> = roles.iter().map(|role| uid("Role", role.word())).collect();
            parents.push(uid("Group", "near"));
            if belongs {
                parents.push(uid("Fleet", "fleet"));
            }
            entities.push(entity("Member", &name, json!({}), parents));
            entities.extend(
                Contract::ALL.iter().map(|contract| thing(format!("{contract} of {name}"), contract, &name, "near")),
            );
        }
        let entities = Entities::from_json_value(Value::Array(entities), Some(&schema));
        let entities = entities.map_err(|error| error.to_string())?;
        Ok(Self { policies, entities, authorizer: Authorizer::new() })
    }

    /// Whether a member may do something to a thing that is its own, a peer's of its group, or an outsider's.
    pub(crate) fn allows(
        &self,
        member: &str,
        capability: Capability,
        contract: Contract,
        reach: Reach,
        epoch: u64,
    ) -> Result<bool, String> {
        self.decide(&self.request(member, capability, contract, reach, epoch)?)
    }

    /// The same question, not yet put.
    pub(crate) fn request(
        &self,
        member: &str,
        capability: Capability,
        contract: Contract,
        reach: Reach,
        epoch: u64,
    ) -> Result<Request, String> {
        let owner = match reach {
            Reach::Own => member,
            Reach::Group => "peer",
            Reach::Fleet => "outsider",
        };
        request(member, capability.word(), "Thing", &format!("{contract} of {owner}"), epoch)
    }

    /// Puts a question. A policy that could not be evaluated is an error.
    pub(crate) fn decide(&self, request: &Request) -> Result<bool, String> {
        let response = self.authorizer.is_authorized(request, &self.policies, &self.entities);
        match response.diagnostics().errors().next() {
            Some(error) => Err(error.to_string()),
            None => Ok(response.decision() == Decision::Allow),
        }
    }

    /// Whether one member may have the roles it has: none kept apart, and none that judges what another makes.
    pub(crate) fn may_hold(&self, member: &str) -> Result<bool, String> {
        Ok(self.decide(&request(member, "hold", "Fleet", "fleet", 0)?)? && self.is_separate(member)?)
    }

    /// Whether nothing that a member makes is judged by it.
    pub(crate) fn is_separate(&self, member: &str) -> Result<bool, String> {
        for (makes, what, reach, judges, which) in text::SEPARATE {
            if self.allows(member, makes, what, reach, 0)? && self.allows(member, judges, which, Reach::Own, 0)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn request(member: &str, action: &str, kind: &str, resource: &str, epoch: u64) -> Result<Request, String> {
    let named =
        |kind: &str, id: &str| EntityUid::from_json(uid(kind, id)).map_err(|error| format!("{kind} {id}: {error}"));
    let epoch = i64::try_from(epoch).map_err(|error| error.to_string())?;
    let context = Context::from_json_value(json!({ "epoch": epoch }), None).map_err(|error| error.to_string())?;
    let (member, action, resource) = (named("Member", member)?, named("Action", action)?, named(kind, resource)?);
    Request::new(member, action, resource, context, None).map_err(|error| error.to_string())
}

fn uid(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}

fn entity(kind: &str, id: &str, attributes: Value, parents: Vec<Value>) -> Value {
    json!({ "uid": uid(kind, id), "attrs": attributes, "parents": parents })
}
