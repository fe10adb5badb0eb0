use std::collections::{BTreeSet, VecDeque};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::message::Event;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::round::Contribution;
use cosmosmesh_contracts::traits::{CryptoProvider, Engine, Step, Transmit, TrustPolicy};
use cosmosmesh_contracts::trust::{Act, OpenTrust, TrustRefusal, Unknown};
use cosmosmesh_contracts::wire::{WireForm, kind_of};
use cosmosmesh_privacy::mask::{Roster, author_of};

use super::act::{ANSWER, COMMIT, OPEN, RUN, act_of};
use super::contributing::Reply;
use super::facilitating::Out;
use super::gate::Heard;
use super::guarding::{PIECES_REQUEST_KIND, REQUEST_KIND};
use super::question::QUESTION_KIND;
use super::{Contributing, Facilitating, Gate, Guarding, Stage};
use crate::standing::SHOWN_KIND;

/// One node in planning rounds, with the roles that it has; what a node tells itself goes by messages too.
///
/// Driven as every [`Engine`]: a round begins by [`Party::begin_round`] and closes by [`RoundEvent::Closed`]; the driver decides whether there is another.
/// A message is looked at in three steps, and each can refuse it by name: whether its author may do what it does ([`Gate`]), whether the author signed it, and whether it fits the round.
pub struct Party<T = OpenTrust> {
    crypto: CryptoProvider,
    gate: Gate<T>,
    facilitating: Option<Facilitating>,
    contributing: Option<Contributing>,
    guarding: Option<Guarding>,
    /// Who asked last: where answers go.
    facilitator: NodeId,
    outbox: VecDeque<Transmit>,
    events: VecDeque<RoundEvent>,
}

/// What a party has to tell its owner.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum RoundEvent {
    /// The facilitator asked a question.
    Asked {
        /// The round.
        round: u32,
        /// The smallest barrier parameter, where the method has one.
        barrier: Option<f64>,
    },
    /// The sum was opened and absorbed.
    Closed {
        /// Whether another round is wanted.
        step: Step,
    },
    /// Guardians were silent too long; others were asked for the same set.
    Silent {
        /// How many.
        guardians: u32,
    },
    /// Assets were silent too long; the sum is without them.
    Absent {
        /// Whose answers are not in it.
        assets: Vec<NodeId>,
    },
    /// The round is void, and its question is asked once more.
    Again {
        /// Why.
        reason: String,
    },
    /// Guardians answered with masks that are not theirs, which their own signatures prove; they are not asked again.
    Blamed {
        /// Who.
        guardians: Vec<NodeId>,
    },
    /// Every guardian holds this asset's keys for the epoch.
    Enrolled,
    /// A message came after its round or its set was over; nobody is to blame.
    Late {
        /// Whose.
        from: NodeId,
    },
    /// The round could not be opened: it is void, and what was known before it stands.
    Void {
        /// Why, and what to do.
        reason: String,
    },
    /// The rounds are over, and the result was announced.
    Announced {
        /// What they came to.
        status: Status,
        /// Whether there is a plan that everybody must hold before it takes effect.
        plan: bool,
    },
    /// The plan is in effect on this asset.
    InEffect,
    /// A message was not heard, because its author may not do what it does: no certificate that holds, or no role that allows it.
    Unheard {
        /// From whom it came.
        from: NodeId,
        /// Whose act, which, and why.
        refusal: TrustRefusal,
    },
    /// An author is heard although its standing is in doubt, in what goes on then; told when the doubt begins.
    InDoubt {
        /// Whose.
        author: NodeId,
        /// What is not known.
        unknown: Unknown,
    },
    /// A message was refused.
    Refused {
        /// Whose.
        from: NodeId,
        /// Why, and what to do.
        reason: String,
    },
}

impl<T: TrustPolicy> Party<T> {
    /// A node without a role yet, signing in its own name, that hears whom the gate lets in; [`Gate::open`] lets everybody in.
    pub fn new(crypto: CryptoProvider, facilitator: NodeId, gate: Gate<T>) -> Self {
        Self {
            crypto,
            gate,
            facilitating: None,
            contributing: None,
            guarding: None,
            facilitator,
            outbox: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The same node as an asset.
    #[must_use]
    pub fn with_asset(self, role: Contributing) -> Self {
        Self { contributing: Some(role), ..self }
    }

    /// The same node as a guardian.
    #[must_use]
    pub fn with_guardian(self, role: Guarding) -> Self {
        Self { guarding: Some(role), ..self }
    }

    /// The same node as the facilitator.
    #[must_use]
    pub fn with_facilitator(self, role: Facilitating) -> Self {
        Self { facilitating: Some(role), ..self }
    }

    /// In whose name it speaks.
    pub fn node_id(&self) -> NodeId {
        self.crypto.signer.node_id()
    }

    /// Its role as an asset.
    pub fn asset(&self) -> Option<&Contributing> {
        self.contributing.as_ref()
    }

    /// Its role as the facilitator.
    pub fn facilitator(&self) -> Option<&Facilitating> {
        self.facilitating.as_ref()
    }

    /// Whom it hears.
    pub fn gate(&self) -> &Gate<T> {
        &self.gate
    }

    /// Whom it hears, to be told that the fleet's log has grown.
    pub fn gate_mut(&mut self) -> &mut Gate<T> {
        &mut self.gate
    }

    /// The gate, when the node is over.
    pub fn into_gate(self) -> Gate<T> {
        self.gate
    }

    /// Shows its certificates to everybody who hears it in a round, itself included: once, when it has new ones, and never within a round.
    ///
    /// `shown` is [`crate::standing::Shown::encode`]d. Whoever asks nobody for certificates refuses it.
    pub fn show(&mut self, shown: &[u8]) {
        let mut hearers = BTreeSet::from([self.node_id()]);
        if let Some(role) = &self.facilitating {
            hearers.extend(role.hearers());
        }
        if let Some(role) = &self.contributing {
            hearers.insert(self.facilitator);
            hearers.extend(role.guardians());
        }
        if let Some(role) = &self.guarding {
            hearers.insert(self.facilitator);
            hearers.extend(&role.roster().terms().agents);
        }
        self.outbox.extend(hearers.into_iter().map(|to| Transmit { to, bytes: shown.to_vec() }));
    }

    /// As an asset: sends its keys for the epoch to the guardians, sealed; see [`cosmosmesh_privacy::mask::Agent::enrol`].
    pub fn begin_epoch(&mut self, bundle: &[u8]) {
        let guardians = self.contributing.as_ref().map_or_else(Vec::new, Contributing::guardians);
        self.outbox.extend(guardians.into_iter().map(|to| Transmit { to, bytes: bundle.to_vec() }));
    }

    /// As the facilitator: asks the next question, or announces the result if there is none.
    ///
    /// A round that could not come to its end is void before anything is asked: if this node may not run it, or if somebody who is needed may not take part.
    /// Guardians that may not open sums are not asked.
    pub fn begin_round(&mut self, now: MissionTime) {
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        let Some(role) = &mut self.facilitating else { return };
        let gate = &self.gate;
        let refused = |node: &NodeId, act: Act| gate.would_admit(node, act, now).err();
        if let Some(refusal) = refused(&self.crypto.signer.node_id(), RUN) {
            return role.stop(&refusal, &mut out, &self.crypto);
        }
        role.leave_out_guardians(|guardian| refused(guardian, OPEN).is_some());
        let lacking = role.needed().find_map(|asset| refused(&asset, ANSWER));
        if let Some(refusal) = lacking {
            return role.stop(&refusal, &mut out, &self.crypto);
        }
        role.next(refused(&self.crypto.signer.node_id(), COMMIT).as_ref(), &mut out, &self.crypto);
    }

    /// As the facilitator: ends the rounds with what is known, now or again.
    ///
    /// A result waits, and says so, while this node may not put a plan in effect; the plan before it stands.
    pub fn announce(&mut self, now: MissionTime) {
        let held = self.gate.would_admit(&self.crypto.signer.node_id(), COMMIT, now).err();
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        if let Some(role) = &mut self.facilitating {
            role.announce(held.as_ref(), &mut out);
        }
    }

    /// Asks the gate about a message; whether it is heard.
    fn admits(&mut self, now: MissionTime, from: NodeId, bytes: &[u8], to_facilitator: bool) -> bool {
        // What is no message of a round is refused below, by whoever would have to read it.
        let Some(act) = act_of(bytes, to_facilitator) else { return true };
        let author = self.author(bytes).unwrap_or(from);
        match self.gate.admit(&author, act, now) {
            Ok(Heard::Plainly) => true,
            Ok(Heard::InDoubt(unknown)) => {
                self.events.push_back(RoundEvent::InDoubt { author, unknown });
                true
            }
            Err((refusal, not_noted)) => {
                self.events.push_back(RoundEvent::Unheard { from, refusal });
                if let Some(reason) = not_noted {
                    self.refuse(from, &reason);
                }
                let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
                if let Some(role) = self.facilitating.as_mut().filter(|_| to_facilitator) {
                    role.unheard(&refusal, &mut out, &self.crypto);
                }
                false
            }
        }
    }

    /// In whose name a message speaks: a signed one in its signer's, a frame in that of the node at the other end of the link, which the link authenticated.
    fn author(&self, bytes: &[u8]) -> Option<NodeId> {
        let header = match bytes.first() {
            Some(&QUESTION_KIND) => super::question::header_bytes(bytes)?,
            _ => bytes,
        };
        author_of(header, self.roster()?)
    }

    fn roster(&self) -> Option<&Roster> {
        let asset = self.contributing.as_ref().and_then(Contributing::roster);
        let guardian = || self.guarding.as_ref().map(Guarding::roster);
        asset.or_else(guardian).or_else(|| self.facilitating.as_ref().and_then(Facilitating::roster))
    }

    fn hear_shown(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) {
        if let Err(error) = self.gate.hear(bytes, now, &*self.crypto.verifier) {
            self.refuse(from, &error.to_string());
        }
    }

    fn hear_as_asset(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) {
        let Some(role) = &mut self.contributing else { return self.refuse(from, "it is for assets, and this is none") };
        match role.hear(now, bytes, &mut self.crypto) {
            Ok(Reply::Nothing) => {}
            Ok(Reply::Send(bytes)) => self.outbox.push_back(Transmit { to: from, bytes }),
            Ok(Reply::Answer(headers, bytes)) => {
                for header in headers {
                    let Some(guardian) = &mut self.guarding else { break };
                    let answered = guardian.hear_header(&header, &self.crypto);
                    self.send_or_refuse(from, answered);
                }
                self.outbox.push_back(Transmit { to: from, bytes });
            }
            Ok(Reply::InEffect) => self.events.push_back(RoundEvent::InEffect),
            Err(reason) => self.events.push_back(RoundEvent::Refused { from, reason }),
        }
    }

    fn hear_as_guardian(&mut self, from: NodeId, bytes: &[u8]) {
        let Some(role) = &mut self.guarding else {
            return self.refuse(from, "it is for guardians, and this is none");
        };
        let answered = match bytes.first() {
            Some(&BUNDLE_KIND) => role.hear_bundle(bytes, &self.crypto).map(|(acceptance, answer)| {
                self.outbox.push_back(Transmit { to: from, bytes: acceptance });
                answer
            }),
            Some(&HEADER_KIND) => role.read_header(bytes, &self.crypto),
            _ => role.answer(from, bytes, &self.crypto),
        };
        self.send_or_refuse(from, answered);
    }

    fn hear_acceptance(&mut self, from: NodeId, bytes: &[u8]) {
        let Some(role) = &mut self.contributing else { return self.refuse(from, "it is for assets, and this is none") };
        match role.hear_acceptance(bytes, &self.crypto) {
            Ok(true) => self.events.push_back(RoundEvent::Enrolled),
            Ok(false) => {}
            Err(reason) => self.refuse(from, &reason),
        }
    }

    fn send_or_refuse(&mut self, from: NodeId, answered: Result<Option<Transmit>, String>) {
        match answered {
            Ok(transmit) => self.outbox.extend(transmit),
            Err(reason) => self.refuse(from, &reason),
        }
    }

    fn refuse(&mut self, from: NodeId, reason: &str) {
        self.events.push_back(RoundEvent::Refused { from, reason: reason.to_owned() });
    }
}

/// The set-up's messages begin so.
pub(crate) const BUNDLE_KIND: u8 = 0x31;
pub(crate) const ACCEPTANCE_KIND: u8 = 0x32;
/// So does a bare header, for guardians that are no assets.
pub(crate) const HEADER_KIND: u8 = 0x33;
/// Messages to the facilitator begin so, or are frames of a contribution or of an event that came from somebody who is asked.
pub(crate) const MASKED_KIND: u8 = 0x34;
pub(crate) const OPENING_KIND: u8 = 0x36;
pub(crate) const PIECES_KIND: u8 = 0x39;

/// An answer in the open, or the word that an asset holds the plan while that is waited for; everything else is for assets.
fn is_for_facilitator(bytes: &[u8], role: Option<&Facilitating>) -> bool {
    match kind_of(bytes) {
        Ok(Contribution::KIND) => true,
        Ok(Event::KIND) => role.is_some_and(|role| role.stage() == Stage::Committing),
        _ => false,
    }
}

impl<T: TrustPolicy> Engine for Party<T> {
    type Event = RoundEvent;

    fn handle_input(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) {
        if bytes.first() == Some(&SHOWN_KIND) {
            return self.hear_shown(now, from, bytes);
        }
        let to_facilitator = match bytes.first() {
            Some(&(MASKED_KIND | OPENING_KIND | PIECES_KIND)) => true,
            _ => is_for_facilitator(bytes, self.facilitating.as_ref()),
        };
        if !self.admits(now, from, bytes, to_facilitator) {
            return;
        }
        match bytes.first() {
            Some(&(BUNDLE_KIND | HEADER_KIND | REQUEST_KIND | PIECES_REQUEST_KIND)) => {
                self.hear_as_guardian(from, bytes);
            }
            Some(&ACCEPTANCE_KIND) => self.hear_acceptance(from, bytes),
            _ if !to_facilitator && from != self.facilitator => {
                self.refuse(from, "it comes from somebody who is not the facilitator");
            }
            _ if !to_facilitator => self.hear_as_asset(now, from, bytes),
            _ => {
                let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
                match &mut self.facilitating {
                    Some(role) => role.hear(from, bytes, &mut out, &self.crypto),
                    None => self.refuse(from, "it is for the facilitator, and this is none"),
                }
            }
        }
    }

    fn handle_timeout(&mut self, now: MissionTime) {
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        if let Some(role) = &mut self.facilitating {
            role.handle_timeout(&mut out, &self.crypto);
        }
    }

    fn poll_transmit(&mut self, _now: MissionTime) -> Option<Transmit> {
        self.outbox.pop_front()
    }

    fn poll_event(&mut self) -> Option<RoundEvent> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<MissionTime> {
        self.facilitating.as_ref().and_then(Facilitating::deadline)
    }
}
