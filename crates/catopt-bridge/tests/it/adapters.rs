//! Adapters are functors: from what a vehicle has observed, where newer news wins and one observation after another is their composite, to open problems and their wires.

use cosmosmesh_adapters::FleetRows;
use cosmosmesh_adapters::parameters::{DroneParameters, KeepAlive, PowerSource, RoverParameters};
use cosmosmesh_adapters::vehicle::{Drone, Rover};
use cosmosmesh_catopt_bridge::Diagram;
use cosmosmesh_contracts::message::{Forecast, SlotForecast, Telemetry, VehicleMode};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::traits::DomainAdapter;
use cosmosmesh_contracts::{AssetId, Horizon, MissionTime};

use crate::world::Seed;

fn forecast(source: &PowerSource, keep_alive: &KeepAlive) -> Forecast {
    let horizon = Horizon::sol(MissionTime::EPOCH);
    let slot = |slot: usize| {
        let local_time_h = slot as f64 / 2.0;
        let day = (8.0..16.0).contains(&local_time_h);
        SlotForecast {
            generation_w: source.power_w(if day { 400.0 } else { 0.0 }),
            keep_alive_w: keep_alive.power_w(-40.0),
            ambient_temperature_c: -40.0,
            daylight_fraction: f64::from(u8::from(day)),
            local_time_h,
        }
    };
    let slots = (0..horizon.len()).map(slot).collect();
    Forecast { issued: horizon.start, horizon, slots, passes: Vec::new(), downlinks: Vec::new() }
}

/// A rover and a drone on one bus.
fn vehicles() -> [(Box<dyn DomainAdapter>, Forecast); 2] {
    let rows = FleetRows::new(Horizon::sol(MissionTime::EPOCH)).with_bus(0.4);
    let id = |name: &str| AssetId::new(name).unwrap();
    let (rover, drone) = (RoverParameters::radioisotope(), DroneParameters::rotorcraft());
    let (one, other) = (forecast(&rover.source, &rover.keep_alive), forecast(&drone.source, &drone.keep_alive));
    let rover = Rover::new(id("rover"), rover, rows.clone()).unwrap();
    [(Box::new(rover), one), (Box::new(Drone::new(id("drone"), drone, rows).unwrap()), other)]
}

/// What the two see at a time, both at once.
#[derive(Clone)]
struct Seen([Telemetry; 2]);

fn seen(seed: &mut Seed, at: i64) -> Seen {
    let mut measured = |battery_wh: f64| Telemetry {
        at: MissionTime(at),
        mode: VehicleMode::Nominal,
        battery_wh: battery_wh * (1.0 + 0.01 * seed.below(20) as f64),
        battery_temperature_c: -5.0,
        generation_w: 0.0,
        load_w: 0.0,
        bus_w: 0.0,
        stored_mbit: seed.below(10) as f64,
        odometer_m: 0.0,
    };
    Seen([measured(1_500.0), measured(26.0)])
}

/// The diagram after these observations, one after another.
fn observed(list: &[Seen]) -> Diagram {
    let mut vehicles = vehicles();
    for Seen(telemetry) in list {
        for ((adapter, _), telemetry) in vehicles.iter_mut().zip(telemetry) {
            adapter.observe(MissionTime::EPOCH, telemetry).unwrap();
        }
    }
    let assets = vehicles.iter().map(|(adapter, forecast)| adapter.local_problem(forecast).unwrap()).collect();
    let rows = FleetRows::new(Horizon::sol(MissionTime::EPOCH)).with_bus(0.4);
    Diagram::of(&FleetProblem::new("two", rows.coupling().unwrap(), assets).unwrap()).unwrap()
}

#[test]
fn adapters_keep_identity_and_composition() {
    let text = |list: &[Seen]| observed(list).canonical_text().unwrap();
    let mut different = 0;
    for k in 0..256 {
        let mut seed = Seed(k);
        let list: Vec<Seen> = (0..1 + seed.below(4) as i64).map(|j| seen(&mut seed, j - 10)).collect();
        let (newest, first) = (list.last().unwrap().clone(), list[0].clone());
        let whole = text(&list);
        // The composite of observations is the newest of them, however they come.
        assert_eq!(whole, text(core::slice::from_ref(&newest)), "seed {k}");
        let mut late: Vec<Seen> = list.iter().rev().cloned().collect();
        assert_eq!(whole, text(&late), "seed {k}");
        // What was seen already is an identity.
        late.extend([first.clone(), newest]);
        assert_eq!(whole, text(&late), "seed {k}");
        // Wires go where they went, whatever was seen.
        let before = observed(core::slice::from_ref(&first));
        assert_eq!(before.wires(), observed(&list).wires(), "seed {k}");
        assert_eq!(before.junctions(), observed(&list).junctions(), "seed {k}");
        different += usize::from(before.canonical_text().unwrap() != whole);
    }
    assert!(different > 100, "{different}");
}
