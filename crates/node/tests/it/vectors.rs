//! Frozen messages and records, which a second implementation wrote.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::trust::{Act, Invalid, Roles, TrustRefusal, Unknown, Verdict};
use cosmosmesh_node::round::{decode_refusal, encode_refusal};
use cosmosmesh_node::standing::Shown;
use serde_json::Value;

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect()
}

fn rows<'a>(file: &'a Value, section: &str, which: &str, count: usize) -> &'a [Value] {
    let rows = file[section][which].as_array().unwrap();
    assert_eq!(rows.len(), count);
    rows
}

fn file() -> Value {
    serde_json::from_str(include_str!("../../../../docs/protocol/vectors/certificate.json")).unwrap()
}

#[test]
fn certificates_are_shown_in_the_frozen_bytes() {
    let file = file();
    for row in rows(&file, "shown", "accepted", 2) {
        let tokens = row["tokens"].as_array().unwrap().iter();
        let tokens = tokens.map(|k| bytes(&file["accepted"][k.as_u64().unwrap() as usize]["token"])).collect();
        let (shown, frozen) = (Shown::new(tokens).unwrap(), bytes(&row["message"]));
        assert_eq!(shown.encode(), frozen, "{}", row["what"]);
        assert_eq!(Shown::decode(&frozen), Ok(shown), "{}", row["what"]);
    }
    for row in rows(&file, "shown", "refused", 7) {
        assert!(Shown::decode(&bytes(&row["message"])).is_err(), "{} was read", row["what"]);
    }
}

#[test]
fn refusals_are_the_frozen_records() {
    let file = file();
    let author = NodeId::from_hex(file["refusals"]["author"].as_str().unwrap()).unwrap();
    for row in rows(&file, "refusals", "accepted", 3) {
        let word = |k: usize| row["act"][k].as_str().unwrap();
        let act = Act::new(word(0).parse().unwrap(), word(1).parse().unwrap(), word(2).parse().unwrap());
        let roles = |name: &str| -> Roles {
            row[name].as_array().unwrap().iter().map(|word| word.as_str().unwrap().parse().unwrap()).collect()
        };
        let verdict = match row["verdict"].as_str().unwrap() {
            "expired" => Verdict::Invalid(Invalid::Expired),
            "role" => Verdict::Invalid(Invalid::Role { has: roles("has"), needed: roles("needed") }),
            "freshness" => Verdict::Indeterminate {
                unknown: Unknown::Freshness,
                evidence_age_ms: row["evidence_age_ms"].as_i64().unwrap(),
            },
            other => panic!("{other}"),
        };
        let (at, refusal) = (MissionTime(row["at_ms"].as_i64().unwrap()), TrustRefusal { author, act, verdict });
        let frozen = bytes(&row["record"]);
        assert_eq!(encode_refusal(at, &refusal), frozen, "{}", row["what"]);
        assert_eq!(decode_refusal(&frozen), Some((at, refusal)), "{}", row["what"]);
    }
    for row in rows(&file, "refusals", "refused", 4) {
        assert_eq!(decode_refusal(&bytes(&row["record"])), None, "{} was read", row["what"]);
    }
}
