use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use cosmosmesh_contracts::file::write_fleet;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_simulator::fleet::Fleet;
use cosmosmesh_simulator::report::SimulationReport;
use cosmosmesh_simulator::scenario::{BUILT_IN, Scenario, builtin_source};
use cosmosmesh_simulator::{Progress as Step, SimulateError, SimulateOptions, simulate};
use cosmosmesh_solver_core::Method;

use super::{Answer, solve};
use crate::exit::{Exit, Failure};
use crate::figure::{count, duration, tiny};
use crate::printable::printable;
use crate::progress::Progress;
use crate::sum::{PLAIN_WARNING, SumChoice};
use crate::table::facts;
use crate::{file, interrupt, report, support};

/// `cosmosmesh simulate`
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Simulate {
    /// A built-in scenario, or the path of a scenario file; `--list` names what is built in
    #[arg(value_name = "NAME|PATH", required_unless_present = "list")]
    scenario: Option<String>,
    /// List the built-in scenarios
    #[arg(long, exclusive = true)]
    list: bool,
    /// Every random choice follows from this number
    #[arg(long, default_value = "1", value_name = "N")]
    seed: u64,
    /// The coordination method; `cosmosmesh variants` lists them
    #[arg(long, default_value_t, value_name = "NAME")]
    variant: Method,
    /// Stop planning when the certified gap and the violation of every fleet row are this small, relatively
    #[arg(long, default_value = "1e-3", value_name = "T", value_parser = solve::tolerance)]
    tolerance: f64,
    /// How the assets' reports are added up: `masked`, so that only their sum is seen, or `plain`, in the clear; masked unless the scenario says otherwise
    #[arg(long, value_enum, hide_possible_values = true)]
    sum: Option<SumChoice>,
    /// Write report.html and report.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Write the problem that the fleet plans here, cosmosmesh.fleet/1, for `solve`
    #[arg(long, value_name = "FILE")]
    problem: Option<PathBuf>,
    /// Print the report as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Print a line per step on standard error
    #[arg(long, short)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cosmosmesh simulate jezero-base
  cosmosmesh simulate jezero-base --seed 7 --report out/
  cosmosmesh simulate my-base.toml --variant admm --json
  cosmosmesh simulate three-assets --problem three-assets.json

The same seed and the same program give the same report, byte for byte.

Exit codes: 0 planned to the tolerance and no limit broken, 2 infeasible, 3 a limit, an interruption or a silent link
ended the planning early, 4 unbounded, 5 numerical, 6 the integrated sol broke a limit, 64 bad input,
74 a report could not be written.";

impl Simulate {
    pub(super) fn run(&self) -> Result<Answer, Failure> {
        let Some(name) = self.scenario.as_deref().filter(|_| !self.list) else {
            return Ok(Answer::done(facts(&BUILT_IN.map(|(name, about)| (name, about.to_owned())))));
        };
        if let Some(path) = &self.problem {
            file::check_writable(path)?;
        }
        let scenario = load(name)?;
        if let Some(folder) = &self.report {
            file::create_folder(folder)?;
        }
        if let Some(path) = &self.problem {
            file::write(path, &write_fleet(&problem(&scenario)?))?;
        }
        for warning in support::warnings(&problem(&scenario)?) {
            eprintln!("warning: {}", printable(&warning));
        }
        interrupt::listen()?;
        let report = self.simulate(&scenario)?;
        if let Some(folder) = &self.report {
            file::write(&folder.join("report.html"), &report::page(&report))?;
            file::write(&folder.join("report.json"), &machine(&report))?;
        }
        let text = if self.json { machine(&report) } else { self.people(&report) };
        Ok(Answer { text, exit: exit(&report) })
    }

    fn simulate(&self, scenario: &Scenario) -> Result<SimulationReport, Failure> {
        let options = SimulateOptions {
            seed: self.seed,
            method: self.variant,
            tolerance: self.tolerance,
            masked: self.sum.map(|sum| sum == SumChoice::Masked),
            ..SimulateOptions::default()
        };
        if !options.masked.unwrap_or(scenario.planning.masked) {
            eprintln!("{PLAIN_WARNING}");
        }
        let progress = Progress::new(self.verbose);
        let mut each_step = |step: Step| {
            progress.show(&line(&step));
            if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        simulate(scenario, &options, &mut each_step).map_err(|error| {
            let inner = matches!(error, SimulateError::Round { .. });
            let exit = if inner { Exit::Numerical } else { Exit::BadInput };
            let hint = if matches!(error, SimulateError::Masks { .. }) { ": --sum plain" } else { "" };
            Failure { message: format!("{}: {error}{hint}", scenario.name), exit }
        })
    }

    fn people(&self, report: &SimulationReport) -> String {
        let (_, verdict) = report::verdict(report);
        let mut text = format!("{}: {}\n\n{}\n\n", report.scenario, report.description, verdict.join("\n"));
        text.push_str(&report::figures(report).text());
        if !report.figures.margins.is_empty() {
            text.push_str(&format!("\n{}", report::margins(report).text()));
        }
        if !report.violations.is_empty() {
            text.push_str(&format!("\n{}", report::violations(report).text()));
        }
        text.push_str(&format!("\n{}\n", report::wanted_sentence(report)));
        let missing = report::shortfall_table(report);
        if !missing.is_empty() {
            text.push_str(&format!("\n{}", missing.text()));
        }
        match &self.report {
            Some(folder) => {
                let page = folder.join("report.html");
                text.push_str(&format!("\nThe drawings are in {}; report.json is beside it.\n", page.display()));
            }
            None => text.push_str("\n--report DIR writes a page with the plan, the profiles and the prices.\n"),
        }
        text
    }
}

/// Whether a name means a scenario and not a fleet's problem.
pub(super) fn is_scenario(name: &str) -> bool {
    builtin_source(name).is_some() || name.ends_with(".toml")
}

/// A built-in scenario, or one from a file of bounded size.
///
/// # Errors
/// [`Failure`] with place and remedy.
pub(super) fn load(name: &str) -> Result<Scenario, Failure> {
    let path = Path::new(name);
    let scenario = if builtin_source(name).is_some() || !path.exists() {
        Scenario::load(name)
    } else {
        let text = String::from_utf8(file::read(path)?)
            .map_err(|_| Failure::bad_input(format!("{name}: is not UTF-8 text; name a scenario in TOML")))?;
        Scenario::parse(name, &text)
    };
    scenario.map_err(|error| Failure::bad_input(error.to_string()))
}

/// The problem that the fleet plans, in one place as only a simulation can have it.
///
/// # Errors
/// [`Failure`] naming the scenario.
pub(super) fn problem(scenario: &Scenario) -> Result<FleetProblem, Failure> {
    let named = |error: &dyn std::fmt::Display| Failure::bad_input(format!("{}: {error}", scenario.name));
    let fleet = Fleet::prepare(scenario).map_err(|error| named(&error))?;
    let assets = fleet.members.into_iter().map(|member| member.problem).collect();
    FleetProblem::new(scenario.name.clone(), fleet.coupling, assets).map_err(|error| named(&error))
}

fn exit(report: &SimulationReport) -> Exit {
    match report.ending.status() {
        Status::Optimal if !report.violations.is_empty() => Exit::Broken,
        Status::Optimal if report.plan.is_none() => Exit::Limit,
        status => Exit::from(status),
    }
}

fn machine(report: &SimulationReport) -> String {
    let mut text = serde_json::to_string(report).expect("cannot fail because every key is text and memory is no file");
    text.push('\n');
    text
}

fn line(step: &Step) -> String {
    match step {
        Step::Ready { assets, rows, slots } => {
            format!("{}, {} over {}", count(*assets, "asset"), count(*rows, "fleet row"), count(*slots, "slot"))
        }
        Step::Round(round) => {
            let gap = round.gap.map_or_else(|| "no bound yet".to_owned(), |gap| format!("gap {}", tiny(gap)));
            let violation = round.violation.map_or_else(String::new, |v| format!(", violation {}", tiny(v)));
            let time = duration(u64::try_from(round.finished_ms).unwrap_or(0));
            format!("round {}: {gap}{violation}, {time} of simulated time", round.round)
        }
        Step::Planned { status, time_ms } => {
            format!("planned: {status} after {} of simulated time", duration(u64::try_from(*time_ms).unwrap_or(0)))
        }
        Step::Executing { time_ms, end_ms } => {
            format!("integrating the sol: {:.0} %", 100.0 * *time_ms as f64 / (*end_ms).max(1) as f64)
        }
        _ => "working".to_owned(),
    }
}
