//! A whole fleet with its guardians, for tests.
#![allow(dead_code, reason = "not every subject uses everything")]

use std::collections::BTreeSet;
use std::sync::Arc;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::{CryptoProvider, SecureRandom, Store};
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_privacy::mask::{
    Agent, Aggregator, Committee, Expected, Guardian, GuardianKeys, Header, MaskError, Mode, Opened, Roster,
    RosterTerms, SignedHeader,
};

pub(crate) struct World {
    pub(crate) roster: Arc<Roster>,
    pub(crate) agents: Vec<(Agent, CryptoProvider)>,
    pub(crate) guardians: Vec<(Guardian, CryptoProvider)>,
    pub(crate) facilitator: CryptoProvider,
    pub(crate) log: BTreeSet<Digest>,
    pub(crate) bundles: Vec<Vec<u8>>,
    pub(crate) secrets: Vec<[u8; 32]>,
}

pub(crate) fn node(name: &str) -> CryptoProvider {
    seeded_provider(Arc::new(seeded_signer(7, name)), 7, name)
}

pub(crate) fn terms(agents: u32, committee: Committee, width: WordWidth) -> (RosterTerms, Vec<[u8; 32]>) {
    let mut secrets = Vec::new();
    let guardians = (0..committee.guardians()).map(|g| {
        let mut crypto = node(&format!("guardian-{g}"));
        let mut secret = [0; 32];
        crypto.random.fill(&mut secret).unwrap();
        secrets.push(secret);
        GuardianKeys { node: crypto.signer.node_id(), agreement: crypto.agreement.public_key(&secret) }
    });
    let guardians = guardians.collect();
    let terms = RosterTerms {
        mission: Digest::from_bytes([3; 32]),
        epoch: 5,
        agents: (0..agents).map(|k| node(&format!("agent-{k}")).signer.node_id()).collect(),
        guardians,
        committee,
        facilitators: vec![node("facilitator").signer.node_id()],
        contributors_min: 3,
        churn_min: 1,
        width,
        words_max: 1 << 20,
        bits_per_word: Roster::bits_per_word(agents, width),
    };
    (terms, secrets)
}

impl World {
    pub(crate) fn new(agents: u32, committee: Committee, width: WordWidth) -> Self {
        Self::on(agents, committee, width, |_| {})
    }

    /// With terms changed to taste.
    pub(crate) fn on(
        agents: u32,
        committee: Committee,
        width: WordWidth,
        change: impl FnOnce(&mut RosterTerms),
    ) -> Self {
        let (mut terms, secrets) = terms(agents, committee, width);
        change(&mut terms);
        let facilitator = node("facilitator");
        let roster = Arc::new(Roster::new(terms, &*facilitator.hasher).unwrap());
        let mut guardians: Vec<(Guardian, CryptoProvider)> = secrets
            .iter()
            .enumerate()
            .map(|(g, secret)| {
                let crypto = node(&format!("guardian-{g}"));
                let store = Box::new(MemoryStore::new());
                (Guardian::open(Arc::clone(&roster), g as u8, secret, store, None, &crypto).unwrap(), crypto)
            })
            .collect();
        let mut bundles = Vec::new();
        let agents = (0..agents).map(|k| {
            let mut crypto = node(&format!("agent-{k}"));
            let (mut agent, bundle) = Agent::enrol(Arc::clone(&roster), k, &mut crypto).unwrap();
            for (guardian, keys) in &mut guardians {
                agent.hear_acceptance(&guardian.accept(&bundle, keys).unwrap(), &crypto).unwrap();
            }
            assert_eq!(agent.accepted().count_ones(), guardians.len() as u32);
            bundles.push(bundle);
            (agent, crypto)
        });
        let agents = agents.collect();
        Self { roster, agents, guardians, facilitator, log: BTreeSet::new(), bundles, secrets }
    }

    /// A header for so many words, in the log.
    pub(crate) fn header(&mut self, round: u64, words: usize, mode: Mode) -> SignedHeader {
        let header = self.plain_header(round, words, mode);
        let signed = header.sign(&self.roster, &self.facilitator).unwrap();
        self.log.insert(signed.hash());
        SignedHeader::read(signed.bytes(), &self.roster, &self.facilitator).unwrap()
    }

    /// The same for a round whose guardians answer ahead.
    pub(crate) fn header_ahead(&mut self, round: u64, words: usize, mode: Mode) -> SignedHeader {
        let header = Header { ahead: true, ..self.plain_header(round, words, mode) };
        let signed = header.sign(&self.roster, &self.facilitator).unwrap();
        self.log.insert(signed.hash());
        SignedHeader::read(signed.bytes(), &self.roster, &self.facilitator).unwrap()
    }

    /// Lets these guardians, as bits, answer a request.
    pub(crate) fn answer(
        &mut self,
        request: &[u8],
        aggregator: &mut Aggregator,
        responders: u8,
    ) -> Result<(), MaskError> {
        for (g, (guardian, crypto)) in self.guardians.iter_mut().enumerate() {
            if responders >> g & 1 == 1 {
                let opening = guardian.answer(request, &self.log, crypto)?;
                assert_eq!(aggregator.hear(&opening, &self.facilitator)?, g as u8);
            }
        }
        Ok(())
    }

    pub(crate) fn plain_header(&self, round: u64, words: usize, mode: Mode) -> Header {
        Header {
            round,
            mode,
            ahead: false,
            purpose: "test".to_owned(),
            word_count: words as u32,
            ranges: RANGES,
            state: Digest::from_bytes([round as u8; 32]),
            contributors_min: self.roster.terms().contributors_min,
            facilitator: self.facilitator.signer.node_id(),
        }
    }

    /// The message of an agent.
    pub(crate) fn message(&mut self, agent: usize, header: &SignedHeader, words: &[u64]) -> Result<Vec<u8>, MaskError> {
        let expected = Expected { ranges: header.header().ranges, state: header.header().state };
        let (agent, crypto) = &mut self.agents[agent];
        agent.mask(header, expected, words, crypto)
    }

    /// The aggregator with the messages of these agents.
    pub(crate) fn collect(&mut self, header: &SignedHeader, online: &[usize], data: &[Vec<u64>]) -> Aggregator {
        let mut aggregator = Aggregator::new(Arc::clone(&self.roster), header.clone());
        for &agent in online {
            let message = self.message(agent, header, &data[agent]).unwrap();
            assert_eq!(message.len(), aggregator.message_bytes());
            assert_eq!(aggregator.accept(&message, &self.facilitator).unwrap(), agent as u32);
        }
        aggregator
    }

    /// Lets these guardians, as bits, open it.
    pub(crate) fn open(&mut self, aggregator: &mut Aggregator, responders: u8) -> Result<Opened, MaskError> {
        let request = aggregator.request(responders, &self.facilitator)?;
        self.answer(&request, aggregator, responders)?;
        assert_eq!(aggregator.missing(), 0);
        aggregator.open(&self.facilitator)
    }

    /// Kills a guardian, and opens it again on a store.
    pub(crate) fn reopen(&mut self, guardian: usize, store: Box<dyn Store + Send>) {
        let crypto = node(&format!("guardian-{guardian}"));
        let secret = &self.secrets[guardian];
        let opened = Guardian::open(Arc::clone(&self.roster), guardian as u8, secret, store, None, &crypto);
        self.guardians[guardian] = (opened.unwrap(), crypto);
    }
}

pub(crate) const RANGES: Digest = Digest::from_bytes([9; 32]);

/// The words of agents that differ in every one, of either sign, as large as the roster allows.
pub(crate) fn data(roster: &Roster, words: usize, seed: u64) -> Vec<Vec<u64>> {
    let terms = roster.terms();
    let most = (1_i64 << terms.bits_per_word) - 1;
    let mut random = cosmosmesh_crypto::SeededRandom::new(seed, "data");
    (0..terms.agents.len())
        .map(|_| {
            let mut bytes = vec![0; 8 * words];
            random.fill(&mut bytes).unwrap();
            let word = |b: &[u8; 8]| (i64::from_le_bytes(*b).rem_euclid(2 * most + 1) - most) as u64;
            bytes.as_chunks::<8>().0.iter().map(|b| word(b) & terms.width.mask()).collect()
        })
        .collect()
}

/// What the words of these agents add up to.
pub(crate) fn plain_sum(data: &[Vec<u64>], online: &[usize], width: WordWidth) -> Vec<u64> {
    let mut sum = vec![0_u64; data[0].len()];
    for &agent in online {
        sum.iter_mut().zip(&data[agent]).for_each(|(s, w)| *s = s.wrapping_add(*w) & width.mask());
    }
    sum
}

pub(crate) fn members(bits: u32) -> Vec<usize> {
    (0..32).filter(|k| bits >> k & 1 == 1).collect()
}
