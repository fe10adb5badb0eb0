//! Our envelopes, checked by the Python library of The Update Framework and in-toto.

use serde_json::json;

use super::house::*;
use crate::house::NOW;
use crate::independent::{python, run};

#[test]
fn securesystemslib_counts_our_signatures_as_we_do() {
    let Some(python) = python("securesystemslib.dsse") else { return };
    let Some(_) = crate::independent::python("cryptography") else { return };
    let founding = cosmosmesh_ledger::governance::Statement::founding("ares", NOW, first_root());
    let keys: Vec<String> = [ALICE, BOB, CAROL].iter().map(|seed| node(*seed).to_string()).collect();
    let document = |entry: Vec<u8>, threshold: u32| json!({ "envelope": String::from_utf8(entry).unwrap(), "keys": keys, "threshold": threshold });
    let two = signed(&founding, &[ALICE, CAROL]);
    let said = run(&python, "dsse.py", &document(two.clone(), 2)).unwrap();
    assert_eq!(said, format!("2 signatures over urn:cosmosmesh:governance:root:1 of {}", founding.fleet));
    let refused = run(&python, "dsse.py", &document(two, 3)).unwrap_err();
    assert!(refused.contains("Accepted signatures do not match threshold"), "{refused}");
    let strangers = signed(&founding, &[ALICE, ROVER, DRONE]);
    assert!(run(&python, "dsse.py", &document(strangers, 2)).is_err());
    let spoilt = String::from_utf8(signed(&founding, &[ALICE, BOB])).unwrap();
    let spoilt = spoilt.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1);
    assert!(run(&python, "dsse.py", &document(spoilt.into_bytes(), 2)).is_err());
}

#[test]
fn we_count_securesystemslibs_signatures() {
    let Some(python) = python("securesystemslib.dsse") else { return };
    let Some(_) = crate::independent::python("cryptography") else { return };
    let founding = cosmosmesh_ledger::governance::Statement::founding("ares", NOW, first_root());
    let seeds = [ALICE, BOB].map(|seed| vec![seed; 32]);
    let document = json!({ "payload": founding.to_payload(), "seeds": seeds });
    let envelope = run(&python, "dsse_sign.py", &document).unwrap();
    let mut state = cosmosmesh_ledger::governance::Governance::new();
    accept(&mut state, envelope.as_bytes());
}
