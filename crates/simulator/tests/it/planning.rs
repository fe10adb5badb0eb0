use std::ops::ControlFlow;

use cosmosmesh_contracts::plan::{PlanKind, Status};
use cosmosmesh_simulator::report::Ending;
use cosmosmesh_simulator::scenario::Scenario;
use cosmosmesh_simulator::{Progress, SimulateOptions, simulate};
use cosmosmesh_solver_core::Method;

use crate::edit::{assert_good, edited, parse, run, with};

fn builtin(name: &str) -> Scenario {
    Scenario::load(name).unwrap()
}

#[test]
fn three_assets_are_planned_and_no_limit_breaks_for_any_seed() {
    for seed in 1..=5 {
        assert_good(&run(&builtin("three-assets"), seed));
    }
}

#[test]
fn the_base_is_planned_and_no_limit_breaks_for_any_seed() {
    for seed in 1..=2 {
        let report = run(&builtin("jezero-base"), seed);
        assert_good(&report);
        let hops = |id: &str| report.assets.iter().find(|asset| asset.id == id).unwrap().traffic.hops;
        assert_eq!((hops("rover-1"), hops("rover-4")), (1, 2), "rover 4 is heard by way of rover 1");
        assert!(report.figures.retransmissions > 0, "the links lose packets");
    }
}

#[test]
fn the_textbook_method_plans_too() {
    let scenario = parse(&edited("three-assets", &[("slot_count = 48", "slot_count = 12")]));
    let options = SimulateOptions { method: Method::Admm, tolerance: 1e-2, ..SimulateOptions::default() };
    let report = simulate(&scenario, &options, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_good(&report);
}

#[test]
fn one_seed_gives_one_report_to_the_last_byte() {
    let scenario = builtin("three-assets");
    let text = |seed| serde_json::to_string(&run(&scenario, seed)).unwrap();
    assert_eq!(text(7), text(7));
    assert_ne!(text(7), text(8));
}

#[test]
fn loss_costs_time_and_changes_no_plan() {
    let time = |loss: &str| {
        let new = format!("loss_fraction = {loss}");
        let text = edited("three-assets", &[]).replace("loss_fraction = 0.01", &new);
        let report = run(&parse(&text), 3);
        assert_good(&report);
        let plan: Vec<f64> = report.assets.iter().flat_map(|a| a.wanted.iter().map(|w| w.planned)).collect();
        (report.figures.time_to_plan_ms.unwrap(), report.figures.retransmissions, plan)
    };
    let (clean, lossy) = (time("0.0"), time("0.10"));
    assert_eq!(clean.1, 0);
    assert!(lossy.1 > 100 && lossy.0 > clean.0, "{} ms without loss, {} ms with", clean.0, lossy.0);
    assert_eq!(clean.2, lossy.2, "what arrives is what was sent");
}

#[test]
fn messages_are_counted_as_they_travel() {
    let report = run(&builtin("three-assets"), 1);
    let rounds = u64::from(report.figures.rounds);
    for asset in &report.assets {
        let remote = u64::from(asset.id != report.facilitator);
        // Queries, requests to guardians, the result and the activation down; reports, openings and one acknowledgement up.
        // Before the rounds: the facilitator's keys and acceptance down; keys for two other guardians, and acceptances for two other assets, up.
        assert_eq!(asset.traffic.messages_down, remote * (2 * rounds + 2 + 2), "{}", asset.id);
        assert_eq!(asset.traffic.messages_up, remote * (2 * rounds + 1 + 4), "{}", asset.id);
        assert_eq!(asset.traffic.hops, remote as u32);
    }
    let in_rounds: u64 = report.rounds.iter().map(|round| round.bytes_up).sum();
    let sent: u64 = report.assets.iter().map(|asset| asset.traffic.bytes_up).sum();
    assert!(in_rounds < sent && sent < in_rounds + 4_000, "all but set-up and acknowledgements belong to rounds");
    assert_eq!(report.rounds.len() as u64, rounds);
}

#[test]
fn reports_travel_under_masks_unless_the_user_wants_them_in_the_open() {
    let scenario = builtin("jezero-base");
    let run = |masked| {
        let options = SimulateOptions { masked: Some(masked), ..SimulateOptions::default() };
        simulate(&scenario, &options, &mut |_| ControlFlow::Continue(())).unwrap()
    };
    let (masked, plain) = (run(true), run(false));
    assert_good(&masked);
    assert_good(&plain);
    assert_eq!((masked.sum, plain.sum, plain.masks.as_ref()), ("masked", "plain", None));
    let masks = masked.masks.clone().unwrap();
    assert_eq!(masks.guardians, ["habitat", "rover-2", "drone-1", "drone-2"]);
    assert_eq!((masks.word_bits, masks.ahead, masks.silences, masks.again), (64, true, 0, 0));
    assert_eq!((masks.threshold, masks.corrupt_max, masks.missing_guardians_max), (3, 1, 1));
    assert!(masks.bytes_set_up < 5_000, "{} bytes once an epoch", masks.bytes_set_up);
    assert!(masks.set_up_ms.unwrap() > 0, "keys travel over the links");
    assert!(masks.guardian_bytes_up > 0 && masks.guardian_bytes_down > 0);
    assert!(masked.figures.rounds <= plain.figures.rounds + 1);
    let time = |report: &cosmosmesh_simulator::report::SimulationReport| report.figures.time_to_plan_ms.unwrap();
    assert!(time(&masked) < 2 * time(&plain), "{} ms, {} ms in the open", time(&masked), time(&plain));
    // What answers cost: the same numbers in words, and who is no guardian sends nothing else.
    let sent = |report: &cosmosmesh_simulator::report::SimulationReport| {
        let asset = report.assets.iter().find(|asset| asset.id == "rover-4").unwrap();
        asset.traffic.bytes_up as f64 / f64::from(report.figures.rounds)
    };
    assert!(sent(&masked) < 1.5 * sent(&plain), "{} {}", sent(&masked), sent(&plain));
}

#[test]
fn guardians_are_named_once_and_form_a_committee() {
    let with = |list: &str| {
        let new = format!("guardians = [{list}]\nsolve_ms");
        Scenario::parse("test.toml", &edited("three-assets", &[("solve_ms", &new)]))
    };
    assert_eq!(with("\"rover\", \"habitat\", \"drone\"").unwrap().planning.guardians, [0, 2, 1]);
    for (list, reason) in [
        ("\"rover\", \"habitat\", \"rover\"", "named twice"),
        ("\"rover\", \"habitat\"", "2 guardians"),
        ("\"rover\", \"habitat\", \"nobody\"", "nobody"),
        ("1, 2, 3", "a list of texts"),
    ] {
        let error = with(list).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(builtin("three-assets").planning.guardians, [2, 0, 1], "the facilitator first");
}

#[test]
fn two_assets_are_summed_in_the_open_if_the_scenario_says_so_and_not_under_masks() {
    let scenario = builtin("dust-and-cold");
    assert_eq!((scenario.assets.len(), scenario.planning.masked), (2, false));
    assert_eq!(run(&scenario, 1).sum, "plain");
    let options = SimulateOptions { masked: Some(true), ..SimulateOptions::default() };
    let refused = simulate(&scenario, &options, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
    assert!(refused.contains("2 assets, where a private sum takes at least 3"), "{refused}");
}

#[test]
fn a_link_cut_from_the_start_stops_the_planning() {
    let report = run(&with("three-assets", "[[fault]]\ncut = [\"drone\", \"habitat\"]\nstart_s = 0\n"), 1);
    let Ending::LinkDown { link, asset, since_ms, during } = &report.ending else { panic!("{}", report.ending) };
    assert_eq!((link.as_str(), asset.as_str(), *since_ms), ("habitat -> drone", "drone", 0));
    assert_eq!(during, "round 1");
    assert_eq!(
        report.ending.to_string(),
        "not planned: link habitat -> drone to asset drone down since T+00:00:00.000 (in round 1)"
    );
    assert_eq!((report.plan, report.figures.status, report.figures.rounds), (None, Status::RoundLimit, 0));
    assert!(report.certificate.is_none() && report.figures.time_to_plan_ms.is_none());
    assert!(report.assets.iter().all(|asset| !asset.in_effect));
}

#[test]
fn a_link_cut_in_the_middle_leaves_the_best_safe_plan_known_and_not_in_effect() {
    let clean = run(&builtin("three-assets"), 1);
    let safe = clean.rounds.iter().find(|round| round.safe_gap.is_some()).expect("a safe plan");
    let cut_s = safe.finished_ms as f64 / 1000.0 + 2.0;
    let fault = format!("[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = {cut_s}\n");
    let report = run(&with("three-assets", &fault), 1);
    assert!(matches!(&report.ending, Ending::LinkDown { asset, .. } if asset == "rover"), "{}", report.ending);
    assert_eq!(report.plan, None);
    assert!(report.certificate.is_some(), "what was known by then is told");
    assert!(report.assets.iter().all(|asset| !asset.in_effect));
    assert!(report.violations.is_empty(), "keep-alive is always possible: {}", report.violations[0]);
}

#[test]
fn a_plan_that_not_everybody_holds_takes_effect_nowhere() {
    let clean = run(&builtin("three-assets"), 1);
    let certificate_s = clean.figures.time_to_certificate_ms.unwrap() as f64 / 1000.0;
    let fault = format!("[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = {certificate_s}\n");
    let report = run(&with("three-assets", &fault), 1);
    let Ending::LinkDown { during, .. } = &report.ending else { panic!("{}", report.ending) };
    assert_eq!(during, "commit");
    assert!(report.assets.iter().all(|asset| !asset.in_effect));
    assert!(report.violations.is_empty());
}

#[test]
fn whenever_a_link_is_cut_during_activation_no_limit_breaks() {
    let short = edited("three-assets", &[("slot_count = 48", "slot_count = 12")]);
    let clean = run(&parse(&short), 1);
    assert_good(&clean);
    let (from_ms, to_ms) = (clean.figures.time_to_certificate_ms.unwrap(), clean.figures.time_to_plan_ms.unwrap());
    let mut mixed = 0;
    for cut_ms in (from_ms..=to_ms).step_by(2) {
        let cut_s = cut_ms as f64 / 1000.0;
        let fault = format!("{short}\n[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = {cut_s}\n");
        let report = run(&parse(&fault), 1);
        assert!(report.violations.is_empty(), "cut at {cut_ms} ms: {}", report.violations[0]);
        let following = report.assets.iter().filter(|asset| asset.in_effect).count();
        // Some hold the activation and some do not: the case that a plan's mixture could break.
        mixed += usize::from(0 < following && following < report.assets.len());
    }
    assert!(mixed > 0, "no cut between {from_ms} and {to_ms} ms left the fleet on two plans");
}

#[test]
fn a_cut_that_ends_delays_the_plan() {
    let fault = "[[fault]]\ncut = [\"habitat\", \"rover\"]\nstart_s = 10\nend_s = 600\n";
    let report = run(&with("three-assets", fault), 1);
    assert_good(&report);
    assert!(report.figures.time_to_plan_ms.unwrap() > 600_000);
}

#[test]
fn a_link_too_slow_for_the_horizon_is_called_late() {
    let text = edited("three-assets", &[("rate_bps = 250_000 ", "rate_bps = 20 ")]);
    let report = run(&parse(&text), 1);
    assert!(matches!(&report.ending, Ending::Late { asset, .. } if asset == "drone"), "{}", report.ending);
    assert_eq!(report.plan, None);
}

#[test]
fn an_answer_later_than_the_timeout_ends_the_planning() {
    let text = edited("three-assets", &[("solve_ms = 500", "solve_ms = 5_000\nround_timeout_s = 3")]);
    let report = run(&parse(&text), 1);
    assert!(matches!(&report.ending, Ending::Late { during, .. } if during == "round 1"), "{}", report.ending);
}

#[test]
fn whoever_breaks_off_gets_the_best_safe_plan() {
    let options = SimulateOptions { tolerance: 1e-6, ..SimulateOptions::default() };
    let mut stop_at_safe = |progress: Progress| match progress {
        Progress::Round(round) if round.safe_gap.is_some() => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    };
    let report = simulate(&builtin("three-assets"), &options, &mut stop_at_safe).unwrap();
    assert_eq!((&report.ending, report.plan), (&Ending::Interrupted, Some(PlanKind::Safe)));
    assert!(report.assets.iter().all(|asset| asset.in_effect));
    assert!(report.violations.is_empty());
}

#[test]
fn a_fleet_that_cannot_meet_its_rows_is_called_infeasible() {
    // The rover is promised 280 W by the bus at all times; the habitat can feed 100 W.
    let rover = "class = \"radioisotope-rover\"";
    let (new_rover, habitat) = (format!("{rover}\nbus_baseline_w = 280.0"), "class = \"minimal-base\"");
    let new_habitat = format!("{habitat}\nexport_max_w = 100.0");
    let report = run(&parse(&edited("three-assets", &[(rover, &new_rover), (habitat, &new_habitat)])), 1);
    assert_eq!(report.ending, Ending::Complete { status: Status::Infeasible });
    assert_eq!(report.plan, None);
}
