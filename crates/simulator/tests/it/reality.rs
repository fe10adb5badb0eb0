use std::ops::ControlFlow;

use cosmosmesh_simulator::report::{MarginKind, SimulationReport};
use cosmosmesh_simulator::scenario::Scenario;
use cosmosmesh_simulator::{SimulateError, SimulateOptions, simulate};

use crate::edit::{assert_good, edited, parse, run};

#[test]
fn a_plan_with_a_reserve_survives_the_worst_day() {
    let report = run(&parse(&edited("dust-and-cold", &[])), 1);
    assert_good(&report);
    let battery = report.figures.margins.iter().find(|margin| margin.kind == MarginKind::Battery).unwrap();
    assert!(battery.margin > 20.0, "{} Wh above the floor", battery.margin);
}

#[test]
fn the_same_plan_without_a_reserve_breaks_the_floor() {
    let text = edited("dust-and-cold", &[]).replace("reserve_fraction = 0.10", "reserve_fraction = 0.0");
    let report = run(&parse(&text), 1);
    // The plan itself is perfect: reality breaks it.
    assert_eq!(report.ending.to_string(), "optimal");
    let broken = report.violations.iter().find(|violation| violation.quantity == "battery_floor");
    let broken = broken.expect("a naive plan breaks the battery's floor on the worst day");
    assert_eq!(broken.asset, "rover");
    assert!(broken.value < broken.limit - 20.0, "{broken}");
    assert_eq!(report.figures.violation_count, report.violations.len());
}

#[test]
fn a_finer_step_finds_no_other_reality() {
    let scenario = Scenario::load("three-assets").unwrap();
    let margin = |step_ms| {
        let options = SimulateOptions { step_ms, ..SimulateOptions::default() };
        let report = simulate(&scenario, &options, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_good(&report);
        let rover = report.assets.iter().find(|asset| asset.id == "rover").unwrap();
        *rover.series[0].realised.value.last().unwrap()
    };
    let (fine, coarse) = (margin(5_000), margin(40_000));
    // The thermostat's cycles are cut elsewhere: a few watt-hours of 2,400.
    assert!((fine - coarse).abs() < 12.0, "{fine} Wh in steps of 5 s, {coarse} Wh in steps of 40 s");
}

#[test]
fn a_step_that_is_none_is_refused() {
    let options = SimulateOptions { step_ms: 0, ..SimulateOptions::default() };
    let scenario = Scenario::load("three-assets").unwrap();
    let refused = simulate(&scenario, &options, &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused, Err(SimulateError::Step { step_ms: 0 }));
}

#[test]
fn energy_is_neither_made_nor_lost_beyond_the_efficiencies() {
    let report = run(&Scenario::load("three-assets").unwrap(), 2);
    for asset in &report.assets {
        let battery = &asset.series.iter().find(|series| series.name == "battery").unwrap().realised;
        let (first, last) = (battery.value[0], *battery.value.last().unwrap());
        let mean = |name: &str| {
            let curve = &asset.series.iter().find(|series| series.name == name)?.realised;
            let pairs = curve.time_ms.windows(2).zip(&curve.value);
            Some(pairs.map(|(t, v)| v * (t[1] - t[0]) as f64 / 3.6e6).sum::<f64>())
        };
        let balance = mean("generation").unwrap() + mean("bus").unwrap_or(0.0) - mean("load").unwrap();
        // Losses only ever lower the store, and what is shunted too; samples of a heater's cycle are rough.
        let rough = 0.05 * (mean("load").unwrap() + 10.0);
        assert!(last - first <= balance + rough, "{}: {first} to {last} Wh with a balance of {balance} Wh", asset.id);
    }
}

#[test]
fn every_want_that_is_not_fully_planned_has_its_reason() {
    let three = run(&Scenario::load("three-assets").unwrap(), 1);
    reasons(&three);
    // The rover's data wait for passes that are too short: the row of the pass is the reason.
    let relay = three.assets[0].wanted.iter().find(|wanted| wanted.label == "relay").unwrap();
    assert!(relay.binding.iter().any(|binding| binding.row == "relay_gbit"), "{:?}", relay.binding);
    let base = run(&Scenario::load("jezero-base").unwrap(), 1);
    reasons(&base);
    // Four rovers and two drones share one corridor.
    let drive = base.assets.iter().filter_map(|a| a.wanted.iter().find(|wanted| wanted.label == "drive"));
    let short: Vec<_> = drive.filter(|drive| !drive.is_fully_planned()).collect();
    assert!(!short.is_empty() && short.iter().all(|drive| drive.binding[0].row == "corridor"), "{short:?}");
}

fn reasons(report: &SimulationReport) {
    let short: Vec<_> =
        report.assets.iter().flat_map(|a| &a.wanted).filter(|wanted| !wanted.is_fully_planned()).collect();
    assert!(!short.is_empty(), "the testbed has more wants than means");
    for wanted in short {
        assert!(!wanted.binding.is_empty(), "{}: {} of {}", wanted.label, wanted.planned, wanted.desired);
        assert!(wanted.binding.iter().all(|binding| binding.price.is_some_and(|price| price > 0.0)));
    }
    // The corridor limits movement and nothing else, whatever else competes for the same power.
    for wanted in report.assets.iter().flat_map(|a| &a.wanted).filter(|w| w.label != "drive" && w.label != "fly") {
        assert!(wanted.binding.iter().all(|binding| binding.row != "corridor"), "{}", wanted.label);
    }
}
