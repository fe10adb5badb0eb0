//! Ten thousand worlds, each from one seed.

use crate::world::run;

/// How many seeds a test run covers.
const SEEDS: u64 = 10_000;

fn seeds(part: u64, parts: u64) {
    let mut forks = 0;
    for seed in (part..SEEDS).step_by(parts as usize) {
        forks += run(seed).forks;
    }
    assert_eq!(forks, 0, "nobody wrote twice");
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
