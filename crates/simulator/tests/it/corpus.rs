//! The built-in scenarios, the corpus of the fuzz target, and mutants of them: read or refused, never a panic.

use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_contracts::conformance::mutant;

#[path = "../../fuzz/bodies.rs"]
mod bodies;

fn files(folder: &str, ending: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

#[test]
fn the_corpus_is_read_or_refused_as_its_names_say() {
    for (name, bytes) in files("scenarios", ".toml") {
        assert!(bodies::scenario(&bytes), "{name}");
    }
    let kept = files("fuzz/corpus/scenario", "");
    assert!(!kept.is_empty());
    for (name, bytes) in kept {
        assert_eq!(bodies::scenario(&bytes), name.starts_with("valid"), "{name}");
    }
}

#[test]
fn mutants_are_read_or_refused_and_never_panic() {
    let small = files("scenarios", "three-assets.toml").pop().unwrap().1;
    let seeds = [small];
    let taken = (0..1_500).filter(|number| bodies::scenario(&mutant(&seeds, *number))).count();
    assert!(taken > 20, "only {taken} mutants were read, the mutation is too rough");
}
