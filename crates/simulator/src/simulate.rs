use core::ops::ControlFlow;

use cosmosmesh_contracts::message::Command;
use cosmosmesh_contracts::plan::Outcome;

use crate::explain::Prices;
use crate::fleet::Fleet;
use crate::planning::{Planned, plan};
use crate::reality::{Orders, Realised, integrate};
use crate::replica::reconcile;
use crate::report::{AssetReport, Figures, Horizon, SimulationReport, Span};
use crate::scenario::Scenario;
use crate::{Progress, SimulateError, SimulateOptions, account};

/// Rehearses a scenario: the fleet plans over its links, then the sol is integrated in fine steps.
///
/// `progress` may break off; planning then ends with the best safe plan known.
/// A plan that fails, by a link that is down or a fleet that cannot meet its rows, is a report and not an error.
/// # Errors
/// [`SimulateError`] if the scenario cannot be planned with at all.
/// # Cost
/// One solver run per asset and round, and one step per asset and [`SimulateOptions::step_ms`].
pub fn simulate(
    scenario: &Scenario,
    options: &SimulateOptions,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<SimulationReport, SimulateError> {
    if !(1_000..=600_000).contains(&options.step_ms) {
        return Err(SimulateError::Step { step_ms: options.step_ms });
    }
    let fleet = Fleet::prepare(scenario)?;
    let (assets, rows, slots) = (fleet.members.len(), fleet.rows.len(), scenario.horizon.len());
    let stop = progress(Progress::Ready { assets, rows, slots }).is_break();
    let planned = plan(scenario, &fleet, options, stop, progress)?;
    let commands = commands(scenario, &fleet, &planned)?;
    let shares = |k: usize| {
        let mut shares = vec![0.0; fleet.rows.len()];
        if let Some(plans) = &planned.plans {
            fleet.members[k].problem.coupling.multiply_add(&plans[k].x, &mut shares);
        }
        shares
    };
    let order = |(k, commands): (usize, &Vec<Command>)| Orders {
        commands: planned.in_effect[k].then(|| commands.clone()),
        shares: shares(k),
    };
    let orders: Vec<Orders> = commands.iter().enumerate().map(order).collect();
    let realised = integrate(scenario, &fleet, &orders, (options.seed, options.step_ms), progress);
    assemble(scenario, options, &fleet, &planned, &commands, &orders, realised)
}

/// What each asset would do by the best plan known; nothing if there is none.
fn commands(scenario: &Scenario, fleet: &Fleet, planned: &Planned) -> Result<Vec<Vec<Command>>, SimulateError> {
    let Some(plans) = &planned.plans else { return Ok(vec![Vec::new(); fleet.members.len()]) };
    let of_asset = |(k, plan): (usize, &cosmosmesh_contracts::plan::Plan)| {
        let member = &fleet.members[k];
        let asset = || scenario.assets[k].id.to_string();
        member.adapter.apply(&member.forecast, plan).map_err(|error| SimulateError::Asset { asset: asset(), error })
    };
    plans.iter().enumerate().map(of_asset).collect()
}

fn assemble(
    scenario: &Scenario,
    options: &SimulateOptions,
    fleet: &Fleet,
    planned: &Planned,
    commands: &[Vec<Command>],
    orders: &[Orders],
    realised: Realised,
) -> Result<SimulationReport, SimulateError> {
    let outcome = &planned.outcome;
    let plan_of = |k: usize| planned.plans.as_ref().map(|plans| &plans[k]);
    let mut assets = Vec::with_capacity(scenario.assets.len());
    for (k, (asset, member)) in scenario.assets.iter().zip(&fleet.members).enumerate() {
        let of_asset = |error| SimulateError::Asset { asset: asset.id.to_string(), error };
        let wants = member.adapter.wanted(&member.forecast).map_err(of_asset)?;
        let prices = match plan_of(k) {
            Some(_) => Some(
                Prices::find(&member.problem, fleet, &outcome.prices)
                    .map_err(|error| SimulateError::Problem { asset: asset.id.to_string(), error })?,
            ),
            None => None,
        };
        assets.push(AssetReport {
            id: asset.id.to_string(),
            kind: asset.vehicle.kind().to_owned(),
            in_effect: planned.in_effect[k],
            activities: account::activities(&commands[k]),
            series: account::series(asset, member, plan_of(k), &commands[k], k, &realised),
            wanted: account::wanted(&wants, plan_of(k), prices.as_ref(), &realised.done[k]),
            traffic: planned.traffic[k].clone(),
        });
    }
    let planned_use: Vec<Vec<f64>> = scenario
        .assets
        .iter()
        .zip(commands)
        .map(|(asset, commands)| account::planned_use(fleet, asset, commands))
        .collect();
    let fleet_rows = account::fleet_rows(scenario, fleet, orders, &planned_use, &realised, &outcome.prices);
    let in_effect = planned.in_effect.iter().any(|in_effect| *in_effect);
    Ok(SimulationReport {
        schema: SimulationReport::SCHEMA,
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        seed: options.seed,
        variant: options.method.name().to_owned(),
        tolerance: options.tolerance,
        facilitator: scenario.assets[scenario.planning.facilitator].id.to_string(),
        sum: if planned.masks.is_some() { "masked" } else { "plain" },
        masks: planned.masks.clone(),
        horizon: horizon(scenario),
        ending: planned.ending.clone(),
        plan: outcome.plan.filter(|_| in_effect),
        certificate: outcome.certificate.clone(),
        assets,
        fleet_rows,
        rounds: planned.rounds.clone(),
        figures: figures(scenario, planned, outcome, &realised),
        replicas: reconcile(scenario, options.seed)
            .map_err(|error| SimulateError::Replica { reason: error.to_string() })?,
        violations: realised.violations,
    })
}

fn horizon(scenario: &Scenario) -> Horizon {
    let slots = &scenario.horizon;
    let span = |slot| Span { start_ms: slots.slot_start(slot).as_ms(), end_ms: slots.slot_end(slot).as_ms() };
    Horizon {
        epoch: scenario.epoch.clone(),
        start_ms: slots.start.as_ms(),
        end_ms: slots.end().as_ms(),
        slots: (0..slots.len()).map(span).collect(),
    }
}

fn figures(scenario: &Scenario, planned: &Planned, outcome: &Outcome, realised: &Realised) -> Figures {
    let others = (scenario.assets.len() - 1).max(1) as f64;
    let mean =
        |bytes: fn(&crate::report::Traffic) -> u64| planned.traffic.iter().map(bytes).sum::<u64>() as f64 / others;
    let certificate = outcome.certificate.as_ref();
    Figures {
        status: planned.ending.status(),
        rounds: outcome.rounds,
        gap_relative: certificate.map(|certificate| certificate.gap_relative),
        coupling_violation: certificate.map(|certificate| certificate.coupling_violation),
        safe_round: outcome.safe_round,
        safe_round_one_percent: outcome.safe_round_one_percent,
        bytes_up_per_asset: mean(|traffic| traffic.bytes_up),
        bytes_down_per_asset: mean(|traffic| traffic.bytes_down),
        retransmissions: planned.retransmissions,
        time_to_certificate_ms: planned.time_to_certificate_ms,
        time_to_plan_ms: planned.time_to_plan_ms,
        margins: realised.margins.clone(),
        violation_count: realised.violations.len(),
        steps: realised.steps,
    }
}
