use core::ops::ControlFlow;
use std::collections::VecDeque;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::plan::{Outcome, Plan, Status};
use cosmosmesh_contracts::round::Contribution;
use cosmosmesh_contracts::traits::{Engine, Step, Transmit};
use cosmosmesh_contracts::wire::{WireForm, kind_of};
use cosmosmesh_node::round::{Contributing, Facilitating, Party, RoundEvent, Stage};

use super::parties::{Made, parties};
use crate::fleet::Fleet;
use crate::link::{Happening, Network};
use crate::report::{Ending, MaskReport, RoundReport, Traffic};
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
    /// What masking cost, if there were masks.
    pub(crate) masks: Option<MaskReport>,
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
    let Made { parties, bundles, masks } = parties(scenario, fleet, options, &names)?;
    let mut driver = Driver {
        here: scenario.planning.facilitator,
        solve_ms: scenario.planning.solve_ms,
        timeout_ms: scenario.planning.round_timeout_ms,
        ids: parties.iter().map(Party::node_id).collect(),
        soon: vec![VecDeque::new(); names.len()],
        solving: vec![VecDeque::new(); names.len()],
        traffic: vec![Traffic::default(); names.len()],
        guarding: vec![(0, 0); names.len()],
        set_up: vec![0; names.len()],
        enrolled: 0,
        deadline: None,
        network: Network::new(names, scenario.channels(options.seed)),
        parties,
        masks,
        rounds: Vec::new(),
        step: (Stage::Idle, 0),
        steps: 0,
        interrupted,
        certificate_ms: None,
        plan_ms: None,
    };
    driver.network.timer(scenario.horizon.start.as_ms(), DEADLINE);
    let ending = driver.run(bundles, progress)?;
    driver.finish(ending)
}

const DEADLINE: u64 = u64::MAX;
const TIMEOUT: u64 = 1 << 32;
/// The facilitator's own deadline.
const ENGINE: u64 = 1 << 33;
/// An asset has solved what it was asked; below it, what a party told itself is due.
const SOLVED: u64 = 1 << 31;

struct Driver {
    here: usize,
    solve_ms: i64,
    timeout_ms: Option<i64>,
    network: Network,
    parties: Vec<Party>,
    ids: Vec<NodeId>,
    /// By party: what it told itself.
    soon: Vec<VecDeque<Vec<u8>>>,
    /// By party: answers that are still being computed.
    solving: Vec<VecDeque<Transmit>>,
    traffic: Vec<Traffic>,
    /// By asset: bytes of requests heard and of openings sent, loopback included.
    guarding: Vec<(u64, u64)>,
    /// By asset: bytes sent for the set-up.
    set_up: Vec<u64>,
    /// How many assets every guardian holds the keys of.
    enrolled: usize,
    /// The facilitator's deadline for which a timer runs.
    deadline: Option<MissionTime>,
    masks: Option<MaskReport>,
    rounds: Vec<RoundReport>,
    /// What the facilitator waits for, and the round.
    step: (Stage, usize),
    /// Counts them, so that an old time-out is known as such.
    steps: u64,
    interrupted: bool,
    certificate_ms: Option<i64>,
    plan_ms: Option<i64>,
}

/// Requests to guardians, and their openings, begin so.
const REQUEST_KIND: u8 = 0x35;
const OPENING_KIND: u8 = 0x36;
/// So does a masked answer.
const MASKED_KIND: u8 = 0x34;
/// And the set-up.
const BUNDLE_KIND: u8 = 0x31;
const ACCEPTANCE_KIND: u8 = 0x32;

impl Driver {
    fn run(
        &mut self,
        bundles: Vec<Vec<u8>>,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Ending, SimulateError> {
        for (party, bundle) in bundles.iter().enumerate() {
            self.parties[party].begin_epoch(bundle);
            self.pump(party, progress)?;
        }
        self.next_round();
        if let Some(ending) = self.pump(self.here, progress)? {
            return Ok(ending);
        }
        while let Some(happening) = self.network.advance() {
            let ending = match happening {
                Happening::Delivery(delivery) => {
                    let other = if delivery.to == self.here { delivery.from } else { delivery.to };
                    self.traffic[other].hops = delivery.hops;
                    self.hear(delivery.from, delivery.to, &delivery.bytes, progress)?
                }
                Happening::Timer(token) if token == DEADLINE || token == TIMEOUT | self.steps => Some(self.given_up()),
                Happening::Timer(ENGINE) => {
                    self.deadline = None;
                    let now = self.now();
                    self.parties[self.here].handle_timeout(now);
                    self.pump(self.here, progress)?
                }
                Happening::Timer(token) if token >= TIMEOUT => None,
                Happening::Timer(token) => self.due(token, progress)?,
            };
            if let Some(ending) = ending {
                return Ok(ending);
            }
        }
        Ok(self.given_up())
    }

    fn now(&self) -> MissionTime {
        MissionTime(self.network.now_ms())
    }

    /// Asks the next question, or announces what is known if the user stopped the planning.
    fn next_round(&mut self) {
        let now = self.now();
        if self.interrupted {
            self.parties[self.here].announce(now);
        } else {
            self.parties[self.here].begin_round(now);
        }
    }

    fn hear(
        &mut self,
        from: usize,
        to: usize,
        bytes: &[u8],
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let now = self.now();
        if bytes.first() == Some(&REQUEST_KIND) {
            self.guarding[to].0 += bytes.len() as u64;
        }
        self.parties[to].handle_input(now, self.ids[from], bytes);
        self.pump(to, progress)
    }

    /// What a party told itself, or computed, is due.
    fn due(
        &mut self,
        token: u64,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let party = (token & !SOLVED) as usize;
        if token & SOLVED == 0 {
            return match self.soon.get_mut(party).and_then(VecDeque::pop_front) {
                Some(bytes) => self.hear(party, party, &bytes, progress),
                None => Ok(None),
            };
        }
        let Some(transmit) = self.solving.get_mut(party).and_then(VecDeque::pop_front) else { return Ok(None) };
        match self.ids.iter().position(|id| *id == transmit.to) {
            Some(to) if to == party => self.hear(party, party, &transmit.bytes, progress),
            Some(to) => {
                self.send(party, to, &transmit.bytes);
                Ok(None)
            }
            None => Ok(None),
        }
    }

    fn send(&mut self, from: usize, to: usize, bytes: &[u8]) {
        // What passes between two others is on the sender's account.
        let (len, up) = (bytes.len() as u64, from != self.here);
        let is_set_up = matches!(bytes.first(), Some(&(BUNDLE_KIND | ACCEPTANCE_KIND)));
        if is_set_up {
            self.set_up[from] += len;
        }
        let traffic = &mut self.traffic[if up { from } else { to }];
        let (sum, messages) = match up {
            true => (&mut traffic.bytes_up, &mut traffic.messages_up),
            false => (&mut traffic.bytes_down, &mut traffic.messages_down),
        };
        *sum += len;
        *messages += 1;
        if let (Stage::Collecting | Stage::Opening | Stage::Blaming, false, Some(round)) =
            (self.stage(), is_set_up, self.rounds.last_mut())
        {
            *if up { &mut round.bytes_up } else { &mut round.bytes_down } += len;
        }
        self.network.send(from, to, bytes);
    }

    /// Takes everything that a party has to say.
    fn pump(
        &mut self,
        party: usize,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let mut ending = None;
        loop {
            let now = self.now();
            if let Some(event) = self.parties[party].poll_event() {
                ending = ending.or(self.react(party, event, progress)?);
            } else if let Some(transmit) = self.parties[party].poll_transmit(now) {
                self.carry(party, transmit);
            } else {
                break;
            }
        }
        self.note_step();
        self.note_deadline();
        Ok(ending.or_else(|| self.everybody_follows()))
    }

    fn carry(&mut self, party: usize, transmit: Transmit) {
        let now_ms = self.network.now_ms();
        if transmit.bytes.first() == Some(&OPENING_KIND) {
            self.guarding[party].1 += transmit.bytes.len() as u64;
        }
        let is_answer = transmit.bytes.first() == Some(&MASKED_KIND)
            || kind_of(&transmit.bytes).is_ok_and(|kind| kind == Contribution::KIND);
        if is_answer {
            self.solving[party].push_back(transmit);
            self.network.timer(now_ms + self.solve_ms, SOLVED | party as u64);
            return;
        }
        match self.ids.iter().position(|id| *id == transmit.to) {
            // What a party tells itself needs no link, and takes its turn like everything else.
            Some(to) if to == party => {
                self.soon[party].push_back(transmit.bytes);
                self.network.timer(now_ms, party as u64);
            }
            Some(to) => self.send(party, to, &transmit.bytes),
            None => {}
        }
    }

    fn react(
        &mut self,
        party: usize,
        event: RoundEvent,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Option<Ending>, SimulateError> {
        let now_ms = self.network.now_ms();
        match event {
            RoundEvent::Asked { round, barrier } => self.rounds.push(RoundReport {
                round,
                gap: None,
                violation: None,
                safe_gap: None,
                barrier,
                started_ms: now_ms,
                finished_ms: now_ms,
                bytes_down: 0,
                bytes_up: 0,
                retransmissions: self.network.retransmissions_total(),
            }),
            RoundEvent::Closed { step } => {
                self.close_round(progress);
                if step == Step::Done {
                    let now = self.now();
                    self.parties[self.here].announce(now);
                } else {
                    self.next_round();
                }
            }
            RoundEvent::Announced { status, plan } => {
                self.certificate_ms = (status == Status::Optimal).then_some(now_ms);
                self.interrupted |= progress(Progress::Planned { status, time_ms: now_ms }).is_break();
                // Without a plan there is nothing to hold, so nobody is waited for.
                return Ok((!plan).then(|| self.completed()));
            }
            RoundEvent::Void { reason } | RoundEvent::Refused { reason, .. } => {
                return Err(SimulateError::Round { asset: self.network.names()[party].clone(), reason });
            }
            RoundEvent::Unheard { refusal, .. } => {
                let asset = self.network.names()[party].clone();
                return Err(SimulateError::Round { asset, reason: refusal.to_string() });
            }
            event => self.note(event),
        }
        Ok(None)
    }

    /// What masking had to cope with.
    fn note(&mut self, event: RoundEvent) {
        let (now_ms, everybody) = (self.network.now_ms(), self.parties.len());
        let Some(masks) = &mut self.masks else { return };
        match event {
            RoundEvent::Enrolled => {
                self.enrolled += 1;
                masks.set_up_ms = (self.enrolled == everybody).then_some(now_ms);
            }
            RoundEvent::Silent { .. } => masks.silences += 1,
            RoundEvent::Absent { assets } => masks.absences += assets.len() as u32,
            RoundEvent::Again { .. } => masks.again += 1,
            RoundEvent::Blamed { guardians } => {
                let known = |id: &NodeId| self.ids.iter().position(|known| known == id);
                let names = guardians.iter().filter_map(known).map(|k| self.network.names()[k].clone());
                masks.blamed.extend(names);
            }
            _ => {}
        }
    }

    fn close_round(&mut self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) {
        let outcome = self.outcome();
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

    fn facilitating(&self) -> &Facilitating {
        self.parties[self.here]
            .facilitator()
            .expect("cannot fail because the facilitator's party was made with its role")
    }

    fn stage(&self) -> Stage {
        self.facilitating().stage()
    }

    fn outcome(&self) -> Outcome {
        self.facilitating().outcome()
    }

    /// Sets a time-out whenever the facilitator waits for something new.
    fn note_step(&mut self) {
        let step = (self.stage(), self.rounds.len());
        if step == self.step {
            return;
        }
        self.step = step;
        self.steps += 1;
        if let Some(timeout_ms) = self.timeout_ms {
            self.network.timer(self.network.now_ms() + timeout_ms, TIMEOUT | self.steps);
        }
    }

    /// Sets a timer for the facilitator's own deadline.
    fn note_deadline(&mut self) {
        let deadline = self.parties[self.here].poll_timeout();
        if deadline != self.deadline {
            self.deadline = deadline;
            if let Some(MissionTime(at_ms)) = deadline {
                self.network.timer(at_ms.max(self.network.now_ms()), ENGINE);
            }
        }
    }

    fn in_effect(&self) -> Vec<bool> {
        self.parties.iter().map(|party| party.asset().is_some_and(Contributing::in_effect)).collect()
    }

    fn everybody_follows(&mut self) -> Option<Ending> {
        if self.stage() != Stage::Done || self.in_effect().contains(&false) {
            return None;
        }
        self.plan_ms = Some(self.network.now_ms());
        Some(self.completed())
    }

    fn completed(&self) -> Ending {
        let status = self.outcome().status;
        if self.interrupted && status != Status::Optimal { Ending::Interrupted } else { Ending::Complete { status } }
    }

    /// Somebody was not heard in time: names the link that is down, or says that time ran out.
    fn given_up(&self) -> Ending {
        let during = match self.stage() {
            Stage::Committing => "commit".to_owned(),
            Stage::Done => "activation".to_owned(),
            _ => format!("round {}", self.rounds.last().map_or(0, |round| round.round)),
        };
        let silent = |k: usize| self.network.outage(self.here, k).or_else(|| self.network.outage(k, self.here));
        let waited_for = match self.stage() {
            Stage::Done => self.in_effect().iter().position(|in_effect| !in_effect),
            _ => self.facilitating().missing().and_then(|id| self.ids.iter().position(|known| *known == id)),
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
        let outcome = self.outcome();
        let plans = match (&outcome.mix, outcome.plan) {
            (Some(mix), Some(_)) => {
                let plan = |(party, name): (&Party, &String)| {
                    let failed = |reason: String| SimulateError::Round { asset: name.clone(), reason };
                    let asset = party.asset().ok_or_else(|| failed("it has no plan of its own".to_owned()))?;
                    asset.plan(mix).map_err(|error| failed(error.to_string()))
                };
                Some(self.parties.iter().zip(self.network.names()).map(plan).collect::<Result<_, _>>()?)
            }
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
        if let Some(masks) = &mut self.masks {
            masks.bytes_set_up = self.set_up.iter().copied().max().unwrap_or(0);
            masks.guardian_bytes_down = self.guarding.iter().map(|bytes| bytes.0).max().unwrap_or(0);
            masks.guardian_bytes_up = self.guarding.iter().map(|bytes| bytes.1).max().unwrap_or(0);
        }
        Ok(Planned {
            ending,
            outcome,
            plans,
            in_effect: self.in_effect(),
            rounds: self.rounds,
            traffic: self.traffic,
            masks: self.masks,
            retransmissions: self.network.retransmissions_total(),
            time_to_certificate_ms: self.certificate_ms,
            time_to_plan_ms: self.plan_ms,
        })
    }
}
