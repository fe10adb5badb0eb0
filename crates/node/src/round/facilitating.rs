use std::collections::VecDeque;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::message::{Event, EventKind};
use cosmosmesh_contracts::plan::{Outcome, Status};
use cosmosmesh_contracts::round::{Ask, Contribution, ReportLayout, RoundQuery, RoundResult, SummedReport};
use cosmosmesh_contracts::traits::{Coordination, CoordinationError, CryptoProvider, Step, Transmit};
use cosmosmesh_contracts::trust::TrustRefusal;
use cosmosmesh_contracts::wire::{decode, encode};
use cosmosmesh_privacy::mask::{MaskError, Roster, Verdict};

use super::RoundEvent;
use super::act::{ANSWER, OPEN};
use super::contributing::{activated, text};
use super::masking::{MaskedRound, Masking, Masks, Opening, Unopened};
use super::party::{MASKED_KIND, OPENING_KIND, PIECES_KIND};
use super::plain::RunningSum;

/// The facilitator's role: runs a coordination method over the sums of its fleet.
///
/// # Privacy
/// With masks it learns the sum over the assets that answered, and who they are; in the open it sees every answer until that is added.
/// It cannot hold an answer once that is in the sum.
pub struct Facilitating {
    coordination: Box<dyn Coordination + Send>,
    /// In the order of the coordination; under masks, of the roster.
    assets: Vec<NodeId>,
    masking: Option<Masking>,
    phase: Phase,
}

/// How answers are added up.
pub enum Summing {
    /// In the open.
    Plain,
    /// Under masks.
    Masked(Masks),
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
    /// Guardians are asked for pieces, since one of them or an asset cheated.
    Blaming,
    /// Everybody must say that it holds the plan.
    Committing,
    /// The plan is in effect, or there is none.
    Done,
}

enum Phase {
    Idle,
    Plain(RunningSum),
    Collecting { masked: Box<MaskedRound>, since: MissionTime },
    Opening { masked: Box<MaskedRound>, silent: u8, since: MissionTime },
    Blaming { masked: Box<MaskedRound>, since: MissionTime },
    Committing { version: u64, held: Vec<bool> },
    Done,
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

    fn send_all(&mut self, to: &[NodeId], bytes: &[u8]) {
        to.iter().for_each(|to| self.send(*to, bytes.to_vec()));
    }
}

impl Facilitating {
    /// A facilitator of these assets.
    ///
    /// # Panics
    /// If the roster's agents are not these assets in this order.
    pub fn new(coordination: Box<dyn Coordination + Send>, assets: Vec<NodeId>, summing: Summing) -> Self {
        let masking = match summing {
            Summing::Plain => None,
            Summing::Masked(masks) => {
                assert_eq!(masks.roster.terms().agents, assets, "the roster's agents are the coordination's assets");
                Some(Masking::new(masks))
            }
        };
        Self { coordination, assets, masking, phase: Phase::Idle }
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        match &self.phase {
            Phase::Idle => Stage::Idle,
            Phase::Plain(_) | Phase::Collecting { .. } => Stage::Collecting,
            Phase::Opening { .. } => Stage::Opening,
            Phase::Blaming { .. } => Stage::Blaming,
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
        let guardian = |bits: u8| self.masking.as_ref()?.guardians(bits).first().copied();
        match &self.phase {
            Phase::Idle | Phase::Done => None,
            Phase::Plain(sum) => sum.missing().map(|k| self.assets[k]),
            Phase::Collecting { masked, .. } => late(masked, self.assets.len()).next().map(|k| self.assets[k]),
            Phase::Opening { masked, .. } => guardian(masked.aggregator.missing()),
            Phase::Blaming { masked, .. } => guardian(masked.silent_pieces()),
            Phase::Committing { held, .. } => held.iter().position(|held| !held).map(|k| self.assets[k]),
        }
    }

    /// Who takes part, where sums are masked.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        self.masking.as_ref().map(|masking| &*masking.masks.roster)
    }

    /// Everybody who hears it: assets and guardians.
    pub(crate) fn hearers(&self) -> impl Iterator<Item = NodeId> {
        let guardians = self.masking.as_ref().map_or_else(Vec::new, |masking| masking.guardians(u8::MAX));
        self.assets.iter().copied().chain(guardians)
    }

    /// The assets without which the next round cannot end: all of them, or none where a round goes on without those that are late.
    pub(crate) fn needed(&self) -> impl Iterator<Item = NodeId> {
        let may_be_away = self.masking.as_ref().is_some_and(|masking| masking.masks.answer_timeout_ms.is_some());
        self.assets.iter().copied().filter(move |_| !may_be_away)
    }

    /// Says which guardians may not open sums now.
    pub(crate) fn leave_out_guardians(&mut self, may_not: impl Fn(&NodeId) -> bool) {
        let Some(masking) = &mut self.masking else { return };
        let guardians = masking.masks.roster.terms().guardians.iter().enumerate();
        let bits = guardians.filter(|(_, keys)| may_not(&keys.node)).fold(0, |bits, (g, _)| bits | 1 << g);
        masking.unheard = bits;
    }

    /// Ends the round that runs, or begins none, because somebody who is needed may not take part.
    pub(crate) fn stop(&mut self, refusal: &TrustRefusal, out: &mut Out<'_>, crypto: &CryptoProvider) {
        if let (Some(masking), Phase::Collecting { masked, .. }) = (&mut self.masking, &self.phase) {
            masking.void(masked, crypto);
        }
        self.fail(out, format!("{refusal}; the round cannot end, and what was known before it stands"));
    }

    /// A message to the facilitator was not heard. Whoever is needed ends the round by name; a guardian is replaced.
    pub(crate) fn unheard(&mut self, refusal: &TrustRefusal, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let is_author = |k: usize| self.assets[k] == refusal.author;
        match &self.phase {
            Phase::Plain(sum) if refusal.act == ANSWER && sum.all_missing().any(is_author) => {
                self.stop(refusal, out, crypto);
            }
            // With a deadline the round goes on without it.
            Phase::Collecting { masked, .. }
                if refusal.act == ANSWER
                    && self.deadline().is_none()
                    && late(masked, self.assets.len()).any(is_author) =>
            {
                self.stop(refusal, out, crypto);
            }
            Phase::Collecting { .. } | Phase::Opening { .. } if refusal.act == OPEN => {
                let Some(masking) = &mut self.masking else { return };
                let Some(bit) = masking.bit(&refusal.author).filter(|bit| masking.unheard & bit == 0) else { return };
                masking.unheard |= bit;
                if let Phase::Opening { masked, silent, .. } = &self.phase
                    && masked.aggregator.missing() & bit != 0
                {
                    self.ask_guardians(*silent, out, crypto);
                }
            }
            _ => {}
        }
    }

    /// Asks the next question, or announces the result if there is none.
    ///
    /// `held` says why a result is not announced now, if it is not.
    pub(crate) fn next(&mut self, held: Option<&TrustRefusal>, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let query = match self.coordination.query() {
            Ok(query) => query,
            Err(CoordinationError::Finished) => return self.announce(held, out),
            Err(error) => return self.fail(out, text(error)),
        };
        out.events.push_back(RoundEvent::Asked { round: query.round, barrier: barrier(&query) });
        if let Err(reason) = self.ask(query, out, crypto) {
            self.fail(out, reason);
        }
    }

    fn ask(&mut self, query: RoundQuery, out: &mut Out<'_>, crypto: &CryptoProvider) -> Result<(), String> {
        let Some(masking) = &mut self.masking else {
            let layout = ReportLayout::of(&query).map_err(text)?;
            self.phase = Phase::Plain(RunningSum::new(layout, self.assets.len()));
            out.send_all(&self.assets, &encode(&query));
            return Ok(());
        };
        let Opening { question, ahead, round } = masking.begin(query, crypto)?;
        out.send_all(&self.assets, &question);
        // Guardians that are no assets hear no question, and answer only for headers that they heard.
        let mut apart = masking.guardians(u8::MAX);
        apart.retain(|guardian| !self.assets.contains(guardian));
        out.send_all(&apart, round.aggregator.header().bytes());
        if let Some((guardians, request)) = ahead {
            out.send_all(&guardians, &request);
        }
        self.phase = Phase::Collecting { masked: Box::new(round), since: out.now };
        Ok(())
    }

    /// The round is void: the same question once more, in the ordinary way.
    fn ask_again(&mut self, masked: &MaskedRound, reason: String, out: &mut Out<'_>, crypto: &CryptoProvider) {
        if let Some(masking) = &mut self.masking {
            masking.void(masked, crypto);
        }
        self.phase = Phase::Idle;
        match self.coordination.query().map_err(text).and_then(|query| self.ask(query, out, crypto)) {
            Ok(()) => out.events.push_back(RoundEvent::Again { reason }),
            Err(reason) => self.fail(out, reason),
        }
    }

    /// Hears an asset's answer, a guardian's opening, or that an asset holds the plan.
    pub(crate) fn hear(&mut self, from: NodeId, bytes: &[u8], out: &mut Out<'_>, crypto: &CryptoProvider) {
        let kind = bytes.first().copied().unwrap_or(0);
        let is_masked = matches!(kind, MASKED_KIND | OPENING_KIND | PIECES_KIND);
        let heard = match &mut self.phase {
            Phase::Plain(sum) => {
                hear_plain(sum, &self.assets, from, bytes).map(|complete| complete.then_some(Next::Absorb))
            }
            Phase::Collecting { masked, .. } | Phase::Opening { masked, .. } if is_masked => {
                match hear_masked(masked, kind, bytes, crypto) {
                    Ok(()) => Ok(next_of(masked, self.assets.len())),
                    Err(MaskError::Promise { agent }) => Ok(Some(Next::Again(text(MaskError::Promise { agent })))),
                    Err(error) => refused_or_late(error),
                }
            }
            Phase::Blaming { masked, .. } if is_masked => match masked.hear_pieces(bytes, crypto) {
                Ok(complete) => Ok(complete.then_some(Next::Judge)),
                Err(_) if kind != PIECES_KIND => Ok(Some(Next::Late)),
                Err(error) => refused_or_late(error),
            },
            Phase::Committing { version, held } if !is_masked => {
                hear_held(*version, held, &self.assets, from, bytes).map(|complete| complete.then_some(Next::Activate))
            }
            _ => Ok(Some(Next::Late)),
        };
        match heard {
            Ok(None) => {}
            Ok(Some(Next::Late)) => out.events.push_back(RoundEvent::Late { from }),
            Ok(Some(Next::Absorb)) => self.absorb(out, crypto),
            Ok(Some(Next::AskGuardians)) => self.ask_guardians(0, out, crypto),
            Ok(Some(Next::AwaitOpenings)) => self.await_openings(out, crypto),
            Ok(Some(Next::Judge)) => self.judge(out, crypto),
            Ok(Some(Next::Again(reason))) => {
                if let Phase::Collecting { masked, .. } | Phase::Opening { masked, .. } =
                    core::mem::replace(&mut self.phase, Phase::Idle)
                {
                    self.ask_again(&masked, reason, out, crypto);
                }
            }
            Ok(Some(Next::Activate)) => {
                if let Phase::Committing { version, .. } = self.phase {
                    self.phase = Phase::Done;
                    out.send_all(&self.assets, &encode(&activated(out.now, version)));
                }
            }
            Err(reason) => out.events.push_back(RoundEvent::Refused { from, reason }),
        }
    }

    /// Everybody answered before the guardians that were asked ahead.
    fn await_openings(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        self.phase = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Collecting { masked, .. } => Phase::Opening { masked, silent: 0, since: out.now },
            other => other,
        };
        // Whoever was asked ahead and was not heard is replaced now.
        let unheard = self.masking.as_ref().map_or(0, |masking| masking.unheard);
        if let Phase::Opening { masked, .. } = &self.phase
            && masked.aggregator.missing() & unheard != 0
        {
            self.ask_guardians(0, out, crypto);
        }
    }

    /// Fixes who is in the sum and asks a threshold of guardians, if possible none of those that were silent.
    fn ask_guardians(&mut self, silent: u8, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let Some(masking) = &self.masking else { return };
        let mut masked = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Collecting { masked, .. } | Phase::Opening { masked, .. } => masked,
            other => {
                self.phase = other;
                return;
            }
        };
        match masking.ask_guardians(&mut masked, silent, crypto) {
            Ok((guardians, request)) => {
                out.send_all(&guardians, &request);
                self.phase = Phase::Opening { masked, silent, since: out.now };
            }
            Err(reason) => self.fail(out, reason),
        }
    }

    /// When assets or guardians have been silent too long.
    pub(crate) fn deadline(&self) -> Option<MissionTime> {
        let masks = &self.masking.as_ref()?.masks;
        let (since, timeout_ms) = match &self.phase {
            // The first answers of a plan are whole, and nobody can be without them.
            Phase::Collecting { masked, since } => {
                (since, masks.answer_timeout_ms.filter(|_| masked.query.is_relative()))
            }
            Phase::Opening { since, .. } | Phase::Blaming { since, .. } => (since, masks.opening_timeout_ms),
            _ => return None,
        };
        timeout_ms.map(|timeout_ms| MissionTime(since.0 + timeout_ms))
    }

    /// Goes on without assets that were silent too long, or asks other guardians.
    pub(crate) fn handle_timeout(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        if self.deadline().is_none_or(|deadline| out.now < deadline) {
            return;
        }
        match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Collecting { masked, .. } => {
                let missing: Vec<NodeId> = late(&masked, self.assets.len()).map(|k| self.assets[k]).collect();
                let min = masked.aggregator.header().header().contributors_min as usize;
                if masked.aggregator.header().header().ahead {
                    let reason = format!("{} assets are missing from a set that was fixed ahead", missing.len());
                    self.ask_again(&masked, reason, out, crypto);
                } else if masked.aggregator.agents().count() < min {
                    // A sum of fewer would show reports: there is nothing to do but wait.
                    self.phase = Phase::Collecting { masked, since: out.now };
                } else {
                    out.events.push_back(RoundEvent::Absent { assets: missing });
                    self.phase = Phase::Collecting { masked, since: out.now };
                    self.ask_guardians(0, out, crypto);
                }
            }
            Phase::Opening { masked, silent, since } => {
                let guardians = masked.aggregator.missing().count_ones();
                let silent = masked.aggregator.missing() | silent;
                out.events.push_back(RoundEvent::Silent { guardians });
                self.phase = Phase::Opening { masked, silent, since };
                self.ask_guardians(silent, out, crypto);
            }
            Phase::Blaming { masked, since } => {
                out.events.push_back(RoundEvent::Silent { guardians: masked.silent_pieces().count_ones() });
                self.phase = Phase::Blaming { masked, since };
                self.judge(out, crypto);
            }
            other => self.phase = other,
        }
    }

    fn absorb(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let sum = match core::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Plain(sum) => sum.open().map_err(text),
            Phase::Opening { masked, .. } | Phase::Collecting { masked, .. } => match self.open(&masked, crypto) {
                Ok(sum) => Ok(sum),
                Err(Unopened::Cheated) => return self.blame(masked, out, crypto),
                Err(Unopened::Failed(reason)) => Err(reason),
            },
            _ => Err("a sum was to be opened before it was there; report this".to_owned()),
        };
        match sum.and_then(|sum| self.coordination.absorb(&sum).map_err(text)) {
            Ok(step) => {
                let step = if self.outcome().status == Status::Optimal { Step::Done } else { step };
                out.events.push_back(RoundEvent::Closed { step });
            }
            Err(reason) => self.fail(out, reason),
        }
    }

    fn open(&mut self, masked: &MaskedRound, crypto: &CryptoProvider) -> Result<SummedReport, Unopened> {
        match &mut self.masking {
            Some(masking) => masking.open(masked, crypto),
            None => Err(Unopened::Failed("a masked sum without masks; report this".to_owned())),
        }
    }

    /// The masks did not come off: asks every guardian for its pieces.
    fn blame(&mut self, masked: Box<MaskedRound>, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let Some(masking) = &self.masking else { return };
        match masking.ask_pieces(&masked, crypto) {
            Ok((guardians, request)) => {
                out.send_all(&guardians, &request);
                self.phase = Phase::Blaming { masked, since: out.now };
            }
            Err(reason) => self.fail(out, reason),
        }
    }

    /// Names who cheated; without those guardians the question is asked again.
    fn judge(&mut self, out: &mut Out<'_>, crypto: &CryptoProvider) {
        let (Some(masking), Phase::Blaming { masked, .. }) =
            (&mut self.masking, core::mem::replace(&mut self.phase, Phase::Idle))
        else {
            return;
        };
        match masking.verdict(&masked, crypto) {
            Verdict::Guardians(guilty) => {
                let bits = guilty.iter().fold(0, |bits, guardian| bits | 1 << guardian);
                out.events.push_back(RoundEvent::Blamed { guardians: masking.guardians(bits) });
                let reason = format!("{} guardians answered with masks that are not theirs", guilty.len());
                self.ask_again(&masked, reason, out, crypto);
            }
            Verdict::Agents => {
                masking.void(&masked, crypto);
                let reason = "an asset sent words that are no answer under its masks; the guardians agree with each other, so it cannot be named: leave assets out until the sum opens";
                self.fail(out, reason.to_owned());
            }
            Verdict::Open => {
                masking.void(&masked, crypto);
                let reason = "a guardian or an asset cheated, and too few guardians showed their pieces to name it; void, and the previous sum stands";
                self.fail(out, reason.to_owned());
            }
        }
    }

    /// Ends the rounds: announces what is known, and waits until everybody holds the plan if there is one.
    ///
    /// `held` says why that must wait, if it must; then it is announced by the next call that does not say so.
    pub(crate) fn announce(&mut self, held: Option<&TrustRefusal>, out: &mut Out<'_>) {
        if let Some(refusal) = held {
            return self
                .fail(out, format!("{refusal}; the result is known and not announced, and the plan before it stands"));
        }
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
        out.send_all(&self.assets, &encode(&result));
    }

    fn fail(&mut self, out: &mut Out<'_>, reason: String) {
        self.phase = Phase::Idle;
        out.events.push_back(RoundEvent::Void { reason });
    }
}

enum Next {
    Absorb,
    AskGuardians,
    AwaitOpenings,
    Judge,
    Again(String),
    Activate,
    Late,
}

/// The assets, by index, whose answers are not there.
fn late(masked: &MaskedRound, assets: usize) -> impl Iterator<Item = usize> {
    let heard: Vec<u32> = masked.aggregator.agents().collect();
    (0..assets).filter(move |k| heard.binary_search(&(*k as u32)).is_err())
}

fn hear_masked(masked: &mut MaskedRound, kind: u8, bytes: &[u8], crypto: &CryptoProvider) -> Result<(), MaskError> {
    match kind {
        OPENING_KIND => masked.aggregator.hear(bytes, crypto).map(|_| ()),
        _ => masked.aggregator.accept(bytes, crypto).map(|_| ()),
    }
}

/// What a round needs next, once something of it was heard.
fn next_of(masked: &MaskedRound, assets: usize) -> Option<Next> {
    let online = masked.aggregator.agents().count();
    match (masked.aggregator.is_asked(), masked.aggregator.missing()) {
        // Whoever was left out of the set is not waited for.
        (true, 0) if online == assets || !masked.aggregator.header().header().ahead => Some(Next::Absorb),
        (true, missing) if missing != 0 && online == assets && masked.aggregator.header().header().ahead => {
            Some(Next::AwaitOpenings)
        }
        (false, _) if online == assets => Some(Next::AskGuardians),
        _ => None,
    }
}

/// What belongs to a round or a set that is over came too late, and is nobody's fault.
fn refused_or_late(error: MaskError) -> Result<Option<Next>, String> {
    match error {
        MaskError::OtherRound | MaskError::OtherSet => Ok(Some(Next::Late)),
        error => Err(text(error)),
    }
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
        Ask::Path { .. } | Ask::Follow { .. } | Ask::Newton { .. } | Ask::Guided(_) | Ask::Allotted { .. } => {
            query.points.iter().map(|point| point.barrier).reduce(f64::min)
        }
        Ask::Proximal { .. } | Ask::Accelerated { .. } => None,
    }
}
