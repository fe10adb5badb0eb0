//! did:key: known identifiers, their negative twins, and ten thousand keys.

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{SecureRandom, Signer};
use cosmosmesh_crypto::{SeededRandom, is_acceptable_key, seeded_signer};
use cosmosmesh_identity::did::{DidError, DidKey, document};

/// The public key of RFC 8032, section 7.1, test 1, and the identifier that others give for it.
const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const DID: &str = "did:key:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw";

/// Identifiers printed in W3C's and the community group's documents.
const PRINTED: [&str; 4] = [
    "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
    "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
    "did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG",
    "did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf",
];

#[test]
fn a_known_key_has_its_known_identifier() {
    let key = NodeId::from_hex(KEY).unwrap();
    assert_eq!(DidKey::Ed25519(key).to_string(), DID);
    assert_eq!(DidKey::accepted(DID, is_acceptable_key), Ok(DidKey::Ed25519(key)));
    for printed in PRINTED {
        let did = DidKey::accepted(printed, is_acceptable_key).unwrap();
        assert!(did.signing_key().is_some());
        assert_eq!(did.to_string(), printed);
    }
}

fn with(prefix: &[u8], key: &[u8]) -> String {
    format!("did:key:z{}", bs58::encode([prefix, key].concat()).into_string())
}

#[test]
fn what_is_nearly_an_identifier_is_refused_by_its_fault() {
    let key = NodeId::from_hex(KEY).unwrap();
    let bytes = key.as_bytes();
    let long = format!("did:key:z{}", "6".repeat(100_000));
    let cases: &[(String, DidError)] = &[
        (String::new(), DidError::Method),
        (DID.replace("did:key", "did:web"), DidError::Method),
        (DID.replace("did:key", "DID:KEY"), DidError::Method),
        (format!(" {DID}"), DidError::Method),
        (format!("{DID}#{}", &DID[8..]), DidError::Address),
        (format!("{DID}/path"), DidError::Address),
        (format!("{DID}?versionId=1"), DidError::Address),
        (DID.replace(":z", ":u"), DidError::Base),
        (DID.replace(":z", ":"), DidError::Base),
        (format!("{DID} "), DidError::Digit { at: DID.len() + 1 }),
        (DID.replace("z6Mk", "z0Mk"), DidError::Digit { at: 10 }),
        (DID.replace("z6Mk", "zOMk"), DidError::Digit { at: 10 }),
        (format!("did:key:z{}ä", &DID[9..]), DidError::Digit { at: DID.len() + 1 }),
        ("did:key:z".to_owned(), DidError::Codec),
        (with(&[0xed], bytes), DidError::Codec),
        (with(&[0xed, 0x81, 0x00], bytes), DidError::Codec),
        (with(&[0xe7, 0x01], bytes), DidError::Codec),
        (with(&[0x00, 0xed, 0x01], bytes), DidError::Codec),
        (with(&[0xed, 0x01], &bytes[..31]), DidError::Length { bytes: 31 }),
        (with(&[0xed, 0x01], &[bytes.as_slice(), &[0]].concat()), DidError::Length { bytes: 33 }),
        (with(&[0xec, 0x01], &[]), DidError::Length { bytes: 0 }),
        (DID[..DID.len() - 1].to_owned(), DidError::Codec),
    ];
    for (text, expected) in cases {
        let got = text.parse::<DidKey>().unwrap_err();
        let cut = text.len() == DID.len() - 1;
        assert!(got == *expected || cut, "{text:.80}: {got:?} and not {expected:?}");
    }
    assert!(matches!(long.parse::<DidKey>(), Err(DidError::Length { .. })));
}

#[test]
fn keys_under_which_anybody_can_sign_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    let mut above = [0xff; 32];
    (above[0], above[31]) = (0xee, 0x7f);
    for weak in [[0; 32], one, above] {
        for did in [DidKey::Ed25519(NodeId::from_bytes(weak)), DidKey::X25519(weak)] {
            assert_eq!(did.to_string().parse(), Ok(did), "its form is right");
            assert_eq!(DidKey::accepted(&did.to_string(), is_acceptable_key), Err(DidError::Key), "{did}");
        }
    }
}

#[test]
fn ten_thousand_keys_come_back() {
    let mut random = SeededRandom::new(7, "did");
    for k in 0..10_000 {
        let mut bytes = [0; 32];
        random.fill(&mut bytes).unwrap();
        for did in [DidKey::Ed25519(NodeId::from_bytes(bytes)), DidKey::X25519(bytes)] {
            let text = did.to_string();
            assert!(text.starts_with(if did.signing_key().is_some() { "did:key:z6Mk" } else { "did:key:z6LS" }));
            assert_eq!(text.parse(), Ok(did), "key {k}");
        }
    }
}

#[test]
fn a_document_says_what_the_key_is_for_and_nothing_else() {
    let signer = seeded_signer(1, "rover");
    let did = DidKey::Ed25519(signer.node_id());
    let id = did.to_string();
    let signing = document(&did);
    let method = format!("{id}#{}", did.multibase());
    assert_eq!(signing["id"], id);
    assert_eq!(signing["verificationMethod"][0]["publicKeyMultibase"], did.multibase());
    for relation in ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"] {
        assert_eq!(signing[relation][0], method, "{relation}");
    }
    assert!(signing.get("keyAgreement").is_none());
    let agreeing = document(&DidKey::X25519([9; 32]));
    assert!(agreeing.get("authentication").is_none() && agreeing["keyAgreement"].is_array());
}
