use std::time::Instant;

use cosmosmesh_contracts::traits::{Budget, LocalOutcome, LocalSolver};
use cosmosmesh_solver_core::{InteriorPoint, Link, Method, PreparedInteriorPoint};

use super::page::{figure, markdown, shown};
use super::work::Cells;
use super::{Context, Goal, Need, Row, Table};
use crate::central::Assembled;
use crate::family::Family;
use crate::summing::Summing;
use crate::trial::{Course, Trial};
use crate::{median, quantile};

const BOTH: [Family; 2] = [Family::Strong, Family::Degenerate];

pub(super) const LOCAL: Table = Table {
    name: "local",
    title: "One asset's problem",
    seed_by_seed: false,
    about: "1,000 problems of 50 variables, each solved in turn by our interior point, by a prepared one that keeps the order and the symbolic factor, and by the crate clarabel (its own factor, 1e-8, set-up included); medians, quartiles in parentheses.\n\
            Goal: ratio at most 0.7.\n",
    needs: || BOTH.map(|family| Need::of(family, 1000, 24, 1).called(family.name())).to_vec(),
    measure: local,
    render: |data| {
        let line = |need: Need| {
            let row = data.row("local", &need.key)?;
            let cell = |name: &str| {
                let values = row.values(name);
                format!(
                    "{} ({} to {})",
                    figure(median(&values)),
                    figure(quantile(&values, 0.25)),
                    figure(quantile(&values, 0.75))
                )
            };
            let ratio = |name: &str| figure(median(&row.values(name)) / median(&row.values("clarabel")));
            Some(vec![need.key, cell("clarabel"), cell("ours"), ratio("ours"), cell("prepared"), ratio("prepared")])
        };
        let head = ["family", "clarabel, us", "`InteriorPoint`, us", "ratio", "`PreparedInteriorPoint`, us", "ratio"];
        markdown(&head, LOCAL.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let goal = |need: Need| {
            let row = data.row("local", &need.key)?;
            let ratio = median(&row.values("ours")) / median(&row.values("clarabel"));
            Some(Goal {
                what: format!("one asset's problem, {}", need.key),
                figure: format!("ratio {}", figure(ratio)),
                goal: "at most 0.7 of Clarabel's time".into(),
                reached: ratio <= 0.7,
                measured: row.values("ours").len(),
            })
        };
        LOCAL.needs().into_iter().filter_map(goal).collect()
    },
};

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let out = std::hint::black_box(work());
    (start.elapsed().as_secs_f64(), out)
}

fn local(need: &Need, context: &Context) -> Result<Row, String> {
    let fleet = need.fleet(1)?;
    let budget = Budget { iterations_max: 100, tolerance: 1e-8 };
    let mut prepared = PreparedInteriorPoint::new();
    let mut row = Row { stamp: context.stamp.clone(), ..Row::default() };
    row.stamp.method = "local".into();
    for asset in fleet.assets() {
        let assembled = Assembled::of_asset(&asset.local);
        let (ours, report) = timed(|| InteriorPoint.solve(&asset.local, None, budget));
        let (again, reused) = timed(|| prepared.solve(&asset.local, None, budget));
        let (theirs, reference) = timed(|| assembled.value(1e-8));
        for report in [report, reused] {
            let report = report.map_err(|error| error.to_string())?;
            let reference = reference + asset.local.objective().c;
            let right = match report.outcome {
                LocalOutcome::Optimal { objective, .. } => {
                    (objective - reference).abs() < 1e-6 * (1.0 + reference.abs())
                }
                _ => false,
            };
            if !right {
                row.wrong.push(format!("{} {}", fleet.name(), asset.id));
            }
        }
        for (name, time) in [("ours", ours), ("prepared", again), ("clarabel", theirs)] {
            row.series.entry(name.into()).or_default().push(Some((1e8 * time).round() / 100.0));
        }
    }
    row.problems = vec![fleet.name().to_owned()];
    Ok(row)
}

/// How often a fleet is timed.
const TURNS: usize = 3;

pub(super) const FLEET: Table = Table {
    name: "fleet",
    title: "A fleet of a thousand against the central solver",
    seed_by_seed: false,
    about: "To 1e-6, 24 rows, on all threads of the machine, opening the assets included; in turn with Clarabel on the assembled problem, assembly not counted; three turns, median (least to most).\n\
            `auto` here is what `cosmosmesh solve` runs: told that all is on one machine (`Link::HERE`) it takes the method with the least computing, `fan`; first with sums in the open (`--sum plain`), then under masks, as by default, where one process also does the cryptography of every asset and guardian.\n\
            Beside it `menu`, which asks for the fewest rounds and is what `auto` takes where rounds are dear.\n\
            Goal: ratio at most 1.0.\n",
    needs: || BOTH.iter().flat_map(|family| [100, 1000].map(|assets| Need::of(*family, assets, 24, 1))).collect(),
    measure: |need, context| {
        let fleet = need.fleet(0)?;
        let assembled = Assembled::new(&fleet);
        let mut row = Row { stamp: context.stamp.clone(), ..Row::default() };
        for _ in 0..TURNS {
            let (theirs, found) = timed(|| assembled.solve(&fleet, 1e-6));
            let mut note = |name: &str, value| row.series.entry(name.into()).or_default().push(value);
            note("clarabel", Some(theirs));
            let here = Course { link: Some(Link::HERE), ..Course::new(Method::Auto, 1e-6) };
            let masked = Course { sum: Summing::Masked64, ..here };
            let menu = Course::new(Method::Menu, 1e-6);
            let courses =
                [(here, "ours", "rounds"), (masked, "masked", "masked-rounds"), (menu, "menu", "menu-rounds")];
            for (course, time, count) in courses {
                let method = course.method;
                let course = Course { threads: context.threads, ..course };
                let trial = Trial::run(&fleet, &course);
                let cost = trial.x.as_ref().map_or(f64::NAN, |x| fleet.objective(x));
                let right = (cost - found.objective).abs() < 2e-6 * (1.0 + found.objective.abs());
                if !right {
                    row.wrong.push(format!("{} by {method}: cost {cost} against {}", fleet.name(), found.objective));
                }
                note(time, Some(trial.wall_ms / 1e3));
                note(count, trial.outcome.is_ok().then_some(f64::from(trial.rounds)));
            }
        }
        row.problems = vec![fleet.name().to_owned()];
        Ok(row)
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("fleet", &need.key)?;
            let cell = |name: &str| {
                let values = row.values(name);
                let (least, most) = (quantile(&values, 0.0), quantile(&values, 1.0));
                format!("{} ({} to {})", figure(median(&values)), figure(least), figure(most))
            };
            let mut cells = vec![need.key, cell("clarabel")];
            for (name, rounds) in [("ours", "rounds"), ("masked", "masked-rounds"), ("menu", "menu-rounds")] {
                let known = !row.values(name).is_empty();
                let shown = [cell(name), figure(median(&row.values(rounds))), figure(fleet_ratio(row, name))];
                cells.extend(shown.map(|text| if known { text } else { "–".into() }));
            }
            cells.push(row.wrong.len().to_string());
            Some(cells)
        };
        let head = [
            "fleet",
            "clarabel, s",
            "`auto` here, s",
            "rounds",
            "ratio",
            "the same, masked, s",
            "rounds",
            "ratio",
            "`menu`, s",
            "rounds",
            "ratio",
            "wrong",
        ];
        markdown(&head, FLEET.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let goal = |(need, name, series): (Need, &str, &str)| {
            let row = data.row("fleet", &need.key).filter(|row| !row.values(series).is_empty())?;
            let ratio = fleet_ratio(row, series);
            Some(Goal {
                what: format!("time of {} by {name} against Clarabel", need.key),
                figure: format!("ratio {}", figure(ratio)),
                goal: "at most 1.0".into(),
                reached: ratio <= 1.0,
                measured: row.values(series).len(),
            })
        };
        let large = FLEET.needs().into_iter().filter(|need| need.assets == 1000);
        let both = large.flat_map(|need| {
            [(need.clone(), "`solve`, sums in the open,", "ours"), (need, "plain `solve`, masks included,", "masked")]
        });
        both.filter_map(goal).collect()
    },
};

fn fleet_ratio(row: &Row, series: &str) -> f64 {
    median(&row.values(series)) / median(&row.values("clarabel"))
}

pub(super) const GROWTH: Table = Table {
    name: "growth",
    title: "Growth",
    seed_by_seed: false,
    about: "From 1,000 to 10,000 assets, 24 rows, to 1e-6, on all threads; by `fan`, each run in a process of its own.\n\
            Memory is the peak of the whole process by the kernel's count (`VmHWM`): program, problem, every asset's factors, kept plans and models, what the allocator holds back; beside it what was resident before the run began, the problem and the program.\n\
            In the field all but the coordinator's part is spread over the assets.\n\
            Goal: time at most 11x, memory at most 2 GiB.\n",
    needs: || {
        BOTH.iter().flat_map(|family| [1000, 3000, 10_000].map(|assets| Need::of(*family, assets, 24, 1))).collect()
    },
    measure: |need, context| {
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let output = std::process::Command::new(program)
            .args(["once", "--family", need.family.name(), "--seed", "0", "--method", Method::Fan.name()])
            .args(["--assets", &need.assets.to_string(), "--coupling", &need.rows.to_string()])
            .args(["--threads", &context.threads.to_string()])
            .output()
            .map_err(|error| error.to_string())?;
        let found: serde_json::Value = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{error}: {}", String::from_utf8_lossy(&output.stderr)))?;
        let mut row = context.row(&[()], |()| {
            let mut cells = Cells { problem: need.recipe(0).name(), ..Cells::default() };
            let arrived = found["status"] == "optimal";
            cells.set("rounds", found["rounds"].as_f64().filter(|_| arrived));
            cells.set("seconds", found["wall_ms"].as_f64().map(|ms| ms / 1e3));
            cells.set("MiB", found["peak_mib"].as_f64());
            cells.set("MiB-before", found["resident_before_mib"].as_f64());
            cells.set("steps", found["newton_steps"].as_f64());
            Ok(cells)
        })?;
        row.stamp.method = Method::Fan.name().into();
        Ok(row)
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("growth", &need.key)?;
            let first = data.row("growth", &Need::of(need.family, 1000, need.rows, 1).key);
            let factor = first.map_or(f64::NAN, |first| row.mean("seconds") / first.mean("seconds"));
            Some(vec![
                need.key,
                shown(row, "rounds"),
                figure(row.mean("steps")),
                figure(row.mean("seconds")),
                figure(factor),
                figure(row.mean("MiB")),
                figure(row.mean("MiB-before")),
            ])
        };
        let head = [
            "fleet",
            "rounds",
            "Newton steps per asset",
            "s",
            "times that of 1,000",
            "peak MiB",
            "of it before the run",
        ];
        markdown(&head, GROWTH.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let goal = |family: Family| {
            let row = |assets| data.row("growth", &Need::of(family, assets, 24, 1).key);
            let (small, large) = (row(1000)?, row(10_000)?);
            let (factor, mib) = (large.mean("seconds") / small.mean("seconds"), large.mean("MiB"));
            Some(Goal {
                what: format!("growth from 1,000 to 10,000, {family}"),
                figure: format!("{}x the time, {} MiB", figure(factor), figure(mib)),
                goal: "at most 11x and 2 GiB".into(),
                reached: factor <= 11.0 && mib <= 2048.0,
                measured: 2,
            })
        };
        BOTH.into_iter().filter_map(goal).collect()
    },
};
