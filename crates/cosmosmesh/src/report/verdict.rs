use cosmosmesh_contracts::plan::{PlanKind, Status};
use cosmosmesh_simulator::clock::Clock;
use cosmosmesh_simulator::report::{Ending, SimulationReport};

use crate::figure::{count, duration, short, tiny};

/// How well a simulated sol went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// Planned to the tolerance, and reality broke no limit.
    Good,
    /// A plan is in effect, but it is not proven or not everywhere.
    Fair,
    /// No plan, or a limit was broken.
    Poor,
}

/// How well the run went, and in a sentence each: the planning, and the sol that followed.
pub(crate) fn verdict(report: &SimulationReport) -> (Mood, [String; 2]) {
    let planned = planning(report);
    let executed = execution(report);
    let mood = if report.plan.is_none() || !report.violations.is_empty() {
        Mood::Poor
    } else if report.plan == Some(PlanKind::Optimal) && report.assets.iter().all(|asset| asset.in_effect) {
        Mood::Good
    } else {
        Mood::Fair
    };
    (mood, [planned, executed])
}

fn planning(report: &SimulationReport) -> String {
    let figures = &report.figures;
    let assets = count(report.assets.len(), "asset");
    let rounds = count(figures.rounds as usize, "round");
    let gap = figures.gap_relative.map(|gap| format!("within {} of the optimum", part(gap)));
    let gap = gap.unwrap_or_else(|| "with no bound on what it gives away".to_owned());
    match (&report.ending, report.plan) {
        (Ending::Complete { status: Status::Optimal }, Some(_)) => {
            let time = figures.time_to_plan_ms.and_then(|ms| u64::try_from(ms).ok());
            let time =
                time.map_or_else(String::new, |ms| format!(", in effect after {} of simulated time", duration(ms)));
            format!("{assets} agreed in {rounds} on a plan proven {gap}{time}.")
        }
        (Ending::Complete { status: Status::Infeasible }, _) => {
            format!("No plan meets the fleet's limits: proven in {rounds}.")
        }
        (Ending::Complete { status }, None) => {
            format!("The rounds ended after {rounds} without a safe plan ({status}).")
        }
        (Ending::Complete { status }, Some(_)) => {
            format!("The rounds ended after {rounds} ({status}); the best safe plan is in effect, {gap}.")
        }
        (Ending::Interrupted, Some(_)) => {
            format!("Interrupted after {rounds}; the best safe plan is in effect, {gap}.")
        }
        (Ending::Interrupted, None) => format!("Interrupted after {rounds}, before a safe plan was known."),
        (ending, _) => sentence(ending.to_string().trim_start_matches("not planned: ")),
    }
}

fn execution(report: &SimulationReport) -> String {
    let steps = report.figures.steps;
    let state = if report.plan.is_none() { "Every asset stayed on its keep-alive baseline; the" } else { "The" };
    match report.violations.as_slice() {
        [] => format!("{state} integrated sol broke no limit in {steps} checked steps."),
        [first, ..] => {
            let n = count(report.violations.len(), "limit");
            let (time, asset, quantity) = (Clock::text(first.time_ms), &first.asset, &first.quantity);
            format!(
                "{state} integrated sol broke {n} in {steps} checked steps, first {quantity} of {asset} at {time}: {} {}, the limit is {} {}.",
                short(first.value),
                first.unit,
                short(first.limit),
                first.unit
            )
        }
    }
}

/// A relative quantity as people read it, rounded up since it stands in promises: `0.42 %`, or a power of ten when it is smaller than that shows.
fn part(relative: f64) -> String {
    if relative.abs() >= 1e-4 { format!("{} %", short((relative * 1e4).ceil() / 1e2)) } else { tiny(relative) }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
