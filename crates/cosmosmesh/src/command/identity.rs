//! `cosmosmesh identity`: the names of keys, and identities that outlive them.

mod chain;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use cosmosmesh_crypto::is_acceptable_key;
use cosmosmesh_identity::chain::KeyChain;
use cosmosmesh_identity::did::{DidKey, document};
use serde_json::{Value, json};

use super::Answer;
use super::ledger::now_posix_s;
use crate::exit::Failure;
use crate::{chain_file, civil};

/// `cosmosmesh identity`
#[derive(Args, Debug)]
pub(crate) struct Identity {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Say by which names a key is known, and how its chain stands to the log
    Show(show::Show),
    /// Print the document of an identifier as JSON, offline
    Resolve(Resolve),
    /// Begin a chain of key events: an identity that keeps its name when its keys change
    Begin(chain::Begin),
    /// Continue a chain with the key it committed itself to
    Rotate(chain::Rotate),
    /// End a chain for ever
    Deactivate(chain::Deactivate),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh identity resolve did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw\n  \
    cosmosmesh identity resolve did:webvh:QmUQ...:ares.example:rover-1 --chain rover.jsonl\n\n\
    Exit codes: 0 printed, 8 the chain was changed or is another's, 64 no such identifier, or a key that is not accepted."
)]
struct Resolve {
    /// The identifier
    did: String,
    /// The chain of a did:webvh
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
}

impl Identity {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Show(show) => show.run(),
            Verb::Resolve(resolve) => resolve.run(),
            Verb::Begin(begin) => begin.run(),
            Verb::Rotate(rotate) => rotate.run(),
            Verb::Deactivate(deactivate) => deactivate.run(),
        }
    }
}

impl Resolve {
    fn run(&self) -> Result<Answer, Failure> {
        if let Some(path) = &self.chain {
            let chain = chain_file::read(path, i64::try_from(now_posix_s()?).unwrap_or(i64::MAX))?;
            // A chain that moved answers to every name it had.
            let is_named = chain.versions().iter().any(|version| version.document["id"] == *self.did);
            if !is_named {
                return Err(Failure::tampered(format!(
                    "{}: is the chain of {}, not of {}; ask for that one",
                    path.display(),
                    chain.did(),
                    self.did
                )));
            }
            return Ok(Answer::done(format!("{:#}\n", chain.last().document)));
        }
        if self.did.starts_with("did:webvh:") {
            return Err(Failure::bad_input(format!(
                "{}: nothing is fetched; name its chain with --chain FILE",
                self.did
            )));
        }
        let did = DidKey::accepted(&self.did, is_acceptable_key);
        let did = did.map_err(|error| Failure::bad_input(format!("{}: {error}", self.did)))?;
        Ok(Answer::done(format!("{:#}\n", document(&did))))
    }
}

/// A chain for people.
fn facts_of(chain: &KeyChain) -> Vec<(&'static str, String)> {
    let last = chain.last();
    let key = match (last.deactivated, chain.key()) {
        (true, _) => "none: the identity has ended".to_owned(),
        (false, Some(key)) => key.to_string(),
        (false, None) => format!("{} keys may change it", last.keys.len()),
    };
    let next = if last.next.is_empty() { "none: any key may follow".to_owned() } else { last.next.join(" ") };
    vec![
        ("chain", chain.did().to_owned()),
        ("events", format!("{}, the last of {}", chain.versions().len(), civil::date(last.at_unix_s))),
        ("key", key),
        ("next key", if last.deactivated { "none".to_owned() } else { next }),
    ]
}

/// A chain for machines.
fn value_of(chain: &KeyChain) -> Value {
    let each = |version: &cosmosmesh_identity::chain::Version| json!({ "id": version.id, "at_unix_s": version.at_unix_s, "keys": version.keys, "next_key_hashes": version.next });
    json!({
        "did": chain.did(), "scid": chain.scid(), "key": chain.key(), "deactivated": chain.last().deactivated,
        "events": chain.versions().iter().map(each).collect::<Vec<_>>(),
    })
}
