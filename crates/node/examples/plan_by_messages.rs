//! Three assets that are their own guardians plan by messages alone; only sums are seen.
use std::collections::VecDeque;
use std::sync::Arc;

use cosmosmesh_contracts::conformance::{MemoryStore, fleet_cases};
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::{CryptoProvider, Engine, Step};
use cosmosmesh_contracts::{MissionTime, key::NodeId};
use cosmosmesh_crypto::{seeded_provider, seeded_signer};
use cosmosmesh_node::round::{
    Contributing, Facilitating, Gate, Guarding, Masks, MemoryLog, Party, RoundEvent, Summing,
};
use cosmosmesh_privacy::mask::{Agent, Committee, Guardian, GuardianKeys, Roster, RosterTerms};
use cosmosmesh_solver_core::{Method, Options, Participant, Ranging, coordinator};

#[allow(clippy::print_stdout, reason = "an example shows what it found")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let case =
        fleet_cases().into_iter().find(|case| case.fleet.assets().len() >= 3).ok_or("the suite has such fleets")?;
    let count = case.fleet.assets().len() as u32;
    let node =
        |k: u32| -> CryptoProvider { seeded_provider(Arc::new(seeded_signer(1, &format!("{k}"))), 1, &format!("{k}")) };
    let names: Vec<NodeId> = (0..count).map(|k| node(k).signer.node_id()).collect();

    // Set-up, once an epoch: here from a seed, in flight from the system's randomness.
    let committee = Committee::of(3)?;
    let mut secrets = Vec::new();
    let mut guardians = Vec::new();
    for k in 0..3 {
        let (mut crypto, mut secret) = (node(k), [0; 32]);
        crypto.random.fill(&mut secret)?;
        guardians.push(GuardianKeys { node: names[k as usize], agreement: crypto.agreement.public_key(&secret) });
        secrets.push(secret);
    }
    let terms = RosterTerms {
        mission: Digest::from_bytes([1; 32]),
        epoch: 0,
        agents: names.clone(),
        guardians,
        committee,
        facilitators: vec![names[0]],
        contributors_min: 3,
        churn_min: 1,
        width: WordWidth::Bits64,
        words_max: 1 << 20,
        bits_per_word: Roster::bits_per_word(count, WordWidth::Bits64),
    };
    let roster = Arc::new(Roster::new(terms, &*node(0).hasher)?);
    println!("{}", roster.survival());
    let mut open = Vec::new();
    for (k, secret) in secrets.iter().enumerate() {
        open.push(Guardian::open(
            Arc::clone(&roster),
            k as u8,
            secret,
            Box::new(MemoryStore::new()),
            None,
            &node(k as u32),
        )?);
    }
    let mut open: VecDeque<Guardian> = open.into();
    let mut agents = Vec::new();
    for k in 0..count {
        let mut crypto = node(k);
        let (mut agent, bundle) = Agent::enrol(Arc::clone(&roster), k, &mut crypto)?;
        for (g, guardian) in open.iter_mut().enumerate() {
            agent.hear_acceptance(&guardian.accept(&bundle, &node(g as u32))?, &crypto)?;
        }
        agents.push((agent, crypto));
    }

    // One party a node; the first is the facilitator too.
    let options = Options { tolerance: 1e-4, ..Options::default() };
    let coordination = coordinator(Method::default(), case.fleet.coupling(), count as usize, &options)?;
    let rule = Box::new(Ranging::new(WordWidth::Bits64, count));
    let summing = Summing::Masked(Masks::new(Arc::clone(&roster), rule));
    let mut facilitating = Some(Facilitating::new(coordination, names.clone(), summing));
    let mut parties = Vec::new();
    for ((agent, crypto), problem) in agents.into_iter().zip(case.fleet.assets()) {
        let asset = Contributing::masked(Participant::new(problem)?, Arc::clone(&roster), agent);
        let mut party = Party::new(crypto, names[0], Gate::open()).with_asset(asset);
        if let Some(guardian) = open.pop_front() {
            party = party.with_guardian(Guarding::new(guardian, Box::new(MemoryLog::new())));
        }
        if let Some(role) = facilitating.take() {
            party = party.with_facilitator(role);
        }
        parties.push(party);
    }

    // The driver: messages from hand to hand, and another round while one is wanted.
    let now = MissionTime(0);
    parties[0].begin_round(now);
    let (mut bytes, mut messages) = (0, 0);
    loop {
        let mut waiting = VecDeque::new();
        for k in 0..parties.len() {
            while let Some(transmit) = parties[k].poll_transmit(now) {
                waiting.push_back((names[k], transmit));
            }
            while let Some(event) = parties[k].poll_event() {
                match event {
                    RoundEvent::Closed { step: Step::Continue } => parties[k].begin_round(now),
                    RoundEvent::Closed { step: Step::Done } => parties[k].announce(now),
                    RoundEvent::Announced { status, .. } => println!("{status} by {messages} messages, {bytes} bytes"),
                    RoundEvent::Refused { reason, .. } | RoundEvent::Void { reason } => return Err(reason.into()),
                    _ => {}
                }
            }
            while let Some(transmit) = parties[k].poll_transmit(now) {
                waiting.push_back((names[k], transmit));
            }
        }
        if waiting.is_empty() {
            break;
        }
        for (from, transmit) in waiting {
            bytes += transmit.bytes.len();
            messages += 1;
            let to = names.iter().position(|name| *name == transmit.to).ok_or("everybody is known")?;
            parties[to].handle_input(now, from, &transmit.bytes);
        }
    }
    let following = parties.iter().filter(|party| party.asset().is_some_and(Contributing::in_effect)).count();
    println!("{following} of {count} assets follow the plan");
    Ok(())
}
