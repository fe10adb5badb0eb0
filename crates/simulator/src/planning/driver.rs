use core::ops::ControlFlow;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::Event;
use cosmosmesh_contracts::plan::{Outcome, Plan, Status};
use cosmosmesh_contracts::round::Contribution;
use cosmosmesh_contracts::traits::Step;
use cosmosmesh_contracts::wire::{WireForm, kind_of};
use cosmosmesh_solver_core::{Options, coordinator};

use super::asset::{AssetProcess, Reply, unreadable};
use super::facilitator::Facilitator;
use crate::contacts::channels;
use crate::fleet::Fleet;
use crate::link::{Delivery, Happening, Network};
use crate::report::{Ending, RoundReport, Traffic};
use crate::scenario::Scenario;
use crate::{Progress, SimulateError, SimulateOptions};

/// How the planning went.
pub(crate) struct Planned {
    pub(crate) ending: Ending,
    pub(crate) outcome: Outcome,
    /// Every asset's part of the best plan known, if there is one that meets every row.
    pub(crate) plans: Option<Vec<Plan>>,
    /// On which assets that plan is in effect.
    pub(crate) in_effect: Vec<bool>,
    pub(crate) rounds: Vec<RoundReport>,
    pub(crate) traffic: Vec<Traffic>,
    pub(crate) retransmissions: u64,
    pub(crate) time_to_certificate_ms: Option<i64>,
    pub(crate) time_to_plan_ms: Option<i64>,
}

/// Lets the fleet plan over its links, from the epoch until the plan is in effect or the horizon begins.
pub(crate) fn plan(
    scenario: &Scenario,
    fleet: &Fleet,
    options: &SimulateOptions,
    interrupted: bool,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Planned, SimulateError> {
    let names: Vec<String> = scenario.assets.iter().map(|asset| asset.id.to_string()).collect();
    // Vehicles act on plans, and a limit is a limit: only a plan that violates nothing will do.
    let (tolerance, rounds_max) = (options.tolerance, options.rounds_max);
    let solver = Options { tolerance, rounds_max, strict: true, ..Options::default() };
    let coordination = coordinator(options.method, &fleet.coupling, names.len(), &solver);
    let process = |(name, member): (&String, &crate::fleet::Member)| AssetProcess::new(name.clone(), &member.problem);
    let mut driver = Driver {
        here: scenario.planning.facilitator,
        solve_ms: scenario.planning.solve_ms,
        timeout_ms: scenario.planning.round_timeout_ms,
        facilitator: Facilitator::new(coordination.map_err(SimulateError::Coordination)?, names.len()),
        assets: names.iter().zip(&fleet.members).map(process).collect::<Result<_, _>>()?,
        answers: vec![None; names.len()],
        traffic: vec![Traffic::default(); names.len()],
        network: Network::new(names, channels(scenario, options.seed)),
        rounds: Vec::new(),
        step: 0,
        stage: Stage::Rounds,
        interrupted,
        certificate_ms: None,
        plan_ms: None,
    };
    driver.network.timer(scenario.horizon.start.as_ms(), DEADLINE);
    let ending = driver.run(progress)?;
    driver.finish(ending)
}

const DEADLINE: u64 = u64::MAX;
const TIMEOUT: u64 = 1 << 32;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Rounds,
    Commit,
    Activation,
}

struct Driver {
    here: usize,
    solve_ms: i64,
    timeout_ms: Option<i64>,
    network: Network,
    facilitator: Facilitator,
    assets: Vec<AssetProcess>,
    /// Answers that are still being computed.
    answers: Vec<Option<Vec<u8>>>,
    traffic: Vec<Traffic>,
    rounds: Vec<RoundReport>,
    /// Counts what the facilitator waits for, so that an old time-out is known as such.
    step: u64,
    stage: Stage,
    interrupted: bool,
    certificate_ms: Option<i64>,
    plan_ms: Option<i64>,
}

impl Driver {
    fn run(&mut self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Ending, SimulateError> {
        if let Some(ending) = self.next_round(progress)? {
            return Ok(ending);
        }
        while let Some(happening) = self.network.advance() {
            let ending = match happening {
                Happening::Delivery(delivery) => self.deliver(delivery, progress)?,
                Happening::Timer(token) if token == DEADLINE || token == TIMEOUT | self.step => Some(self.given_up()),
                Happening::Timer(token) => match usize::try_from(token).ok().filter(|k| *k < self.assets.len()) {
                    Some(asset) => self.solved(asset, progress)?,
                    None => None,
                },
            };
            if let Some(ending) = ending {
                return Ok(ending);
            }
        }
        Ok(self.given_up())
    }

    /// Asks the next question or, if there is none, goes on to the commit.
    fn next_round(
        &mut self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let question = if self.interrupted { None } else { self.facilitator.ask()? };
        let Some(question) = question else { return self.commit(progress) };
        let now_ms = self.network.now_ms();
        self.rounds.push(RoundReport {
            round: question.round,
            gap: None,
            violation: None,
            safe_gap: None,
            barrier: question.barrier,
            started_ms: now_ms,
            finished_ms: now_ms,
            bytes_down: 0,
            bytes_up: 0,
            retransmissions: self.network.retransmissions_total(),
        });
        self.broadcast(&question.frame)?;
        Ok(None)
    }

    /// Ends the rounds: announces a plan if there is one that may be used.
    fn commit(
        &mut self,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let outcome = self.facilitator.outcome();
        let time_ms = self.network.now_ms();
        self.certificate_ms = (outcome.status == Status::Optimal).then_some(time_ms);
        let stop = progress(Progress::Planned { status: outcome.status, time_ms });
        self.interrupted |= stop.is_break();
        self.stage = Stage::Commit;
        let frame = self.facilitator.announce();
        self.broadcast(&frame)?;
        // Without a plan there is nothing to hold, so nobody is waited for.
        Ok((outcome.plan.is_none() || outcome.mix.is_none()).then(|| self.completed()))
    }

    /// Sends to everybody; what the facilitator tells its own asset needs no link.
    fn broadcast(&mut self, frame: &[u8]) -> Result<(), SimulateError> {
        self.step += 1;
        if let Some(timeout_ms) = self.timeout_ms {
            self.network.timer(self.network.now_ms() + timeout_ms, TIMEOUT | self.step);
        }
        for asset in (0..self.assets.len()).filter(|asset| *asset != self.here) {
            self.traffic[asset].bytes_down += frame.len() as u64;
            self.traffic[asset].messages_down += 1;
            if let (Stage::Rounds, Some(round)) = (self.stage, self.rounds.last_mut()) {
                round.bytes_down += frame.len() as u64;
            }
            self.network.send(self.here, asset, frame);
        }
        // The own asset hears it last, and through the queue, so that its answer takes its turn like any other.
        let reply = self.assets[self.here].hear(MissionTime(self.network.now_ms()), frame)?;
        self.react(self.here, reply)
    }

    fn react(&mut self, asset: usize, reply: Reply) -> Result<(), SimulateError> {
        let wait_ms = match &reply {
            Reply::AfterSolving(_) => self.solve_ms,
            _ => 0,
        };
        match reply {
            Reply::Nothing | Reply::InEffect => {}
            Reply::AfterSolving(frame) | Reply::Now(frame) => {
                self.answers[asset] = Some(frame);
                self.network.timer(self.network.now_ms() + wait_ms, asset as u64);
            }
        }
        Ok(())
    }

    /// An asset has its answer ready.
    fn solved(
        &mut self,
        asset: usize,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let Some(frame) = self.answers[asset].take() else { return Ok(None) };
        if asset == self.here {
            return self.hear(asset, &frame, progress);
        }
        self.traffic[asset].bytes_up += frame.len() as u64;
        self.traffic[asset].messages_up += 1;
        if let (Stage::Rounds, Some(round)) = (self.stage, self.rounds.last_mut()) {
            round.bytes_up += frame.len() as u64;
        }
        self.network.send(asset, self.here, &frame);
        Ok(None)
    }

    fn deliver(
        &mut self,
        delivery: Delivery,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let Delivery { from, to, bytes, hops } = delivery;
        if to == self.here {
            self.traffic[from].hops = hops;
            return self.hear(from, &bytes, progress);
        }
        self.traffic[to].hops = hops;
        let reply = self.assets[to].hear(MissionTime(self.network.now_ms()), &bytes)?;
        self.react(to, reply)?;
        Ok(self.everybody_follows())
    }

    /// The facilitator hears an asset.
    fn hear(
        &mut self,
        asset: usize,
        frame: &[u8],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let now = MissionTime(self.network.now_ms());
        match kind_of(frame).map_err(unreadable)? {
            Contribution::KIND => match self.facilitator.hear_answer(asset, frame)? {
                None => Ok(None),
                Some(step) => {
                    self.close_round(progress);
                    if step == Step::Done { self.commit(progress) } else { self.next_round(progress) }
                }
            },
            Event::KIND => match self.facilitator.hear_held(now, asset, frame)? {
                Some(frame) if self.stage == Stage::Commit => {
                    self.stage = Stage::Activation;
                    self.broadcast(&frame)?;
                    Ok(self.everybody_follows())
                }
                _ => Ok(None),
            },
            kind => Err(SimulateError::Message { reason: format!("kind {kind} is not for the facilitator") }),
        }
    }

    fn close_round(&mut self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) {
        let outcome = self.facilitator.outcome();
        let retransmissions = self.network.retransmissions_total();
        let now_ms = self.network.now_ms();
        if let Some(round) = self.rounds.last_mut() {
            let certificate = outcome.certificate.as_ref();
            round.gap = certificate.map(|certificate| certificate.gap_relative);
            round.violation = certificate.map(|certificate| certificate.coupling_violation);
            round.safe_gap = round.gap.filter(|_| outcome.plan.is_some());
            round.finished_ms = now_ms;
            round.retransmissions = retransmissions - round.retransmissions;
            self.interrupted |= progress(Progress::Round(round.clone())).is_break();
        }
    }

    fn everybody_follows(&mut self) -> Option<Ending> {
        if self.stage != Stage::Activation || !self.assets.iter().all(AssetProcess::in_effect) {
            return None;
        }
        self.plan_ms = Some(self.network.now_ms());
        Some(self.completed())
    }

    fn completed(&self) -> Ending {
        let status = self.facilitator.outcome().status;
        if self.interrupted && status != Status::Optimal { Ending::Interrupted } else { Ending::Complete { status } }
    }

    /// Somebody was not heard in time: names the link that is down, or says that time ran out.
    fn given_up(&self) -> Ending {
        let during = match self.stage {
            Stage::Rounds => format!("round {}", self.rounds.last().map_or(0, |round| round.round)),
            Stage::Commit => "commit".to_owned(),
            Stage::Activation => "activation".to_owned(),
        };
        let silent = |k: usize| self.network.outage(self.here, k).or_else(|| self.network.outage(k, self.here));
        let waited_for = match self.stage {
            Stage::Activation => self.assets.iter().position(|asset| !asset.in_effect()),
            _ => self.facilitator.missing(),
        };
        let missing = waited_for.unwrap_or(self.here);
        let asset = self.network.names()[missing].clone();
        let outage = (missing != self.here).then(|| silent(missing)).flatten();
        match outage {
            Some(outage) => Ending::LinkDown { link: outage.link, asset, since_ms: outage.since_ms, during },
            None => Ending::Late { asset, during },
        }
    }

    fn finish(mut self, ending: Ending) -> Result<Planned, SimulateError> {
        let outcome = self.facilitator.outcome();
        let plans = match (&outcome.mix, outcome.plan) {
            (Some(mix), Some(_)) => Some(self.assets.iter().map(|asset| asset.plan(mix)).collect::<Result<_, _>>()?),
            _ => None,
        };
        for (asset, traffic) in self.traffic.iter_mut().enumerate() {
            let (up, down) = ((asset, self.here), (self.here, asset));
            traffic.retransmissions =
                self.network.retransmissions(up.0, up.1) + self.network.retransmissions(down.0, down.1);
        }
        // A round that was never closed still counts from where it began.
        if let Some(round) = self.rounds.last_mut().filter(|round| round.finished_ms == round.started_ms) {
            round.retransmissions = self.network.retransmissions_total() - round.retransmissions;
            round.finished_ms = self.network.now_ms();
        }
        Ok(Planned {
            ending,
            outcome,
            plans,
            in_effect: self.assets.iter().map(AssetProcess::in_effect).collect(),
            rounds: self.rounds,
            traffic: self.traffic,
            retransmissions: self.network.retransmissions_total(),
            time_to_certificate_ms: self.certificate_ms,
            time_to_plan_ms: self.plan_ms,
        })
    }
}
