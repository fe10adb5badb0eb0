use std::path::PathBuf;

use clap::{Args, Subcommand};
use cosmosmesh_identity::role::{Capability, Contract, Policy as Table, Reach, Role, Roles};
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
    /// How far: own, group or fleet
    r#where: String,
    /// The log in which the member stands, and the policy
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

Without a policy in the log or a file, the built-in one is asked.

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
        let names: Vec<String> = match &state {
            None => self.who.split(',').map(str::to_owned).collect(),
            Some(state) => {
                let member = state.members.get(&self.who).filter(|member| member.node().is_some());
                let member = member.ok_or_else(|| {
                    Failure::bad_input(format!("{} is no member; `govern status` lists them", self.who))
                })?;
                member.roles.iter().cloned().collect()
            }
        };
        let roles = names.iter().map(|name| name.parse::<Role>().map_err(|error| words("role", error)));
        let roles: Roles = roles.collect::<Result<Vec<_>, _>>()?.into_iter().collect();
        let (capability, contract) = self.what.split_once(':').ok_or_else(|| {
            Failure::bad_input(format!("{:?}: write capability:contract, as in publish:telemetry", self.what))
        })?;
        let capability: Capability = capability.parse().map_err(|error| words("capability", error))?;
        let contract: Contract = contract.parse().map_err(|error| words("contract", error))?;
        let reach: Reach = self.r#where.parse().map_err(|error| words("how far", error))?;
        let (source, table) = self.table(state.as_ref())?;
        let verdict = table.decide(roles, capability, contract, reach);
        let exit = if verdict.is_ok() { Exit::Optimal } else { Exit::Refused };
        let text = match (self.json, verdict) {
            (true, verdict) => {
                let needed = verdict.as_ref().err().map(ToString::to_string);
                format!(
                    "{}\n",
                    json!({ "allowed": needed.is_none(), "rule": verdict.ok(), "policy": source, "needed": needed })
                )
            }
            (false, Ok(rule)) => format!("allowed by rule {rule} of {source}\n"),
            (false, Err(refusal)) => format!("refused by {source}: {refusal}\n"),
        };
        Ok(Answer { text, exit })
    }

    fn table(&self, state: Option<&cosmosmesh_ledger::governance::Governance>) -> Result<(String, Table), Failure> {
        let (source, text) = match (&self.file, state.and_then(|state| state.policies.get(&self.policy))) {
            (Some(path), _) => {
                let text = String::from_utf8(file::read(path)?)
                    .map_err(|_| Failure::bad_input(format!("{}: is not text", path.display())))?;
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
