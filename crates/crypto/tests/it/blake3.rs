//! BLAKE3's published vectors, and what is built on it.

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::traits::ContentHasher;
use cosmosmesh_crypto::Blake3;

const VECTORS: &str = include_str!("../vectors/blake3.json");
const VECTORS_CONTEXT: &str = "BLAKE3 2019-12-27 16:29:52 test vectors context";

#[test]
fn published_vectors() {
    let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
    let key: [u8; 32] = vectors["key"].as_str().unwrap().as_bytes().try_into().unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 22);
    for case in cases {
        let len = case["input_len"].as_u64().unwrap() as usize;
        let input: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let expected = |mode: &str| bytes(case[mode].as_str().unwrap());

        // The keyed stream is published as it is used.
        let keyed = expected("keyed_hash");
        for from in [0, 1, 64, 100] {
            let mut output = vec![0; keyed.len() - from];
            Blake3.expand(&key, &input, from as u64, &mut output);
            assert_eq!(output, keyed[from..], "keyed hash of {len} bytes from {from} on");
        }
        // Digests frame their parts, so the library beneath them is checked in the other two modes.
        let mut output = vec![0; keyed.len()];
        ::blake3::Hasher::new().update(&input).finalize_xof().fill(&mut output);
        assert_eq!(output, expected("hash"), "hash of {len} bytes");
        ::blake3::Hasher::new_derive_key(VECTORS_CONTEXT).update(&input).finalize_xof().fill(&mut output);
        assert_eq!(output, expected("derive_key"), "derived key of {len} bytes");
    }
}

#[test]
fn digests_are_key_derivations_over_parts_with_their_lengths() {
    let framed = [&2_u64.to_le_bytes()[..], b"ab", &0_u64.to_le_bytes(), &3_u64.to_le_bytes(), b"cde"].concat();
    let expected = ::blake3::derive_key("cosmosmesh/test/1", &framed);
    assert_eq!(Blake3.digest("cosmosmesh/test/1", &[b"ab", b"", b"cde"]).as_bytes(), &expected);
}

#[test]
fn the_hasher_conforms() {
    conformance::content_hasher(&Blake3, |key, context, len| {
        let mut stream = vec![0; len];
        ::blake3::Hasher::new_keyed(key).update(context).finalize_xof().fill(&mut stream);
        stream
    });
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|k| u8::from_str_radix(&hex[2 * k..2 * k + 2], 16).expect("the vectors are hexadecimal"))
        .collect()
}
