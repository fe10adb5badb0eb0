//! Turns a planned and integrated sol into a report.

use cosmosmesh_contracts::Horizon;
use cosmosmesh_contracts::message::{Action, Command};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::traits::Wanted as Want;

use crate::explain::{Prices, unit};
use crate::fleet::{Fleet, Member};
use crate::reality::{Orders, Realised};
use crate::report::{Activity, Binding, Curve, FleetRowReport, Grant, Series, Wanted};
use crate::scenario::{AssetSpec, Scenario};

/// Levels that differ by less than this part are one bar.
const SAME_LEVEL: f64 = 0.02;

/// The bars of a Gantt.
pub(crate) fn activities(commands: &[Command]) -> Vec<Activity> {
    let mut bars: Vec<Activity> = Vec::new();
    for command in commands {
        let watts = (command.mean_power_w, command.peak_power_w, "W");
        let (label, (level, level_max, unit)) = match &command.action {
            Action::Drive { .. } => ("drive", watts),
            Action::Fly { .. } => ("fly", watts),
            Action::Observe { .. } => ("science", watts),
            Action::ChargeFromBus { .. } => ("charge", watts),
            Action::SupplyBus { .. } => ("feed bus", watts),
            Action::SupportCrew => ("crew", watts),
            Action::SupportLife => ("life support", watts),
            Action::ProduceOxygen { .. } => ("oxygen", watts),
            Action::Relay { volume_mbit_max, rate_bps_max, .. } => {
                ("relay", (*volume_mbit_max, full_mbit(command, *rate_bps_max), "Mbit"))
            }
            Action::Downlink { volume_mbit_max, rate_bps_max, .. } => {
                ("downlink", (*volume_mbit_max, full_mbit(command, *rate_bps_max), "Mbit"))
            }
            _ => continue,
        };
        let (start_ms, end_ms) = (command.start.as_ms(), command.end.as_ms());
        let steady = unit == "W";
        let before = bars.iter_mut().rev().find(|bar| bar.label == label && bar.end_ms == start_ms && steady);
        match before {
            Some(bar) if (bar.level - level).abs() <= SAME_LEVEL * level_max => bar.end_ms = end_ms,
            _ => bars.push(Activity {
                label: label.to_owned(),
                start_ms,
                end_ms,
                level,
                level_max: Some(level_max),
                unit: unit.to_owned(),
            }),
        }
    }
    bars
}

fn full_mbit(command: &Command, rate_bps: f64) -> f64 {
    rate_bps * 1e-6 * command.end.ms_since(command.start) as f64 / 1000.0
}

/// Resource profiles: the planner's expectation beside what came.
pub(crate) fn series(
    asset: &AssetSpec,
    member: &Member,
    plan: Option<&Plan>,
    commands: &[Command],
    index: usize,
    realised: &Realised,
) -> Vec<Series> {
    let curves = &realised.curves[index];
    let horizon = &member.forecast.horizon;
    let of_plan = |stem: &str, start: f64| at_edges(member, plan, horizon, stem, start);
    let battery = asset.vehicle.battery();
    let mut list = vec![Series {
        name: "battery".to_owned(),
        unit: "Wh".to_owned(),
        lower: Some(battery.floor_fraction * battery.capacity_wh),
        upper: Some(battery.capacity_wh),
        planned: of_plan("stored_kwh", asset.battery_start_fraction * battery.capacity_wh),
        realised: curves.battery_wh.clone(),
    }];
    if let Some(data) = asset.vehicle.data() {
        list.push(Series {
            name: "stored data".to_owned(),
            unit: "Mbit".to_owned(),
            lower: None,
            upper: Some(data.memory_mbit),
            planned: of_plan("memory_gbit", asset.stored_start_mbit),
            realised: curves.stored_mbit.clone(),
        });
    }
    let free = |name: &str, unit: &str, planned: Curve, realised: &Curve| Series {
        name: name.to_owned(),
        unit: unit.to_owned(),
        lower: None,
        upper: None,
        planned,
        realised: realised.clone(),
    };
    let generation = slot_means(horizon, |slot| member.forecast.slots[slot].generation_w);
    list.push(free("generation", "W", generation, &curves.generation_w));
    let mean_w = |slot: usize, counts: &dyn Fn(&Action) -> f64| {
        let (start, end) = (horizon.slot_start(slot), horizon.slot_end(slot));
        let part = |command: &Command| {
            let overlap_ms = command.end.min(end).ms_since(command.start.max(start)).max(0);
            counts(&command.action) * command.mean_power_w * overlap_ms as f64 / horizon.slot_length_ms(slot) as f64
        };
        commands.iter().map(part).sum::<f64>()
    };
    let is_load = |action: &Action| match action {
        Action::KeepAlive | Action::ChargeFromBus { .. } | Action::SupplyBus { .. } | Action::Idle => 0.0,
        _ => 1.0,
    };
    let load = slot_means(horizon, |slot| member.forecast.slots[slot].keep_alive_w + mean_w(slot, &is_load));
    list.push(free("load", "W", load, &curves.load_w));
    if asset.vehicle.bus().is_some() || asset.vehicle.kind() == "habitat" {
        let from_bus = |action: &Action| match action {
            Action::ChargeFromBus { .. } => 1.0,
            Action::SupplyBus { .. } => -1.0,
            _ => 0.0,
        };
        list.push(free("bus", "W", slot_means(horizon, |slot| mean_w(slot, &from_bus)), &curves.bus_w));
    }
    if asset.vehicle.keep_alive().conductance_w_per_c > 0.0 {
        list.push(free("temperature", "°C", Curve::default(), &curves.temperature_c));
    }
    list
}

/// A store's level at the slots' edges, from the plan's variables `stem[slot]`, in thousandths of their unit.
fn at_edges(member: &Member, plan: Option<&Plan>, horizon: &Horizon, stem: &str, start: f64) -> Curve {
    let mut curve = Curve::default();
    let Some(plan) = plan else { return curve };
    curve.push(horizon.start.as_ms(), start);
    for (name, value) in member.problem.local.variables().names.iter().zip(&plan.x) {
        let slot = name.strip_prefix(stem).and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
        if let Some(slot) = slot.and_then(|slot| slot.parse::<usize>().ok()).filter(|slot| *slot < horizon.len()) {
            curve.push(horizon.slot_end(slot).as_ms(), value * 1000.0);
        }
    }
    curve
}

/// A staircase: each slot's mean from its start to its end.
fn slot_means(horizon: &Horizon, mean: impl Fn(usize) -> f64) -> Curve {
    let mut curve = Curve::default();
    for slot in 0..horizon.len() {
        let value = mean(slot);
        curve.push(horizon.slot_start(slot).as_ms(), value);
        curve.push(horizon.slot_end(slot).as_ms(), value);
    }
    curve
}

/// What was wanted, and what stood in the way.
pub(crate) fn wanted(
    wants: &[Want],
    plan: Option<&Plan>,
    prices: Option<&Prices<'_>>,
    done: &std::collections::BTreeMap<&'static str, f64>,
) -> Vec<Wanted> {
    let mut list = Vec::with_capacity(wants.len());
    for want in wants {
        let mut wanted = Wanted {
            label: want.activity.replace('_', " "),
            desired: want.desired,
            planned: plan.map_or(0.0, |plan| want.planned(&plan.x)),
            realised: done.get(want.activity.as_str()).copied().unwrap_or(0.0),
            unit: want.unit.clone(),
            binding: Vec::<Binding>::new(),
        };
        if let (false, Some(prices)) = (wanted.is_fully_planned(), prices) {
            wanted.binding = prices.binding(want);
        }
        list.push(wanted);
    }
    list
}

/// Who holds, plans and used how much of each shared row.
pub(crate) fn fleet_rows(
    scenario: &Scenario,
    fleet: &Fleet,
    orders: &[Orders],
    planned: &[Vec<f64>],
    realised: &Realised,
    prices: &[f64],
) -> Vec<FleetRowReport> {
    let horizon = fleet.rows.horizon();
    let mut list = Vec::with_capacity(fleet.rows.len());
    for (row, name) in fleet.coupling.names.iter().enumerate() {
        let stem = name.split('[').next().unwrap_or(name);
        let pass = fleet.passes.iter().find(|pass| fleet.rows.relay(&pass.name) == Some(row));
        let (start_ms, end_ms) = match (pass, fleet.rows.slot_of(row)) {
            (Some(pass), _) => (pass.span.start_ms, pass.span.end_ms),
            (None, Some(slot)) => (horizon.slot_start(slot).as_ms(), horizon.slot_end(slot).as_ms()),
            (None, None) => (horizon.start.as_ms(), horizon.end().as_ms()),
        };
        let grants: Vec<Grant> = (0..scenario.assets.len())
            .map(|k| Grant {
                asset: scenario.assets[k].id.to_string(),
                share: orders[k].shares[row],
                planned_use: planned[k][row],
                realised_use: realised.use_of_rows[k][row],
            })
            .filter(|grant| grant.share != 0.0 || grant.realised_use != 0.0)
            .collect();
        let given: f64 = grants.iter().map(|grant| (-grant.share).max(0.0)).sum();
        let bound = |value: f64| value.is_finite().then_some(value);
        let taken = |part: fn(&Grant) -> f64| grants.iter().map(|grant| part(grant).max(0.0)).sum::<f64>();
        list.push(FleetRowReport {
            name: name.clone(),
            kind: stem.trim_end_matches("_kwh").trim_end_matches("_gbit").to_owned(),
            unit: unit(stem).to_owned(),
            start_ms,
            end_ms,
            lower: bound(fleet.coupling.bounds.lower()[row]),
            upper: bound(fleet.coupling.bounds.upper()[row] + given),
            granted: taken(|grant| grant.share),
            planned_use: taken(|grant| grant.planned_use),
            realised_use: taken(|grant| grant.realised_use),
            grants,
            price: prices.get(row).copied().unwrap_or(0.0),
        });
    }
    list
}

/// What commands mean to use of each shared row, in the rows' units.
pub(crate) fn planned_use(fleet: &Fleet, asset: &AssetSpec, commands: &[Command]) -> Vec<f64> {
    let mut planned = vec![0.0; fleet.rows.len()];
    let horizon = fleet.rows.horizon();
    for command in commands {
        let length_ms = command.end.ms_since(command.start) as f64;
        let energy_kwh = command.mean_power_w * length_ms / 3.6e9;
        let slot = horizon.slot_at(command.start);
        let bus = slot.and_then(|slot| fleet.rows.bus(slot));
        let corridor = slot.and_then(|slot| fleet.rows.corridor(slot));
        let (row, amount) = match (&command.action, &asset.vehicle) {
            (Action::ChargeFromBus { .. }, _) => (bus, energy_kwh),
            (Action::SupplyBus { .. }, _) => (bus, -energy_kwh),
            (Action::Relay { pass, volume_mbit_max, .. }, vehicle) => {
                let sign = if vehicle.orbit().is_some() { -1.0 } else { 1.0 };
                (fleet.rows.relay(pass), sign * volume_mbit_max / 1000.0)
            }
            (Action::Drive { .. }, _) => (corridor, command.mean_power_w / command.peak_power_w),
            (Action::Fly { airborne_s_max, .. }, crate::scenario::Vehicle::Drone(drone)) => {
                (corridor, drone.flight.corridor_factor * airborne_s_max * 1000.0 / length_ms)
            }
            _ => (None, 0.0),
        };
        if let Some(row) = row {
            planned[row] += amount;
        }
    }
    planned
}
