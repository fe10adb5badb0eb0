//! `sync` on stores that a real session made: real keys, SQLite files, both ends of a contact.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::{Engine as _, Store as _};
use cosmosmesh_crypto::{Blake3, Ed25519Verifier, seeded_signer};
use cosmosmesh_delta_sync::checkpoint::Quorum;
use cosmosmesh_delta_sync::state::{Fold, Operation};
use cosmosmesh_delta_sync::{Contact, Draft, Entry, Keys, MissionId, Replica, ReplicaConfig, Session, SessionConfig};
use cosmosmesh_host::store::SqliteStore;

use crate::command::{Run, run, scratch, written};

type Node = Session<SqliteStore>;

const MISSION: MissionId = MissionId(*b"rehearsal no. 7.");
const DELAY_MS: i64 = 60_000;

/// A file that is not there yet, without the journal of an earlier run.
fn fresh(name: &str) -> PathBuf {
    let path = scratch(name);
    for ending in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{ending}", path.display()));
    }
    path
}

fn keys(name: &str) -> Keys {
    Keys {
        signer: Arc::new(seeded_signer(7, name)),
        verifier: Arc::new(Ed25519Verifier::new()),
        hasher: Arc::new(Blake3),
    }
}

fn node(path: &Path, name: &str, mission: MissionId) -> Node {
    let store = SqliteStore::open(path).unwrap();
    let voters = ["rover", "base"].map(|name| keys(name).signer.node_id());
    let quorum = Quorum::new(voters[0], voters.into(), 2).unwrap();
    let config = ReplicaConfig { quorum: Some(quorum), ..ReplicaConfig::new(mission) };
    let replica = Replica::open(MissionTime(0), store, keys(name), config).unwrap();
    Session::new(replica, SessionConfig::default()).unwrap()
}

fn write(node: &mut Node, at: i64, operation: &Operation) -> Entry {
    let draft = Draft { kind: 3, body: operation.encode().unwrap(), ..Draft::default() };
    node.append(MissionTime(at), draft).unwrap()
}

fn put(key: &str, value: &str) -> Operation {
    Operation::Write { key: key.into(), value: value.into(), over: None }
}

/// A contact from `now` until both have nothing more to say.
fn meet(a: &mut Node, b: &mut Node, mut now: i64) {
    let (me, you) = (a.replica().me(), b.replica().me());
    let contact = Contact { delay_ms: DELAY_MS, ..Contact::new("uhf") };
    a.contact_open(MissionTime(now), you, contact.clone());
    b.contact_open(MissionTime(now), me, contact);
    for _ in 0..50 {
        let sent =
            |from: &mut Node, now| std::iter::from_fn(|| from.poll_transmit(MissionTime(now))).collect::<Vec<_>>();
        let (there, back) = (sent(a, now), sent(b, now));
        if there.is_empty() && back.is_empty() {
            break;
        }
        now += DELAY_MS;
        there.iter().for_each(|frame| b.handle_input(MissionTime(now), me, &frame.bytes));
        back.iter().for_each(|frame| a.handle_input(MissionTime(now), you, &frame.bytes));
    }
    a.contact_close(you);
    b.contact_close(me);
}

fn close(node: Node) {
    drop(node.into_replica().close().unwrap());
}

/// Two stores that met after each had written; `name` is unique among the tests.
fn pair(name: &str) -> (PathBuf, PathBuf) {
    let (a, b) = (fresh(&format!("{name}-a.db")), fresh(&format!("{name}-b.db")));
    let (mut rover, mut base) = (node(&a, "rover", MISSION), node(&b, "base", MISSION));
    for k in 0..20 {
        write(&mut rover, 1_000 + k, &Operation::Count { key: b"samples".to_vec(), by: 1 });
    }
    write(&mut rover, 2_000, &put("camp", "north"));
    write(&mut base, 3_000, &put("camp", "south"));
    meet(&mut rover, &mut base, 10_000);
    close(rover);
    close(base);
    (a, b)
}

fn sync(verb: &str, files: &[&Path], more: &[&str]) -> Run {
    let files: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    run(&[&["sync", verb], &files[..], more].concat())
}

#[test]
fn inspect_tells_logs_and_who_handed_over_what() {
    let (a, b) = pair("inspect");
    let said = sync("inspect", &[&b], &["--json", "--verify"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let value = said.json();
    assert_eq!(value["entries"], 22);
    assert_eq!(value["mission"], "72656865617273616c206e6f2e20372e");
    assert_eq!(value["signatures"]["checked"], 22);
    assert_eq!(value["signatures"]["bad"].as_array().unwrap().len(), 0);
    let logs = value["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 2);
    let rover = keys("rover").signer.node_id().to_string();
    let from_rover = logs.iter().find(|log| log["author"] == rover.as_str()).unwrap();
    assert_eq!(from_rover["ranges"], serde_json::json!([[0, 21]]));
    let handovers = value["handovers"].as_array().unwrap();
    let new: u64 = handovers.iter().map(|sum| sum["new"].as_u64().unwrap()).sum();
    assert_eq!(new, 21, "{handovers:?}");
    assert!(handovers.iter().all(|sum| sum["link"] == "uhf" && sum["from"] == rover.as_str()));
    // The oldest entry was written at 1 s and cannot have arrived before one delay after the contact opened.
    let longest = handovers[0]["latency_ms_max"].as_u64().unwrap();
    assert!(longest >= 10_000 + DELAY_MS as u64 - 1_000, "{longest}");
    let text = sync("inspect", &[&a], &[]).stdout;
    assert!(text.contains("entries   22") && text.contains("uhf") && text.contains("0..21"), "{text}");
}

#[test]
fn inspecting_changes_no_answer() {
    let (a, _) = pair("unchanged");
    let first = sync("inspect", &[&a], &["--json"]).stdout;
    assert_eq!(sync("inspect", &[&a], &["--json"]).stdout, first);
    // And the owner goes on where it was.
    let rover = node(&a, "rover", MISSION);
    assert_eq!(rover.replica().entry_count(), 22);
}

#[test]
fn diff_says_equal_and_then_which_entries_are_missing() {
    let (a, b) = pair("diff");
    let equal = sync("diff", &[&a, &b], &[]);
    assert_eq!(
        (equal.code, equal.stdout.as_str()),
        (0, "both hold the same; entries: 22, logs: 2\n"),
        "{}",
        equal.stderr
    );
    let mut base = node(&b, "base", MISSION);
    for k in 0..5 {
        write(&mut base, 500_000 + k, &put("camp", "east"));
    }
    close(base);
    let said = sync("diff", &[&a, &b], &["--json"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    let value = said.json();
    assert_eq!((&value["equal"], &value["only_a"], &value["only_b"]), (&false.into(), &0.into(), &5.into()));
    assert_eq!(value["logs"].as_array().unwrap().len(), 1);
    assert_eq!(value["logs"][0]["only_b"], serde_json::json!([[1, 6]]));
    let text = sync("diff", &[&a, &b], &[]);
    assert!(text.stdout.contains("B: 1..6"), "{}", text.stdout);
}

#[test]
fn diff_finds_the_first_place_where_an_author_wrote_twice() {
    // The same key in two places that never met: what a restored backup does.
    let (a, b) = (fresh("fork-a.db"), fresh("fork-b.db"));
    for (path, other) in [(&a, "left"), (&b, "right")] {
        let mut rover = node(path, "rover", MISSION);
        for k in 0..40 {
            write(&mut rover, 1_000 + k, &put("camp", if k < 13 { "north" } else { other }));
        }
        close(rover);
    }
    let said = sync("diff", &[&a, &b], &["--json"]);
    assert_eq!(said.code, 1, "{}", said.stderr);
    assert_eq!(said.json()["logs"][0]["contradiction"], 13);
}

#[test]
fn replay_gives_one_state_everywhere_and_looks_back() {
    let (a, b) = pair("replay");
    let (one, other) = (sync("replay", &[&a], &["--json"]), sync("replay", &[&b], &["--json"]));
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert_eq!(one.stdout, other.stdout);
    let now = one.json();
    assert_eq!((&now["as_of_ms"], &now["operations"]), (&3_000.into(), &22.into()));
    let value = |state: &serde_json::Value, key: &str| {
        let values = state["values"].as_array().unwrap();
        values.iter().find(|value| value["key"] == key).map(|value| value["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(value(&now, "camp").as_deref(), Some("south"));
    assert_eq!(value(&now, "samples").as_deref(), Some("20"));
    // Neither had seen the other's write: a rule decided, and it is told.
    assert_eq!(now["notices"].as_array().unwrap().len(), 1);
    let before = sync("replay", &[&a], &["--json", "--as-of", "1009"]).json();
    assert_eq!((value(&before, "camp"), value(&before, "samples").as_deref()), (None, Some("10")));
    assert_eq!(before["later"], 12);
    // The hash is that of the fold of the same entries, made here without the command.
    let rover = node(&a, "rover", MISSION);
    let mut fold = Fold::new();
    for entry in rover.replica().read_all().unwrap().iter().rev() {
        fold.take(entry).unwrap();
    }
    assert_eq!(now["state"], fold.state(MissionTime(i64::MAX)).digest(&Blake3).to_string().as_str());
    let text = {
        drop(rover);
        sync("replay", &[&b], &[]).stdout
    };
    assert!(text.contains("register") && text.contains("what a rule decided"), "{text}");
}

#[test]
fn replay_counts_what_is_no_operation() {
    let path = fresh("no-operation.db");
    let mut rover = node(&path, "rover", MISSION);
    write(&mut rover, 1_000, &put("camp", "north"));
    rover.append(MissionTime(2_000), Draft { kind: 9, body: b"\xff a picture".to_vec(), ..Draft::default() }).unwrap();
    close(rover);
    let value = sync("replay", &[&path], &["--json"]).json();
    assert_eq!((&value["operations"], &value["no_operation"]), (&1.into(), &1.into()));
    let other_kind = sync("replay", &[&path], &["--json", "--kind", "9"]).json();
    assert_eq!((&other_kind["operations"], &other_kind["no_operation"]), (&0.into(), &1.into()));
}

#[test]
fn a_store_is_pruned_below_its_checkpoint_and_says_the_same() {
    let (a, b) = pair("prune");
    let nothing = sync("prune", &[&a], &[]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (0, "nothing pruned: no checkpoint is in force\n"));
    let before = sync("replay", &[&a], &["--json"]).json();
    let open = || (node(&a, "rover", MISSION), node(&b, "base", MISSION));
    let (mut rover, mut base) = open();
    rover.propose(MissionTime(400_000), MissionTime(5_000)).unwrap();
    for contact in 0..3 {
        meet(&mut rover, &mut base, 500_000 + contact * 1_000_000);
    }
    close(rover);
    close(base);
    let root = sync("inspect", &[&a], &["--json"]).json()["root"].clone();
    let pruned = sync("prune", &[&a], &["--json"]);
    assert_eq!(pruned.code, 0, "{}", pruned.stderr);
    assert_eq!((&pruned.json()["checkpoint"], &pruned.json()["entries"]), (&1.into(), &22.into()));
    assert_eq!(sync("prune", &[&a], &["--json"]).json()["entries"], 0);

    let value = sync("inspect", &[&a], &["--json", "--verify"]).json();
    assert_eq!(value["root"], root);
    assert_eq!((&value["checkpoint"]["number"], &value["checkpoint"]["entries"]), (&1.into(), &22.into()));
    assert_eq!(value["checkpoint"]["voters"].as_array().unwrap().len(), 2);
    assert_eq!(value["checkpoint"]["state"], before["state"]);
    let logs = value["logs"].as_array().unwrap();
    assert!(logs.iter().filter(|log| log["topic"] == 0).all(|log| log["hashes_only_below"].as_u64() > Some(0)));
    let text = sync("inspect", &[&a], &[]).stdout;
    assert!(text.contains("1 up to 5000 ms: 22 entries, 2 votes"), "{text}");

    let after = sync("replay", &[&a], &["--json"]).json();
    assert_eq!((&after["state"], &after["operations"]), (&before["state"], &0.into()));
    assert_eq!(after["from_checkpoint_ms"], 5_000);
    assert_eq!(sync("replay", &[&b], &["--json"]).json()["state"], before["state"], "who did not prune says the same");
    assert!(sync("diff", &[&a, &b], &[]).stdout.starts_with("both hold the same"));
    for more in [&["--as-of", "4999"][..], &["--kind", "3"]] {
        let refused = sync("replay", &[&a], more);
        assert_eq!(refused.code, 64, "{}", refused.stdout);
    }

    // The nodes go on, and a store that was not closed is left to its node.
    let (mut rover, mut base) = open();
    write(&mut base, 9_000_000, &put("camp", "east"));
    meet(&mut rover, &mut base, 9_100_000);
    assert_eq!(rover.replica().entry_count(), base.replica().entry_count());
    drop(rover);
    let refused = sync("prune", &[&a], &[]);
    assert_eq!(refused.code, 64, "{}", refused.stdout);
    assert!(refused.stderr.contains("not closed in good order"), "{}", refused.stderr);
}

#[test]
fn a_bad_signature_is_found() {
    let path = fresh("forged.db");
    let mut rover = node(&path, "rover", MISSION);
    let entry = write(&mut rover, 1_000, &put("camp", "north"));
    let mut store = rover.into_replica().close().unwrap();
    // Somebody with the disk in hand appends an entry to the log and signs it with another key.
    let mut header = entry.header().clone();
    header.id.sequence = 1;
    header.previous = entry.hash();
    let forged = Entry::sign(header, put("camp", "mine").encode().unwrap(), &keys("thief")).unwrap();
    let mut record = Vec::new();
    forged.encode(&mut record);
    let log = entry.id().log;
    store.append(&format!("log/{}/{}/{}", log.author, log.epoch, log.topic.0), &record).unwrap();
    store.sync().unwrap();
    drop(store);
    let said = sync("inspect", &[&path], &["--verify", "--json"]);
    assert_eq!(said.code, 8, "{}", said.stderr);
    assert_eq!(said.json()["signatures"]["bad"].as_array().unwrap().len(), 1);
    assert_eq!(sync("inspect", &[&path], &[]).code, 0);
}

#[test]
fn what_is_no_store_is_refused_by_name() {
    let (a, b) = pair("refused");
    let text = written("no-store.db", "this is a letter, longer than sixteen bytes");
    let folder = scratch("folder.db");
    std::fs::create_dir_all(&folder).unwrap();
    let absent = scratch("absent.db");
    let other = fresh("other-mission.db");
    let mut stranger = node(&other, "rover", MissionId(*b"another mission."));
    write(&mut stranger, 1_000, &put("camp", "north"));
    close(stranger);
    let held = node(&b, "base", MISSION);
    for (files, says) in [
        (vec![Path::new(&text)], "is no replica's store"),
        (vec![folder.as_path()], "is no replica's store"),
        (vec![absent.as_path()], "check the path"),
        (vec![b.as_path()], "held by another process"),
        (vec![a.as_path(), a.as_path()], "named twice"),
        (vec![a.as_path(), other.as_path()], "two missions"),
    ] {
        let verbs = if files.len() == 1 { &["inspect", "replay"][..] } else { &["diff"] };
        for verb in verbs {
            let said = sync(verb, &files, &[]);
            assert_eq!(said.code, 64, "{verb} {files:?}: {}", said.stdout);
            assert!(said.stderr.contains(says) && said.stdout.is_empty(), "{}", said.stderr);
        }
    }
    assert!(!absent.exists(), "looking makes no file");
    drop(held);
}
