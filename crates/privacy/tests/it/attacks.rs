//! The known attacks, each refused by name, and what would leak if it were not.

use std::sync::Arc;

use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::{Digest, KeyError};
use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_crypto::SeededRandom;
use cosmosmesh_privacy::mask::{
    Acceptance, Agent, Aggregator, Closing, Committee, Expected, Guardian, MaskError, Mode, Roster, RosterError,
    SignedHeader,
};

use crate::world::{World, data, node, plain_sum, terms};

const WIDTH: WordWidth = WordWidth::Bits64;

fn world(agents: u32) -> World {
    World::new(agents, Committee::new(4, 3, 1).unwrap(), WIDTH)
}

/// Signs a message anew after it was changed, as its owner can: everything before the last 64 bytes under the domain.
pub(crate) fn sign_again(message: &mut Vec<u8>, domain: &str, crypto: &CryptoProvider) {
    message.truncate(message.len() - 64);
    let signed = [domain.as_bytes(), &[0], message].concat();
    message.extend_from_slice(crypto.signer.sign(&signed).unwrap().as_ref());
}

#[test]
fn a_mask_used_twice_leaks_and_is_never_used_twice() {
    let mut world = world(3);
    let data = data(&world.roster, 4, 1);
    let header = world.header(0, 4, Mode::Full);
    let expected = Expected { ranges: header.header().ranges, state: header.header().state };
    let speak = |name: &str, words: &[u64]| {
        let mut crypto = node("agent-0");
        let (mut agent, _) = Agent::enrol(Arc::clone(&world.roster), 0, &mut crypto).unwrap();
        crypto.random = Box::new(SeededRandom::new(1, name));
        let message = agent.mask(&header, expected, words, &mut crypto).unwrap();
        let words = message[54..message.len() - 64].as_chunks::<8>().0;
        words.iter().map(|b| u64::from_le_bytes(*b)).collect::<Vec<u64>>()
    };
    let difference = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| a.wrapping_sub(*b)).collect::<Vec<_>>();
    let secret = difference(&data[0], &data[1]);
    // An agent that was set back to a snapshot, nonce and all: its two messages give away the difference.
    assert_eq!(difference(&speak("same", &data[0]), &speak("same", &data[1]))[..4], secret);
    // With a nonce of its own for every message they do not.
    let fresh = difference(&speak("one", &data[0]), &speak("another", &data[1]));
    assert!(fresh[..4].iter().zip(&secret).all(|(a, b)| a != b));
    // Neither does the same agent speak twice, nor go back.
    let header_5 = world.header(5, 4, Mode::Full);
    world.message(0, &header_5, &data[0]).unwrap();
    assert_eq!(world.message(0, &header_5, &data[0]), Err(MaskError::Spoken { last: 5 }));
    let header_4 = world.header(4, 4, Mode::Full);
    assert_eq!(world.message(0, &header_4, &data[0]), Err(MaskError::Spoken { last: 5 }));
}

#[test]
fn an_agent_that_was_shown_another_state_does_not_answer_and_would_not_be_in_the_sum() {
    let mut world = world(3);
    let data = data(&world.roster, 4, 1);
    let header = world.header(0, 4, Mode::Full);
    let mut shown = world.plain_header(0, 4, Mode::Full);
    shown.state = Digest::from_bytes([77; 32]);
    let shown = shown.sign(&world.roster, &world.facilitator).unwrap();
    let expected = Expected { ranges: header.header().ranges, state: header.header().state };
    let (agent, crypto) = &mut world.agents[0];
    assert_eq!(agent.mask(&shown, expected, &data[0], crypto), Err(MaskError::OtherState));
    // One that knows no better masks under the other header, and its message fits no sum of this one.
    let message = world.message(1, &shown, &data[1]).unwrap();
    let mut aggregator = Aggregator::new(Arc::clone(&world.roster), header);
    assert_eq!(aggregator.accept(&message, &world.facilitator), Err(MaskError::OtherRound));
}

#[test]
fn a_message_is_its_agents_and_counts_once() {
    let mut world = world(4);
    let data = data(&world.roster, 4, 1);
    let header = world.header(0, 4, Mode::Full);
    let message = world.message(0, &header, &data[0]).unwrap();
    let mut aggregator = world.collect(&header, &[1, 2], &data);
    // In another's name, and by somebody who is not in the roster.
    let mut forged = message.clone();
    forged[34] = 3;
    assert!(matches!(aggregator.accept(&forged, &world.facilitator), Err(MaskError::Key(KeyError::Signature { .. }))));
    forged[34] = 4;
    let stranger = Err(MaskError::NotInRoster { role: "agent" });
    assert_eq!(aggregator.accept(&forged, &world.facilitator), stranger);
    for _ in 0..3 {
        assert_eq!(aggregator.accept(&message, &world.facilitator), Ok(0));
    }
    // The same agent, from a snapshot, with other words.
    let mut crypto = node("agent-0");
    let (mut again, _) = Agent::enrol(Arc::clone(&world.roster), 0, &mut crypto).unwrap();
    let expected = Expected { ranges: header.header().ranges, state: header.header().state };
    crypto.random = Box::new(SeededRandom::new(8, "other"));
    let second = again.mask(&header, expected, &data[3], &mut crypto).unwrap();
    assert_eq!(aggregator.accept(&second, &world.facilitator), Err(MaskError::Spoken { last: 0 }));
    let opened = world.open(&mut aggregator, 0b0111).unwrap();
    assert_eq!(opened.words, plain_sum(&data, &[0, 1, 2], WIDTH));
    // Once guardians were asked, the set stands.
    let late = world.message(3, &header, &data[3]).unwrap();
    assert_eq!(aggregator.accept(&late, &world.facilitator), Err(MaskError::OtherSet));
}

#[test]
fn a_round_out_of_the_log_is_not_opened() {
    let mut world = world(3);
    let data = data(&world.roster, 2, 1);
    let header = world.header(0, 2, Mode::Full);
    world.log.clear();
    let mut aggregator = world.collect(&header, &[0, 1, 2], &data);
    assert_eq!(world.open(&mut aggregator, 0b0111), Err(MaskError::NotLogged));
    world.log.insert(header.hash());
    assert!(world.open(&mut aggregator, 0b0111).is_ok(), "asking again later helps");
}

#[test]
fn sets_that_differ_by_too_few_agents_are_not_both_opened() {
    let mut world = World::on(6, Committee::new(4, 3, 1).unwrap(), WIDTH, |terms| terms.churn_min = 3);
    let data = data(&world.roster, 2, 1);
    let sets: [(&[usize], Option<u32>); 5] = [
        (&[0, 1, 2, 3, 4, 5], None),
        // One agent left: the difference of the sums would be its report.
        (&[0, 1, 2, 3, 4], Some(1)),
        (&[0, 1, 2, 3], Some(2)),
        (&[0, 1, 2], None),
        (&[0, 1, 2], None),
    ];
    for (round, (online, refused)) in sets.into_iter().enumerate() {
        let header = world.header(round as u64, 2, Mode::Full);
        let mut aggregator = world.collect(&header, online, &data);
        let opened = world.open(&mut aggregator, 0b0111);
        match refused {
            Some(found) => assert_eq!(opened, Err(MaskError::Churn { found, min: 3 })),
            None => assert_eq!(opened.unwrap().words, plain_sum(&data, online, WIDTH)),
        }
    }
}

#[test]
fn small_fleets_are_refused_by_name_and_three_are_told_what_it_means() {
    let hasher = node("facilitator").hasher;
    for agents in 0..3 {
        let (terms, _) = terms(agents, Committee::new(3, 3, 1).unwrap(), WIDTH);
        assert_eq!(Roster::new(terms, &*hasher), Err(RosterError::TooFew { agents, min: 3 }));
    }
    let (mut two, _) = terms(5, Committee::new(3, 3, 1).unwrap(), WIDTH);
    two.contributors_min = 2;
    assert_eq!(Roster::new(two, &*hasher), Err(RosterError::TooFew { agents: 5, min: 3 }));
    let (three, _) = terms(3, Committee::new(3, 3, 1).unwrap(), WIDTH);
    let survival = Roster::new(three, &*hasher).unwrap().survival();
    assert_eq!(
        survival.to_string(),
        "no asset and no guardian may be missing from a round; if more are, it is void and the previous sum stands"
    );
}

#[test]
fn a_roster_whose_sums_could_wrap_is_refused_when_it_is_made() {
    let hasher = node("facilitator").hasher;
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        for agents in [3, 4, 5, 8, 9, 100] {
            let committee = Committee::new(3, 3, 1).unwrap();
            let bits = Roster::bits_per_word(agents, width);
            for (bits_per_word, good) in [(0, false), (1, true), (bits, true), (63, false), (64, false), (255, false)] {
                let (mut terms, _) = terms(agents, committee.clone(), width);
                terms.bits_per_word = bits_per_word;
                let found = Roster::new(terms, &*hasher);
                let refused = Err(RosterError::Wraps { agents, bits_per_word, width });
                assert!(if good { found.is_ok() } else { found == refused }, "{agents} {bits_per_word}");
            }
            // Exactly the bound of the protocol.
            for bits_per_word in 1..width.bits() as u8 {
                let (mut terms, _) = terms(agents, committee.clone(), width);
                terms.bits_per_word = bits_per_word;
                let most = 2 * u128::from(agents) * ((1 << bits_per_word) - 1);
                assert_eq!(Roster::new(terms, &*hasher).is_ok(), most < 1 << (width.bits() - 1));
            }
        }
    }
    // And what is beyond the promised range is not masked.
    let mut world = World::new(3, Committee::new(3, 3, 1).unwrap(), WordWidth::Bits48);
    let header = world.header(0, 2, Mode::Full);
    let most = 2 * ((1_i64 << world.roster.terms().bits_per_word) - 1);
    let mask = WordWidth::Bits48.mask();
    for (word, good) in [(most, true), (-most, true), (most + 1, false), (-most - 1, false)] {
        let header = world.header(header.header().round + 1 + (word & 0xff) as u64, 2, Mode::Full);
        let mut world = World::new(3, Committee::new(3, 3, 1).unwrap(), WordWidth::Bits48);
        let found = world.message(0, &header, &[0, word as u64 & mask]);
        let refused = Err(MaskError::OutOfRange { word: 1 });
        assert!(if good { found.is_ok() } else { found == refused }, "{word}");
    }
    assert_eq!(world.message(0, &header, &[1 << 48, 0]), Err(MaskError::OutOfRange { word: 0 }));
    let wrong = world.message(0, &header, &[0]);
    assert_eq!(wrong, Err(MaskError::WordCount { expected: 2, found: 1 }));
}

#[test]
fn rosters_name_everybody_once() {
    let hasher = node("facilitator").hasher;
    let make = |change: &dyn Fn(&mut cosmosmesh_privacy::mask::RosterTerms)| {
        let (mut terms, _) = terms(4, Committee::new(4, 3, 1).unwrap(), WIDTH);
        change(&mut terms);
        Roster::new(terms, &*hasher)
    };
    let plain = make(&|_| {}).unwrap();
    assert!(matches!(make(&|t| t.agents[1] = t.agents[0]), Err(RosterError::Twice { role: "agent", .. })));
    assert!(matches!(make(&|t| t.guardians[1] = t.guardians[0]), Err(RosterError::Twice { role: "guardian", .. })));
    assert_eq!(make(&|t| t.facilitators.clear()), Err(RosterError::NoFacilitator));
    assert_eq!(make(&|t| t.guardians.truncate(3)), Err(RosterError::Guardians { found: 3, committee: 4 }));
    // Every term counts for the name.
    let others: [&dyn Fn(&mut cosmosmesh_privacy::mask::RosterTerms); 9] = [
        &|t| t.mission = Digest::from_bytes([4; 32]),
        &|t| t.epoch += 1,
        &|t| t.agents.swap(0, 1),
        &|t| t.guardians.swap(0, 1),
        &|t| t.contributors_min = 4,
        &|t| t.churn_min = 2,
        &|t| t.width = WordWidth::Bits48,
        &|t| t.words_max -= 1,
        &|t| t.bits_per_word -= 1,
    ];
    for (k, other) in others.into_iter().enumerate() {
        let other = make(&|t| {
            other(t);
            t.bits_per_word = t.bits_per_word.min(40);
        });
        assert_ne!(other.unwrap().hash(), plain.hash(), "term {k}");
    }
}

#[test]
fn bundles_convict_agents_that_cheat() {
    let mut world = world(3);
    let mut crypto = node("agent-0");
    let bundle = world.bundles[0].clone();
    let (guardian, keys) = &mut world.guardians[0];
    // Accepted once, and again.
    let acceptance = guardian.accept(&bundle, keys).unwrap();
    let read = Acceptance::read(&acceptance, &world.roster, &crypto).unwrap();
    assert_eq!((read.agent, read.guardian), (0, 0));
    // Another bundle of the same agent.
    crypto.random = Box::new(SeededRandom::new(2, "second"));
    let (mut agent, second) = Agent::enrol(Arc::clone(&world.roster), 0, &mut crypto).unwrap();
    assert_eq!(guardian.accept(&second, keys), Err(MaskError::SecondBundle { agent: 0 }));
    assert_eq!(agent.hear_acceptance(&acceptance, &crypto), Err(MaskError::SecondBundle { agent: 0 }));
    // A relay's own bundle in the agent's name.
    let mut relayed = second.clone();
    sign_again(&mut relayed, "cosmosmesh/mask/bundle/1", &node("agent-1"));
    assert!(matches!(guardian.accept(&relayed, keys), Err(MaskError::Key(KeyError::Signature { .. }))));
    // Keys that are not those committed to: the agent's signature stands under both.
    let mut fresh = World::new(3, Committee::new(4, 3, 1).unwrap(), WIDTH);
    fresh.reopen(0, Box::new(MemoryStore::new()));
    let mut lying = bundle.clone();
    lying[2 + 32 + 4 + 32] ^= 1;
    sign_again(&mut lying, "cosmosmesh/mask/bundle/1", &node("agent-0"));
    let (guardian, keys) = &mut fresh.guardians[0];
    assert_eq!(guardian.accept(&lying, keys), Err(MaskError::Commitment { agent: 0 }));
    // Nobody without a bundle is in a set that is opened.
    let data = data(&fresh.roster, 2, 1);
    let header = fresh.header(0, 2, Mode::Full);
    let mut aggregator = fresh.collect(&header, &[0, 1, 2], &data);
    assert_eq!(fresh.open(&mut aggregator, 0b0111), Err(MaskError::NoBundle { agent: 0 }));
    // Nor does anybody take a part that is not theirs.
    assert!(matches!(
        Agent::enrol(Arc::clone(&fresh.roster), 1, &mut node("agent-0")),
        Err(MaskError::NotInRoster { .. })
    ));
    let (secret, store) = ([1; 32], Box::new(MemoryStore::new()));
    let other = Guardian::open(Arc::clone(&fresh.roster), 0, &secret, store, None, &node("guardian-0"));
    assert!(matches!(other, Err(MaskError::NotInRoster { role: "guardian" })));
}

#[test]
fn one_roster_an_epoch() {
    let world = world(3);
    let (mut terms, secrets) = terms(4, Committee::new(4, 3, 1).unwrap(), WIDTH);
    terms.contributors_min = 4;
    let crypto = node("guardian-0");
    let other = Arc::new(Roster::new(terms, &*crypto.hasher).unwrap());
    let store = world.guardians.into_iter().next().unwrap().0.close();
    let opened = Guardian::open(other, 0, &secrets[0], store, None, &crypto).map(|_| ());
    assert_eq!(opened, Err(MaskError::OtherRoster));
}

#[test]
fn rounds_that_are_too_old_stay_closed() {
    let mut world = world(3);
    let data = data(&world.roster, 2, 1);
    for round in [0, 1000] {
        let header = world.header(round, 2, Mode::Full);
        let mut aggregator = world.collect(&header, &[0, 1, 2], &data);
        assert!(world.open(&mut aggregator, 0b0111).is_ok());
    }
    let header = world.header(2, 2, Mode::Full);
    let mut before = World::new(3, Committee::new(4, 3, 1).unwrap(), WIDTH);
    let mut aggregator = before.collect(&header, &[0, 1, 2], &data);
    let expected = Err(MaskError::Round { round: 2, earliest: 14 * 64, latest: 65_535 });
    assert_eq!(world.open(&mut aggregator, 0b0111), expected, "the keys are gone");
}

/// Every message of a round, and how its receiver reads it.
type Case<'a> = (&'static str, Vec<u8>, Box<dyn FnMut(&[u8]) -> Result<(), MaskError> + 'a>);

#[test]
fn no_byte_of_any_message_may_change_be_missing_or_be_too_many() {
    let mut world = world(3);
    let data = data(&world.roster, 3, 1);
    let header = world.header(0, 3, Mode::Full);
    let message = world.message(0, &header, &data[0]).unwrap();
    let mut aggregator = world.collect(&header, &[1, 2], &data);
    aggregator.accept(&message, &world.facilitator).unwrap();
    let request = aggregator.request(0b0111, &world.facilitator).unwrap();
    let pieces_request = aggregator.request_pieces(&world.facilitator).unwrap();
    let log = world.log.clone();
    let (guardian, keys) = &mut world.guardians[0];
    let opening = guardian.answer(&request, &log, keys).unwrap();
    let pieces = guardian.pieces(&pieces_request, &log, keys).unwrap();
    aggregator.hear(&opening, &world.facilitator).unwrap();
    let closing = aggregator.closing(true).sign(&world.facilitator).unwrap();
    let acceptance = guardian.accept(&world.bundles[0], keys).unwrap();
    let roster = Arc::clone(&world.roster);
    let crypto = node("facilitator");
    let fresh = || Aggregator::new(Arc::clone(&roster), header.clone());
    let mut empty = {
        let store = Box::new(MemoryStore::new());
        Guardian::open(Arc::clone(&roster), 1, &world.secrets[1], store, None, &node("guardian-1")).unwrap()
    };
    let mut asked = {
        let mut again = World::new(3, Committee::new(4, 3, 1).unwrap(), WIDTH);
        let mut asked = again.collect(&header, &[1, 2], &data);
        asked.accept(&message, &crypto).unwrap();
        assert_eq!(asked.request(0b0111, &crypto).unwrap(), request);
        asked
    };
    let cases: Vec<Case<'_>> = vec![
        ("header", header.bytes().to_vec(), Box::new(|b| SignedHeader::read(b, &roster, &crypto).map(|_| ()))),
        ("masked message", message, Box::new(|b| fresh().accept(b, &crypto).map(|_| ()))),
        ("acceptance", acceptance, Box::new(|b| Acceptance::read(b, &roster, &crypto).map(|_| ()))),
        ("closing", closing, Box::new(|b| Closing::read(b, &header, &crypto).map(|_| ()))),
        ("bundle", world.bundles[0].clone(), Box::new(|b| empty.accept(b, &node("guardian-1")).map(|_| ()))),
        ("opening", opening, Box::new(|b| asked.hear(b, &crypto).map(|_| ()))),
        (
            "pieces",
            pieces,
            Box::new(|b| cosmosmesh_privacy::mask::Blame::new(&aggregator).hear(b, &crypto).map(|_| ())),
        ),
    ];
    for (name, bytes, mut read) in cases {
        for at in 0..bytes.len() {
            for bit in [0, 7] {
                let mut changed = bytes.clone();
                changed[at] ^= 1 << bit;
                assert!(read(&changed).is_err(), "{name}: byte {at}, bit {bit}");
            }
            assert!(read(&bytes[..at]).is_err(), "{name}: cut to {at}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(read(&longer).is_err(), "{name}: a byte too many");
        assert_eq!(read(&bytes), Ok(()), "{name}: unchanged");
    }
    for (name, bytes) in [("request", request), ("request for pieces", pieces_request)] {
        let mut read = |b: &[u8]| match name {
            "request" => guardian.answer(b, &log, keys),
            _ => guardian.pieces(b, &log, keys),
        };
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(read(&changed).is_err(), "{name}: byte {at}");
            assert!(read(&bytes[..at]).is_err(), "{name}: cut to {at}");
        }
        assert!(read(&bytes).is_ok(), "{name}: unchanged");
    }
}
