//! The frozen bytes of docs/protocol/vectors/sync.json, which a second implementation wrote from the page alone, and a session with that implementation.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::message::Priority;
use cosmosmesh_contracts::traits::Engine;
use cosmosmesh_crypto::{Blake3, Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_delta_sync::checkpoint::{Checkpoint, Quorum, Snapshot, late_of};
use cosmosmesh_delta_sync::frame::{BatchRow, Compression, Frame, Sketch};
use cosmosmesh_delta_sync::state::State;
use cosmosmesh_delta_sync::{
    Contact, Draft, Entry, EntryId, Header, Interest, Keys, LogId, LogicalTime, MissionId, Receipt, Replica,
    ReplicaConfig, Session, SessionConfig, Topic,
};
use serde_json::{Value, json};

fn load() -> Value {
    serde_json::from_str(include_str!("../../../../docs/protocol/vectors/sync.json")).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap_or_else(|| panic!("{hex} is no text"));
    (0..hex.len()).step_by(2).map(|k| u8::from_str_radix(&hex[k..k + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(hex: &Value) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

fn keys_of(mut secret: [u8; 32]) -> Keys {
    Keys {
        signer: Arc::new(Ed25519Signer::new(Secret::take(&mut secret))),
        verifier: Arc::new(Ed25519Verifier::new()),
        hasher: Arc::new(Blake3),
    }
}

/// The keys of each author of the file.
fn authors(file: &Value) -> Vec<Keys> {
    let keys: Vec<Keys> = list(&file["secrets"]).iter().map(|secret| keys_of(array(secret))).collect();
    for (keys, public) in keys.iter().zip(list(&file["keys"])) {
        assert_eq!(keys.signer.node_id(), NodeId::from_bytes(array(public)));
    }
    keys
}

fn mission(file: &Value) -> MissionId {
    MissionId(array(&file["mission"]))
}

fn entry_id(value: &Value) -> EntryId {
    let number = |key: &str| value[key].as_u64().unwrap();
    let author = NodeId::from_bytes(array(&value["author"]));
    let log = LogId { author, epoch: number("epoch") as u32, topic: Topic(number("topic") as u16) };
    EntryId { log, sequence: value["sequence"].as_u64().unwrap_or(0) }
}

fn header(file: &Value, row: &Value) -> Header {
    Header {
        mission: mission(file),
        id: entry_id(row),
        previous: Digest::from_bytes(array(&row["previous"])),
        time: LogicalTime {
            at: MissionTime(row["at_ms"].as_i64().unwrap()),
            count: row["count"].as_u64().unwrap() as u32,
        },
        kind: row["kind"].as_u64().unwrap() as u16,
        priority: match row["priority"].as_str().unwrap() {
            "bulk" => Priority::Bulk,
            "normal" => Priority::Normal,
            "expedited" => Priority::Expedited,
            "emergency" => Priority::Emergency,
            other => panic!("{other} is no priority"),
        },
        expiry: row["expiry_ms"].as_i64().map(MissionTime),
        dependencies: list(&row["dependencies"]).iter().map(entry_id).collect(),
        body_bytes: 0,
        body_hash: Digest::from_bytes([0; 32]),
    }
}

/// The entries of a part of the file, signed anew and compared with what stands there.
fn entries(file: &Value, part: &str) -> Vec<Entry> {
    let authors = authors(file);
    let signed = |row: &Value| {
        let header = header(file, row);
        let keys = authors.iter().find(|keys| keys.signer.node_id() == header.id.log.author).unwrap();
        let entry = Entry::sign(header, bytes(&row["body"]), keys).unwrap();
        let (mut header, mut stored) = (Vec::new(), Vec::new());
        entry.header().encode(&mut header);
        entry.encode(&mut stored);
        assert_eq!(hex(&header), row["header"]);
        assert_eq!(hex(entry.signature().as_bytes()), row["signature"]);
        assert_eq!(hex(entry.hash().as_bytes()), row["hash"]);
        assert_eq!(hex(&stored), row["stored"]);
        assert_eq!(Entry::decode(&stored, &Blake3).as_ref(), Ok(&entry));
        entry.verify(keys).unwrap();
        entry
    };
    list(&file[part]).iter().map(signed).collect()
}

fn interest(value: &Value) -> Interest {
    match value.as_array() {
        None => Interest::All,
        Some(topics) => {
            Interest::Only(topics.iter().map(|topic| Topic(topic.as_u64().unwrap().try_into().unwrap())).collect())
        }
    }
}

#[test]
fn vectors_of_entries_and_roots() {
    let file = load();
    let (entries, forked) = (entries(&file, "entries"), entries(&file, "forked"));
    assert!(entries.len() >= 7);
    for row in list(&file["roots"]) {
        let keys = authors(&file).remove(0);
        let mut replica =
            Replica::open(MissionTime(0), MemoryStore::new(), keys, ReplicaConfig::new(mission(&file))).unwrap();
        for k in list(&row["entries"]) {
            replica.take(MissionTime(0), &entries[k.as_u64().unwrap() as usize]).unwrap();
        }
        if let Some(k) = row["fork"].as_u64() {
            replica.take(MissionTime(0), &forked[k as usize]).unwrap();
            assert_eq!(replica.forks().count(), 1);
        }
        assert_eq!(hex(&replica.root(&interest(&row["interest"]))), row["root"], "{}", row["what"]);
    }
}

fn shown(frame: &Frame<'_>) -> Value {
    let interest = |interest: &Interest| match interest {
        Interest::All => Value::Null,
        Interest::Only(topics) => topics.iter().map(|topic| topic.0).collect(),
    };
    match frame {
        Frame::Beacon(beacon) => json!({
            "type": "beacon", "scope": hex(&beacon.scope), "root": hex(&beacon.root), "reply": beacon.reply,
            "clock_ms": beacon.clock.as_ms(), "room_kib": beacon.room_kib,
        }),
        Frame::Summary(summary) => {
            let mut logs = Vec::new();
            let line = |log: cosmosmesh_delta_sync::frame::SummaryLog<'_>| {
                logs.push(json!({
                    "author": hex(log.author), "epoch": log.epoch, "topic": log.topic.0, "fork": log.fork,
                    "ranges": log.have.ranges(),
                }));
            };
            summary.for_each(usize::MAX, line).unwrap();
            json!({
                "type": "summary", "scope": hex(&summary.scope), "root": hex(&summary.root), "reply": summary.reply,
                "hashes": summary.hashes, "interest": interest(&summary.interest), "clock_ms": summary.clock.as_ms(),
                "room_kib": summary.room_kib, "number": summary.number, "logs": logs,
            })
        }
        Frame::Votes(votes) => json!({
            "type": "votes", "number": votes.number, "checkpoint": hex(votes.checkpoint.as_bytes()),
            "pieces_follow": votes.pieces_follow, "votes": votes.votes.iter().map(stored).collect::<Vec<_>>(),
        }),
        Frame::Piece(piece) => json!({
            "type": "piece", "number": piece.number, "checkpoint": hex(piece.checkpoint.as_bytes()),
            "length": piece.length, "offset": piece.offset, "bytes": hex(piece.bytes),
        }),
        Frame::Wanted(wanted) => json!({
            "type": "wanted", "checkpoint": hex(wanted.checkpoint.as_bytes()), "missing": wanted.missing.ranges(),
        }),
        _ => Value::Null,
    }
}

fn stored(entry: &Entry) -> String {
    let mut out = Vec::new();
    entry.encode(&mut out);
    hex(&out)
}

#[test]
fn vectors_of_checkpoints() {
    let file = load();
    let closing = &file["closing"];
    for row in list(&closing["checkpoints"]) {
        let bytes = bytes(&row["bytes"]);
        let checkpoint = Checkpoint::decode(&bytes).unwrap();
        let cut: Vec<Value> = checkpoint
            .cut
            .logs()
            .map(|(id, log)| {
                json!({
                    "author": hex(id.author.as_bytes()), "epoch": id.epoch, "topic": id.topic.0, "fork": log.fork,
                    "ranges": log.have.ranges(),
                    "lasts": log.lasts.iter().map(|last| hex(last.as_bytes())).collect::<Vec<_>>(),
                })
            })
            .collect();
        let shown = json!({
            "bytes": hex(&bytes), "hash": hex(checkpoint.hash(&Blake3).as_bytes()), "number": checkpoint.number,
            "at_ms": checkpoint.at.as_ms(), "before": hex(checkpoint.before.as_bytes()), "cut": cut,
        });
        assert_eq!(&shown, row);
    }
    let given = bytes(&closing["snapshot"]);
    let snapshot = Snapshot::decode(&given, &Blake3).unwrap();
    let mut again = Vec::new();
    snapshot.encode(&mut again);
    assert_eq!(again, given);
    let keys = authors(&file);
    let voters = keys.iter().map(|keys| keys.signer.node_id()).collect();
    let quorum = Quorum::new(keys[0].signer.node_id(), voters, 2).unwrap();
    assert_eq!(snapshot.certificate.verify(&quorum, &keys[0]), Ok(()));
    let state = State::decode(&bytes(&closing["state"])).unwrap();
    assert_eq!(snapshot.state, state);
    assert_eq!(state.register(b"mode").unwrap().value(), Some(&b"safe"[..]));
    assert!(state.set(b"rovers").unwrap().contains(b"one"));
    assert_eq!((state.counter(b""), state.account(b"energy").unwrap().granted()), (-3, 9));
    let command = state.commands().next().unwrap().1;
    assert_eq!(command.phase(MissionTime(8_999)).to_string(), "acknowledged");
    assert_eq!(state.forecasts(b"dust").unwrap().at(MissionTime(69)).unwrap().value, b"no");
    let carrier = Entry::decode(&bytes(&closing["carrier"]["stored"]), &Blake3).unwrap();
    let late = late_of(&carrier).unwrap();
    let shown = json!({
        "author": hex(late.log.author.as_bytes()), "epoch": late.log.epoch, "topic": late.log.topic.0,
        "sequence": late.sequence,
    });
    assert_eq!(shown, closing["carrier"]["carries"]);
    let config = ReplicaConfig::new(mission(&file));
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), authors(&file).remove(0), config).unwrap();
    assert_eq!(replica.take(MissionTime(0), &carrier), Ok(cosmosmesh_delta_sync::Verdict::New), "both are signed");
}

#[test]
fn vectors_of_frames() {
    let file = load();
    let entries = entries(&file, "entries");
    let mut compression = Compression::new();
    let mut count = 0;
    for row in list(&file["frames"]) {
        let (what, bytes, fields) = (&row["what"], bytes(&row["frame"]), &row["fields"]);
        let frame = Frame::decode(&bytes, &mut compression, &Blake3).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(frame.mission_tag(), mission(&file).0[..8], "{what}");
        let mut again = Vec::new();
        frame.encode(&mut again);
        assert_eq!(hex(&again), hex(&bytes), "{what}");
        let of = |k: &Value| &entries[k.as_u64().unwrap() as usize];
        match &frame {
            Frame::Beacon(_) | Frame::Summary(_) | Frame::Votes(_) | Frame::Piece(_) | Frame::Wanted(_) => {
                assert_eq!(&shown(&frame), fields, "{what}")
            }
            Frame::Batch(batch) => {
                let head = &batch.head;
                assert_eq!(
                    json!({
                        "type": "batch", "scope": hex(&head.scope), "root": hex(&head.root), "last": head.last,
                        "flight": head.flight, "index": head.index, "packed": fields["packed"], "rows": fields["rows"],
                    }),
                    *fields,
                    "{what}"
                );
                let mut rows = batch.rows();
                for said in list(&fields["rows"]) {
                    let row = rows.next_row().unwrap().unwrap();
                    let given = |part: &str| said[part].as_bool().unwrap();
                    same_row(&row, of(&said["entry"]), given("previous"), given("body"), what);
                }
                assert_eq!(rows.next_row(), Ok(None), "{what}");
            }
            Frame::Evidence(evidence) => {
                let stored = evidence.fork.entries().map(|entry| {
                    let mut out = Vec::new();
                    entry.encode(&mut out);
                    hex(&out)
                });
                assert_eq!(json!(stored), fields["entries"], "{what}");
                assert_eq!(evidence.fork.at().sequence, fields["at"].as_u64().unwrap(), "{what}");
                assert!(evidence.fork.is_signed(&authors(&file)[0]), "{what}");
            }
            Frame::Sketch(_) => {
                let mut sketch = Sketch::new(
                    frame.mission_tag(),
                    array(&fields["scope"]),
                    array(&fields["root"]),
                    array(&fields["salt"]),
                    fields["reply"].as_bool().unwrap(),
                    fields["cells"].as_u64().unwrap() as usize,
                );
                for k in list(&fields["entries"]) {
                    let name = sketch.name(&of(k).hash(), &Blake3);
                    sketch.add(name);
                }
                let mut made = Vec::new();
                sketch.encode(&mut made);
                assert_eq!(hex(&made), hex(&bytes), "{what}");
            }
        }
        count += 1;
    }
    assert!(count >= 16, "{count} frames");
}

fn same_row(row: &BatchRow<'_>, entry: &Entry, with_previous: bool, with_body: bool, what: &Value) {
    let header = entry.header();
    assert_eq!(row.id, header.id, "{what}");
    assert_eq!(row.previous, with_previous.then_some(header.previous), "{what}");
    assert_eq!((row.time, row.kind, row.priority), (header.time, header.kind, header.priority), "{what}");
    assert_eq!((row.expiry, &row.dependencies), (header.expiry, &header.dependencies), "{what}");
    let body = entry.body().unwrap();
    assert_eq!(row.body_bytes as usize, body.len(), "{what}");
    assert_eq!(row.body, if with_body { Ok(body) } else { Err(header.body_hash) }, "{what}");
    assert_eq!(&row.signature, entry.signature(), "{what}");
}

#[test]
fn vectors_of_scopes_and_receipts() {
    let file = load();
    for row in list(&file["scopes"]) {
        // A beacon says the scope; an empty replica with that interest sends one when it is told to.
        let mut config = ReplicaConfig::new(mission(&file));
        config.interest = interest(&row["interest"]);
        let replica = Replica::open(MissionTime(0), MemoryStore::new(), authors(&file).remove(0), config).unwrap();
        let mut session = Session::new(replica, SessionConfig::default()).unwrap();
        let peer = NodeId::from_bytes([9; 32]);
        session.contact_open(MissionTime(0), peer, Contact::new("vectors"));
        let said = session.poll_transmit(MissionTime(0)).unwrap().bytes;
        match Frame::decode(&said, &mut Compression::new(), &Blake3).unwrap() {
            Frame::Summary(summary) => assert_eq!(hex(&summary.scope), row["scope"]),
            other => panic!("{other:?}"),
        }
    }
    for row in list(&file["receipts"]) {
        let (record, fields) = (bytes(&row["record"]), &row["fields"]);
        let receipt = Receipt::decode(&record).unwrap();
        let mut shown = json!({
            "at_ms": receipt.at.as_ms(), "from": hex(receipt.from.as_bytes()), "link": receipt.link,
            "bytes": receipt.bytes, "new": receipt.new, "duplicate": receipt.duplicate,
            "quarantined": receipt.quarantined, "forks": receipt.forks, "refused": receipt.refused,
            "latency_sum_ms": receipt.latency_sum_ms, "latency_ms_max": receipt.latency_ms_max,
        });
        if receipt.late > 0 {
            shown["late"] = json!(receipt.late);
        }
        assert_eq!(&shown, fields);
        let mut again = Vec::new();
        receipt.encode(&mut again);
        assert_eq!(again, record);
    }
}

#[test]
fn vectors_that_are_refused() {
    for row in list(&load()["refused"]) {
        let frame = bytes(&row["frame"]);
        let error = Frame::decode(&frame, &mut Compression::new(), &Blake3);
        let error = error.err().unwrap_or_else(|| panic!("{} was accepted", row["what"])).to_string();
        assert!(error.starts_with(row["error"].as_str().unwrap()), "{}: {error}", row["what"]);
        assert!(error.contains("; "), "{}: no remedy in: {error}", row["what"]);
    }
}

/// The second implementation, if there is a Python that has what it needs.
#[allow(clippy::print_stdout, reason = "whoever looks shall know what was skipped")]
fn second(verb: &str) -> Option<Command> {
    let python = std::env::var("COSMOSMESH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = ["-c", "import blake3, cryptography, zstandard"];
    let there = Command::new(&python).args(import).stderr(Stdio::null()).status();
    if !there.is_ok_and(|status| status.success()) {
        println!(
            "skipped: {python} has not the packages blake3, cryptography and zstandard; `pip install blake3 cryptography zstandard`, or name a Python in COSMOSMESH_PYTHON"
        );
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/session.py")).arg(verb);
    Some(command)
}

#[test]
fn vectors_are_what_the_second_implementation_writes() {
    let Some(mut second) = second("vectors") else { return };
    let output = second.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), load());
}

#[test]
fn a_replica_of_the_second_implementation_reconciles_with_one_of_this() {
    for compress in [false, true] {
        let Some(mut second) = second("peer") else { return };
        let mut child = second.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        let config = ReplicaConfig::new(MissionId(*b"second opinion ."));
        let replica = Replica::open(MissionTime(0), MemoryStore::new(), keys_of([1; 32]), config).unwrap();
        let session_config = SessionConfig { compress, batch_bytes_max: 5_000, ..SessionConfig::default() };
        let mut session = Session::new(replica, session_config).unwrap();
        let mut now = MissionTime(10_000_000);
        let mut first = None;
        for k in 0..200_u16 {
            let draft = Draft {
                topic: Topic(k % 3),
                kind: k % 5,
                priority: if k % 7 == 0 { Priority::Expedited } else { Priority::Normal },
                expiry: (k % 4 == 0).then_some(MissionTime(5)),
                dependencies: first.into_iter().collect(),
                body: format!("from this one, number {k}").into_bytes(),
            };
            let entry = session.append(now, draft).unwrap();
            first.get_or_insert(entry.id());
        }
        let peer = keys_of([7; 32]).signer.node_id();
        session.contact_open(now, peer, Contact::new("pipe"));
        for turn in 0.. {
            assert!(turn < 20, "the two never stop talking");
            let frames = read_frames(&mut input);
            let heard = frames.len();
            for frame in frames {
                now = now.plus_ms(1);
                session.handle_input(now, peer, &frame);
            }
            let said: Vec<Vec<u8>> = std::iter::from_fn(|| session.poll_transmit(now)).map(|t| t.bytes).collect();
            if heard == 0 && said.is_empty() {
                break;
            }
            output.write_all(&(said.len() as u32).to_be_bytes()).unwrap();
            for frame in &said {
                output.write_all(&(frame.len() as u32).to_be_bytes()).unwrap();
                output.write_all(frame).unwrap();
            }
            output.flush().unwrap();
        }
        output.write_all(&u32::MAX.to_be_bytes()).unwrap();
        drop(output);
        let mut root = Vec::new();
        input.read_to_end(&mut root).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(session.replica().entry_count(), 200 + 95, "compressed {compress}");
        assert_eq!(root, session.replica().root(&Interest::All), "compressed {compress}");
        assert!(session.is_settled(&peer));
    }
}

fn read_frames(input: &mut impl Read) -> Vec<Vec<u8>> {
    let mut number = [0; 4];
    input.read_exact(&mut number).expect("the second implementation answers; its complaint is above");
    (0..u32::from_be_bytes(number))
        .map(|_| {
            input.read_exact(&mut number).unwrap();
            let mut frame = vec![0; u32::from_be_bytes(number) as usize];
            input.read_exact(&mut frame).unwrap();
            frame
        })
        .collect()
}
