//! delta-sync beside automerge, loro, yrs and negentropy: legs, bytes and processor time to make two replicas equal.
//!
//! `cargo xtask bench sync` runs it in release; `--write-docs` puts the table into docs/perf/sync.md, between its marks.
//!
//! Every library keeps the same entries, 100,000 of 200 B from 64 authors, and is given the difference in the form that suits it.
//! Both sides speak at once; a leg is one flight one way, and legs are counted until both hold the same.

mod link;
mod load;
mod peer;
mod random;
mod table;

use std::process::ExitCode;

use load::{Case, Load};

/// How many entries the two sides differ by; the last is the one that goals are set for.
const DIFFERENT: [u64; 3] = [10, 1_000, 10_000];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (write, only) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => (false, ""),
        ["--write-docs"] => (true, ""),
        ["--only", name] => (false, name),
        _ => {
            eprintln!("usage: cosmosmesh-bench-peers [--write-docs | --only NAME]");
            return ExitCode::from(64);
        }
    };
    let mut rows = Vec::new();
    for case in [Case::Suffixes, Case::Holes] {
        for different in DIFFERENT {
            let load = Load::new(case, different);
            for peer in peer::ALL.iter().filter(|peer| peer.name.contains(only)) {
                for warm in [true, false] {
                    if let Some(cost) = (peer.run)(&load, warm) {
                        eprintln!("{} {case} {different} warm {warm}: {cost:?}", peer.name);
                        rows.push(table::Row { peer: peer.name, case, different: load.count(), warm, cost });
                    }
                }
            }
        }
    }
    let text = table::text(&rows);
    println!("{text}");
    if write && let Err(error) = table::write(&text) {
        eprintln!("docs/perf/sync.md could not be written: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
