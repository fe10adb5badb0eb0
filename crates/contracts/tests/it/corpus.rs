//! The corpora of the fuzz targets, replayed, and mutants of them: nothing panics, nothing allocates beyond a multiple of its input.

use std::fs;
use std::path::{Path, PathBuf};

use cosmosmesh_contracts::conformance::mutant;

#[path = "../../fuzz/bodies.rs"]
mod bodies;

/// Gives whether the bytes were taken.
type Body = fn(&[u8]) -> bool;

/// Each reader, and how many bytes it and what is asked of it here may hold at once for a byte of input.
const READERS: [(&str, Body, u64); 4] = [
    ("fleet", bodies::fleet, 60),
    // `extensions` may hold any JSON.
    ("result", bodies::result, 200),
    ("envelope", bodies::envelope, 60),
    ("wire", bodies::wire, 40),
];

/// What an error may take beside.
const BESIDE_BYTES: u64 = 1 << 14;

/// Mutants of one reader.
const MUTANTS: u64 = 4_000;

fn folder(reader: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(reader)
}

/// The kept inputs of a reader, in the order of their names.
fn kept(reader: &str) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(reader)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

fn bounded(name: &str, body: Body, factor: u64, bytes: &[u8]) -> bool {
    let mut taken = false;
    let used = allocation_counter::measure(|| taken = body(bytes)).bytes_max;
    let allowed = factor * bytes.len() as u64 + BESIDE_BYTES;
    assert!(used <= allowed, "{name}: {used} bytes for {}", bytes.len());
    taken
}

#[test]
fn the_corpora_are_taken_or_refused_as_their_names_say() {
    for (reader, body, factor) in READERS {
        let kept = kept(reader);
        assert!(kept.iter().any(|(name, _)| name.starts_with("valid")), "{reader} has valid inputs");
        for (name, bytes) in kept {
            let name = format!("{reader}/{name}");
            assert_eq!(bounded(&name, body, factor, &bytes), name.contains("/valid"), "{name}");
            // Every reader meets every kind of input.
            for (_, other, factor) in READERS {
                bounded(&name, other, factor, &bytes);
            }
        }
    }
}

#[test]
fn mutants_are_taken_or_refused_and_never_panic() {
    for (reader, body, factor) in READERS {
        let valid = kept(reader).into_iter().filter(|(name, _)| name.starts_with("valid"));
        let seeds: Vec<Vec<u8>> = valid.map(|(_, bytes)| bytes).collect();
        let take =
            |number: &u64| bounded(&format!("{reader}, mutant {number}"), body, factor, &mutant(&seeds, *number));
        let taken = (0..MUTANTS).filter(take).count();
        assert!(taken > 20, "{reader}: only {taken} mutants were taken, the mutation is too rough");
    }
}

/// Writes the corpora when the environment has `COSMOSMESH_RENEW`: the frozen vectors, the examples of the file tests, and handmade ones.
#[test]
fn the_corpora_are_written_when_asked_for() {
    if std::env::var_os("COSMOSMESH_RENEW").is_none() {
        return;
    }
    let keep = |reader: &str, name: &str, bytes: &[u8]| {
        fs::create_dir_all(folder(reader)).unwrap();
        fs::write(folder(reader).join(name), bytes).unwrap();
    };
    // One of the refused frames is good for a reader of another kind.
    for (name, frame) in crate::vectors::every_frame().into_iter().filter(|(name, _)| name != "bad-another-kind") {
        keep("wire", &name, &frame);
    }
    let fleet = crate::fleet_file::valid().to_string();
    keep("fleet", "valid-two-assets", fleet.as_bytes());
    keep("fleet", "bad-doubled-key", fleet.replacen("\"name\"", "\"name\":\"\",\"name\"", 1).as_bytes());
    keep("fleet", "bad-number", fleet.replacen("0.5", "1e999", 1).as_bytes());
    keep("fleet", "bad-index", fleet.replacen("[0,0,1.0]", "[0,18446744073709551615,1.0]", 1).as_bytes());
    keep("fleet", "bad-nesting", "[".repeat(4_000).as_bytes());
    keep("fleet", "bad-text", b"{\"format\": \"cosmosmesh.fleet/1\", \"name\": \"\xff\"}");
    let result = cosmosmesh_contracts::file::write_result(&crate::result_file::valid()).unwrap();
    keep("result", "valid", result.as_bytes());
    keep("result", "bad-doubled-key", result.replacen("\"rounds\"", "\"rounds\":1,\"rounds\"", 1).as_bytes());
    keep("result", "bad-nesting", result.replacen("{\"first\":4}", &"[".repeat(4_000), 1).as_bytes());
    let envelope = cosmosmesh_contracts::message::write_envelope(&crate::envelope::valid()).unwrap();
    keep("envelope", "valid-trade-signal", envelope.as_bytes());
    keep("envelope", "bad-version", envelope.replacen("signal/1", "signal/2", 1).as_bytes());
    for (name, text) in crate::vectors::every_envelope() {
        keep("envelope", &format!("valid-{name}"), text.as_bytes());
    }
}
