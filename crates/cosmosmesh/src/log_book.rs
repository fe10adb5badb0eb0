//! A log in a file, with the governance that follows from its entries.

use std::path::Path;

use cosmosmesh_contracts::traits::Store;
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_host::store::SqliteStore;
use cosmosmesh_ledger::governance::Governance;
use cosmosmesh_ledger::{Checkpoint, Log, LogError, Note, Tree, leaf_hash};

use crate::exit::{Exit, Failure};

/// The stream under which a file keeps its log.
const STREAM: &str = "ledger";

/// How many records are read at once.
const RECORDS_AT_ONCE: usize = 4_096;

/// An open file with its log.
pub(crate) struct LogBook {
    pub(crate) store: SqliteStore,
    pub(crate) log: Log,
}

/// What an audit of the file found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audit {
    /// How many entries.
    pub(crate) entries: u64,
    /// How many checkpoints hold.
    pub(crate) checkpoints: usize,
    /// The size up to which everything is as it was signed.
    pub(crate) sound: u64,
    /// What is not, in a sentence with its place.
    pub(crate) fault: Option<String>,
}

impl LogBook {
    /// Opens the log of a file that is there.
    ///
    /// # Errors
    /// [`Failure`]: no such file, no log in it, or one that was changed.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let store = open_store(path)?;
        let origin = origin(&store).map_err(named(path))?;
        let origin = origin.ok_or_else(|| {
            Failure::bad_input(format!(
                "{}: holds no log yet; begin one with `ledger append --origin NAME`",
                path.display()
            ))
        })?;
        Self::of(store, path, &origin)
    }

    /// Opens the log of a file, or begins one under this name.
    ///
    /// # Errors
    /// [`Failure`] as [`LogBook::open`]; and if the log has another name, or a new one has none.
    pub(crate) fn open_or_begin(path: &Path, origin: Option<&str>) -> Result<Self, Failure> {
        let store = SqliteStore::open(path).map_err(|error| named(path)(LogError::Store(error)))?;
        let refuse = |what: String| Err(Failure::bad_input(format!("{}: {what}", path.display())));
        match (self::origin(&store).map_err(named(path))?, origin) {
            (Some(found), Some(asked)) if found != asked => {
                refuse(format!("is the log {found:?}, not {asked:?}; leave --origin out, or name another file"))
            }
            (Some(found), _) => Self::of(store, path, &found),
            (None, Some(asked)) => Self::of(store, path, asked),
            (None, None) => refuse("is a new log; name it with --origin, as in example.org/ares".to_owned()),
        }
    }

    fn of(store: SqliteStore, path: &Path, origin: &str) -> Result<Self, Failure> {
        let log = Log::open(&store, STREAM, origin).map_err(|error| match error {
            LogError::Rewritten { .. } => {
                let fault = audit(&store).ok().and_then(|audit| audit.fault);
                let fault = fault.unwrap_or_else(|| error.to_string());
                Failure::tampered(format!("{}: {fault}", path.display()))
            }
            error => named(path)(error),
        })?;
        Ok(Self { store, log })
    }

    /// What the entries decide.
    ///
    /// # Errors
    /// [`Failure`] if an entry cannot be read.
    pub(crate) fn governance(&self) -> Result<Governance, Failure> {
        let verifier = Ed25519Verifier::new();
        let mut state = Governance::new();
        let mut from = 0;
        loop {
            let entries = self.log.read(&self.store, from, RECORDS_AT_ONCE).map_err(|error| failure(&error))?;
            if entries.is_empty() {
                return Ok(state);
            }
            entries.iter().for_each(|entry| {
                state.apply(entry, &verifier);
            });
            from += entries.len() as u64;
        }
    }
}

/// Opens a file that must be there already.
///
/// # Errors
/// [`Failure`].
pub(crate) fn open_store(path: &Path) -> Result<SqliteStore, Failure> {
    if !path.is_file() {
        return Err(Failure::bad_input(format!("{}: is no file; name the log's file", path.display())));
    }
    SqliteStore::open(path).map_err(|error| named(path)(LogError::Store(error)))
}

/// Every entry against every checkpoint; says from where to where something was changed.
///
/// # Errors
/// [`LogError::Store`] if the file cannot be read.
pub(crate) fn audit(store: &SqliteStore) -> Result<Audit, LogError> {
    let mut tree = Tree::new();
    each(store, "entries", |entry| tree.push(leaf_hash(entry)))?;
    let mut audit = Audit { entries: tree.size(), ..Audit::default() };
    let mut notes = Vec::new();
    each(store, "checkpoints", |note| notes.push(note.to_vec()))?;
    for (k, note) in notes.iter().enumerate() {
        let read = Note::parse(note).ok().and_then(|note| Checkpoint::parse(note.text()).ok());
        let Some(checkpoint) = read else {
            audit.fault = Some(format!("checkpoint {k} was changed: it is none any more; restore it from a copy"));
            return Ok(audit);
        };
        let size = checkpoint.size;
        if tree.root_at(size) != Ok(checkpoint.root) {
            audit.fault = Some(if size > tree.size() {
                format!(
                    "checkpoint {k} was signed over {size} entries, {} are there; the last ones were taken away, restore a copy",
                    tree.size()
                )
            } else if size <= audit.sound {
                format!(
                    "checkpoint {k} over {size} entries was changed; the entries are those signed before it, restore a copy"
                )
            } else {
                let places = place(audit.sound, size);
                format!("{places} changed after checkpoint {k} over {size} entries was signed; restore a copy")
            });
            return Ok(audit);
        }
        audit.checkpoints += 1;
        audit.sound = audit.sound.max(size);
    }
    Ok(audit)
}

fn place(sound: u64, size: u64) -> String {
    match size - sound {
        1 => format!("entry {sound} was"),
        _ => format!("one of the entries {sound} to {} was", size - 1),
    }
}

fn origin(store: &SqliteStore) -> Result<Option<String>, LogError> {
    let first = store.read(&format!("{STREAM}/checkpoints"), 0, 1).map_err(LogError::Store)?;
    let note = first.first().map(|note| Note::parse(note)).transpose().map_err(LogError::Note)?;
    Ok(note.and_then(|note| Checkpoint::parse(note.text()).ok()).map(|checkpoint| checkpoint.origin))
}

fn each(store: &SqliteStore, what: &str, mut take: impl FnMut(&[u8])) -> Result<(), LogError> {
    let stream = format!("{STREAM}/{what}");
    let mut from = 0;
    loop {
        let records = store.read(&stream, from, RECORDS_AT_ONCE).map_err(LogError::Store)?;
        if records.is_empty() {
            return Ok(());
        }
        records.iter().for_each(|record| take(record));
        from += records.len() as u64;
    }
}

fn named(path: &Path) -> impl Fn(LogError) -> Failure + '_ {
    move |error| {
        let mut failure = failure(&error);
        failure.message = format!("{}: {}", path.display(), failure.message);
        failure
    }
}

/// How a log's error ends the command.
pub(crate) fn failure(error: &LogError) -> Failure {
    match error {
        LogError::Rewritten { .. } => Failure::tampered(error.to_string()),
        LogError::Store(_) | LogError::Broken | LogError::OtherWriter { .. } => {
            Failure { message: error.to_string(), exit: Exit::Unwritable }
        }
        _ => Failure::bad_input(error.to_string()),
    }
}
