//! One asset's quantities over time: the planner's expectation, the integrated reality, and the limits around them.

use cosmosmesh_simulator::report::{AssetReport, Curve, Series, SimulationReport};

use super::axis::{Scale, TimeAxis, clock, round_values};
use super::drawing::{Anchor, Drawing};
use crate::figure::short;
use crate::table::escape;

const WIDTH: f64 = 372.0;
const HEIGHT: f64 = 168.0;
const LEFT: f64 = 54.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 24.0;

/// A limit further away than this many spans of the data is told in words instead of drawn.
const LIMIT_SPANS_MAX: f64 = 3.0;

/// The profiles of every asset as cards: those with limits at once, the others on demand.
pub(super) fn profiles(report: &SimulationReport) -> String {
    let (mut cards, mut more) = (String::new(), String::new());
    for (k, asset) in report.assets.iter().enumerate() {
        for (j, series) in asset.series.iter().enumerate() {
            let card = card(report, asset, series, &format!("profile-{k}-{j}"));
            if series.lower.is_some() || series.upper.is_some() { cards.push_str(&card) } else { more.push_str(&card) }
        }
    }
    let mut out = format!("<div class=\"cards\">\n{cards}</div>\n");
    if !more.is_empty() {
        let summary = "<summary>Profiles without a limit: power, temperature and the like</summary>";
        out.push_str(&format!("<details>{summary}\n<div class=\"cards\">\n{more}</div></details>\n"));
    }
    out
}

fn card(report: &SimulationReport, asset: &AssetReport, series: &Series, id: &str) -> String {
    let (range, hidden) = range(series);
    let title = format!("{} of {}, in {}", series.name, asset.id, series.unit);
    let mut drawing = Drawing::new(id, &title, &describe(series), WIDTH, HEIGHT);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let axis = TimeAxis::new(report.horizon.start_ms, report.horizon.end_ms, LEFT, right);
    let y = Scale::linear(range, [bottom, TOP]);
    for value in round_values(range, 4) {
        drawing.line("rule", [LEFT, y.at(value)], [right, y.at(value)]);
        drawing.text("tick", [LEFT - 6.0, y.at(value) + 4.0], Anchor::End, &short(value));
    }
    axis.draw(&mut drawing, TOP, bottom, 5);
    for (limit, outside) in [(series.upper, TOP), (series.lower, bottom)] {
        if let Some(limit) = limit.filter(|limit| (range[0]..=range[1]).contains(limit)) {
            let (edge, from) = (y.at(limit), y.at(limit).min(outside));
            drawing.rect("beyond", [LEFT, from, right - LEFT, (edge - outside).abs()], "");
            drawing.line("limit", [LEFT, edge], [right, edge]);
        }
    }
    drawing.polyline("realised", &points(&series.realised, &axis, &y));
    drawing.polyline("planned", &points(&series.planned, &axis, &y));
    let hidden = if hidden.is_empty() { String::new() } else { format!("<p class=\"aside\">{}</p>", escape(&hidden)) };
    format!(
        "<figure><figcaption>{} <span class=\"unit\">{}, {}</span></figcaption>\n{}{hidden}</figure>\n",
        escape(&asset.id),
        escape(&series.name),
        escape(&series.unit),
        drawing.finish(0.8)
    )
}

fn points(curve: &Curve, axis: &TimeAxis, y: &Scale) -> Vec<[f64; 2]> {
    curve.time_ms.iter().zip(&curve.value).map(|(t, v)| [axis.at(*t), y.at(*v)]).collect()
}

fn extent(series: &Series) -> Option<[f64; 2]> {
    let mut values = series.planned.value.iter().chain(&series.realised.value).copied();
    let first = values.next()?;
    Some(values.fold([first, first], |[low, high], v| [low.min(v), high.max(v)]))
}

/// The values to show, and a sentence about limits that lie too far away to be drawn.
fn range(series: &Series) -> ([f64; 2], String) {
    let [low, high] = extent(series).unwrap_or([0.0, 1.0]);
    let span = (high - low).max(0.05 * high.abs().max(low.abs())).max(f64::MIN_POSITIVE);
    let (mut from, mut to, mut hidden) = (low, high, Vec::new());
    if low >= 0.0 && low < span {
        from = 0.0;
    }
    if let Some(lower) = series.lower {
        if low - lower <= LIMIT_SPANS_MAX * span { from = from.min(lower) } else { hidden.push(("lower", lower)) }
    }
    if let Some(upper) = series.upper {
        if upper - high <= LIMIT_SPANS_MAX * span { to = to.max(upper) } else { hidden.push(("upper", upper)) }
    }
    let room = 0.05 * (to - from).max(f64::MIN_POSITIVE);
    let below = if from == 0.0 && low >= 0.0 && series.lower != Some(0.0) { 0.0 } else { room };
    let hidden: Vec<String> = hidden
        .iter()
        .map(|(side, v)| format!("{side} limit {} {} lies outside the drawing", short(*v), series.unit))
        .collect();
    ([from - below, to + room], hidden.join("; "))
}

fn describe(series: &Series) -> String {
    let unit = &series.unit;
    let side = |name: &str, limit: Option<f64>| {
        limit.map(|v| format!("{name} limit {} {unit}. ", short(v))).unwrap_or_default()
    };
    let curve = |name: &str, curve: &Curve| {
        let ends = curve.value.iter().zip(&curve.time_ms);
        let lowest = ends.clone().min_by(|a, b| a.0.total_cmp(b.0));
        let highest = ends.max_by(|a, b| a.0.total_cmp(b.0));
        match (lowest, highest) {
            (Some(low), Some(high)) => format!(
                "{name} between {} {unit} at {} and {} {unit} at {}. ",
                short(*low.0),
                clock(*low.1),
                short(*high.0),
                clock(*high.1)
            ),
            _ => String::new(),
        }
    };
    let (planned, realised) = (curve("Planned", &series.planned), curve("Realised", &series.realised));
    format!("{planned}{realised}{}{}", side("Lower", series.lower), side("Upper", series.upper)).trim_end().to_owned()
}
