//! `cosmosmesh govern`: what a fleet decides, from the proposal to the log.

mod propose;
mod status;

pub(super) use status::renewal;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_ledger::governance::{Approval, Decision, Envelope, Statement};
use serde_json::json;

use super::Answer;
use super::ledger::{append_and_sign, log_signer, now_posix_s, signer};
use crate::exit::{Exit, Failure};
use crate::log_book::LogBook;
use crate::{file, passphrase};

/// `cosmosmesh govern`
#[derive(Args, Debug)]
pub(crate) struct Govern {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Write a statement for others to sign
    Propose(propose::Propose),
    /// Put your signature under a statement, after reading what it says
    Sign(Sign),
    /// Log a statement, if those have signed who may
    Apply(Apply),
    /// Say what a fleet has decided, and what was refused and why
    Status(status::Status),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh govern sign admit-rover.dsse --key alice.key\n  cosmosmesh govern sign admit-rover.dsse --key bob.key --out signed-by-bob.dsse\n\n\
    Exit codes: 0 signed, 64 bad input, 74 could not be written."
)]
struct Sign {
    /// The statement, as `govern propose` wrote it
    statement: PathBuf,
    /// Your key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Write the signed statement here instead of in its place
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = APPLY_HELP)]
struct Apply {
    /// The statement; several copies of it, signed apart, count together
    #[arg(required = true)]
    statement: Vec<PathBuf>,
    /// The log's file; made if it is not there
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// The log's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Log it even if it is refused, so that everybody sees that it was tried
    #[arg(long)]
    record: bool,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const APPLY_HELP: &str = "\
Examples:
  cosmosmesh govern apply found.dsse --ledger ares.log --key log.key
  cosmosmesh govern apply by-alice.dsse by-bob.dsse --ledger ares.log --key log.key

Exit codes: 0 in force, 7 refused by a rule and it says what is needed, 8 the log was changed, 64 bad input, 74 could not be written.";

impl Govern {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Propose(propose) => propose.run(),
            Verb::Sign(sign) => sign.run(),
            Verb::Apply(apply) => apply.run(),
            Verb::Status(status) => status.run(),
        }
    }
}

fn read(path: &Path) -> Result<(Envelope, Statement), Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::bad_input(format!("{}: {error}", path.display()));
    let envelope = Envelope::parse(&file::read(path)?).map_err(|error| named(&error))?;
    let statement = Statement::of_envelope(&envelope).map_err(|error| named(&error))?;
    statement.decision.check().map_err(|error| named(&error))?;
    Ok((envelope, statement))
}

/// One line that says what a statement decides.
fn said(statement: &Statement) -> String {
    let what = match &statement.decision {
        Decision::Root(root) => format!(
            "root: {} govern, until {} (seconds since 1970)",
            root.governors.values().cloned().collect::<Vec<_>>().join(", "),
            root.expires_posix_s
        ),
        decision => {
            let subject = decision.subject();
            let detail = match decision {
                Decision::Membership(it) => format!("{:?} with the key {}", it.change, it.node).to_lowercase(),
                Decision::Roles(it) => it.roles.iter().cloned().collect::<Vec<_>>().join(", "),
                Decision::KeyRotation(it) => format!("from {} to {}", it.old, it.new),
                Decision::Policy(it) => format!("a document of {} bytes", it.document.len()),
                Decision::Schema(it) => format!("{:?}, digest {}", it.change, it.digest).to_lowercase(),
                Decision::Budget(it) => format!("{} millionths of rho in all", it.rho_micro),
                Decision::Issuer(it) => format!("{:?} the key {}", it.change, it.node).to_lowercase(),
                Decision::Revocation(it) => it.reason.clone(),
                Decision::BreakGlass(it) => {
                    format!("{} may {} at {}: {}", it.member, it.capability, it.scope, it.reason)
                }
                Decision::Anchor(it) => it.digest.to_string(),
                Decision::Group(it) => it.members.iter().cloned().collect::<Vec<_>>().join(", "),
                Decision::Renewal(it) => format!(
                    "{}, in its grace window, by {}, as {}",
                    it.member,
                    it.issuer,
                    it.roles.iter().cloned().collect::<Vec<_>>().join(", ")
                ),
                Decision::Delegation(it) if it.begins == it.ends => "taken back".to_owned(),
                Decision::Delegation(it) => format!("from entry {} to {}, without it", it.begins, it.ends),
                _ => String::new(),
            };
            format!("{} of {subject}: {detail}", decision.kind().name())
        }
    };
    format!("{what} (fleet {}, version {})", statement.fleet_name, statement.version)
}

impl Sign {
    fn run(&self) -> Result<Answer, Failure> {
        let (mut envelope, statement) = read(&self.statement)?;
        let out = self.out.as_ref().unwrap_or(&self.statement);
        file::check_writable(out)?;
        let signer = signer(&self.key, self.passphrase)?;
        envelope.sign(&signer).map_err(|error| Failure::bad_input(error.to_string()))?;
        file::write(out, format!("{envelope}\n").as_bytes())?;
        let count = envelope.signatures.len();
        if self.json {
            let value =
                json!({ "signed": signer.node_id(), "signatures": count, "written": out.display().to_string() });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let text = format!("{}\nsigned by {}, signature {count} of this copy\n", said(&statement), signer.node_id());
        Ok(Answer::done(text))
    }
}

impl Apply {
    fn run(&self) -> Result<Answer, Failure> {
        let (mut envelope, statement) = read(&self.statement[0])?;
        for path in &self.statement[1..] {
            envelope
                .merge(&read(path)?.0)
                .map_err(|error| Failure::bad_input(format!("{}: {error}", path.display())))?;
        }
        let entry = envelope.to_string().into_bytes();
        let origin = match &statement.decision {
            Decision::Root(root) => Some(root.log.origin.as_str()),
            _ => None,
        };
        let mut book = match origin {
            Some(origin) => LogBook::open_or_begin(&self.ledger, Some(origin))?,
            None => LogBook::open_to_write(&self.ledger)?,
        };
        let state = book.governance()?;
        let verifier = Ed25519Verifier::new();
        let mut verdict = state.check(&entry, &verifier).map_err(|refusal| refusal.to_string());
        // The fold knows no clock; whoever logs does, and stops what a root past its end would let through.
        if verdict.is_ok()
            && !matches!(statement.decision, Decision::Root(_))
            && let Approval::RootOnly { expired_s } = state.approval(now_posix_s()?, 0)
        {
            verdict = Err(format!(
                "the root expired {expired_s} s ago: what is in force stays, but nothing is approved before the next root; `govern propose root`"
            ));
        }
        if let Err(needed) = &verdict
            && !self.record
        {
            return Err(Failure { message: format!("{}: {needed}", self.statement[0].display()), exit: Exit::Refused });
        }
        let next = match &statement.decision {
            Decision::Root(root) if verdict.is_ok() => Some(root),
            _ => None,
        };
        let signer = log_signer(&book, next, &self.key, self.passphrase)?;
        let at = append_and_sign(&mut book, &[entry], &signer)?;
        let exit = if verdict.is_ok() { Exit::Optimal } else { Exit::Refused };
        let text = match (self.json, &verdict) {
            (true, _) => {
                let needed = verdict.as_ref().err();
                format!("{}\n", json!({ "entry": at, "accepted": needed.is_none(), "needed": needed }))
            }
            (false, Ok(_)) => format!("in force since entry {at}: {}\n", said(&statement)),
            (false, Err(needed)) => format!("logged as entry {at} and refused: {needed}\n"),
        };
        Ok(Answer { text, exit })
    }
}
