use std::path::Path;

use crate::readers::read_all;

/// The corpus of the fuzz target, replayed: nothing panics, and what is named `valid` is read.
#[test]
fn the_corpus_is_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/readers");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 32, "{} files", paths.len());
    for path in paths {
        let bytes = std::fs::read(&path).unwrap();
        let valid = path.file_name().unwrap().to_string_lossy().starts_with("valid");
        assert_eq!(read_all(&bytes) > 0, valid, "{}", path.display());
        // Long ones are changed at every seventh byte, so that the test stays short.
        for k in (0..bytes.len()).step_by(if bytes.len() < 1_000 { 1 } else { 7 }) {
            read_all(&bytes[..k]);
            for change in [1, 0x20, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[k] ^= change;
                read_all(&changed);
            }
        }
    }
}
