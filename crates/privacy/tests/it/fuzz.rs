//! Hostile bytes: the corpus of the fuzz target, and seeded mutations of valid messages, some signed anew so that they get past the signature.

use std::path::Path;

use cosmosmesh_contracts::conformance::mutant;
use cosmosmesh_contracts::traits::CryptoProvider;

use crate::readers;
use crate::world::node;

#[test]
fn the_corpus_is_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/masked_sum");
    readers::with(|readers| {
        if std::env::var_os("COSMOSMESH_RENEW").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            for (k, seed) in readers.seeds.iter().enumerate() {
                std::fs::write(folder.join(format!("valid-{k}")), seed).unwrap();
            }
        }
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= readers.seeds.len(), "the corpus is there");
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            let taken = readers.read_all(&bytes);
            let valid = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("valid"));
            assert_eq!(taken > 0, valid, "{}", file.display());
        }
    });
}

/// Whoever owns a message signs it anew after a change, where its signature covers the bytes themselves.
fn sign_again(message: &mut Vec<u8>) {
    let (domain, owner): (&str, CryptoProvider) = match message.first() {
        Some(0x31) => ("cosmosmesh/mask/bundle/1", node("agent-0")),
        Some(0x32) => ("cosmosmesh/mask/acceptance/1", node("guardian-0")),
        Some(0x33) => ("cosmosmesh/mask/header/1", node("facilitator")),
        Some(0x35) => ("cosmosmesh/mask/request/1", node("facilitator")),
        Some(0x37) => ("cosmosmesh/mask/closing/1", node("facilitator")),
        Some(0x38) => ("cosmosmesh/mask/pieces-request/1", node("facilitator")),
        _ => return,
    };
    if message.len() < 64 {
        return;
    }
    message.truncate(message.len() - 64);
    let signed = [domain.as_bytes(), &[0], message].concat();
    message.extend_from_slice(owner.signer.sign(&signed).unwrap().as_ref());
}

#[test]
fn mutated_messages_are_refused_or_understood_and_never_panic() {
    readers::with(|readers| {
        let (mut unsigned, mut signed) = (0, 0);
        for turn in 0..6_000 {
            let mut message = mutant(&readers.seeds, turn);
            let anew = turn % 3 == 0;
            if anew {
                sign_again(&mut message);
            }
            let unchanged = readers.seeds.contains(&message);
            let taken = readers.read_all(&message);
            if !unchanged && taken > 0 {
                if anew { signed += 1 } else { unsigned += 1 }
            }
        }
        assert_eq!(unsigned, 0, "no change survives a signature");
        assert!(signed > 0, "some signed changes are understood, such as another nonce or purpose");
    });
}
