//! The frozen frames of docs/protocol/vectors: this build must produce and accept exactly them, and refuse what is to be refused.

use core::fmt::Debug;
use std::collections::BTreeSet;

use cosmosmesh_contracts::message::{Command, Envelope, Event, Forecast, Telemetry, TradeSignal};
use cosmosmesh_contracts::round::{Contribution, RoundQuery, RoundResult};
use cosmosmesh_contracts::wire::{WireError, WireForm, decode, encode, kind_of};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const BYTES_MAX: usize = 1 << 20;

fn load(file: &str) -> Value {
    let path = format!("{}/../../docs/protocol/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_slice(&text).unwrap()
}

fn frames(document: &Value) -> impl Iterator<Item = (&str, Vec<u8>, &Value)> {
    document["frames"].as_array().unwrap().iter().map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or_else(|| panic!("{key} of {entry}"));
        (text("name"), from_hex(text("frame")), entry)
    })
}

fn from_hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2) && text.is_ascii(), "{text}");
    (0..text.len()).step_by(2).map(|k| u8::from_str_radix(&text[k..k + 2], 16).unwrap()).collect()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every frame of a file decodes to the message beside it, and the message encodes to the frame.
#[track_caller]
fn check<T: WireForm + PartialEq + Debug>(
    file: &str,
    message_of: impl Fn(&Value) -> Option<T>,
    shown: impl Fn(&T) -> Value,
) {
    let document = load(file);
    assert_eq!(document["kind"], json!(T::KIND), "{file}");
    let mut count = 0;
    for (name, frame, entry) in frames(&document) {
        assert_eq!(kind_of(&frame), Ok(T::KIND), "{file}: {name}");
        let decoded: T = decode(&frame, BYTES_MAX).unwrap_or_else(|error| panic!("{file}: {name}: {error}"));
        assert_eq!(shown(&decoded), entry["message"], "{file}: {name}");
        let message = message_of(&entry["message"]).unwrap_or(decoded);
        assert_eq!(to_hex(&encode(&message)), to_hex(&frame), "{file}: {name}");
        count += 1;
    }
    assert!(count >= 2, "{file} has only {count} frames");
}

#[track_caller]
fn check_json<T: WireForm + PartialEq + Debug + Serialize + DeserializeOwned>(file: &str) {
    let read = |value: &Value| Some(serde_json::from_value(value.clone()).unwrap());
    check::<T>(file, read, |message| serde_json::to_value(message).unwrap());
}

#[test]
fn vectors_of_rounds() {
    check_json::<RoundQuery>("round-query");
    check_json::<RoundResult>("round-result");
    // Contributions are private and have no JSON form of their own.
    check::<Contribution>("contribution", |_| None, |contribution| json!({"values": contribution.values()}));
}

#[test]
fn vectors_of_messages() {
    check_json::<Envelope>("envelope");
    check_json::<Telemetry>("telemetry");
    check_json::<Forecast>("forecast");
    check_json::<Command>("command");
    check_json::<Event>("event");
    check_json::<TradeSignal>("trade-signal");
}

#[test]
fn vectors_that_are_refused() {
    let document = load("refused");
    for (name, frame, entry) in frames(&document) {
        let error = match entry["kind"].as_u64().unwrap() as u8 {
            RoundQuery::KIND => refusal::<RoundQuery>(&frame),
            Contribution::KIND => refusal::<Contribution>(&frame),
            RoundResult::KIND => refusal::<RoundResult>(&frame),
            Envelope::KIND => refusal::<Envelope>(&frame),
            TradeSignal::KIND => refusal::<TradeSignal>(&frame),
            other => panic!("{name}: no reader of kind {other} here"),
        };
        let error = error.unwrap_or_else(|| panic!("{name}: was accepted")).to_string();
        let expected = entry["error"].as_str().unwrap();
        assert!(error.starts_with(expected), "{name}: {error}");
        assert!(error.contains("; "), "{name}: no remedy in: {error}");
    }
}

fn refusal<T: WireForm>(frame: &[u8]) -> Option<WireError> {
    decode::<T>(frame, BYTES_MAX).err()
}

#[test]
fn every_file_of_vectors_is_read_here() {
    let folder = format!("{}/../../docs/protocol/vectors", env!("CARGO_MANIFEST_DIR"));
    let found: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    let known = ["command", "contribution", "envelope", "event", "forecast", "refused", "round-query", "round-result"];
    // Those of other crates' formats are read by their own tests: `identity`, `ledger`, `privacy`, `delta-sync`.
    let elsewhere = ["certificate", "governance", "key-chain", "masked-sum", "sync"];
    let known = known.iter().chain(&["telemetry", "trade-signal"]).chain(&elsewhere);
    let known = known.map(|name| format!("{name}.json")).collect();
    assert_eq!(found, known);
}

/// One changed byte gives another message or a refusal, never the same message: each message has one form.
#[test]
fn vectors_with_a_flipped_bit_are_other_messages() {
    let document = load("envelope");
    for (name, frame, _) in frames(&document) {
        let message: Envelope = decode(&frame, BYTES_MAX).unwrap();
        for bit in 0..frame.len() * 8 {
            let mut changed = frame.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if let Ok(other) = decode::<Envelope>(&changed, BYTES_MAX) {
                // Compared as bytes, since -0.0 and 0.0 are equal numbers.
                assert_ne!(encode(&other), encode(&message), "{name}: bit {bit}");
                assert_eq!(encode(&other), changed, "{name}: bit {bit}");
            }
        }
    }
}

#[test]
fn a_frame_longer_than_the_receiver_takes_is_not_looked_at() {
    let frame = vec![0; 1000];
    let error = decode::<RoundQuery>(&frame, 999).unwrap_err();
    assert_eq!(error, WireError::TooLong { bytes: 1000, bytes_max: 999 });
    assert_eq!(decode::<RoundQuery>(&frame, 1000), Err(WireError::NoFrame));
}

/// The frozen frames with a name for a file each, for the corpus.
#[cfg(feature = "conformance")]
pub(crate) fn every_frame() -> Vec<(String, Vec<u8>)> {
    let files = ["command", "contribution", "envelope", "event", "forecast", "round-query", "round-result"];
    let files = files.into_iter().chain(["telemetry", "trade-signal", "refused"]);
    let named = |file: &str, name: &str| {
        let kind = if file == "refused" { "bad".to_owned() } else { format!("valid-{file}") };
        format!("{kind}-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"))
    };
    let frames_of =
        |file: &str| frames(&load(file)).map(|(name, frame, _)| (named(file, name), frame)).collect::<Vec<_>>();
    files.flat_map(frames_of).collect()
}

/// The envelopes of the frozen frames as JSON, with a name for a file each.
#[cfg(feature = "conformance")]
pub(crate) fn every_envelope() -> Vec<(String, String)> {
    let document = load("envelope");
    let named = |(name, _, entry): (&str, Vec<u8>, &Value)| {
        (name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"), entry["message"].to_string())
    };
    frames(&document).map(named).collect()
}
