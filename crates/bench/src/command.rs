mod tables;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cosmosmesh_bench::central::{self, CentralStatus};
use cosmosmesh_bench::compare::{
    Baseline, Entrant, Environment, MARGIN_BYTES, MARGIN_CLOCK, MARGIN_ROUNDS, MARGIN_ROUNDS_ONE,
    MARGIN_ROUNDS_ONE_COUNT, Setting, Solver, changes, compare, csv, panels, summary, svg,
};
use cosmosmesh_bench::family::{Family, Recipe, Units, generate, perturbed, rescaled, suite};
use cosmosmesh_bench::judge::{Claim, TOLERANCE_REFERENCE, judge};
use cosmosmesh_bench::osqp;
use cosmosmesh_bench::summing::Summing;
use cosmosmesh_bench::tables::{Data, tuned};
use cosmosmesh_bench::trial::{Away, Course, Trial};
use cosmosmesh_contracts::file::{read_fleet, read_result, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;
use serde_json::json;

#[derive(Parser)]
#[command(name = "cosmosmesh-bench", about = "Problem families, the central peer, a judge, and comparisons", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Writes one problem of a family as cosmosmesh.fleet/1
    Generate {
        /// strong, degenerate, balance or infeasible
        #[arg(long, value_parser = family)]
        family: Family,
        /// How many assets
        #[arg(long)]
        assets: usize,
        /// How many shared rows, a multiple of twelve
        #[arg(long)]
        coupling: usize,
        /// Which member of the family
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// Where to write it
        #[arg(long)]
        out: PathBuf,
    },
    /// Writes the whole suite, one file per problem
    Suite {
        /// The folder to write to
        #[arg(long)]
        out: PathBuf,
    },
    /// Prints the central optimum of a problem as JSON
    Central {
        /// A cosmosmesh.fleet/1 file
        problem: PathBuf,
        /// To which tolerance
        #[arg(long, default_value_t = TOLERANCE_REFERENCE)]
        tolerance: f64,
    },
    /// Judges a result by its plan alone; exit code 2 if a claim is wrong
    Check {
        /// A cosmosmesh.fleet/1 file
        problem: PathBuf,
        /// A cosmosmesh.result/1 file
        result: PathBuf,
        /// To which tolerance
        #[arg(long, default_value_t = 1e-6)]
        tolerance: f64,
    },
    /// Runs one member of a family by one method and prints what it took as JSON, peak memory included
    Once {
        /// strong, degenerate, balance or infeasible
        #[arg(long, value_parser = family)]
        family: Family,
        /// How many assets
        #[arg(long)]
        assets: usize,
        /// How many shared rows, a multiple of twelve
        #[arg(long)]
        coupling: usize,
        /// Which member of the family
        #[arg(long, default_value_t = 0)]
        seed: u64,
        /// By which method
        #[arg(long, default_value_t)]
        method: Method,
        /// To which tolerance
        #[arg(long, default_value_t = 1e-6)]
        tolerance: f64,
        /// How many threads the assets share
        #[arg(long, default_value_t = 1)]
        threads: usize,
        /// plain, fixed-64, fixed-48 or masked-64
        #[arg(long, default_value = "plain")]
        sum: Summing,
        /// With which probability an asset is there in a round after the first
        #[arg(long)]
        presence: Option<f64>,
        /// Bytes are dearer than rounds
        #[arg(long)]
        thin: bool,
    },
    /// Runs every coordination method and the central peer over problems; exit code 1 on regression, 2 if a method claims wrongly, 3 without a baseline
    Compare(Box<Comparison>),
}

#[derive(Args)]
struct Comparison {
    /// Further problems: cosmosmesh.fleet/1 files
    files: Vec<PathBuf>,
    /// Only the suite's fleets of three
    #[arg(long, conflicts_with = "files_only")]
    quick: bool,
    /// Without the suite
    #[arg(long, requires = "files")]
    files_only: bool,
    /// Only these methods; the central peer always takes part
    #[arg(long)]
    method: Vec<Method>,
    /// Another limit of rounds, for every method
    #[arg(long)]
    rounds_max: Option<u32>,
    /// To which tolerances; 1e-3 and 1e-6 unless told otherwise
    #[arg(long)]
    tolerance: Vec<f64>,
    /// With which probability an asset is there in a round after the first
    #[arg(long)]
    presence: Option<f64>,
    /// plain, fixed-64, fixed-48 or masked-64
    #[arg(long, default_value = "plain")]
    sum: Summing,
    /// Tells methods that bytes are dearer than rounds
    #[arg(long)]
    thin: bool,
    /// Every problem with 5 % of its `q` and limits multiplied by U(0.5, 1.5)
    #[arg(long)]
    perturb: bool,
    /// Every problem with units from 1e-3 to 1e3 in rows and columns
    #[arg(long)]
    ill: bool,
    /// Compares with this compare.json instead of the committed baseline
    #[arg(long)]
    against: Option<PathBuf>,
    /// Writes what is found as the committed baseline
    #[arg(long)]
    renew: bool,
    /// The Python that may have OSQP; without OSQP the comparison goes on without it
    #[arg(long, default_value = "python3")]
    python: String,
    /// How often a run is timed
    #[arg(long, default_value_t = 3)]
    repetitions: usize,
    /// Measures a named table of docs/perf/solver.md (or `all`) into crates/bench/data, instead of comparing
    #[arg(long)]
    table: Vec<String>,
    /// With `--table`: only rows whose name contains this
    #[arg(long, requires = "table")]
    row: Option<String>,
    /// With `--table`: at most so many seeds
    #[arg(long, requires = "table")]
    seeds: Option<u64>,
    /// With `--table`: rows measured at this revision are measured again
    #[arg(long, requires = "table")]
    again: bool,
    /// With `--table`: how many problems at once where nothing is timed
    #[arg(long, requires = "table")]
    jobs: Option<usize>,
    /// With `--table`: how many threads the assets share where time counts
    #[arg(long, requires = "table")]
    threads: Option<usize>,
    /// Writes docs/perf/solver.md and the README's table from crates/bench/data, after measuring what `--table` names
    #[arg(long)]
    write_docs: bool,
    /// The folder for summary.md, results.csv, profile.svg and compare.json
    #[arg(long, default_value = "out/compare")]
    out: PathBuf,
}

impl Arguments {
    pub(crate) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        match self.verb {
            Verb::Generate { family, assets, coupling, seed, out } => {
                let fleet = generate(Recipe { family, assets, rows: coupling, seed })?;
                write(&out, &write_fleet(&fleet))?;
            }
            Verb::Suite { out } => {
                fs::create_dir_all(&out).map_err(|error| format!("{}: {error}", out.display()))?;
                let recipes = suite();
                for recipe in &recipes {
                    write(&out.join(format!("{}.json", recipe.name())), &write_fleet(&generate(*recipe)?))?;
                }
                println!("{} problems", recipes.len());
            }
            Verb::Central { problem, tolerance } => {
                let fleet = read_problem(&problem)?;
                let found = central::solve(&fleet, tolerance);
                let ids = fleet.assets().iter().map(|asset| asset.id.as_str());
                let agents: Vec<_> = ids.zip(&found.x).map(|(id, x)| json!({"id": id, "x": x})).collect();
                let report = json!({
                    "problem": fleet.name(), "status": format!("{:?}", found.status), "objective": found.objective,
                    "prices": found.prices, "iterations": found.iterations, "agents": agents,
                });
                println!("{report}");
                return Ok(ExitCode::from(u8::from(found.status != CentralStatus::Optimal)));
            }
            Verb::Check { problem, result, tolerance } => {
                let fleet = read_problem(&problem)?;
                let text = fs::read(&result).map_err(|error| format!("{}: {error}", result.display()))?;
                let claimed = read_result(&text).map_err(|error| format!("{}: {error}", result.display()))?;
                let reference = central::solve(&fleet, TOLERANCE_REFERENCE);
                let verdict = judge(&fleet, &reference, &Claim::from_result(&fleet, &claimed), tolerance);
                let mut report = serde_json::to_value(&verdict)?;
                report["problem"] = fleet.name().into();
                report["status"] = claimed.status.to_string().into();
                report["rounds"] = claimed.rounds.into();
                println!("{report}");
                return Ok(ExitCode::from(if verdict.ok { 0 } else { 2 }));
            }
            Verb::Once { family, assets, coupling, seed, method, tolerance, threads, sum, presence, thin } => {
                let fleet = generate(Recipe { family, assets, rows: coupling, seed })?;
                let away = presence.map(|presence| Away { presence, seed });
                let before = memory_mib("VmRSS:");
                let trial = Trial::run(&fleet, &Course { threads, sum, away, thin, ..Course::new(method, tolerance) });
                let status = trial.outcome.as_ref().map_or_else(String::clone, |outcome| outcome.status.to_string());
                let (safe_round, safe_round_one_percent) = trial.safe_rounds();
                let report = json!({
                    "problem": fleet.name(), "method": method.name(), "status": status, "rounds": trial.rounds,
                    "rounds_loose": trial.rounds_loose, "safe_round": safe_round,
                    "safe_round_one_percent": safe_round_one_percent, "bytes_up_per_asset": trial.bytes_up,
                    "bytes_up_per_asset_loose": trial.bytes_up_loose, "newton_steps": trial.newton_steps,
                    "wall_ms": trial.wall_ms, "peak_mib": memory_mib("VmHWM:"), "resident_before_mib": before,
                });
                println!("{report}");
            }
            Verb::Compare(comparison) => return comparison.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Comparison {
    fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        if self.write_docs || !self.table.is_empty() {
            tables::Tables {
                names: &self.table,
                method: self.method.first().copied().unwrap_or_default(),
                seeds_max: self.seeds,
                jobs: self.jobs,
                threads: self.threads,
                row: self.row.as_deref(),
                again: self.again,
                write_docs: self.write_docs,
            }
            .run()?;
            return Ok(ExitCode::SUCCESS);
        }
        let mut entrants = Vec::new();
        let chosen = |recipe: &Recipe| !self.files_only && (!self.quick || recipe.assets == 3);
        for recipe in suite().into_iter().filter(chosen) {
            entrants.push(Entrant { recipe: Some(recipe), fleet: generate(recipe)? });
        }
        for path in &self.files {
            entrants.push(Entrant { recipe: None, fleet: read_problem(path)? });
        }
        for entrant in &mut entrants {
            if self.perturb {
                entrant.fleet = perturbed(&entrant.fleet, 0)?;
            }
            if self.ill {
                entrant.fleet = rescaled(&entrant.fleet, Units { decades: 3.0, cost: 1.0 }, 0)?;
            }
        }
        let setting = self.setting()?;
        let mut records = Vec::new();
        for (k, entrant) in entrants.iter().enumerate() {
            eprintln!("{} of {}: {}", k + 1, entrants.len(), entrant.fleet.name());
            records.extend(compare(entrant, &setting));
        }
        let environment = Environment::of(&entrants);
        let mut page = summary(&environment, &records);
        let words = format!("{}, {}; {}", environment.processor, environment.system, environment.build);
        let now = Baseline::of(words, &records);
        let worse = self.verdict(&now, &mut page)?;
        fs::create_dir_all(&self.out).map_err(|error| format!("{}: {error}", self.out.display()))?;
        write(&self.out.join("summary.md"), &page)?;
        write(&self.out.join("results.csv"), &csv(&records))?;
        write(&self.out.join("profile.svg"), &svg(&panels(&records)))?;
        let text = serde_json::to_string_pretty(&now)? + "\n";
        write(&self.out.join("compare.json"), &text)?;
        if self.renew {
            write(&tables::root().join(BASELINE), &text)?;
        }
        println!("{page}");
        println!("Written: {0}/summary.md, {0}/results.csv, {0}/profile.svg, {0}/compare.json", self.out.display());
        // A peer's error is reported, but it is not ours to answer for.
        let wrong = records.iter().any(|record| record.wrong && matches!(record.solver, Solver::Method(_)));
        Ok(ExitCode::from(if wrong { 2 } else { worse }))
    }

    fn setting(&self) -> Result<Setting, String> {
        let mut setting = Setting {
            repetitions: self.repetitions.max(1),
            rounds_max: self.rounds_max,
            tuned: tuned(&Data::read(&tables::root().join("crates/bench/data"))?),
            thin: self.thin,
            sum: self.sum,
            presence: self.presence,
            python: self.python.clone(),
            ..Setting::default()
        };
        if !self.tolerance.is_empty() {
            setting.tolerances.clone_from(&self.tolerance);
        }
        if !self.method.is_empty() {
            setting.solvers = self.method.iter().copied().map(Solver::Method).chain([Solver::Central]).collect();
        }
        if !setting.tuned.is_empty() {
            setting.solvers.push(Solver::Hindsight);
        }
        match osqp::version(&self.python) {
            Some(version) => {
                eprintln!("OSQP {version} takes part");
                setting.solvers.push(Solver::Osqp);
            }
            None => eprintln!(
                "OSQP is left out: `{} -c 'import osqp'` fails; `pip install osqp`, or name another --python",
                self.python
            ),
        }
        Ok(setting)
    }

    /// Compares with what was before; 1 if something got worse, 3 if there is nothing to compare with.
    fn verdict(&self, now: &Baseline, page: &mut String) -> Result<u8, Box<dyn Error>> {
        let usual = !(self.thin || self.perturb || self.ill || self.presence.is_some() || self.sum != Summing::Plain);
        if self.renew || (self.against.is_none() && !usual) {
            return Ok(0);
        }
        let path = self.against.clone().unwrap_or_else(|| tables::root().join(BASELINE));
        page.push_str("\n## Against the baseline\n\n");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) => {
                page.push_str(&format!("There is none: {}: {error}; write one with `--renew`.\n", path.display()));
                return Ok(3);
            }
        };
        let then: Baseline = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let change = changes(&then, now);
        page.push_str(&format!(
            "Measured on {}.\nA regression is: a problem lost; {:.0} % more rounds or {:.0} % more bytes in the shifted geometric mean; {:.0} % and {} more rounds on one problem; clock as a ratio to the central solver's {:.0} % up and beyond both noise bands.\n\n",
            then.environment, 100.0 * MARGIN_ROUNDS, 100.0 * MARGIN_BYTES, 100.0 * MARGIN_ROUNDS_ONE, MARGIN_ROUNDS_ONE_COUNT, 100.0 * MARGIN_CLOCK,
        ));
        change.lines.iter().for_each(|line| page.push_str(&format!("- {line}\n")));
        change.regressions.iter().for_each(|line| page.push_str(&format!("- **regression** {line}\n")));
        if change.lines.is_empty() {
            page.push_str("Nothing in common.\n");
        }
        Ok(u8::from(!change.regressions.is_empty()))
    }
}

/// The committed baseline.
const BASELINE: &str = "crates/bench/data/baseline.json";

/// A figure of this process's memory by its name in proc(5), where the system tells it: `VmRSS:` now, `VmHWM:` the most there was.
fn memory_mib(name: &str) -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

fn family(name: &str) -> Result<Family, String> {
    let names = Family::ALL.map(Family::name).join(", ");
    Family::from_name(name).ok_or_else(|| format!("there is no family `{name}`; the families are {names}"))
}

fn read_problem(path: &Path) -> Result<FleetProblem, String> {
    let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    read_fleet(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
