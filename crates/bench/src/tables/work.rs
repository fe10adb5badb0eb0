use std::collections::BTreeMap;
use std::sync::Mutex;

use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;

use super::{Row, Stamp};
use crate::Environment;
use crate::central::{self, CentralSolution};
use crate::family::{Family, Recipe, generate};
use crate::judge::{TOLERANCE_REFERENCE, judge};
use crate::trial::{Course, Trial};

/// A row that a table needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// Its name in the table and in the file.
    pub key: String,
    /// The problems' family.
    pub family: Family,
    /// How many assets.
    pub assets: usize,
    /// How many shared rows.
    pub rows: usize,
    /// How many seeds, from zero on.
    pub seeds: u64,
}

impl Need {
    pub(super) fn of(family: Family, assets: usize, rows: usize, seeds: u64) -> Self {
        Self { key: format!("{family} {assets}, {rows}"), family, assets, rows, seeds }
    }

    pub(super) fn called(self, key: impl Into<String>) -> Self {
        Self { key: key.into(), ..self }
    }

    pub(super) fn recipe(&self, seed: u64) -> Recipe {
        Recipe { family: self.family, assets: self.assets, rows: self.rows, seed }
    }

    pub(super) fn fleet(&self, seed: u64) -> Result<FleetProblem, String> {
        generate(self.recipe(seed)).map_err(|error| error.to_string())
    }
}

/// How a table is measured.
#[derive(Clone, Debug)]
pub struct Context {
    /// By which method.
    pub method: Method,
    /// How many problems at once, where nothing is timed.
    pub jobs: usize,
    /// How many threads the assets share, where time counts.
    pub threads: usize,
    /// From this seed on.
    pub seeds_from: u64,
    /// At most so many seeds, counted from zero.
    pub seeds_max: u64,
    /// What is being measured.
    pub stamp: Stamp,
}

impl Context {
    /// Of the checkout in `root` and this process.
    pub fn of(root: &std::path::Path, method: Method) -> Self {
        let environment = Environment::of([]);
        let machine = format!("{}, {}; {}", environment.processor, environment.system, environment.build);
        let stamp = Stamp { revision: revision(root), date: today(), machine, method: method.name().into() };
        let threads = environment.threads;
        Self { method, jobs: threads, threads, seeds_from: 0, seeds_max: u64::MAX, stamp }
    }

    pub(super) fn seeds(&self, need: &Need) -> Vec<u64> {
        (self.seeds_from..need.seeds.min(self.seeds_max)).collect()
    }

    /// A row of one number per problem and name, problems worked at side by side.
    pub(super) fn row<T: Copy + Sync>(
        &self,
        items: &[T],
        work: impl Fn(T) -> Result<Cells, String> + Sync,
    ) -> Result<Row, String> {
        let found: Mutex<Vec<Option<Result<Cells, String>>>> = Mutex::new(items.iter().map(|_| None).collect());
        let next = Mutex::new(0..items.len());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.clamp(1, items.len().max(1)) {
                scope.spawn(|| {
                    while let Some(k) = next.lock().ok().and_then(|mut next| next.next()) {
                        let cells = work(items[k]);
                        if let Ok(mut found) = found.lock() {
                            found[k] = Some(cells);
                        }
                    }
                });
            }
        });
        let mut row = Row { stamp: self.stamp.clone(), ..Row::default() };
        let found = found.into_inner().map_err(|_| "a measurement panicked".to_owned())?;
        for cells in found.into_iter().flatten() {
            row.push(cells?);
        }
        Ok(row)
    }

    /// One run, judged outside the solver.
    pub(super) fn judged(&self, fleet: &FleetProblem, course: &Course) -> (Trial, Cells) {
        let trial = Trial::run(fleet, course);
        let cells = verdict(fleet, &trial, course.tolerance, "");
        (trial, cells)
    }
}

/// What one problem adds to a row.
#[derive(Default)]
pub(super) struct Cells {
    pub(super) problem: String,
    pub(super) series: BTreeMap<String, Option<f64>>,
    pub(super) wrong: Vec<String>,
}

impl Cells {
    pub(super) fn set(&mut self, name: &str, value: Option<f64>) {
        self.series.insert(name.to_owned(), value);
    }
}

impl Row {
    fn push(&mut self, cells: Cells) {
        self.problems.push(cells.problem);
        for (name, value) in cells.series {
            self.series.entry(name).or_default().push(value);
        }
        self.wrong.extend(cells.wrong);
    }
}

/// The judge's word on a run: `rounds` is set only if it claimed an end and was right.
pub(super) fn verdict(fleet: &FleetProblem, trial: &Trial, tolerance: f64, suffix: &str) -> Cells {
    verdict_by(&central::solve(fleet, TOLERANCE_REFERENCE), fleet, trial, tolerance, suffix)
}

/// The same with a reference found elsewhere: in units that spoil the central solver's accuracy, the optimum of the fleet before its units changed.
pub(super) fn verdict_by(
    reference: &CentralSolution,
    fleet: &FleetProblem,
    trial: &Trial,
    tolerance: f64,
    suffix: &str,
) -> Cells {
    let claim = trial.claim();
    let found = judge(fleet, reference, &claim, tolerance);
    let claims = matches!(claim.status, Status::Optimal | Status::Infeasible | Status::Unbounded);
    let wrong = (claims && !found.ok) || found.bound_is_valid == Some(false);
    let mut cells = Cells { problem: fleet.name().to_owned(), ..Cells::default() };
    let arrived = claims && found.ok;
    cells.set(&format!("rounds{suffix}"), arrived.then_some(f64::from(trial.rounds)));
    if wrong {
        cells.wrong.push(format!("{} to {tolerance:.0e}: {}", fleet.name(), found.reasons.join("; ")));
    }
    cells
}

/// The last commit that touched what is measured.
fn revision(root: &std::path::Path) -> String {
    let git = |arguments: &[&str]| {
        let output = std::process::Command::new("git").arg("-C").arg(root).args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    const WHAT: [&str; 3] = ["crates/solver-core/src", "crates/contracts/src", "crates/bench/src/family"];
    let short = git(&[&["log", "-1", "--format=%h", "--"], &WHAT[..]].concat());
    let dirty = git(&[&["status", "--porcelain", "--"], &WHAT[..]].concat());
    match short.filter(|text| !text.is_empty()) {
        Some(short) if dirty.is_none_or(|text| text.is_empty()) => short,
        Some(short) => short + "+",
        None => "unknown".into(),
    }
}

/// The day in UTC, from the days since 1970 by counting in eras of 400 years.
fn today() -> String {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    day(seconds / 86_400)
}

/// # Source
/// Hinnant, "chrono-compatible low-level date algorithms", `civil_from_days`.
fn day(days: u64) -> String {
    let z = days + 719_468;
    let (era, of_era) = (z / 146_097, z % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let date = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    format!("{:04}-{month:02}-{date:02}", year + era * 400 + u64::from(month <= 2))
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_dates() {
        for (days, expected) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_780, "2026-11-23")] {
            assert_eq!(day(days), expected);
        }
    }
}
