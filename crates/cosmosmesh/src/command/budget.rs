use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use clap::Args;
use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::problem::{AssetProblem, Bounds, FleetProblem, LocalProblem, Rows, SparseMatrix};
use cosmosmesh_contracts::round::RoundQuery;
use cosmosmesh_contracts::traits::{Coordination, PrivacyLoss, Store};
use cosmosmesh_crypto::SystemRandom;
use cosmosmesh_host::store::{MemoryStore, SqliteStore};
use cosmosmesh_privacy::budget::{Budget, Ledger, NoisyUse, Standing, UseTerms, epsilon};
use cosmosmesh_solver_core::coordination::{Caution, Cautious};
use cosmosmesh_solver_core::{Link, Method, Options, Participant, PlainSum, Warm, coordinator, run_on};

use crate::exit::{Exit, Failure};
use crate::figure::{count, short};
use crate::finding::{Effort, Finding};
use crate::interrupt;
use crate::progress::Progress;
use crate::report::{Course, Step};
use crate::spending::{Account, RowNoise, Spending};
use crate::sum::{MaskCost, masked};
use crate::threads::Threads;

/// What a plan may give away; all of it needs `--epsilon`.
#[derive(Args, Debug)]
pub(super) struct BudgetArgs {
    /// Plan under a privacy budget: in all, what leaves an asset may tell at most this much about it; needs --delta
    #[arg(long, value_name = "E", requires = "delta")]
    epsilon: Option<f64>,
    /// The probability with which epsilon may be exceeded; far below one by the number of assets
    #[arg(long, value_name = "D", requires = "epsilon")]
    delta: Option<f64>,
    /// Keep the assets' budgets in this SQLite file, so that later plans go on with what is left; without it they last for this plan
    #[arg(long, value_name = "FILE", requires = "epsilon")]
    budget: Option<PathBuf>,
    /// Spread the budget over so many plans; this plan spends its part
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), requires = "epsilon")]
    plans: u32,
    /// The most that one asset may use of a fleet row, in even shares of the row's limit; a private limit is added to every asset
    #[arg(long, value_name = "K", default_value = "3", value_parser = clip, requires = "epsilon")]
    clip: f64,
    /// How certain it must be that a plan meets every fleet row
    #[arg(long, value_name = "P", default_value = "0.95", value_parser = confidence, requires = "epsilon")]
    confidence: f64,
}

fn clip(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.01..=1e6).contains(&value) => Ok(value),
        _ => Err("a clip lies between 0.01 and 1e6 even shares".to_owned()),
    }
}

fn confidence(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.5..=0.999_999_999).contains(&value) => Ok(value),
        _ => Err("a confidence lies between 0.5 and 0.999999999".to_owned()),
    }
}

/// What the rest of the command line says.
pub(super) struct Setting<'a> {
    /// How messages name the file.
    pub(super) file: String,
    pub(super) rounds_max: Option<u32>,
    pub(super) cost_scale: f64,
    pub(super) tolerance: f64,
    pub(super) warm: Option<&'a Warm>,
    pub(super) threads: Option<usize>,
    pub(super) verbose: bool,
}

impl BudgetArgs {
    /// More rounds plan better and carry more noise each.
    const ROUNDS: u32 = 32;
    /// The stream of the ledger.
    const STREAM: &'static str = "privacy/budget";

    /// Whether there is a budget to plan under.
    pub(super) fn is_wanted(&self) -> bool {
        self.epsilon.is_some()
    }

    /// A plan by noisy sums, paid from every asset's budget, and how its rounds went.
    ///
    /// # Errors
    /// [`Failure`] before anything is released if the budget does not suffice, a row leaves no room for the noise, or an asset cannot keep to the clip.
    pub(super) fn solve(&self, fleet: &FleetProblem, setting: &Setting<'_>) -> Result<(Finding, Course), Failure> {
        let started = Instant::now();
        let named = |message: String| Failure::bad_input(format!("{}: {message}", setting.file));
        let (Some(wanted), Some(delta)) = (self.epsilon, self.delta) else {
            return Err(Failure::bad_input("a privacy budget needs --epsilon and --delta"));
        };
        let budget = Budget::new(wanted, delta).map_err(|error| Failure::bad_input(error.to_string()))?;
        let progress = Progress::new(setting.verbose);
        let rounds = setting.rounds_max.unwrap_or(Self::ROUNDS);
        let touching = touching(fleet);
        let clips = self.clips(fleet, &touching).map_err(named)?;
        let touched = touching.iter().map(|rows| rows.len()).collect();
        let for_this = budget.loss().shared_by(self.plans.into());
        let terms =
            UseTerms::new(touched, fleet.row_count(), rounds, for_this).map_err(|error| named(error.to_string()))?;
        let lengths: Vec<u32> =
            (0..).map(|k| 1 << k).take_while(|length| *length == 1 || *length <= rounds / 2).collect();
        let statements = fleet.row_count() as u64 * lengths.len() as u64 * u64::from(rounds);
        let means: Vec<(u32, f64)> =
            lengths.iter().map(|&length| (length, terms.radius(length, statements, self.confidence))).collect();
        self.check_room(fleet, &clips, &touching, &means, budget).map_err(named)?;
        let caution = Caution {
            rounds,
            scale: clips.iter().map(|clip| 1.0 / clip).collect(),
            means: means.clone(),
            cost_scale: setting.cost_scale,
            prices: setting.warm.map(|warm| warm.prices.clone()),
        };
        let mut method =
            Cautious::new(fleet.coupling(), fleet.assets().len(), caution).map_err(|error| named(error.to_string()))?;
        let mut participants = clipped(fleet, &touching, &clips).map_err(named)?;

        // Everything that can be known beforehand is known: now the accounts.
        let ids: Vec<_> = fleet.assets().iter().map(|asset| asset.id.clone()).collect();
        let store: Box<dyn Store + Send> = match &self.budget {
            Some(path) => Box::new(
                SqliteStore::open(path).map_err(|error| Failure::bad_input(format!("{}: {error}", path.display())))?,
            ),
            None => Box::new(MemoryStore::new()),
        };
        let account = |error: &dyn std::fmt::Display| Failure::bad_input(format!("the privacy budget: {error}"));
        let mut ledger = Ledger::open(store, Self::STREAM).map_err(|error| account(&error))?;
        for (k, id) in ids.iter().enumerate() {
            ledger.grant(id, budget).map_err(|error| account(&error))?;
            let price = terms.loss(k).times(rounds.into());
            let left = ledger.standing(id).map(|standing| standing.left()).unwrap_or_default();
            if left < price {
                return Err(account(&format!(
                    "{id} has {left} left and this plan costs {price}; nothing was released. Name a larger --plans from the first plan on, or use fewer rounds"
                )));
            }
        }
        let before: Vec<f64> = ids.iter().map(|id| ledger.standing(id).map_or(0.0, Standing::epsilon_spent)).collect();
        // Every round costs an asset the same, so the one that spends most can be told beforehand.
        let dearest = (0..ids.len()).max_by_key(|&k| (terms.loss(k), std::cmp::Reverse(k)));
        let ledger = Arc::new(Mutex::new(ledger));
        let noise =
            NoisyUse::new(terms.clone(), ids.clone(), Arc::clone(&ledger), Box::new(SystemRandom::new())).into_noise();
        let masked = masked(ids.len(), Box::new(terms.ranges()))?;
        let mut sum = masked.map_err(|error| named(error.to_string()))?.with_noise(noise);
        let mut threads = Threads::new(setting.threads);
        let mut effort = Effort::default();
        let (mut steps, mut spent) = (Vec::new(), Vec::new());
        let mut each_round = |query: &RoundQuery, outcome: &Outcome| {
            let safe = if outcome.mix.is_some() { "a safe plan" } else { "no safe plan yet" };
            progress.show(&format!("round {} of {rounds}: {safe}", query.round));
            effort.count(query);
            steps.push(Step::after(query.round, outcome));
            let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
            spent.extend(dearest.and_then(|k| ledger.standing(&ids[k])).map(Standing::epsilon_spent));
            if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let ran = run_on(&mut threads, &mut method, &mut participants, &mut sum, &mut each_round);
        ran.map_err(|error| Failure { message: error.to_string(), exit: Exit::Numerical })?;
        let outcome = method.outcome();
        let plans: Result<Vec<_>, _> = match &outcome.mix {
            Some(mix) => participants.iter().map(|participant| participant.plan(mix)).collect(),
            None => Ok(Vec::new()),
        };
        let plans = plans.map_err(|error| Failure { message: error.to_string(), exit: Exit::Numerical })?;
        effort.masks(Some(MaskCost::of(&sum)));
        effort.newton_steps = participants.iter().map(Participant::newton_steps).sum();
        effort.wall_ms = started.elapsed().as_secs_f64() * 1e3;
        let finding = Finding::new(fleet, "admm-cautious", setting.tolerance, &outcome, plans, effort);
        progress.show("the optimum in the clear, for comparison");
        let reference = reference(fleet, setting, &mut threads);
        let ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let accounts = ids.iter().zip(before).filter_map(|(id, epsilon_before)| {
            let standing = ledger.standing(id)?;
            Some(Account {
                asset: id.to_string(),
                epsilon_before,
                epsilon_spent: standing.epsilon_spent(),
                epsilon_left: standing.epsilon_left(),
                epsilon: standing.budget().epsilon(),
                releases: standing.releases(),
            })
        });
        // The radius that the plan was judged by.
        let length = outcome.mix.as_ref().map_or(lengths.len() as u32, |mix| mix.weights.len() as u32);
        let radius = means.iter().find(|mean| mean.0 == length).or(means.last()).map_or(0.0, |mean| mean.1);
        let sizes = sizes(fleet);
        let rows = clips.iter().zip(&fleet.coupling().names).zip(sizes).map(|((clip, name), limit)| RowNoise {
            row: name.clone(),
            limit,
            clip: *clip,
            deviation: terms.deviation() * clip,
            margin: radius * clip,
        });
        let spending = Spending {
            epsilon: wanted,
            delta,
            confidence: self.confidence,
            rounds_paid: outcome.rounds,
            mean_of: length,
            rows: rows.collect(),
            accounts: accounts.collect(),
            objective: finding.result.objective,
            reference,
            course: spent,
        };
        let course = Course { steps, tolerance: setting.tolerance, safe_round: outcome.safe_round };
        Ok((finding.with_spending(spending), course))
    }

    /// Refuses before anything is spent where the noise is as large as a row's limit.
    fn check_room(
        &self,
        fleet: &FleetProblem,
        clips: &[f64],
        touching: &[Vec<usize>],
        means: &[(u32, f64)],
        budget: Budget,
    ) -> Result<(), String> {
        let least = means.iter().map(|mean| mean.1).fold(f64::INFINITY, f64::min);
        for (k, (clip, name)) in clips.iter().zip(&fleet.coupling().names).enumerate() {
            let users = touching.iter().filter(|rows| rows.binary_search(&k).is_ok()).count().max(1);
            let size = clip * users as f64 / self.clip;
            let margin = Cautious::RESERVE * least * clip;
            if margin < size {
                continue;
            }
            // Noise falls as the square root of the loss; half of the limit would do as a beginning.
            let more = (2.0 * margin / size).powi(2) * budget.loss().units() as f64;
            let enough = epsilon(PrivacyLoss::from_units(more as u128), budget.delta());
            return Err(format!(
                "fleet row `{name}` has the limit {} and {} users, and the noise would keep a plan {} away from it, so nothing was spent; \
                 it takes an epsilon of about {}, or many more assets",
                short(size),
                users,
                short(margin),
                short(enough)
            ));
        }
        Ok(())
    }

    /// The public box: so many even shares of each row's limit.
    fn clips(&self, fleet: &FleetProblem, touching: &[Vec<usize>]) -> Result<Vec<f64>, String> {
        let mut users = vec![0_usize; fleet.row_count()];
        touching.iter().flatten().for_each(|row| users[*row] += 1);
        sizes(fleet)
            .into_iter()
            .zip(&fleet.coupling().names)
            .zip(users)
            .map(|((size, name), users)| {
                if size > 0.0 {
                    Ok(self.clip * size / users.max(1) as f64)
                } else {
                    Err(format!("fleet row `{name}` has no limit but zero, so nothing public says how large one asset's part may be; move its limit, or plan without a budget"))
                }
            })
            .collect()
    }
}

/// How large each row's limit is: the larger of its two in absolute value.
fn sizes(fleet: &FleetProblem) -> Vec<f64> {
    let bounds = &fleet.coupling().bounds;
    let sides = bounds.lower().iter().zip(bounds.upper());
    sides
        .map(|(lower, upper)| {
            [lower, upper].into_iter().filter(|v| v.is_finite()).fold(0.0, |most, v| v.abs().max(most))
        })
        .collect()
}

/// Which rows each asset touches: public.
fn touching(fleet: &FleetProblem) -> Vec<Vec<usize>> {
    fleet
        .assets()
        .iter()
        .map(|asset| {
            let mut rows: Vec<usize> = asset.coupling.triplets().filter(|t| t.2 != 0.0).map(|t| t.0).collect();
            rows.sort_unstable();
            rows.dedup();
            rows
        })
        .collect()
}

/// The assets, each with private rows that keep its use inside the box, so that clipping never bites.
fn clipped(fleet: &FleetProblem, touching: &[Vec<usize>], clips: &[f64]) -> Result<Vec<Participant>, String> {
    let mut participants = Vec::with_capacity(touching.len());
    let mut outside = Vec::new();
    for (k, (asset, rows)) in fleet.assets().iter().zip(touching).enumerate() {
        let place =
            |error: cosmosmesh_contracts::problem::ProblemError| error.within(&format!("agents[{k}]")).to_string();
        let own = asset.local.rows();
        let at: BTreeMap<usize, usize> =
            rows.iter().enumerate().map(|(slot, row)| (*row, own.bounds.len() + slot)).collect();
        let mut triplets: Vec<_> = own.matrix.triplets().collect();
        triplets.extend(
            asset
                .coupling
                .triplets()
                .filter(|t| t.2 != 0.0)
                .filter_map(|(row, column, v)| Some((*at.get(&row)?, column, v))),
        );
        let (mut lower, mut upper) = (own.bounds.lower().to_vec(), own.bounds.upper().to_vec());
        lower.extend(rows.iter().map(|row| -clips[*row]));
        upper.extend(rows.iter().map(|row| clips[*row]));
        let mut names = own.names.clone();
        names.extend(rows.iter().map(|row| format!("clip of {}", fleet.coupling().names[*row])));
        let matrix =
            SparseMatrix::from_triplets(lower.len(), asset.local.variable_count(), &triplets).map_err(place)?;
        let rows = Rows { names, matrix, bounds: Bounds::new(lower, upper).map_err(place)? };
        let local =
            LocalProblem::new(asset.local.variables().clone(), asset.local.objective().clone(), rows).map_err(place)?;
        let asset = AssetProblem { local, ..asset.clone() };
        let participant = Participant::new(&asset).map_err(place)?;
        if !participant.is_feasible() {
            outside.push(asset.id.to_string());
        }
        participants.push(participant);
    }
    if outside.is_empty() {
        return Ok(participants);
    }
    const SHOWN: usize = 4;
    let shown = outside.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if outside.len() > SHOWN { format!(" and {} more", outside.len() - SHOWN) } else { String::new() };
    Err(format!(
        "{} cannot keep to the clip on what one asset may use of a fleet row ({shown}{more}); raise --clip, which also raises the noise",
        count(outside.len(), "asset")
    ))
}

/// The optimum without clip and without noise, from the reports in the clear: a comparison that no fleet could make.
fn reference(fleet: &FleetProblem, setting: &Setting<'_>, threads: &mut Threads) -> Option<f64> {
    let participants: Result<Vec<_>, _> = fleet.assets().iter().map(Participant::new).collect();
    let link = Some(Link::HERE);
    let options = Options { tolerance: 1e-4, cost_scale: setting.cost_scale, link, ..Options::default() };
    let mut method = coordinator(Method::default(), fleet.coupling(), fleet.assets().len(), &options).ok()?;
    let mut carry_on = |_: &RoundQuery, _: &Outcome| {
        if interrupt::asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let outcome = run_on(threads, method.as_mut(), &mut participants.ok()?, &mut PlainSum, &mut carry_on).ok()?;
    (outcome.status == Status::Optimal).then_some(outcome.certificate?.objective)
}
