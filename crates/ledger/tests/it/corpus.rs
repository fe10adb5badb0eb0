//! The corpus of the fuzz target, replayed, and every file of it changed in some hundred ways.

use std::path::PathBuf;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_ledger::{Log, SplitView, Tile};

use crate::governance::house::{ALICE, BOB, first_root, signed};
use crate::house::{NOW, ORIGIN, entries, log, policy, signer};

#[path = "../../fuzz/bodies.rs"]
mod bodies;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decoders")
}

/// One well-formed text of each kind.
fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    let (log, _) = log(9);
    let note = log.checkpoint_note().unwrap().clone();
    let mut cosigned = note.clone();
    cosigned.cosign("w2", NOW, &signer(2)).unwrap();
    let mut store = MemoryStore::new();
    let mut other = Log::open(&store, "ledger", ORIGIN).unwrap();
    other.append(&mut store, &entries(4)).unwrap();
    other.append(&mut store, &["another"]).unwrap();
    let earlier = other.sign(&mut store, &signer(1)).unwrap().clone();
    let evidence = SplitView::between((earlier, 5), (note.clone(), 9), log.tree()).unwrap();
    let founding = cosmosmesh_ledger::governance::Statement::founding("ares", NOW, first_root());
    let bytes = |text: String| text.into_bytes();
    vec![
        ("note", bytes(cosigned.to_string())),
        ("checkpoint", bytes(note.text().to_owned())),
        ("signature", bytes(cosigned.signatures()[1].to_string().trim_end().to_owned())),
        ("note-key", bytes(policy().keys[0].to_string())),
        ("proof", bytes(log.prove(7).unwrap().to_string())),
        ("range", bytes(log.prove_range(2, 7).unwrap().to_string())),
        ("witness-request", bytes(log.witness_request(5).unwrap().to_string())),
        ("evidence", bytes(evidence.to_note("rover-1", &signer(21)).unwrap().to_string())),
        ("envelope", signed(&founding, &[ALICE, BOB])),
        ("statement", bytes(founding.to_payload())),
        ("bundle", Tile::bundle(&entries(3)).unwrap()),
    ]
}

#[test]
fn the_corpus_holds_one_of_each_kind_and_all_of_it_is_read_or_refused() {
    let folder = folder();
    if std::env::var_os("COSMOSMESH_BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        seeds().iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
    }
    for (name, bytes) in seeds() {
        assert_eq!(std::fs::read(folder.join(name)).unwrap(), bytes, "{name}");
    }
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        bodies::decoders(&bytes);
        count += 1;
        for k in 0..200_usize {
            let mut changed = bytes.clone();
            let at = k * 7_919 % bytes.len();
            match k % 4 {
                0 => changed[at] ^= 1 << (k / 4 % 8),
                1 => changed.truncate(at),
                2 => changed.insert(at, b'"'),
                _ => drop(changed.drain(at..(at + 1 + k / 4).min(bytes.len()))),
            }
            bodies::decoders(&changed);
        }
    }
    assert!(count >= seeds().len());
}
