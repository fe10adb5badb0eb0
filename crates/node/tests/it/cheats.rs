//! Guardians that cheat are named by messages, and rounds go on without them.

use cosmosmesh_contracts::traits::Transmit;
use cosmosmesh_node::round::{RoundEvent, Stage};

use crate::rounds::{fleet, options};
use crate::world::{World, node};

const OPENING_HEAD: usize = 2 + 32 + 32 + 1 + 1 + 8 + 32;

/// Changes a word of an opening and signs it anew, as its guardian can.
fn forge(guardian: usize, transmit: &mut Transmit) {
    let crypto = node(guardian);
    let payload = OPENING_HEAD..transmit.bytes.len() - 64;
    // Two guardians that change the same word could undo each other.
    transmit.bytes[payload.start + 8 * guardian] ^= 1;
    let digest = crypto.hasher.digest("cosmosmesh/mask/payload/1", &[&transmit.bytes[payload.clone()]]);
    let signed = [b"cosmosmesh/mask/opening/1\0", &transmit.bytes[..payload.start], digest.as_ref()].concat();
    let signature = crypto.signer.sign(&signed).unwrap();
    transmit.bytes[payload.end..].copy_from_slice(signature.as_ref());
}

#[test]
fn a_guardian_that_cheats_is_named_and_not_asked_again() {
    let fleet = fleet(5);
    let mut honest = World::new(&fleet, 4, &options(), None);
    honest.run(|_, _| false);
    for ahead in [false, true] {
        let mut world = World::on(&fleet, 4, cosmosmesh_solver_core::Method::default(), &options(), |masks| {
            masks.ahead = ahead;
        });
        let mut openings = 0;
        world.run_changed(|from, mut transmit| {
            if from == 1 && transmit.bytes[0] == 0x36 {
                openings += 1;
                // Honest at first.
                if openings == 3 {
                    forge(1, &mut transmit);
                }
            }
            Some(transmit)
        });
        assert_eq!(world.outcome(), honest.outcome(), "what was void was asked again");
        let events =
            |wanted: &dyn Fn(&RoundEvent) -> bool| world.events.iter().filter(|(_, event)| wanted(event)).count();
        let guilty = RoundEvent::Blamed { guardians: vec![world.names[1]] };
        assert_eq!(events(&|event| *event == guilty), 1);
        assert_eq!(events(&|event| matches!(event, RoundEvent::Blamed { .. })), 1);
        assert_eq!(events(&|event| matches!(event, RoundEvent::Again { .. })), 1);
        assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
        assert_eq!(openings, 3, "it is not asked again");
        // Pieces are asked for once, of everybody.
        let count = |kind: u8| world.carried.iter().filter(|(_, _, bytes)| bytes[0] == kind).count();
        assert_eq!((count(0x38), count(0x39)), (4, 4));
    }
}

#[test]
fn where_too_few_honest_guardians_are_left_the_rounds_end_by_name() {
    let mut world = World::new(&fleet(5), 4, &options(), None);
    world.run_changed(|from, mut transmit| {
        // Guardians 1 and 2 cheat, one in the second round, one in the fourth: more than the committee bears.
        if transmit.bytes[0] == 0x36 && (from == 1 || from == 2) {
            forge(from, &mut transmit);
        }
        Some(transmit)
    });
    let void = world.events.iter().find_map(|(_, event)| match event {
        RoundEvent::Void { reason } => Some(reason.clone()),
        _ => None,
    });
    assert!(void.as_ref().is_some_and(|reason| reason.contains("agree on another committee")), "{void:?}");
    assert_eq!(world.parties[0].facilitator().unwrap().stage(), Stage::Idle);
}

#[test]
fn silence_about_pieces_names_nobody_and_ends_the_round() {
    let mut world = World::new(&fleet(5), 4, &options(), Some(1_000));
    world.run_changed(|from, mut transmit| {
        if from == 1 && transmit.bytes[0] == 0x36 {
            forge(1, &mut transmit);
        }
        (transmit.bytes[0] != 0x39).then_some(transmit)
    });
    assert_eq!(world.parties[0].facilitator().unwrap().stage(), Stage::Blaming);
    assert!(world.parties[0].facilitator().unwrap().missing().is_some());
    assert!(world.pass_time());
    world.run(|_, _| false);
    let void =
        |event: &RoundEvent| matches!(event, RoundEvent::Void { reason } if reason.contains("too few guardians"));
    assert!(world.events.iter().any(|(_, event)| void(event)));
}
