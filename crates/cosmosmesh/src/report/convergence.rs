//! How the rounds came to a plan: gap and violation on a logarithmic scale, by round and, where links took time, by simulated time.

use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_simulator::report::{RoundReport, SimulationReport};

use super::axis::{Scale, decades, round_values};
use super::drawing::{Anchor, Drawing};
use crate::figure::{bytes, duration, short, tiny};
use crate::table::{Align, Table};

const WIDTH: f64 = 548.0;
const HEIGHT: f64 = 264.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// One line of the figure: its class in the style sheet, and what it shows.
type Line = (&'static str, fn(&Step) -> Option<f64>);

const LINES: [Line; 3] =
    [("gap", |step| step.gap), ("violation", |step| step.violation), ("safe", |step| step.safe_gap)];

/// What the lines and marks mean.
pub(super) const LEGEND: [(&str, &str); 5] = [
    ("gap", "certified gap of the best plan"),
    ("violation", "its violation of the fleet's rows"),
    ("safe", "certified gap of the safe plan"),
    ("zero", "on the floor: smaller, or zero"),
    ("event", "first safe plan"),
];

/// What was known after one round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Step {
    /// Counted from 1.
    pub(crate) round: u32,
    /// Certified relative gap of the best plan.
    pub(crate) gap: Option<f64>,
    /// Its relative violation of the fleet's rows.
    pub(crate) violation: Option<f64>,
    /// Certified relative gap, if that plan is safe.
    pub(crate) safe_gap: Option<f64>,
}

impl Step {
    /// What an outcome says after this round.
    pub(crate) fn after(round: u32, outcome: &Outcome) -> Self {
        let known = outcome.certificate.as_ref();
        let gap = known.map(|known| known.gap_relative);
        let safe_gap = gap.filter(|_| outcome.plan.is_some());
        Self { round, gap, violation: known.map(|known| known.coupling_violation), safe_gap }
    }
}

/// The rounds of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Course {
    /// One step a round.
    pub(crate) steps: Vec<Step>,
    /// The tolerance that was planned to.
    pub(crate) tolerance: f64,
    /// The first round with a safe plan.
    pub(crate) safe_round: Option<u32>,
}

impl From<&SimulationReport> for Course {
    fn from(report: &SimulationReport) -> Self {
        let step = |&RoundReport { round, gap, violation, safe_gap, .. }: &RoundReport| Step {
            round,
            gap,
            violation,
            safe_gap,
        };
        let steps = report.rounds.iter().map(step).collect();
        Self { steps, tolerance: report.tolerance, safe_round: report.figures.safe_round }
    }
}

/// One figure: by round.
pub(super) fn by_round(course: &Course) -> String {
    if course.steps.is_empty() {
        return "<p>No round was finished.</p>\n".to_owned();
    }
    figure(course, "convergence-round", "by round", "round", &|step| f64::from(step.round))
}

/// Two figures: by round, and by simulated time.
pub(super) fn convergence(report: &SimulationReport) -> String {
    if report.rounds.is_empty() {
        return by_round(&Course::from(report));
    }
    let course = Course::from(report);
    let by_round = by_round(&course);
    let longest = report.rounds.last().map_or(0, |round| round.finished_ms);
    let (unit, unit_ms) = unit(longest);
    let finished =
        |step: &Step| report.rounds.iter().find(|round| round.round == step.round).map_or(0, |round| round.finished_ms);
    let by_time =
        figure(&course, "convergence-time", "by simulated time", unit, &|step| finished(step) as f64 / unit_ms);
    format!(
        "<div class=\"pair\">\n<figure><figcaption>By round</figcaption>\n{by_round}</figure>\n<figure><figcaption>By simulated time</figcaption>\n{by_time}</figure>\n</div>\n"
    )
}

fn unit(longest_ms: i64) -> (&'static str, f64) {
    match longest_ms {
        ..180_000 => ("seconds since the first query", 1e3),
        180_000..10_800_000 => ("minutes since the first query", 6e4),
        _ => ("hours since the first query", 3.6e6),
    }
}

fn figure(course: &Course, id: &str, how: &str, unit: &str, x_of: &dyn Fn(&Step) -> f64) -> String {
    let steps = &course.steps;
    let title = format!("Certified gap and violation {how}");
    let mut drawing = Drawing::new(id, &title, &describe(course), WIDTH, HEIGHT);
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let [first, last] = [steps.first(), steps.last()].map(|round| round.map_or(0.0, x_of));
    let start = if id == "convergence-round" { first.min(1.0) } else { 0.0 };
    let x = Scale::linear([start, last.max(start + 1.0)], [LEFT + 10.0, right - 10.0]);
    let (floor, top) = range(course);
    let y = Scale::logarithmic([floor, top], [bottom, TOP]);
    for decade in decades([floor, top], 7) {
        let at = y.at(10_f64.powi(decade));
        drawing.line("rule", [LEFT, at], [right, at]);
        drawing.text("tick", [LEFT - 6.0, at + 4.0], Anchor::End, &format!("1e{decade}"));
    }
    let whole = if id == "convergence-round" { 1.0 } else { 0.0 };
    for value in
        round_values([start, last.max(start + 1.0)], 8).into_iter().filter(|v| whole == 0.0 || v.fract() == 0.0)
    {
        drawing.text("tick", [x.at(value), bottom + 16.0], Anchor::Middle, &short(value));
        drawing.line("rule", [x.at(value), bottom], [x.at(value), bottom + 4.0]);
    }
    drawing.text("note", [(LEFT + right) / 2.0, HEIGHT - 6.0], Anchor::Middle, unit);
    drawing.line("frame", [LEFT, bottom], [right, bottom]);
    let tolerance = y.at(course.tolerance);
    drawing.line("limit", [LEFT, tolerance], [right, tolerance]);
    drawing.text(
        "note",
        [LEFT + 6.0, tolerance - 5.0],
        Anchor::Start,
        &format!("tolerance {}", tiny(course.tolerance)),
    );
    if let Some(safe) = steps.iter().find(|step| Some(step.round) == course.safe_round) {
        let at = x.at(x_of(safe));
        drawing.line("event", [at, TOP], [at, bottom]);
        let (beside, anchor) =
            if at < (LEFT + right) / 2.0 { (at + 5.0, Anchor::Start) } else { (at - 5.0, Anchor::End) };
        drawing.text("note", [beside, TOP + 10.0], anchor, &format!("first safe plan: round {}", safe.round));
    }
    for (class, value) in LINES {
        let known: Vec<(&Step, f64)> = steps.iter().filter_map(|round| Some((round, value(round)?))).collect();
        let points: Vec<[f64; 2]> = known.iter().map(|(round, v)| [x.at(x_of(round)), y.at(v.max(floor))]).collect();
        drawing.polyline(class, &points);
        for ((round, v), point) in known.iter().zip(&points) {
            let hollow = if *v < floor { " zero" } else { "" };
            let tip = format!("round {}: {} {}", round.round, name(class), tiny(*v));
            drawing.dot(&format!("{class}{hollow}"), *point, if class == "safe" { 5.0 } else { 3.5 }, &tip);
        }
    }
    drawing.finish(0.68)
}

fn name(class: &str) -> &'static str {
    match class {
        "gap" => "certified gap",
        "violation" => "coupling violation",
        _ => "certified gap of the safe plan",
    }
}

/// The decades to show: from the largest value to at most three below the tolerance; smaller values lie on the floor.
fn range(course: &Course) -> (f64, f64) {
    const DECADES_BELOW: i32 = 3;
    let values = course.steps.iter().flat_map(|round| LINES.iter().filter_map(|(_, value)| value(round)));
    let positive: Vec<f64> = values.filter(|v| *v > 0.0 && v.is_finite()).chain([course.tolerance]).collect();
    let highest = positive.iter().fold(course.tolerance, |most, v| most.max(*v));
    let lowest = positive.iter().fold(course.tolerance, |least, v| least.min(*v));
    let top = highest.log10().ceil().min(6.0) as i32;
    let top = top.max(course.tolerance.log10().ceil() as i32 + 1);
    let tolerance = course.tolerance.log10().floor() as i32;
    let floor = (lowest.log10().floor() as i32).clamp(tolerance - DECADES_BELOW, tolerance - 1);
    (10_f64.powi(floor), 10_f64.powi(top))
}

fn describe(course: &Course) -> String {
    let Some(last) = course.steps.last() else { return String::new() };
    let value = |v: Option<f64>| v.map_or_else(|| "unknown".to_owned(), tiny);
    format!(
        "{} rounds. After the last one the certified gap is {} and the coupling violation {}; the tolerance is {}. The table below lists every round.",
        course.steps.len(),
        value(last.gap),
        value(last.violation),
        tiny(course.tolerance)
    )
}

/// What was known after each round, as a line of a table.
pub(super) fn steps(course: &Course) -> Table {
    let columns = ["round", "certified gap", "violation", "gap of the safe plan"].map(|name| (name, Align::Right));
    let mut table = Table::new(&columns);
    let value = |v: Option<f64>| v.map_or_else(String::new, tiny);
    for step in &course.steps {
        table.push(vec![step.round.to_string(), value(step.gap), value(step.violation), value(step.safe_gap)]);
    }
    table
}

/// Every round as a line of a table, with its times and bytes.
pub(super) fn table(report: &SimulationReport) -> Table {
    let columns = [
        ("round", Align::Right),
        ("certified gap", Align::Right),
        ("violation", Align::Right),
        ("gap of the safe plan", Align::Right),
        ("barrier", Align::Right),
        ("started", Align::Right),
        ("took", Align::Right),
        ("bytes to the assets", Align::Right),
        ("bytes from the assets", Align::Right),
        ("packets again", Align::Right),
    ];
    let mut table = Table::new(&columns);
    let time = |ms: i64| duration(u64::try_from(ms).unwrap_or(0));
    let value = |v: Option<f64>| v.map_or_else(String::new, tiny);
    for round in &report.rounds {
        table.push(vec![
            round.round.to_string(),
            value(round.gap),
            value(round.violation),
            value(round.safe_gap),
            value(round.barrier),
            time(round.started_ms),
            time(round.finished_ms - round.started_ms),
            bytes(round.bytes_down),
            bytes(round.bytes_up),
            round.retransmissions.to_string(),
        ]);
    }
    table
}
