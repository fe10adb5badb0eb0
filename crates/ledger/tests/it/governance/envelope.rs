//! The envelope's format, and statements that are none.

use cosmosmesh_ledger::governance::{
    ENVELOPE_SIGNATURES_MAX, Envelope, EnvelopeError, Governance, Outcome, Statement, StatementError,
};

use super::house::*;
use crate::house::{NOW, signer, verifier};

/// The published example of the DSSE protocol, "Test Vectors".
#[test]
fn the_signed_bytes_of_the_standards_example() {
    let envelope = Envelope::new("http://example.com/HelloWorld", "hello world");
    assert_eq!(envelope.signed_bytes(), b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    let text = r#"{"payload": "aGVsbG8gd29ybGQ=",
        "payloadType": "http://example.com/HelloWorld",
        "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}"#;
    let read = Envelope::parse(text.as_bytes()).unwrap();
    assert_eq!((read.payload.as_slice(), read.signatures[0].bytes.len()), (&b"hello world"[..], 64));
    assert_eq!(read.signed_bytes(), envelope.signed_bytes());
}

#[test]
fn envelopes_come_back_and_unknown_fields_are_passed_over() {
    let mut envelope = Statement::founding("ares", NOW, first_root()).to_envelope();
    envelope.sign(&signer(ALICE)).unwrap();
    envelope.sign(&signer(BOB)).unwrap();
    envelope.sign(&signer(ALICE)).unwrap();
    assert_eq!(envelope.signatures.len(), 2, "signing again replaces");
    let text = envelope.to_string();
    assert_eq!(Envelope::parse(text.as_bytes()), Ok(envelope.clone()));
    let spaced = text.replacen('{', "{ \"new\": [1], ", 1);
    assert_eq!(Envelope::parse(spaced.as_bytes()), Ok(envelope));
}

#[test]
fn what_is_no_envelope_is_refused_by_name() {
    let form = |text: &str, says: &str| {
        let error = Envelope::parse(text.as_bytes()).unwrap_err();
        assert!(matches!(&error, EnvelopeError::Form { detail } if detail.contains(says)), "{error}");
    };
    form("", "EOF");
    form("[]", "invalid length 0");
    form("{}", "missing field `payload`");
    form(r#"{"payload":"","payload":"","payloadType":"a","signatures":[]}"#, "duplicate field");
    form(r#"{"payload":"Zh==","payloadType":"a","signatures":[]}"#, "payload is not padded base64");
    form(r#"{"payload":"","payloadType":"a","signatures":[{"keyid":"k","sig":"-"}]}"#, "signatures[0].sig");
    form(&format!("{{\"x\":{}", "[".repeat(4_000)), "EOF while parsing a list");
    let long = vec![b' '; 65_536];
    assert_eq!(Envelope::parse(&long), Err(EnvelopeError::TooLong { bytes: 65_536 }));
    let line = r#"{"keyid":"","sig":""}"#;
    let many = vec![line; ENVELOPE_SIGNATURES_MAX + 1].join(",");
    let text = format!(r#"{{"payload":"","payloadType":"a","signatures":[{many}]}}"#);
    assert_eq!(Envelope::parse(text.as_bytes()), Err(EnvelopeError::Signatures { count: 129 }));
}

#[test]
fn a_statement_has_one_text() {
    let statement = Statement::founding("ares", NOW, first_root());
    let payload = statement.to_payload();
    assert_eq!(Statement::parse(payload.as_bytes()), Ok(statement));
    let refused = |text: String, says: &str| {
        assert_ne!(text, payload);
        let error = Statement::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    };
    refused(payload.replacen(':', ": ", 1), "not in the one form");
    refused(payload.replacen("\"version\":1", "\"version\":1.0", 1), "invalid type");
    refused(payload.replacen("\"version\":1", "\"version\":-1", 1), "invalid value");
    refused(payload.replacen("\"version\":1", "\"version\":1,\"more\":2", 1), "unknown field");
    refused(payload.replacen("root:1", "root:2", 1), "a kind of statement that this version does not know");
    refused(payload.replacen("urn:cosmosmesh:governance:root:1", "https://slsa.dev/provenance/v1", 1), "slsa");
    refused(payload.replacen("Statement/v1", "Statement/v0.1", 1), "no governance statement");
    refused(payload.replacen("\"ares\"", "\"\\u0061res\"", 1), "not in the one form");
    assert!(matches!(Statement::parse(&vec![b' '; 70_000]), Err(StatementError::Form { .. })));
}

#[test]
fn entries_of_others_are_passed_over_and_ours_gone_wrong_are_not() {
    let mut state = founded();
    let slsa = Envelope::new(
        "application/vnd.in-toto+json",
        r#"{"_type":"https://in-toto.io/Statement/v1","subject":[],"predicateType":"https://slsa.dev/provenance/v1","predicate":{}}"#,
    );
    let other = Envelope::new("text/plain", "hello");
    for entry in ["a round header", "", "{\"json\": 1}", &slsa.to_string(), &other.to_string(), "{"] {
        assert_eq!(state.apply(entry.as_bytes(), &verifier()), Outcome::Other, "{entry}");
    }
    assert!(state.refused.is_empty());
    let admission = statement(&state, admit("rover-1", ROVER));
    let whole = String::from_utf8(signed(&admission, &[ALICE, BOB, ROVER])).unwrap();
    let torn = &whole[..whole.len() - 2];
    assert!(matches!(state.apply(torn.as_bytes(), &verifier()), Outcome::Refused(_)));
    assert_eq!((state.refused.len(), state.refused[0].at, state.entries), (1, 7, 8));
}

#[test]
fn every_byte_of_a_signed_statement_matters() {
    let state = founded();
    let admission = statement(&state, admit("rover-1", ROVER));
    let mut envelope = admission.to_envelope();
    for seed in [ALICE, BOB, ROVER] {
        envelope.sign(&signer(seed)).unwrap();
    }
    let holds = |envelope: &Envelope| state.check(envelope.to_string().as_bytes(), &verifier()).is_ok();
    assert!(holds(&envelope));
    for at in 0..envelope.payload.len() {
        let mut changed = envelope.clone();
        changed.payload[at] ^= 1;
        assert!(!holds(&changed), "byte {at} of the payload");
    }
    for (line, at) in (0..3).flat_map(|line| (0..64).map(move |at| (line, at))) {
        let mut changed = envelope.clone();
        changed.signatures[line].bytes[at] ^= 1;
        assert!(!holds(&changed), "byte {at} of signature {line}");
    }
    assert!(!holds(&Envelope { payload_type: "text/plain".to_owned(), ..envelope }));
    assert!(Governance::new().check(b"{}", &verifier()).is_err());
}

#[test]
fn endless_brackets_in_a_statement_are_refused() {
    let payload = Statement::founding("ares", NOW, first_root()).to_payload();
    let (head, _) = payload.split_once("\"decision\":").unwrap();
    let deep = format!("{head}\"decision\":{}", "[".repeat(4_000));
    let error = Statement::parse(deep.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("recursion limit exceeded"), "{error}");
}
