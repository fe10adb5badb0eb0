//! How the past was closed, and what the stores held over time.

use cosmosmesh_simulator::report::{ClosingReport, SimulationReport};

use super::axis::{Scale, TimeAxis, clock};
use super::drawing::{Anchor, Drawing};
use crate::figure::{bytes, duration};
use crate::table::{Align, Table};

const WIDTH: f64 = 1120.0;
const HEIGHT: f64 = 190.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 24.0;

/// Bytes of all stores together over time; a rule where a checkpoint first came into force.
pub(super) fn held(report: &SimulationReport) -> String {
    let replicas = &report.replicas;
    let held = total(report);
    let most = held.iter().copied().max().unwrap_or(0).max(1);
    let end_ms = replicas.times_ms.last().map_or(1, |last| last + replicas.every_ms);
    let description = format!(
        "Bytes of all stores of logs together from {} to {}, at most {}. Each checkpoint lets stores drop what it covers.",
        clock(0),
        clock(end_ms),
        bytes(most)
    );
    let mut drawing = Drawing::new("held", "Bytes held over time", &description, WIDTH, HEIGHT);
    let axis = TimeAxis::new(0, end_ms, LEFT, WIDTH - RIGHT);
    let bottom = HEIGHT - BOTTOM;
    axis.draw(&mut drawing, TOP, bottom, 13);
    let scale = Scale::linear([0.0, most as f64], [bottom, TOP]);
    for value in [0, most / 2, most] {
        let y = scale.at(value as f64);
        drawing.line("rule", [LEFT, y], [WIDTH - RIGHT, y]);
        drawing.text("tick", [LEFT - 6.0, y + 4.0], Anchor::End, &bytes(value));
    }
    let points: Vec<[f64; 2]> =
        replicas.times_ms.iter().zip(&held).map(|(&at_ms, &bytes)| [axis.at(at_ms), scale.at(bytes as f64)]).collect();
    drawing.polyline("realised", &points);
    for checkpoint in replicas.closing.iter().flat_map(|closing| &closing.checkpoints) {
        let Some(first_ms) = checkpoint.in_force_ms.iter().flatten().min() else { continue };
        let tip = format!(
            "checkpoint {} closes the past to {}, first in force {}",
            checkpoint.number,
            clock(checkpoint.at_ms),
            clock(*first_ms)
        );
        drawing.dot("price", [axis.at(*first_ms), TOP], 4.0, &tip);
        drawing.text("note", [axis.at(*first_ms) + 7.0, TOP + 4.0], Anchor::Start, &checkpoint.number.to_string());
    }
    drawing.finish(0.72)
}

/// Bytes of all stores at each look.
fn total(report: &SimulationReport) -> Vec<u64> {
    let replicas = &report.replicas;
    (0..replicas.times_ms.len())
        .map(|k| replicas.stores.iter().filter_map(|store| store.held_bytes.get(k)).sum())
        .collect()
}

/// In one sentence, who closes the past.
pub(super) fn sentence(closing: &ClosingReport) -> String {
    let successors = match closing.proposers.get(1..) {
        Some(others) if !others.is_empty() => {
            let waits = duration(closing.patience_ms.unsigned_abs());
            let times = if closing.claims == 1 { "once".to_owned() } else { format!("{} times", closing.claims) };
            format!(", and in its place after {waits} each {} (claimed {times})", others.join(", "))
        }
        _ => String::new(),
    };
    format!(
        "{} proposes to close what is {} old, every {}{}; {} of {} sign ({}). Below a checkpoint only hashes and the state are kept; receipts stay.",
        closing.proposers.first().map_or("nobody", String::as_str),
        duration(closing.age_ms.unsigned_abs()),
        duration(closing.period_ms.unsigned_abs()),
        successors,
        closing.needed,
        closing.voters.len(),
        closing.voters.join(", ")
    )
}

/// The checkpoints as a table.
pub(super) fn checkpoints(closing: &ClosingReport) -> Table {
    let mut table = Table::new(&[
        ("checkpoint", Align::Right),
        ("closes the past to", Align::Left),
        ("proposed", Align::Left),
        ("by", Align::Left),
        ("signed by", Align::Left),
        ("entries", Align::Right),
        ("state", Align::Right),
        ("first in force", Align::Left),
        ("in force at", Align::Right),
    ]);
    for checkpoint in &closing.checkpoints {
        let first = checkpoint.in_force_ms.iter().flatten().min();
        let count = checkpoint.in_force_ms.iter().flatten().count();
        table.push(vec![
            checkpoint.number.to_string(),
            clock(checkpoint.at_ms),
            clock(checkpoint.proposed_ms),
            checkpoint.proposer.clone(),
            checkpoint.signed_by.join(", "),
            checkpoint.entries.to_string(),
            bytes(checkpoint.state_bytes),
            first.map_or_else(String::new, |ms| clock(*ms)),
            format!("{count} of {}", checkpoint.in_force_ms.len()),
        ]);
    }
    table
}

/// What each store held, as a table.
pub(super) fn stores(report: &SimulationReport) -> Table {
    let mut table = Table::new(&[
        ("store of", Align::Left),
        ("most held", Align::Right),
        ("held at the end", Align::Right),
        ("entries pruned", Align::Right),
        ("bytes pruned", Align::Right),
    ]);
    for store in &report.replicas.stores {
        table.push(vec![
            store.at.clone(),
            bytes(store.held_bytes.iter().copied().max().unwrap_or(0)),
            bytes(store.held_bytes.last().copied().unwrap_or(0)),
            store.pruned_entries.to_string(),
            bytes(store.pruned_bytes),
        ]);
    }
    table
}
