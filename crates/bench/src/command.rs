mod tables;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use cosmosmesh_bench::central::{self, CentralStatus};
use cosmosmesh_bench::compare::{Entrant, Environment, Setting, Solver, compare, csv, summary};
use cosmosmesh_bench::family::{Family, Recipe, generate, suite};
use cosmosmesh_bench::judge::{Claim, TOLERANCE_REFERENCE, judge};
use cosmosmesh_bench::summing::Summing;
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
        /// plain, fixed-64 or fixed-48
        #[arg(long, default_value = "plain")]
        sum: Summing,
        /// With which probability an asset is there in a round after the first
        #[arg(long)]
        presence: Option<f64>,
        /// Bytes are dearer than rounds
        #[arg(long)]
        thin: bool,
    },
    /// Runs every coordination method and the central peer over problems; exit code 2 if a method claims wrongly
    Compare(Comparison),
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
    /// The folder for summary.md and results.csv
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
                let trial = Trial::run(&fleet, &Course { threads, sum, away, thin, ..Course::new(method, tolerance) });
                let status = trial.outcome.as_ref().map_or_else(String::clone, |outcome| outcome.status.to_string());
                let (safe_round, safe_round_one_percent) = trial.safe_rounds();
                let report = json!({
                    "problem": fleet.name(), "method": method.name(), "status": status, "rounds": trial.rounds,
                    "rounds_loose": trial.rounds_loose, "safe_round": safe_round,
                    "safe_round_one_percent": safe_round_one_percent, "bytes_up_per_asset": trial.bytes_up,
                    "bytes_up_per_asset_loose": trial.bytes_up_loose, "newton_steps": trial.newton_steps,
                    "wall_ms": trial.wall_ms, "peak_mib": peak_mib(),
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
        let mut setting =
            Setting { repetitions: self.repetitions.max(1), rounds_max: self.rounds_max, ..Setting::default() };
        if !self.method.is_empty() {
            setting.solvers = self.method.iter().copied().map(Solver::Method).chain([Solver::Central]).collect();
        }
        let mut records = Vec::new();
        for (k, entrant) in entrants.iter().enumerate() {
            eprintln!("{} of {}: {}", k + 1, entrants.len(), entrant.fleet.name());
            records.extend(compare(entrant, &setting));
        }
        let page = summary(&Environment::of(&entrants), &records);
        fs::create_dir_all(&self.out).map_err(|error| format!("{}: {error}", self.out.display()))?;
        write(&self.out.join("summary.md"), &page)?;
        write(&self.out.join("results.csv"), &csv(&records))?;
        println!("{page}");
        println!("Written: {0}/summary.md, {0}/results.csv", self.out.display());
        // A peer's error is reported, but it is not ours to answer for.
        let wrong = records.iter().any(|record| record.wrong && record.solver != Solver::Central);
        Ok(ExitCode::from(if wrong { 2 } else { 0 }))
    }
}

/// The most memory this process has held, where the system tells it.
fn peak_mib() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
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
