//! Chains of key events: what we write, what others wrote, and every way to be none.

use std::path::Path;
use std::process::Command;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_identity::chain::{CHAIN_BYTES_MAX, ChainError, EVENTS_MAX, Fault, Genesis, KeyChain, key_hash};
use cosmosmesh_identity::did::DidKey;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

pub(crate) const AT: i64 = 1_924_992_000;

fn key(seed: u8) -> Ed25519Signer {
    Ed25519Signer::new(Secret::take(&mut [seed; 32]))
}

fn node(seed: u8) -> NodeId {
    key(seed).node_id()
}

fn multibase(seed: u8) -> String {
    DidKey::Ed25519(node(seed)).multibase()
}

fn read(text: &str) -> Result<KeyChain, ChainError> {
    KeyChain::read(text.as_bytes(), AT + 1_000_000, &Ed25519Verifier::new())
}

/// Keys 1, 2 and 3, with a commitment to 4.
pub(crate) fn chain() -> KeyChain {
    let verifier = Ed25519Verifier::new();
    let genesis = Genesis { domain: "ares.example", name: "rover-1", next: node(2), at_unix_s: AT };
    let chain = KeyChain::begin(&genesis, &key(1), &verifier).unwrap();
    let chain = chain.rotate(&key(2), node(3), AT + 60, &verifier).unwrap();
    chain.rotate(&key(3), node(4), AT + 120, &verifier).unwrap()
}

fn events(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// A second writer, which writes whatever it is told to: it names and signs an event with good hashes and a good signature.
///
/// Its texts are ASCII and its names sorted, so `serde_json`'s text is the canonical one.
fn forged(mut event: Value, number: usize, before: &str, seed: u8) -> Value {
    let multihash = |text: &str| {
        let digest: [u8; 32] = Sha256::digest(text).into();
        bs58::encode([&[0x12, 0x20], &digest[..]].concat()).into_string()
    };
    event.as_object_mut().unwrap().remove("proof");
    event["versionId"] = json!(before);
    if number == 1 {
        let said = event["parameters"]["scid"].as_str().unwrap().to_owned();
        event["versionId"] = json!("{SCID}");
        let blank = event.to_string().replace(&said, "{SCID}");
        let scid = multihash(&blank);
        event = serde_json::from_str(&blank.replace("{SCID}", &scid)).unwrap();
    }
    let hash = multihash(&event.to_string());
    event["versionId"] = json!(format!("{number}-{hash}"));
    let name = multibase(seed);
    let mut proof = json!({
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "proofPurpose": "assertionMethod",
        "verificationMethod": format!("did:key:{name}#{name}"),
    });
    resign(&event, &mut proof, seed);
    event["proof"] = json!([proof]);
    event
}

fn resign(event: &Value, proof: &mut Value, seed: u8) {
    let mut bare = event.clone();
    bare.as_object_mut().unwrap().remove("proof");
    proof.as_object_mut().unwrap().remove("proofValue");
    let signed = [Sha256::digest(proof.to_string()), Sha256::digest(bare.to_string())].concat();
    let signature = key(seed).sign(&signed).unwrap();
    proof["proofValue"] = json!(format!("z{}", bs58::encode(signature.as_bytes()).into_string()));
}

#[test]
fn an_identity_keeps_its_name_while_its_keys_change_and_ends_for_ever() {
    let (chain, verifier) = (chain(), Ed25519Verifier::new());
    let read = read(&chain.to_text()).unwrap();
    assert_eq!(read, chain);
    assert!(chain.did().starts_with("did:webvh:Qm") && chain.did().ends_with(":ares.example:rover-1"));
    assert_eq!((chain.key(), chain.scid().len()), (Some(node(3)), 46));
    let keys: Vec<_> = chain.versions().iter().map(|version| (version.at_unix_s, version.keys.clone())).collect();
    assert_eq!(keys, [(AT, vec![node(1)]), (AT + 60, vec![node(2)]), (AT + 120, vec![node(3)])]);
    assert_eq!(chain.last().next, [key_hash(&node(4))]);
    let method = &chain.last().document["verificationMethod"][0];
    assert_eq!(method["publicKeyMultibase"], multibase(3));
    assert_eq!(method["id"], format!("{}#{}", chain.did(), multibase(3)));

    // Only the committed key ends it, and nothing follows.
    let thief = chain.deactivate(&key(3), AT + 180, &verifier).unwrap_err();
    assert_eq!(thief, ChainError { event: 4, fault: Fault::NotCommitted { key: multibase(3) } });
    let ended = chain.deactivate(&key(4), AT + 180, &verifier).unwrap();
    assert_eq!((ended.versions().len(), ended.key(), ended.did()), (5, None, chain.did()));
    assert!(ended.last().deactivated && ended.last().keys.is_empty());
    let after = ended.rotate(&key(5), node(6), AT + 240, &verifier).unwrap_err();
    assert_eq!(after, ChainError { event: 6, fault: Fault::Deactivated });
    assert_eq!(self::read(&ended.to_text()).unwrap(), ended);
}

#[test]
fn what_cannot_come_next_is_not_written() {
    let (chain, verifier) = (chain(), Ed25519Verifier::new());
    let fault = |seed, next, at| chain.rotate(&key(seed), node(next), at, &verifier).unwrap_err().fault;
    assert_eq!(fault(5, 6, AT + 180), Fault::NotCommitted { key: multibase(5) });
    assert_eq!(fault(4, 4, AT + 180), Fault::Reused { key: multibase(4) });
    assert_eq!(fault(4, 1, AT + 180), Fault::Reused { key: multibase(1) });
    assert_eq!(fault(2, 6, AT + 180), Fault::Reused { key: multibase(2) });
    assert_eq!(fault(4, 5, AT + 120), Fault::Time);
    assert_eq!(fault(4, 5, i64::MAX), Fault::Time);
    let begin = |domain, name, next| {
        let genesis = Genesis { domain, name, next: node(next), at_unix_s: AT };
        KeyChain::begin(&genesis, &key(1), &verifier)
    };
    assert_eq!(begin("ares.example", "rover-1", 1).unwrap_err().fault, Fault::Reused { key: multibase(1) });
    for domain in ["", "ares", "10.0.0.1", "a..b", "-a.example", "ares.example:8080", "ares example.org"] {
        assert_eq!(begin(domain, "rover-1", 2).unwrap_err().fault, Fault::Place, "{domain}");
    }
    for name in ["", ".", "..", "a\n", "a/b", "a\\b"] {
        assert_eq!(begin("ares.example", name, 2).unwrap_err().fault, Fault::Place, "{name:?}");
    }
    let odd = begin("Ares.Example", "Zelt Ü {SCID}", 2).unwrap();
    assert!(odd.did().ends_with(":ares.example:Zelt%20%C3%9C%20%7BSCID%7D"), "{}", odd.did());
}

/// Chains of four other implementations: their names, hashes, commitments and signatures are ours.
#[test]
fn chains_of_other_implementations_are_read() {
    for (name, text, versions, keys, deactivated) in [
        ("pre-rotation", include_str!("../data/webvh/pre-rotation.jsonl"), 3, 1, false),
        ("key-rotation", include_str!("../data/webvh/key-rotation.jsonl"), 2, 1, false),
        ("multiple-update-keys", include_str!("../data/webvh/multiple-update-keys.jsonl"), 2, 2, false),
        ("portable-move", include_str!("../data/webvh/portable-move.jsonl"), 2, 1, false),
        ("deactivate", include_str!("../data/webvh/deactivate.jsonl"), 2, 0, true),
    ] {
        let chain = read(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((chain.versions().len(), chain.last().keys.len()), (versions, keys), "{name}");
        assert_eq!(chain.last().deactivated, deactivated, "{name}");
        assert_eq!(chain.to_text(), text, "{name}");
    }
    assert!(read(include_str!("../data/webvh/portable-move.jsonl")).unwrap().did().ends_with(":example.org"));
}

/// Chains with witnesses and the proofs beside them, by another implementation.
const WITNESSED: [(&str, &str, &str); 2] = [
    (
        "witness-threshold",
        include_str!("../data/webvh/witness-threshold.jsonl"),
        include_str!("../data/webvh/witness-threshold.witness.json"),
    ),
    (
        "witness-update",
        include_str!("../data/webvh/witness-update.jsonl"),
        include_str!("../data/webvh/witness-update.witness.json"),
    ),
];

fn read_witnessed(text: &str, proofs: &str) -> Result<KeyChain, ChainError> {
    KeyChain::read_witnessed(text.as_bytes(), proofs.as_bytes(), i64::MAX, &Ed25519Verifier::new())
}

#[test]
fn witnesses_of_other_implementations_are_counted() {
    for (name, text, proofs) in WITNESSED {
        assert_eq!(read(text), Err(ChainError { event: 1, fault: Fault::Witnesses }), "{name}");
        let chain = read_witnessed(text, proofs).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((chain.witnesses().threshold(), chain.to_text().as_str()), (1, text), "{name}");
        // Every changed character of a proof, and every proof left out, leaves too few.
        let too_few = |proofs: &str| match read_witnessed(text, proofs) {
            Err(ChainError { fault: Fault::Unwitnessed { .. } | Fault::Json { .. } | Fault::Field { .. }, .. }) => true,
            Err(error) => panic!("{name}: {error}"),
            Ok(_) => false,
        };
        assert!(too_few("[]"), "{name}");
        let value: Value = serde_json::from_str(proofs).unwrap();
        for (k, record) in value.as_array().unwrap().iter().enumerate() {
            for j in 0..record["proof"].as_array().unwrap().len() {
                let mut less = value.clone();
                less[k]["proof"].as_array_mut().unwrap().remove(j);
                assert!(too_few(&less.to_string()), "{name} {k} {j}");
                for (field, wrong) in [
                    ("proofValue", json!("z11")),
                    ("proofPurpose", json!("authentication")),
                    ("created", json!("2026-05-28T18:58:19Z")),
                    ("cryptosuite", json!("eddsa-rdfc-2022")),
                    ("verificationMethod", json!(format!("did:key:{0}#{0}", multibase(9)))),
                ] {
                    let mut other = value.clone();
                    other[k]["proof"][j][field] = wrong;
                    assert!(too_few(&other.to_string()), "{name} {k} {j} {field}");
                }
            }
            // Of an event that is not published nothing is learned.
            let mut other = value.clone();
            other[k]["versionId"] = json!("9-QmQuf4Ficd9An6KLaZeddjRARvUe7p3iXaYwrxUiy5xqCg");
            assert!(too_few(&other.to_string()), "{name} {k}");
        }
        // One witness twice is one.
        if name == "witness-update" {
            let mut twice = value.clone();
            twice[0]["proof"][1] = twice[0]["proof"][0].clone();
            let found = read_witnessed(text, &twice.to_string());
            let fault = Fault::Unwitnessed { found: 1, threshold: 2 };
            assert_eq!(found, Err(ChainError { event: 1, fault }));
        }
        for bad in
            ["", "{}", "[{}]", "[7]", "[{\"versionId\": 7}]", "[[", "[{\"versionId\": \"1\", \"versionId\": \"2\"}]"]
        {
            assert!(too_few(bad), "{bad}");
        }
        // Nobody continues such a chain without its witnesses.
        let next = chain.rotate(&key(7), key(8).node_id(), i64::from(u32::MAX), &Ed25519Verifier::new());
        assert!(matches!(next, Err(ChainError { fault: Fault::Witnesses, .. })), "{next:?}");
    }
    // Another implementation lets a new list of witnesses count for its own event; the specification says that the one before does.
    let text = include_str!("../data/webvh/witness-update-java.jsonl");
    let found = read_witnessed(text, include_str!("../data/webvh/witness-update-java.witness.json"));
    assert_eq!(found, Err(ChainError { event: 2, fault: Fault::Unwitnessed { found: 1, threshold: 2 } }));
}

#[test]
fn every_changed_byte_and_every_event_out_of_place_is_refused() {
    let chain = chain();
    let text = chain.to_text();
    for at in 0..text.len() {
        for bit in [0, 5] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1 << bit;
            let read = KeyChain::read(&changed, AT + 1_000, &Ed25519Verifier::new());
            // The line feed at the end may be missing, but not be something else.
            assert!(read.is_err(), "bit {bit} of byte {at}");
        }
    }
    let lines: Vec<&str> = text.lines().collect();
    let fault = |order: &[usize]| {
        let text: String = order.iter().map(|k| format!("{}\n", lines[*k])).collect();
        read(&text).unwrap_err()
    };
    assert_eq!(fault(&[1, 2]), ChainError { event: 1, fault: Fault::Parameter { name: "method".into() } });
    assert_eq!(fault(&[0, 2]).event, 2);
    assert_eq!(fault(&[0, 1, 1]).event, 3);
    assert_eq!(fault(&[0, 2, 1]).event, 2);
    // What was cut off at the end cannot be missed; how long a chain should be is for the log to say.
    assert_eq!(read(&format!("{}\n{}", lines[0], lines[1])).unwrap().key(), Some(node(2)));
}

/// Each fault by its name, in an event whose hashes and signature are otherwise good.
#[test]
fn every_fault_has_its_name() {
    let chain = chain();
    let all = events(&chain.to_text());
    let last = chain.last().id.clone();
    // The fourth event as its writer should write it.
    let good = json!({
        "versionTime": "2031-01-01T00:03:00Z", "state": all[2]["state"],
        "parameters": { "updateKeys": [multibase(4)], "nextKeyHashes": [key_hash(&node(5))] },
    });
    let judged = |event: &Value| read(&text(&[&all[..], core::slice::from_ref(event)].concat()));
    let fourth = |change: &dyn Fn(&mut Value), seed: u8| {
        let mut event = good.clone();
        change(&mut event);
        let error = judged(&forged(event, 4, &last, seed)).unwrap_err();
        assert_eq!(error.event, 4);
        error.fault
    };
    assert_eq!(judged(&forged(good.clone(), 4, &last, 4)).unwrap().key(), Some(node(4)), "the second writer can write");
    let parameter = |name: &str| Fault::Parameter { name: name.into() };
    let set = |path: &'static str, value: Value| {
        move |event: &mut Value| {
            let (name, inner) = path.split_once('/').map_or((path, None), |(name, inner)| (name, Some(inner)));
            match inner {
                Some(inner) => event[name][inner] = value.clone(),
                None => event[name] = value.clone(),
            }
        }
    };
    let drop = |name: &'static str| {
        move |event: &mut Value| {
            event["parameters"].as_object_mut().unwrap().remove(name);
        }
    };

    // A thief of the present key, who signs with it, names its own, or leaves the commitment out.
    let committed = Fault::NotCommitted { key: multibase(9) };
    assert_eq!(fourth(&set("parameters/updateKeys", json!([multibase(9)])), 9), committed);
    assert_eq!(fourth(&set("parameters/updateKeys", json!([multibase(9)])), 3), committed);
    assert_eq!(fourth(&set("parameters/updateKeys", json!([multibase(4), multibase(9)])), 4), committed);
    assert_eq!(fourth(&|_| {}, 3), Fault::Signer { key: multibase(3) });
    assert_eq!(fourth(&drop("updateKeys"), 3), parameter("updateKeys"));
    assert_eq!(fourth(&drop("nextKeyHashes"), 4), parameter("nextKeyHashes"));
    // Times.
    assert_eq!(fourth(&set("versionTime", json!("2031-01-01T00:02:00Z")), 4), Fault::Time);
    assert_eq!(fourth(&set("versionTime", json!("2031-01-01T00:02:00.0Z")), 4), Fault::Time);
    assert_eq!(fourth(&set("versionTime", json!("2031-02-30T00:00:00Z")), 4), Fault::Time);
    assert_eq!(fourth(&set("versionTime", json!("2031-01-01 00:03:00")), 4), Fault::Time);
    assert_eq!(fourth(&set("versionTime", json!("2032-01-01T00:00:00Z")), 4), Fault::Future);
    // Parameters.
    assert_eq!(fourth(&set("parameters/scid", json!(chain.scid())), 4), parameter("scid"));
    assert_eq!(fourth(&set("parameters/portable", json!(true)), 4), parameter("portable"));
    assert_eq!(fourth(&set("parameters/colour", json!("red")), 4), parameter("colour"));
    assert_eq!(fourth(&set("parameters/deactivated", json!("true")), 4), parameter("deactivated"));
    assert_eq!(fourth(&set("parameters/ttl", json!(-1)), 4), parameter("ttl"));
    assert_eq!(
        fourth(&set("parameters/updateKeys", json!(["z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"])), 4),
        parameter("updateKeys")
    );
    assert_eq!(fourth(&set("parameters/updateKeys", json!([multibase(4), multibase(4)])), 4), parameter("updateKeys"));
    assert_eq!(fourth(&set("parameters/nextKeyHashes", json!("Qm")), 4), parameter("nextKeyHashes"));
    let newer = Fault::Method { found: "did:webvh:9.9".into() };
    assert_eq!(fourth(&set("parameters/method", json!("did:webvh:9.9")), 4), newer);
    let witness = |value: Value| fourth(&set("parameters/witness", value), 4);
    let id = |seed: u8| json!({ "id": format!("did:key:{}", multibase(seed)) });
    assert_eq!(witness(json!({ "threshold": 1, "witnesses": [id(7)] })), Fault::Witnesses);
    for wrong in [
        json!({ "threshold": 0, "witnesses": [] }),
        json!({ "threshold": 0, "witnesses": [id(7)] }),
        json!({ "threshold": 2, "witnesses": [id(7)] }),
        json!({ "threshold": 1, "witnesses": [id(7), id(7)] }),
        json!({ "threshold": 1, "witnesses": [id(7)], "more": 1 }),
        json!({ "threshold": 1, "witnesses": [{ "id": "did:web:example.com" }] }),
        json!({ "threshold": 1, "witnesses": (0..65).map(|k| id(100 + k)).collect::<Vec<_>>() }),
        json!({ "threshold": 1 }),
        json!([]),
    ] {
        assert_eq!(witness(wrong.clone()), parameter("witness"), "{wrong}");
    }
    // The document.
    let other = chain.did().replace(chain.scid(), &"Q".repeat(46));
    assert_eq!(fourth(&set("state/id", json!(other)), 4), Fault::Document);
    assert_eq!(fourth(&set("state/id", json!(format!("{}:more", chain.did()))), 4), Fault::Document);
    assert_eq!(fourth(&set("state/id", json!(7)), 4), Fault::Document);
    assert_eq!(fourth(&set("state/weight", json!(1.5)), 4), Fault::Number);
    assert_eq!(fourth(&set("state/weight", json!(1_u64 << 54)), 4), Fault::Number);
    assert_eq!(fourth(&set("state", json!([])), 4), Fault::Field { name: "state".into() });
    assert_eq!(fourth(&set("extra", json!(1)), 4), Fault::Field { name: "extra".into() });
    // The number and the hash.
    assert_eq!(judged(&forged(good.clone(), 5, &last, 4)).unwrap_err().fault, Fault::Order);
    assert_eq!(judged(&forged(good.clone(), 4, &chain.versions()[1].id, 4)).unwrap_err().fault, Fault::Hash);
    // The proof.
    let whole = forged(good.clone(), 4, &last, 4);
    let proof = |name: &'static str, value: Value| {
        let mut event = whole.clone();
        let mut proof = event["proof"][0].clone();
        proof[name] = value;
        if name != "proofValue" {
            resign(&event, &mut proof, 4);
        }
        event["proof"] = json!([proof]);
        judged(&event).unwrap_err().fault
    };
    let part = |part| Fault::Proof { part };
    assert_eq!(proof("type", json!("Ed25519Signature2020")), part("type"));
    assert_eq!(proof("cryptosuite", json!("ecdsa-jcs-2019")), part("cryptosuite"));
    assert_eq!(proof("proofPurpose", json!("authentication")), part("proofPurpose"));
    let method = |body: u8, name: u8| json!(format!("did:key:{}#{}", multibase(body), multibase(name)));
    assert_eq!(proof("verificationMethod", method(4, 9)), part("verificationMethod"));
    assert_eq!(proof("verificationMethod", json!("did:web:ares.example#key")), part("verificationMethod"));
    assert_eq!(proof("verificationMethod", method(9, 9)), Fault::Signer { key: multibase(9) });
    assert_eq!(proof("proofValue", json!("z1111")), part("proofValue"));
    assert_eq!(proof("proofValue", json!(format!("z{}", "1".repeat(100_000)))), part("proofValue"));
    assert!(matches!(proof("proofValue", json!(format!("z{}", "1".repeat(64)))), Fault::Signature(_)));
    let mut event = whole.clone();
    event["proof"] = json!([]);
    assert_eq!(judged(&event).unwrap_err().fault, part("signature"));
    // One good proof does not carry a bad one.
    event["proof"] = json!([whole["proof"][0], all[2]["proof"][0]]);
    assert_eq!(judged(&event).unwrap_err().fault, Fault::Signer { key: multibase(3) });
    event.as_object_mut().unwrap().remove("proof");
    assert_eq!(judged(&event).unwrap_err().fault, Fault::Field { name: "proof".into() });

    // The first event.
    let first = |change: &dyn Fn(&mut Value)| {
        let mut event = all[0].clone();
        change(&mut event);
        read(&text(&[forged(event, 1, "", 1)]))
    };
    assert_eq!(first(&|_| {}).unwrap().did(), chain.did(), "both writers find one name");
    assert_eq!(first(&drop("updateKeys")).unwrap_err().fault, parameter("updateKeys"));
    assert_eq!(first(&drop("method")).unwrap_err().fault, parameter("method"));
    assert_eq!(first(&set("parameters/updateKeys", json!([]))).unwrap_err().fault, parameter("updateKeys"));
    assert_eq!(first(&set("state/id", json!(other))).unwrap_err().fault, Fault::Scid);
    assert_eq!(first(&set("state/id", json!("did:web:ares.example"))).unwrap_err().fault, Fault::Document);
    let mut renamed = all[0].to_string().replace(chain.scid(), &"Q".repeat(46));
    assert_eq!(read(&renamed).unwrap_err().fault, Fault::Scid);
    renamed = all[0].to_string().replacen("{", "{\"state\":{},", 1);
    assert!(matches!(read(&renamed).unwrap_err().fault, Fault::Json { detail } if detail.contains("stands twice")));
    for place in [
        "..",
        "ares.example:..",
        "ares.example:a:..:b",
        "ares.example:%2E%2E",
        "ares.example:%2e%2e%2fetc",
        "127.0.0.1",
        "127%2E0%2E0%2E1",
        "127.0.0.1%3a8080",
        "ares.example%3A0",
        "ares.example%3A99999",
        "ares.example%3A",
        "ares",
        "ares.example#rover",
        "ares.example?x",
        "ares.example/rover",
        "[::1]",
        "",
        "ares.example:",
        "ares.example:%zz",
        "0x7f.0x1",
        "ares.example:a%00",
        "ares.example:a%5Cb",
    ] {
        let id = json!(format!("did:webvh:{}:{place}", chain.scid()));
        assert_eq!(first(&set("state/id", id)).unwrap_err().fault, Fault::Place, "{place}");
    }
    let port = json!(format!("did:webvh:{}:ares.example%3A8080:rovers:rover-1", chain.scid()));
    assert!(first(&set("state/id", port)).is_ok());
    // What is no chain at all.
    for (bytes, fault) in [
        (Vec::new(), None),
        (b"\n".to_vec(), None),
        (b"[]".to_vec(), None),
        (b"{}".to_vec(), Some(Fault::Field { name: "proof".into() })),
        (vec![b'['; 100_000], None),
        (vec![b' '; CHAIN_BYTES_MAX + 1], Some(Fault::Length)),
        (vec![0xff; 9], None),
    ] {
        let found = KeyChain::read(&bytes, AT, &Ed25519Verifier::new()).unwrap_err().fault;
        assert!(fault.as_ref().map_or(matches!(found, Fault::Json { .. }), |fault| found == *fault), "{found}");
    }
}

#[test]
fn a_chain_has_an_end_that_is_tested() {
    // Without pre-rotation one key can write many events; the second writer does, as short as they can be.
    let verifier = Ed25519Verifier::new();
    let mut first = events(&chain().to_text())[0].clone();
    let id = first["state"]["id"].clone();
    first["parameters"]["nextKeyHashes"] = json!([]);
    first["state"] = json!({ "id": id });
    let first = forged(first, 1, "", 1);
    let mut all = vec![first.to_string()];
    let mut before = first["versionId"].as_str().unwrap().to_owned();
    for number in 2..=EVENTS_MAX + 1 {
        let time = cosmosmesh_identity::civil::date(AT + number as i64);
        let event = json!({ "versionTime": time, "parameters": {}, "state": first["state"] });
        let event = forged(event, number, &before, 1);
        before = event["versionId"].as_str().unwrap().to_owned();
        all.push(event.to_string());
    }
    let joined = all.join("\n");
    assert!(joined.len() <= CHAIN_BYTES_MAX, "{} bytes", joined.len());
    let error = KeyChain::read(joined.as_bytes(), i64::MAX, &verifier).unwrap_err();
    assert_eq!(error, ChainError { event: EVENTS_MAX + 1, fault: Fault::Length });
    let most = KeyChain::read(all[..EVENTS_MAX].join("\n").as_bytes(), i64::MAX, &verifier).unwrap();
    assert_eq!(most.versions().len(), EVENTS_MAX);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_chain_comes_back_with_all_its_keys(count in 0_u8..6, gap in 1_i64..100_000_000, start in 0_i64..4_000_000_000) {
        let verifier = Ed25519Verifier::new();
        let genesis = Genesis { domain: "ares.example", name: "rover-1", next: node(2), at_unix_s: start };
        let mut chain = KeyChain::begin(&genesis, &key(1), &verifier).unwrap();
        for k in 0..count {
            chain = chain.rotate(&key(k + 2), node(k + 3), start + gap * i64::from(k + 1), &verifier).unwrap();
        }
        let read = KeyChain::read(chain.to_text().as_bytes(), start + gap * 6, &verifier).unwrap();
        let keys: Vec<NodeId> = read.versions().iter().flat_map(|version| version.keys.clone()).collect();
        prop_assert_eq!(keys, (1..count + 2).map(node).collect::<Vec<_>>());
        prop_assert_eq!(read, chain);
    }

    #[test]
    fn arbitrary_texts_are_refused_and_never_panic(text in "\\PC{0,200}") {
        prop_assert!(read(&text).is_err());
    }
}

#[test]
fn dates_are_those_of_the_calendar() {
    use cosmosmesh_identity::civil::{date, second};
    // From `date -u -d @SECONDS`.
    for (unix_s, text) in [
        (0, "1970-01-01T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (1_924_992_000, "2031-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (-62_167_219_200, "0000-01-01T00:00:00Z"),
    ] {
        assert_eq!((date(unix_s).as_deref(), second(text)), (Some(text), Some(unix_s)));
    }
    for k in -9_000..40_000_i64 {
        let unix_s = k * 6_307_213;
        assert_eq!(second(&date(unix_s).unwrap()), Some(unix_s));
    }
    assert_eq!((date(253_402_300_800), date(-62_167_219_201), date(i64::MAX)), (None, None, None));
    for wrong in [
        "",
        "noon",
        "2031-02-29T00:00:00Z",
        "2031-01-01T24:00:00Z",
        "2031-13-01T00:00:00Z",
        "2031-01-01",
        "2031-01-01T00:00:60Z",
    ] {
        assert_eq!(second(wrong), None, "{wrong}");
    }
}

/// The second opinion: the implementation of did:webvh in Python resolves what we write, and refuses what we refuse.
#[test]
#[allow(clippy::print_stdout, reason = "a test that is skipped says why")]
fn python_resolves_our_chains_and_we_its() {
    let python = |script: &str, arguments: &[&Path]| {
        let mut command = Command::new("python3");
        command.arg("-c").arg(script);
        command.args(arguments).output()
    };
    if !python("import did_webvh, aries_askar", &[]).is_ok_and(|output| output.status.success()) {
        println!("skipped: no python3 with did-webvh (and aries-askar) on this machine");
        return;
    }
    let folder = std::env::temp_dir().join(format!("cosmosmesh-webvh-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("did.jsonl");
    let (chain, verifier) = (chain(), Ed25519Verifier::new());
    let ended = chain.deactivate(&key(4), AT + 180, &verifier).unwrap();
    let thief = {
        let mut event = events(&chain.to_text())[2].clone();
        event["parameters"] = json!({ "updateKeys": [multibase(9)], "nextKeyHashes": [key_hash(&node(5))] });
        event["versionTime"] = json!("2031-01-01T00:03:00Z");
        chain.to_text() + &forged(event, 4, &chain.last().id, 9).to_string() + "\n"
    };
    for (text, accepted, deactivated) in
        [(chain.to_text(), true, false), (ended.to_text(), true, true), (thief, false, false)]
    {
        std::fs::write(&path, &text).unwrap();
        let output = python(RESOLVE, &[&path]).unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.success(), accepted, "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(read(&text).is_ok(), accepted);
        if accepted {
            let said: Value = serde_json::from_str(&said).unwrap();
            let ours = read(&text).unwrap();
            assert_eq!((&said["document"], &said["deactivated"]), (&ours.last().document, &json!(deactivated)));
            assert_eq!(said["versionId"], ours.last().id);
        }
    }
    let output = python(WRITE, &[&path]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs = read(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!((theirs.versions().len(), theirs.key()), (3, Some(node(3))));
    std::fs::remove_dir_all(&folder).unwrap();
}

const RESOLVE: &str = r#"
import asyncio, json, sys
from pathlib import Path
from did_webvh.history import load_local_history
state, meta = asyncio.run(load_local_history(Path(sys.argv[1]), verify_proofs=True))
print(json.dumps({"document": state.document, "versionId": state.version_id, "deactivated": state.deactivated}))
"#;

/// Keys of the seeds 1, 2 and 3, with commitments, as ours; the texts have names beyond ASCII, numbers and other white space.
const WRITE: &str = r#"
import json, sys
from aries_askar import Key, KeyAlg
from did_webvh.askar import AskarSigningKey
from did_webvh.core.state import DocumentState
def key(seed):
    return AskarSigningKey(Key.from_secret_bytes(KeyAlg.ED25519, bytes([seed]) * 32))
keys = [key(seed) for seed in (1, 2, 3, 4)]
document = {"@context": ["https://www.w3.org/ns/did/v1"], "id": "did:webvh:{SCID}:ares.example:rover-1",
            "\u20ac": 7, "\U0001f600": "\u00e9\u0007\n\"\\/\u007f", "\ufb33": [None, True, -9007199254740991]}
state = DocumentState.initial({"updateKeys": [keys[0].multikey]}, document, timestamp="2031-01-01T00:00:00Z")
hashed = lambda k: state.generate_next_key_hash(keys[k].multikey)
state = DocumentState.initial({"updateKeys": [keys[0].multikey], "nextKeyHashes": [hashed(1)]}, document, timestamp="2031-01-01T00:00:00Z")
lines = []
for k in range(3):
    if k:
        state = state.create_next(params_update={"updateKeys": [keys[k].multikey], "nextKeyHashes": [hashed(k + 1)]},
                                  timestamp="2031-01-01T00:0%d:00Z" % k)
    state.sign(keys[k], timestamp=state.timestamp)
    lines.append(state.history_json())
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
"#;
