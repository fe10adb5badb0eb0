//! The figures of docs/perf/sync.md, counted to the byte on 100,000 entries of 200 B from 64 authors.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_delta_sync::{Entry, Replica, Session, SessionConfig};

use crate::keys::keys;
use crate::load::{AUTHORS, DIFFERENT, MEETING, SHARED, holes};
use crate::pair::{TestSession, Traffic, config, contact, equal, reconcile};

fn logs(per_author: u64) -> Vec<Vec<Entry>> {
    crate::load::logs(per_author, &config(), keys)
}

fn replica_of<'e>(number: u64, entries: impl Iterator<Item = &'e Entry>, compress: bool) -> TestSession {
    let mut replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(number), config()).unwrap();
    for entry in entries {
        replica.take(MEETING, entry).unwrap();
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
    let mut now = MEETING;
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
    let missing = holes((SHARED / AUTHORS * AUTHORS) as usize);
    let start = |side: usize| {
        let all = logs.iter().flatten().zip(&missing);
        replica_of(1 + side as u64, all.filter(|(_, missing)| !missing[side]).map(|(entry, _)| entry), false)
    };
    let (mut a, mut b) = (start(0), start(1));
    let mut now = MEETING;
    let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    report("holes", false, false, &traffic, DIFFERENT);
    assert!(equal(&a, &b));
    assert_eq!(traffic.legs, 2);
    assert!(traffic.bytes as u64 <= 200 * DIFFERENT + 110_000, "{}", traffic.bytes);
}
