use std::fmt::Write as _;

use cosmosmesh_identity::role::{Capability, Contract, Policy, Reach, Role, Roles, Rule};

use crate::cedar::{self, Cedar};

/// What Cedar's validator holds the policies against.
pub(crate) const SCHEMA: &str = r#"entity Fleet;
entity Group;
entity Role;
entity Contract;
entity Member in [Role, Group, Fleet];
entity Thing in [Contract] { owner: Member, group: Group };
action read, publish, approve, open, delegate appliesTo { principal: Member, resource: Thing, context: { epoch: Long } };
action hold appliesTo { principal: Member, resource: Fleet, context: { epoch: Long } };
"#;

/// Whoever may do the first, at least so far, may not do the second: docs/protocol/05-identity.md, written down here once more.
pub(crate) const SEPARATE: [(Capability, Contract, Reach, Capability, Contract); 4] = [
    (Capability::Publish, Contract::Plan, Reach::Own, Capability::Approve, Contract::Policy),
    (Capability::Publish, Contract::Plan, Reach::Own, Capability::Approve, Contract::Plan),
    (Capability::Publish, Contract::Command, Reach::Own, Capability::Approve, Contract::Command),
    (Capability::Publish, Contract::Round, Reach::Fleet, Capability::Open, Contract::Sum),
];

fn list(kind: &str, words: impl IntoIterator<Item = &'static str>) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("{kind}::\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

fn head(rule: &Rule, principal: &str) -> String {
    let actions = list("Action", rule.may.iter().map(|it| it.word()));
    format!("permit ({principal}, action in {actions}, resource)")
}

fn what(rule: &Rule) -> String {
    let contracts = list("Contract", rule.on.iter().map(|it| it.word()));
    let reach = match rule.reach {
        Reach::Own => " && resource.owner == principal",
        Reach::Group => " && (resource.owner == principal || principal in resource.group)",
        Reach::Fleet => "",
    };
    format!("resource in {contracts}{reach}")
}

/// The rules of a policy, and who may hold which roles together, in Cedar's words.
pub(crate) fn rules(rules: &[Rule], apart: &[(Role, Role)]) -> String {
    let mut text = String::new();
    for (k, rule) in rules.iter().enumerate() {
        let roles = list("Role", rule.roles.iter().map(|it| it.word()));
        writeln!(text, "@id(\"rule {}\")", k + 1).expect("a string takes everything");
        writeln!(text, "{}\nwhen {{ principal in {roles} && {} }};\n", head(rule, "principal"), what(rule))
            .expect("a string takes everything");
    }
    text.push_str("@id(\"hold\")\npermit (principal, action == Action::\"hold\", resource);\n");
    for (k, (one, other)) in apart.iter().enumerate() {
        write!(
            text,
            "\n@id(\"apart {}\")\nforbid (principal, action == Action::\"hold\", resource)\n\
             when {{ principal in Role::\"{one}\" && principal in Role::\"{other}\" }};\n",
            k + 1
        )
        .expect("a string takes everything");
    }
    text
}

/// One delegation under every rule that names its role: it holds in its epochs, for who does not hold what must be apart from it,
/// and only from who has the role itself.
///
/// `earlier` are conditions under which an earlier delegation to the same member stands in its way.
pub(crate) fn delegation(
    policy: &Policy,
    k: usize,
    (from, to, role, begins, ends): (&str, &str, Role, u64, u64),
    conflicts: &[Role],
    earlier: &[String],
) -> (String, String) {
    let mut holds = format!(
        "context.epoch >= {begins} && context.epoch < {ends} && {ends} - {begins} <= 64 && Member::\"{from}\" != Member::\"{to}\" \
         && Member::\"{from}\" in Role::\"{role}\" && Member::\"{to}\" in Fleet::\"fleet\""
    );
    if !conflicts.is_empty() {
        let others = list("Role", conflicts.iter().map(|it| it.word()));
        write!(holds, " && !(Member::\"{to}\" in {others})").expect("a string takes everything");
    }
    for condition in earlier {
        write!(holds, " && !({condition})").expect("a string takes everything");
    }
    let mut text = String::new();
    for (n, rule) in policy.rules().iter().enumerate().filter(|(_, rule)| rule.roles.contains(&role)) {
        writeln!(
            text,
            "@id(\"delegation {k} rule {}\")\n{}\nwhen {{ {holds} && {} }};",
            n + 1,
            head(rule, &format!("principal == Member::\"{to}\"")),
            what(rule)
        )
        .expect("a string takes everything");
    }
    (text, holds)
}

/// The pairs of roles that a policy keeps apart, as its document has them.
pub(crate) fn apart(policy: &Policy) -> Vec<(Role, Role)> {
    let document: serde_json::Value = serde_json::from_str(&policy.document()).expect("a policy writes JSON");
    let pairs = document["apart"].as_array().expect("a policy has pairs");
    let role = |value: &serde_json::Value| value.as_str().and_then(|word| word.parse().ok()).expect("a role");
    pairs.iter().map(|pair| (role(&pair[0]), role(&pair[1]))).collect()
}

/// A role that, by Cedar's answers, makes something and judges it.
pub(crate) fn separation(rules: &[Rule], apart: &[(Role, Role)]) -> Result<Option<Role>, String> {
    let cedar = Cedar::of_roles(rules, apart)?;
    for role in Role::ALL {
        if !cedar.is_separate(&cedar::combination(Roles::from(*role)))? {
            return Ok(Some(*role));
        }
    }
    Ok(None)
}
