//! The entries that figures are counted and timed on: 200 B each, 64 of signature and 136 of body, of which 32 are noise, as a sealed body has in nonce and tag, and 104 a record.
//!
//! Tests and benches share this file.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_delta_sync::{Draft, Entry, Keys, Replica, ReplicaConfig};

use crate::random::Random;

pub(crate) const AUTHORS: u64 = 64;
pub(crate) const SHARED: u64 = 100_000;
pub(crate) const DIFFERENT: u64 = 10_000;
/// When two replicas meet: after everything was written.
pub(crate) const MEETING: MissionTime = MissionTime(1 << 40);

/// A record of telemetry as text, padded to 104 B, after 32 B of noise.
pub(crate) fn body(random: &mut Random, author: u64, k: u64, at: i64) -> Vec<u8> {
    let mut body = random.bytes(32);
    let text = format!(
        "asset=rover-{author:02} n={k:05} t={at:010} soc={:02}.{:02} load={:03} temp=-{:02} mode=nominal",
        40 + random.below(60),
        random.below(100),
        random.below(400),
        random.below(90),
    );
    body.extend(text.bytes());
    assert!(body.len() <= 136);
    body.resize(136, b' ');
    body
}

/// Every author's log, written by itself.
pub(crate) fn logs(per_author: u64, config: &ReplicaConfig, keys: impl Fn(u64) -> Keys) -> Vec<Vec<Entry>> {
    (0..AUTHORS)
        .map(|author| {
            let mut random = Random(author);
            let mut replica =
                Replica::open(MissionTime(0), MemoryStore::new(), keys(100 + author), config.clone()).unwrap();
            let mut at = 0;
            let write = |k| {
                at += 500 + random.below(2_000) as i64;
                let body = body(&mut random, author, k, at);
                replica.append(MissionTime(at), Draft { kind: 7, body, ..Draft::default() }).unwrap()
            };
            (0..per_author).map(write).collect()
        })
        .collect()
}

/// Which entries each of two replicas lacks where holes are scattered: half of [`DIFFERENT`] on each side, no entry on both.
pub(crate) fn holes(count: usize) -> Vec<[bool; 2]> {
    let mut random = Random(5);
    let mut missing = vec![[false; 2]; count];
    for side in 0..2 {
        let mut left = DIFFERENT / 2;
        while left > 0 {
            let at = random.below(missing.len() as u64) as usize;
            if missing[at] == [false; 2] {
                missing[at][side] = true;
                left -= 1;
            }
        }
    }
    missing
}
