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
