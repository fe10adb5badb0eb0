use std::path::PathBuf;

use clap::{Args, Subcommand};
use cosmosmesh_crypto::is_acceptable_key;
use cosmosmesh_identity::did::{DidKey, document};
use cosmosmesh_ledger::{NoteKey, NoteKeyKind};
use serde_json::json;

use super::Answer;
use crate::exit::Failure;
use crate::key_file::PublicKey;
use crate::log_book::LogBook;
use crate::table::facts;

/// `cosmosmesh identity`
#[derive(Args, Debug)]
pub(crate) struct Identity {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say by which names a key is known
    Show(Show),
    /// Print the document of a did:key as JSON, offline
    Resolve(Resolve),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh identity show rover.pub\n  cosmosmesh identity show rover-1 --ledger ares.log\n\n\
    Exit codes: 0 shown, 8 the log was changed, 64 bad input."
)]
struct Show {
    /// A .pub file or 64 hexadecimal digits; with --ledger a member's name
    who: String,
    /// The log in which the member stands
    #[arg(long, value_name = "LOG")]
    ledger: Option<PathBuf>,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh identity resolve did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw\n\n\
    Exit codes: 0 printed, 64 no such identifier, or a key that is not accepted."
)]
struct Resolve {
    /// The identifier
    did: String,
}

impl Identity {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Show(show) => show.run(),
            Verb::Resolve(resolve) => {
                let did = DidKey::accepted(&resolve.did, is_acceptable_key);
                let did = did.map_err(|error| Failure::bad_input(format!("{}: {error}", resolve.did)))?;
                Ok(Answer::done(format!("{:#}\n", document(&did))))
            }
        }
    }
}

impl Show {
    fn run(&self) -> Result<Answer, Failure> {
        let node = match &self.ledger {
            None => PublicKey::named(&self.who)?,
            Some(path) => {
                let state = LogBook::open(path)?.governance()?;
                let node = state.members.get(&self.who).and_then(cosmosmesh_ledger::governance::Member::node);
                node.ok_or_else(|| {
                    Failure::bad_input(format!("{} is no member; `govern status` lists them", self.who))
                })?
            }
        };
        let did = DidKey::Ed25519(node).to_string();
        // A witness's key needs a name; the member's or file's own is as good as any.
        let name = self.who.rsplit('/').next().unwrap_or_default().trim_end_matches(".pub");
        let witness = NoteKey::new(name, NoteKeyKind::Cosignature, node).map(|key| key.to_string());
        if self.json {
            return Ok(Answer::done(format!("{}\n", json!({ "node": node, "did": did, "witness_key": witness }))));
        }
        let witness = witness.unwrap_or_else(|| "none: the name has white space or a plus".to_owned());
        Ok(Answer::done(facts(&[("node", node.to_string()), ("did", did), ("witness key", witness)])))
    }
}
