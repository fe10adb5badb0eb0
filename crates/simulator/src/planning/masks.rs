use std::collections::VecDeque;
use std::sync::Arc;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_privacy::mask::{Agent, Committee, Guardian, GuardianKeys, MaskError, Roster, RosterTerms};

use crate::SimulateError;
use crate::scenario::Scenario;

/// Agents and guardians of one epoch; the agents' keys still have to travel.
pub(super) struct Enrolled {
    pub(super) roster: Arc<Roster>,
    /// In the order of the assets, each with the bundle of its keys.
    pub(super) agents: VecDeque<(Agent, Vec<u8>)>,
    /// By asset.
    pub(super) guardians: Vec<Option<Guardian>>,
}

/// The primitives of an asset; their randomness follows from the seed, so that the simulation repeats.
pub(super) fn primitives(seed: u64, id: &str) -> CryptoProvider {
    seeded_provider(Arc::new(seeded_signer(seed, id)), seed, id)
}

/// Draws every agent's keys, and opens the guardians.
pub(super) fn enrol(scenario: &Scenario, seed: u64, names: &[NodeId]) -> Result<Enrolled, SimulateError> {
    let ids: Vec<&str> = scenario.assets.iter().map(|asset| asset.id.as_str()).collect();
    let places = &scenario.planning.guardians;
    let refused = |error: &dyn core::fmt::Display| SimulateError::Masks { reason: error.to_string() };
    let count = names.len() as u32;
    if count < Roster::CONTRIBUTORS_MIN {
        let min = Roster::CONTRIBUTORS_MIN;
        return Err(refused(&cosmosmesh_privacy::mask::RosterError::TooFew { agents: count, min }));
    }
    let committee = Committee::of(places.len() as u8).map_err(|error| refused(&error))?;
    let mut secrets = Vec::new();
    let mut keys = Vec::new();
    for &place in places {
        // The guardian's key is drawn from a stream of its own.
        let mut crypto =
            seeded_provider(Arc::new(seeded_signer(seed, ids[place])), seed, &format!("guardian/{}", ids[place]));
        let mut secret = [0; 32];
        crypto.random.fill(&mut secret).map_err(|error| refused(&error))?;
        keys.push(GuardianKeys { node: names[place], agreement: crypto.agreement.public_key(&secret) });
        secrets.push(secret);
    }
    let width = scenario.planning.words;
    let facilitator = primitives(seed, ids[scenario.planning.facilitator]);
    let terms = RosterTerms {
        mission: facilitator.hasher.digest("cosmosmesh/simulator/mission/1", &[scenario.name.as_bytes()]),
        epoch: 0,
        agents: names.to_vec(),
        guardians: keys,
        committee,
        facilitators: vec![names[scenario.planning.facilitator]],
        contributors_min: Roster::CONTRIBUTORS_MIN,
        churn_min: 1,
        width,
        words_max: 1 << 27,
        bits_per_word: Roster::bits_per_word(count, width),
    };
    let roster = Arc::new(Roster::new(terms, &*facilitator.hasher).map_err(|error| refused(&error))?);
    let masks = |error: MaskError| refused(&error);
    let mut open = Vec::new();
    for (g, (&place, secret)) in places.iter().zip(&secrets).enumerate() {
        let crypto = primitives(seed, ids[place]);
        let store = Box::new(MemoryStore::new());
        open.push(Guardian::open(Arc::clone(&roster), g as u8, secret, store, None, &crypto).map_err(masks)?);
    }
    let mut agents = VecDeque::new();
    for (k, id) in ids.iter().enumerate() {
        let mut crypto = seeded_provider(Arc::new(seeded_signer(seed, id)), seed, &format!("agent/{id}"));
        agents.push_back(Agent::enrol(Arc::clone(&roster), k as u32, &mut crypto).map_err(masks)?);
    }
    let mut guardians: Vec<Option<Guardian>> = names.iter().map(|_| None).collect();
    for (guardian, &place) in open.into_iter().zip(places) {
        guardians[place] = Some(guardian);
    }
    Ok(Enrolled { roster, agents, guardians })
}
