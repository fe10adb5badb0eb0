//! A log in a file, with the governance that follows from its entries.

use std::path::Path;

use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_crypto::Ed25519Verifier;
use cosmosmesh_host::store::SqliteStore;
use cosmosmesh_ledger::governance::Governance;
use cosmosmesh_ledger::{AuditTrust, Checkpoint, Log, LogAudit, LogError, Note, audit_log};

use crate::exit::{Exit, Failure};
use crate::file;

/// The stream under which a file keeps its log.
const STREAM: &str = "ledger";

/// How many records are read at once.
const RECORDS_AT_ONCE: usize = 4_096;

/// An open file with its log.
pub(crate) struct LogBook {
    pub(crate) store: SqliteStore,
    pub(crate) log: Log,
}

impl LogBook {
    /// Opens the log of a file to be looked at: the file is not written to, and may be one that cannot be.
    ///
    /// # Errors
    /// [`Failure`]: no such file, no log in it, or one that was changed.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Self::found(open_store(path)?, path)
    }

    /// Opens the log of a file that is there, to go on with it.
    ///
    /// # Errors
    /// [`Failure`] as [`LogBook::open`], and if the file cannot be written to.
    pub(crate) fn open_to_write(path: &Path) -> Result<Self, Failure> {
        check_file(path)?;
        Self::found(SqliteStore::open(path).map_err(|error| of_store(path, &error, Exit::Unwritable))?, path)
    }

    fn found(store: SqliteStore, path: &Path) -> Result<Self, Failure> {
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
        file::check_writable(path)?;
        let store = SqliteStore::open(path).map_err(|error| of_store(path, &error, Exit::Unwritable))?;
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
                let found = audit(&store, &AuditTrust::Roots { fleet: None }).ok().and_then(|audit| audit.fault);
                let fault = found.map_or_else(|| error.to_string(), |fault| fault.to_string());
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

/// Opens a file that must be there already, to be looked at.
///
/// # Errors
/// [`Failure`].
pub(crate) fn open_store(path: &Path) -> Result<SqliteStore, Failure> {
    check_file(path)?;
    SqliteStore::open_read_only(path).map_err(|error| of_store(path, &error, Exit::BadInput))
}

fn check_file(path: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    Err(Failure::bad_input(format!("{}: is no file; name the log's file", path.display())))
}

/// Why a log's file was not opened. The store's own words name the file, and its remedy is for one that is open.
fn of_store(path: &Path, error: &StoreError, failed: Exit) -> Failure {
    match error {
        StoreError::Failed { detail } => Failure {
            message: format!(
                "{detail}; stop whoever else holds the log, and check the file's permissions and its disk"
            ),
            exit: failed,
        },
        error => Failure::bad_input(format!("{}: {error}", path.display())),
    }
}

/// Whether a file holds a log.
pub(crate) fn holds_log(store: &SqliteStore) -> bool {
    store.len(&format!("{STREAM}/checkpoints")).is_ok_and(|count| count > 0)
}

/// Checks the log of a file whole, by the keys that its own roots name or those that are given.
///
/// # Errors
/// [`LogError::Store`] if the file cannot be read.
pub(crate) fn audit(store: &SqliteStore, trust: &AuditTrust) -> Result<LogAudit, LogError> {
    audit_log(store, STREAM, trust, &Ed25519Verifier::new())
}

fn origin(store: &SqliteStore) -> Result<Option<String>, LogError> {
    let first = store.read(&format!("{STREAM}/checkpoints"), 0, 1).map_err(LogError::Store)?;
    let note = first.first().map(|note| Note::parse(note)).transpose().map_err(LogError::Note)?;
    Ok(note.and_then(|note| Checkpoint::parse(note.text()).ok()).map(|checkpoint| checkpoint.origin))
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
