use std::ops::ControlFlow;

use cosmosmesh_simulator::report::SimulationReport;
use cosmosmesh_simulator::scenario::{Scenario, builtin_source};
use cosmosmesh_simulator::{SimulateOptions, simulate};

/// A built-in scenario's text with some of it replaced; what is to be replaced must be there.
pub(crate) fn edited(name: &str, edits: &[(&str, &str)]) -> String {
    let mut text = builtin_source(name).expect("a built-in scenario").to_owned();
    for (old, new) in edits {
        assert!(text.contains(old), "{name} does not contain {old:?}");
        text = text.replacen(old, new, 1);
    }
    text
}

/// A built-in scenario with lines added at its end.
pub(crate) fn with(name: &str, lines: &str) -> Scenario {
    parse(&format!("{}\n{lines}", edited(name, &[])))
}

pub(crate) fn parse(text: &str) -> Scenario {
    Scenario::parse("test.toml", text).unwrap_or_else(|error| panic!("{error}"))
}

pub(crate) fn run(scenario: &Scenario, seed: u64) -> SimulationReport {
    let options = SimulateOptions { seed, ..SimulateOptions::default() };
    simulate(scenario, &options, &mut |_| ControlFlow::Continue(())).unwrap_or_else(|error| panic!("{error}"))
}

/// Planned to the tolerance, in effect everywhere, and nothing broken in the integrated sol.
pub(crate) fn assert_good(report: &SimulationReport) {
    let about = format!("{} with seed {}", report.scenario, report.seed);
    assert_eq!(report.ending.to_string(), "optimal", "{about}");
    let certificate = report.certificate.as_ref().expect("a plan comes with a certificate");
    assert!(certificate.gap_relative <= report.tolerance, "{about}: {certificate:?}");
    assert!(certificate.coupling_violation <= 1e-9, "{about}: {certificate:?}");
    assert!(report.assets.iter().all(|asset| asset.in_effect), "{about}");
    assert!(report.violations.is_empty(), "{about}: {}", report.violations[0]);
    for row in &report.fleet_rows {
        let (upper, unit) = (row.upper.expect("every row has an upper limit"), &row.unit);
        let slack = 1e-6 * (1.0 + upper);
        assert!(row.granted <= upper + slack, "{about}: {} grants {} of {upper} {unit}", row.name, row.granted);
        assert!(row.realised_use <= row.granted + slack, "{about}: {} is overdrawn", row.name);
    }
}
