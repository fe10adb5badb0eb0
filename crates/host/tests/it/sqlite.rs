use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::traits::{Store, StoreError};
use cosmosmesh_host::store::SqliteStore;

/// A folder of its own for one test, empty at the start.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sqlite").join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn all(store: &SqliteStore, stream: &str) -> Vec<Vec<u8>> {
    store.read(stream, 0, usize::MAX).unwrap()
}

#[test]
fn it_is_a_store() {
    let path = folder("conformance").join("store.db");
    conformance::store(SqliteStore::open(&path).unwrap(), |store| {
        drop(store);
        SqliteStore::open(&path).unwrap()
    });
}

#[test]
fn a_stream_that_was_trimmed_to_nothing_counts_on() {
    let path = folder("trimmed").join("store.db");
    let mut store = SqliteStore::open(&path).unwrap();
    (0..5).for_each(|k| drop(store.append("a", &[k])));
    store.trim("a", 99).unwrap();
    store.sync().unwrap();
    drop(store);
    let mut store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.len("a"), Ok(5));
    assert_eq!(store.read("a", 4, 1), Err(StoreError::Trimmed { first: 5 }));
    assert_eq!(store.append("a", &[5]), Ok(5));
    assert_eq!(store.read("a", 5, 9), Ok(vec![vec![5]]));
}

#[test]
fn one_process_holds_it_at_a_time() {
    let path = folder("held").join("store.db");
    let first = SqliteStore::open(&path).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(error.to_string().contains("held by another process"), "{error}");
    drop(first);
    SqliteStore::open(&path).unwrap();
}

/// Every file of a folder, with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let path = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().path();
    std::fs::read_dir(folder).unwrap().map(path).map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn an_onlooker_changes_nothing_and_sees_what_is_durable() {
    // A name that a URI must not misread.
    let folder = folder("onlooker");
    let path = folder.join("a%20b?c#d.db");
    let mut store = SqliteStore::open(&path).unwrap();
    (0..300_u32).for_each(|k| drop(store.append("a", &k.to_be_bytes())));
    store.sync().unwrap();
    let error = SqliteStore::open_read_only(&path).unwrap_err();
    assert!(error.to_string().contains("held by another process"), "{error}");
    store.trim("a", 100).unwrap();
    store.sync().unwrap();
    drop(store);

    let before = files(&folder);
    let store = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(store.len("a"), Ok(300));
    assert_eq!(store.read("a", 298, 9).unwrap(), [298_u32.to_be_bytes(), 299_u32.to_be_bytes()]);
    assert_eq!(store.read("a", 5, 9), Err(StoreError::Trimmed { first: 100 }));
    let mut other = SqliteStore::open_read_only(&path).unwrap();
    assert_eq!(other.read("a", 100, usize::MAX).unwrap().len(), 200, "several may look");
    assert!(matches!(other.append("a", &[1]), Err(StoreError::Failed { .. })));
    assert_eq!(files(&folder), before);

    // An owner comes: what an onlooker reads from then on might be half of what it writes.
    let mut owner = SqliteStore::open(&path).unwrap();
    let error = store.read("a", 298, 9).unwrap_err();
    assert!(error.to_string().contains("held by another process"), "{error}");
    owner.append("a", &[9]).unwrap();
    owner.sync().unwrap();
    drop(owner);
    assert!(store.read("a", 298, 9).is_err(), "and it goes again");
    assert_eq!(SqliteStore::open_read_only(&path).unwrap().len("a"), Ok(301));

    assert!(SqliteStore::open_read_only(folder.join("nowhere.db")).is_err());
    assert!(!folder.join("nowhere.db").exists());
    std::fs::write(folder.join("empty.db"), b"").unwrap();
    assert!(matches!(SqliteStore::open_read_only(folder.join("empty.db")), Err(StoreError::Damaged { .. })));
}

#[test]
fn an_onlooker_reads_the_journal_that_a_crash_left() {
    let folder = folder("onlooker-crash");
    let path = folder.join("store.db");
    let mut store = SqliteStore::open(&path).unwrap();
    store.append("a", &[1]).unwrap();
    store.sync().unwrap();
    // What a crash would leave.
    for end in ["", "-wal"] {
        let [from, to] = ["store", "copy"].map(|name| folder.join(format!("{name}.db{end}")));
        std::fs::copy(from, to).unwrap();
    }
    drop(store);
    let copy = folder.join("copy.db");
    let before = std::fs::read(&copy).unwrap();
    let found = SqliteStore::open_read_only(&copy).unwrap();
    assert_eq!(found.read("a", 0, 9), Ok(vec![vec![1]]));
    assert!(SqliteStore::open(&copy).is_err(), "no owner beside an onlooker that reads a journal");
    drop(found);
    assert_eq!(std::fs::read(&copy).unwrap(), before);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder("rights");
    let mut store = SqliteStore::open(folder.join("store.db")).unwrap();
    store.append("a", &[1]).unwrap();
    store.sync().unwrap();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
    }
}

#[test]
fn what_is_no_store_is_refused_and_left_as_it_was() {
    let folder = folder("foreign");
    let rubbish = folder.join("rubbish.db");
    std::fs::write(&rubbish, vec![7; 5000]).unwrap();
    assert!(matches!(SqliteStore::open(&rubbish), Err(StoreError::Damaged { .. })));
    assert_eq!(std::fs::read(&rubbish).unwrap(), vec![7; 5000]);

    let path = folder.join("store.db");
    drop(SqliteStore::open(&path).unwrap());
    // The version of the tables stands at byte 60 of the file's head, most significant byte first.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[63] = 2;
    std::fs::write(&path, &bytes).unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert!(error.to_string().contains("no store of version 1"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), bytes);

    let missing = folder.join("nowhere/store.db");
    assert!(matches!(SqliteStore::open(missing), Err(StoreError::Failed { .. })));
}

#[test]
fn a_log_torn_at_any_byte_gives_a_prefix() {
    let folder = folder("torn");
    let path = folder.join("store.db");
    let mut store = SqliteStore::open(&path).unwrap();
    let mut log_lengths = Vec::new();
    let log = |name: &str| folder.join(format!("{name}-wal"));
    for batch in 0_u8..4 {
        for k in 0..3 {
            store.append(if k == 1 { "b" } else { "a" }, &[batch, k]).unwrap();
        }
        store.sync().unwrap();
        log_lengths.push(std::fs::metadata(log("store.db")).unwrap().len());
    }
    let (main, written) = (std::fs::read(&path).unwrap(), std::fs::read(log("store.db")).unwrap());
    // Every 61st byte, and every byte around the end of a batch.
    let near = |at: usize| log_lengths.iter().any(|end| at.abs_diff(*end as usize) < 4);
    for at in (0..=written.len()).filter(|at| at % 61 == 0 || near(*at)) {
        let copy = folder.join("copy.db");
        std::fs::write(&copy, &main).unwrap();
        std::fs::write(log("copy.db"), &written[..at]).unwrap();
        let found = SqliteStore::open(&copy).unwrap();
        let whole = log_lengths.iter().filter(|end| **end as usize <= at).count();
        let batches: Vec<u8> = all(&found, "b").iter().map(|record| record[0]).collect();
        assert_eq!(batches, (0..whole as u8).collect::<Vec<u8>>(), "torn at {at}");
        assert_eq!(all(&found, "a").len(), 2 * whole, "a batch is there as a whole or not at all");
    }
}

const CHILD: &str = "COSMOSMESH_STORE_CHILD";

/// Not a test of its own: the writer that the next test starts and kills.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut store = SqliteStore::open(path).unwrap();
    for batch in 0_u32.. {
        for _ in 0..10 {
            store.append("a", &store.len("a").unwrap().to_be_bytes()).unwrap();
        }
        store.sync().unwrap();
        let mut out = std::io::stdout();
        writeln!(out, "synced {}", 10 * (batch + 1)).unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn a_killed_process_loses_nothing_that_was_synced() {
    let path = folder("killed").join("store.db");
    for lines in [1, 7, 40] {
        drop(std::fs::remove_file(&path));
        drop(std::fs::remove_file(path.with_extension("db-wal")));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sqlite::child_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let said = output.lines().map_while(Result::ok).filter_map(|line| line.split_once("synced ")?.1.parse().ok());
        let synced: usize = said.take(lines).last().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let found = all(&SqliteStore::open(&path).unwrap(), "a");
        assert!(
            found.len() >= synced && found.len().is_multiple_of(10),
            "{} found, {synced} acknowledged",
            found.len()
        );
        assert!(found.iter().enumerate().all(|(k, record)| record[..] == (k as u64).to_be_bytes()), "a prefix");
    }
}
