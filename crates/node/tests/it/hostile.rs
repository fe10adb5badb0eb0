//! Hostile bytes: the corpus of the fuzz target, and seeded mutations of valid messages.

use std::path::Path;

use cosmosmesh_contracts::conformance::mutant;
use cosmosmesh_node::round::QUESTION_KIND;

use crate::listeners;

/// Lengths that lie, and messages that end where they must not.
fn handmade(seeds: &[Vec<u8>]) -> Vec<(String, Vec<u8>)> {
    let question = seeds.iter().find(|seed| seed[0] == QUESTION_KIND).unwrap();
    let header_end = 3 + usize::from(u16::from_le_bytes([question[1], question[2]]));
    let mut list = vec![("bad-empty".to_owned(), Vec::new()), ("bad-kind".to_owned(), vec![0xff; 40])];
    for kind in 0x30..0x44_u8 {
        list.push((format!("bad-only-{kind:02x}"), vec![kind]));
        list.push((format!("bad-zeros-{kind:02x}"), [&[kind, 1][..], &[0; 200]].concat()));
    }
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = question[..(header_end + 60).min(question.len())].to_vec();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    list.push(("bad-header-length".to_owned(), with(1, &[0xff; 2])));
    list.push(("bad-closing-length".to_owned(), with(header_end, &[0xff; 4])));
    list.push(("bad-field-count".to_owned(), with(header_end + 4 + 1 + 4, &[0xff; 4])));
    list.push(("bad-width".to_owned(), with(header_end + 4, &[47])));
    list
}

#[test]
fn the_corpus_is_heard_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/party");
    listeners::with(|listeners| {
        if std::env::var_os("COSMOSMESH_RENEW").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            for (name, bytes) in handmade(&listeners.seeds) {
                std::fs::write(folder.join(name), bytes).unwrap();
            }
        }
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 40, "the corpus is there");
        for file in files {
            let refused = listeners.hear(&std::fs::read(&file).unwrap());
            assert!(refused > 0, "{}", file.display());
        }
    });
}

#[test]
fn mutated_messages_are_refused_or_understood_and_never_panic() {
    listeners::with(|listeners| {
        assert!(listeners.seeds.len() >= 6, "every kind is there");
        let refused = (0..600).filter(|&number| listeners.hear(&mutant(&listeners.seeds, number)) > 0).count();
        assert!(refused > 500, "{refused} of 600");
    });
}
