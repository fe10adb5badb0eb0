use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use cosmosmesh_bench::central::{self, CentralStatus};
use cosmosmesh_bench::family::{Family, Recipe, generate, suite};
use cosmosmesh_bench::judge::{Claim, TOLERANCE_REFERENCE, judge};
use cosmosmesh_contracts::file::{read_fleet, read_result, write_fleet};
use cosmosmesh_contracts::problem::FleetProblem;
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
        }
        Ok(ExitCode::SUCCESS)
    }
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
