//! Frozen tokens, which a second implementation wrote.

use cosmosmesh_contracts::AssetId;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::Signer;
use cosmosmesh_crypto::{Ed25519Signer, Ed25519Verifier, Secret};
use cosmosmesh_identity::certificate::{Certificate, MissionEpoch, Request, Token, Window};
use cosmosmesh_identity::chain::{Genesis, KeyChain};
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

#[test]
fn requests_are_the_frozen_bytes_and_the_refused_ones_are_refused() {
    let file: Value = serde_json::from_str(include_str!("../../../../docs/protocol/vectors/certificate.json")).unwrap();
    let renewal = &file["renewal"];
    let mut secret: [u8; 32] = bytes(renewal["subject_secret"].as_str().unwrap()).try_into().unwrap();
    let holder = Ed25519Signer::new(Secret::take(&mut secret));
    let epoch = MissionEpoch::from_unix_s(file["epoch_unix_s"].as_i64().unwrap()).unwrap();
    let verifier = Ed25519Verifier::new();
    let old = bytes(file["accepted"][0]["token"].as_str().unwrap());
    let old = Token::read(&old, epoch, &verifier).unwrap();
    let frozen = bytes(renewal["request"].as_str().unwrap());
    assert_eq!(Request::sign(old.clone(), &holder).unwrap().to_bytes(), frozen);
    assert_eq!(Request::read(&frozen, epoch, &verifier).unwrap().certificate(), old.certificate());
    let refused = renewal["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 3);
    for row in refused {
        let read = Request::read(&bytes(row["request"].as_str().unwrap()), epoch, &verifier);
        assert!(read.is_err(), "{} was read", row["what"]);
    }
}

/// Chains that the Python implementation of did:webvh wrote: ours come out the same, byte for byte.
#[test]
fn chains_are_the_frozen_texts_and_the_refused_ones_are_refused_by_name() {
    let file: Value = serde_json::from_str(include_str!("../../../../docs/protocol/vectors/key-chain.json")).unwrap();
    let verifier = Ed25519Verifier::new();
    let key = |seed: u64| Ed25519Signer::new(Secret::take(&mut [seed as u8; 32]));
    let latest = file["latest_unix_s"].as_i64().unwrap();
    let accepted = file["accepted"].as_array().unwrap();
    assert_eq!(accepted.len(), 2);
    for row in accepted {
        let at: Vec<i64> = row["at_unix_s"].as_array().unwrap().iter().map(|at| at.as_i64().unwrap()).collect();
        let (domain, name) = (file["domain"].as_str().unwrap(), file["name"].as_str().unwrap());
        let genesis = Genesis { domain, name, next: key(2).node_id(), at_unix_s: at[0] };
        let mut chain = KeyChain::begin(&genesis, &key(1), &verifier).unwrap();
        for seed in [2, 3] {
            chain = chain.rotate(&key(seed), key(seed + 1).node_id(), at[seed as usize - 1], &verifier).unwrap();
        }
        if row["deactivated"] == true {
            chain = chain.deactivate(&key(4), at[3], &verifier).unwrap();
        }
        assert_eq!(chain.to_text(), row["text"].as_str().unwrap(), "{}", row["what"]);
        let read = KeyChain::read(row["text"].as_str().unwrap().as_bytes(), latest, &verifier).unwrap();
        assert_eq!((read.did(), read.versions().len()), (row["did"].as_str().unwrap(), at.len()));
        assert_eq!(read.key(), row["key"].as_u64().map(|seed| key(seed).node_id()), "{}", row["what"]);
    }
    let whole: Vec<&str> = accepted[1]["text"].as_str().unwrap().lines().collect();
    let refused = file["refused"].as_array().unwrap();
    assert_eq!(refused.len(), 16);
    for row in refused {
        let line =
            |line: &Value| line.as_u64().map_or_else(|| line.as_str().unwrap(), |k| whole[k as usize]).to_owned();
        let text: String =
            row["lines"].as_array().unwrap().iter().map(|l| line(l).trim_end().to_owned() + "\n").collect();
        let error = KeyChain::read(text.as_bytes(), latest, &verifier).unwrap_err();
        let fault = format!("{:?}", error.fault);
        assert!(fault.starts_with(row["fault"].as_str().unwrap()), "{}: {fault}", row["what"]);
        assert_eq!(error.event as u64, row["event"].as_u64().unwrap(), "{}", row["what"]);
    }
}
