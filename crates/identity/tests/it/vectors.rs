//! Frozen tokens, which a second implementation wrote.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_identity::certificate::{Certificate, MissionEpoch, Token, Window};
use serde_json::Value;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).unwrap()).collect()
}

#[test]
fn certificates_are_the_frozen_bytes_and_the_refused_ones_are_refused() {
    let file: Value = serde_json::from_str(include_str!("../../../../docs/protocol/vectors/certificate.json")).unwrap();
    let mut secret: [u8; 32] = bytes(file["issuer_secret"].as_str().unwrap()).try_into().unwrap();
    let signer = Ed25519Signer::new(Secret::take(&mut secret));
    let key = |name: &str| NodeId::from_hex(file[name].as_str().unwrap()).unwrap();
    assert_eq!(signer.node_id(), key("issuer"));
    let epoch = MissionEpoch::from_unix_s(file["epoch_unix_s"].as_i64().unwrap()).unwrap();
    let verifier = Ed25519Verifier::new();

    let accepted = file["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 3);
    for row in accepted {
        let position = |k: usize| row["positions"][k].as_str().unwrap().parse().unwrap();
        let second = |name: &str| row[name].as_i64().unwrap();
        let said = Certificate {
            issuer: key("issuer"),
            serial: u64::from_str_radix(row["serial"].as_str().unwrap(), 16).unwrap(),
            subject: key("subject"),
            asset: AssetId::new(row["asset"].as_str().unwrap()).unwrap(),
            roles: row["roles"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap().parse().unwrap())
                .collect(),
            window: Window::from_seconds(second("not_before_s"), second("not_after_s")).unwrap(),
            positions: (position(0), position(1)),
            rung: row["rung"].as_u64().unwrap().try_into().unwrap(),
        };
        let frozen = bytes(row["token"].as_str().unwrap());
        assert_eq!(Token::issue(said.clone(), epoch, &signer).unwrap().to_bytes(), frozen, "{}", row["what"]);
        assert_eq!(Token::read(&frozen, epoch, &verifier).unwrap().certificate(), &said, "{}", row["what"]);
    }
    let refused = file["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 10);
    for row in refused {
        let read = Token::read(&bytes(row["token"].as_str().unwrap()), epoch, &verifier);
        assert!(read.is_err(), "{} was read", row["what"]);
    }
}
