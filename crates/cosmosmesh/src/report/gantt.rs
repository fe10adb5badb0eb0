//! The plan over time: one lane per asset and activity, the bar as high as the activity is strong.

use cosmosmesh_simulator::report::{Activity, AssetReport, SimulationReport};

use super::axis::{TimeAxis, clock};
use super::drawing::{Anchor, Drawing, clip};
use crate::figure::{count, short};
use crate::table::{Align, Table};

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 218.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 22.0;
const LANE: f64 = 20.0;
const BAR: f64 = 15.0;
const BETWEEN: f64 = 9.0;

/// The plan of the whole fleet.
pub(super) fn gantt(report: &SimulationReport) -> String {
    let labels = labels(report);
    let lanes: Vec<Vec<&str>> = report.assets.iter().map(lanes).collect();
    let line_count: usize = report.assets.iter().zip(&lanes).map(|(asset, lanes)| lines(asset, lanes)).sum();
    let height = TOP + line_count as f64 * LANE + (report.assets.len() + 1) as f64 * BETWEEN;
    let description = description(report, lanes.iter().map(Vec::len).sum());
    let mut drawing = Drawing::new("gantt", "Planned activities of every asset", &description, WIDTH, height + 24.0);
    let axis = TimeAxis::new(report.horizon.start_ms, report.horizon.end_ms, LEFT, WIDTH - RIGHT);
    axis.draw(&mut drawing, TOP, height, 13);
    let mut y = TOP + BETWEEN;
    for (asset, lanes) in report.assets.iter().zip(&lanes) {
        drawing.line("frame", [4.0, y - BETWEEN / 2.0], [WIDTH - RIGHT, y - BETWEEN / 2.0]);
        drawing.text("name", [4.0, y + BAR - 2.0], Anchor::Start, &clip(&asset.id, 14));
        if !asset.in_effect {
            drawing.text("note", [4.0, y + LANE + BAR - 4.0], Anchor::Start, "keep-alive only");
        }
        if lanes.is_empty() {
            drawing.text("note", [LEFT + 6.0, y + BAR - 3.0], Anchor::Start, "nothing planned");
        }
        for (k, lane) in lanes.iter().enumerate() {
            let y = y + k as f64 * LANE;
            let color = labels.iter().position(|label| label == lane).unwrap_or(0) % 8;
            draw_lane(&mut drawing, &axis, asset, lane, color, y);
        }
        mark_violations(&mut drawing, &axis, report, &asset.id, y);
        y += lines(asset, lanes) as f64 * LANE + BETWEEN;
    }
    drawing.finish(0.72)
}

/// How many lines an asset takes: one per lane, and one more below its name if that needs a note.
fn lines(asset: &AssetReport, lanes: &[&str]) -> usize {
    lanes.len().max(if asset.in_effect { 1 } else { 2 })
}

fn draw_lane(drawing: &mut Drawing, axis: &TimeAxis, asset: &AssetReport, lane: &str, color: usize, y: f64) {
    let of_lane = || asset.activities.iter().filter(|activity| activity.label == lane);
    let strongest = of_lane().fold(0.0_f64, |most, activity| most.max(activity.level.abs()));
    drawing.text("lane", [LEFT - 8.0, y + BAR - 3.0], Anchor::End, &clip(lane, 18));
    drawing.line("track", [LEFT, y + BAR], [WIDTH - RIGHT, y + BAR]);
    for activity in of_lane() {
        let Some((x, width)) = axis.stretch(activity.start_ms, activity.end_ms) else { continue };
        let full = activity.level_max.unwrap_or(strongest).max(f64::MIN_POSITIVE);
        let height = (BAR * (activity.level.abs() / full).min(1.0)).max(1.5);
        drawing.rect(&format!("shade c{color}"), [x, y, width, BAR], "");
        drawing.rect(&format!("bar c{color}"), [x, y + BAR - height, width, height], &tip(asset, activity));
    }
}

fn mark_violations(drawing: &mut Drawing, axis: &TimeAxis, report: &SimulationReport, asset: &str, y: f64) {
    for broken in report.violations.iter().filter(|broken| broken.asset == asset) {
        drawing.dot("alarm", [axis.at(broken.time_ms), y], 4.0, &broken.to_string());
    }
}

fn tip(asset: &AssetReport, activity: &Activity) -> String {
    let Activity { label, start_ms, end_ms, level, level_max, unit } = activity;
    let most = level_max.map_or_else(String::new, |most| format!(" of {}", short(most)));
    format!("{}: {label}, {} to {}, {}{most} {unit}", asset.id, clock(*start_ms), clock(*end_ms), short(*level))
}

/// The activities of one asset, in the order in which they first appear.
fn lanes(asset: &AssetReport) -> Vec<&str> {
    let mut lanes: Vec<&str> = Vec::new();
    for activity in &asset.activities {
        if !lanes.contains(&activity.label.as_str()) {
            lanes.push(&activity.label);
        }
    }
    lanes
}

/// The activities of the fleet, in the order in which they first appear: each has its colour.
fn labels(report: &SimulationReport) -> Vec<&str> {
    let mut labels = Vec::new();
    for lane in report.assets.iter().flat_map(lanes) {
        if !labels.contains(&lane) {
            labels.push(lane);
        }
    }
    labels
}

fn description(report: &SimulationReport, lane_count: usize) -> String {
    format!(
        "A Gantt chart from {} to {}: {} in {}. The table below it lists every bar.",
        clock(report.horizon.start_ms),
        clock(report.horizon.end_ms),
        count(report.assets.len(), "asset"),
        count(lane_count, "lane")
    )
}

/// The bars as a table: one row per asset and activity.
pub(super) fn table(report: &SimulationReport) -> Table {
    let columns = [
        ("asset", Align::Left),
        ("activity", Align::Left),
        ("from", Align::Left),
        ("to", Align::Left),
        ("level", Align::Right),
        ("full level", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for asset in &report.assets {
        for activity in &asset.activities {
            table.push(vec![
                asset.id.clone(),
                activity.label.clone(),
                clock(activity.start_ms),
                clock(activity.end_ms),
                format!("{} {}", short(activity.level), activity.unit),
                activity.level_max.map_or_else(String::new, |most| format!("{} {}", short(most), activity.unit)),
            ]);
        }
    }
    table
}
