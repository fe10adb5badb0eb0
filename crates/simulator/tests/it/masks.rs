//! Sums under masks over links: set-up, openings ahead, guardians and assets that are silent.

use std::ops::ControlFlow;

use cosmosmesh_contracts::plan::Status;
use cosmosmesh_simulator::report::{Ending, MaskReport, SimulationReport};
use cosmosmesh_simulator::{SimulateOptions, simulate};

use crate::edit::{assert_good, edited, parse, run};

/// Three assets with 12 slots, and so many rovers more, each with a link to the habitat.
fn base(rovers: usize, planning: &str) -> String {
    let planning = format!("[planning]\n{planning}");
    let mut text = edited("three-assets", &[("slot_count = 48", "slot_count = 12"), ("[planning]", &planning)]);
    for k in 0..rovers {
        text += &format!(
            "\n[[asset]]\nid = \"rover-{k}\"\nclass = \"radioisotope-rover\"\nbattery_start_fraction = 0.7\n\n[[link]]\nbetween = [\"habitat\", \"rover-{k}\"]\ndelay_ms = 1\nrate_bps = 128_000\nloss_fraction = 0.01\n"
        );
    }
    text
}

fn masks(report: &SimulationReport) -> &MaskReport {
    report.masks.as_ref().unwrap()
}

fn plans(report: &SimulationReport) -> Vec<f64> {
    report.assets.iter().flat_map(|asset| asset.wanted.iter().map(|wanted| wanted.planned)).collect()
}

#[test]
fn openings_ahead_save_time_and_change_no_plan() {
    let [ahead, after] = ["ahead", "after"].map(|when| run(&parse(&base(2, &format!("openings = \"{when}\""))), 1));
    assert_good(&ahead);
    assert_good(&after);
    assert_eq!(plans(&ahead), plans(&after), "the same sums, to the last bit");
    assert_eq!((masks(&ahead).ahead, masks(&after).ahead), (true, false));
    let time = |report: &SimulationReport| report.figures.time_to_plan_ms.unwrap();
    assert!(time(&ahead) < time(&after), "{} and {} ms", time(&ahead), time(&after));
    let sent = |report: &SimulationReport| report.figures.bytes_up_per_asset;
    assert!((sent(&ahead) - sent(&after)).abs() < 1.0, "{} and {} bytes", sent(&ahead), sent(&after));
}

#[test]
fn keys_travel_over_the_links_and_rounds_wait_for_them() {
    let text = base(1, "");
    let slow = "between = [\"habitat\", \"rover-0\"]\ndelay_ms = 1";
    let report = run(&parse(&text.replace(slow, "between = [\"habitat\", \"rover-0\"]\ndelay_ms = 30_000")), 1);
    assert_good(&report);
    let masks = masks(&report);
    // Keys there, and the acceptance back.
    assert!((60_000..=130_000).contains(&masks.set_up_ms.unwrap()), "{} ms", masks.set_up_ms.unwrap());
    // Six keys for the four guardians, of which one may be the asset itself, and acceptances of the four assets.
    assert!((2_000..5_000).contains(&masks.bytes_set_up), "{} bytes", masks.bytes_set_up);
    assert!(report.rounds.len() as u32 == report.figures.rounds);
}

#[test]
fn fleets_of_four_to_seven_are_their_own_guardians() {
    for (rovers, threshold, corrupt, missing) in [(1, 3, 1, 1), (2, 4, 1, 1), (3, 4, 1, 2), (4, 5, 2, 2)] {
        let mut names = vec!["\"habitat\"".to_owned(), "\"rover\"".to_owned(), "\"drone\"".to_owned()];
        names.extend((0..rovers).map(|k| format!("\"rover-{k}\"")));
        let report = run(&parse(&base(rovers, &format!("guardians = [{}]", names.join(", ")))), 1);
        assert_good(&report);
        let masks = masks(&report);
        assert_eq!(masks.guardians.len(), rovers + 3);
        assert_eq!((masks.threshold, masks.corrupt_max, masks.missing_guardians_max), (threshold, corrupt, missing));
    }
}

#[test]
fn a_guardian_that_does_not_answer_is_replaced() {
    let guardians = "guardians = [\"habitat\", \"rover\", \"drone\", \"rover-0\"]\nopenings = \"after\"\n";
    let text = base(1, &format!("{guardians}opening_timeout_s = 20"));
    let clean = run(&parse(&text), 1);
    assert_good(&clean);
    assert_eq!(masks(&clean).silences, 0);
    // The rover's link goes down in the middle of a round, when its report is through and its opening is not.
    let round = &clean.rounds[1];
    let mut replaced = 0;
    for part in 1..10 {
        let cut_s = (round.started_ms + part * (round.finished_ms - round.started_ms) / 10) as f64 / 1000.0;
        let end_s = cut_s + 300.0;
        let fault = format!("{text}\n[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = {cut_s}\nend_s = {end_s}\n");
        let report = run(&parse(&fault), 1);
        assert_good(&report);
        assert_eq!(plans(&report), plans(&clean), "whoever opens it, the sum is the same");
        replaced += masks(&report).silences;
    }
    assert!(replaced > 0, "no cut fell between a report and its opening");
    // Without a time-out it is waited for.
    let text = base(1, guardians);
    let cut_s = clean.rounds[1].finished_ms as f64 / 1000.0 - 0.5;
    let fault = format!("{text}\n[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = {cut_s}\n");
    let report = run(&parse(&fault), 1);
    assert!(matches!(&report.ending, Ending::LinkDown { asset, .. } if asset == "rover"), "{}", report.ending);
}

#[test]
fn rounds_go_on_without_an_asset_that_is_away() {
    for openings in ["ahead", "after"] {
        let planning = format!("answer_timeout_s = 30\nopening_timeout_s = 30\nopenings = \"{openings}\"");
        let text = base(2, &planning);
        let clean = run(&parse(&text), 1);
        assert_good(&clean);
        assert_eq!((masks(&clean).absences, masks(&clean).again), (0, 0), "{openings}");
        let cut_s = clean.rounds[2].started_ms as f64 / 1000.0 + 0.4;
        let end_s = cut_s + 400.0;
        let fault =
            format!("{text}\n[[fault]]\ncut = [\"habitat\", \"rover-1\"]\nstart_s = {cut_s}\nend_s = {end_s}\n");
        let report = run(&parse(&fault), 1);
        assert_good(&report);
        assert!(masks(&report).absences > 0, "{openings}");
        assert_eq!(
            masks(&report).again > 0,
            openings == "ahead",
            "a set that was fixed ahead is void without one of it"
        );
        let closed = |report: &SimulationReport| {
            report.rounds.iter().filter(|round| (round.finished_ms as f64) < 1000.0 * end_s).count()
        };
        assert!(closed(&report) > 3, "{openings}: {} rounds were closed while it was away", closed(&report));
        let (away, clean) = (report.certificate.as_ref().unwrap(), clean.certificate.as_ref().unwrap());
        assert!((away.objective - clean.objective).abs() <= 2e-3 * clean.objective.abs().max(1.0));
    }
}

#[test]
fn too_few_assets_and_too_few_guardians_are_refused_by_name() {
    let two = parse(&edited("dust-and-cold", &[]));
    let options = SimulateOptions { masked: Some(true), ..SimulateOptions::default() };
    let refused = simulate(&two, &options, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(refused.contains("2 assets, where a private sum takes at least 3"), "{refused}");
    // With three nobody may be missing, and the report says so; a guardian that is away stops the sums.
    let text = edited(
        "three-assets",
        &[("slot_count = 48", "slot_count = 12"), ("solve_ms", "opening_timeout_s = 5\nsolve_ms")],
    );
    let clean = run(&parse(&text), 1);
    assert_good(&clean);
    assert_eq!((masks(&clean).missing_assets_max, masks(&clean).missing_guardians_max), (0, 0));
    let cut_s = clean.rounds[1].started_ms as f64 / 1000.0 + 0.2;
    let report = run(&parse(&format!("{text}\n[[fault]]\ncut = [\"habitat\", \"drone\"]\nstart_s = {cut_s}\n")), 1);
    assert!(matches!(&report.ending, Ending::LinkDown { asset, .. } if asset == "drone"), "{}", report.ending);
    assert_ne!(report.figures.status, Status::Optimal);
}
