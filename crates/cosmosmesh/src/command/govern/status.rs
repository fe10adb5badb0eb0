use std::path::PathBuf;

use clap::Args;
use cosmosmesh_ledger::governance::{Approval, Governance, Member, RenewalStanding};
use serde_json::json;

use super::super::Answer;
use super::super::ledger::now_posix_s;
use crate::exit::Failure;
use crate::figure::age;
use crate::log_book::LogBook;
use crate::table::{Align, Table, facts};

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh govern status --ledger ares.log\n  cosmosmesh govern status --ledger ares.log --json\n\n\
    Exit codes: 0 shown, 8 the log was changed, 64 bad input."
)]
pub(super) struct Status {
    /// The log's file
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// By how much the clock may be wrong, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    clock_uncertainty: u64,
    /// Print the whole state as JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let state = LogBook::open(&self.ledger)?.governance()?;
        let approval = state.approval(now_posix_s()?, self.clock_uncertainty);
        let may = match approval {
            Approval::Unfounded => "nothing but the founding".to_owned(),
            Approval::Open { left_s } => format!("everything, for {} more", days(left_s)),
            Approval::Uncertain => "nothing but the next root: the clock is too uncertain to tell more".to_owned(),
            Approval::RootOnly { expired_s } => {
                format!(
                    "nothing but the next root: the present one ended {} ago; what is in force stays",
                    days(expired_s)
                )
            }
        };
        if self.json {
            return Ok(Answer::done(format!(
                "{}\n",
                json!({ "may_approve": may, "digest": state.digest(), "state": state })
            )));
        }
        Ok(Answer::done(people(&state, &may)))
    }
}

fn days(seconds: u64) -> String {
    age(seconds.saturating_mul(1_000))
}

fn people(state: &Governance, may: &str) -> String {
    let mut lines = vec![
        ("fleet", state.fleet.map_or("none yet".to_owned(), |fleet| format!("{} {fleet}", state.fleet_name))),
        ("may approve", may.to_owned()),
    ];
    if let Some(root) = &state.root {
        let names: Vec<&str> = root.document.governors.values().map(String::as_str).collect();
        let threshold = root.document.authorities.values().next().map_or(0, |quorum| quorum.threshold);
        lines.push((
            "root",
            format!("version {}, entry {}: {threshold} of {}", root.version, root.since, names.join(", ")),
        ));
        lines.push(("log key", root.document.log.keys.join(" ")));
    }
    lines.push(("entries", state.entries.to_string()));
    lines.push(("state", state.digest().to_string()));
    let mut text = facts(&lines);
    let mut table =
        Table::new(&[("member", Align::Left), ("since", Align::Right), ("roles", Align::Left), ("key", Align::Left)]);
    for (name, member) in &state.members {
        let key = member.node().map_or("gone".to_owned(), |node| node.to_string());
        table.push(vec![name.clone(), since(member), member.roles.iter().cloned().collect::<Vec<_>>().join(" "), key]);
    }
    for (name, policy) in &state.policies {
        text.push_str(&format!("policy {name}: version {}, since entry {}\n", policy.version, policy.since));
    }
    for (node, issuer) in &state.issuers {
        let now = if issuer.is_approved() { "approved" } else { "not approved any more" };
        text.push_str(&format!("issuer {}: {now}, key {node}\n", issuer.issuer));
    }
    state.renewals.iter().for_each(|(subject, standing)| text.push_str(&renewal(state, subject, standing)));
    if !table.is_empty() {
        text.push_str(&format!("\n{}", table.text()));
    }
    for fork in &state.forks {
        let (a, b) = fork.sizes;
        text.push_str(&format!(
            "\nentry {}: the log {} showed two faces, at {a} and {b} entries\n",
            fork.at, fork.origin
        ));
    }
    for refused in &state.refused {
        text.push_str(&format!("\nentry {} was refused: {}\n", refused.at, refused.needed));
    }
    text
}

/// One line that says what was renewed in its grace window.
pub(in crate::command) fn renewal(state: &Governance, subject: &str, standing: &RenewalStanding) -> String {
    let it = &standing.renewal;
    let issuer = state.issuers.get(&it.issuer).map_or_else(|| it.issuer.to_string(), |known| known.issuer.clone());
    let roles = it.roles.iter().cloned().collect::<Vec<_>>().join(" ");
    let serial = subject.split('@').next().unwrap_or_default();
    format!(
        "entry {}: certificate {serial} of {} renewed in its grace window by {issuer}, as {roles}\n",
        standing.since, it.member
    )
}

fn since(member: &Member) -> String {
    member.keys.last().map_or(String::new(), |key| key.since.to_string())
}
