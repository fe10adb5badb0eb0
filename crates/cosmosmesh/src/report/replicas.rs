//! How old each asset's knowledge of each other was, over time.

use cosmosmesh_simulator::report::{PairReport, SimulationReport};

use super::axis::{TimeAxis, clock};
use super::drawing::{Anchor, Drawing, clip};
use crate::figure::duration;
use crate::table::{Align, Table};

const WIDTH: f64 = 1120.0;
const LEFT: f64 = 218.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 8.0;
const LINE: f64 = 13.0;
const BAR: f64 = 11.0;
const HOUR_MS: i64 = 3_600_000;
/// From which age on a shade counts; below the first there is none.
const SHADES_MS: [i64; 4] = [HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];

/// One line per pair, the darker the older what one knew of the other.
pub(super) fn replicas(report: &SimulationReport) -> String {
    let replicas = &report.replicas;
    let end_ms = replicas.times_ms.last().map_or(1, |last| last + replicas.every_ms);
    let height = TOP + replicas.pairs.len() as f64 * LINE;
    let description = format!(
        "One line per pair of assets from {} to {}: the darker, the older the newest entry of the one that the other had. The table below lists the figures.",
        clock(0),
        clock(end_ms)
    );
    let mut drawing = Drawing::new("stale", "Staleness of each pair over time", &description, WIDTH, height + 24.0);
    let axis = TimeAxis::new(0, end_ms, LEFT, WIDTH - RIGHT);
    axis.draw(&mut drawing, TOP, height, 13);
    for (k, pair) in replicas.pairs.iter().enumerate() {
        let y = TOP + k as f64 * LINE;
        let name = format!("{} at {}", clip(&pair.of, 14), clip(&pair.at, 14));
        drawing.text("tick", [LEFT - 8.0, y + BAR - 2.0], Anchor::End, &name);
        for (shade, start_ms, end_ms, oldest_ms) in stretches(pair, &replicas.times_ms, replicas.every_ms) {
            let Some((x, width)) = axis.stretch(start_ms, end_ms) else { continue };
            let oldest = duration(oldest_ms.unsigned_abs());
            let tip = format!("{name}, {} to {}: up to {oldest} old", clock(start_ms), clock(end_ms));
            drawing.rect(&format!("used stale{shade}"), [x, y, width, BAR], &tip);
        }
    }
    drawing.finish(0.72)
}

/// Stretches of one shade: the shade, from when until when, and the oldest in it.
fn stretches(pair: &PairReport, times_ms: &[i64], every_ms: i64) -> Vec<(usize, i64, i64, i64)> {
    let mut out: Vec<(usize, i64, i64, i64)> = Vec::new();
    for (&at_ms, &age_ms) in times_ms.iter().zip(&pair.stale_ms) {
        let shade = SHADES_MS.iter().filter(|from| age_ms >= **from).count();
        match out.last_mut() {
            Some((same, _, end_ms, oldest_ms)) if *same == shade => {
                *end_ms = at_ms + every_ms;
                *oldest_ms = (*oldest_ms).max(age_ms);
            }
            _ => out.push((shade, at_ms, at_ms + every_ms, age_ms)),
        }
    }
    out.retain(|stretch| stretch.0 > 0);
    out
}

/// The pairs as a table.
pub(super) fn table(report: &SimulationReport) -> Table {
    let columns =
        [("entries of", Align::Left), ("at", Align::Left), ("mean latency", Align::Right), ("stalest", Align::Right)];
    let mut table = Table::new(&columns);
    for pair in &report.replicas.pairs {
        let time = |ms: i64| duration(ms.unsigned_abs());
        table.push(vec![
            pair.of.clone(),
            pair.at.clone(),
            pair.latency_ms_mean.map_or_else(|| "none".to_owned(), time),
            pair.stale_ms.iter().max().map_or_else(String::new, |ms| time(*ms)),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_shades_are_one_stretch_and_fresh_ones_are_none() {
        let ages = [0, HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 0];
        let pair = PairReport { of: "a".into(), at: "b".into(), latency_ms_mean: None, stale_ms: ages.to_vec() };
        let times: Vec<i64> = (0..5).map(|k| k * HOUR_MS).collect();
        let expected = [(1, HOUR_MS, 3 * HOUR_MS, 2 * HOUR_MS), (2, 3 * HOUR_MS, 4 * HOUR_MS, 4 * HOUR_MS)];
        assert_eq!(stretches(&pair, &times, HOUR_MS), expected);
    }
}
