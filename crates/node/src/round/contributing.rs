use std::collections::BTreeMap;
use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::{Digest, NodeId};
use cosmosmesh_contracts::message::{Event, EventKind, Severity};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::round::{Mix, Quantiser, ReportLayout, RoundQuery, RoundResult};
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_contracts::wire::{WireForm, decode, encode, kind_of};
use cosmosmesh_privacy::mask::{Agent, Closing, Expected, MaskError, Roster, SignedHeader};
use cosmosmesh_privacy::{ranges_digest, state_digest};
use cosmosmesh_solver_core::{Participant, ParticipantError};

use super::question::{QUESTION_KIND, Question};

/// An asset's role: answers queries about its own problem, and keeps its own part of every plan.
///
/// # Privacy
/// Its problem and its plan stay here. With an agent, an answer leaves it under masks only; without, in the open.
pub struct Contributing {
    participant: Participant,
    masking: Option<Enrolled>,
    result: Option<RoundResult>,
    in_effect: bool,
}

/// What an asset needs to answer under masks.
struct Enrolled {
    roster: Arc<Roster>,
    agent: Agent,
    /// The question that it heard last; its end is told with the next one.
    asked: Option<(SignedHeader, RoundQuery)>,
    /// Questions that overtook the one before them, by round.
    early: BTreeMap<u64, Question>,
}

/// The most questions that wait for one before them.
const EARLY_MAX: usize = 8;

/// What an asset does about a message.
pub(crate) enum Reply {
    Nothing,
    /// Sends this.
    Send(Vec<u8>),
    /// Sends its answer; these headers were heard, that of the question last.
    Answer(Vec<SignedHeader>, Vec<u8>),
    /// The plan is in effect here.
    InEffect,
}

/// The most bytes an asset takes in one message.
const FRAME_BYTES_MAX: usize = 1 << 26;

impl Contributing {
    /// An asset that answers in the open.
    pub fn plain(participant: Participant) -> Self {
        Self { participant, masking: None, result: None, in_effect: false }
    }

    /// An asset that answers under masks, with an agent that is enrolled.
    pub fn masked(participant: Participant, roster: Arc<Roster>, agent: Agent) -> Self {
        let enrolled = Enrolled { roster, agent, asked: None, early: BTreeMap::new() };
        Self { participant, masking: Some(enrolled), result: None, in_effect: false }
    }

    /// How many guardians said that they hold this asset's keys.
    pub fn accepted(&self) -> u32 {
        self.masking.as_ref().map_or(0, |enrolled| enrolled.agent.accepted().count_ones())
    }

    /// Hears a guardian's acceptance; whether it is the one that was still missing.
    pub(crate) fn hear_acceptance(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<bool, String> {
        let Some(enrolled) = &mut self.masking else {
            return Err("an acceptance, and this asset has no keys; refuse its sender".to_owned());
        };
        let before = enrolled.agent.accepted();
        enrolled.agent.hear_acceptance(bytes, crypto).map_err(text)?;
        let (after, all) = (enrolled.agent.accepted(), u32::from(enrolled.roster.committee().guardians()));
        Ok(before != after && after.count_ones() == all)
    }

    /// Who takes part, where answers go under masks.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        self.masking.as_ref().map(|enrolled| &*enrolled.roster)
    }

    /// The guardians to whom its keys go.
    pub(crate) fn guardians(&self) -> Vec<NodeId> {
        let keys = self.masking.iter().flat_map(|enrolled| &enrolled.roster.terms().guardians);
        keys.map(|keys| keys.node).collect()
    }

    /// Whether the announced plan is in effect here.
    pub fn in_effect(&self) -> bool {
        self.in_effect
    }

    /// The result that was announced, if it was.
    pub fn result(&self) -> Option<&RoundResult> {
        self.result.as_ref()
    }

    /// This asset's own plan in a mix of its answers.
    ///
    /// # Errors
    /// [`ParticipantError`] if it does not keep an answer of the mix.
    pub fn plan(&self, mix: &Mix) -> Result<Plan, ParticipantError> {
        self.participant.plan(mix)
    }

    /// Local Newton steps so far.
    pub fn newton_steps(&self) -> u64 {
        self.participant.newton_steps()
    }

    pub(crate) fn hear(
        &mut self,
        now: MissionTime,
        bytes: &[u8],
        crypto: &mut CryptoProvider,
    ) -> Result<Reply, String> {
        if bytes.first() == Some(&QUESTION_KIND) {
            return self.answer_masked(bytes, crypto);
        }
        match kind_of(bytes).map_err(text)? {
            RoundQuery::KIND => {
                if self.masking.is_some() {
                    return Err("a query came without a header, and this asset answers under masks only".to_owned());
                }
                let query: RoundQuery = decode(bytes, FRAME_BYTES_MAX).map_err(text)?;
                Ok(Reply::Send(encode(&self.participant.answer(&query).map_err(text)?)))
            }
            RoundResult::KIND => {
                let result: RoundResult = decode(bytes, FRAME_BYTES_MAX).map_err(text)?;
                let holds = result.plan.is_some() && result.mix.is_some();
                let version = u64::from(result.rounds);
                self.result = Some(result);
                Ok(if holds { Reply::Send(encode(&activated(now, version))) } else { Reply::Nothing })
            }
            Event::KIND => {
                let event: Event = decode(bytes, FRAME_BYTES_MAX).map_err(text)?;
                match (&event.kind, &self.result) {
                    (EventKind::PlanActivated { version }, Some(result)) if *version == u64::from(result.rounds) => {
                        self.in_effect = true;
                        Ok(Reply::InEffect)
                    }
                    _ => Ok(Reply::Nothing),
                }
            }
            kind => Err(format!("kind {kind} is not for assets")),
        }
    }

    fn answer_masked(&mut self, bytes: &[u8], crypto: &mut CryptoProvider) -> Result<Reply, String> {
        let Some(enrolled) = &mut self.masking else {
            return Err("a question for a masked sum, and this asset has no keys; enrol it".to_owned());
        };
        let mut question = Question::decode(bytes, FRAME_BYTES_MAX, &enrolled.roster, crypto)?;
        let round = question.header.header().round;
        if let Some((last, _)) = &enrolled.asked {
            if round <= last.header().round {
                return Err(text(MaskError::Spoken { last: last.header().round }));
            }
            if question.follows().is_some_and(|before| before != last.hash()) {
                return enrolled.wait(question);
            }
        } else if question.follows().is_some() {
            return enrolled.wait(question);
        }
        // Of questions that have come together only the last is still open: in the others' sums it cannot be any more.
        let mut headers = Vec::new();
        loop {
            enrolled.close(&question, &mut self.participant, crypto)?;
            headers.push(question.header.clone());
            let hash = question.header.hash();
            let Some(next) = enrolled.after(&hash) else { break };
            enrolled.asked = Some((question.header, question.query));
            question = next;
        }
        let Question { header, ranges, query, .. } = question;
        let layout = ReportLayout::of(&query).map_err(text)?;
        let expected = Expected {
            ranges: ranges_digest(&ranges, &*crypto.hasher),
            state: state_digest(&encode(&query), &*crypto.hasher),
        };
        let quantiser = Quantiser::new(layout, ranges).map_err(text)?;
        if quantiser.word_count() != header.header().word_count as usize {
            return Err("a header's number of words is not its query's; report its facilitator".to_owned());
        }
        let answer = self.participant.answer(&query).map_err(text)?;
        let words = quantiser.quantise(&answer).map_err(text)?;
        let message = enrolled.agent.mask(&header, expected, &words, crypto).map_err(text)?;
        enrolled.asked = Some((header, query));
        Ok(Reply::Answer(headers, message))
    }
}

impl Enrolled {
    /// Keeps a question until the one before it is there.
    fn wait(&mut self, question: Question) -> Result<Reply, String> {
        if self.early.len() >= EARLY_MAX {
            return Err("too many questions whose predecessors were not heard; ask the facilitator for them".to_owned());
        }
        self.early.insert(question.header.header().round, question);
        Ok(Reply::Nothing)
    }

    /// The question that waits for the one of this header.
    fn after(&mut self, header: &Digest) -> Option<Question> {
        let round =
            self.early.iter().find(|(_, question)| question.follows() == Some(*header)).map(|(round, _)| *round)?;
        self.early.remove(&round)
    }

    /// Hears how the round before ended: whoever is not in its sum was away.
    fn close(
        &mut self,
        question: &Question,
        participant: &mut Participant,
        crypto: &CryptoProvider,
    ) -> Result<(), String> {
        let (Some((header, query)), Some(_)) = (&self.asked, question.follows()) else { return Ok(()) };
        let closing = Closing::read(&question.closing, header, crypto).map_err(text)?;
        self.agent.hear_closing(&closing);
        if closing.opened && closing.agents.binary_search(&self.agent.index()).is_err() {
            participant.retract(query);
        }
        Ok(())
    }
}

/// "Plan `version` is in effect here", or, from the facilitator, everywhere.
pub(crate) fn activated(at: MissionTime, version: u64) -> Event {
    Event { at, severity: Severity::Nominal, kind: EventKind::PlanActivated { version } }
}

pub(crate) fn text(error: impl core::fmt::Display) -> String {
    error.to_string()
}
