use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Record, Solver};
use crate::{Environment, median, quantile, shifted_geometric_mean};

/// Shifts of the geometric means: a round, a kilobyte, a millisecond.
const SHIFT_ROUNDS: f64 = 1.0;
const SHIFT_BYTES: f64 = 1e3;
const SHIFT_MS: f64 = 1.0;

/// The page about a comparison, in Markdown.
pub fn summary(environment: &Environment, records: &[Record]) -> String {
    let mut page = String::from("# Solver variants side by side\n\n");
    let Environment { processor, threads, system, build, problem_count, problem_set } = environment;
    let _ = writeln!(page, "Problems: {problem_count}, fingerprint of the set {problem_set}.");
    let _ =
        writeln!(page, "Machine: {processor}, {threads} threads, {system}; {build}; assets answer one after another.");
    page.push_str(READING);
    let (solvers, tolerances) = (solvers(records), tolerances(records));
    for &tolerance in &tolerances {
        let _ = writeln!(page, "\n## All problems, to {tolerance:.0e}\n");
        overall(&mut page, records, &solvers, tolerance);
    }
    page.push_str("\n## By family and size\n\n");
    by_size(&mut page, records, &solvers, &tolerances);
    page.push_str("\n## In pairs\n\n");
    pairs(&mut page, records, &solvers, &tolerances);
    wrong(&mut page, records);
    page
}

const READING: &str = "
- A run is *solved* if it claims an end and the judge, outside the solvers, agrees to the tolerance; it is *wrongly claimed* if the judge contradicts it.
- A *round* is one sum over the assets; rounds are counted by a wrapper around the sum until the method's own certificate stops it.
- *Bytes up* are wire frames of one asset's contributions, before masks and signatures.
- A run that does not arrive counts with what it spent until its limit of rounds, so its means are too kind to it; `>` marks it.
- Means are geometric, shifted by 1 round, 1 kB and 1 ms; the shift changes what small problems weigh.
- `admm-hindsight` has the penalty and relaxation that are best for the problem, asks for a bound in every round, and stops by its own certificate; problems that its search never saw count as not solved in the profile.
- Clock times are medians of repeated runs in one process, with least and most, and differ from run to run; everything else repeats.
";

fn solvers(records: &[Record]) -> Vec<Solver> {
    let mut found: Vec<Solver> = records.iter().map(|record| record.solver).collect();
    found.sort();
    found.dedup();
    found
}

/// The loosest first.
fn tolerances(records: &[Record]) -> Vec<f64> {
    let mut found: Vec<f64> = records.iter().map(|record| record.tolerance).collect();
    found.sort_by(|a, b| b.total_cmp(a));
    found.dedup();
    found
}

fn pick(records: &[Record], solver: Solver, tolerance: f64) -> Vec<&Record> {
    records.iter().filter(|record| record.solver == solver && record.tolerance == tolerance).collect()
}

fn overall(page: &mut String, records: &[Record], solvers: &[Solver], tolerance: f64) {
    page.push_str("| solver | solved | wrongly claimed | rounds, mean | rounds, 5 % to 95 % | bytes up per asset, mean | clock, mean (least to most) |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for &solver in solvers {
        let found = pick(records, solver, tolerance);
        if found.is_empty() {
            continue;
        }
        let column = |value: fn(&Record) -> Option<f64>| found.iter().filter_map(|r| value(r)).collect::<Vec<f64>>();
        let rounds = column(|record| record.rounds.map(f64::from));
        let bytes = column(|record| record.bytes_up.map(|v| v as f64));
        let walls = column(|record| Some(record.wall_ms));
        let dash = || "–".to_owned();
        let (mean, spread, up) = if rounds.is_empty() {
            (dash(), dash(), dash())
        } else {
            let bytes_shown =
                |mean: f64| if mean.is_finite() { format!("{} kB", significant(mean / 1e3)) } else { dash() };
            (
                format!("{:.1}", shifted_geometric_mean(&rounds, SHIFT_ROUNDS)),
                format!("{:.0} to {:.0}", quantile(&rounds, 0.05), quantile(&rounds, 0.95)),
                bytes_shown(shifted_geometric_mean(&bytes, SHIFT_BYTES)),
            )
        };
        let _ = writeln!(
            page,
            "| {solver} | {} of {} | {} | {mean} | {spread} | {up} | {} ms ({} to {}) |",
            found.iter().filter(|record| record.solved).count(),
            found.len(),
            found.iter().filter(|record| record.wrong).count(),
            significant(shifted_geometric_mean(&walls, SHIFT_MS)),
            significant(shifted_geometric_mean(&column(|record| Some(record.wall_ms_min)), SHIFT_MS)),
            significant(shifted_geometric_mean(&column(|record| Some(record.wall_ms_max)), SHIFT_MS)),
        );
    }
}

fn by_size(page: &mut String, records: &[Record], solvers: &[Solver], tolerances: &[f64]) {
    page.push_str("Rounds are listed seed by seed; bytes and clock are medians over the seeds.\n\n");
    page.push_str("| problems | solver |");
    for what in ["rounds", "kB up", "ms"] {
        tolerances.iter().for_each(|tolerance| page.push_str(&format!(" {what} to {tolerance:.0e} |")));
    }
    page.push_str(" first safe plan, round | safe within 1 %, round |\n|---|---|---|---|");
    page.push_str(&"---|".repeat(3 * tolerances.len()));
    page.push('\n');
    let mut groups: BTreeMap<(usize, String), Vec<&Record>> = BTreeMap::new();
    for record in records {
        let name = match record.recipe {
            Some(recipe) => (recipe.family as usize, format!("{} {}, {}", recipe.family, record.assets, record.rows)),
            None => (usize::MAX, record.problem.clone()),
        };
        groups.entry(name).or_default().push(record);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|((family, _), found)| (*family, found[0].assets, found[0].rows));
    for ((_, name), found) in groups {
        for &solver in solvers.iter().filter(|solver| found.iter().any(|record| record.solver == **solver)) {
            let at = |tolerance: f64| {
                found
                    .iter()
                    .filter(move |r| r.solver == solver && r.tolerance == tolerance)
                    .copied()
                    .collect::<Vec<_>>()
            };
            let _ = write!(page, "| {name} | {solver} |");
            for &tolerance in tolerances {
                let _ = write!(page, " {} |", each(&at(tolerance), |record| record.rounds));
            }
            for &tolerance in tolerances {
                let bytes: Vec<f64> = at(tolerance).iter().filter_map(|r| Some(r.bytes_up? as f64 / 1e3)).collect();
                let _ = write!(page, " {} |", if bytes.is_empty() { "–".into() } else { significant(median(&bytes)) });
            }
            for &tolerance in tolerances {
                let walls: Vec<f64> = at(tolerance).iter().map(|record| record.wall_ms).collect();
                let _ = write!(page, " {} |", if walls.is_empty() { "–".into() } else { significant(median(&walls)) });
            }
            let last = at(tolerances.last().copied().unwrap_or_default());
            let _ = writeln!(
                page,
                " {} | {} |",
                plain(&last, |record| record.safe_round),
                plain(&last, |record| record.safe_round_one_percent)
            );
        }
    }
}

fn each(records: &[&Record], value: impl Fn(&Record) -> Option<u32>) -> String {
    let cell = |record: &&Record| match (value(record), record.wrong, record.solved) {
        (None, false, true) => "–".to_owned(),
        (None, false, false) => "failed".to_owned(),
        (found, true, _) => found.map_or_else(|| "WRONG".to_owned(), |v| format!("{v} WRONG")),
        (Some(found), false, true) => found.to_string(),
        (Some(found), false, false) => format!(">{found}"),
    };
    joined(records.iter().map(cell).collect())
}

fn plain(records: &[&Record], value: impl Fn(&Record) -> Option<u32>) -> String {
    joined(records.iter().map(|record| value(record).map_or_else(|| "–".to_owned(), |v| v.to_string())).collect())
}

fn joined(cells: Vec<String>) -> String {
    if cells.iter().all(|cell| cell == "–") { "–".into() } else { cells.join(" ") }
}

fn pairs(page: &mut String, records: &[Record], solvers: &[Solver], tolerances: &[f64]) {
    page.push_str("Over the problems that both solved: how often the first needs less, the same, more, and the ratio of the shifted geometric means.\nBeside the profile, because with more than two solvers a profile ranks only the best (Gould and Scott, ACM TOMS 43, 2016).\n\n");
    page.push_str("| to | first | second | both solved | rounds: win/tie/loss | ratio | bytes up: win/tie/loss | ratio | clock: win/tie/loss beyond the noise | ratio |\n|---|---|---|---|---|---|---|---|---|---|\n");
    for &tolerance in tolerances {
        for (k, &first) in solvers.iter().enumerate() {
            for &second in &solvers[k + 1..] {
                let both = both(records, first, second, tolerance);
                if both.is_empty() {
                    continue;
                }
                let counted = |value: fn(&Record) -> Option<f64>, shift: f64| {
                    let found = both.iter().filter_map(|(a, b)| Some((value(a)?, value(b)?)));
                    let found: Vec<_> = found.collect();
                    (tally(&found, |a, b| a < b), ratio(&found, shift))
                };
                let rounds = counted(|record| record.rounds.map(f64::from), SHIFT_ROUNDS);
                let bytes = counted(|record| record.bytes_up.map(|v| v as f64), SHIFT_BYTES);
                let timed = first != Solver::Hindsight && second != Solver::Hindsight;
                let clock: Vec<(&Record, &Record)> = both.iter().copied().filter(|_| timed).collect();
                let less = |a: &Record, b: &Record| a.wall_ms_max < b.wall_ms_min;
                let walls: Vec<_> = clock.iter().map(|(a, b)| (a.wall_ms, b.wall_ms)).collect();
                let _ = writeln!(
                    page,
                    "| {tolerance:.0e} | {first} | {second} | {} | {} | {} | {} | {} | {} | {} |",
                    both.len(),
                    rounds.0,
                    rounds.1,
                    bytes.0,
                    bytes.1,
                    tally(&clock, |a: &Record, b: &Record| less(a, b)),
                    ratio(&walls, SHIFT_MS)
                );
            }
        }
    }
}

/// Wins, ties and losses of the first.
fn tally<T: Copy>(pairs: &[(T, T)], less: impl Fn(T, T) -> bool) -> String {
    let wins = pairs.iter().filter(|(a, b)| less(*a, *b)).count();
    let losses = pairs.iter().filter(|(a, b)| less(*b, *a)).count();
    if pairs.is_empty() { "–".into() } else { format!("{wins}/{}/{losses}", pairs.len() - wins - losses) }
}

fn both(records: &[Record], first: Solver, second: Solver, tolerance: f64) -> Vec<(&Record, &Record)> {
    let second = pick(records, second, tolerance);
    let partner = |a: &Record| second.iter().find(|b| b.problem == a.problem && b.solved).copied();
    let first = pick(records, first, tolerance).into_iter().filter(|record| record.solved);
    first.filter_map(|a| Some((a, partner(a)?))).collect()
}

fn ratio(pairs: &[(f64, f64)], shift: f64) -> String {
    let mean = |values: Vec<f64>| shifted_geometric_mean(&values, shift);
    let of = mean(pairs.iter().map(|pair| pair.0).collect()) / mean(pairs.iter().map(|pair| pair.1).collect());
    if pairs.is_empty() { "–".into() } else { format!("{}x", significant(of)) }
}

fn wrong(page: &mut String, records: &[Record]) {
    let found: Vec<&Record> = records.iter().filter(|record| record.wrong).collect();
    if found.is_empty() {
        return;
    }
    page.push_str("\n## Wrongly claimed\n\n");
    for record in found {
        let Record { problem, solver, tolerance, status, verdict, .. } = record;
        let _ = writeln!(
            page,
            "- {problem}, {solver}, to {tolerance:.0e}, claims `{status}`: {}",
            verdict.reasons.join("; ")
        );
    }
}

/// Three significant digits.
fn significant(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let decimals = (2.0 - value.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn figures_have_three_digits_that_count() {
        for (value, expected) in [(0.0, "0"), (1234.5, "1234"), (123.4, "123"), (9.876, "9.88"), (0.01234, "0.0123")] {
            assert_eq!(significant(value), expected);
        }
    }
}
