//! Obligation 8: who cheats is found.

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::CryptoProvider;
use cosmosmesh_privacy::mask::{Aggregator, Blame, Committee, MaskError, Mode, Verdict};

use crate::world::{World, data};

/// Adds one to a word of a message that ends in so many words, and signs it anew as its owner can.
fn cheat(message: &mut [u8], words: usize, word: usize, domain: &str, crypto: &CryptoProvider) {
    let end = message.len() - 64;
    let head = end - 8 * words;
    let at = head + 8 * word;
    let value = u64::from_le_bytes(message[at..at + 8].try_into().unwrap()).wrapping_add(1);
    message[at..at + 8].copy_from_slice(&value.to_le_bytes());
    let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[&message[head..end]]);
    let signed = [domain.as_bytes(), &[0], &message[..head], digest.as_ref()].concat();
    let signature = crypto.signer.sign(&signed).unwrap();
    message[end..].copy_from_slice(signature.as_ref());
}

const WORDS: usize = 3 + 3;

/// A round in which this guardian cheats in its opening and, if it is clever, in the pieces to match.
fn cheated(committee: Committee, cheater: u8, clever: bool) -> Verdict {
    let mut world = World::new(4, committee.clone(), WordWidth::Bits64);
    let data = data(&world.roster, 3, 1);
    let header = world.header(0, 3, Mode::Full);
    let mut aggregator = world.collect(&header, &[0, 1, 2, 3], &data);
    // Responders among whom the cheater is.
    let responders = (1_u8..1 << committee.guardians())
        .rfind(|r| r.count_ones() == u32::from(committee.threshold()) && r >> cheater & 1 == 1);
    let responders = responders.unwrap();
    let request = aggregator.request(responders, &world.facilitator).unwrap();
    let assigned = committee.assignment(responders);
    for g in 0..committee.guardians() {
        if responders >> g & 1 == 1 {
            let (guardian, crypto) = &mut world.guardians[usize::from(g)];
            let mut opening = guardian.answer(&request, &world.log, crypto).unwrap();
            if g == cheater {
                cheat(&mut opening, WORDS, 1, "cosmosmesh/mask/opening/1", crypto);
            }
            aggregator.hear(&opening, &world.facilitator).unwrap();
        }
    }
    assert_eq!(aggregator.open(&world.facilitator), Err(MaskError::Check));
    let request = aggregator.request_pieces(&world.facilitator).unwrap();
    let mut blame = Blame::new(&aggregator);
    for g in 0..committee.guardians() {
        let (guardian, crypto) = &mut world.guardians[usize::from(g)];
        let mut pieces = guardian.pieces(&request, &world.log, crypto).unwrap();
        if g == cheater && clever {
            let held: Vec<usize> = committee.held_by(g).collect();
            let at = held.iter().position(|k| assigned[*k] == cheater).unwrap();
            cheat(&mut pieces, held.len() * WORDS, at * WORDS + 1, "cosmosmesh/mask/pieces/1", crypto);
        }
        assert_eq!(blame.hear(&pieces, &world.facilitator), Ok(g));
    }
    blame.verdict(&world.facilitator)
}

#[test]
fn a_guardian_whose_statements_contradict_each_other_is_named() {
    for guardians in [3, 4, 5] {
        let committee = Committee::of(guardians).unwrap();
        for cheater in 0..guardians {
            assert_eq!(cheated(committee.clone(), cheater, false), Verdict::Guardians(vec![cheater]));
        }
    }
}

#[test]
fn a_guardian_that_cheats_consistently_is_named_where_others_hold_the_same_keys() {
    for (guardians, threshold, corrupt) in [(4, 3, 1), (5, 4, 1), (5, 4, 2), (6, 4, 1), (7, 5, 2)] {
        let committee = Committee::new(guardians, threshold, corrupt).unwrap();
        for cheater in [0, guardians - 1] {
            assert_eq!(cheated(committee.clone(), cheater, true), Verdict::Guardians(vec![cheater]), "{guardians}");
        }
    }
    // Where every key has one holder, the cheat is seen and nobody can be named.
    assert_eq!(cheated(Committee::new(3, 3, 1).unwrap(), 1, true), Verdict::Open);
}

#[test]
fn an_agent_that_spoils_the_check_words_is_not_blamed_on_guardians() {
    let mut world = World::new(4, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let data = data(&world.roster, 3, 1);
    let header = world.header(0, 3, Mode::Full);
    let mut aggregator: Aggregator = world.collect(&header, &[0, 1, 2], &data);
    let mut message = world.message(3, &header, &data[3]).unwrap();
    cheat(&mut message, WORDS, 4, "cosmosmesh/mask/words/1", &world.agents[3].1);
    aggregator.accept(&message, &world.facilitator).unwrap();
    assert_eq!(world.open(&mut aggregator, 0b1110), Err(MaskError::Check));
    let request = aggregator.request_pieces(&world.facilitator).unwrap();
    let mut blame = Blame::new(&aggregator);
    assert_eq!(blame.verdict(&world.facilitator), Verdict::Open);
    for (guardian, crypto) in &mut world.guardians {
        blame.hear(&guardian.pieces(&request, &world.log, crypto).unwrap(), &world.facilitator).unwrap();
    }
    assert_eq!(blame.verdict(&world.facilitator), Verdict::Agents);
}
