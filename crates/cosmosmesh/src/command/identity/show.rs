use std::path::PathBuf;

use clap::Args;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_identity::chain::KeyChain;
use cosmosmesh_identity::did::DidKey;
use cosmosmesh_ledger::governance::Member;
use cosmosmesh_ledger::{NoteKey, NoteKeyKind};
use serde_json::json;

use super::super::Answer;
use super::super::ledger::now_posix_s;
use super::{facts_of, value_of};
use crate::chain_file;
use crate::exit::{Exit, Failure};
use crate::key_file::PublicKey;
use crate::log_book::LogBook;
use crate::table::facts;

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh identity show rover.pub\n  cosmosmesh identity show rover-1 --ledger ares.log\n  \
    cosmosmesh identity show rover-1 --ledger ares.log --chain rover.jsonl\n\n\
    With both, it says whether the log and the chain have the same keys.\n\n\
    Exit codes: 0 shown, 8 the log or the chain was changed, or they contradict each other, 64 bad input."
)]
pub(super) struct Show {
    /// A .pub file or 64 hexadecimal digits; with --ledger a member's name
    who: String,
    /// The log in which the member stands
    #[arg(long, value_name = "LOG")]
    ledger: Option<PathBuf>,
    /// The chain of its key events
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,
    /// Print JSON instead of lines
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let keys: Vec<NodeId> = match &self.ledger {
            None => vec![PublicKey::named(&self.who)?],
            Some(path) => {
                let state = LogBook::open(path)?.governance()?;
                let member = state.members.get(&self.who).filter(|member| Member::node(member).is_some());
                let member = member.ok_or_else(|| {
                    Failure::bad_input(format!("{} is no member; `govern status` lists them", self.who))
                })?;
                member.keys.iter().map(|key| key.node).collect()
            }
        };
        let node = *keys.last().ok_or_else(|| Failure::bad_input("it has no key"))?;
        let now = i64::try_from(now_posix_s()?).unwrap_or(i64::MAX);
        let chain = self.chain.as_deref().map(|path| chain_file::read(path, now)).transpose()?;
        let step = chain.as_ref().map(|chain| Step::of(&keys, chain));
        let exit = if step == Some(Step::Contradicts) { Exit::Tampered } else { Exit::Optimal };
        let did = DidKey::Ed25519(node).to_string();
        // A witness's key needs a name; the member's or file's own is as good as any.
        let name = self.who.rsplit('/').next().unwrap_or_default().trim_end_matches(".pub");
        let witness = NoteKey::new(name, NoteKeyKind::Cosignature, node).map(|key| key.to_string());
        if self.json {
            let value = json!({
                "node": node, "did": did, "witness_key": witness, "chain": chain.as_ref().map(value_of),
                "in_step": step.map(|step| step == Step::Same), "step": step.map(Step::words),
            });
            return Ok(Answer { text: format!("{value}\n"), exit });
        }
        let witness = witness.unwrap_or_else(|| "none: the name has white space or a plus".to_owned());
        let mut lines = vec![("node", node.to_string()), ("did", did), ("witness key", witness)];
        if let (Some(chain), Some(step)) = (&chain, step) {
            lines.extend(facts_of(chain));
            lines.push(("the two", step.words().to_owned()));
        }
        Ok(Answer { text: facts(&lines), exit })
    }
}

/// How a chain stands to the keys that are known from elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same,
    LogBehind,
    ChainBehind,
    Ended,
    Contradicts,
}

impl Step {
    fn of(known: &[NodeId], chain: &KeyChain) -> Self {
        let mut keys: Vec<NodeId> = Vec::new();
        for key in chain.versions().iter().flat_map(|version| &version.keys) {
            if !keys.contains(key) {
                keys.push(*key);
            }
        }
        if chain.last().deactivated {
            return Self::Ended;
        }
        // The chain may have begun later than the membership, and a lone key may be any of the chain's.
        let common = known.iter().position(|key| keys.contains(key));
        let Some(known) = common.map(|at| &known[at..]) else { return Self::Contradicts };
        let start = keys.iter().position(|key| *key == known[0]).unwrap_or_default();
        let keys = &keys[start..];
        match known.len().cmp(&keys.len()) {
            _ if !known.iter().zip(keys).all(|(a, b)| a == b) => Self::Contradicts,
            core::cmp::Ordering::Equal => Self::Same,
            core::cmp::Ordering::Less => Self::LogBehind,
            core::cmp::Ordering::Greater => Self::ChainBehind,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Same => "have the same key",
            Self::LogBehind => "the key given is an earlier one of the chain; apply the rotation to the log as well",
            Self::ChainBehind => "the log has gone on to a later key; ask for the present chain",
            Self::Ended => "the chain has ended; a member whose identity ended is removed: `govern propose remove`",
            Self::Contradicts => "contradict each other: this is the chain of somebody else, or a key was replaced",
        }
    }
}
