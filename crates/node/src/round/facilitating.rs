use std::collections::VecDeque;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::message::{Event, EventKind};
use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::round::{Ask, Contribution, Quantiser, ReportLayout, RoundQuery, RoundResult, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, CryptoProvider, RangeRule, Step, Transmit};
use cosmosmesh_contracts::wire::{decode, encode};
use cosmosmesh_privacy::mask::{Aggregator, Header, Mode, Roster};
use cosmosmesh_privacy::{ranges_digest, state_digest};

use super::RoundEvent;
use super::contributing::{activated, text};
use super::plain::RunningSum;
use super::question::Question;

/// The facilitator's role: runs a coordination method over the sums of its fleet.
///
/// # Privacy
/// With masks it learns the sum over the assets that answered, and who they are; in the open it sees every answer until that is added.
/// It cannot hold an answer once that is in the sum.
pub struct Facilitating {
    coordination: Box<dyn Coordination + Send>,
    /// In the order of the coordination; under masks, of the roster.
    assets: Vec<NodeId>,
    summing: Summing,
    phase: Phase,
}

/// How answers are added up.
pub enum Summing {
    /// In the open.
    Plain,
    /// Under masks.
    Masked {
        /// Who takes part; agents are the facilitator's assets, in their order.
        roster: Arc<Roster>,
        /// How numbers become words.
        rule: Box<dyn RangeRule + Send>,
        /// The first round of the epoch that was not begun yet. Whoever comes back from a restart must not begin one twice.
        next_round: u64,
        /// How long guardians may take before others are asked, in milliseconds; without it, for ever.
        opening_timeout_ms: Option<i64>,
    },
}

/// How far a facilitator is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing is asked.
    Idle,
    /// Answers are waited for.
    Collecting,
    /// Openings are waited for.
    Opening,
    /// Everybody must say that it holds the plan.
    Committing,
    /// The plan is in effect, or there is none.
    Done,
}

enum Phase {
    Idle,
    Plain(RunningSum),
    Collecting(Box<Masked>),
    Opening { masked: Box<Masked>, silent: u8, since: MissionTime },
    Committing { version: u64, held: Vec<bool> },
    Done,
}

struct Masked {
    query: RoundQuery,
    quantiser: Quantiser,
    aggregator: Aggregator,
}

/// Where a role puts what it has to say.
pub(crate) struct Out<'a> {
    pub(crate) now: MissionTime,
    pub(crate) outbox: &'a mut VecDeque<Transmit>,
    pub(crate) events: &'a mut VecDeque<RoundEvent>,
}

impl Out<'_> {
    pub(crate) fn send(&mut self, to: NodeId, bytes: Vec<u8>) {
        self.outbox.push_back(Transmit { to, bytes });
    }
}

impl Facilitating {
    /// A facilitator of these assets.
    ///
    /// # Panics
    /// If the roster's agents are not these assets in this order.
    pub fn new(coordination: Box<dyn Coordination + Send>, assets: Vec<NodeId>, summing: Summing) -> Self {
        if let Summing::Masked { roster, .. } = &summing {
            assert_eq!(roster.terms().agents, assets, "the roster's agents are the coordination's assets");
        }
        Self { coordination, assets, summing, phase: Phase::Idle }
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        match &self.phase {
            Phase::Idle => Stage::Idle,
            Phase::Plain(_) | Phase::Collecting(_) => Stage::Collecting,
            Phase::Opening { .. } => Stage::Opening,
            Phase::Committing { .. } => Stage::Committing,
            Phase::Done => Stage::Done,
        }
    }

    /// What is known now about the fleet's rows.
    pub fn outcome(&self) -> Outcome {
        self.coordination.outcome()
    }

    /// The first node that is waited for.
    pub fn missing(&self) -> Option<NodeId> {
        match &self.phase {
            Phase::Idle | Phase::Done => None,
            Phase::Plain(sum) => sum.missing().map(|k| self.assets[k]),
            Phase::Collecting(masked) => {
                let heard: Vec<u32> = masked.aggregator.agents().collect();
                (0..self.assets.len()).find(|k| heard.binary_search(&(*k as u32)).is_err()).map(|k| self.assets[k])
            }
            Phase::Opening { masked, .. } => {
                let guardian = masked.aggregator.missing().trailing_zeros() as usize;
                let Summing::Masked { roster, .. } = &self.summing else { return None };
                roster.terms().guardians.get(guardian).map(|keys| keys.node)
            }
            Phase::Committing { held, .. } => held.iter().position(|held| !held).map(|k| self.assets[k]),
        }
    }

    /// Asks the next question, or announces the result if there is none.
    pub(crate) fn next(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let query = match self.coordination.query() {
            Ok(query) => query,
            Err(CoordinationError::Finished) => return self.announce(out),
            Err(error) => return self.fail(out, text(error)),
        };
        let began = RoundEvent::Asked { round: query.round, barrier: barrier(&query) };
        match self.question(query, crypto) {
            Ok((bytes, phase)) => {
                self.phase = phase;
                out.events.push_back(began);
                self.broadcast(out, &bytes);
            }
            Err(reason) => self.fail(out, reason),
        }
    }

    fn question(&mut self, query: RoundQuery, crypto: &CryptoProvider) -> Result<(Vec<u8>, Phase), String> {
        let layout = ReportLayout::of(&query).map_err(text)?;
        let Summing::Masked { roster, rule, next_round, .. } = &mut self.summing else {
            return Ok((encode(&query), Phase::Plain(RunningSum::new(layout, self.assets.len()))));
        };
        let ranges = rule.ranges(&query, &layout);
        let quantiser = Quantiser::new(layout, ranges.clone()).map_err(text)?;
        let header = Header {
            round: *next_round,
            // Answers to different queries have no difference worth sending.
            mode: Mode::Full,
            purpose: "planning".to_owned(),
            word_count: u32::try_from(quantiser.word_count()).unwrap_or(u32::MAX),
            ranges: ranges_digest(&ranges, &*crypto.hasher),
            state: state_digest(&encode(&query), &*crypto.hasher),
            contributors_min: roster.terms().contributors_min,
            facilitator: crypto.signer.node_id(),
        };
        let header = header.sign(roster, crypto).map_err(text)?;
        *next_round += 1;
        let aggregator = Aggregator::new(Arc::clone(roster), header.clone());
        let bytes = Question { header, ranges, query: query.clone() }.encode();
        Ok((bytes, Phase::Collecting(Box::new(Masked { query, quantiser, aggregator }))))
    }

    fn broadcast(&self, out: &mut Out<'_>, bytes: &[u8]) {
        self.assets.iter().for_each(|asset| out.send(*asset, bytes.to_vec()));
    }

    /// Hears an asset's answer, a guardian's opening, or that an asset holds the plan.
    pub(crate) fn hear(&mut self, from: NodeId, bytes: &[u8], out: &mut Out<'_>, crypto: &CryptoProvider) {
        let heard = match &mut self.phase {
            Phase::Plain(sum) => {
                hear_plain(sum, &self.assets, from, bytes).map(|complete| complete.then_some(Next::Absorb))
            }
            Phase::Collecting(masked) => masked
                .aggregator
                .accept(bytes, crypto)
                .map_err(text)
                .map(|_| (masked.aggregator.agents().count() == self.assets.len()).then_some(Next::AskGuardians)),
            Phase::Opening { masked, .. } => {
                let heard = masked.aggregator.hear(bytes, crypto).map_err(text);
                heard.map(|_| (masked.aggregator.missing() == 0).then_some(Next::Absorb))
            }
            Phase::Committing { version, held } => {
                hear_held(*version, held, &self.assets, from, bytes).map(|complete| complete.then_some(Next::Activate))
            }
            Phase::Idle | Phase::Done => Ok(None),
        };
        match heard {
            Ok(None) => {}
            Ok(Some(Next::Absorb)) => self.absorb(out, crypto),
            Ok(Some(Next::AskGuardians)) => self.ask_guardians(0, out, crypto),
            Ok(Some(Next::Activate)) => {
                if let Phase::Committing { version, .. } = self.phase {
                    self.phase = Phase::Done;
                    self.broadcast(out, &encode(&activated(out.now, version)));
                }
            }
            Err(reason) => out.events.push_back(RoundEvent::Refused { from, reason }),
        }
    }

    /// Fixes who is in the sum and asks a threshold of guardians, if possible none of those that were silent.
    fn ask_guardians(&mut self, silent: u8, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let Summing::Masked { roster, .. } = &self.summing else { return };
        let mut masked = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Collecting(masked) | Phase::Opening { masked, .. } => masked,
            other => {
                self.phase = other;
                return;
            }
        };
        let committee = roster.committee();
        let mut order: Vec<u8> = (0..committee.guardians()).collect();
        order.sort_by_key(|guardian| silent >> guardian & 1);
        let responders = order.iter().take(usize::from(committee.threshold())).fold(0, |bits, g| bits | 1 << g);
        match masked.aggregator.request(responders, crypto) {
            Ok(request) => {
                for (guardian, keys) in roster.terms().guardians.iter().enumerate() {
                    if responders >> guardian & 1 == 1 {
                        out.send(keys.node, request.clone());
                    }
                }
                self.phase = Phase::Opening { masked, silent, since: out.now };
            }
            Err(error) => self.fail(out, text(error)),
        }
    }

    /// When guardians have been silent too long.
    pub(crate) fn deadline(&self) -> Option<MissionTime> {
        match (&self.phase, &self.summing) {
            (Phase::Opening { since, .. }, Summing::Masked { opening_timeout_ms: Some(timeout_ms), .. }) => {
                Some(MissionTime(since.0 + timeout_ms))
            }
            _ => None,
        }
    }

    /// Asks other guardians if some were silent too long.
    pub(crate) fn handle_timeout(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        if self.deadline().is_none_or(|deadline| out.now < deadline) {
            return;
        }
        if let Phase::Opening { masked, silent, .. } = &self.phase {
            let silent = masked.aggregator.missing() | silent;
            let guardians = masked.aggregator.missing().count_ones();
            out.events.push_back(RoundEvent::Silent { guardians });
            self.ask_guardians(silent, out, crypto);
        }
    }

    fn absorb(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        match self.open(crypto).and_then(|sum| self.coordination.absorb(&sum).map_err(text)) {
            Ok(step) => {
                let step = if self.outcome().status == Status::Optimal { Step::Done } else { step };
                out.events.push_back(RoundEvent::Closed { step });
            }
            Err(reason) => self.fail(out, reason),
        }
    }

    /// The sum of the round, once nobody is missing.
    fn open(&mut self, crypto: &CryptoProvider) -> Result<SummedReport, String> {
        match (core::mem::replace(&mut self.phase, Phase::Idle), &mut self.summing) {
            (Phase::Plain(sum), _) => sum.open().map_err(text),
            (Phase::Opening { masked, .. }, Summing::Masked { rule, .. }) => {
                let opened = masked.aggregator.open(crypto).map_err(text)?;
                let summed = masked.quantiser.restore(&opened.words).map_err(text)?;
                rule.hear(&masked.query, &summed);
                Ok(summed)
            }
            (phase, _) => {
                self.phase = phase;
                Err("a sum was to be opened before it was there; report this".to_owned())
            }
        }
    }

    /// Ends the rounds: announces what is known, and waits until everybody holds the plan if there is one.
    pub(crate) fn announce(&mut self, out: &mut Out<'_>) {
        let mut result = RoundResult::from(&self.outcome());
        if let Some(mix) = &mut result.mix {
            // A weight that underflowed to nothing says nothing, and the wire form does not take it.
            mix.weights.retain(|(_, weight)| *weight > 0.0);
            mix.moves.retain(|step| mix.weights.iter().any(|(key, _)| *key == step.key));
        }
        let holds = result.plan.is_some() && result.mix.is_some();
        let version = u64::from(result.rounds);
        self.phase =
            if holds { Phase::Committing { version, held: vec![false; self.assets.len()] } } else { Phase::Done };
        out.events.push_back(RoundEvent::Announced { status: result.status, plan: holds });
        self.broadcast(out, &encode(&result));
    }

    fn fail(&mut self, out: &mut Out<'_>, reason: String) {
        self.phase = Phase::Idle;
        out.events.push_back(RoundEvent::Void { reason });
    }
}

enum Next {
    Absorb,
    AskGuardians,
    Activate,
}

fn hear_plain(sum: &mut RunningSum, assets: &[NodeId], from: NodeId, bytes: &[u8]) -> Result<bool, String> {
    let asset = assets.iter().position(|asset| *asset == from).ok_or("an answer of nobody in the fleet; refuse it")?;
    let contribution: Contribution = decode(bytes, sum.frame_bytes_max()).map_err(text)?;
    sum.accept(asset, contribution).map_err(text)?;
    Ok(sum.missing().is_none())
}

fn hear_held(version: u64, held: &mut [bool], assets: &[NodeId], from: NodeId, bytes: &[u8]) -> Result<bool, String> {
    let asset = assets.iter().position(|asset| *asset == from).ok_or("a word of nobody in the fleet; refuse it")?;
    let event: Event = decode(bytes, 1 << 10).map_err(text)?;
    if event.kind == (EventKind::PlanActivated { version }) {
        held[asset] = true;
    }
    Ok(held.iter().all(|held| *held))
}

/// The smallest barrier parameter of a query, where the method has one.
fn barrier(query: &RoundQuery) -> Option<f64> {
    match query.ask {
        Ask::Path { .. } | Ask::Follow { .. } | Ask::Newton { .. } | Ask::Guided { .. } => {
            query.points.iter().map(|point| point.barrier).reduce(f64::min)
        }
        Ask::Proximal { .. } | Ask::Accelerated { .. } => None,
    }
}
