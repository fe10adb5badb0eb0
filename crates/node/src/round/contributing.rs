use std::sync::Arc;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::message::{Event, EventKind, Severity};
use cosmosmesh_contracts::plan::Plan;
use cosmosmesh_contracts::round::{Mix, Quantiser, ReportLayout, RoundQuery, RoundResult};
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_contracts::wire::{WireForm, decode, encode, kind_of};
use cosmosmesh_privacy::mask::{Agent, Expected, Roster, SignedHeader};
use cosmosmesh_privacy::{ranges_digest, state_digest};
use cosmosmesh_solver_core::{Participant, ParticipantError};

use super::question::{QUESTION_KIND, Question};

/// An asset's role: answers queries about its own problem, and keeps its own part of every plan.
///
/// # Privacy
/// Its problem and its plan stay here. With an agent, an answer leaves it under masks only; without, in the open.
pub struct Contributing {
    participant: Participant,
    masking: Option<(Arc<Roster>, Agent)>,
    result: Option<RoundResult>,
    in_effect: bool,
}

/// What an asset does about a message.
pub(crate) enum Reply {
    Nothing,
    /// Sends this.
    Send(Vec<u8>),
    /// Sends its answer to the question of this header.
    Answer(Box<SignedHeader>, Vec<u8>),
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
        Self { participant, masking: Some((roster, agent)), result: None, in_effect: false }
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
        let Some((roster, agent)) = &mut self.masking else {
            return Err("a question for a masked sum, and this asset has no keys; enrol it".to_owned());
        };
        let Question { header, ranges, query } = Question::decode(bytes, FRAME_BYTES_MAX, roster, crypto)?;
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
        let message = agent.mask(&header, expected, &words, crypto).map_err(text)?;
        Ok(Reply::Answer(Box::new(header), message))
    }
}

/// "Plan `version` is in effect here", or, from the facilitator, everywhere.
pub(crate) fn activated(at: MissionTime, version: u64) -> Event {
    Event { at, severity: Severity::Nominal, kind: EventKind::PlanActivated { version } }
}

pub(crate) fn text(error: impl core::fmt::Display) -> String {
    error.to_string()
}
