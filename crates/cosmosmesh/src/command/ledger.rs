use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, Subcommand};
use cosmosmesh_contracts::traits::{Signer, Verifier};
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier};
use cosmosmesh_host::store::SqliteStore;
use cosmosmesh_ledger::governance::Root;
use cosmosmesh_ledger::{LogPolicy, NoteKey, NoteKeyKind, Witness, WitnessError};
use serde_json::json;

use super::Answer;
use crate::exit::Failure;
use crate::figure::count;
use crate::log_book::{LogBook, failure};
use crate::table::facts;
use crate::{file, key_file, passphrase};

mod verify;

use verify::Verify;

/// `cosmosmesh ledger`
#[derive(Args, Debug)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Add entries to a log and sign it
    Append(Append),
    /// Say what a log holds
    Show(Show),
    /// Write what shows an outsider, offline, that an entry stands in the log
    Prove(Prove),
    /// Check a log's file against everything it signed, or a proof against the log's key
    Verify(Verify),
    /// Let a witness look at a log and countersign it
    Witness(WitnessVerb),
}

#[derive(Args, Debug)]
#[command(after_help = APPEND_HELP)]
struct Append {
    /// One entry each, as it is
    #[arg(required = true)]
    entries: Vec<PathBuf>,
    /// The log's file; made if it is not there
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// What a new log is called, also by its key; like a web address without scheme
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// The log's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const APPEND_HELP: &str = "\
Examples:
  cosmosmesh ledger append decision.txt --ledger ares.log --origin example.org/ares --key log.key
  cosmosmesh ledger append a.txt b.txt --ledger ares.log --key log.key --passphrase-fd 3 3<passphrase.txt

An entry is durable before this says so.

Exit codes: 0 appended, 8 the log was changed, 64 bad input, 74 could not be written.";

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  cosmosmesh ledger show --ledger ares.log\n  cosmosmesh ledger show --ledger ares.log --entry 3\n\n\
    Exit codes: 0 shown, 8 the log was changed, 64 bad input."
)]
struct Show {
    /// The log's file
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// Print this entry, as it is
    #[arg(long, value_name = "INDEX")]
    entry: Option<u64>,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  cosmosmesh ledger prove 3 --ledger ares.log --out entry-3.tlog-proof\n  \
    cosmosmesh ledger prove 3 --to 4 --ledger ares.log --out 3-to-4.range\n\n\
    The proof of one entry is in the C2SP format tlog-proof. That of a range shows that none was left out.\n\n\
    Exit codes: 0 written, 8 the log was changed, 64 bad input, 74 could not be written.")]
struct Prove {
    /// Which entry, counted from 0
    index: u64,
    /// All entries from there to this one
    #[arg(long, value_name = "INDEX")]
    to: Option<u64>,
    /// The log's file
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// Write the proof here
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = WITNESS_HELP)]
struct WitnessVerb {
    /// The log's file
    #[arg(long, value_name = "LOG")]
    ledger: PathBuf,
    /// The witness's own memory of what it signed; made if it is not there
    #[arg(long, value_name = "FILE")]
    memory: PathBuf,
    /// The log's key as `ledger show` prints it, from somebody you trust
    #[arg(long, value_name = "KEY")]
    log_key: String,
    /// What the witness is called
    #[arg(long)]
    name: String,
    /// The witness's key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    #[command(flatten)]
    passphrase: passphrase::Source,
    /// Write evidence here if the log shows two faces
    #[arg(long, value_name = "FILE")]
    evidence: Option<PathBuf>,
    /// Print JSON instead of sentences
    #[arg(long)]
    json: bool,
}

const WITNESS_HELP: &str = "\
Examples:
  cosmosmesh ledger witness --ledger ares.log --memory rover-1.seen --name rover-1 --key rover.key --log-key example.org/ares+1a2b3c4d+Ad...

A witness signs only what grew out of what it signed before.

Exit codes: 0 signed, 8 the log is not the one it was, 64 bad input, 74 could not be written.";

impl Ledger {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        match &self.verb {
            Verb::Append(append) => append.run(),
            Verb::Show(show) => show.run(),
            Verb::Prove(prove) => prove.run(),
            Verb::Verify(verify) => verify.run(),
            Verb::Witness(witness) => witness.run(),
        }
    }
}

/// The key of a file, its passphrase asked for where it is needed.
pub(super) fn signer(path: &Path, passphrase: passphrase::Source) -> Result<Ed25519Signer, Failure> {
    key_file::read(path, &mut || passphrase.existing(&path.display().to_string()))
}

/// Seconds since 1970, as the machine's clock has them.
pub(super) fn now_posix_s() -> Result<u64, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map(|since| since.as_secs()).map_err(|_| Failure::bad_input("the clock stands before 1970; set it"))
}

/// Adds entries and signs the log; returns the first one's index.
pub(super) fn append_and_sign(book: &mut LogBook, entries: &[Vec<u8>], signer: &dyn Signer) -> Result<u64, Failure> {
    let range = book.log.append(&mut book.store, entries).map_err(|error| failure(&error))?;
    book.log.sign(&mut book.store, signer).map_err(|error| failure(&error))?;
    Ok(range.start)
}

/// The signer, if it is a key that the fleet's root names for its log, or the `next` one that is logged now;
/// before the founding, the key that signed until now.
pub(super) fn log_signer(
    book: &LogBook,
    next: Option<&Root>,
    path: &Path,
    passphrase: passphrase::Source,
) -> Result<Ed25519Signer, Failure> {
    as_log_signer(book, next, path, signer(path, passphrase)?)
}

/// The same with a key that was opened already.
pub(super) fn as_log_signer(
    book: &LogBook,
    next: Option<&Root>,
    path: &Path,
    signer: Ed25519Signer,
) -> Result<Ed25519Signer, Failure> {
    let key = NoteKey::new(book.log.origin(), NoteKeyKind::Ed25519, signer.node_id());
    let key = key.ok_or_else(|| {
        Failure::bad_input(format!(
            "{:?} is no name for a log; it has neither white space nor a plus",
            book.log.origin()
        ))
    })?;
    let present = book.governance()?.root.map(|root| root.document);
    let roots: Vec<&Root> = present.iter().chain(next).collect();
    let named = (!roots.is_empty()).then(|| roots.iter().any(|root| root.log.keys.contains(&key.to_string())));
    let signed_before = book
        .log
        .checkpoint_note()
        .map(|note| note.verify(core::slice::from_ref(&key), &Ed25519Verifier::new()).is_ok());
    if named.or(signed_before) == Some(false) {
        return Err(Failure::bad_input(format!(
            "{}: is not the key of the log {}; take that one, or let the next root name this one",
            path.display(),
            book.log.origin()
        )));
    }
    Ok(signer)
}

impl Append {
    fn run(&self) -> Result<Answer, Failure> {
        let entries = self.entries.iter().map(|path| file::read(path)).collect::<Result<Vec<_>, _>>()?;
        let mut book = LogBook::open_or_begin(&self.ledger, self.origin.as_deref())?;
        let signer = log_signer(&book, None, &self.key, self.passphrase)?;
        let first = append_and_sign(&mut book, &entries, &signer)?;
        let (size, root) = (book.log.size(), book.log.tree().root());
        if self.json {
            return Ok(Answer::done(format!("{}\n", json!({ "first": first, "size": size, "root": root }))));
        }
        let last = size - 1;
        let which = if first == last { format!("entry {first}") } else { format!("entries {first} to {last}") };
        Ok(Answer::done(format!(
            "{which} appended; {} in all, root {root}\n",
            count(size as usize, "entry").replace("entrys", "entries")
        )))
    }
}

impl Show {
    fn run(&self) -> Result<Answer, Failure> {
        let book = LogBook::open(&self.ledger)?;
        let log = &book.log;
        if let Some(index) = self.entry {
            let mut entries = log.read(&book.store, index, 1).map_err(|error| failure(&error))?;
            let entry = entries.pop().ok_or_else(|| {
                Failure::bad_input(format!("entry {index} is not among {}; entries are counted from 0", log.size()))
            })?;
            let text = String::from_utf8(entry).map_err(|_| {
                Failure::bad_input(format!("entry {index} is not text; `ledger prove` gives what others can check"))
            })?;
            let text = if self.json { json!({ "index": index, "entry": text }).to_string() } else { text };
            return Ok(Answer::done(format!("{text}\n")));
        }
        let lines: Vec<String> = log
            .checkpoint_note()
            .map_or(Vec::new(), |note| note.signatures().iter().map(|line| line.name.clone()).collect());
        let state = book.governance()?;
        let key = state.root.as_ref().and_then(|root| root.document.log.keys.first().cloned());
        let (size, root) = (log.size(), log.tree().root());
        let signed = log.checkpoint().map_or(0, |checkpoint| checkpoint.size);
        if self.json {
            let value = json!({
                "origin": log.origin(), "size": size, "root": root, "signed_size": signed, "signed_by": lines,
                "log_key": key, "renewals": state.renewals, "checkpoint": log.checkpoint_note().map(ToString::to_string),
            });
            return Ok(Answer::done(format!("{value}\n")));
        }
        let mut text = facts(&[
            ("origin", log.origin().to_owned()),
            ("entries", size.to_string()),
            ("root", root.to_string()),
            ("signed", format!("{signed} entries, by {}", lines.join(", "))),
            ("log key", key.unwrap_or_else(|| "not named by a root yet".to_owned())),
        ]);
        for (subject, standing) in &state.renewals {
            text.push_str(&super::govern::renewal(&state, subject, standing));
        }
        if let Some(note) = log.checkpoint_note() {
            text.push_str(&format!("\n{note}"));
        }
        Ok(Answer::done(text))
    }
}

impl Prove {
    fn run(&self) -> Result<Answer, Failure> {
        file::check_writable(&self.out)?;
        let book = LogBook::open(&self.ledger)?;
        let text = match self.to {
            None => book.log.prove(self.index).map(|proof| proof.to_string()),
            Some(to) => book.log.prove_range(self.index, to.saturating_add(1)).map(|range| range.to_string()),
        };
        file::write(&self.out, &text.map_err(|error| failure(&error))?)?;
        Ok(Answer::done(format!("written to {}\n", self.out.display())))
    }
}

fn note_key(text: &str) -> Result<NoteKey, Failure> {
    NoteKey::parse(text).ok_or_else(|| {
        Failure::bad_input(format!("{text:?} is no key; take the line name+id+key that `govern status` prints"))
    })
}

impl WitnessVerb {
    fn run(&self) -> Result<Answer, Failure> {
        let mut book = LogBook::open_to_write(&self.ledger)?;
        let key = note_key(&self.log_key)?;
        let policy = LogPolicy { origin: key.name().to_owned(), keys: vec![key], witnesses: Vec::new(), quorum: 0 };
        let signer = signer(&self.key, self.passphrase)?;
        let stated = |error: &WitnessError| Failure::bad_input(error.to_string());
        let mut memory = SqliteStore::open(&self.memory)
            .map_err(|error| Failure::unwritable(format!("{}: {error}", self.memory.display())))?;
        let mut witness = Witness::open(&memory, "witness").map_err(|error| stated(&error))?;
        let old_size = witness.last(&policy.origin).map_or(0, |checkpoint| checkpoint.size);
        if old_size > book.log.checkpoint().map_or(0, |checkpoint| checkpoint.size) {
            return Err(Failure::tampered(format!(
                "{}: is shorter than the {old_size} entries that {} has signed; ask for the whole log",
                self.ledger.display(),
                self.name
            )));
        }
        let request = book.log.witness_request(old_size).map_err(|error| failure(&error))?;
        let now = now_posix_s()?;
        let pair = (&signer as &dyn Signer, &Ed25519Verifier::new() as &dyn Verifier);
        let signed =
            witness.add_checkpoint(&request, now, core::slice::from_ref(&policy), &self.name, pair, &mut memory);
        let signature = signed.map_err(|error| match &error {
            WitnessError::SplitView(evidence) => self.two_faces(evidence, &signer),
            WitnessError::Inconsistent(_) => Failure::tampered(format!("{}: {error}", self.ledger.display())),
            error => stated(error),
        })?;
        book.log.add_cosignature(&mut book.store, signature).map_err(|error| failure(&error))?;
        let size = request.checkpoint.text().lines().nth(1).unwrap_or_default().to_owned();
        let key = NoteKey::new(&self.name, NoteKeyKind::Cosignature, signer.node_id());
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        if self.json {
            return Ok(Answer::done(format!(
                "{}\n",
                json!({ "old_size": old_size, "size": size, "witness_key": key })
            )));
        }
        Ok(Answer::done(format!(
            "{} has seen {} grow from {old_size} to {size} entries and signed it as {key}\n",
            self.name, policy.origin
        )))
    }

    fn two_faces(&self, evidence: &cosmosmesh_ledger::SplitView, signer: &dyn Signer) -> Failure {
        let shown = self.ledger.display();
        let kept = match (&self.evidence, evidence.to_note(&self.name, signer)) {
            (Some(path), Ok(note)) => match file::write(path, &note.to_string()) {
                Ok(()) => format!("the evidence is in {}; pass it on", path.display()),
                Err(failure) => failure.message,
            },
            _ => "keep the evidence with --evidence FILE and pass it on".to_owned(),
        };
        Failure::tampered(format!("{shown}: the log showed two different trees; {kept}"))
    }
}
