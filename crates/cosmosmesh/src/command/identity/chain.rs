use std::path::{Path, PathBuf};

use clap::Args;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_identity::chain::{Genesis, KeyChain};
use cosmosmesh_ledger::governance::{Decision, KeyRotation, Member, Statement, key_commitment};
use serde_json::json;

use super::super::Answer;
use super::super::ledger::{now_posix_s, signer};
use super::facts_of;
use crate::exit::Failure;
use crate::key_file::PublicKey;
use crate::log_book::LogBook;
use crate::table::facts;
use crate::{chain_file, file, passphrase};

#[derive(Args, Debug)]
#[command(after_help = BEGIN_HELP)]
pub(super) struct Begin {
    /// What the node is called
    name: String,
    /// Its first key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key after that; only a hash of it is told
    #[arg(long, value_name = "KEY")]
    next_key: String,
    /// The fleet's domain, which becomes part of the identifier; nothing is fetched from it
    #[arg(long, value_name = "DOMAIN")]
    domain: String,
    /// Write the chain into this new file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

const BEGIN_HELP: &str = "\
Examples:
  cosmosmesh keygen --out rover-2.key --recovery 2/3
  cosmosmesh identity begin rover-1 --key rover.key --next-key rover-2.pub --domain ares.example --out rover.jsonl

Keep the next key away from the first, on paper or in a safe: whoever has both has the identity.

Exit codes: 0 written, 7 refused and it says why, 64 bad input, 74 could not be written.";

#[derive(Args, Debug)]
#[command(after_help = ROTATE_HELP)]
pub(super) struct Rotate {
    /// The chain's file; the new event is added to it
    chain: PathBuf,
    /// The key to which the chain committed itself
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The key after that; only a hash of it is told
    #[arg(long, value_name = "KEY")]
    next_key: String,
    /// The governance log in which the same key is to change
    #[arg(long, value_name = "LOG", requires_all = ["member", "statement"])]
    ledger: Option<PathBuf>,
    /// The member's name in the log
    #[arg(long, requires = "ledger")]
    member: Option<String>,
    /// Write the statement for the log here, signed by the new key
    #[arg(long, value_name = "FILE", requires = "ledger")]
    statement: Option<PathBuf>,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

const ROTATE_HELP: &str = "\
Examples:
  cosmosmesh identity rotate rover.jsonl --key rover-2.key --next-key rover-3.pub
  cosmosmesh identity rotate rover.jsonl --key rover-2.key --next-key rover-3.pub --ledger ares.log --member rover-1 --statement rotate.dsse
  cosmosmesh govern sign rotate.dsse --key rover.key

The statement is signed by the old key too, or by the governors if it is lost; then `govern apply` puts it in force.

Exit codes: 0 written, 7 refused and it says why, 8 the chain or the log was changed, 64 bad input, 74 could not be written.";

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cosmosmesh identity deactivate rover.jsonl --key rover-3.key\n\n\
    It cannot be undone. Whoever reads the chain afterwards finds no key.\n\n\
    Exit codes: 0 written, 7 refused and it says why, 8 the chain was changed, 64 bad input, 74 could not be written.")]
pub(super) struct Deactivate {
    /// The chain's file
    chain: PathBuf,
    /// The key to which the chain committed itself
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

fn now() -> Result<i64, Failure> {
    Ok(i64::try_from(now_posix_s()?).unwrap_or(i64::MAX))
}

/// The time of the next event: now, and after the last one, which a clock may have dated ahead.
fn due(chain: &KeyChain) -> Result<i64, Failure> {
    Ok(now()?.max(chain.last().at_unix_s.saturating_add(1)))
}

fn written(path: &Path, chain: &KeyChain, statement: Option<&Path>, as_json: bool) -> Answer {
    if as_json {
        let (path, statement) = (path.display().to_string(), statement.map(|path| path.display().to_string()));
        let value = json!({ "written": path, "statement": statement, "chain": super::value_of(chain) });
        return Answer::done(format!("{value}\n"));
    }
    let mut lines = facts_of(chain);
    lines.push(("written to", path.display().to_string()));
    if let Some(path) = statement {
        lines.push(("statement", path.display().to_string()));
    }
    let mut text = facts(&lines);
    if statement.is_some() {
        text.push_str(
            "The new key has signed the statement; `govern sign` it with the old one, then `govern apply` it.\n",
        );
    }
    Answer::done(text)
}

impl Begin {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        if self.out.exists() {
            return Err(Failure::bad_input(format!(
                "{}: is there already; a chain is never overwritten",
                self.out.display()
            )));
        }
        file::check_writable(&self.out)?;
        let next = PublicKey::named(&self.next_key)?;
        let signer = signer(&self.key, self.passphrase)?;
        let genesis = Genesis { domain: &self.domain, name: &self.name, next, at_unix_s: now()? };
        let chain = KeyChain::begin(&genesis, &signer, &Ed25519Verifier::new())
            .map_err(|error| chain_file::refused(&self.out, &error))?;
        chain_file::write(&self.out, &chain)?;
        Ok(written(&self.out, &chain, None, self.json))
    }
}

impl Rotate {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let chain = chain_file::read(&self.chain, now()?)?;
        let next = PublicKey::named(&self.next_key)?;
        let signer = signer(&self.key, self.passphrase)?;
        let rotated = chain
            .rotate(&signer, next, due(&chain)?, &Ed25519Verifier::new())
            .map_err(|error| chain_file::refused(&self.chain, &error))?;
        // The statement first: it commits to nothing before it is applied.
        if let (Some(ledger), Some(member), Some(path)) = (&self.ledger, &self.member, &self.statement) {
            file::check_writable(path)?;
            let statement = statement(ledger, member, &signer, next)?;
            file::write(path, statement.as_bytes())?;
        }
        chain_file::write(&self.chain, &rotated)?;
        Ok(written(&self.chain, &rotated, self.statement.as_deref(), self.json))
    }
}

/// The same rotation as the log wants it.
fn statement(
    ledger: &Path,
    member: &str,
    signer: &dyn Signer,
    next: cosmosmesh_contracts::key::NodeId,
) -> Result<String, Failure> {
    let state = LogBook::open(ledger)?.governance()?;
    let old = state.members.get(member).and_then(Member::node);
    let old = old.ok_or_else(|| Failure::bad_input(format!("{member} is no member; `govern status` lists them")))?;
    let fleet = state.fleet.ok_or_else(|| Failure::bad_input("no fleet is founded in this log"))?;
    let decision = Decision::KeyRotation(KeyRotation {
        member: member.to_owned(),
        old,
        new: signer.node_id(),
        next_key: Some(key_commitment(&next)),
    });
    let version = state.version_due(decision.kind(), &decision.subject());
    let statement =
        Statement { fleet_name: state.fleet_name.clone(), fleet, version, issued_posix_s: now_posix_s()?, decision };
    let mut envelope = statement.to_envelope();
    envelope.sign(signer).map_err(|error| Failure::bad_input(error.to_string()))?;
    Ok(format!("{envelope}\n"))
}

impl Deactivate {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let chain = chain_file::read(&self.chain, now()?)?;
        let signer = signer(&self.key, self.passphrase)?;
        let ended = chain
            .deactivate(&signer, due(&chain)?, &Ed25519Verifier::new())
            .map_err(|error| chain_file::refused(&self.chain, &error))?;
        chain_file::write(&self.chain, &ended)?;
        Ok(written(&self.chain, &ended, None, self.json))
    }
}
