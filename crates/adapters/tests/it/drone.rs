use cosmosmesh_adapters::parameters::DroneParameters;
use cosmosmesh_adapters::vehicle::Drone;
use cosmosmesh_contracts::conformance::{DomainCase, domain};
use cosmosmesh_contracts::message::Action;
use cosmosmesh_contracts::traits::DomainAdapter;
use proptest::prelude::*;

use crate::fixture::{id, rows, sol, surface_forecast, telemetry};
use crate::oracle::Oracle;

fn check(battery_wh: f64, stored_mbit: f64, dust: f64) {
    let parameters = DroneParameters::rotorcraft();
    let rows = rows(sol(), false);
    let forecast = surface_forecast(sol(), &parameters.source, &parameters.keep_alive, dust);
    let mut drone = Drone::new(id("drone"), parameters, rows.clone()).unwrap();
    let case = DomainCase {
        id: &id("drone"),
        fleet_row_count: rows.len(),
        forecast: &forecast,
        telemetry: &telemetry(sol().start, battery_wh, stored_mbit),
    };
    let (problem, plan) = domain(&mut drone, &mut Oracle, case);
    assert!(problem.local.variable_count() <= 450, "{} variables", problem.local.variable_count());
    for command in drone.apply(&forecast, &plan).unwrap() {
        if let Action::Fly { airborne_s_max, occupancy_max } = command.action {
            assert!(airborne_s_max <= parameters.flight.airborne_s_max + 1e-6, "{airborne_s_max} s in one flight");
            let seconds = command.end.ms_since(command.start) as f64 / 1_000.0;
            let held = airborne_s_max * parameters.flight.corridor_factor / seconds;
            assert!(held <= occupancy_max + 1e-6, "the corridor share covers the flight");
            let slot = sol().slot_at(command.start).unwrap();
            let local_time_h = forecast.slots[slot].local_time_h;
            assert!((10.0..15.0).contains(&local_time_h), "a flight at {local_time_h} h");
        }
    }
}

#[test]
fn drone_conforms_and_flies_around_noon() {
    check(30.0, 20.0, 1.0);
}

#[test]
fn drone_flies_all_it_wants_with_a_bus_of_its_own() {
    let parameters = DroneParameters::rotorcraft();
    let rows = rows(sol(), false);
    let forecast = surface_forecast(sol(), &parameters.source, &parameters.keep_alive, 1.0);
    let mut drone = Drone::new(id("drone"), parameters, rows.clone()).unwrap();
    let telemetry = telemetry(sol().start, 30.0, 20.0);
    let case = DomainCase { id: &id("drone"), fleet_row_count: rows.len(), forecast: &forecast, telemetry: &telemetry };
    let (_, plan) = domain(&mut drone, &mut Oracle, case);
    for wanted in drone.wanted(&forecast).unwrap() {
        let part = wanted.planned(&plan.x) / wanted.desired;
        assert!(part > 0.8 && part < 1.01, "{part} of {}", wanted.activity);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn keep_alive_is_always_possible(battery_wh in 10.0..38.0_f64, stored_mbit in 0.0..200.0_f64, dust in 0.0..1.0_f64) {
        check(battery_wh, stored_mbit, dust);
    }
}
