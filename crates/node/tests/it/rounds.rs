//! Whole plannings by messages, and what is refused.

use std::ops::ControlFlow;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::fleet_cases;
use cosmosmesh_contracts::plan::Outcome;
use cosmosmesh_contracts::problem::FleetProblem;
use cosmosmesh_contracts::round::RoundQuery;
use cosmosmesh_contracts::traits::{Engine, Sum};
use cosmosmesh_contracts::wire::{decode, encode};
use cosmosmesh_node::round::{Contributing, QUESTION_KIND, Question, RoundEvent, Stage};
use cosmosmesh_solver_core::{FixedPointSum, Method, Options, Participant, PlainSum, coordinator, run};

use crate::world::{WIDTH, World, node};

pub(crate) fn options() -> Options {
    Options { tolerance: 1e-4, strict: true, ..Options::default() }
}

/// What the same rounds come to inside one process.
fn in_one_process(fleet: &FleetProblem, sum: &mut dyn Sum) -> Outcome {
    let count = fleet.assets().len();
    let mut participants: Vec<_> = fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
    let mut method = coordinator(Method::default(), fleet.coupling(), count, &options()).unwrap();
    run(method.as_mut(), &mut participants, sum, &mut |_, _| ControlFlow::Continue(())).unwrap()
}

#[test]
fn by_messages_a_fleet_plans_as_it_does_in_one_process() {
    let mut planned = 0;
    for case in fleet_cases() {
        let count = case.fleet.assets().len();
        let mut world = World::new(&case.fleet, 0, &options(), None);
        world.run(|_, _| false);
        assert_eq!(world.outcome(), in_one_process(&case.fleet, &mut PlainSum), "{} in the open", case.name);
        if count < 3 {
            continue;
        }
        let mut world = World::new(&case.fleet, count.min(4) as u8, &options(), None);
        world.run(|_, _| false);
        let expected = in_one_process(&case.fleet, &mut FixedPointSum::new(WIDTH, count as u32));
        assert_eq!(world.outcome(), expected, "{} under masks", case.name);
        assert_eq!(world.refusals(), Vec::<&RoundEvent>::new(), "{}", case.name);
        let follows = world.parties.iter().all(|party| party.asset().is_some_and(Contributing::in_effect));
        assert_eq!(follows, expected.plan.is_some(), "{}", case.name);
        planned += u32::from(follows);
    }
    assert!(planned > 0);
}

/// A fleet of so many copies of the first asset that the suite knows to plan well.
pub(crate) fn fleet(count: usize) -> FleetProblem {
    let case = fleet_cases().into_iter().find(|case| case.fleet.assets().len() >= 3).unwrap();
    let copies = (0..count).map(|k| {
        let mut asset = case.fleet.assets()[k % case.fleet.assets().len()].clone();
        asset.id = cosmosmesh_contracts::AssetId::new(format!("asset-{k}")).unwrap();
        asset
    });
    FleetProblem::new("copies", case.fleet.coupling().clone(), copies.collect()).unwrap()
}

#[test]
fn a_round_costs_one_message_up_and_one_question_and_answer_a_guardian() {
    let mut world = World::new(&fleet(6), 4, &options(), None);
    world.run(|_, _| false);
    assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
    let rounds = world.outcome().rounds as usize;
    let count = |kind: u8| world.carried.iter().filter(|(_, _, bytes)| bytes[0] == kind).count();
    assert_eq!((count(QUESTION_KIND), count(0x34)), (6 * rounds, 6 * rounds));
    assert_eq!((count(0x35), count(0x36)), (3 * rounds, 3 * rounds), "three of four guardians");
    assert_eq!(count(0x31) + count(0x32), 0, "no set-up within an epoch");
    // The facilitator never hears an answer in the open.
    let contribution = encode(&cosmosmesh_contracts::round::RoundResult::from(&world.outcome()))[0];
    let plain = |(_, to, bytes): &(usize, usize, Vec<u8>)| *to == 0 && bytes[0] == contribution && bytes[2] == 2;
    assert!(!world.carried.iter().any(plain));
}

#[test]
fn a_silent_guardian_is_replaced_and_the_plan_is_the_same() {
    let fleet = fleet(5);
    let mut expected = World::new(&fleet, 4, &options(), None);
    expected.run(|_, _| false);
    let mut world = World::new(&fleet, 4, &options(), Some(1_000));
    // Guardian 1 never answers a request.
    let silent =
        |from: usize, transmit: &cosmosmesh_contracts::traits::Transmit| from == 1 && transmit.bytes[0] == 0x36;
    world.run(silent);
    while world.parties[0].facilitator().unwrap().stage() == Stage::Opening {
        assert_eq!(world.parties[0].facilitator().unwrap().missing(), Some(world.names[1]));
        let deadline = world.parties[0].poll_timeout().unwrap();
        world.parties[0].handle_timeout(MissionTime(deadline.0 - 1));
        assert!(world.parties[0].poll_transmit(world.now).is_none(), "not before it is due");
        world.now = deadline;
        world.parties[0].handle_timeout(deadline);
        world.run(silent);
    }
    assert_eq!(world.outcome(), expected.outcome());
    let rounds = world.outcome().rounds as usize;
    let silences = world.events.iter().filter(|(_, event)| *event == RoundEvent::Silent { guardians: 1 }).count();
    assert_eq!(silences, rounds);
    // Without a fourth there is nobody to ask, and the facilitator says whom it waits for.
    let mut world = World::new(&fleet, 3, &options(), None);
    world.run(silent);
    let facilitator = world.parties[0].facilitator().unwrap();
    assert_eq!((facilitator.stage(), facilitator.missing()), (Stage::Opening, Some(world.names[1])));
    assert_eq!(world.parties[0].poll_timeout(), None);
}

#[test]
fn guardians_that_are_no_assets_hear_headers_and_keys_by_messages() {
    let fleet = fleet(5);
    let mut expected = World::new(&fleet, 4, &options(), None);
    expected.run(|_, _| false);
    let mut world = World::apart(&fleet, 4, &options());
    world.run(|_, _| false);
    assert_eq!(world.outcome(), expected.outcome());
    assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
    let rounds = world.outcome().rounds as usize;
    let count = |kind: u8| world.carried.iter().filter(|(_, _, bytes)| bytes[0] == kind).count();
    assert_eq!((count(0x31), count(0x32)), (5 * 4, 5 * 4), "keys and acceptances, once an epoch");
    assert_eq!(count(0x33), 4 * rounds, "headers to guardians that hear no questions");
    assert_eq!((count(0x34), count(0x35), count(0x36)), (5 * rounds, 3 * rounds, 3 * rounds));
    let enrolled = world.events.iter().filter(|(_, event)| *event == RoundEvent::Enrolled).count();
    assert_eq!(enrolled, 5);
    assert!(world.parties[..5].iter().all(|party| party.asset().is_some_and(|asset| asset.accepted() == 4)));
}

#[test]
fn a_request_waits_for_the_keys_and_the_header_that_it_needs() {
    let fleet = fleet(5);
    let mut world = World::apart(&fleet, 4, &options());
    // The keys of asset 2 for guardian 1, and the first header for guardian 0, come late.
    let mut held = Vec::new();
    world.run_changed(|from, transmit| {
        let late = (from == 2 && transmit.bytes[0] == 0x31) || (from == 0 && transmit.bytes[0] == 0x33);
        if late && held.len() < 5 {
            held.push((from, transmit));
            return None;
        }
        Some(transmit)
    });
    let facilitator = world.parties[0].facilitator().unwrap();
    assert_eq!(facilitator.stage(), Stage::Opening, "guardians wait and do not refuse");
    assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
    for (from, transmit) in held {
        let to = world.names.iter().position(|name| *name == transmit.to).unwrap();
        world.parties[to].handle_input(world.now, world.names[from], &transmit.bytes);
    }
    world.run(|_, _| false);
    assert!(world.outcome().plan.is_some());
    assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
}

#[test]
fn a_lost_answer_is_waited_for_by_name() {
    let mut world = World::new(&fleet(4), 4, &options(), None);
    world.run(|from, transmit| from == 2 && transmit.bytes[0] == 0x34);
    let facilitator = world.parties[0].facilitator().unwrap();
    assert_eq!((facilitator.stage(), facilitator.missing()), (Stage::Collecting, Some(world.names[2])));
}

#[test]
fn assets_answer_their_facilitator_and_only_under_masks() {
    let mut world = World::new(&fleet(4), 4, &options(), None);
    world.run(|_, transmit| transmit.bytes[0] != QUESTION_KIND);
    let question = world.carried[1].2.clone();
    let (roster, crypto) = (world.roster.clone().unwrap(), node(0));
    let read = |bytes: &[u8]| Question::decode(bytes, 1 << 20, &roster, &crypto);
    let whole = read(&question).unwrap();
    assert_eq!(whole.encode(), question);
    for at in 0..question.len() {
        let mut changed = question.clone();
        changed[at] ^= 1;
        assert!(read(&changed).is_err(), "byte {at}");
        assert!(read(&question[..at]).is_err(), "cut to {at}");
    }
    let mut refused = |from: usize, bytes: &[u8], reason: &str| {
        let name = world.names[from];
        while world.parties[1].poll_event().is_some() || world.parties[1].poll_transmit(world.now).is_some() {}
        world.parties[1].handle_input(world.now, name, bytes);
        assert!(world.parties[1].poll_transmit(world.now).is_none());
        let event = world.parties[1].poll_event();
        let Some(RoundEvent::Refused { reason: found, .. }) = event else { panic!("{reason}: {event:?}") };
        assert!(found.contains(reason), "{found}");
    };
    refused(0, &question, "answered round 0 already");
    refused(2, &question, "not the facilitator");
    let query: RoundQuery = whole.query;
    let frame = encode(&query);
    assert_eq!(decode::<RoundQuery>(&frame, 1 << 20).unwrap(), query);
    refused(0, &frame, "under masks only");
    refused(0, &[], "");
    refused(0, &[0x36, 1], "for the facilitator");
}
