//! The edges on which Ed25519 verifiers differ, against `verify_strict` of another implementation.

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::key::{KeyError, NodeId, Signature};
use cosmosmesh_contracts::traits::Verifier;
use cosmosmesh_crypto::{Ed25519Verifier, is_acceptable_key};
use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as B, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::VerifyingKey;
use ring::digest::{SHA512, digest};

fn challenge(r: &[u8; 32], a: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = digest(&SHA512, &[&r[..], a, message].concat());
    Scalar::from_bytes_mod_order_wide(hash.as_ref().try_into().expect("SHA-512 has 64 bytes"))
}

/// Every encoding of a point that a decoder could take: the canonical one, and `y + p` where that fits.
fn encodings(point: EdwardsPoint) -> Vec<[u8; 32]> {
    let canonical = point.compress().to_bytes();
    let mut all = vec![canonical];
    let sign = canonical[31] & 0x80;
    let y_is_small = canonical[0] < 19 && canonical[1..31].iter().all(|b| *b == 0) && canonical[31] & 0x7f == 0;
    if y_is_small {
        let mut shifted = [0xff; 32];
        shifted[0] = 0xed + canonical[0];
        shifted[31] = 0x7f | sign;
        all.push(shifted);
    }
    // x = 0 has two signs.
    let mut other = canonical;
    other[31] ^= 0x80;
    if CompressedEdwardsY(other).decompress() == Some(point) {
        all.push(other);
    }
    all
}

/// Points with a torsion part, in every encoding, as key and as commitment, with scalars in and out of range.
fn cases() -> Vec<(NodeId, Vec<u8>, Signature)> {
    let (a, r) = (Scalar::from(0x1234_5678_9abc_def1_u64), Scalar::from(987_654_321_u64));
    // The order of the base point, little-endian: adding it to `s` changes nothing of the equation.
    let order = (-Scalar::ONE).to_bytes();
    let mut cases = Vec::new();
    for a_part in [Scalar::ZERO, a] {
        for r_part in [Scalar::ZERO, r] {
            for a_torsion in EIGHT_TORSION {
                for r_torsion in EIGHT_TORSION {
                    for key in encodings(B * a_part + a_torsion) {
                        for commitment in encodings(B * r_part + r_torsion) {
                            for message in [&b"first"[..], b"second", b"third"] {
                                let k = challenge(&commitment, &key, message);
                                let s = (r_part + k * a_part).to_bytes();
                                let mut above = s;
                                let mut carry = 1_u16; // order is one less than L
                                for (byte, add) in above.iter_mut().zip(order) {
                                    carry += u16::from(*byte) + u16::from(add);
                                    *byte = carry as u8;
                                    carry >>= 8;
                                }
                                for s in [s, above] {
                                    let signature: [u8; 64] =
                                        [commitment, s].concat().try_into().expect("twice 32 bytes");
                                    let signature = Signature::from_bytes(signature);
                                    cases.push((NodeId::from_bytes(key), message.to_vec(), signature));
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn one_rule_accepts_what_another_implementations_strict_check_accepts() {
    let verifier = Ed25519Verifier::new();
    let (mut accepted, mut torsion_accepted) = (0, 0);
    let cases = cases();
    for (key, message, signature) in &cases {
        let strict = VerifyingKey::from_bytes(key.as_bytes())
            .and_then(|key| key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature.as_bytes())));
        let ours = verifier.verify(key, message, signature);
        assert_eq!(ours.is_ok(), strict.is_ok(), "key {key}, signature {signature}: {ours:?}, {strict:?}");
        accepted += usize::from(ours.is_ok());
        let point = CompressedEdwardsY(*key.as_bytes()).decompress().unwrap();
        torsion_accepted += usize::from(ours.is_ok() && !point.is_torsion_free());
    }
    println!("{} cases, {accepted} accepted, {torsion_accepted} with a key of mixed order", cases.len());
    assert!(accepted > 0 && torsion_accepted > 0, "the cases reach both verdicts, and mixed orders");

    let batch: Vec<_> = cases.iter().map(|(key, message, signature)| (*key, message.as_slice(), *signature)).collect();
    let single: Vec<_> = batch.iter().map(|(k, m, s)| verifier.verify(k, m, s)).collect();
    assert_eq!(verifier.verify_all(&batch), single);
    assert_eq!(Ed25519Verifier::with_threads(2.try_into().unwrap()).verify_all(&batch), single);
}

#[test]
fn keys_of_small_order_and_second_encodings_are_no_keys() {
    let signature = Signature::from_bytes([0; 64]);
    let mut refused = 0;
    for torsion in EIGHT_TORSION {
        for key in encodings(torsion) {
            let key = NodeId::from_bytes(key);
            assert!(!is_acceptable_key(&key));
            assert_eq!(Ed25519Verifier::new().verify(&key, b"", &signature), Err(KeyError::PublicKey));
            refused += 1;
        }
    }
    assert!(refused >= 12, "{refused} encodings of the eight points");

    // Points whose y is small have a second encoding, y + p. It is refused although it is not of small order.
    let mut found = 0;
    for y in 0..19_u8 {
        let mut second = [0xff; 32];
        second[0] = 0xed + y;
        second[31] = 0x7f;
        let mut canonical = [0; 32];
        canonical[0] = y;
        let Some(point) = CompressedEdwardsY(canonical).decompress() else { continue };
        assert!(!is_acceptable_key(&NodeId::from_bytes(second)));
        assert_eq!(is_acceptable_key(&NodeId::from_bytes(canonical)), !point.is_small_order());
        found += usize::from(!point.is_small_order());
    }
    assert!(found > 3, "{found} points with two encodings and large order");
    // The first that are no numbers below p.
    for low in 0xed..=0xff {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        assert!(!is_acceptable_key(&NodeId::from_bytes(bytes)));
    }
}

#[test]
fn a_signer_conforms_and_agrees_with_another_implementation() {
    for byte in [0, 1, 0x7f, 0xff] {
        let signer = cosmosmesh_crypto::Ed25519Signer::new(cosmosmesh_crypto::Secret::take(&mut [byte; 32]));
        conformance::signer(&signer, &Ed25519Verifier::new());
        use cosmosmesh_contracts::traits::Signer;
        use ed25519_dalek::Signer as _;
        let other = ed25519_dalek::SigningKey::from_bytes(&[byte; 32]);
        assert_eq!(signer.node_id().as_bytes(), other.verifying_key().as_bytes());
        assert_eq!(signer.sign(b"text").unwrap().as_bytes(), &other.sign(b"text").to_bytes());
    }
}
