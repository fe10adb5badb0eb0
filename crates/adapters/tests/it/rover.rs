use cosmosmesh_adapters::FleetRows;
use cosmosmesh_adapters::parameters::RoverParameters;
use cosmosmesh_adapters::vehicle::Rover;
use cosmosmesh_contracts::conformance::{DomainCase, domain};
use cosmosmesh_contracts::message::{Action, Command, Forecast};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::problem::AssetProblem;
use cosmosmesh_contracts::traits::{DomainAdapter, DomainError};
use cosmosmesh_contracts::{Horizon, MissionTime};
use proptest::prelude::*;

use crate::fixture::{id, rows, sol, surface_forecast, telemetry};
use crate::oracle::Oracle;

fn forecast(parameters: &RoverParameters, horizon: Horizon, dust: f64) -> Forecast {
    surface_forecast(horizon, &parameters.source, &parameters.keep_alive, dust)
}

fn check(parameters: RoverParameters, rows: FleetRows, battery_wh: f64, dust: f64) -> (Rover, AssetProblem, Plan) {
    let forecast = forecast(&parameters, *rows.horizon(), dust);
    let mut rover = Rover::new(id("rover"), parameters, rows.clone()).unwrap();
    let case = DomainCase {
        id: &id("rover"),
        fleet_row_count: rows.len(),
        forecast: &forecast,
        telemetry: &telemetry(rows.horizon().start, battery_wh, 120.0),
    };
    let (problem, plan) = domain(&mut rover, &mut Oracle, case);
    (rover, problem, plan)
}

fn value(problem: &AssetProblem, plan: &Plan, name: &str) -> f64 {
    plan.x[problem.local.variables().names.iter().position(|n| n == name).unwrap()]
}

fn sum(problem: &AssetProblem, plan: &Plan, prefix: &str) -> f64 {
    let names = problem.local.variables().names.iter();
    names.zip(&plan.x).filter(|(name, _)| name.starts_with(prefix)).map(|(_, x)| x).sum()
}

fn energy_wh(commands: &[Command], of: impl Fn(&Action) -> bool) -> f64 {
    let hours = |c: &Command| c.end.ms_since(c.start) as f64 / 3_600_000.0;
    commands.iter().filter(|c| of(&c.action)).map(|c| c.mean_power_w * hours(c)).sum()
}

#[test]
fn radioisotope_rover_conforms() {
    let (rover, problem, plan) = check(RoverParameters::radioisotope(), rows(sol(), false), 1_700.0, 1.0);
    assert!(problem.local.variable_count() <= 450, "{} variables", problem.local.variable_count());
    let forecast = forecast(rover.parameters(), sol(), 1.0);
    for wanted in rover.wanted(&forecast).unwrap() {
        let part = wanted.planned(&plan.x) / wanted.desired;
        assert!(part > 0.8 && part < 1.01, "with a bus of its own: {part} of {}", wanted.activity);
    }
}

#[test]
fn solar_rover_conforms() {
    let (_, problem, _) = check(RoverParameters::solar(), rows(sol(), false), 300.0, 1.0);
    assert!(problem.local.variable_count() <= 450, "{} variables", problem.local.variable_count());
}

#[test]
fn solar_rover_outlives_a_dust_storm_on_its_baseline() {
    let (_, problem, plan) = check(RoverParameters::solar(), rows(sol(), false), 300.0, 0.05);
    let floor = RoverParameters::solar().battery.floor_fraction * 0.45;
    for slot in 0..48 {
        let stored = value(&problem, &plan, &format!("stored_kwh[{slot}]"));
        assert!(stored >= floor, "{stored} kWh at the end of slot {slot}");
    }
}

#[test]
fn commands_carry_the_plan_s_energy_distance_and_volume() {
    let (rover, problem, plan) = check(RoverParameters::radioisotope(), rows(sol(), false), 1_700.0, 1.0);
    let forecast = forecast(rover.parameters(), sol(), 1.0);
    let commands = rover.apply(&forecast, &plan).unwrap();
    let hours = sol().slot_hours(0);
    // A command is left out below a millionth of its peak, so sums agree to a thousandth of a watt-hour per slot.
    let close = |a: f64, b: f64, what: &str| assert!((a - b).abs() < 0.05, "{what}: {a} and {b}");
    close(
        energy_wh(&commands, |a| matches!(a, Action::Drive { .. })),
        sum(&problem, &plan, "drive_kw") * hours * 1e3,
        "driving, Wh",
    );
    close(
        energy_wh(&commands, |a| matches!(a, Action::Observe { .. })),
        sum(&problem, &plan, "science_kw") * hours * 1e3,
        "science, Wh",
    );
    let (mut metres, mut mbit, mut bus_wh) = (0.0, 0.0, 0.0);
    for command in &commands {
        match &command.action {
            Action::Drive { distance_m_max, occupancy_max } => {
                metres += distance_m_max;
                let part = command.mean_power_w / command.peak_power_w;
                assert!(part <= occupancy_max + 1e-6, "the corridor share covers the drive");
            }
            Action::Relay { volume_mbit_max, rate_bps_max, .. } => {
                mbit += volume_mbit_max;
                let seconds = command.end.ms_since(command.start) as f64 / 1_000.0;
                assert!(volume_mbit_max * 1e6 <= rate_bps_max * seconds, "the link carries it");
            }
            Action::ChargeFromBus { energy_wh_max } => {
                bus_wh += energy_wh_max;
                let seconds = command.end.ms_since(command.start) as f64 / 1_000.0;
                assert!(command.mean_power_w * seconds / 3_600.0 <= energy_wh_max + 1e-3, "the share covers the draw");
            }
            _ => {}
        }
    }
    let wanted = rover.wanted(&forecast).unwrap();
    close(metres, wanted.iter().find(|w| w.activity == "drive").unwrap().planned(&plan.x), "driving, m");
    close(mbit, sum(&problem, &plan, "sent_gbit") * 1e3, "relay, Mbit");
    assert!(bus_wh >= sum(&problem, &plan, "bus_kw") * hours * 1e3 - 0.05, "bus shares cover the draw");
}

#[test]
fn nothing_is_sent_before_it_was_recorded() {
    let (_, problem, plan) = check(RoverParameters::radioisotope(), rows(sol(), false), 1_700.0, 1.0);
    for slot in 1..48 {
        let before = value(&problem, &plan, &format!("memory_gbit[{}]", slot - 1));
        let names = problem.local.variables().names.iter().zip(&plan.x);
        let ending = format!("@{slot}]");
        let leaving: f64 =
            names.filter(|(n, _)| n.starts_with("sent_gbit") && n.ends_with(&ending)).map(|(_, x)| x).sum();
        assert!(leaving <= before + 1e-6, "slot {slot}: {leaving} sent of {before}");
    }
}

#[test]
fn a_naive_plan_goes_closer_to_the_limit() {
    let lowest = |reserve_fraction| {
        let mut parameters = RoverParameters::solar();
        parameters.reserve_fraction = reserve_fraction;
        parameters.battery.final_fraction = parameters.battery.floor_fraction;
        // Without a bus there is the sun alone, and the night comes last.
        let dawn_to_dawn = Horizon::sol(MissionTime(Horizon::SOL_MS / 4));
        let (_, problem, plan) = check(parameters, FleetRows::new(dawn_to_dawn), 200.0, 0.7);
        (0..48).map(|k| value(&problem, &plan, &format!("stored_kwh[{k}]"))).fold(f64::INFINITY, f64::min)
    };
    let floor = RoverParameters::solar().battery.floor_fraction * 0.45;
    assert!(lowest(0.1) > floor + 0.04, "with a reserve the plan stays clear of the floor");
    assert!(lowest(0.0) < floor + 0.01, "without one it plans to the floor");
}

#[test]
fn an_empty_rover_in_the_cold_is_said_to_be_lost() {
    let parameters = RoverParameters {
        bus: cosmosmesh_adapters::parameters::BusPort { baseline_w: 0.0, ..RoverParameters::solar().bus },
        ..RoverParameters::solar()
    };
    let rows = rows(sol(), false);
    let forecast = forecast(&parameters, sol(), 0.0);
    let mut rover = Rover::new(id("rover"), parameters, rows).unwrap();
    rover.observe(MissionTime::EPOCH, &telemetry(MissionTime::EPOCH, 10.0, 0.0)).unwrap();
    let answer = rover.local_problem(&forecast);
    assert!(matches!(answer, Err(DomainError::NotSurvivable { slot: 1, .. })), "{answer:?}");
}

#[test]
fn impossible_parameters_are_refused_by_name() {
    let mut parameters = RoverParameters::solar();
    parameters.battery.capacity_wh = f64::NAN;
    let error = Rover::new(id("rover"), parameters, rows(sol(), false)).unwrap_err();
    assert_eq!(error.to_string(), "parameter `battery.capacity_wh`: must be a positive number");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    // From any charge and memory, at any time of the sol, in any weather that a rover can outlive.
    #[test]
    fn keep_alive_is_always_possible(
        charge in 0.35..1.0_f64,
        stored_mbit in 0.0..500.0_f64,
        dust in 0.0..1.0_f64,
        first_slot in 0_usize..44,
        radioisotope: bool,
    ) {
        let parameters = if radioisotope { RoverParameters::radioisotope() } else { RoverParameters::solar() };
        let horizon = rest_of(sol(), first_slot);
        let rows = rows(horizon, false);
        let forecast = forecast(&parameters, horizon, dust);
        let battery_wh = charge * parameters.battery.capacity_wh;
        let mut rover = Rover::new(id("rover"), parameters, rows.clone()).unwrap();
        let telemetry = telemetry(horizon.start, battery_wh, stored_mbit);
        let case = DomainCase { id: &id("rover"), fleet_row_count: rows.len(), forecast: &forecast, telemetry: &telemetry };
        let (problem, plan) = domain(&mut rover, &mut Oracle, case);
        // Every state that the plan passes through is again such a state.
        for slot in [0, horizon.len() / 2, horizon.len() - 2] {
            let later = rest_of(horizon, slot + 1);
            let stored_wh = value(&problem, &plan, &format!("stored_kwh[{slot}]")) * 1e3;
            let rows = crate::fixture::rows(later, false);
            let forecast = surface_forecast(later, &parameters.source, &parameters.keep_alive, dust);
            let telemetry = crate::fixture::telemetry(later.start, stored_wh, 0.0);
            let mut rover = Rover::new(id("rover"), parameters, rows.clone()).unwrap();
            let case = DomainCase { id: &id("rover"), fleet_row_count: rows.len(), forecast: &forecast, telemetry: &telemetry };
            domain(&mut rover, &mut Oracle, case);
        }
    }
}

/// What is left of a horizon after so many slots.
fn rest_of(horizon: Horizon, slots: usize) -> Horizon {
    Horizon { start: horizon.slot_start(slots), slot_count: horizon.slot_count - slots as u32, ..horizon }
}
