use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use cosmosmesh_contracts::file::{ResultFile, read_result, write_result};
use cosmosmesh_contracts::plan::{Outcome, Plan, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::RoundQuery;
use cosmosmesh_solver_core::{Link, Method, Options, Participant, Warm, coordinator, run_on};

use super::budget::{BudgetArgs, Setting};
use super::{Answer, validate};
use crate::exit::{Exit, Failure};
use crate::figure::{count, tiny};
use crate::finding::{Effort, Finding};
use crate::link::{self, Choice};
use crate::printable::printable;
use crate::progress::Progress;
use crate::report::{self, Course, Step};
use crate::sum::{FleetSum, PLAIN_WARNING, SumChoice};
use crate::threads::Threads;
use crate::{file, interrupt, support};

/// `cosmosmesh solve`
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Solve {
    /// The fleet's problem, cosmosmesh.fleet/1; `-` reads standard input
    file: PathBuf,
    /// The coordination method; `cosmosmesh variants` lists them
    #[arg(long, default_value_t, value_name = "NAME")]
    variant: Method,
    /// Stop when the certified gap and the violation of every fleet row are this small, relatively
    #[arg(long, default_value = "1e-6", value_name = "T", value_parser = tolerance)]
    tolerance: f64,
    /// How the assets' reports are added up: `masked`, so that only their sum is seen, or `plain`, in the clear
    #[arg(long, value_enum, default_value_t = SumChoice::Masked, hide_possible_values = true)]
    sum: SumChoice,
    /// Write the result here, cosmosmesh.result/1
    #[arg(long, value_name = "RESULT")]
    out: Option<PathBuf>,
    /// Write report.html and result.json into this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Start from the prices of an earlier result
    #[arg(long, value_name = "RESULT")]
    warm: Option<PathBuf>,
    /// Stop after this many rounds with the best safe plan
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rounds_max: Option<u32>,
    /// The size of one asset's cost, where the search starts; the same for all, and public
    #[arg(long, default_value = "1", value_name = "C", value_parser = cost_scale)]
    cost_scale: f64,
    /// Work on so many threads; by default as many as the machine has. The result is the same to the last bit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    /// Plan as over the slowest link, such as `40min,2kB/s`: the delay there and back, and the rate. `auto` then saves rounds and bytes; without it all assets are on this machine and it saves computing
    #[arg(long, value_name = "LINK", value_parser = link::read, conflicts_with = "epsilon")]
    link: Option<Link>,
    /// Be content only with a plan that violates no fleet row at all, instead of one within the tolerance
    #[arg(long)]
    strict: bool,
    /// Ignore that variables must be whole; the plan is then never called optimal
    #[arg(long)]
    relax: bool,
    #[command(flatten)]
    budget: BudgetArgs,
    /// Print the result as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Print a line per round on standard error
    #[arg(long, short)]
    verbose: bool,
}

const AFTER_HELP: &str = "\
Examples:
  cosmosmesh solve fleet.json --out result.json
  cosmosmesh solve fleet.json --report out/
  cosmosmesh solve fleet.json --tolerance 1e-3 --variant admm --verbose
  cosmosmesh solve tomorrow.json --warm result.json --json
  cosmosmesh solve fleet.json --link 40min,2kB/s
  cosmosmesh solve large.json --epsilon 4 --delta 1e-6 --budget budget.sqlite --plans 7

Ctrl-C finishes the round and writes the best safe plan; a second Ctrl-C stops at once.
--sum masked runs assets and guardians inside this one process, which protects nobody: it shows and measures.
It takes at least three assets, since with two each would learn the other's report.
With --epsilon the reports carry noise: fleet rows are met with --confidence, and the exit code is 3 at best. It takes many assets: noise is as large as a few assets' shares.
With --relax the status is at best round_limit and the exit code 3: rounding the plan is the caller's duty.

Exit codes: 0 optimal, 2 infeasible (result written), 3 limit reached or interrupted (best safe plan written),
4 unbounded, 5 numerical, 64 bad input, 74 a result could not be written.";

/// A relative tolerance that floating point can meet.
///
/// # Errors
/// A sentence with the range.
pub(super) fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1e-10..=0.5).contains(&value) => Ok(value),
        _ => Err("a tolerance lies between 1e-10 and 0.5".to_owned()),
    }
}

fn cost_scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1e-12..=1e12).contains(&value) => Ok(value),
        _ => Err("a cost scale lies between 1e-12 and 1e12".to_owned()),
    }
}

impl Solve {
    /// The barrier around which a warm start looks, in cost scales: small enough to profit from the prices, large enough to leave them.
    const BARRIER_WARM: f64 = 1e-4;

    pub(super) fn run(&self) -> Result<Answer, Failure> {
        if let Some(out) = &self.out {
            file::check_writable(out)?;
        }
        let fleet = validate::read(&self.file)?;
        if fleet.has_integer_columns() && !self.relax {
            return Err(Failure::bad_input(format!(
                "{}: some variables must be whole, and the planner solves convex problems only; \
                 --relax ignores this and never calls the plan optimal",
                self.file.display()
            )));
        }
        let warm = self.warm.as_ref().map(|path| self.warm(path, &fleet)).transpose()?;
        if let Some(folder) = &self.report {
            file::create_folder(folder)?;
        }
        interrupt::listen()?;
        let (finding, course) = if self.budget.is_wanted() {
            self.budget.solve(&fleet, &self.setting(warm.as_ref()))?
        } else {
            for warning in support::warnings(&fleet) {
                eprintln!("warning: {}", printable(&warning));
            }
            self.solve(&fleet, warm)?
        };
        let text = write_result(&finding.result).map_err(|error| Failure {
            message: format!("the result has a number that is not finite ({error}); this is a bug, please report it"),
            exit: Exit::Numerical,
        })?;
        if let Some(out) = &self.out {
            file::write(out, &text)?;
        }
        if let Some(folder) = &self.report {
            file::write(&folder.join("report.html"), &report::solved(&fleet, &finding, &course))?;
            file::write(&folder.join("result.json"), &text)?;
        }
        let exit = Exit::from(finding.result.status);
        let text = if self.json { text } else { self.people(&fleet, &finding) };
        Ok(Answer { text, exit })
    }

    fn solve(&self, fleet: &FleetProblem, warm: Option<Warm>) -> Result<(Finding, Course), Failure> {
        let started = Instant::now();
        if self.sum == SumChoice::Plain {
            eprintln!("{PLAIN_WARNING}");
        }
        let progress = Progress::new(self.verbose);
        progress.show(&format!("{} prepare", count(fleet.assets().len(), "asset")));
        let named = |message: String| Failure::bad_input(format!("{}: {message}", self.file.display()));
        let participants: Result<Vec<Participant>, Failure> = fleet
            .assets()
            .iter()
            .enumerate()
            .map(|(k, asset)| {
                Participant::new(asset).map_err(|error| named(error.within(&format!("agents[{k}]")).to_string()))
            })
            .collect();
        let mut participants = participants?;
        let options = Options {
            tolerance: self.tolerance,
            rounds_max: self.rounds_max,
            warm,
            cost_scale: self.cost_scale,
            strict: self.strict,
            link: Some(self.link.unwrap_or(Link::HERE)),
            ..Options::default()
        };
        let chosen = self.variant.chosen(fleet.row_count(), &options);
        let choice = (chosen != self.variant).then_some(Choice { method: chosen, link: self.link });
        let mut coordinator = coordinator(self.variant, fleet.coupling(), fleet.assets().len(), &options)
            .map_err(|error| named(error.to_string()))?;
        let mut sum = FleetSum::new(self.sum, fleet.assets().len()).map_err(|failure| Failure {
            message: format!("{}: {}", self.file.display(), failure.message),
            ..failure
        })?;
        let mut threads = Threads::new(self.threads.map(usize::from));
        let mut effort = Effort::default();
        let mut steps = Vec::new();
        let mut each_round = |query: &RoundQuery, outcome: &Outcome| {
            effort.count(query);
            steps.push(Step::after(query.round, outcome));
            progress.show(&line(query, outcome));
            if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let ran = run_on(&mut threads, coordinator.as_mut(), &mut participants, sum.as_sum(), &mut each_round);
        let mut outcome = coordinator.outcome();
        let mut breakdown = None;
        if let Err(error) = ran {
            outcome.status = Status::Numerical;
            breakdown = Some(error.to_string());
        }
        let mut plans = Vec::new();
        // A plan that violates a row is none, and where the cost has no end any plan is arbitrary.
        let usable = outcome.plan.is_some() && outcome.status != Status::Unbounded;
        if let Some(mix) = outcome.mix.as_ref().filter(|_| usable) {
            let answers: Result<Vec<Plan>, _> = participants.iter().map(|participant| participant.plan(mix)).collect();
            match answers {
                Ok(answers) => plans = answers,
                Err(error) => {
                    outcome.status = Status::Numerical;
                    breakdown = Some(error.to_string());
                }
            }
        }
        effort.masks(sum.cost());
        effort.newton_steps = participants.iter().map(Participant::newton_steps).sum();
        effort.wall_ms = started.elapsed().as_secs_f64() * 1e3;
        let interrupted = interrupt::asked();
        let course = Course { steps, tolerance: self.tolerance, safe_round: outcome.safe_round };
        let finding = Finding::new(fleet, self.variant.name(), self.tolerance, &outcome, plans, effort)
            .with_choice(choice)
            .with_link(self.link)
            .with_breakdown(breakdown)
            .with_interruption(interrupted);
        Ok((finding, course))
    }

    fn setting<'a>(&self, warm: Option<&'a Warm>) -> Setting<'a> {
        Setting {
            file: self.file.display().to_string(),
            rounds_max: self.rounds_max,
            cost_scale: self.cost_scale,
            tolerance: self.tolerance,
            warm,
            threads: self.threads.map(usize::from),
            verbose: self.verbose,
        }
    }

    fn warm(&self, path: &std::path::Path, fleet: &FleetProblem) -> Result<Warm, Failure> {
        let named = |error: &dyn std::fmt::Display| Failure::bad_input(format!("{}: {error}", path.display()));
        let result: ResultFile = read_result(&file::read(path)?).map_err(|error| named(&error))?;
        result.check_fits(fleet).map_err(|error| named(&error))?;
        Ok(Warm { prices: result.prices, barrier: Self::BARRIER_WARM * self.cost_scale, path: Vec::new() })
    }

    fn people(&self, fleet: &FleetProblem, finding: &Finding) -> String {
        let mut text = finding.text(fleet);
        if let Some(out) = &self.out {
            text.push_str(&format!("\nwritten to {}\n", out.display()));
        }
        if let Some(folder) = &self.report {
            let page = folder.join("report.html");
            text.push_str(&format!("\nThe drawings are in {}; result.json is beside it.\n", page.display()));
        }
        text
    }
}

fn line(query: &RoundQuery, outcome: &Outcome) -> String {
    let known = match &outcome.certificate {
        Some(known) => format!("gap {}, violation {}", tiny(known.gap_relative), tiny(known.coupling_violation)),
        None => "no bound yet".to_owned(),
    };
    let safe = outcome.safe_round.map_or_else(String::new, |round| format!(", safe plan since round {round}"));
    format!("round {}: {known}{safe}", query.round)
}
