use crate::edit::{run, with};
use cosmosmesh_simulator::report::{PairReport, ReplicaReport};
use cosmosmesh_simulator::scenario::Scenario;

fn pair<'a>(report: &'a ReplicaReport, of: &str, at: &str) -> &'a PairReport {
    report.pairs.iter().find(|pair| pair.of == of && pair.at == at).unwrap()
}

#[test]
fn replicas_keep_up_over_open_links_and_the_run_repeats() {
    let scenario = Scenario::load("three-assets").unwrap();
    let report = run(&scenario, 1).replicas;
    assert_eq!(report, run(&scenario, 1).replicas);
    assert_eq!(report.pairs.len(), 6);
    assert_eq!(report.entries, 3 * report.times_ms.len() as u64);
    // Bodies alone cross each of two pairs of directions at least once.
    assert!(report.bytes > report.entries * report.body_bytes as u64, "{}", report.bytes);
    let (mean, p95, longest) =
        (report.latency_ms_mean.unwrap(), report.latency_ms_p95.unwrap(), report.latency_ms_max.unwrap());
    assert!(0 < mean && mean <= longest && p95 <= longest, "{mean} {p95} {longest}");
    // At most the last entries of an asset can be under way at the end.
    assert!(report.missing <= 6, "{}", report.missing);
    for pair in &report.pairs {
        assert_eq!(pair.stale_ms.len(), report.times_ms.len());
        assert!(pair.stale_ms.iter().zip(&report.times_ms).all(|(age, at)| 0 <= *age && age <= at), "{pair:?}");
    }
}

#[test]
fn a_cut_shows_as_staleness_and_heals() {
    let cut = "[[fault]]\ncut = [\"rover\", \"habitat\"]\nstart_s = 21_600\nend_s = 43_200\n";
    let report = run(&with("three-assets", cut), 1).replicas;
    let calm = run(&Scenario::load("three-assets").unwrap(), 1).replicas;
    let worst = |report: &ReplicaReport| *pair(report, "rover", "habitat").stale_ms.iter().max().unwrap();
    assert!(worst(&report) >= worst(&calm) + 4 * 3_600_000, "{} and {}", worst(&report), worst(&calm));
    let last = *pair(&report, "rover", "habitat").stale_ms.last().unwrap();
    assert!(last <= 2 * report.every_ms, "{last}");
    assert!(report.frames_lost > calm.frames_lost);
}

/// Bytes of all stores at the end.
fn held(report: &ReplicaReport) -> u64 {
    report.stores.iter().map(|store| store.held_bytes.last().unwrap()).sum()
}

#[test]
fn a_quorum_closes_the_past_and_stores_shrink() {
    let open = run(&with("three-assets", "[closing]\npast = \"open\"\n"), 1).replicas;
    assert_eq!(open.closing, None);
    assert!(open.stores.iter().all(|store| store.pruned_entries == 0));
    let report = run(&Scenario::load("three-assets").unwrap(), 1).replicas;
    let closing = report.closing.as_ref().unwrap();
    assert_eq!((closing.proposers[0].as_str(), closing.needed, closing.claims), ("habitat", 2, 0));
    // The last period that is old enough is closed, and every one before it.
    let end_ms = *report.times_ms.last().unwrap();
    let last = (end_ms - closing.age_ms) / closing.period_ms;
    assert!(last >= 2, "{last}");
    assert_eq!(
        closing.checkpoints.iter().map(|checkpoint| checkpoint.at_ms / closing.period_ms).collect::<Vec<_>>(),
        (1..=last).collect::<Vec<_>>()
    );
    for (k, checkpoint) in closing.checkpoints.iter().enumerate() {
        assert_eq!(checkpoint.number, k as u64 + 1);
        assert!(checkpoint.signed_by.len() >= 2, "{checkpoint:?}");
        assert!(checkpoint.signed_by.iter().all(|voter| closing.voters.contains(voter)));
        let first = checkpoint.in_force_ms.iter().flatten().min().unwrap();
        assert!(checkpoint.at_ms + closing.age_ms <= checkpoint.proposed_ms && checkpoint.proposed_ms <= *first);
        assert!(checkpoint.in_force_ms.iter().all(Option::is_some), "everybody hears everybody here");
        // One entry of each asset every half hour, that of the epoch included; and what was said of checkpoints.
        let written = 3 * (checkpoint.at_ms / report.every_ms + 1) as u64;
        assert!((written..written + 30).contains(&checkpoint.entries), "{checkpoint:?}");
    }
    assert_eq!((closing.late, closing.carried), (0, 0), "nobody was away for as long as an age");
    for store in &report.stores {
        assert_eq!(store.held_bytes.len(), report.times_ms.len());
        assert!(store.pruned_entries > 100, "{store:?}");
    }
    assert!(held(&report) * 3 < held(&open) * 2, "{} and {}", held(&report), held(&open));
    // What an asset knows of another does not depend on what is kept.
    assert_eq!(report.entries, open.entries);
    assert!(report.missing <= 6, "{}", report.missing);
}

#[test]
fn who_was_away_for_longer_than_an_age_carries_its_entries_on() {
    let lines = "[closing]\nperiod_s = 7_200\nneeded_count = 2\n[[fault]]\ncut = [\"rover\", \"habitat\"]\nstart_s = 21_600\nend_s = 64_800\n";
    let report = run(&with("three-assets", lines), 1).replicas;
    let closing = report.closing.as_ref().unwrap();
    // The habitat and the drone close the past meanwhile, without the rover.
    let meanwhile = |at_ms: &i64| (30_000_000..60_000_000).contains(at_ms);
    assert!(closing.checkpoints.iter().filter(|checkpoint| meanwhile(&checkpoint.at_ms)).count() >= 3);
    let alone = closing.checkpoints.iter().find(|checkpoint| meanwhile(&checkpoint.at_ms)).unwrap();
    assert_eq!(alone.signed_by.len(), 2, "{alone:?}");
    assert!(!alone.signed_by.contains(&"rover".to_owned()));
    // What the rover wrote in that time was late, and is written again: nothing is missing in the end.
    assert!(closing.carried >= 10, "{closing:?}");
    assert!(report.missing <= 6, "{}", report.missing);
    assert_eq!(report, run(&with("three-assets", lines), 1).replicas);
}

#[test]
fn another_proposes_where_the_first_is_cut_off() {
    let lines = "[closing]\nperiod_s = 7_200\npatience_s = 3_600\nproposers = [\"habitat\", \"rover\", \"drone\"]\n\
         [[link]]\nbetween = [\"rover\", \"drone\"]\ndelay_ms = 1\nrate_bps = 64_000\n\
         [[fault]]\ncut = [\"rover\", \"habitat\"]\nstart_s = 21_600\nend_s = 72_000\n\
         [[fault]]\ncut = [\"drone\", \"habitat\"]\nstart_s = 21_600\nend_s = 72_000\n";
    let report = run(&with("three-assets", lines), 1).replicas;
    let closing = report.closing.as_ref().unwrap();
    assert!(closing.claims >= 3, "{closing:?}");
    let meanwhile = |at_ms: i64| (30_000_000..60_000_000).contains(&at_ms);
    let without: Vec<_> = closing.checkpoints.iter().filter(|checkpoint| meanwhile(checkpoint.proposed_ms)).collect();
    assert!(without.len() >= 3, "{closing:?}");
    assert!(without.iter().all(|checkpoint| checkpoint.proposer == "rover" && checkpoint.signed_by.len() == 2));
    // The habitat takes its turn again once it is heard, and what it wrote alone is carried on.
    assert_eq!(closing.checkpoints.last().unwrap().proposer, "habitat");
    assert!(closing.carried >= 10 && report.missing <= 6, "{} {}", closing.carried, report.missing);
}

#[test]
fn closings_that_are_none_are_refused() {
    let refused = |lines: &str| {
        let text = format!("{}\n{lines}", crate::edit::edited("three-assets", &[]));
        Scenario::parse("test.toml", &text).unwrap_err().to_string()
    };
    for (lines, words) in [
        ("[closing]\nvoters = [\"rover\", \"drone\"]\nneeded_count = 1\n", "1 of 2 voters is no quorum"),
        ("[closing]\nneeded_count = 4\n", "4 of 3 voters is no quorum"),
        ("[closing]\nvoters = []\n", "1 of 0 voters is no quorum"),
        ("[closing]\nvoters = [\"rover\", \"rover\"]\n", "names \"rover\" twice"),
        ("[closing]\nproposers = [\"houston\"]\n", "no asset has this id"),
        ("[closing]\nproposers = []\n", "0 proposers; name 1 to 16"),
        ("[closing]\npast = \"shut\"\n", "choose one of: closed, open"),
        ("[closing]\nperiod_s = 1\n", "between 60 and"),
        ("[closing]\nperiod = 100\n", "write `period_s`"),
    ] {
        let said = refused(lines);
        assert!(said.contains(words), "{lines}: {said}");
    }
}
