use std::path::PathBuf;

use clap::{Args, Subcommand};
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::role::{Capability, Contract, Policy as Table, Reach, Role, Roles};
use cosmosmesh_ledger::governance::{Governance, Member};
use cosmosmesh_node::standing::members;
use serde_json::json;

use super::Answer;
use crate::exit::{Exit, Failure};
use crate::file;
use crate::log_book::LogBook;

/// `cosmosmesh policy`
#[derive(Args, Debug)]
pub(crate) struct Policy {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say whether somebody may do something, and by which rule
    Check(Check),
}

#[derive(Args, Debug)]
#[command(after_help = HELP)]
struct Check {
    /// Roles with commas between them, or with --ledger a member's name
    who: String,
    /// What: capability:contract, as in publish:telemetry
    what: String,
    /// How far: own, group or fleet; or with --ledger whose it is, by a member's name
    r#where: String,
    /// The log in which members stand with their roles, groups and delegations, and the policy
    #[arg(long, value_name = "LOG")]
    ledger: Option<PathBuf>,
    /// Which of the log's policies
    #[arg(long, value_name = "NAME", default_value = "roles")]
    policy: String,
    /// A policy from a file instead
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print JSON instead of a sentence
    #[arg(long)]
    json: bool,
}

const HELP: &str = "\
Examples:
  cosmosmesh policy check asset publish:telemetry own
  cosmosmesh policy check rover-1 approve:policy fleet --ledger ares.log
  cosmosmesh policy check rover-1 read:plan drone-2 --ledger ares.log

Without a policy in the log or a file, the built-in one is asked.
What is another member's reaches as far as its group, if both are in one, else the whole fleet.
A role that was handed on counts for the stretch of the log that its delegation names, judged at the log's present end.

Exit codes: 0 allowed, 7 refused and it says what would be needed, 8 the log was changed, 64 bad input.";

impl Policy {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let Verb::Check(check) = &self.verb;
        check.run()
    }
}

impl Check {
    fn run(&self) -> Result<Answer, Failure> {
        let words = |place: &str, error: String| Failure::bad_input(format!("{place}: {error}"));
        let state = self.ledger.as_deref().map(|path| LogBook::open(path)?.governance()).transpose()?;
        let (capability, contract) = self.what.split_once(':').ok_or_else(|| {
            Failure::bad_input(format!("{:?}: write capability:contract, as in publish:telemetry", self.what))
        })?;
        let capability: Capability = capability.parse().map_err(|error| words("capability", error))?;
        let contract: Contract = contract.parse().map_err(|error| words("contract", error))?;
        let (source, table) = self.table(state.as_ref())?;
        let (roles, handed_on) = match &state {
            None => (read_roles(self.who.split(','))?, Roles::NONE),
            Some(state) => standing(state, &table, &self.who)?,
        };
        let reach = self.reach(state.as_ref())?;
        let verdict = table.decide(roles, capability, contract, reach);
        let exit = if verdict.is_ok() { Exit::Optimal } else { Exit::Refused };
        let text = match (self.json, verdict) {
            (true, verdict) => {
                let needed = verdict.as_ref().err().map(ToString::to_string);
                format!(
                    "{}\n",
                    json!({
                        "allowed": needed.is_none(), "rule": verdict.ok(), "policy": source, "needed": needed,
                        "roles": list(roles), "handed_on": list(handed_on), "reach": reach,
                    })
                )
            }
            (false, Ok(rule)) if table.allows(roles_without(roles, handed_on), capability, contract, reach) => {
                format!("allowed by rule {rule} of {source}\n")
            }
            (false, Ok(rule)) => format!("allowed by rule {rule} of {source}, as {handed_on}, which was handed on\n"),
            (false, Err(refusal)) => format!("refused by {source}: {refusal}\n"),
        };
        Ok(Answer { text, exit })
    }

    fn reach(&self, state: Option<&Governance>) -> Result<Reach, Failure> {
        let Some(state) = state else {
            return self.r#where.parse().map_err(|error| Failure::bad_input(format!("how far: {error}")));
        };
        if let Ok(reach) = self.r#where.parse() {
            return Ok(reach);
        }
        node_of(state, &self.r#where)?;
        Ok(match () {
            () if self.r#where == self.who => Reach::Own,
            () if state.share_a_group(&self.who, &self.r#where) => Reach::Group,
            () => Reach::Fleet,
        })
    }

    fn table(&self, state: Option<&Governance>) -> Result<(String, Table), Failure> {
        let (source, text) = match (&self.file, state.and_then(|state| state.policies.get(&self.policy))) {
            (Some(path), _) => {
                let text = String::from_utf8(file::read(path)?).map_err(|_| {
                    Failure::bad_input(format!("{}: is not text; name a policy in JSON", path.display()))
                })?;
                (path.display().to_string(), text)
            }
            (None, Some(policy)) => {
                (format!("policy {} of entry {}", self.policy, policy.since), policy.document.clone())
            }
            (None, None) => return Ok(("the built-in policy".to_owned(), Table::standard())),
        };
        let table = Table::read(&text).map_err(|error| Failure::bad_input(format!("{source}: {error}")))?;
        Ok((source, table))
    }
}

fn node_of(state: &Governance, name: &str) -> Result<NodeId, Failure> {
    let node = state.members.get(name).and_then(Member::node);
    node.ok_or_else(|| Failure::bad_input(format!("{name} is no member; `govern status` lists them")))
}

fn read_roles<'a>(names: impl Iterator<Item = &'a str>) -> Result<Roles, Failure> {
    let roles = names.map(|name| name.parse::<Role>().map_err(|error| Failure::bad_input(format!("role: {error}"))));
    Ok(roles.collect::<Result<Vec<_>, _>>()?.into_iter().collect())
}

fn list(roles: Roles) -> Vec<&'static str> {
    roles.iter().map(Role::word).collect()
}

fn roles_without(roles: Roles, others: Roles) -> Roles {
    others.iter().fold(roles, Roles::without)
}

/// The roles of a member at the log's end, and which of them were handed on to it.
fn standing(state: &Governance, table: &Table, who: &str) -> Result<(Roles, Roles), Failure> {
    let node = node_of(state, who)?;
    let words = state.members.get(who).into_iter().flat_map(|member| member.roles.iter().map(String::as_str));
    let own = read_roles(words)?;
    // Somebody else's roles that this policy keeps apart matter only where they are handed on, and then give nothing.
    table
        .check_roles(own)
        .map_err(|error| Failure::bad_input(format!("{who}: {error}; `govern propose roles {who}`")))?;
    let all = members(state, table).roles_of(table, &node, state.entries);
    Ok((all, roles_without(all, own)))
}
