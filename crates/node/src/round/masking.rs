use std::sync::Arc;

use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::round::{Quantiser, Ranges, ReportLayout, RoundQuery, SummedReport};
use cosmosmesh_contracts::traits::{CryptoProvider, RangeRule};
use cosmosmesh_contracts::wire::encode;
use cosmosmesh_privacy::mask::{
    Aggregator, Blame, GUARDIANS_MAX, Header, MaskError, Mode, Promises, Roster, Total, Verdict,
};
use cosmosmesh_privacy::{ranges_digest, state_digest};

use super::contributing::text;
use super::question::Question;

/// How a facilitator has its fleet's answers added up under masks.
pub struct Masks {
    /// Who takes part; agents are the facilitator's assets, in their order.
    /// Of its guardians the first are asked first: those with the best links should come first.
    pub roster: Arc<Roster>,
    /// How numbers become words.
    pub rule: Box<dyn RangeRule + Send>,
    /// The first round of the epoch that was not begun yet. Whoever comes back from a restart must not begin one twice.
    pub next_round: u64,
    /// How long guardians may take before others are asked, in milliseconds; without it, for ever.
    pub opening_timeout_ms: Option<i64>,
    /// How long assets may take before a round is closed without those that are late, in milliseconds; without it, for ever.
    /// The method must then be one for fleets whose assets may be away. Rounds whose answers are no differences wait for everybody all the same.
    pub answer_timeout_ms: Option<i64>,
    /// Whether guardians are asked together with the assets, once it is known under which nonces everybody will answer.
    /// Openings then travel while assets compute; who is in the sum is fixed beforehand, and a round that somebody misses is asked again.
    pub ahead: bool,
}

impl Masks {
    /// Sums that wait for everybody, with openings ahead, from the epoch's first round on.
    pub fn new(roster: Arc<Roster>, rule: Box<dyn RangeRule + Send>) -> Self {
        Self { roster, rule, next_round: 0, opening_timeout_ms: None, answer_timeout_ms: None, ahead: true }
    }
}

/// The masked sums of a facilitator, over rounds.
pub(crate) struct Masking {
    pub(crate) masks: Masks,
    total: Total,
    /// Under which nonces everybody answers next; none while somebody was not heard.
    promises: Option<Promises>,
    /// How the last round ended, to be told with the next question.
    closing: Option<Vec<u8>>,
    /// Guardians, as bits, that cheated.
    convicted: u8,
    /// Guardians, as bits, that may not open sums now: they are not asked until they may.
    pub(crate) unheard: u8,
}

/// One masked round.
pub(crate) struct MaskedRound {
    pub(crate) query: RoundQuery,
    pub(crate) quantiser: Quantiser,
    pub(crate) aggregator: Aggregator,
    /// By guardian, once somebody cheated: its pieces, as they came.
    pieces: [Option<Vec<u8>>; GUARDIANS_MAX as usize],
}

/// What opens a round.
pub(crate) struct Opening {
    pub(crate) question: Vec<u8>,
    /// Guardians that are asked at once, and what.
    pub(crate) ahead: Option<(Vec<NodeId>, Vec<u8>)>,
    pub(crate) round: MaskedRound,
}

impl Masking {
    pub(crate) fn new(masks: Masks) -> Self {
        Self { masks, total: Total::new(), promises: None, closing: None, convicted: 0, unheard: 0 }
    }

    /// Begins a round for this query.
    pub(crate) fn begin(&mut self, query: RoundQuery, crypto: &CryptoProvider) -> Result<Opening, String> {
        let layout = ReportLayout::of(&query).map_err(text)?;
        let ranges = self.masks.rule.ranges(&query, &layout);
        let quantiser = Quantiser::new(layout, ranges.clone()).map_err(text)?;
        let roster = Arc::clone(&self.masks.roster);
        let promises = self.promises.take().filter(|_| self.masks.ahead);
        let digest = ranges_digest(&ranges, &*crypto.hasher);
        let word_count = u32::try_from(quantiser.word_count()).unwrap_or(u32::MAX);
        let header = Header {
            round: self.masks.next_round,
            // Where assets may be away, answers are differences already, and whoever is away must not stay in the sum.
            mode: if self.masks.answer_timeout_ms.is_some() {
                Mode::Full
            } else {
                self.total.mode(&digest, word_count)
            },
            ahead: promises.is_some(),
            purpose: "planning".to_owned(),
            word_count,
            ranges: digest,
            state: state_digest(&encode(&query), &*crypto.hasher),
            contributors_min: roster.terms().contributors_min,
            facilitator: crypto.signer.node_id(),
        };
        let header = header.sign(&roster, crypto).map_err(text)?;
        self.masks.next_round += 1;
        let mut aggregator = Aggregator::new(roster, header.clone());
        let ahead = match promises {
            Some(promises) => {
                let responders = self.responders(0)?;
                let request = aggregator.request_ahead(&promises, responders, crypto).map_err(text)?;
                Some((self.guardians(responders), request))
            }
            None => None,
        };
        let closing = self.closing.take().unwrap_or_default();
        let question = Question { header, closing, ranges: Ranges::clone(&ranges), query: query.clone() }.encode();
        Ok(Opening { question, ahead, round: MaskedRound { query, quantiser, aggregator, pieces: Default::default() } })
    }

    /// A threshold of guardians, as bits: none that cheated or may not open sums, and if possible none of those that were silent.
    fn responders(&self, silent: u8) -> Result<u8, String> {
        let committee = self.masks.roster.committee();
        let left_out = self.convicted | self.unheard;
        let mut order: Vec<u8> = (0..committee.guardians()).filter(|g| left_out >> g & 1 == 0).collect();
        if order.len() < usize::from(committee.threshold()) && self.unheard & !self.convicted != 0 {
            let names: Vec<String> = self.guardians(self.unheard).iter().map(NodeId::to_string).collect();
            return Err(format!(
                "{} guardians may open the sum, and {} are needed; without standing: {}: have them show certificates that hold",
                order.len(),
                committee.threshold(),
                names.join(", ")
            ));
        }
        if order.len() < usize::from(committee.threshold()) {
            return Err(format!(
                "{} of {} guardians cheated, and {} honest ones are needed; agree on another committee",
                self.convicted.count_ones(),
                committee.guardians(),
                committee.threshold()
            ));
        }
        order.sort_by_key(|guardian| silent >> guardian & 1);
        Ok(order.iter().take(usize::from(committee.threshold())).fold(0, |bits, g| bits | 1 << g))
    }

    /// The names of guardians that are given as bits.
    pub(crate) fn guardians(&self, bits: u8) -> Vec<NodeId> {
        let guardians = self.masks.roster.terms().guardians.iter().enumerate();
        guardians.filter(|(g, _)| bits >> g & 1 == 1).map(|(_, keys)| keys.node).collect()
    }

    /// A guardian's bit, if the node is one.
    pub(crate) fn bit(&self, node: &NodeId) -> Option<u8> {
        let guardians = &self.masks.roster.terms().guardians;
        guardians.iter().position(|keys| keys.node == *node).map(|k| 1 << k)
    }

    /// Asks a threshold of guardians to open the round, if possible none of those that were silent.
    pub(crate) fn ask_guardians(
        &self,
        round: &mut MaskedRound,
        silent: u8,
        crypto: &CryptoProvider,
    ) -> Result<(Vec<NodeId>, Vec<u8>), String> {
        let responders = self.responders(silent)?;
        let request = round.aggregator.request(responders, crypto).map_err(text)?;
        Ok((self.guardians(responders), request))
    }

    /// Asks all guardians for their pieces.
    pub(crate) fn ask_pieces(
        &self,
        round: &MaskedRound,
        crypto: &CryptoProvider,
    ) -> Result<(Vec<NodeId>, Vec<u8>), String> {
        Ok((self.guardians(u8::MAX), round.aggregator.request_pieces(crypto).map_err(text)?))
    }

    /// Takes the masks off: the sum of the fleet's answers.
    pub(crate) fn open(&mut self, round: &MaskedRound, crypto: &CryptoProvider) -> Result<SummedReport, Unopened> {
        let opened = round.aggregator.open(crypto).map_err(|error| match error {
            MaskError::Check => Unopened::Cheated,
            error => Unopened::Failed(text(error)),
        })?;
        let failed = |error: &dyn core::fmt::Display| Unopened::Failed(error.to_string());
        let width = self.masks.roster.terms().width;
        let words = self.total.absorb(round.aggregator.header(), &opened, width);
        let words = words.ok_or_else(|| failed(&"a difference to a sum that is not known; report this"))?;
        let summed = round.quantiser.restore(words).map_err(|error| failed(&error))?;
        self.masks.rule.hear(&round.query, &summed);
        let everybody = opened.agents.len() == self.masks.roster.terms().agents.len();
        self.promises = everybody.then(|| round.aggregator.promises(crypto));
        self.closing = Some(round.aggregator.closing(true).sign(crypto).map_err(|error| failed(&error))?);
        Ok(summed)
    }

    /// Ends a round without a sum.
    pub(crate) fn void(&mut self, round: &MaskedRound, crypto: &CryptoProvider) {
        self.promises = None;
        self.closing = round.aggregator.closing(false).sign(crypto).ok();
    }

    /// Who cheated, by the pieces that came; whoever is named is not asked again.
    pub(crate) fn verdict(&mut self, round: &MaskedRound, crypto: &CryptoProvider) -> Verdict {
        let mut blame = Blame::new(&round.aggregator);
        for pieces in round.pieces.iter().flatten() {
            // What could not be read was refused when it came.
            let _ = blame.hear(pieces, crypto);
        }
        let verdict = blame.verdict(crypto);
        if let Verdict::Guardians(guilty) = &verdict {
            self.convicted |= guilty.iter().fold(0, |bits, guardian| bits | 1 << guardian);
        }
        verdict
    }
}

/// Why a round gave no sum.
pub(crate) enum Unopened {
    /// The masks do not come off.
    Cheated,
    /// Something else.
    Failed(String),
}

impl MaskedRound {
    /// Takes a guardian's pieces; whether those of all guardians are there.
    pub(crate) fn hear_pieces(&mut self, bytes: &[u8], crypto: &CryptoProvider) -> Result<bool, MaskError> {
        let guardian = Blame::new(&self.aggregator).hear(bytes, crypto)?;
        self.pieces[usize::from(guardian)] = Some(bytes.to_vec());
        Ok(self.silent_pieces() == 0)
    }

    /// The guardians, as bits, whose pieces are missing.
    pub(crate) fn silent_pieces(&self) -> u8 {
        let guardians = self.aggregator.roster().committee().guardians();
        (0..guardians).filter(|g| self.pieces[usize::from(*g)].is_none()).fold(0, |bits, g| bits | 1 << g)
    }
}
