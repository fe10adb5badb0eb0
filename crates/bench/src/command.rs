mod comparison;
mod tables;

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cosmosmesh_bench::central::{self, CentralStatus};
use cosmosmesh_bench::exchange::{Exchange, write_into};
use cosmosmesh_bench::family::{Family, Recipe, generate, suite};
use cosmosmesh_bench::judge::{Claim, TOLERANCE_REFERENCE, judge};
use cosmosmesh_bench::summing::Summing;
use cosmosmesh_bench::trial::{Away, Course, Trial};
use cosmosmesh_contracts::file::{read_fleet, read_result, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_solver_core::Method;
use serde_json::json;

use comparison::Comparison;

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
    /// Exports and imports by the command, and lets HiGHS and Clarabel solve what it wrote
    Exchange {
        /// The command; by default the one beside this program
        #[arg(long, value_name = "FILE")]
        program: Option<PathBuf>,
        /// A Python that has the packages highspy and numpy
        #[arg(long, default_value = "python3")]
        python: PathBuf,
        /// The folder for the files that are exchanged
        #[arg(long, default_value = "out/exchange")]
        out: PathBuf,
        /// Only time and memory of a fleet of a thousand
        #[arg(long)]
        transfers: bool,
        /// Puts the tables into docs/perf/catopt.md, between their marks
        #[arg(long, conflicts_with = "transfers")]
        write_docs: bool,
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
            Verb::Exchange { program, python, out, transfers, write_docs } => {
                let beside = std::env::current_exe()?.with_file_name("cosmosmesh");
                let program = program.unwrap_or(beside);
                let exchange = Exchange { program, python, folder: out, only_transfers: transfers };
                let text = exchange.run(&mut |optimum| eprintln!("{optimum:?}"))?;
                println!("{text}");
                if write_docs {
                    write_into(Path::new("docs/perf/catopt.md"), &text)?;
                }
            }
            Verb::Compare(comparison) => return comparison.run(),
        }
        Ok(ExitCode::SUCCESS)
    }
}

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
