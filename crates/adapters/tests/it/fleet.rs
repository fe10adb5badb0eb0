use cosmosmesh_adapters::parameters::{DroneParameters, HabitatParameters, OrbiterParameters, RoverParameters};
use cosmosmesh_adapters::vehicle::{Drone, Habitat, Orbiter, Rover};
use cosmosmesh_contracts::problem::{
    AssetProblem, Bounds, FleetProblem, LocalProblem, Objective, Rows, SparseMatrix, Variables,
};
use cosmosmesh_contracts::traits::{Budget, DomainAdapter, LocalOutcome, LocalSolver};

use crate::fixture::{id, orbit_forecast, rows, sol, surface_forecast, telemetry};
use crate::oracle::Oracle;

struct Member {
    adapter: Box<dyn DomainAdapter>,
    forecast: cosmosmesh_contracts::message::Forecast,
}

fn base() -> (Vec<Member>, FleetProblem) {
    let rows = rows(sol(), true);
    let mut members = Vec::new();
    let mut join = |mut adapter: Box<dyn DomainAdapter>, forecast, battery_wh, stored_mbit| {
        adapter.observe(sol().start, &telemetry(sol().start, battery_wh, stored_mbit)).unwrap();
        members.push(Member { adapter, forecast });
    };
    for (k, (p, battery_wh)) in [
        (RoverParameters::radioisotope(), 1_500.0),
        (RoverParameters::radioisotope(), 1_800.0),
        (RoverParameters::solar(), 280.0),
        (RoverParameters::solar(), 250.0),
    ]
    .into_iter()
    .enumerate()
    {
        let forecast = surface_forecast(sol(), &p.source, &p.keep_alive, 0.8);
        let rover = Rover::new(id(&format!("rover-{k}")), p, rows.clone()).unwrap();
        join(Box::new(rover), forecast, battery_wh, 100.0);
    }
    for k in 0..2 {
        let p = DroneParameters::rotorcraft();
        let forecast = surface_forecast(sol(), &p.source, &p.keep_alive, 0.8);
        join(Box::new(Drone::new(id(&format!("drone-{k}")), p, rows.clone()).unwrap()), forecast, 28.0, 10.0);
    }
    let p = HabitatParameters::minimal_base();
    let forecast = surface_forecast(sol(), &p.source, &p.keep_alive, 0.8);
    join(Box::new(Habitat::new(id("habitat"), p, rows.clone()).unwrap()), forecast, 72_000.0, 0.0);
    for relay in ["relay-a", "relay-b", "relay-c"] {
        let p = OrbiterParameters::relay();
        let forecast = orbit_forecast(sol(), &p.source, &p.keep_alive, relay);
        join(Box::new(Orbiter::new(id(relay), p, rows.clone()).unwrap()), forecast, 2_500.0, 1_000.0);
    }
    let assets = members.iter().map(|m| m.adapter.local_problem(&m.forecast).unwrap()).collect();
    let fleet = FleetProblem::new("base", rows.coupling().unwrap(), assets).unwrap();
    (members, fleet)
}

/// The whole fleet as one problem, as only an omniscient planner could hold it.
fn assembled(fleet: &FleetProblem) -> LocalProblem {
    let n: usize = fleet.assets().iter().map(|a| a.local.variable_count()).sum();
    let m = fleet.row_count();
    let (mut names, mut lower, mut upper) = (Vec::new(), Vec::new(), Vec::new());
    let (mut p, mut q, mut c) = (Vec::new(), Vec::new(), 0.0);
    let mut row_names = fleet.coupling().names.clone();
    let mut row_lower = fleet.coupling().bounds.lower().to_vec();
    let mut row_upper = fleet.coupling().bounds.upper().to_vec();
    let mut entries = Vec::new();
    for AssetProblem { id, local, coupling, .. } in fleet.assets() {
        let (column, row) = (names.len(), row_names.len());
        names.extend(local.variables().names.iter().map(|name| format!("{id}.{name}")));
        lower.extend(local.variables().bounds.lower());
        upper.extend(local.variables().bounds.upper());
        p.extend(local.objective().p.triplets().map(|(i, j, v)| (column + i, column + j, v)));
        q.extend(&local.objective().q);
        c += local.objective().c;
        row_names.extend(local.rows().names.iter().map(|name| format!("{id}.{name}")));
        row_lower.extend(local.rows().bounds.lower());
        row_upper.extend(local.rows().bounds.upper());
        entries.extend(local.rows().matrix.triplets().map(|(i, j, v)| (row + i, column + j, v)));
        entries.extend(coupling.triplets().map(|(i, j, v)| (i, column + j, v)));
    }
    assert_eq!(m, fleet.coupling().names.len());
    let variables = Variables { names, bounds: Bounds::new(lower, upper).unwrap() };
    let objective = Objective { p: SparseMatrix::from_triplets(n, n, &p).unwrap(), q, c };
    let matrix = SparseMatrix::from_triplets(row_names.len(), n, &entries).unwrap();
    let rows = Rows { matrix, names: row_names, bounds: Bounds::new(row_lower, row_upper).unwrap() };
    LocalProblem::new(variables, objective, rows).unwrap()
}

#[test]
fn baselines_fit_the_fleet_s_limits() {
    let (_, fleet) = base();
    let mut total = vec![0.0; fleet.row_count()];
    for asset in fleet.assets() {
        let lower = asset.local.variables().bounds.lower();
        asset.coupling.triplets().for_each(|(row, column, v)| total[row] += v * lower[column]);
    }
    for (row, baseline) in total.iter().enumerate() {
        let limit = fleet.coupling().bounds.upper()[row];
        assert!(*baseline <= limit, "{}: baselines of {baseline} under {limit}", fleet.coupling().names[row]);
    }
}

#[test]
fn a_base_of_ten_can_be_planned_and_has_to_give_and_take() {
    let (members, fleet) = base();
    let whole = assembled(&fleet);
    let budget = Budget { iterations_max: 200, ..Budget::default() };
    let LocalOutcome::Optimal { solution, .. } = Oracle.solve(&whole, None, budget).unwrap().outcome else {
        panic!("the base has an optimal plan");
    };
    assert!(whole.violation(&solution.x) < 1e-6);
    let mut rest = solution.x.as_slice();
    let mut x = Vec::new();
    for asset in fleet.assets() {
        let (own, others) = rest.split_at(asset.local.variable_count());
        x.push(own.to_vec());
        rest = others;
    }

    let part = |asset: &str, activity: &str| {
        let k = fleet.assets().iter().position(|a| a.id.as_str() == asset).unwrap();
        let wanted = members[k].adapter.wanted(&members[k].forecast).unwrap();
        let wanted = wanted.into_iter().find(|w| w.activity == activity).unwrap();
        wanted.planned(&x[k]) / wanted.desired
    };
    for (asset, activity) in [("rover-0", "relay"), ("drone-1", "fly"), ("relay-c", "downlink"), ("habitat", "crew")] {
        assert!(part(asset, activity) > 0.85, "{activity} of {asset}: {}", part(asset, activity));
    }
    // Four rovers want more of the corridor than there is, and the bus takes its energy from oxygen.
    assert!(part("rover-2", "drive") < 0.8, "{}", part("rover-2", "drive"));
    assert!(part("habitat", "oxygen") < 0.95, "{}", part("habitat", "oxygen"));

    let used = fleet.coupling_values(&x);
    for (row, name) in fleet.coupling().names.iter().enumerate() {
        let limit = fleet.coupling().bounds.upper()[row];
        assert!(used[row] <= limit + 1e-6, "{name}: {} of {limit}", used[row]);
        if name.starts_with("corridor") {
            assert!(used[row] > 0.99, "{name} is used to the full: {}", used[row]);
        }
        if name.starts_with("bus_kwh") {
            let taken: f64 = fleet.assets().iter().zip(&x).map(|(a, x)| share(a, x, row).max(0.0)).sum();
            assert!(taken > 0.01, "{name}: somebody draws {taken} kWh");
        }
    }
}

/// What one asset has of a fleet row.
fn share(asset: &AssetProblem, x: &[f64], row: usize) -> f64 {
    asset.coupling.triplets().filter(|t| t.0 == row).map(|(_, column, v)| v * x[column]).sum()
}
