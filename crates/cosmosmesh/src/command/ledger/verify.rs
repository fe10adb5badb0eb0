use std::path::{Path, PathBuf};

use clap::Args;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::traits::Verifier;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_ledger::{
    AuditTrust, Freshness, LogAudit, LogPolicy, OpenCheckpoint, RangeStatement, TlogProof, TlogProofError,
};
use serde_json::{Value, json};

use super::super::Answer;
use super::{note_key, now_posix_s};
use crate::exit::{Exit, Failure};
use crate::figure::{count, duration};
use crate::file;
use crate::log_book::{audit, failure, open_store};

#[derive(Args, Debug)]
#[command(after_help = VERIFY_HELP)]
pub(super) struct Verify {
    /// A log's file to check whole
    #[arg(long, value_name = "LOG", conflicts_with = "proof", required_unless_present = "proof")]
    ledger: Option<PathBuf>,
    /// A proof to check
    #[arg(long, value_name = "FILE", requires_all = ["entry", "log_key"])]
    proof: Option<PathBuf>,
    /// The entry that it proves; several times, in their order, for the proof of a range
    #[arg(long, value_name = "FILE")]
    entry: Vec<PathBuf>,
    /// The log's key as `ledger show` prints it: name+id+key; several times for a log whose key was changed.
    /// Without it a log is judged by the keys that its own roots name
    #[arg(long, value_name = "KEY")]
    log_key: Vec<String>,
    /// A witness's key, in the same form; several times for several witnesses
    #[arg(long, value_name = "KEY")]
    witness: Vec<String>,
    /// How many of the witnesses must have seen it
    #[arg(long, value_name = "COUNT")]
    quorum: Option<usize>,
    /// The fleet that the log must have founded: its id, as `govern status` prints it
    #[arg(long, value_name = "ID", conflicts_with_all = ["proof", "log_key"])]
    fleet: Option<String>,
    /// How long ago the quorum of witnesses may have seen the last checkpoint
    #[arg(long, value_name = "SECONDS")]
    age_max: Option<u64>,
    /// By how much the clock may be wrong, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    clock_uncertainty: u64,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const VERIFY_HELP: &str = "\
Examples:
  cosmosmesh ledger verify --ledger ares.log
  cosmosmesh ledger verify --ledger ares.log --fleet 1f0a... --age-max 86400
  cosmosmesh ledger verify --proof entry-3.tlog-proof --entry decision.txt --log-key example.org/ares+1a2b3c4d+Ad...
  cosmosmesh ledger verify --proof 3-to-4.range --entry third --entry fourth --log-key example.org/ares+1a2b3c4d+Ad...

Entries are compared with every checkpoint, and every checkpoint's signatures and cosignatures are checked:
with the keys that --log-key and --witness give, else with those that the log's own roots name.
Whoever writes a log anew from its first entry can name keys of their own there; --fleet or --log-key shows that.

Exit codes: 0 everything is as it was signed, 8 something was changed and it says where, 64 bad input.";

impl Verify {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match (&self.ledger, &self.proof) {
            (Some(path), _) => self.whole(path),
            (None, Some(proof)) => self.one(proof),
            (None, None) => Err(Failure::bad_input("name a log with --ledger or a proof with --proof")),
        }
    }

    /// The keys that were given, if there are any.
    fn policy(&self) -> Result<Option<LogPolicy>, Failure> {
        let keys = self.log_key.iter().map(|text| note_key(text)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = keys.first() else {
            if self.witness.is_empty() && (self.quorum.is_none() || self.ledger.is_some()) {
                return Ok(None);
            }
            return Err(Failure::bad_input("witnesses count beside the log's own key; give it with --log-key"));
        };
        Ok(Some(LogPolicy {
            origin: first.name().to_owned(),
            keys,
            witnesses: self.witness.iter().map(|text| note_key(text)).collect::<Result<_, _>>()?,
            quorum: self.quorum.unwrap_or(0),
        }))
    }

    fn trust(&self) -> Result<AuditTrust, Failure> {
        let fleet = self.fleet.as_deref().map(|text| {
            Digest::from_hex(text).ok_or_else(|| {
                Failure::bad_input(format!("{text:?} is no fleet's id; take the 64 digits that `govern status` prints"))
            })
        });
        Ok(match self.policy()? {
            Some(policy) => AuditTrust::Given(policy),
            None => AuditTrust::Roots { fleet: fleet.transpose()? },
        })
    }

    fn whole(&self, path: &Path) -> Result<Answer, Failure> {
        let trust = self.trust()?;
        let store = open_store(path)?;
        let audit = audit(&store, &trust).map_err(|error| failure(&error))?;
        let short = match &audit.fault {
            Some(fault) => Some(fault.to_string()),
            None => self.shortcoming(audit.last.as_ref())?,
        };
        if self.json {
            let exit = if short.is_some() { Exit::Tampered } else { Exit::Optimal };
            let value = json!({
                "sound": audit.fault.is_none(), "entries": audit.entries, "checkpoints": audit.checkpoints,
                "signed_checkpoints": audit.signed, "sound_entries": audit.sound, "fault": short,
                "keys": self.source(&audit), "unknown_signers": audit.unknown, "last": self.last(audit.last.as_ref())?,
            });
            return Ok(Answer { text: format!("{value}\n"), exit });
        }
        match short {
            Some(short) => Err(Failure::tampered(format!("{}: {short}", path.display()))),
            None => Ok(Answer::done(self.sentences(path, &audit)?)),
        }
    }

    /// Where the keys came from that the signatures were checked with.
    fn source(&self, audit: &LogAudit) -> &'static str {
        match () {
            () if audit.signed == 0 => "none",
            () if !self.log_key.is_empty() => "given",
            () if self.fleet.is_some() => "roots of the fleet that was named",
            () => "the log's own roots",
        }
    }

    fn sentences(&self, path: &Path, audit: &LogAudit) -> Result<String, Failure> {
        let mut text = format!(
            "{}: all {} entries are those of {}\n",
            path.display(),
            audit.entries,
            count(audit.checkpoints, "checkpoint")
        );
        if audit.signed == 0 {
            text.push_str("no signature was checked: the log names no keys; give its own with --log-key\n");
            return Ok(text);
        }
        let by = match self.source(audit) {
            "given" => "by the keys that were given",
            "the log's own roots" => "by the keys that the log's own roots name; --fleet or --log-key pins them",
            _ => "by the keys that the roots of this fleet name",
        };
        text.push_str(&format!("all {} are signed, {by}\n", count(audit.signed, "checkpoint")));
        if let Some(last) = &audit.last {
            let seen: Vec<&str> = last.witnessed.iter().map(|witnessed| witnessed.name.as_str()).collect();
            let by = if seen.is_empty() { "nobody".to_owned() } else { seen.join(", ") };
            let is_final = if last.is_final() { "enough" } else { "not enough" };
            let (size, quorum) = (last.checkpoint.size, last.quorum);
            text.push_str(&format!(
                "the last one, over {size} entries, is witnessed by {by}; {quorum} needed, {is_final}\n"
            ));
            if let Freshness::Fresh { age_s } = self.freshness(last, u64::MAX)? {
                text.push_str(&format!("a quorum saw it at most {} ago\n", duration(age_s.saturating_mul(1_000))));
            }
        }
        if !audit.unknown.is_empty() {
            let names: Vec<&str> = audit.unknown.iter().map(String::as_str).collect();
            text.push_str(&format!("signature lines of unknown keys, which say nothing: {}\n", names.join(", ")));
        }
        Ok(text)
    }

    fn last(&self, last: Option<&OpenCheckpoint>) -> Result<Value, Failure> {
        let Some(last) = last else { return Ok(Value::Null) };
        let witnesses: Vec<Value> = last
            .witnessed
            .iter()
            .map(|witnessed| json!({ "name": witnessed.name, "time_posix_s": witnessed.time_posix_s }))
            .collect();
        let age_s = match self.freshness(last, u64::MAX)? {
            Freshness::Fresh { age_s } => Some(age_s),
            _ => None,
        };
        Ok(json!({
            "size": last.checkpoint.size, "witnesses": witnesses, "quorum": last.quorum, "final": last.is_final(),
            "age_s": age_s,
        }))
    }

    fn freshness(&self, open: &OpenCheckpoint, age_s_max: u64) -> Result<Freshness, Failure> {
        Ok(open.freshness(now_posix_s()?, self.clock_uncertainty, age_s_max))
    }

    /// What the checkpoint lacks of that which was asked for: witnesses, or news of it.
    fn shortcoming(&self, open: Option<&OpenCheckpoint>) -> Result<Option<String>, Failure> {
        let asked = self.quorum.is_some_and(|quorum| quorum > 0) || self.age_max.is_some();
        let Some(open) = open else {
            return Ok(asked.then(|| {
                "no checkpoint is signed by a known key, so nobody witnessed one; give the log's key with --log-key"
                    .to_owned()
            }));
        };
        let (found, needed) = (open.witnessed.len(), self.quorum.unwrap_or(open.quorum));
        if self.quorum.is_some() && found < needed {
            return Ok(Some(format!(
                "only {found} of the {needed} witnesses asked for have seen this checkpoint; get a proof of a later one"
            )));
        }
        let Some(age_s_max) = self.age_max else { return Ok(None) };
        let open = OpenCheckpoint { quorum: needed, ..open.clone() };
        Ok(match self.freshness(&open, age_s_max)? {
            Freshness::Fresh { .. } => None,
            Freshness::Stale { age_s } => Some(format!(
                "a quorum of witnesses saw it last {age_s} s ago, {age_s_max} s are allowed; let witnesses look again"
            )),
            Freshness::FromFuture { by_s } => {
                Some(format!("witnesses signed {by_s} s from now; set the clock, or state its --clock-uncertainty"))
            }
            Freshness::Unknown { witnesses, quorum } => Some(format!(
                "its age is unknown: {witnesses} of {quorum} witnesses have signed, and it takes one at least"
            )),
        })
    }

    fn one(&self, path: &Path) -> Result<Answer, Failure> {
        let Some(policy) = self.policy()? else {
            return Err(Failure::bad_input("a proof is checked with --entry and --log-key"));
        };
        let entries = self.entry.iter().map(|path| file::read(path)).collect::<Result<Vec<_>, _>>()?;
        let (what, open) = judged(&file::read(path)?, &entries, &policy)
            .map_err(|error| Failure::tampered(format!("{}: {error}", path.display())))?;
        if let Some(short) = self.shortcoming(Some(&open))? {
            return Err(Failure::tampered(format!("{}: {short}", path.display())));
        }
        let witnesses: Vec<&str> = open.witnessed.iter().map(|witnessed| witnessed.name.as_str()).collect();
        let size = open.checkpoint.size;
        if self.json {
            let mut value = json!({ "size": size, "witnesses": witnesses });
            match what {
                Proven::Entry(index) => value["index"] = json!(index),
                Proven::Range(begin, end) => value["range"] = json!([begin, end]),
            }
            return Ok(Answer::done(format!("{value}\n")));
        }
        let seen = if witnesses.is_empty() { "nobody".to_owned() } else { witnesses.join(", ") };
        let what = match what {
            Proven::Entry(index) => format!("entry {index} of {size}"),
            Proven::Range(begin, end) if begin == end => format!("nothing of {size}"),
            Proven::Range(begin, end) => format!("all entries {begin} to {} of {size}", end - 1),
        };
        Ok(Answer::done(format!("{what} in {}; witnessed by {seen}\n", policy.origin)))
    }
}

enum Proven {
    Entry(u64),
    Range(u64, u64),
}

/// What a proof of either form shows.
fn judged(bytes: &[u8], entries: &[Vec<u8>], policy: &LogPolicy) -> Result<(Proven, OpenCheckpoint), TlogProofError> {
    let verifier = Ed25519Verifier::new();
    let verifier: &dyn Verifier = &verifier;
    if bytes.starts_with(RangeStatement::HEAD.as_bytes()) {
        let range = RangeStatement::parse(bytes)?;
        return Ok((Proven::Range(range.begin, range.end), range.verify(entries, policy, verifier)?));
    }
    let proof = TlogProof::parse(bytes)?;
    let [entry] = entries else {
        return Err(TlogProofError::Count { begin: proof.index, end: proof.index + 1, found: entries.len() });
    };
    Ok((Proven::Entry(proof.index), proof.verify(entry, policy, verifier)?))
}
