//! One run of one method on one problem under stated circumstances, counted and timed from outside.

use core::ops::ControlFlow;
use std::sync::Mutex;
use std::time::Instant;

use cosmosmesh_contracts::plan::{Outcome, PlanKind, Status};
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::{Contribution, RoundQuery};
use cosmosmesh_contracts::traits::{Coordination, Step, Sum};
use cosmosmesh_solver_core::{Job, Link, Method, Options, Participant, Path, coordinator, run_on};

use crate::judge::Claim;
use crate::summing::{Adder, Summing};
use crate::{Counted, Random};

/// The tolerance of the loose answer that every run notes on its way to a tighter one.
pub const TOLERANCE_LOOSE: f64 = 1e-3;

/// How a run is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// By which method.
    pub method: Method,
    /// To which certified gap and violation.
    pub tolerance: f64,
    /// A limit of rounds other than the method's own.
    pub rounds_max: Option<u32>,
    /// Whether bytes are dearer than rounds.
    pub thin: bool,
    /// The sum's arithmetic.
    pub sum: Summing,
    /// Who is away when; nobody without it.
    pub away: Option<Away>,
    /// How many threads the assets share.
    pub threads: usize,
    /// The slowest link to an asset, which the method `auto` chooses by; unknown without it.
    pub link: Option<Link>,
}

impl Course {
    /// A plain run: everybody present, sums of floating-point numbers, one thread.
    pub fn new(method: Method, tolerance: f64) -> Self {
        Self {
            method,
            tolerance,
            rounds_max: None,
            thin: false,
            sum: Summing::Plain,
            away: None,
            threads: 1,
            link: None,
        }
    }
}

/// In every round after the first, each asset is there with this probability; one that is drawn is always there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Away {
    /// The probability of being there.
    pub presence: f64,
    /// The seed of the draws.
    pub seed: u64,
}

/// What a run gave. Everything but `wall_ms` repeats.
pub struct Trial {
    /// What the coordinator knew at the end, or why there was no run.
    pub outcome: Result<Outcome, String>,
    /// One plan per asset, if there is one.
    pub x: Option<Vec<Vec<f64>>>,
    /// Sums taken, counted by the wrapper.
    pub rounds: u32,
    /// The first round whose certificate was within [`TOLERANCE_LOOSE`], in gap and in violation.
    pub rounds_loose: Option<u32>,
    /// Bytes that one asset sent.
    pub bytes_up: u64,
    /// Bytes that one asset had sent by `rounds_loose`.
    pub bytes_up_loose: Option<u64>,
    /// Bytes that one asset heard.
    pub bytes_down: u64,
    /// Newton steps per asset.
    pub newton_steps: u64,
    /// From the first look at the problems to every asset's plan.
    pub wall_ms: f64,
    /// The assets, with what they keep for a next plan.
    pub participants: Vec<Participant>,
    /// The path that everybody heard.
    pub path: Path,
}

impl Trial {
    /// Runs.
    pub fn run(fleet: &FleetProblem, course: &Course) -> Self {
        Self::after(fleet, course, None)
    }

    /// Runs from what an earlier run of a similar fleet left.
    pub fn again(fleet: &FleetProblem, course: &Course, earlier: &Self) -> Self {
        Self::after(fleet, course, Some(earlier))
    }

    fn after(fleet: &FleetProblem, course: &Course, earlier: Option<&Self>) -> Self {
        let start = Instant::now();
        let mut trial = Self {
            outcome: Err(String::new()),
            x: None,
            rounds: 0,
            rounds_loose: None,
            bytes_up: 0,
            bytes_up_loose: None,
            bytes_down: 0,
            newton_steps: 0,
            wall_ms: 0.0,
            participants: Vec::new(),
            path: Path::default(),
        };
        trial.outcome = trial.planned(fleet, course, earlier);
        trial.wall_ms = start.elapsed().as_secs_f64() * 1e3;
        let steps: u64 = trial.participants.iter().map(Participant::newton_steps).sum();
        trial.newton_steps = steps / fleet.assets().len().max(1) as u64;
        trial
    }

    fn planned(&mut self, fleet: &FleetProblem, course: &Course, earlier: Option<&Self>) -> Result<Outcome, String> {
        let mut pool = pool(course.threads);
        self.participants = opened(fleet, earlier, &mut pool)?;
        let prices = earlier.and_then(|earlier| Some(&earlier.outcome.as_ref().ok()?.prices));
        let options = Options {
            tolerance: course.tolerance,
            rounds_max: course.rounds_max,
            thin: course.thin,
            link: course.link,
            absence: course.away.is_some(),
            warm: earlier.zip(prices).map(|(earlier, prices)| earlier.path.warm(prices)),
            ..Options::default()
        };
        let mut coordination = coordinator(course.method, fleet.coupling(), fleet.assets().len(), &options)
            .map_err(|error| error.to_string())?;
        let mut sum = Counted::new(Adder(course.sum.open(fleet.assets().len())));
        let outcome = match course.away {
            None => {
                let (loose, path) = (&mut self.rounds_loose, &mut self.path);
                run_on(&mut pool, &mut *coordination, &mut self.participants, &mut sum, &mut |query, outcome| {
                    path.hear(query);
                    note(loose, query, outcome);
                    ControlFlow::Continue(())
                })
                .map_err(|error| error.to_string())
            }
            Some(away) => self.with_absence(&mut *coordination, &mut sum, away),
        };
        (self.rounds, self.bytes_up, self.bytes_down) = (sum.rounds, sum.bytes_up, sum.bytes_down);
        self.bytes_up_loose = self.rounds_loose.and_then(|round| sum.bytes_up_by(round));
        let outcome = outcome?;
        if let Some(mix) = &outcome.mix {
            let plans: Result<Vec<_>, _> = self.participants.iter().map(|participant| participant.plan(mix)).collect();
            self.x = Some(plans.map_err(|error| error.to_string())?.into_iter().map(|plan| plan.x).collect());
        }
        Ok(outcome)
    }

    fn with_absence(
        &mut self,
        coordination: &mut dyn Coordination,
        sum: &mut Counted<Adder>,
        away: Away,
    ) -> Result<Outcome, String> {
        let mut random = Random::new(&[away.seed, 0xa7a]);
        loop {
            let query = coordination.query().map_err(|error| error.to_string())?;
            let somebody = (random.unit() * self.participants.len() as f64) as usize;
            let mut answers: Vec<Contribution> = Vec::new();
            for (k, participant) in self.participants.iter_mut().enumerate() {
                let there = random.chance(away.presence);
                if there || query.round == 1 || k == somebody {
                    answers.push(participant.answer(&query).map_err(|error| error.to_string())?);
                } else {
                    participant.miss(&query);
                }
            }
            let summed = sum.sum(&query, &mut answers.into_iter()).map_err(|error| error.to_string())?;
            let step = coordination.absorb(&summed).map_err(|error| error.to_string())?;
            let outcome = coordination.outcome();
            note(&mut self.rounds_loose, &query, &outcome);
            if step == Step::Done {
                return Ok(outcome);
            }
        }
    }

    /// What the run claims.
    pub fn claim(&self) -> Claim {
        match &self.outcome {
            Ok(outcome) => Claim {
                status: outcome.status,
                objective: outcome.certificate.as_ref().map(|certificate| certificate.objective),
                dual_bound: outcome.certificate.as_ref().map(|certificate| certificate.dual_bound),
                x: self.x.clone(),
                conflict: outcome.conflict.clone(),
            },
            Err(_) => {
                Claim { status: Status::Numerical, objective: None, dual_bound: None, x: None, conflict: Vec::new() }
            }
        }
    }

    /// Whether its plan is called safe.
    pub fn says_safe(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| outcome.plan == Some(PlanKind::Safe))
    }

    /// The first round with a safe plan, and the first with one proven within 1 %.
    pub fn safe_rounds(&self) -> (Option<u32>, Option<u32>) {
        self.outcome.as_ref().map_or((None, None), |outcome| (outcome.safe_round, outcome.safe_round_one_percent))
    }
}

fn note(loose: &mut Option<u32>, query: &RoundQuery, outcome: &Outcome) {
    let within = |v: f64| v.abs() <= TOLERANCE_LOOSE;
    let certificate = outcome.certificate.as_ref();
    if certificate.is_some_and(|found| within(found.gap_relative) && within(found.coupling_violation)) {
        loose.get_or_insert(query.round);
    }
}

/// Threads that share one list of work.
fn pool(threads: usize) -> impl FnMut(Vec<Job<'_>>) {
    move |jobs: Vec<Job<'_>>| {
        if threads <= 1 {
            jobs.into_iter().for_each(|job| job());
            return;
        }
        let jobs = Mutex::new(jobs.into_iter());
        let next = || jobs.lock().map_or(None, |mut jobs| jobs.next());
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(job) = next() {
                        job();
                    }
                });
            }
        });
    }
}

/// Every asset's participant, prepared on the pool.
fn opened(
    fleet: &FleetProblem,
    earlier: Option<&Trial>,
    pool: &mut impl FnMut(Vec<Job<'_>>),
) -> Result<Vec<Participant>, String> {
    /// Assets in one piece of work.
    const PIECE: usize = 16;
    let mut slots: Vec<Option<Result<Participant, String>>> = fleet.assets().iter().map(|_| None).collect();
    let pieces = slots.chunks_mut(PIECE).zip(fleet.assets().chunks(PIECE)).enumerate();
    let jobs = pieces.map(|(piece, (slots, assets))| -> Job<'_> {
        Box::new(move || {
            for (k, (slot, asset)) in slots.iter_mut().zip(assets).enumerate() {
                let before = earlier.and_then(|earlier| earlier.participants.get(PIECE * piece + k));
                let opened = match before {
                    Some(before) => Participant::warm_from(asset, before),
                    None => Participant::new(asset),
                };
                *slot = Some(opened.map_err(|error| format!("{}: {error}", asset.id)));
            }
        })
    });
    pool(jobs.collect());
    slots.into_iter().flatten().collect()
}
