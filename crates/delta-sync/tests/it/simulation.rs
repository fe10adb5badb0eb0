//! Ten thousand worlds, each from one seed.

use crate::world::run;

/// How many seeds a test run covers.
const SEEDS: u64 = 10_000;

fn seeds(part: u64, parts: u64) {
    let (mut forks, mut checkpoints, mut pieces, mut rebased, mut claims) = (0, 0, 0, 0, 0);
    // Part by part, so that each has its share of the worlds in which the past is closed.
    for seed in SEEDS / parts * part..SEEDS / parts * (part + 1) {
        let world = run(seed);
        forks += world.forks;
        checkpoints += world.checkpoints;
        pieces += world.pieces;
        rebased += world.rebased();
        claims += world.claims;
    }
    assert_eq!(forks, 0, "nobody wrote twice");
    let done = format!(
        "{checkpoints} checkpoints, {pieces} pieces of snapshots, {rebased} late entries written again, {claims} claims"
    );
    let closing = SEEDS / parts / 4;
    assert!(checkpoints > closing && pieces > closing / 8 && rebased > closing / 3 && claims > closing / 2, "{done}");
}

#[test]
fn replicas_agree_whatever_the_links_did_0() {
    seeds(0, 4);
}

#[test]
fn replicas_agree_whatever_the_links_did_1() {
    seeds(1, 4);
}

#[test]
fn replicas_agree_whatever_the_links_did_2() {
    seeds(2, 4);
}

#[test]
fn replicas_agree_whatever_the_links_did_3() {
    seeds(3, 4);
}
