use std::collections::BTreeSet;

use crate::key::{KeyError, NodeId, Signature};
use crate::traits::{Aead, ContentHasher, Kdf, KeyAgreement, SecureRandom, Signer, Verifier};

/// A signature and whether it counts, from somebody else's vectors.
#[derive(Clone, Debug)]
pub struct SignatureCase {
    /// What to call it when it fails.
    pub name: String,
    /// The public key.
    pub signer: NodeId,
    /// What was signed.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Signature,
    /// Whether it counts.
    pub valid: bool,
}

/// What every [`Verifier`] must do on reference vectors, one by one and all at once; panics with the name of the case where one does not.
pub fn verifier(subject: &dyn Verifier, cases: &[SignatureCase]) {
    assert!(cases.iter().any(|case| case.valid) && cases.iter().any(|case| !case.valid), "both kinds are needed");
    for case in cases {
        let verdict = subject.verify(&case.signer, &case.message, &case.signature);
        assert_eq!(verdict.is_ok(), case.valid, "{}: {verdict:?}", case.name);
        let refused = matches!(verdict, Ok(()) | Err(KeyError::Signature { .. } | KeyError::PublicKey));
        assert!(refused, "{}: refused for another reason: {verdict:?}", case.name);
    }
    let batch: Vec<_> = cases.iter().map(|case| (case.signer, case.message.as_slice(), case.signature)).collect();
    for size in [0, 1, 2, 15, 16, 17, 33, batch.len()] {
        let batch = &batch[..size.min(batch.len())];
        let one_by_one: Vec<_> = batch.iter().map(|(signer, text, sign)| subject.verify(signer, text, sign)).collect();
        assert_eq!(subject.verify_all(batch), one_by_one, "a batch of {size} is judged by the rule of single checks");
    }
}

/// What every [`Signer`] must do, judged by a verifier that conforms.
pub fn signer(subject: &dyn Signer, verifier: &dyn Verifier) {
    let id = subject.node_id();
    for len in [0, 1, 63, 64, 65, 10_000] {
        let message = vec![0x5a; len];
        let signature = subject.sign(&message).expect("a sound signer signs");
        assert_eq!(verifier.verify(&id, &message, &signature), Ok(()), "a message of {len} bytes");
        let mut longer = message.clone();
        longer.push(0);
        let refused = Err(KeyError::Signature { signer: id });
        assert_eq!(verifier.verify(&id, &longer, &signature), refused, "a longer message is another one");
        for bit in [0, 255, 256, 511] {
            let mut bytes = *signature.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let verdict = verifier.verify(&id, &message, &Signature::from_bytes(bytes));
            assert_eq!(verdict, refused, "bit {bit} of a signature counts");
        }
    }
    assert_eq!(subject.node_id(), id, "a signer keeps its name");
}

/// A sealed text from somebody else's vectors; the tag stands at the end.
#[derive(Clone, Debug)]
pub struct SealedCase {
    /// What to call it when it fails.
    pub name: String,
    /// The key.
    pub key: [u8; 32],
    /// The nonce.
    pub nonce: [u8; 12],
    /// What is sealed with it, in the open.
    pub associated: Vec<u8>,
    /// The text.
    pub text: Vec<u8>,
    /// The text sealed, with its tag.
    pub sealed: Vec<u8>,
    /// Whether it opens.
    pub valid: bool,
}

/// What every [`Aead`] must do on reference vectors; panics with the name of the case where one does not.
pub fn aead(subject: &dyn Aead, cases: &[SealedCase]) {
    assert!(cases.iter().any(|case| case.valid) && cases.iter().any(|case| !case.valid), "both kinds are needed");
    for SealedCase { name, key, nonce, associated, text, sealed, valid } in cases {
        let mut buffer = sealed.clone();
        let opened = subject.open(key, nonce, associated, &mut buffer);
        if !valid {
            assert_eq!((opened, buffer), (Err(KeyError::Sealed), Vec::new()), "{name}: must not open");
            continue;
        }
        assert_eq!((opened, &buffer), (Ok(()), text), "{name}: opens");
        assert_eq!(subject.seal(key, nonce, associated, &mut buffer), Ok(()), "{name}: seals");
        assert_eq!(&buffer, sealed, "{name}: seals to the vector");
        // Every part counts.
        let mut other_key = *key;
        other_key[31] ^= 1;
        let mut other_nonce = *nonce;
        other_nonce[0] ^= 1;
        let mut other_associated = associated.clone();
        other_associated.push(0);
        for (what, key, nonce, associated) in [
            ("key", &other_key, nonce, associated),
            ("nonce", key, &other_nonce, associated),
            ("associated data", key, nonce, &other_associated),
        ] {
            let mut buffer = sealed.clone();
            let opened = subject.open(key, nonce, associated, &mut buffer);
            assert_eq!((opened, buffer), (Err(KeyError::Sealed), Vec::new()), "{name}: another {what}");
        }
        for len in 0..sealed.len() {
            let mut buffer = sealed[..len].to_vec();
            assert_eq!(subject.open(key, nonce, associated, &mut buffer), Err(KeyError::Sealed), "{name}: cut short");
        }
    }
}

/// A key agreement from somebody else's vectors.
#[derive(Clone, Debug)]
pub struct AgreementCase {
    /// What to call it when it fails.
    pub name: String,
    /// One side's secret.
    pub secret: [u8; 32],
    /// The other side's public key.
    pub peer: [u8; 32],
    /// What they share; all zero where there is none.
    pub shared: [u8; 32],
}

/// What every [`KeyAgreement`] must do on reference vectors; panics with the name of the case where one does not.
pub fn key_agreement(subject: &dyn KeyAgreement, cases: &[AgreementCase]) {
    let none = |case: &AgreementCase| case.shared == [0; 32];
    assert!(cases.iter().any(none) && !cases.iter().all(none), "both kinds are needed");
    for case in cases {
        let mut shared = [0xa5; 32];
        let agreed = subject.agree(&case.secret, &case.peer, &mut shared);
        let expected = if none(case) { Err(KeyError::Agreement) } else { Ok(()) };
        assert_eq!((agreed, shared), (expected, case.shared), "{}", case.name);
    }
    let (a, b) = ([1; 32], [2; 32]);
    let (mut ab, mut ba) = ([0; 32], [0; 32]);
    subject.agree(&a, &subject.public_key(&b), &mut ab).expect("sound keys agree");
    subject.agree(&b, &subject.public_key(&a), &mut ba).expect("sound keys agree");
    assert_eq!(ab, ba, "both sides come to one secret");
    assert_ne!(subject.public_key(&a), subject.public_key(&b), "two secrets have two public keys");
}

/// A derived key from somebody else's vectors.
#[derive(Clone, Debug)]
pub struct DerivationCase {
    /// What to call it when it fails.
    pub name: String,
    /// The secret.
    pub secret: Vec<u8>,
    /// The salt.
    pub salt: Vec<u8>,
    /// The purpose.
    pub info: Vec<u8>,
    /// How much to derive.
    pub len: usize,
    /// What comes out, if so much may be derived.
    pub output: Option<Vec<u8>>,
}

/// What every [`Kdf`] must do on reference vectors; panics with the name of the case where one does not.
pub fn kdf(subject: &dyn Kdf, cases: &[DerivationCase]) {
    let given = |case: &DerivationCase| case.output.is_some();
    assert!(cases.iter().any(given) && !cases.iter().all(given), "both kinds are needed");
    for case in cases {
        let mut output = vec![0; case.len];
        let derived = subject.derive(&case.secret, &case.salt, &case.info, &mut output);
        match &case.output {
            Some(expected) => assert_eq!((derived, &output), (Ok(()), expected), "{}", case.name),
            None => assert_eq!(derived, Err(KeyError::OutputTooLong { bytes: case.len }), "{}", case.name),
        }
    }
}

/// What every [`ContentHasher`] must do; panics with a sentence where one does not.
///
/// `stream` is what a reference says the keyed stream of a key and a context is.
pub fn content_hasher(subject: &dyn ContentHasher, stream: impl Fn(&[u8; 32], &[u8], usize) -> Vec<u8>) {
    let mut seen = BTreeSet::new();
    // Ways to cut and pad the same bytes, under domains of which one begins like the other.
    let cuts: [&[&[u8]]; 9] =
        [&[], &[b""], &[b"", b""], &[b"ab"], &[b"a", b"b"], &[b"", b"ab"], &[b"ab", b""], &[b"ab\0"], &[b"abc"]];
    for domain in ["cosmosmesh/test/1", "cosmosmesh/test/10", "cosmosmesh/test/2", "cosmosmesh/test"] {
        for parts in cuts {
            let digest = subject.digest(domain, parts);
            assert_eq!(digest, subject.digest(domain, parts), "a digest repeats");
            assert!(seen.insert(*digest.as_bytes()), "{domain} {parts:?} has the digest of something else");
        }
    }
    let key: [u8; 32] = core::array::from_fn(|i| i as u8);
    for context in [&b""[..], b"a", &[7; 200], &[8; 3000]] {
        let whole = stream(&key, context, 5000);
        assert_eq!(whole.len(), 5000, "the reference gives what it is asked for");
        for (offset, len) in [(0, 5000), (0, 0), (0, 1), (1, 63), (63, 2), (64, 64), (100, 1024), (4999, 1), (17, 4000)]
        {
            let mut output = vec![0; len];
            subject.expand(&key, context, offset as u64, &mut output);
            assert_eq!(output, whole[offset..offset + len], "{len} bytes from {offset} on");
        }
        let mut other = vec![0; 32];
        subject.expand(&[9; 32], context, 0, &mut other);
        assert_ne!(other, whole[..32], "another key has another stream");
    }
    let (mut far, mut near) = ([0; 64], [0; 64]);
    subject.expand(&key, b"far", (1 << 40) + 1, &mut far);
    subject.expand(&key, b"far", 1 << 40, &mut near);
    assert_eq!(far[..63], near[1..], "a stream is one even far out");
}

/// What every [`SecureRandom`] must do that a test can see; panics with a sentence where one does not.
pub fn secure_random(subject: &mut dyn SecureRandom, seeded: bool) {
    assert_eq!(subject.is_seeded(), seeded, "a source says whether it can be foretold");
    let mut seen = BTreeSet::new();
    for _ in 0..1000 {
        let mut bytes = [0; 16];
        subject.fill(&mut bytes).expect("a sound source gives");
        assert!(seen.insert(bytes), "16 random bytes came twice");
    }
    let mut long = vec![0; 100_000];
    subject.fill(&mut long).expect("a sound source gives");
    let ones: u32 = long.iter().map(|byte| byte.count_ones()).sum();
    // 800,000 fair bits: standard deviation 447; ten of them happen by chance once in 10^23.
    assert!((395_528..=404_472).contains(&ones), "{ones} ones among 800,000 bits");
    subject.fill(&mut []).expect("nothing is easily given");
}
