//! The run in tables: figures, margins, broken limits.

use cosmosmesh_simulator::clock::Clock;
use cosmosmesh_simulator::report::{MarginKind, SimulationReport, StoreReport};

use super::axis::clock;
use crate::figure::{bytes, duration, short, tiny};
use crate::table::{Align, Table};

/// The figures of the run.
pub(crate) fn figures(report: &SimulationReport) -> Table {
    let figures = &report.figures;
    let none = || "none".to_owned();
    let time = |ms: Option<i64>| ms.and_then(|ms| u64::try_from(ms).ok()).map_or_else(none, duration);
    let round = |round: Option<u32>| round.map_or_else(none, |round| round.to_string());
    let mut table = Table::new(&[("figure", Align::Left), ("value", Align::Right)]);
    let mut push = |name: &str, value: String| table.push(vec![name.to_owned(), value]);
    push("status", report.ending.status().to_string());
    push("rounds", figures.rounds.to_string());
    push("certified gap", figures.gap_relative.map_or_else(none, tiny));
    push("coupling violation", figures.coupling_violation.map_or_else(none, tiny));
    push("first safe plan, round", round(figures.safe_round));
    push("safe and within 1 %, round", round(figures.safe_round_one_percent));
    push("sent per asset", bytes(figures.bytes_up_per_asset.round() as u64));
    push("received per asset", bytes(figures.bytes_down_per_asset.round() as u64));
    push("sum", sum(report));
    if let Some(masks) = &report.masks {
        let (heard, sent) = (bytes(masks.guardian_bytes_down), bytes(masks.guardian_bytes_up));
        push("busiest guardian", format!("hears {heard}, sends {sent}"));
    }
    push("packets sent again", figures.retransmissions.to_string());
    push("simulated time to certificate", time(figures.time_to_certificate_ms));
    push("simulated time to plan in effect", time(figures.time_to_plan_ms));
    let replicas = &report.replicas;
    push("delta-sync latency, mean", time(replicas.latency_ms_mean));
    push("delta-sync latency, 95 in 100 within", time(replicas.latency_ms_p95));
    push("delta-sync latency, longest", time(replicas.latency_ms_max));
    push("log entries that did not reach somebody", replicas.missing.to_string());
    if let Some(closing) = &replicas.closing {
        let last = closing.checkpoints.last();
        push(
            "past of the logs closed to",
            last.map_or_else(none, |last| format!("{}, checkpoint {}", clock(last.at_ms), last.number)),
        );
        push("late entries written again", closing.carried.to_string());
    }
    let sum = |part: fn(&StoreReport) -> u64| replicas.stores.iter().map(part).sum::<u64>();
    let (held, pruned) = (sum(|store| store.held_bytes.last().copied().unwrap_or(0)), sum(|store| store.pruned_bytes));
    push("stores of logs", format!("{} held, {} pruned", bytes(held), bytes(pruned)));
    push("limits broken in reality", figures.violation_count.to_string());
    push("steps checked", figures.steps.to_string());
    table
}

fn sum(report: &SimulationReport) -> String {
    match &report.masks {
        Some(masks) => {
            let nobody = if (masks.missing_assets_max, masks.missing_guardians_max) == (0, 0) {
                ", and nobody may be missing"
            } else {
                ""
            };
            format!("masked; {} of {} guardians open it{nobody}", masks.threshold, masks.guardians.len())
        }
        None => "plain, in the open".to_owned(),
    }
}

/// The narrowest margin of each kind in the integrated reality.
pub(crate) fn margins(report: &SimulationReport) -> Table {
    let columns = [
        ("limit", Align::Left),
        ("narrowest margin", Align::Right),
        ("of", Align::Left),
        ("row", Align::Left),
        ("at", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for margin in &report.figures.margins {
        table.push(vec![
            kind(margin.kind).to_owned(),
            format!("{} {}", short(margin.margin), margin.unit),
            margin.asset.clone(),
            margin.quantity.clone(),
            clock(margin.time_ms),
        ]);
    }
    table
}

/// The limits that the integrated reality broke.
pub(crate) fn violations(report: &SimulationReport) -> Table {
    let columns = [
        ("first seen", Align::Left),
        ("asset", Align::Left),
        ("limit", Align::Left),
        ("worst value", Align::Right),
        ("limit value", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for broken in &report.violations {
        table.push(vec![
            Clock::text(broken.time_ms),
            broken.asset.clone(),
            broken.quantity.clone(),
            format!("{} {}", short(broken.value), broken.unit),
            format!("{} {}", short(broken.limit), broken.unit),
        ]);
    }
    table
}

fn kind(kind: MarginKind) -> &'static str {
    match kind {
        MarginKind::Battery => "battery floor",
        MarginKind::Memory => "memory size",
        MarginKind::BusPower => "bus power",
        MarginKind::BusEnergy => "bus energy per slot",
        MarginKind::RelayVolume => "relay volume per pass",
        MarginKind::Corridor => "corridor occupancy",
        _ => "other",
    }
}
