//! The corpora of the fuzz targets, replayed, and every file of them changed in some hundred ways: nothing panics, nothing allocates beyond a multiple of its input.

use std::path::PathBuf;

use cosmosmesh_catopt_bridge::solution::Solution;
use cosmosmesh_catopt_bridge::{Assembly, Diagram, PlanDelta, assemble, document, mof, mps};
use cosmosmesh_crypto::Blake3;

use crate::fixture::{odd, tricky};
use crate::world::{ANY, Seed, diagram};

#[path = "../../fuzz/bodies.rs"]
mod bodies;

/// What a reader and what is asked of it here may hold at once, in bytes for a byte of input, and what an error may take beside.
const BYTES_MAX: u64 = 200;
const BESIDE: u64 = 1 << 16;

/// Well-formed texts of each kind.
fn seeds() -> Vec<(&'static str, &'static str, String)> {
    let mut full = diagram(&mut Seed(1), "", ANY);
    full.duals.junctions.insert("s0".to_owned(), vec![0.5]);
    full.duals.wires.insert(("o0".to_owned(), "p0".to_owned()), vec![-0.25]);
    full.deltas.push(PlanDelta { from: 1, to: 2, set: [(("o0".to_owned(), 0), 0.5)].into() });
    full.extensions.insert("x".to_owned(), serde_json::json!([1, null, {"y": "z"}]));
    let (hand, odd) = (tricky().program, assemble(&odd()).unwrap());
    let solution = Solution::of(&hand, &[0.3, 0.7, 1.0], &[2.9, 0.0]).unwrap();
    let mps_of = |assembly: &Assembly, ranges| {
        let mut text = String::new();
        mps::write(&assembly.program, ranges, &mut text);
        text
    };
    let mut json = String::new();
    mof::write(&odd.program, &mut json);
    vec![
        ("document", "full", document::write(&full, Some(&Blake3))),
        ("document", "odd", document::write(&Diagram::of(&crate::fixture::odd()).unwrap(), None)),
        ("family", "a", include_str!("../data/family-a.json").to_owned()),
        ("family", "b", include_str!("../data/family-b.json").to_owned()),
        ("solution", "json", solution.write_json()),
        ("solution", "csv", solution.write_csv()),
        ("solution", "sidecar", odd.sidecar.write()),
        ("mps", "odd", mps_of(&odd, mps::Ranges::TwoRows)),
        ("mps", "ranges", mps_of(&tricky(), mps::Ranges::Section)),
        ("mof", "odd", json),
    ]
}

/// What is asked of a reader.
type Body = fn(&[u8]);

fn bounded(name: &str, body: Body, bytes: &[u8]) {
    let used = allocation_counter::measure(|| body(bytes)).bytes_max;
    let allowed = BYTES_MAX * bytes.len() as u64 + BESIDE;
    assert!(used <= allowed, "{name}: {used} bytes for {}", bytes.len());
}

#[test]
fn the_corpora_hold_one_of_each_kind_and_all_of_it_is_read_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (kind, name, text) in seeds() {
        if std::env::var_os("COSMOSMESH_BLESS").is_some() {
            std::fs::create_dir_all(folder.join(kind)).unwrap();
            std::fs::write(folder.join(kind).join(name), &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(folder.join(kind).join(name)).unwrap(), text, "{kind}/{name}");
    }
    let targets: [(&str, Body); 5] = [
        ("document", bodies::document),
        ("family", bodies::family),
        ("solution", bodies::solution),
        ("mps", bodies::mps),
        ("mof", bodies::mof),
    ];
    for (kind, body) in targets {
        for file in std::fs::read_dir(folder.join(kind)).unwrap() {
            let path = file.unwrap().path();
            let (bytes, name) = (std::fs::read(&path).unwrap(), path.display().to_string());
            bounded(&name, body, &bytes);
            // Every reader meets every kind of text.
            targets.iter().for_each(|(_, other)| bounded(&name, *other, &bytes));
            for k in 0..300_usize {
                let mut changed = bytes.clone();
                let at = k * 7_919 % bytes.len().max(1);
                match k % 5 {
                    0 => changed[at] ^= 1 << (k / 5 % 8),
                    1 => changed.truncate(at),
                    2 => changed.insert(at, b'"'),
                    // A digit more may claim a dimension or an index of any size.
                    3 => changed.splice(at..at, b"9999999999".iter().copied()).for_each(drop),
                    _ => drop(changed.drain(at..(at + 1 + k / 5).min(bytes.len()))),
                }
                bounded(&name, body, &changed);
            }
        }
    }
}
