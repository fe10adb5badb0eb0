use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use cosmosmesh_bench::Environment;
use cosmosmesh_bench::compare::{
    Baseline, Entrant, Kernel, MARGIN_BYTES, MARGIN_CLOCK, MARGIN_ROUNDS, MARGIN_ROUNDS_ONE, MARGIN_ROUNDS_ONE_COUNT,
    Setting, Solver, changes, compare, csv, kernel_section, kernels, panels, summary, svg,
};
use cosmosmesh_bench::family::{Recipe, Units, generate, perturbed, rescaled, suite};
use cosmosmesh_bench::osqp;
use cosmosmesh_bench::summing::Summing;
use cosmosmesh_bench::tables::{Data, tuned};
use cosmosmesh_solver_core::Method;

use super::{read_problem, tables, write};

/// `cosmosmesh-bench compare`
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Comparison {
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
    /// Adds what criterion found to the page: the folder where it keeps its figures, as target/criterion
    #[arg(long, value_name = "DIR")]
    criterion: Option<PathBuf>,
    /// Spoils every method's plan before it is judged, to see that the alarm works: the exit code must be 2
    #[arg(long, conflicts_with = "renew")]
    drill: bool,
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

const AFTER_HELP: &str = "\
Examples:
  cosmosmesh-bench compare --quick
  cosmosmesh-bench compare --files-only fleet.json --method menu --tolerance 1e-4 --out figures
  cosmosmesh-bench compare --files-only fleet.json --against figures/compare.json
  cosmosmesh-bench compare --table rounds --row \"degenerate 10, 24\"

Exit codes: 0 all is well, 1 a regression against the baseline, 2 a method of ours claims something that is wrong,
3 there is no baseline to compare with, 64 bad input. A wrong claim outranks a regression.";

impl Comparison {
    pub(super) fn run(self) -> Result<ExitCode, Box<dyn Error>> {
        if self.write_docs || !self.table.is_empty() {
            let wrong = tables::Tables {
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
            return Ok(ExitCode::from(if wrong { 2 } else { 0 }));
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
        let environment = Environment::of(entrants.iter().map(|entrant| &entrant.fleet));
        let mut page = summary(&environment, &records);
        let words = format!("{}, {}; {}", environment.processor, environment.system, environment.build);
        let mut now = Baseline::of(words, &records);
        now.kernels = self.criterion.as_deref().map(kernels).transpose()?.unwrap_or_default();
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
            drill: self.drill,
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
            page.push_str(&shown_kernels(now, &[]));
            return Ok(0);
        }
        let path = self.against.clone().unwrap_or_else(|| tables::root().join(BASELINE));
        page.push_str("\n## Against the baseline\n\n");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) => {
                page.push_str(&format!("There is none: {}: {error}; write one with `--renew`.\n", path.display()));
                page.push_str(&shown_kernels(now, &[]));
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
        page.push_str(&shown_kernels(now, &then.kernels));
        Ok(u8::from(!change.regressions.is_empty()))
    }
}

fn shown_kernels(now: &Baseline, before: &[Kernel]) -> String {
    if now.kernels.is_empty() { String::new() } else { kernel_section(&now.kernels, before) }
}

/// The committed baseline.
const BASELINE: &str = "crates/bench/data/baseline.json";
