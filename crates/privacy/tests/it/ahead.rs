//! Guardians that answer before the messages are there: the same sums, one set a round, and nothing without everybody in it.

use std::sync::Arc;

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_privacy::mask::{Agent, Aggregator, Committee, Expected, MaskError, Mode, SignedHeader};

use crate::attacks::sign_again;
use crate::world::{World, data, members, node, plain_sum};

fn begin(world: &World, header: &SignedHeader) -> Aggregator {
    Aggregator::new(Arc::clone(&world.roster), header.clone())
}

#[test]
fn sums_opened_ahead_are_the_plain_sums_for_every_set_and_every_quorum() {
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        for (m, t, f) in [(3, 3, 1), (4, 3, 1), (5, 4, 2)] {
            let committee = Committee::new(m, t, f).unwrap();
            for agents in 3..=5 {
                let mut world = World::new(agents, committee.clone(), width);
                let data = data(&world.roster, 4, u64::from(agents));
                let mut round = 0;
                for online in (0..1_u32 << agents).filter(|online| online.count_ones() >= 3).map(members) {
                    for responders in (0..1_u8 << m).filter(|responders| committee.opens(*responders)) {
                        let header = world.header(round, 4, Mode::Full);
                        let promises = world.collect(&header, &online, &data).promises(&world.facilitator);
                        assert_eq!(promises.agent_count(), online.len());
                        let header = world.header_ahead(round + 1, 4, Mode::Full);
                        let mut aggregator = begin(&world, &header);
                        let request = aggregator.request_ahead(&promises, responders, &world.facilitator).unwrap();
                        world.answer(&request, &mut aggregator, responders).unwrap();
                        assert_eq!(aggregator.missing(), 0, "before anybody spoke");
                        for (k, &agent) in online.iter().enumerate() {
                            let absent = online[k] as u32;
                            assert_eq!(aggregator.open(&world.facilitator), Err(MaskError::Absent { agent: absent }));
                            let message = world.message(agent, &header, &data[agent]).unwrap();
                            aggregator.accept(&message, &world.facilitator).unwrap();
                        }
                        let opened = aggregator.open(&world.facilitator).unwrap();
                        assert_eq!(opened.words, plain_sum(&data, &online, width));
                        assert_eq!(opened.agents, online.iter().map(|k| *k as u32).collect::<Vec<_>>());
                        round += 2;
                    }
                }
            }
        }
    }
}

#[test]
fn differences_and_many_rounds_go_ahead_too() {
    let mut world = World::new(4, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let mut total = cosmosmesh_privacy::mask::Total::new();
    let mut promises = None;
    // Over the ratchet's first step.
    for round in 0..70 {
        let data = data(&world.roster, 3, round);
        let mode = total.mode(&crate::world::RANGES, 3);
        assert_eq!(mode, if round == 0 { Mode::Full } else { Mode::Delta { base: 0 } });
        let header = match promises {
            None => world.header(round, 3, mode),
            Some(_) => world.header_ahead(round, 3, mode),
        };
        let mut aggregator = begin(&world, &header);
        if let Some(promises) = promises.take() {
            let request = aggregator.request_ahead(&promises, 0b0111, &world.facilitator).unwrap();
            world.answer(&request, &mut aggregator, 0b0111).unwrap();
        }
        for (agent, words) in data.iter().enumerate() {
            let message = world.message(agent, &header, words).unwrap();
            aggregator.accept(&message, &world.facilitator).unwrap();
        }
        let opened = match round {
            0 => world.open(&mut aggregator, 0b0111).unwrap(),
            _ => aggregator.open(&world.facilitator).unwrap(),
        };
        let words = total.absorb(&header, &opened, WordWidth::Bits64).unwrap();
        assert_eq!(words, plain_sum(&data, &[0, 1, 2, 3], WordWidth::Bits64), "round {round}");
        let closing = aggregator.closing(true);
        world.agents.iter_mut().for_each(|(agent, _)| agent.hear_closing(&closing));
        promises = Some(aggregator.promises(&world.facilitator));
    }
}

#[test]
fn a_set_that_is_fixed_ahead_stands() {
    let mut world = World::new(4, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let data = data(&world.roster, 2, 1);
    let header = world.header(0, 2, Mode::Full);
    let everybody = world.collect(&header, &[0, 1, 2, 3], &data).promises(&world.facilitator);
    let header = world.header(1, 2, Mode::Full);
    let three = world.collect(&header, &[0, 1, 2], &data).promises(&world.facilitator);
    let header = world.header_ahead(2, 2, Mode::Full);
    let mut aggregator = begin(&world, &header);
    let request = aggregator.request_ahead(&everybody, 0b0111, &world.facilitator).unwrap();
    world.answer(&request, &mut aggregator, 0b0111).unwrap();
    // Agent 3 answered round 0 last, so that its promise holds; the others have spoken since, and theirs are broken.
    let message = world.message(3, &header, &data[3]).unwrap();
    assert_eq!(aggregator.accept(&message, &world.facilitator), Ok(3));
    let message = world.message(0, &header, &data[0]).unwrap();
    assert_eq!(aggregator.accept(&message, &world.facilitator), Err(MaskError::Promise { agent: 0 }));
    // No other set of this round is opened, whoever asks and whichever guardians are asked.
    let mut other = begin(&world, &header);
    let request = other.request_ahead(&three, 0b0111, &world.facilitator).unwrap();
    let refused = Err(MaskError::Answered { round: 2 });
    assert_eq!(world.answer(&request, &mut other, 0b0111), refused);
    let mut other = begin(&world, &header);
    let request = other.request_ahead(&three, 0b1110, &world.facilitator).unwrap();
    let mut again = |bits: u8| world.answer(&request, &mut other, bits);
    assert_eq!(
        (again(0b0010), again(0b0100), again(0b1000)),
        (refused.clone(), refused, Ok(())),
        "one alone is no quorum"
    );
    // Without a promise nobody is in.
    let header = world.header_ahead(3, 2, Mode::Full);
    let mut aggregator = begin(&world, &header);
    aggregator.request_ahead(&three, 0b0111, &world.facilitator).unwrap();
    let message = world.message(3, &header, &data[3]).unwrap();
    assert_eq!(aggregator.accept(&message, &world.facilitator), Err(MaskError::OtherSet));
    // Nor are guardians asked twice, or in the wrong kind of round.
    assert_eq!(aggregator.request_ahead(&three, 0b0111, &world.facilitator), Err(MaskError::OtherSet));
    assert_eq!(begin(&world, &header).request(0b0111, &world.facilitator), Err(MaskError::OtherSet));
    let ordinary = world.header(4, 2, Mode::Full);
    assert_eq!(begin(&world, &ordinary).request_ahead(&three, 0b0111, &world.facilitator), Err(MaskError::OtherSet));
}

#[test]
fn an_agent_that_was_started_anew_breaks_its_promise_and_no_mask_is_used_twice() {
    let mut world = World::new(3, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let data = data(&world.roster, 2, 1);
    let header = world.header(0, 2, Mode::Full);
    let promises = world.collect(&header, &[0, 1, 2], &data).promises(&world.facilitator);
    let header = world.header_ahead(1, 2, Mode::Full);
    let mut aggregator = begin(&world, &header);
    let request = aggregator.request_ahead(&promises, 0b0111, &world.facilitator).unwrap();
    world.answer(&request, &mut aggregator, 0b0111).unwrap();
    let mut crypto = node("agent-0");
    let (mut anew, _) = Agent::enrol(Arc::clone(&world.roster), 0, &mut crypto).unwrap();
    crypto.random = Box::new(cosmosmesh_crypto::SeededRandom::new(3, "anew"));
    let expected = Expected { ranges: header.header().ranges, state: header.header().state };
    let message = anew.mask(&header, expected, &data[0], &mut crypto).unwrap();
    assert_eq!(aggregator.accept(&message, &world.facilitator), Err(MaskError::Promise { agent: 0 }));
    // The one that kept its memory has another nonce in every round, drawn or not.
    let mut nonces = std::collections::BTreeSet::new();
    for round in 1..6 {
        let header =
            if round % 3 == 2 { world.header(round, 2, Mode::Full) } else { world.header_ahead(round, 2, Mode::Full) };
        assert!(nonces.insert(world.message(1, &header, &data[1]).unwrap()[38..54].to_vec()));
    }
}

#[test]
fn requests_name_messages_in_time_and_only_then() {
    let mut world = World::new(3, Committee::new(4, 3, 1).unwrap(), WordWidth::Bits64);
    let data = data(&world.roster, 2, 1);
    let header = world.header(0, 2, Mode::Full);
    let mut aggregator = world.collect(&header, &[0, 1, 2], &data);
    let promises = aggregator.promises(&world.facilitator);
    let request = aggregator.request(0b0111, &world.facilitator).unwrap();
    let ahead = world.header_ahead(1, 2, Mode::Full);
    let request_ahead = begin(&world, &ahead).request_ahead(&promises, 0b0111, &world.facilitator).unwrap();
    // The first member's digest, behind kind, suite, header, count, agent and nonce.
    for (name, request, header) in [("in time", request, &header), ("ahead", request_ahead, &ahead)] {
        let at = 4 + header.bytes().len() + 4 + 4 + 16;
        let mut changed = request.clone();
        let other = if name == "ahead" { 7 } else { 0 };
        changed[at..at + 32].fill(other);
        sign_again(&mut changed, "cosmosmesh/mask/request/1", &world.facilitator);
        let (guardian, crypto) = &mut world.guardians[0];
        let refused = guardian.answer(&changed, &world.log, crypto);
        assert!(matches!(refused, Err(MaskError::Malformed { message: "request", .. })), "{name}: {refused:?}");
        assert!(guardian.answer(&request, &world.log, crypto).is_ok(), "{name}");
    }
}
