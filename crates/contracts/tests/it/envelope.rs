//! Envelopes as JSON: what is read, what is refused and with which words.

use cosmosmesh_contracts::message::{
    Envelope, Message, Nonce, Priority, TradeSide, TradeSignal, read_envelope, write_envelope,
};
use cosmosmesh_contracts::{AssetId, MissionTime};
use serde_json::{Value, json};

pub(crate) fn valid() -> Envelope {
    let body = TradeSignal {
        row: "bus[3]".to_owned(),
        side: TradeSide::Offer,
        amount: 2.5,
        unit_price: 0.1 + 0.2,
        expires: MissionTime(500),
    };
    Envelope {
        author: AssetId::new("rover").unwrap(),
        sequence: 7,
        time: MissionTime(-5),
        priority: Priority::Expedited,
        expires: MissionTime(1_000),
        nonce: Nonce::new(0xabc).unwrap(),
        message: body.into(),
    }
}

fn with(pointer: &str, value: Value) -> String {
    let mut document = serde_json::to_value(valid()).unwrap();
    *document.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is in the document")) = value;
    document.to_string()
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let message = read_envelope(text.as_bytes()).expect_err(text).to_string();
    for word in words.iter().chain(&["; "]) {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

#[test]
fn what_is_written_is_read() {
    let text = write_envelope(&valid()).unwrap();
    assert_eq!(read_envelope(text.as_bytes()).unwrap(), valid());
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["message"]["schema"], "cosmosmesh.trade_signal/1");
    assert_eq!((&value["nonce"], &value["priority"]), (&json!("0000000000000abc"), &json!("expedited")));
    assert_eq!(valid().message.schema().to_string(), "cosmosmesh.trade_signal/1");
}

#[test]
fn the_names_in_json_are_those_of_the_schemas() {
    let error = read_envelope(with("/message/schema", json!("?")).as_bytes()).unwrap_err().to_string();
    for id in Message::SCHEMAS {
        assert!(error.contains(&format!("`{id}`")), "{id} is not in: {error}");
    }
}

#[test]
fn other_versions_are_refused_by_name() {
    refused(&with("/message/schema", json!("cosmosmesh.trade_signal/2")), &["message", "cosmosmesh.trade_signal/2"]);
    refused(&with("/message/schema", json!("cosmosmesh.gossip/1")), &["message", "cosmosmesh.gossip/1"]);
}

#[test]
fn metadata_is_checked() {
    refused(&with("/sequence", json!(0)), &["sequence: 0"]);
    refused(&with("/sequence", json!(Envelope::SEQUENCE_MAX + 1)), &["sequence: 9007199254740992"]);
    refused(&with("/sequence", json!(-1)), &["sequence", "-1"]);
    refused(&with("/expires", json!(-5)), &["expires: -5 ms", "not later"]);
    refused(&with("/priority", json!("loud")), &["priority", "`loud`", "emergency"]);
    refused(&with("/author", json!("")), &["author", "empty"]);
    for nonce in ["0000000000000000", "0000000000000ABC", "abc", "+000000000000abc", "0000000000000abc0"] {
        refused(&with("/nonce", json!(nonce)), &["nonce", "sixteen"]);
    }
    refused(&with("/nonce", json!(2748)), &["nonce"]);
}

#[test]
fn bodies_are_checked_with_their_place() {
    refused(&with("/message/body/amount", json!(-1)), &["message.body.amount: -1"]);
    refused(&with("/message/body/amount", json!("HERE")).replace("\"HERE\"", "NaN"), &["message.body.amount", "`NaN`"]);
    refused(&with("/message/body/row", json!("")), &["message.body.row"]);
    let mut body = serde_json::to_value(valid()).unwrap()["message"]["body"].clone();
    body["colour"] = json!(1);
    refused(&with("/message/body", body), &["message", "unknown field `colour`"]);
    let mut document = serde_json::to_value(valid()).unwrap();
    document["hops"] = json!(3);
    refused(&document.to_string(), &["unknown field `hops`"]);
    refused("[1, 2]", &["an object"]);
}

#[test]
fn expiry_is_at_its_instant() {
    assert!(!valid().is_expired(MissionTime(999)));
    assert!(valid().is_expired(MissionTime(1_000)));
}

#[test]
fn what_fails_its_check_is_not_written() {
    let mut envelope = valid();
    let Message::TradeSignal(body) = &mut envelope.message else { panic!("a trade signal") };
    body.amount = f64::NAN;
    let error = write_envelope(&envelope).unwrap_err();
    assert!(error.to_string().starts_with("message.body.amount: NaN"), "{error}");
}
