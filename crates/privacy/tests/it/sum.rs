//! The sum inside one process.

use cosmosmesh_contracts::conformance;
use cosmosmesh_contracts::conformance::{MemoryStore, WideRanges};
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::RangeRule;
use cosmosmesh_crypto::{Ed25519Signer, Secret, SystemRandom, provider};
use cosmosmesh_privacy::mask::RosterError;
use cosmosmesh_privacy::{MaskedSum, SetUpError};
use cosmosmesh_solver_core::{FixedPointSum, Method, Options, Participant, Ranging, coordinator, run};

fn masked(agents: u32, width: WordWidth, rule: Box<dyn RangeRule + Send>) -> Result<MaskedSum, SetUpError> {
    let mut node = || {
        let secret = Secret::random(&mut SystemRandom::new()).unwrap();
        provider(std::sync::Arc::new(Ed25519Signer::new(secret)))
    };
    MaskedSum::new(agents, width, rule, &mut node, &mut || Box::new(MemoryStore::new()))
}

#[test]
fn the_masked_sum_conforms_and_refuses_fewer_than_three() {
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        let rule = WideRanges { width, contributors_max: 100 };
        conformance::private_sum(&mut masked(100, width, Box::new(rule)).unwrap(), 1e-9, 3);
    }
    for agents in 0..3 {
        let rule = WideRanges { width: WordWidth::Bits64, contributors_max: 4 };
        let refused = masked(agents, WordWidth::Bits64, Box::new(rule)).map(|_| ());
        assert_eq!(refused, Err(SetUpError::Roster(RosterError::TooFew { agents, min: 3 })));
    }
}

#[test]
fn a_fleet_plans_the_same_to_the_last_bit() {
    for case in conformance::fleet_cases() {
        let fleet = &case.fleet;
        let count = fleet.assets().len() as u32;
        if count < 3 {
            continue;
        }
        for width in [WordWidth::Bits48, WordWidth::Bits64] {
            let plan = |sum: &mut dyn cosmosmesh_contracts::traits::Sum| {
                let mut participants: Vec<_> =
                    fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
                let options = Options::default();
                let mut method = coordinator(Method::default(), fleet.coupling(), count as usize, &options).unwrap();
                let mut rounds = Vec::new();
                let outcome = run(method.as_mut(), &mut participants, sum, &mut |query, outcome| {
                    rounds.push((query.clone(), outcome.clone()));
                    std::ops::ControlFlow::Continue(())
                });
                (outcome, rounds)
            };
            let mut sum = masked(count, width, Box::new(Ranging::new(width, count))).unwrap();
            let (found, expected) = (plan(&mut sum), plan(&mut FixedPointSum::new(width, count)));
            assert_eq!(found, expected, "{}", case.name);
            let traffic = sum.traffic();
            assert_eq!(traffic.rounds, found.1.len() as u64);
            assert_eq!(traffic.bytes_up, traffic.bytes_words + traffic.rounds * (118 + 3 * width.bytes() as u64));
        }
    }
}
