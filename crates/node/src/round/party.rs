use std::collections::VecDeque;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::message::Event;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::round::Contribution;
use cosmosmesh_contracts::traits::{CryptoProvider, Engine, Step, Transmit};
use cosmosmesh_contracts::wire::{WireForm, kind_of};

use super::contributing::Reply;
use super::facilitating::Out;
use super::guarding::{PIECES_REQUEST_KIND, REQUEST_KIND};
use super::{Contributing, Facilitating, Guarding, Stage};

/// One node in planning rounds, with the roles that it has; what a node tells itself goes by messages too.
///
/// Driven as every [`Engine`]: a round begins by [`Party::begin_round`] and closes by [`RoundEvent::Closed`]; the driver decides whether there is another.
pub struct Party {
    crypto: CryptoProvider,
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
    /// A message was refused.
    Refused {
        /// Whose.
        from: NodeId,
        /// Why, and what to do.
        reason: String,
    },
}

impl Party {
    /// A node without a role yet, signing in its own name.
    pub fn new(crypto: CryptoProvider, facilitator: NodeId) -> Self {
        Self {
            crypto,
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

    /// As an asset: sends its keys for the epoch to the guardians, sealed; see [`cosmosmesh_privacy::mask::Agent::enrol`].
    pub fn begin_epoch(&mut self, bundle: &[u8]) {
        let guardians = self.contributing.as_ref().map_or_else(Vec::new, Contributing::guardians);
        self.outbox.extend(guardians.into_iter().map(|to| Transmit { to, bytes: bundle.to_vec() }));
    }

    /// As the facilitator: asks the next question, or announces the result if there is none.
    pub fn begin_round(&mut self, now: MissionTime) {
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        if let Some(role) = &mut self.facilitating {
            role.next(&mut out, &self.crypto);
        }
    }

    /// As the facilitator: ends the rounds with what is known.
    pub fn announce(&mut self, now: MissionTime) {
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        if let Some(role) = &mut self.facilitating {
            role.announce(&mut out);
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
const BUNDLE_KIND: u8 = 0x31;
const ACCEPTANCE_KIND: u8 = 0x32;
/// So does a bare header, for guardians that are no assets.
const HEADER_KIND: u8 = 0x33;
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

impl Engine for Party {
    type Event = RoundEvent;

    fn handle_input(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) {
        let to_facilitator = match bytes.first() {
            Some(&(MASKED_KIND | OPENING_KIND | PIECES_KIND)) => true,
            Some(&(BUNDLE_KIND | HEADER_KIND | REQUEST_KIND | PIECES_REQUEST_KIND)) => {
                return self.hear_as_guardian(from, bytes);
            }
            Some(&ACCEPTANCE_KIND) => return self.hear_acceptance(from, bytes),
            _ => is_for_facilitator(bytes, self.facilitating.as_ref()),
        };
        if !to_facilitator {
            if from != self.facilitator {
                return self.refuse(from, "it comes from somebody who is not the facilitator");
            }
            return self.hear_as_asset(now, from, bytes);
        }
        let mut out = Out { now, outbox: &mut self.outbox, events: &mut self.events };
        match &mut self.facilitating {
            Some(role) => role.hear(from, bytes, &mut out, &self.crypto),
            None => self.refuse(from, "it is for the facilitator, and this is none"),
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
