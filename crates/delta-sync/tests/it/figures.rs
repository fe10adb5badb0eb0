//! The figures of docs/perf/sync.md, counted to the byte on 100,000 entries of 200 B from 64 authors.
//!
//! 200 B are 64 of signature and 136 of body: 32 of noise, as a sealed body has in nonce and tag, and 104 of a record.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_delta_sync::{Entry, Replica, Session, SessionConfig};

use crate::keys::keys;
use crate::pair::{TestSession, Traffic, config, contact, draft, equal, reconcile};
use crate::random::Random;

const AUTHORS: u64 = 64;
const SHARED: u64 = 100_000;
const DIFFERENT: u64 = 10_000;

/// A record of telemetry as text, padded to 104 B, after 32 B of noise.
fn body(random: &mut Random, author: u64, k: u64, at: i64) -> Vec<u8> {
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
fn logs(per_author: u64) -> Vec<Vec<Entry>> {
    (0..AUTHORS)
        .map(|author| {
            let mut random = Random(author);
            let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(100 + author), config()).unwrap();
            let mut at = 0;
            let write = |k| {
                at += 500 + random.below(2_000) as i64;
                let body = body(&mut random, author, k, at);
                replica.append(MissionTime(at), draft(0, &body)).unwrap()
            };
            (0..per_author).map(write).collect()
        })
        .collect()
}

fn replica_of<'e>(number: u64, entries: impl Iterator<Item = &'e Entry>, compress: bool) -> TestSession {
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(number), config()).unwrap();
    for entry in entries {
        replica.take(MissionTime(1 << 40), entry).unwrap();
    }
    replica.sync().unwrap();
    Session::new(replica, SessionConfig { compress, ..SessionConfig::default() }).unwrap()
}

/// Two replicas that differ in suffixes: each author's last entries are on one side only.
fn suffixes(compress: bool, warm: bool) -> Traffic {
    let (shared, more) = (SHARED / AUTHORS, DIFFERENT / AUTHORS);
    let logs = logs(shared + more);
    let side = |odd: usize| {
        let part = |(author, log): (usize, &'_ Vec<Entry>)| if author % 2 == odd { log.len() } else { shared as usize };
        logs.iter().enumerate().map(move |item| (item.1, part(item))).collect::<Vec<_>>()
    };
    let start = |odd: usize, number: u64, whole: bool| {
        let counts = side(odd);
        replica_of(
            number,
            counts.iter().flat_map(move |(log, count)| &log[..if whole { *count } else { shared as usize }]),
            compress,
        )
    };
    let mut now = MissionTime(1 << 40);
    let traffic = if warm {
        let (mut a, mut b) = (start(0, 1, false), start(1, 2, false));
        reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        assert!(equal(&a, &b));
        // The suffixes arrive at each side by another way while the two are apart.
        for (session, odd) in [(&mut a, 0), (&mut b, 1)] {
            for (log, count) in side(odd) {
                for entry in &log[shared as usize..count] {
                    session.take(now, entry).unwrap();
                }
            }
        }
        let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        assert!(equal(&a, &b));
        traffic
    } else {
        let (mut a, mut b) = (start(0, 1, true), start(1, 2, true));
        let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
        assert!(equal(&a, &b));
        traffic
    };
    report("suffixes", warm, compress, &traffic, more * AUTHORS);
    traffic
}

#[allow(clippy::print_stdout, reason = "the figures are read by people")]
fn report(what: &str, warm: bool, compress: bool, traffic: &Traffic, entries: u64) {
    let beyond = traffic.bytes as i64 - 200 * entries as i64;
    println!(
        "{what} warm {warm} compressed {compress}: {} entries, {} legs, {} messages, {} B in all, {beyond} B beyond 200 each, {} B to acknowledge",
        entries, traffic.legs, traffic.messages, traffic.bytes, traffic.bytes_after
    );
}

#[test]
fn suffixes_take_one_leg_warm_and_two_cold_within_their_bytes() {
    let entries = DIFFERENT / AUTHORS * AUTHORS;
    for (warm, legs) in [(true, 1), (false, 2)] {
        let raw = suffixes(false, warm);
        assert_eq!(raw.legs, legs);
        assert!(raw.bytes as u64 <= 200 * entries + 85_000, "{}", raw.bytes);
        let packed = suffixes(true, warm);
        assert_eq!(packed.legs, legs);
        assert!(packed.bytes <= 1_300_000, "{}", packed.bytes);
    }
}

#[test]
fn scattered_holes_take_two_legs_within_their_bytes() {
    let logs = logs(SHARED / AUTHORS);
    let mut random = Random(5);
    let mut missing = vec![[false; 2]; (SHARED / AUTHORS * AUTHORS) as usize];
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
    let start = |side: usize| {
        let all = logs.iter().flatten().zip(&missing);
        replica_of(1 + side as u64, all.filter(|(_, missing)| !missing[side]).map(|(entry, _)| entry), false)
    };
    let (mut a, mut b) = (start(0), start(1));
    let mut now = MissionTime(1 << 40);
    let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    report("holes", false, false, &traffic, DIFFERENT);
    assert!(equal(&a, &b));
    assert_eq!(traffic.legs, 2);
    assert!(traffic.bytes as u64 <= 200 * DIFFERENT + 110_000, "{}", traffic.bytes);
}
