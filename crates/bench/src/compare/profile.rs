use std::fmt::Write as _;

use super::{Record, Solver};

/// One panel: for each solver, per problem what it needed, nothing where it did not arrive.
pub struct Panel {
    /// Its title.
    pub title: String,
    /// The solvers and their costs, problem by problem in the same order.
    pub curves: Vec<(String, Vec<Option<f64>>)>,
}

/// What a record costs in a panel.
type Cost = fn(&Record) -> Option<f64>;

/// The panels of a comparison: rounds at every tolerance, among those who have rounds; clock at the tightest.
pub fn panels(records: &[Record]) -> Vec<Panel> {
    let mut tolerances: Vec<f64> = records.iter().map(|record| record.tolerance).collect();
    tolerances.sort_by(|a, b| b.total_cmp(a));
    tolerances.dedup();
    let rounds: Cost = |record| record.rounds.map(f64::from);
    let clock: Cost = |record| (record.solver != Solver::Hindsight).then_some(record.wall_ms);
    let mut panels: Vec<Panel> =
        tolerances.iter().map(|&tolerance| panel(records, tolerance, "rounds", rounds)).collect();
    panels.extend(tolerances.last().map(|&tolerance| panel(records, tolerance, "clock", clock)));
    panels.retain(|panel| panel.curves.len() > 1);
    panels
}

fn panel(records: &[Record], tolerance: f64, what: &str, cost: Cost) -> Panel {
    let at: Vec<&Record> = records.iter().filter(|record| record.tolerance == tolerance).collect();
    let mut problems: Vec<&str> = at.iter().map(|record| record.problem.as_str()).collect();
    problems.sort_unstable();
    problems.dedup();
    let mut solvers: Vec<Solver> =
        at.iter().filter(|record| cost(record).is_some()).map(|record| record.solver).collect();
    solvers.sort();
    solvers.dedup();
    let of = |solver: Solver, problem: &str| {
        let found = at.iter().find(|record| record.solver == solver && record.problem == problem)?;
        cost(found).filter(|_| found.solved)
    };
    let curves = solvers
        .into_iter()
        .map(|solver| (solver.to_string(), problems.iter().map(|problem| of(solver, problem)).collect()));
    Panel { title: format!("{what} to {tolerance:.0e}"), curves: curves.collect() }
}

/// The share of problems that a solver solved within the factor `tau` of the best one's cost.
///
/// # Source
/// Dolan and Moré, "Benchmarking optimization software with performance profiles", Math. Program. 91 (2002).
pub fn share(panel: &Panel, solver: usize, tau: f64) -> f64 {
    let count = panel.curves.first().map_or(0, |(_, costs)| costs.len());
    let within = (0..count).filter(|&k| {
        let best = panel.curves.iter().filter_map(|(_, costs)| costs[k]).fold(f64::INFINITY, f64::min);
        panel.curves[solver].1[k].is_some_and(|cost| cost <= tau * best * (1.0 + 1e-12))
    });
    within.count() as f64 / count.max(1) as f64
}

const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 40.0;
/// Room for the labels at the right of a panel.
const RIGHT: f64 = 130.0;
const BOTTOM: f64 = 62.0;
const COLOURS: [&str; 8] = ["#1b6ca8", "#c0392b", "#2e8b57", "#8e44ad", "#b9770e", "#117a8b", "#6c757d", "#212529"];
const DASHES: [&str; 3] = ["none", "7 3", "2 3"];

/// `profile.svg`: one panel beside the other, the same bytes for the same records.
pub fn svg(panels: &[Panel]) -> String {
    let step = LEFT + WIDTH + RIGHT;
    let (width, height) = (step * panels.len().max(1) as f64, TOP + HEIGHT + BOTTOM);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n<title>Performance profiles</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (k, panel) in panels.iter().enumerate() {
        let _ = writeln!(out, "<g transform=\"translate({} {TOP})\">", k as f64 * step + LEFT);
        draw(&mut out, panel);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, panel: &Panel) {
    let count = panel.curves.first().map_or(0, |(_, costs)| costs.len());
    let best: Vec<f64> = (0..count)
        .map(|k| panel.curves.iter().filter_map(|(_, costs)| costs[k]).fold(f64::INFINITY, f64::min))
        .collect();
    let ratios = |costs: &[Option<f64>]| {
        let mut found: Vec<f64> =
            costs.iter().zip(&best).filter_map(|(cost, best)| Some(((*cost)? / best).log2())).collect();
        found.sort_by(f64::total_cmp);
        found
    };
    let largest = panel.curves.iter().flat_map(|(_, costs)| ratios(costs)).fold(0.0, f64::max);
    let last = largest.ceil().clamp(1.0, 12.0);
    let x = |log: f64| WIDTH * (log / last).min(1.0);
    let y = |share: f64| HEIGHT * (1.0 - share);
    let _ = writeln!(
        out,
        "<text x=\"0\" y=\"-16\" font-size=\"14\" font-weight=\"bold\">{}: share of {count} problems</text>",
        panel.title
    );
    for quarter in 0..=4 {
        let at = f64::from(quarter) / 4.0;
        let _ = writeln!(
            out,
            "<path d=\"M0 {0:.1}H{WIDTH}\" stroke=\"#dddddd\"/><text x=\"-8\" y=\"{1:.1}\" text-anchor=\"end\">{at:.2}</text>",
            y(at),
            y(at) + 4.0
        );
    }
    let every = (last / 6.0).ceil() as usize;
    for power in (0..=last as usize).step_by(every.max(1)) {
        let at = x(power as f64);
        let _ = writeln!(
            out,
            "<path d=\"M{at:.1} {HEIGHT}v5\" stroke=\"#444444\"/><text x=\"{at:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            HEIGHT + 19.0,
            1_u64 << power
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">within this factor of the best (logarithmic)</text>",
        WIDTH / 2.0,
        HEIGHT + 42.0
    );
    let _ = writeln!(out, "<path d=\"M0 0V{HEIGHT}H{WIDTH}\" fill=\"none\" stroke=\"#444444\"/>");
    let mut ends = Vec::new();
    for (k, (name, costs)) in panel.curves.iter().enumerate() {
        let found = ratios(costs);
        let mut path = format!("M0 {:.1}", y(0.0));
        for (rank, log) in found.iter().enumerate() {
            let _ = write!(path, "H{:.1}V{:.1}", x(*log), y((rank + 1) as f64 / count.max(1) as f64));
        }
        let _ = write!(path, "H{WIDTH}");
        let (colour, dash) = (COLOURS[k % COLOURS.len()], DASHES[k % DASHES.len()]);
        let _ = writeln!(
            out,
            "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>"
        );
        ends.push((y(found.len() as f64 / count.max(1) as f64), k, name, colour));
    }
    // Labels stand where their curves end, pushed apart where curves end together.
    ends.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut free = -8.0_f64;
    for (end, _, name, colour) in ends {
        let at = end.max(free);
        free = at + 15.0;
        let _ = writeln!(out, "<text x=\"{}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>", WIDTH + 8.0, at + 4.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three(second: Vec<Option<f64>>) -> Panel {
        let curves = vec![("a".into(), vec![Some(1.0), Some(4.0), None]), ("b".into(), second)];
        Panel { title: "rounds".into(), curves }
    }

    #[test]
    fn shares_are_counted_within_a_factor_of_the_best() {
        let panel = three(vec![Some(2.0), Some(2.0), Some(9.0)]);
        let shares = |tau| (share(&panel, 0, tau), share(&panel, 1, tau));
        assert_eq!(shares(1.0), (1.0 / 3.0, 2.0 / 3.0));
        assert_eq!(shares(2.0), (2.0 / 3.0, 1.0));
        assert_eq!(shares(100.0), (2.0 / 3.0, 1.0));
    }

    #[test]
    fn the_picture_repeats_and_names_every_solver() {
        let draw = || svg(&[three(vec![None, Some(2.0), Some(9.0)])]);
        assert_eq!(draw(), draw());
        assert!(draw().contains(">a</text>") && draw().contains(">b</text>") && !draw().contains("NaN"));
    }
}
