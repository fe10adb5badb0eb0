//! Hostile bytes: the corpus of the fuzz target, and seeded mutations of valid messages, some signed anew so that they get past the signature.

use std::path::Path;

use cosmosmesh_contracts::traits::{CryptoProvider, SecureRandom};
use cosmosmesh_crypto::SeededRandom;

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
    let mut random = SeededRandom::new(1, "mutations");
    let mut draw = |below: usize| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes).unwrap();
        (u64::from_le_bytes(bytes) % below.max(1) as u64) as usize
    };
    readers::with(|readers| {
        let (mut unsigned, mut signed) = (0, 0);
        for turn in 0..6_000 {
            let mut message = readers.seeds[draw(readers.seeds.len())].clone();
            for _ in 0..=draw(3) {
                let at = draw(message.len());
                match draw(5) {
                    0 => message[at] ^= 1 << draw(8),
                    1 => message[at] = [0, 1, 0x7f, 0x80, 0xff][draw(5)],
                    2 => message.truncate(at.max(1)),
                    3 => message.insert(at, draw(256) as u8),
                    _ => {
                        let other = &readers.seeds[draw(readers.seeds.len())];
                        let from = draw(other.len());
                        let stretch = other[from..other.len().min(from + 1 + draw(40))].to_vec();
                        message.splice(at.., stretch);
                    }
                }
                if message.is_empty() {
                    message.push(0);
                }
            }
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
