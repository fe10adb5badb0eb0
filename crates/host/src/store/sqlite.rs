use core::fmt;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use cosmosmesh_contracts::traits::{Store, StoreError, check_record, check_stream_name};
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

/// Streams of records in one SQLite file.
///
/// The journal is a write-ahead log and a commit waits for the disk (`synchronous = FULL`).
/// Everything appended between two syncs is one transaction, so many appends share one wait: that is the group commit.
/// One process holds the file at a time; a second one is refused when it opens it.
/// # Cost
/// A sync costs one wait for the disk, however many records it makes durable.
/// Memory: SQLite's page cache (2 MiB) and one entry for each stream; nothing grows with the number of records.
/// # Source
/// SQLite, "Write-Ahead Logging" and "PRAGMA synchronous".
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    streams: BTreeMap<String, Stream>,
    open: bool,
    failed: bool,
    /// Opened to be looked at only: what is known of the file, if no lock of SQLite's guards it.
    onlooker: Option<Onlooker>,
}

#[derive(Clone, Copy)]
struct Stream {
    id: i64,
    first: u64,
    next: u64,
}

// A record's key is its stream's id and its index in one integer, so that a stream lies in one piece of the tree.
const INDEX_BITS: u32 = 40;
const INDEX_MAX: u64 = 1 << INDEX_BITS;
const STREAMS_MAX: i64 = 1 << 22;
// "CsMs" and the version of the tables: a file of anybody else is not touched.
const APPLICATION_ID: i64 = 0x4373_4d73;
const TABLES_VERSION: i64 = 1;

impl SqliteStore {
    /// Opens the file, or makes it, readable by its owner alone.
    ///
    /// # Errors
    /// [`StoreError::Failed`] if the file cannot be opened, or another process holds it; [`StoreError::Damaged`] if it is no store of this version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        make_private(&path).map_err(|error| StoreError::Failed { detail: format!("{}: {error}", path.display()) })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(|error| stated(&path, error))?;
        let mut store = Self { connection, path, streams: BTreeMap::new(), open: false, failed: false, onlooker: None };
        store.prepare().map_err(|error| stated(&store.path, error))??;
        keep_name(&store.path)
            .map_err(|error| StoreError::Failed { detail: format!("{}: {error}", store.path.display()) })?;
        Ok(store)
    }

    /// Opens the file to be looked at: nothing is written, neither to it nor beside it, and what its owner has not synced is not seen.
    ///
    /// A journal that a crash left beside the file is read with it; SQLite then puts its index of the journal (`-shm`) into the same folder.
    /// # Errors
    /// [`StoreError::Failed`] if there is no such file or a process holds it, and later from every read after somebody wrote to it; [`StoreError::Damaged`] if it is no store of this version.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref().to_path_buf();
        let refused = |error: std::io::Error| StoreError::Failed { detail: format!("{}: {error}", path.display()) };
        // An owner's journal is there from its first look at the file until it closes it.
        let onlooker = if Onlooker::has_journal(&path) { None } else { Some(Onlooker::new(&path).map_err(refused)?) };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        // Without a journal nobody holds the file, and SQLite need not lock it, which would leave files beside it.
        let uri = format!("file:{}?immutable={}", escaped(&path), u8::from(onlooker.is_some()));
        let connection = Connection::open_with_flags(uri, flags).map_err(|error| stated(&path, error))?;
        let mut store = Self { connection, path, streams: BTreeMap::new(), open: false, failed: false, onlooker };
        store.check_tables(false).map_err(|error| stated(&store.path, error))??;
        store.read_streams().map_err(|error| stated(&store.path, error))?;
        store.unchanged()?;
        Ok(store)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&mut self) -> rusqlite::Result<Result<(), StoreError>> {
        // Exclusive before the journal mode: the index of the log then needs no shared memory file.
        self.connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
        if let Err(error) = self.check_tables(true)? {
            return Ok(Err(error));
        }
        self.connection.pragma_update(None, "journal_mode", "WAL")?;
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        self.connection.execute_batch(&format!(
            "BEGIN EXCLUSIVE;
             CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
                                                first INTEGER NOT NULL, next INTEGER NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS record (key INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
             PRAGMA application_id = {APPLICATION_ID};
             PRAGMA user_version = {TABLES_VERSION};
             COMMIT;"
        ))?;
        self.read_streams().map(Ok)
    }

    fn check_tables(&self, may_be_new: bool) -> rusqlite::Result<Result<(), StoreError>> {
        let pragma = |name: &str| self.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0));
        let tables: i64 = self.connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        let (application, version) = (pragma("application_id")?, pragma("user_version")?);
        let new = may_be_new && tables == 0 && application == 0;
        if !new && (application, version) != (APPLICATION_ID, TABLES_VERSION) {
            let detail = format!("{} is no store of version {TABLES_VERSION}", self.path.display());
            return Ok(Err(StoreError::Damaged { detail }));
        }
        Ok(Ok(()))
    }

    fn read_streams(&mut self) -> rusqlite::Result<()> {
        let mut rows = self.connection.prepare("SELECT name, id, first, next FROM stream")?;
        let mut last = self.connection.prepare("SELECT max(key) FROM record WHERE key >= ?1 AND key < ?2")?;
        let mut found = rows.query([])?;
        while let Some(row) = found.next()? {
            let (name, id, first, next): (String, i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let newest: Option<i64> = last.query_row(params![key(id, 0), key(id + 1, 0)], |row| row.get(0))?;
            let after = newest.map_or(0, |newest| (newest as u64 % INDEX_MAX) + 1);
            self.streams.insert(name, Stream { id, first: first as u64, next: after.max(next as u64) });
        }
        Ok(())
    }

    fn stream(&mut self, name: &str) -> rusqlite::Result<Result<Stream, StoreError>> {
        if let Some(stream) = self.streams.get(name) {
            return Ok(Ok(*stream));
        }
        self.connection.prepare_cached("INSERT INTO stream (name, first, next) VALUES (?1, 0, 0)")?.execute([name])?;
        let id = self.connection.last_insert_rowid();
        if id >= STREAMS_MAX {
            return Ok(Err(StoreError::Failed { detail: format!("more than {STREAMS_MAX} streams") }));
        }
        let stream = Stream { id, first: 0, next: 0 };
        self.streams.insert(name.to_owned(), stream);
        Ok(Ok(stream))
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        if !self.open {
            self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            self.open = true;
        }
        Ok(())
    }

    fn put(&mut self, name: &str, record: &[u8]) -> rusqlite::Result<Result<u64, StoreError>> {
        self.begin()?;
        let stream = match self.stream(name)? {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        if stream.next >= INDEX_MAX {
            return Ok(Err(StoreError::Failed {
                detail: format!("{name} holds {INDEX_MAX} records, which is its limit"),
            }));
        }
        let mut insert = self.connection.prepare_cached("INSERT INTO record (key, body) VALUES (?1, ?2)")?;
        insert.execute(params![key(stream.id, stream.next), record])?;
        drop(insert);
        self.streams.insert(name.to_owned(), Stream { next: stream.next + 1, ..stream });
        Ok(Ok(stream.next))
    }

    fn forget(&mut self, name: &str, below: u64) -> rusqlite::Result<()> {
        let Some(stream) = self.streams.get(name).copied() else { return Ok(()) };
        let first = below.min(stream.next).max(stream.first);
        if first == stream.first {
            return Ok(());
        }
        self.begin()?;
        let mut delete = self.connection.prepare_cached("DELETE FROM record WHERE key >= ?1 AND key < ?2")?;
        delete.execute(params![key(stream.id, 0), key(stream.id, first)])?;
        drop(delete);
        let mut update = self.connection.prepare_cached("UPDATE stream SET first = ?2, next = ?3 WHERE id = ?1")?;
        update.execute(params![stream.id, first as i64, stream.next as i64])?;
        drop(update);
        self.streams.insert(name.to_owned(), Stream { first, ..stream });
        Ok(())
    }

    fn usable(&self) -> Result<(), StoreError> {
        if !self.failed {
            return Ok(());
        }
        Err(StoreError::Failed { detail: format!("{} failed before", self.path.display()) })
    }

    /// What was read without SQLite's locks counts only if nobody wrote meanwhile.
    fn unchanged(&self) -> Result<(), StoreError> {
        match &self.onlooker {
            Some(onlooker) if !onlooker.sees_the_same(&self.path) => {
                Err(StoreError::Failed { detail: format!("{} is held by another process", self.path.display()) })
            }
            _ => Ok(()),
        }
    }

    // After a failure nothing is known of the open transaction; going on could append to a stream with a hole in it.
    fn noted<T>(&mut self, result: rusqlite::Result<T>) -> Result<T, StoreError> {
        result.map_err(|error| {
            self.failed = true;
            stated(&self.path, error)
        })
    }
}

impl Store for SqliteStore {
    fn append(&mut self, stream: &str, record: &[u8]) -> Result<u64, StoreError> {
        check_stream_name(stream)?;
        check_record(record)?;
        self.usable()?;
        let put = self.put(stream, record);
        self.noted(put)?
    }

    fn read(&self, stream: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        check_stream_name(stream)?;
        self.usable()?;
        let Some(stream) = self.streams.get(stream) else { return Ok(Vec::new()) };
        if from >= stream.next || limit == 0 {
            return Ok(Vec::new());
        }
        if from < stream.first {
            return Err(StoreError::Trimmed { first: stream.first });
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = |from: i64, to: i64| -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
            let text = "SELECT key, body FROM record WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3";
            let mut select = self.connection.prepare_cached(text)?;
            select.query_map(params![from, to, limit], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let found =
            rows(key(stream.id, from), key(stream.id, stream.next)).map_err(|error| stated(&self.path, error))?;
        self.unchanged()?;
        let expected = (stream.next - from).min(limit as u64);
        let whole = found.iter().enumerate().all(|(k, (found, _))| *found == key(stream.id, from + k as u64));
        if !whole || found.len() as u64 != expected {
            return Err(StoreError::Damaged { detail: format!("{}: a record is missing", self.path.display()) });
        }
        Ok(found.into_iter().map(|(_, body)| body).collect())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.usable()?;
        if self.open {
            let commit = self.connection.execute_batch("COMMIT");
            self.noted(commit)?;
            self.open = false;
        }
        Ok(())
    }

    fn len(&self, stream: &str) -> Result<u64, StoreError> {
        check_stream_name(stream)?;
        self.usable()?;
        Ok(self.streams.get(stream).map_or(0, |stream| stream.next))
    }

    fn trim(&mut self, stream: &str, below: u64) -> Result<(), StoreError> {
        check_stream_name(stream)?;
        self.usable()?;
        let forget = self.forget(stream, below);
        self.noted(forget)
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteStore({}, {} streams)", self.path.display(), self.streams.len())
    }
}

/// What an onlooker knows of a file that nobody held when it was opened.
struct Onlooker {
    changed: SystemTime,
    bytes: u64,
}

impl Onlooker {
    fn new(path: &Path) -> std::io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        Ok(Self { changed: metadata.modified()?, bytes: metadata.len() })
    }

    fn has_journal(path: &Path) -> bool {
        let mut journal = path.as_os_str().to_owned();
        journal.push("-wal");
        Path::new(&journal).exists()
    }

    /// An owner would have a journal now, or have changed the file.
    fn sees_the_same(&self, path: &Path) -> bool {
        let same = Self::new(path).is_ok_and(|now| now.changed == self.changed && now.bytes == self.bytes);
        same && !Self::has_journal(path)
    }
}

/// A path as part of a URI: what is not plain is written as its bytes.
fn escaped(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = path.as_os_str().as_encoded_bytes();
    bytes.iter().map(|&b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn key(stream: i64, index: u64) -> i64 {
    (stream << INDEX_BITS) + index.min(INDEX_MAX) as i64
}

fn stated(path: &Path, error: rusqlite::Error) -> StoreError {
    let place = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::Failed { detail: format!("{place} is held by another process") }
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StoreError::Damaged { detail: format!("{place}: {error}") }
        }
        _ => StoreError::Failed { detail: format!("{place}: {error}") },
    }
}

// SQLite gives its journals the rights of the file itself.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

// A new file's name is durable once its folder is.
fn keep_name(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}
