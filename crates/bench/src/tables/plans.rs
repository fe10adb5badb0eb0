use super::page::{figure, markdown, shown};
use super::rounds::{above, limits};
use super::work::{Cells, verdict, verdict_by};
use super::{Goal, Need, Row, Table};
use crate::central;
use crate::family::{Family, Odd, Recipe, Units, generate, odd, perturbed, rescaled, suite};
use crate::judge::TOLERANCE_REFERENCE;
use crate::summing::Summing;
use crate::trial::{Away, Course, Trial};
use crate::{Random, median};

const BOTH: [Family; 2] = [Family::Strong, Family::Degenerate];

pub(super) const INFEASIBLE: Table = Table {
    name: "infeasible",
    title: "Infeasible fleets",
    seed_by_seed: false,
    about: "Fleets with a floor on the bus that nobody can meet; rounds until the proof, which the judge recomputes. Goal: within 20 rounds.\n",
    needs: || [(3, 24), (10, 24), (10, 96), (100, 24)].map(|(n, m)| Need::of(Family::Infeasible, n, m, 20)).to_vec(),
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            Ok(context.judged(&need.fleet(seed)?, &Course::new(context.method, 1e-6)).1)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("infeasible", &need.key)?;
            Some(vec![need.key, row.problems.len().to_string(), shown(row, "rounds"), row.wrong.len().to_string()])
        };
        markdown(&["fleet", "seeds", "rounds to the proof", "wrong"], INFEASIBLE.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let rows: Vec<&Row> = INFEASIBLE.needs().iter().filter_map(|need| data.row("infeasible", &need.key)).collect();
        let over: usize = rows.iter().map(|row| above(row, "rounds", 20.0)).sum();
        let worst = rows.iter().flat_map(|row| row.values("rounds")).fold(0.0, f64::max);
        let count: usize = rows.iter().map(|row| row.problems.len()).sum();
        vec![Goal {
            what: "infeasible fleets".into(),
            figure: format!("worst {worst} rounds; {over} of {count} not within"),
            goal: "proven within 20 rounds".into(),
            reached: over == 0,
            measured: count,
        }]
    },
};

pub(super) const REPLANNING: Table = Table {
    name: "replanning",
    title: "Replanning after a change",
    seed_by_seed: false,
    about: "5 % of the entries of `q` and of the limits are multiplied by U(0.5, 1.5); the next plan starts from the path and the models that the last run to 1e-6 left.\n\
            Goal, to 1e-4, median of 20 seeds: at most 3 rounds (strong), 6 (degenerate).\n",
    needs: || BOTH.iter().flat_map(|family| [Need::of(*family, 10, 24, 20), Need::of(*family, 100, 24, 5)]).collect(),
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            let fleet = need.fleet(seed)?;
            let before = Trial::run(&fleet, &Course::new(context.method, 1e-6));
            let changed = perturbed(&fleet, seed).map_err(|error| error.to_string())?;
            let course = Course::new(context.method, 1e-4);
            let mut cells = verdict(&changed, &Trial::run(&changed, &course), 1e-4, "-cold");
            let Cells { series, wrong, .. } =
                verdict(&changed, &Trial::again(&changed, &course, &before), 1e-4, "-warm");
            cells.series.extend(series);
            cells.wrong.extend(wrong);
            Ok(cells)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("replanning", &need.key)?;
            let middle = |name: &str| figure(median(&row.values(name)));
            Some(vec![
                need.key,
                row.problems.len().to_string(),
                format!("{} ({})", middle("rounds-cold"), shown(row, "rounds-cold")),
                format!("{} ({})", middle("rounds-warm"), shown(row, "rounds-warm")),
                row.wrong.len().to_string(),
            ])
        };
        let head =
            ["fleet", "seeds", "cold: median (worst / mean)", "from the last plan: median (worst / mean)", "wrong"];
        markdown(&head, REPLANNING.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let goal = |(family, limit): (Family, f64)| {
            let row = data.row("replanning", &Need::of(family, 10, 24, 20).key)?;
            // A run that did not arrive counts as endless.
            let endless: Vec<f64> = row.column("rounds-warm").iter().map(|v| v.unwrap_or(f64::INFINITY)).collect();
            let middle = median(&endless);
            let gaps = row.gaps("rounds-warm");
            Some(Goal {
                what: format!("replanning to 1e-4, {family}"),
                figure: if middle.is_finite() {
                    format!("median {middle}, {gaps} not arrived")
                } else {
                    format!("no median: {gaps} of {} not arrived", endless.len())
                },
                goal: format!("median at most {limit}"),
                reached: middle <= limit && gaps == 0,
                measured: row.problems.len(),
            })
        };
        [(Family::Strong, 3.0), (Family::Degenerate, 6.0)].into_iter().filter_map(goal).collect()
    },
};

const SHARES: [(&str, f64, f64); 2] = [("-90", 0.9, 1.5), ("-70", 0.7, 3.0)];

pub(super) const ABSENCE: Table = Table {
    name: "absence",
    title: "Assets away",
    seed_by_seed: false,
    about: "In every round after the first each asset is there with the probability given, at least one always is; rounds to 1e-3 within 200.\n\
            Goal: at most 1.5x / 3x the rounds with everybody present, every seed converges.\n",
    needs: || BOTH.iter().flat_map(|family| [Need::of(*family, 10, 24, 20), Need::of(*family, 100, 24, 5)]).collect(),
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            let fleet = need.fleet(seed)?;
            let course = Course { rounds_max: Some(200), ..Course::new(context.method, 1e-3) };
            let mut cells = verdict(&fleet, &Trial::run(&fleet, &course), 1e-3, "-100");
            for (name, presence, _) in SHARES {
                let trial = Trial::run(&fleet, &Course { away: Some(Away { presence, seed }), ..course });
                let Cells { series, wrong, .. } = verdict(&fleet, &trial, 1e-3, name);
                cells.series.extend(series);
                cells.wrong.extend(wrong);
            }
            Ok(cells)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("absence", &need.key)?;
            let ratio = |name: &str| figure(row.mean(name) / row.mean("rounds-100"));
            let mut cells = vec![need.key, row.problems.len().to_string(), shown(row, "rounds-100")];
            for (name, ..) in SHARES {
                let name = format!("rounds{name}");
                cells.extend([shown(row, &name), ratio(&name)]);
            }
            cells.push(row.wrong.len().to_string());
            Some(cells)
        };
        let head = [
            "fleet",
            "seeds",
            "all present",
            "90 % present",
            "ratio of means",
            "70 % present",
            "ratio of means",
            "wrong",
        ];
        markdown(&head, ABSENCE.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let mut goals = Vec::new();
        for (name, presence, limit) in SHARES {
            for need in ABSENCE.needs().into_iter().filter(|need| need.assets == 10) {
                let Some(row) = data.row("absence", &need.key) else { continue };
                let name = format!("rounds{name}");
                let ratio = row.mean(&name) / row.mean("rounds-100");
                goals.push(Goal {
                    what: format!("{:.0} % present, {}", 100.0 * presence, need.key),
                    figure: format!("{}x, {} not arrived", figure(ratio), row.gaps(&name)),
                    goal: format!("at most {limit}x, every seed"),
                    reached: ratio <= limit && row.gaps(&name) == 0,
                    measured: row.problems.len(),
                });
            }
        }
        goals
    },
};

pub(super) const FIXED: Table = Table {
    name: "fixed",
    title: "Sums in fixed point",
    seed_by_seed: false,
    about: "Rounds to 1e-6 with sums of words in coded ranges, as masks need them, beside sums of floating-point numbers. Goal, 64 bits: the same rounds within one.\n",
    needs: || {
        BOTH.iter()
            .flat_map(|family| {
                [Need::of(*family, 10, 24, 20), Need::of(*family, 10, 96, 5), Need::of(*family, 100, 24, 5)]
            })
            .collect()
    },
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            let fleet = need.fleet(seed)?;
            let mut cells = Cells::default();
            for sum in Summing::OPEN {
                let course = Course { sum, rounds_max: Some(60), ..Course::new(context.method, 1e-6) };
                let Cells { problem, series, wrong } =
                    verdict(&fleet, &Trial::run(&fleet, &course), 1e-6, &format!("-{sum}"));
                cells.problem = problem;
                cells.series.extend(series);
                cells.wrong.extend(wrong);
            }
            Ok(cells)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("fixed", &need.key)?;
            let mut cells = vec![need.key, row.problems.len().to_string()];
            cells.extend(Summing::OPEN.map(|sum| shown(row, &format!("rounds-{sum}"))));
            cells.extend([further(row).to_string(), row.wrong.len().to_string()]);
            Some(cells)
        };
        let head =
            ["fleet", "seeds", "plain", "64 bits", "48 bits", "64 bits: seeds more than one round later", "wrong"];
        markdown(&head, FIXED.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let rows: Vec<&Row> = FIXED.needs().iter().filter_map(|need| data.row("fixed", &need.key)).collect();
        let later: usize = rows.iter().map(|row| further(row)).sum();
        let count: usize = rows.iter().map(|row| row.problems.len()).sum();
        vec![Goal {
            what: "sums of 64-bit words".into(),
            figure: format!("{later} of {count} fleets more than one round later"),
            goal: "the same rounds within one".into(),
            reached: later == 0,
            measured: count,
        }]
    },
};

/// How many fleets take more than one round more in words of 64 bits, those that do not arrive among them.
fn further(row: &Row) -> usize {
    let pairs = row.column("rounds-plain").iter().zip(row.column("rounds-fixed-64"));
    pairs.filter(|(plain, fixed)| plain.is_some_and(|plain| fixed.is_none_or(|fixed| fixed > plain + 1.0))).count()
}

pub(super) const BYTES: Table = Table {
    name: "bytes",
    title: "Bytes on thin links",
    seed_by_seed: false,
    about: "Runs told that bytes are dearer than rounds, to 1e-3; kB of wire frames that one asset sends. Goal at (10, 96), degenerate: at most 500 kB in at most 12 rounds.\n",
    needs: || BOTH.iter().flat_map(|family| [Need::of(*family, 10, 24, 20), Need::of(*family, 10, 96, 20)]).collect(),
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            let fleet = need.fleet(seed)?;
            let course = Course { thin: true, ..Course::new(context.method, 1e-3) };
            let (trial, mut cells) = context.judged(&fleet, &course);
            cells.set("kB", Some(trial.bytes_up as f64 / 1e3));
            Ok(cells)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("bytes", &need.key)?;
            let cells =
                [row.problems.len().to_string(), shown(row, "rounds"), shown(row, "kB"), row.wrong.len().to_string()];
            Some([need.key].into_iter().chain(cells).collect())
        };
        let head = ["fleet", "seeds", "rounds to 1e-3", "kB up per asset", "wrong"];
        markdown(&head, BYTES.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let Some(row) = data.row("bytes", &Need::of(Family::Degenerate, 10, 96, 20).key) else { return Vec::new() };
        let (over, late) = (above(row, "kB", 500.0), above(row, "rounds", 12.0));
        vec![Goal {
            what: "bytes to 1e-3 at (10, 96), degenerate".into(),
            figure: format!(
                "{} kB in {} rounds; {over} seeds above 500 kB, {late} above 12 rounds",
                shown(row, "kB"),
                shown(row, "rounds")
            ),
            goal: "at most 500 kB in at most 12 rounds".into(),
            reached: over == 0 && late == 0,
            measured: row.problems.len(),
        }]
    },
};

pub(super) const CORRECT: Table = Table {
    name: "correct",
    title: "Correct to 1e-6",
    seed_by_seed: false,
    about: "The suite and 100 other fleets drawn at random (family, 3 to 200 assets, 12 to 96 rows, seed), judged outside the solvers. Goal: every one.\n",
    needs: || {
        let mut needs = vec![Need::of(Family::Strong, 0, 0, 27).called("suite")];
        needs.extend((0..4).map(|part| {
            Need::of(Family::Strong, 1, part, 25).called(format!("random {} to {}", 25 * part, 25 * part + 24))
        }));
        needs
    },
    measure: |need, context| {
        let recipes: Vec<Recipe> = if need.assets == 0 {
            suite()
        } else {
            (0..25).map(|k| random_recipe(25 * need.rows as u64 + k)).collect()
        };
        let kept = recipes.len().min(context.seeds_max as usize);
        context.row(&recipes[..kept], |recipe| {
            let fleet = generate(recipe).map_err(|error| error.to_string())?;
            Ok(context.judged(&fleet, &Course::new(context.method, 1e-6)).1)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("correct", &need.key)?;
            let right = row.problems.len() - row.gaps("rounds");
            Some(vec![
                need.key,
                format!("{right} of {}", row.problems.len()),
                row.wrong.len().to_string(),
                shown(row, "rounds"),
            ])
        };
        markdown(&["problems", "right", "wrongly claimed", "rounds"], CORRECT.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let rows: Vec<&Row> = CORRECT.needs().iter().filter_map(|need| data.row("correct", &need.key)).collect();
        let count: usize = rows.iter().map(|row| row.problems.len()).sum();
        let gaps: usize = rows.iter().map(|row| row.gaps("rounds")).sum();
        let wrong: usize = rows.iter().map(|row| row.wrong.len()).sum();
        vec![Goal {
            what: "correct to 1e-6".into(),
            figure: format!(
                "{} of {count} right, {wrong} wrongly claimed; {CORRECT_COUNT} are asked for",
                count - gaps
            ),
            goal: "every problem of the suite and 100 others".into(),
            reached: gaps == 0 && wrong == 0 && count >= CORRECT_COUNT,
            measured: count,
        }]
    },
};

/// The suite's 27 problems and 100 others.
const CORRECT_COUNT: usize = 127;

/// A fleet drawn at random; sizes are drawn evenly in the logarithm.
fn random_recipe(index: u64) -> Recipe {
    let mut random = Random::new(&[index, 0xc0ec7]);
    let family = Family::ALL[(4.0 * random.unit()) as usize % 4];
    let assets = (3.0 * (200.0_f64 / 3.0).powf(random.unit())).round() as usize;
    let rows = 12 * (1 + (8.0 * random.unit()) as usize % 8);
    Recipe { family, assets, rows, seed: 1000 + index }
}

const UNITS: [(&str, Units); 4] = [
    ("rows and columns 1e-3 to 1e3", Units { decades: 3.0, cost: 1.0 }),
    ("cost times 1e3", Units { decades: 0.0, cost: 1e3 }),
    ("cost times 1e-3", Units { decades: 0.0, cost: 1e-3 }),
    ("both", Units { decades: 2.0, cost: 100.0 }),
];

pub(super) const HARD: Table = Table {
    name: "hard",
    title: "Ill-scaled and odd fleets",
    seed_by_seed: false,
    about: "Fleets of ten in other units, and twelve assets of 2 to 160 variables: unequal ones, free variables, assets that touch no shared row, dispatch with line limits.\n\
            Rounds to 1e-3 and 1e-6. Goal: correct, and at most twice the goals of `rounds`; odd fleets are held to twice those of degenerate ones.\n",
    needs: || {
        let mut needs = Vec::new();
        for family in [Family::Strong, Family::Degenerate, Family::Balance] {
            needs.extend(UNITS.map(|(name, _)| Need::of(family, 10, 24, 20).called(format!("{family}, {name}"))));
        }
        needs.extend(
            Odd::ALL.map(|kind| Need::of(Family::Degenerate, 12, 24, 20).called(format!("odd, {}", kind.name()))),
        );
        needs
    },
    measure: |need, context| {
        context.row(&context.seeds(need), |seed| {
            let (_, name) = need.key.split_once(", ").unwrap_or_default();
            let units = UNITS.iter().find(|(unit, _)| *unit == name);
            let kind = Odd::ALL.into_iter().find(|kind| kind.name() == name);
            let plain = need.recipe(50 + seed);
            let (fleet, reference) = match (units, kind) {
                (Some((_, units)), _) => {
                    let before = generate(plain).map_err(|error| error.to_string())?;
                    let fleet = rescaled(&before, *units, seed).map_err(|error| error.to_string())?;
                    let mut reference = central::solve(&before, TOLERANCE_REFERENCE);
                    reference.objective *= units.cost;
                    (fleet, reference)
                }
                (None, Some(kind)) => {
                    let fleet = odd(kind, seed).map_err(|error| error.to_string())?;
                    let reference = central::solve(&fleet, TOLERANCE_REFERENCE);
                    (fleet, reference)
                }
                (None, None) => return Err(format!("there is no kind of problem `{name}`")),
            };
            let loose = Trial::run(&fleet, &Course::new(context.method, 1e-3));
            let mut cells = verdict_by(&reference, &fleet, &loose, 1e-3, "-3");
            let tight = Trial::run(&fleet, &Course::new(context.method, 1e-6));
            let Cells { series, wrong, .. } = verdict_by(&reference, &fleet, &tight, 1e-6, "-6");
            cells.series.extend(series);
            cells.wrong.extend(wrong);
            Ok(cells)
        })
    },
    render: |data| {
        let line = |need: Need| {
            let row = data.row("hard", &need.key)?;
            let cells = [
                row.problems.len().to_string(),
                shown(row, "rounds-3"),
                shown(row, "rounds-6"),
                row.wrong.len().to_string(),
            ];
            Some([need.key].into_iter().chain(cells).collect())
        };
        markdown(&["fleet", "seeds", "rounds to 1e-3", "to 1e-6", "wrong"], HARD.needs().into_iter().filter_map(line))
    },
    goals: |data| {
        let (mut count, mut gaps, mut late, mut wrong) = (0, 0, 0, 0);
        for need in HARD.needs() {
            let Some(row) = data.row("hard", &need.key) else { continue };
            let (loose, tight) = limits(need.family);
            count += row.problems.len();
            gaps += row.gaps("rounds-6");
            late += above(row, "rounds-3", 2.0 * loose).max(above(row, "rounds-6", 2.0 * tight));
            wrong += row.wrong.len();
        }
        vec![Goal {
            what: "ill-scaled and odd fleets".into(),
            figure: format!(
                "{} of {count} right to 1e-6, {wrong} wrongly claimed, {late} above twice the rounds",
                count - gaps
            ),
            goal: "correct to 1e-6, rounds within 2x".into(),
            reached: gaps == 0 && late == 0 && wrong == 0,
            measured: count,
        }]
    },
};
