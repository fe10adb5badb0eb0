use cosmosmesh_adapters::parameters::HabitatParameters;
use cosmosmesh_adapters::vehicle::Habitat;
use cosmosmesh_contracts::conformance::{DomainCase, domain};
use cosmosmesh_contracts::message::{Action, Forecast};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::traits::DomainAdapter;
use proptest::prelude::*;

use crate::fixture::{id, rows, sol, surface_forecast, telemetry};
use crate::oracle::Oracle;

fn check(battery_wh: f64) -> (Habitat, Forecast, Plan) {
    let parameters = HabitatParameters::minimal_base();
    let rows = rows(sol(), true);
    let forecast = surface_forecast(sol(), &parameters.source, &parameters.keep_alive, 1.0);
    let mut habitat = Habitat::new(id("habitat"), parameters, rows.clone()).unwrap();
    let case = DomainCase {
        id: &id("habitat"),
        fleet_row_count: rows.len(),
        forecast: &forecast,
        telemetry: &telemetry(sol().start, battery_wh, 0.0),
    };
    let (problem, plan) = domain(&mut habitat, &mut Oracle, case);
    assert!(problem.local.variable_count() <= 450, "{} variables", problem.local.variable_count());
    (habitat, forecast, plan)
}

#[test]
fn habitat_conforms_and_serves_its_crew_first() {
    let (habitat, forecast, plan) = check(70_000.0);
    let part = |activity: &str| {
        let wanted = habitat.wanted(&forecast).unwrap().into_iter().find(|w| w.activity == activity).unwrap();
        wanted.planned(&plan.x) / wanted.desired
    };
    assert!(part("crew") > 0.9 && part("life_support") > 0.9, "crew {}", part("crew"));
    assert!(part("oxygen") < part("life_support"), "oxygen is what gives way");
}

#[test]
fn a_promise_to_the_bus_is_covered_by_export() {
    let (habitat, forecast, mut plan) = check(70_000.0);
    let commands = habitat.apply(&forecast, &plan).unwrap();
    for command in &commands {
        if let Action::SupplyBus { energy_wh_max } = command.action {
            let hours = command.end.ms_since(command.start) as f64 / 3_600_000.0;
            assert!(energy_wh_max <= command.mean_power_w * hours + 1e-3, "{energy_wh_max} Wh promised");
        }
    }
    plan.x.iter_mut().for_each(|x| *x = 0.0);
    let idle = habitat.apply(&forecast, &plan).unwrap();
    let actions: Vec<_> = idle.iter().map(|c| c.action.clone()).collect();
    assert_eq!(actions, [Action::KeepAlive, Action::Idle], "a plan of nothing keeps the habitat alive");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn keep_alive_is_always_possible(battery_wh in 0.0..120_000.0_f64) {
        check(battery_wh);
    }
}
