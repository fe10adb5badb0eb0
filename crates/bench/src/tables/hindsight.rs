use std::collections::BTreeMap;

use super::page::{figure, markdown, shown};
use super::work::Cells;
use super::{Context, Data, Goal, Need, Row, Table};
use crate::central;
use crate::family::Family;
use crate::judge::TOLERANCE_REFERENCE;
use crate::watched::admm;
use crate::{median, shifted_geometric_mean};

pub(super) const HINDSIGHT: Table = Table {
    name: "hindsight",
    title: "Against ADMM with the best penalty in hindsight",
    seed_by_seed: true,
    about: "For each problem the penalty and the relaxation with which sharing ADMM needs the fewest rounds to 1e-3, found by search.\n\
            Rounds are counted as everywhere, until the run's own certificate stops it; this ADMM asks for a bound in every round, and mixes its plans as ours do.\n\
            Beside it the fewest rounds as an observer sees it who knows the optimum: until the iterate or the best mix is within 1e-3 in cost and violation, proof or no proof.\n\
            Ours are the rounds to our own certificate. Goal: at least 2x fewer (strong), 4x (degenerate).\n",
    needs,
    measure,
    render,
    goals,
};

const PENALTIES: [f64; 9] = [1.0, 0.3, 3.0, 0.1, 10.0, 0.03, 30.0, 0.01, 100.0];
const RELAXATIONS: [f64; 3] = [1.6, 1.0, 1.9];
/// Finer steps around the best of the grid.
const FINER: [f64; 4] = [0.75, 1.35, 0.55, 1.8];
const ROUNDS_MAX: u32 = 600;

fn needs() -> Vec<Need> {
    let mut needs = Vec::new();
    for family in [Family::Strong, Family::Degenerate] {
        for (assets, rows, seeds) in [(3, 24, 20), (10, 24, 20), (10, 96, 20), (100, 24, 20)] {
            needs.push(Need::of(family, assets, rows, seeds));
        }
    }
    needs
}

fn measure(need: &Need, context: &Context) -> Result<Row, String> {
    let mut row = context.row(&context.seeds(need), |seed| {
        let fleet = need.fleet(seed)?;
        let optimum = central::solve(&fleet, TOLERANCE_REFERENCE).objective;
        let mut best = (ROUNDS_MAX, f64::NAN, f64::NAN);
        let mut seen = ROUNDS_MAX;
        let attempt = |penalty: f64, relaxation: f64, best: &mut (u32, f64, f64), seen: &mut u32| {
            let found = admm(&fleet, optimum, 1e-3, penalty, relaxation, best.0)?;
            *seen = found.seen.unwrap_or(ROUNDS_MAX).min(*seen);
            if let Some(rounds) = found.certified.filter(|rounds| *rounds < best.0) {
                *best = (rounds, penalty, relaxation);
            }
            Ok::<(), String>(())
        };
        for relaxation in RELAXATIONS {
            for penalty in PENALTIES {
                attempt(penalty, relaxation, &mut best, &mut seen)?;
            }
        }
        let centre = best.1;
        if centre.is_finite() {
            for relaxation in [1.0, 1.3, 1.6, 1.8, 1.9] {
                for factor in FINER {
                    attempt(centre * factor, relaxation, &mut best, &mut seen)?;
                }
            }
        }
        let mut cells = Cells { problem: fleet.name().to_owned(), ..Cells::default() };
        cells.set("rounds", (best.0 < ROUNDS_MAX).then_some(f64::from(best.0)));
        cells.set("seen", (seen < ROUNDS_MAX).then_some(f64::from(seen)));
        cells.set("penalty", Some(best.1).filter(|v| v.is_finite()));
        cells.set("relaxation", Some(best.2).filter(|v| v.is_finite()));
        Ok(cells)
    })?;
    row.stamp.method = "admm".into();
    Ok(row)
}

/// The penalty and relaxation by problem, where the search found any.
pub fn tuned(data: &Data) -> BTreeMap<String, (f64, f64)> {
    let mut found = BTreeMap::new();
    for row in needs().iter().filter_map(|need| data.row("hindsight", &need.key)) {
        for (k, problem) in row.problems.iter().enumerate() {
            let at = |name: &str| row.column(name).get(k).copied().flatten();
            if let (Some(penalty), Some(relaxation)) = (at("penalty"), at("relaxation")) {
                found.insert(problem.clone(), (penalty, relaxation));
            }
        }
    }
    found
}

/// Per problem: ADMM's rounds over ours; one that ADMM never solved counts with its limit, which is kind to ADMM.
fn ratios(data: &Data, key: &str, series: &str) -> Vec<f64> {
    let (Some(theirs), Some(ours)) = (data.row("hindsight", key), data.row("rounds", key)) else { return Vec::new() };
    let pairs = theirs.column(series).iter().zip(ours.column("rounds-3"));
    pairs.filter_map(|(theirs, ours)| Some(theirs.unwrap_or(f64::from(ROUNDS_MAX)) / (*ours)?)).collect()
}

fn render(data: &Data) -> String {
    let head = [
        "fleet",
        "seeds",
        "ADMM, certified",
        "ADMM, as an observer sees it",
        "ours",
        "ratio: least",
        "median",
        "geometric mean",
        "of the observer's",
        "best penalty, median",
    ];
    let line = |need: Need| {
        let row = data.row("hindsight", &need.key)?;
        let [ratios, kind] = ["rounds", "seen"].map(|series| ratios(data, &need.key, series));
        Some(vec![
            need.key.clone(),
            row.problems.len().to_string(),
            shown(row, "rounds"),
            shown(row, "seen"),
            data.row("rounds", &need.key).map_or_else(|| "–".into(), |row| shown(row, "rounds-3")),
            figure(ratios.iter().copied().fold(f64::INFINITY, f64::min)),
            figure(median(&ratios)),
            figure(shifted_geometric_mean(&ratios, 0.0)),
            figure(shifted_geometric_mean(&kind, 0.0)),
            figure(median(&row.values("penalty"))),
        ])
    };
    markdown(&head, needs().into_iter().filter_map(line))
}

fn goals(data: &Data) -> Vec<Goal> {
    let goal = |family: Family, limit: f64| {
        let of = |series| -> Vec<f64> {
            let needs = needs().into_iter().filter(|need| need.family == family);
            needs.flat_map(|need| ratios(data, &need.key, series)).collect()
        };
        let (ratios, kind) = (of("rounds"), of("seen"));
        let mean = shifted_geometric_mean(&ratios, 0.0);
        let below = ratios.iter().filter(|ratio| **ratio < limit).count();
        Goal {
            what: format!("ADMM's best rounds over ours to 1e-3, {family}"),
            figure: format!(
                "{} in the geometric mean, {below} of {} fleets below {limit}; {} if an observer stops ADMM",
                figure(mean),
                ratios.len(),
                figure(shifted_geometric_mean(&kind, 0.0))
            ),
            goal: format!("at least {limit}"),
            reached: mean >= limit,
            measured: ratios.len(),
        }
    };
    vec![goal(Family::Strong, 2.0), goal(Family::Degenerate, 4.0)]
}
