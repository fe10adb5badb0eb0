use std::sync::Arc;

use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::{
    Contribution, Quantiser, Ranges, ReportError, ReportLayout, RoundQuery, SummedReport, WordWidth,
};
use cosmosmesh_contracts::traits::{ContentHasher, CryptoProvider, RangeRule, Store, Sum, SumError};
use cosmosmesh_contracts::wire::encode;

use crate::mask::{
    Agent, Aggregator, Committee, Expected, Guardian, GuardianKeys, Header, MaskError, Mode, Roster, RosterError,
    RosterTerms, Survival,
};

/// Adds contributions under masks that only a committee can take off the sum, with every party inside this process.
///
/// It runs the same state machines, and makes the same messages, as a fleet over links; so it shows and measures what masking does.
/// Its sums are those of the words that [`Quantiser`] makes, to the last bit.
/// # Privacy
/// Inside one process it protects nobody: whoever runs the process sees every contribution before it is masked. Protection comes with separate processes.
/// # Cost
/// Per contribution one stream of its words per subset of guardians, a signature and a check; per guardian as much again for the subsets it answers for.
/// # Source
/// docs/protocol/03-secure-aggregation.md.
pub struct MaskedSum {
    roster: Arc<Roster>,
    rule: Box<dyn RangeRule + Send>,
    width: WordWidth,
    agents: Vec<(Agent, CryptoProvider)>,
    guardians: Vec<(Guardian, CryptoProvider)>,
    facilitator: CryptoProvider,
    noise: Option<Box<Noise>>,
    round: u64,
    traffic: MaskTraffic,
}

/// Adds noise to an asset's integers before they become words: the asset's index, the quantiser, the integers.
pub type Noise = dyn FnMut(usize, &Quantiser, &mut Vec<i128>) -> Result<(), SumError> + Send;

/// What the masked sum has cost on links so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MaskTraffic {
    /// Rounds that were opened.
    pub rounds: u64,
    /// Bytes of the messages that each asset sent in rounds.
    pub bytes_up: u64,
    /// Bytes of the bare words in them.
    pub bytes_words: u64,
    /// Bytes that each asset sent once, for the set-up.
    pub bytes_set_up: u64,
    /// Bytes of the headers that each asset heard.
    pub bytes_down: u64,
    /// Bytes of requests that each guardian heard.
    pub guardian_bytes_down: u64,
    /// Bytes of openings that each guardian sent.
    pub guardian_bytes_up: u64,
    /// Masks that the busiest guardian worked out, each as long as a message.
    pub guardian_masks: u64,
}

impl MaskedSum {
    /// A fleet of so many assets, of which the first are its own guardians: four, or three of three.
    ///
    /// `node` gives each node its primitives, signing in a name of its own; `store` gives each guardian a place for its record.
    /// # Errors
    /// [`SetUpError::Roster`] below three assets; [`SetUpError::Mask`] if a primitive or a store fails.
    /// # Cost
    /// Per asset one key agreement and one signature check for each guardian on either side: about a millisecond.
    pub fn new(
        agent_count: u32,
        width: WordWidth,
        rule: Box<dyn RangeRule + Send>,
        node: &mut dyn FnMut() -> CryptoProvider,
        store: &mut dyn FnMut() -> Box<dyn Store + Send>,
    ) -> Result<Self, SetUpError> {
        let contributors_min = Roster::CONTRIBUTORS_MIN;
        if agent_count < contributors_min {
            return Err(SetUpError::Roster(RosterError::TooFew { agents: agent_count, min: contributors_min }));
        }
        let committee = Committee::of(agent_count.min(GUARDIANS) as u8).map_err(SetUpError::Committee)?;
        let mut providers: Vec<CryptoProvider> = (0..agent_count).map(|_| node()).collect();
        let facilitator = node();
        let mut secrets = Vec::new();
        let mut guardians = Vec::new();
        for provider in providers.iter_mut().take(usize::from(committee.guardians())) {
            let mut secret = zeroize::Zeroizing::new([0; 32]);
            provider.random.fill(&mut *secret).map_err(MaskError::from)?;
            let agreement = provider.agreement.public_key(&secret);
            guardians.push(GuardianKeys { node: provider.signer.node_id(), agreement });
            secrets.push(secret);
        }
        let terms = RosterTerms {
            mission: facilitator.hasher.digest("cosmosmesh/mask/mission/1", &[b"one process"]),
            epoch: 0,
            agents: providers.iter().map(|provider| provider.signer.node_id()).collect(),
            guardians,
            committee,
            facilitators: vec![facilitator.signer.node_id()],
            contributors_min,
            churn_min: 1,
            width,
            words_max: WORDS_MAX,
            bits_per_word: Roster::bits_per_word(agent_count, width),
        };
        let roster = Arc::new(Roster::new(terms, &*facilitator.hasher).map_err(SetUpError::Roster)?);
        let mut guardians = Vec::new();
        for (k, secret) in secrets.iter().enumerate() {
            // A guardian has primitives of its own, signing in the name that its asset signs in.
            let crypto = providers[k].with(Arc::clone(&providers[k].signer), node().random);
            let guardian = Guardian::open(Arc::clone(&roster), k as u8, secret, store(), None, &crypto)?;
            guardians.push((guardian, crypto));
        }
        let mut agents = Vec::with_capacity(providers.len());
        let mut traffic = MaskTraffic::default();
        for (k, mut crypto) in providers.into_iter().enumerate() {
            let (mut agent, bundle) = Agent::enrol(Arc::clone(&roster), k as u32, &mut crypto)?;
            traffic.bytes_set_up = bundle.len() as u64;
            for (guardian, keys) in &mut guardians {
                agent.hear_acceptance(&guardian.accept(&bundle, keys)?, &crypto)?;
            }
            agents.push((agent, crypto));
        }
        Ok(Self { roster, rule, width, agents, guardians, facilitator, noise: None, round: 0, traffic })
    }

    /// The same sum with noise on every contribution.
    #[must_use]
    pub fn with_noise(self, noise: Box<Noise>) -> Self {
        Self { noise: Some(noise), ..self }
    }

    /// How many may be missing from a round.
    pub fn survival(&self) -> Survival {
        self.roster.survival()
    }

    /// Who opens the sums.
    pub fn committee(&self) -> &Committee {
        self.roster.committee()
    }

    /// What it has cost on links so far.
    pub fn traffic(&self) -> MaskTraffic {
        self.traffic
    }

    fn words(&mut self, asset: usize, quantiser: &Quantiser, answer: &Contribution) -> Result<Vec<u64>, SumError> {
        let Some(noise) = &mut self.noise else { return Ok(quantiser.quantise(answer)?) };
        let mut integers = quantiser.integers(answer)?;
        noise(asset, quantiser, &mut integers)?;
        Ok(quantiser.words(&integers))
    }

    /// One round by messages: the sum's words.
    fn round(
        &mut self,
        state: Digest,
        quantiser: &Quantiser,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<Vec<u64>, SumError> {
        let ranges = ranges_digest(quantiser.ranges(), &*self.facilitator.hasher);
        let word_count = u32::try_from(quantiser.word_count()).unwrap_or(u32::MAX);
        let header = Header {
            round: self.round,
            // Answers to different queries have no difference worth sending.
            mode: Mode::Full,
            ahead: false,
            purpose: "planning".to_owned(),
            word_count,
            ranges,
            state,
            contributors_min: self.roster.terms().contributors_min,
            facilitator: self.facilitator.signer.node_id(),
        };
        let header = header.sign(&self.roster, &self.facilitator).map_err(masks)?;
        self.round += 1;
        let mut aggregator = Aggregator::new(Arc::clone(&self.roster), header.clone());
        let mut count = 0;
        for contribution in contributions {
            let words = self.words(count, quantiser, &contribution)?;
            let Some((agent, crypto)) = self.agents.get_mut(count) else {
                let max = self.roster.agent_count();
                return Err(SumError::Report(ReportError::Contributors { found: count as i128 + 1, max }));
            };
            let message = agent.mask(&header, Expected { ranges, state }, &words, crypto).map_err(masks)?;
            aggregator.accept(&message, &self.facilitator).map_err(masks)?;
            count += 1;
        }
        if count == 0 {
            return Err(SumError::Report(ReportError::Empty));
        }
        let committee = self.roster.committee();
        // Any threshold of guardians will do.
        let responders = u8::MAX >> (8 - committee.threshold());
        let request = aggregator.request(responders, &self.facilitator).map_err(masks)?;
        let log = std::collections::BTreeSet::from([header.hash()]);
        let mut opening_bytes = 0;
        for (guardian, crypto) in self.guardians.iter_mut().take(usize::from(committee.threshold())) {
            let opening = guardian.answer(&request, &log, crypto).map_err(masks)?;
            opening_bytes = opening.len() as u64;
            aggregator.hear(&opening, &self.facilitator).map_err(masks)?;
        }
        let opened = aggregator.open(&self.facilitator).map_err(masks)?;
        let assigned = committee.assignment(responders);
        let busiest = (0..committee.guardians()).map(|g| assigned.iter().filter(|a| **a == g).count()).max();
        self.traffic.rounds += 1;
        self.traffic.bytes_up += aggregator.message_bytes() as u64;
        self.traffic.bytes_words += (quantiser.word_count() * self.width.bytes()) as u64;
        self.traffic.bytes_down += header.bytes().len() as u64;
        self.traffic.guardian_bytes_down += request.len() as u64;
        self.traffic.guardian_bytes_up += opening_bytes;
        self.traffic.guardian_masks += (busiest.unwrap_or(0) * count) as u64;
        Ok(opened.words)
    }
}

impl Sum for MaskedSum {
    fn sum(
        &mut self,
        query: &RoundQuery,
        contributions: &mut dyn Iterator<Item = Contribution>,
    ) -> Result<SummedReport, SumError> {
        let layout = ReportLayout::of(query)?;
        let ranges = self.rule.ranges(query, &layout);
        let quantiser = Quantiser::new(layout, ranges)?;
        let state = state_digest(&encode(query), &*self.facilitator.hasher);
        let words = self.round(state, &quantiser, contributions)?;
        let summed = quantiser.restore(&words)?;
        self.rule.hear(query, &summed);
        Ok(summed)
    }
}

/// The committee of an in-process sum: one may be corrupt, one may be missing.
const GUARDIANS: u32 = 4;
/// As many numbers as a report may have, at up to four words each, and a flag for each field.
const WORDS_MAX: u32 = 1 << 27;

/// The hash of coded ranges that a header names.
pub fn ranges_digest(ranges: &Ranges, hasher: &dyn ContentHasher) -> Digest {
    let mut text = vec![ranges.width.bits() as u8];
    text.extend_from_slice(&ranges.contributors_max.to_le_bytes());
    for field in &ranges.fields {
        text.extend_from_slice(&field.exponent.to_le_bytes());
        text.push(field.words);
    }
    hasher.digest("cosmosmesh/mask/ranges/1", &[&text])
}

/// The hash of a query's frame that a header names.
pub fn state_digest(query_frame: &[u8], hasher: &dyn ContentHasher) -> Digest {
    hasher.digest("cosmosmesh/mask/state/1", &[query_frame])
}

fn masks(error: MaskError) -> SumError {
    match error {
        MaskError::TooFew { found, min } => SumError::TooFew { found, min },
        error => SumError::Masks { reason: error.to_string() },
    }
}

/// Why a masked sum could not be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetUpError {
    /// The fleet has no roster.
    Roster(RosterError),
    /// Its guardians form no committee.
    Committee(crate::mask::CommitteeError),
    /// A primitive or a store failed.
    Mask(MaskError),
}

impl core::fmt::Display for SetUpError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Roster(error) => error.fmt(f),
            Self::Committee(error) => error.fmt(f),
            Self::Mask(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SetUpError {}

impl From<MaskError> for SetUpError {
    fn from(error: MaskError) -> Self {
        Self::Mask(error)
    }
}
