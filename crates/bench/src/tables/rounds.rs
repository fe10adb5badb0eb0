use super::page::{figure, markdown, shown};
use super::work::{Cells, verdict};
use super::{Context, Data, Goal, Need, Row, Table};
use crate::family::Family;
use crate::trial::{Course, Trial};

pub(super) const ROUNDS: Table = Table {
    name: "rounds",
    title: "Rounds to a certificate",
    seed_by_seed: false,
    about: "Cold, everybody present, each tolerance a run of its own that its own certificate stops; worst / mean over the seeds.\n\
            Goal to 1e-3 / 1e-6 on every seed: 6 / 9 (strong), 9 / 16 (degenerate).\n",
    needs,
    measure,
    render,
    goals,
};

/// The same runs, read for their first safe plans.
pub(super) const SAFE: Table = Table {
    name: "safe",
    title: "The first safe plan within 1 %",
    seed_by_seed: false,
    about: "The first round at which a plan that violates nothing is proven within 1 %, as a share of the rounds to 1e-6 of the same run.\n\
            Goal: at most half. Measured with `rounds`.\n",
    needs: Vec::new,
    measure,
    render: render_safe,
    goals: goals_safe,
};

pub(super) const SIZES: [(usize, usize); 5] = [(3, 24), (10, 24), (10, 96), (100, 24), (100, 96)];

fn needs() -> Vec<Need> {
    let mut needs = Vec::new();
    for family in [Family::Strong, Family::Degenerate] {
        needs.extend(SIZES.map(|(assets, rows)| Need::of(family, assets, rows, 20)));
        needs.push(Need::of(family, 1000, 24, 3));
    }
    needs
}

/// What must be reached to 1e-3 and to 1e-6.
pub(super) fn limits(family: Family) -> (f64, f64) {
    if family == Family::Degenerate { (9.0, 16.0) } else { (6.0, 9.0) }
}

fn measure(need: &Need, context: &Context) -> Result<Row, String> {
    context.row(&context.seeds(need), |seed| {
        let fleet = need.fleet(seed)?;
        let loose = Trial::run(&fleet, &Course::new(context.method, 1e-3));
        let mut cells = verdict(&fleet, &loose, 1e-3, "-3");
        cells.set("kB-3", Some(loose.bytes_up as f64 / 1e3));
        drop(loose);
        let tight = Trial::run(&fleet, &Course::new(context.method, 1e-6));
        let Cells { series, wrong, .. } = verdict(&fleet, &tight, 1e-6, "-6");
        cells.series.extend(series);
        cells.wrong.extend(wrong);
        let (safe, safe_one) = tight.safe_rounds();
        cells.set("kB-6", Some(tight.bytes_up as f64 / 1e3));
        cells.set("safe", safe.map(f64::from));
        cells.set("safe-1%", safe_one.map(f64::from));
        cells.set("steps", Some(tight.newton_steps as f64));
        Ok(cells)
    })
}

fn render(data: &Data) -> String {
    let head = [
        "fleet",
        "seeds",
        "rounds to 1e-3",
        "to 1e-6",
        "seeds above the goal",
        "kB up per asset to 1e-3",
        "to 1e-6",
        "wrong",
    ];
    let line = |need: Need| {
        let row = data.row("rounds", &need.key)?;
        let (loose, tight) = limits(need.family);
        Some(vec![
            need.key,
            row.problems.len().to_string(),
            shown(row, "rounds-3"),
            shown(row, "rounds-6"),
            format!("{} / {}", above(row, "rounds-3", loose), above(row, "rounds-6", tight)),
            figure(row.mean("kB-3")),
            figure(row.mean("kB-6")),
            row.wrong.len().to_string(),
        ])
    };
    markdown(&head, needs().into_iter().filter_map(line))
}

/// How many runs took more, those that did not arrive among them.
pub(super) fn above(row: &Row, name: &str, limit: f64) -> usize {
    row.column(name).iter().filter(|v| v.is_none_or(|v| v > limit)).count()
}

fn goals(data: &Data) -> Vec<Goal> {
    let mut goals = Vec::new();
    for family in [Family::Strong, Family::Degenerate] {
        let (loose, tight) = limits(family);
        let rows: Vec<&Row> = needs()
            .iter()
            .filter(|need| need.family == family)
            .filter_map(|need| data.row("rounds", &need.key))
            .collect();
        for (name, tolerance, limit) in [("rounds-3", "1e-3", loose), ("rounds-6", "1e-6", tight)] {
            let seeds: usize = rows.iter().map(|row| row.problems.len()).sum();
            let over: usize = rows.iter().map(|row| above(row, name, limit)).sum();
            let gaps: usize = rows.iter().map(|row| row.gaps(name)).sum();
            let worst = rows.iter().flat_map(|row| row.values(name)).fold(0.0, f64::max);
            let none = if gaps > 0 { format!(", {gaps} not within the limit of rounds") } else { String::new() };
            goals.push(Goal {
                what: format!("rounds to {tolerance}, {family}"),
                figure: format!("worst {worst}{none}; {over} of {seeds} fleets above"),
                goal: format!("at most {limit} on every seed"),
                reached: over == 0,
                measured: seeds,
            });
        }
    }
    goals
}

/// Per problem: the round of the first safe plan within 1 % over the rounds to 1e-6.
fn shares(row: &Row) -> Vec<f64> {
    let pairs = row.column("safe-1%").iter().zip(row.column("rounds-6"));
    pairs.filter_map(|(safe, all)| Some((*safe)? / (*all)?)).collect()
}

fn render_safe(data: &Data) -> String {
    let head =
        ["fleet", "first safe plan, round", "safe within 1 %, round", "share of the rounds to 1e-6, worst / mean"];
    let line = |need: Need| {
        let row = data.row("rounds", &need.key)?;
        let shares = shares(row);
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let worst = shares.iter().copied().fold(0.0, f64::max);
        Some(vec![need.key, shown(row, "safe"), shown(row, "safe-1%"), format!("{worst:.2} / {mean:.2}")])
    };
    markdown(&head, needs().into_iter().filter_map(line))
}

fn goals_safe(data: &Data) -> Vec<Goal> {
    let goal = |family| {
        let rows = needs().into_iter().filter(|need| need.family == family);
        let shares: Vec<f64> = rows.filter_map(|need| data.row("rounds", &need.key)).flat_map(shares).collect();
        let over = shares.iter().filter(|share| **share > 0.5).count();
        let worst = shares.iter().copied().fold(0.0, f64::max);
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        Goal {
            what: format!("first safe plan within 1 %, {family}"),
            figure: format!(
                "{mean:.2} of the rounds to 1e-6 in the mean, worst {worst:.2}; {over} of {} above",
                shares.len()
            ),
            goal: "at most half of the rounds to 1e-6".into(),
            reached: over == 0,
            measured: shares.len(),
        }
    };
    vec![goal(Family::Strong), goal(Family::Degenerate)]
}
