//! The fleet's rows: what is granted, planned and used of each limit, and what one more unit would be worth.

use cosmosmesh_simulator::report::{FleetRowReport, SimulationReport};

use super::axis::{Scale, TimeAxis, clock, round_values};
use super::drawing::{Anchor, Drawing, clip};
use crate::figure::{count, short};
use crate::table::{Align, Table, escape, scroll};

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const USE: f64 = 170.0;
const PRICE: f64 = 70.0;
const BETWEEN: f64 = 34.0;

/// In a list of rows, the most that are drawn: the dearest and fullest.
const LISTED_MAX: usize = 60;

/// One figure per kind of row: over time where the rows follow one another, else one line per row.
pub(super) fn fleet(report: &SimulationReport) -> String {
    let mut kinds: Vec<(&str, Vec<&FleetRowReport>)> = Vec::new();
    for row in &report.fleet_rows {
        match kinds.iter_mut().find(|(kind, _)| *kind == row.kind) {
            Some((_, rows)) => rows.push(row),
            None => kinds.push((&row.kind, vec![row])),
        }
    }
    let mut out = String::new();
    for (k, (kind, rows)) in kinds.iter().enumerate() {
        let unit = &rows[0].unit;
        let id = format!("fleet-{k}");
        let (figure, caption) = if follow_one_another(rows) {
            (over_time(report, kind, rows, &id), format!("{} over time", words(kind)))
        } else {
            (listed(report, kind, rows, &id), format!("{} by row", words(kind)))
        };
        out.push_str(&format!(
            "<figure class=\"wide\"><figcaption>{} <span class=\"unit\">{}</span></figcaption>\n{}</figure>\n",
            escape(&caption),
            escape(unit),
            scroll(&caption, &figure)
        ));
    }
    out
}

fn follow_one_another(rows: &[&FleetRowReport]) -> bool {
    rows.windows(2).all(|pair| pair[0].end_ms <= pair[1].start_ms)
}

fn over_time(report: &SimulationReport, kind: &str, rows: &[&FleetRowReport], id: &str) -> String {
    let any_priced = rows.iter().any(|row| priced(report, row));
    let prices_top = TOP + USE + BETWEEN;
    let height = if any_priced { prices_top + PRICE } else { TOP + USE } + 24.0;
    let title = format!("{}: use against the limit", words(kind));
    let mut drawing = Drawing::new(id, &title, &describe(report, rows), WIDTH, height);
    let axis = TimeAxis::new(report.horizon.start_ms, report.horizon.end_ms, LEFT, WIDTH - RIGHT);
    let most = rows.iter().flat_map(|row| [row.granted, row.planned_use, row.realised_use, row.upper.unwrap_or(0.0)]);
    let least = rows.iter().flat_map(|row| [row.granted, row.planned_use, row.realised_use, row.lower.unwrap_or(0.0)]);
    let range = [least.fold(0.0, f64::min) * 1.05, most.fold(f64::MIN_POSITIVE, f64::max) * 1.06];
    let y = Scale::linear(range, [TOP + USE, TOP]);
    for value in round_values(range, 4) {
        drawing.line("rule", [LEFT, y.at(value)], [WIDTH - RIGHT, y.at(value)]);
        drawing.text("tick", [LEFT - 6.0, y.at(value) + 4.0], Anchor::End, &short(value));
    }
    axis.draw(&mut drawing, TOP, TOP + USE, 13);
    for row in rows {
        let Some((x, width)) = axis.stretch(row.start_ms, row.end_ms) else { continue };
        let gap = (0.08 * width).min(2.0);
        let (x, width) = (x + gap, (width - 2.0 * gap).max(1.0));
        let bar = |value: f64, x: f64, width: f64| {
            let (top, bottom) = (y.at(value).min(y.at(0.0)), y.at(value).max(y.at(0.0)));
            [x, top, width, bottom - top]
        };
        drawing.rect("granted", bar(row.granted, x, width), &tip(row));
        drawing.rect("used", bar(row.realised_use, x + 0.25 * width, 0.5 * width), &tip(row));
        drawing.line("mark", [x, y.at(row.planned_use)], [x + width, y.at(row.planned_use)]);
        for limit in [row.lower, row.upper].into_iter().flatten() {
            drawing.line("limit", [x - gap, y.at(limit)], [x + width + gap, y.at(limit)]);
        }
    }
    if any_priced {
        prices(&mut drawing, &axis, rows, prices_top);
    }
    drawing.finish(0.72)
}

fn prices(drawing: &mut Drawing, axis: &TimeAxis, rows: &[&FleetRowReport], top: f64) {
    let highest = rows.iter().fold(0.0_f64, |most, row| most.max(row.price));
    let lowest = rows.iter().fold(0.0_f64, |least, row| least.min(row.price));
    let y = Scale::linear([lowest, highest], [top + PRICE, top]);
    drawing.text("note", [LEFT, top - 6.0], Anchor::Start, &format!("price: what one more {} is worth", rows[0].unit));
    for value in round_values([lowest, highest], 2) {
        drawing.line("rule", [LEFT, y.at(value)], [WIDTH - RIGHT, y.at(value)]);
        drawing.text("tick", [LEFT - 6.0, y.at(value) + 4.0], Anchor::End, &short(value));
    }
    axis.draw(drawing, top, top + PRICE, 13);
    for row in rows {
        let Some((x, width)) = axis.stretch(row.start_ms, row.end_ms) else { continue };
        let (from, to) = (y.at(row.price).min(y.at(0.0)), y.at(row.price).max(y.at(0.0)));
        drawing.rect("price", [x, from, (width - 1.0).max(1.0), to - from], &tip(row));
    }
}

fn listed(report: &SimulationReport, kind: &str, rows: &[&FleetRowReport], id: &str) -> String {
    const LINE: f64 = 20.0;
    const BAR: f64 = 13.0;
    const NAMES: f64 = 330.0;
    const PRICES: f64 = 190.0;
    let mut shown: Vec<&FleetRowReport> = rows.to_vec();
    if shown.len() > LISTED_MAX {
        shown.sort_by(|a, b| {
            (b.price.abs(), fill(b)).partial_cmp(&(a.price.abs(), fill(a))).unwrap_or(core::cmp::Ordering::Equal)
        });
        shown.truncate(LISTED_MAX);
        shown.sort_by_key(|row| row.start_ms);
    }
    let top = TOP + 18.0;
    let height = top + shown.len() as f64 * LINE + 22.0;
    let title = format!("{}: use against the limit, row by row", words(kind));
    let mut drawing = Drawing::new(id, &title, &describe(report, rows), WIDTH, height);
    let (left, right) = (NAMES, WIDTH - PRICES);
    let most = shown.iter().flat_map(|row| [row.granted, row.planned_use, row.realised_use, row.upper.unwrap_or(0.0)]);
    let most = most.fold(f64::MIN_POSITIVE, f64::max);
    let x = Scale::linear([0.0, most * 1.03], [left, right]);
    let bottom = top + shown.len() as f64 * LINE;
    for value in round_values([0.0, most], 6) {
        drawing.line("rule", [x.at(value), top - 4.0], [x.at(value), bottom]);
        drawing.text("tick", [x.at(value), bottom + 14.0], Anchor::Middle, &short(value));
    }
    drawing.text("note", [WIDTH - RIGHT, TOP + 4.0], Anchor::End, &format!("worth of one more {}", rows[0].unit));
    let dearest = shown.iter().fold(0.0_f64, |most, row| most.max(row.price.abs()));
    for (k, row) in shown.iter().enumerate() {
        let y = top + k as f64 * LINE;
        let base = y + BAR - 2.0;
        drawing.text("lane", [4.0, base], Anchor::Start, &clip(&row.name, 26));
        drawing.text(
            "tick",
            [left - 10.0, base],
            Anchor::End,
            &format!("{} to {}", clock(row.start_ms), clock(row.end_ms)),
        );
        drawing.rect("granted", [left, y, x.at(row.granted) - left, BAR], &tip(row));
        drawing.rect("used", [left, y + 0.25 * BAR, x.at(row.realised_use) - left, 0.5 * BAR], &tip(row));
        drawing.line("mark", [x.at(row.planned_use), y], [x.at(row.planned_use), y + BAR]);
        if let Some(limit) = row.upper {
            drawing.line("limit", [x.at(limit), y - 2.0], [x.at(limit), y + BAR + 2.0]);
        }
        if priced(report, row) {
            let width = (PRICES - 90.0) * row.price.abs() / dearest;
            drawing.rect("price", [right + 14.0, y, width, BAR], &tip(row));
            drawing.text("tick", [WIDTH - RIGHT, base], Anchor::End, &short(row.price));
        }
    }
    drawing.finish(0.72)
}

/// Whether a row's price is more than the noise that a tolerance leaves: it would move the plan's cost.
fn priced(report: &SimulationReport, row: &FleetRowReport) -> bool {
    const NOISE: f64 = 1e-3;
    let objective = report.certificate.as_ref().map_or(0.0, |certificate| certificate.objective.abs());
    let limit = if row.price < 0.0 { row.lower } else { row.upper };
    row.price.abs() * limit.unwrap_or(0.0).abs().max(row.granted.abs()) > NOISE * report.tolerance * (1.0 + objective)
}

fn fill(row: &FleetRowReport) -> f64 {
    row.upper.map_or(0.0, |upper| if upper > 0.0 { row.granted / upper } else { 1.0 })
}

fn tip(row: &FleetRowReport) -> String {
    let FleetRowReport { name, unit, granted, planned_use, realised_use, price, .. } = row;
    let limit = row.upper.map_or_else(String::new, |upper| format!(" of {}", short(upper)));
    format!(
        "{name}, {} to {}: granted {}{limit} {unit}, planned {}, used {}, price {}",
        clock(row.start_ms),
        clock(row.end_ms),
        short(*granted),
        short(*planned_use),
        short(*realised_use),
        short(*price)
    )
}

fn describe(report: &SimulationReport, rows: &[&FleetRowReport]) -> String {
    let dear: Vec<&&FleetRowReport> = rows.iter().filter(|row| priced(report, row)).collect();
    let dearest = dear.iter().max_by(|a, b| a.price.abs().total_cmp(&b.price.abs()));
    let dearest = dearest.map_or_else(
        || "No row has a price: none of them stands in anybody's way.".to_owned(),
        |row| {
            format!(
                "{} with a price; the dearest is {} at {} per {}.",
                count(dear.len(), "row"),
                row.name,
                short(row.price),
                row.unit
            )
        },
    );
    format!("{}. {dearest} The table below lists every row.", count(rows.len(), "row"))
}

/// `bus_energy` as words.
fn words(kind: &str) -> String {
    kind.replace('_', " ")
}

/// Every fleet row as a line of a table.
pub(super) fn table(report: &SimulationReport) -> Table {
    let columns = [
        ("row", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("limit", Align::Right),
        ("granted", Align::Right),
        ("planned use", Align::Right),
        ("realised use", Align::Right),
        ("unit", Align::Left),
        ("price", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for row in &report.fleet_rows {
        let side = |limit: Option<f64>| limit.map_or_else(|| "open".to_owned(), short);
        let limit = match (row.lower, row.upper) {
            (None, upper) => side(upper),
            (lower, upper) => format!("{} … {}", side(lower), side(upper)),
        };
        table.push(vec![
            row.name.clone(),
            clock(row.start_ms),
            clock(row.end_ms),
            limit,
            short(row.granted),
            short(row.planned_use),
            short(row.realised_use),
            row.unit.clone(),
            short(row.price),
        ]);
    }
    table
}
