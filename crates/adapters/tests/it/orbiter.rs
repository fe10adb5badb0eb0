use cosmosmesh_adapters::parameters::OrbiterParameters;
use cosmosmesh_adapters::vehicle::Orbiter;
use cosmosmesh_contracts::conformance::{DomainCase, domain};
use cosmosmesh_contracts::message::Action;
use cosmosmesh_contracts::traits::DomainAdapter;
use proptest::prelude::*;

use crate::fixture::{id, orbit_forecast, rows, sol, telemetry};
use crate::oracle::Oracle;

fn check(relay: &str, battery_wh: f64, stored_mbit: f64) {
    let parameters = OrbiterParameters::relay();
    let rows = rows(sol(), true);
    let forecast = orbit_forecast(sol(), &parameters.source, &parameters.keep_alive, relay);
    let mut orbiter = Orbiter::new(id(relay), parameters, rows.clone()).unwrap();
    let case = DomainCase {
        id: &id(relay),
        fleet_row_count: rows.len(),
        forecast: &forecast,
        telemetry: &telemetry(sol().start, battery_wh, stored_mbit),
    };
    let (problem, plan) = domain(&mut orbiter, &mut Oracle, case);
    assert!(problem.local.variable_count() <= 450, "{} variables", problem.local.variable_count());
    assert_eq!(problem.coupling.entry_count(), forecast.passes.len(), "one share per own pass");
    let commands = orbiter.apply(&forecast, &plan).unwrap();
    for pass in &forecast.passes {
        let on: i64 = commands
            .iter()
            .filter(|c| matches!(&c.action, Action::Relay { pass: name, .. } if *name == pass.name))
            .map(|c| c.end.ms_since(c.start))
            .sum();
        let missing_ms = pass.end.ms_since(pass.start) - on;
        assert!(
            (0..10_000).contains(&missing_ms),
            "the radio listens through `{}`: {missing_ms} ms are missing",
            pass.name
        );
    }
}

#[test]
fn each_relay_conforms() {
    for relay in ["relay-a", "relay-b", "relay-c"] {
        check(relay, 2_600.0, 1_500.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn keep_alive_is_always_possible(battery_wh in 600.0..3_200.0_f64, stored_mbit in 0.0..6_000.0_f64) {
        check("relay-c", battery_wh, stored_mbit);
    }
}
