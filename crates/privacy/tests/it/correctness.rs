//! Obligation 1: whatever agents are missing, and whichever guardians answer, the result is the plain sum, to the last bit.

use cosmosmesh_contracts::round::WordWidth;
use cosmosmesh_contracts::traits::SecureRandom;
use cosmosmesh_privacy::mask::{Committee, MaskError, Mode};

use crate::world::{World, data, members, plain_sum};

#[test]
fn every_drop_out_and_every_set_of_responders_up_to_six_agents() {
    for width in [WordWidth::Bits48, WordWidth::Bits64] {
        for agents in 3..=6_u32 {
            for guardians in 3..=5 {
                let committee = Committee::of(guardians).unwrap();
                let mut world = World::new(agents, committee.clone(), width);
                let data = data(&world.roster, 5, u64::from(agents));
                for (round, online) in (0_u32..1 << agents).map(members).enumerate() {
                    let header = world.header(round as u64, 5, Mode::Full);
                    let mut aggregator = world.collect(&header, &online, &data);
                    for responders in (1_u8..1 << guardians).filter(|r| committee.opens(*r)) {
                        let opened = world.open(&mut aggregator, responders);
                        if online.len() < 3 {
                            let found = online.len() as u32;
                            assert_eq!(opened, Err(MaskError::TooFew { found, min: 3 }));
                            continue;
                        }
                        let opened = opened.unwrap();
                        assert_eq!(opened.words, plain_sum(&data, &online, width), "{online:?} {responders:b}");
                        assert_eq!(opened.agents, online.iter().map(|k| *k as u32).collect::<Vec<_>>());
                    }
                }
            }
        }
    }
}

#[test]
fn random_fleets_of_up_to_a_thousand() {
    let mut random = cosmosmesh_crypto::SeededRandom::new(11, "fleets");
    let mut draw = |below: u64| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes).unwrap();
        u64::from_le_bytes(bytes) % below
    };
    for (agents, guardians, width) in [
        (1000, 4, WordWidth::Bits64),
        (7 + draw(60) as u32, 7, WordWidth::Bits64),
        (100 + draw(100) as u32, 4, WordWidth::Bits48),
        (20 + draw(60) as u32, 6, WordWidth::Bits48),
    ] {
        let committee = Committee::of(guardians).unwrap();
        let mut world = World::new(agents, committee.clone(), width);
        let words = 1 + draw(200) as usize;
        let data = data(&world.roster, words, 1);
        // Over the edge of a step of the ratchet, and past a whole one.
        for round in [62, 63, 64, 65, 200] {
            let header = world.header(round, words, Mode::Full);
            let online: Vec<usize> = (0..agents as usize).filter(|_| draw(20) > 0).collect();
            let mut aggregator = world.collect(&header, &online, &data);
            let responders = loop {
                let responders = draw(1 << guardians) as u8;
                if committee.opens(responders) {
                    break responders;
                }
            };
            let opened = world.open(&mut aggregator, responders).unwrap();
            assert_eq!(opened.words, plain_sum(&data, &online, width), "{agents} {guardians} {round}");
        }
    }
}

#[test]
fn differences_add_up_over_missed_rounds_and_void_ones() {
    use cosmosmesh_privacy::mask::Total;
    let width = WordWidth::Bits48;
    let mut world = World::new(5, Committee::of(4).unwrap(), width);
    let mut total = Total::new();
    let mut last: Vec<Option<Vec<u64>>> = vec![None; 5];
    // Who is there, and whether the round is opened; every agent's figures change every round.
    let rounds: [(&[usize], bool); 9] = [
        (&[0, 1, 2, 3], true),
        (&[0, 1, 2, 4], true),
        (&[1, 2, 3], true),
        (&[0, 1, 2, 3, 4], false),
        (&[0, 1, 2, 3, 4], true),
        (&[0, 3, 4], true),
        (&[0, 1, 2], false),
        (&[0, 1, 2], true),
        (&[2, 3, 4], true),
    ];
    for (round, (online, opens)) in rounds.iter().enumerate() {
        let data = data(&world.roster, 7, 100 + round as u64);
        let mode = total.mode(&crate::world::RANGES, 7);
        assert_eq!(mode, if round == 0 { Mode::Full } else { Mode::Delta { base: 0 } });
        let header = world.header(round as u64, 7, mode);
        let mut aggregator = world.collect(&header, online, &data);
        let before = total.clone();
        if *opens {
            let opened = world.open(&mut aggregator, 0b0111).unwrap();
            assert!(total.absorb(&header, &opened, width).is_some());
            online.iter().for_each(|k| last[*k] = Some(data[*k].clone()));
        } else {
            aggregator.request(0b0111, &world.facilitator).unwrap();
            assert_eq!(total, before, "a round that is void leaves the total as it was");
        }
        let closing = aggregator.closing(*opens);
        world.agents.iter_mut().for_each(|(agent, _)| agent.hear_closing(&closing));
        let known: Vec<Vec<u64>> = last.iter().flatten().cloned().collect();
        let everybody: Vec<usize> = (0..known.len()).collect();
        assert_eq!(total.words().unwrap(), plain_sum(&known, &everybody, width), "round {round}");
    }
    // Another number of words, or other ranges, and everybody begins anew.
    assert_eq!(total.mode(&crate::world::RANGES, 8), Mode::Full);
    assert_eq!(total.mode(&cosmosmesh_contracts::key::Digest::from_bytes([1; 32]), 7), Mode::Full);
    let data = data(&world.roster, 8, 5);
    let header = world.header(20, 8, Mode::Full);
    let mut aggregator = world.collect(&header, &[0, 1, 2], &data);
    let opened = world.open(&mut aggregator, 0b1110).unwrap();
    assert_eq!(total.absorb(&header, &opened, width).unwrap(), plain_sum(&data, &[0, 1, 2], width));
    // A difference to a total that is gone is no total.
    let stale = world.header(21, 8, Mode::Delta { base: 0 });
    assert_eq!(total.absorb(&stale, &opened, width), None);
}
