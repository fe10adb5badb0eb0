//! Assets that are away: rounds go on by differences, and what a drop-out shows is small.

use cosmosmesh_contracts::conformance::fleet_cases;
use cosmosmesh_contracts::plan::Status;
use cosmosmesh_contracts::round::{FieldKind, ReportLayout, RoundQuery};
use cosmosmesh_node::round::{Contributing, QUESTION_KIND, Question, RoundEvent, Stage};
use cosmosmesh_privacy::mask::Mode;
use cosmosmesh_solver_core::{FixedPointSum, Method, Options, Participant, coordinator, run};

use crate::rounds::{fleet, options};
use crate::world::{WIDTH, World, node};

fn world(count: usize, ahead: bool) -> World {
    let options = Options { absence: true, ..options() };
    World::on(&fleet(count), 4, Method::default(), &options, |masks| {
        masks.answer_timeout_ms = Some(1_000);
        masks.opening_timeout_ms = Some(1_000);
        masks.ahead = ahead;
    })
}

fn settle(world: &mut World, mut loses: impl FnMut(usize, &cosmosmesh_contracts::traits::Transmit) -> bool) {
    world.run(&mut loses);
    for _ in 0..200 {
        if world.parties[0].facilitator().unwrap().stage() == Stage::Done || !world.pass_time() {
            return;
        }
        world.run(&mut loses);
    }
}

#[test]
fn rounds_go_on_without_answers_that_are_late() {
    for ahead in [false, true] {
        let mut everybody = world(6, ahead);
        settle(&mut everybody, |_, _| false);
        let expected = everybody.outcome();
        assert_eq!(expected.status, Status::Optimal);
        let mut world = world(6, ahead);
        // Answers of asset 4 are lost from its third to its fifth, those of asset 5 in its fourth.
        let mut answers = [0; 6];
        settle(&mut world, |from, transmit| {
            if transmit.bytes[0] != 0x34 {
                return false;
            }
            answers[from] += 1;
            (from == 4 && (3..6).contains(&answers[4])) || (from == 5 && answers[5] == 4)
        });
        let outcome = world.outcome();
        assert_eq!(outcome.status, Status::Optimal, "ahead: {ahead}");
        let objective = |outcome: &cosmosmesh_contracts::plan::Outcome| outcome.certificate.as_ref().unwrap().objective;
        let (found, wanted) = (objective(&outcome), objective(&expected));
        assert!((found - wanted).abs() <= 2e-4 * wanted.abs().max(1.0), "{found} {wanted}");
        let absences: usize = world
            .events
            .iter()
            .map(|(_, event)| if let RoundEvent::Absent { assets } = event { assets.len() } else { 0 })
            .sum();
        assert!(absences >= 3, "{absences} absences, ahead: {ahead}");
        assert!(world.parties.iter().all(|party| party.asset().is_some_and(Contributing::in_effect)));
        assert_eq!(world.refusals(), Vec::<&RoundEvent>::new());
    }
}

#[test]
fn an_answer_after_its_round_is_late_and_counts_for_nothing() {
    let mut world = world(5, false);
    let mut held = None;
    let mut answers = 0;
    settle(&mut world, |from, transmit| {
        let is_answer = from == 4 && transmit.bytes[0] == 0x34;
        answers += usize::from(is_answer);
        if is_answer && answers == 3 {
            held = Some(transmit.bytes.clone());
        }
        is_answer && answers == 3
    });
    let (name, now) = (world.names[4], world.now);
    use cosmosmesh_contracts::traits::Engine;
    let before = world.outcome();
    world.parties[0].handle_input(now, name, &held.unwrap());
    assert_eq!(world.parties[0].poll_event(), Some(RoundEvent::Late { from: name }));
    assert_eq!(world.outcome(), before);
}

#[test]
fn fewer_than_three_answers_are_never_summed() {
    let mut world = world(5, false);
    let mut answers = [0; 5];
    settle(&mut world, |from, transmit| {
        let is_answer = transmit.bytes[0] == 0x34;
        answers[from] += usize::from(is_answer);
        is_answer && from >= 2 && answers[from] >= 2
    });
    let facilitator = world.parties[0].facilitator().unwrap();
    assert_eq!((facilitator.stage(), facilitator.missing()), (Stage::Collecting, Some(world.names[2])));
    let requests = world.carried.iter().filter(|(_, _, bytes)| bytes[0] == 0x35).count();
    assert_eq!(requests, 3, "of the first round only");
}

/// Every query of a planning, in order.
fn queries(world: &World) -> Vec<(Mode, RoundQuery)> {
    let (roster, crypto) = (world.roster.clone().unwrap(), node(0));
    let questions = world.carried.iter().filter(|(_, to, bytes)| *to == 1 && bytes[0] == QUESTION_KIND);
    let read = |bytes: &[u8]| Question::decode(bytes, 1 << 24, &roster, &crypto).unwrap();
    questions.map(|(_, _, bytes)| read(bytes)).map(|question| (question.header.header().mode, question.query)).collect()
}

#[test]
fn near_the_end_a_drop_out_shows_a_small_difference_and_not_a_report() {
    let fleet = fleet(6);
    let mut world = world(6, true);
    settle(&mut world, |_, _| false);
    let mut participant = Participant::new(&fleet.assets()[1]).unwrap();
    let mut shown = Vec::new();
    for (mode, query) in queries(&world) {
        assert_eq!(mode, Mode::Full);
        let answer = participant.answer(&query).unwrap();
        let layout = ReportLayout::of(&query).unwrap();
        let of = |kind: FieldKind| {
            let field = layout.fields().iter().rfind(|field| field.kind == kind).unwrap();
            answer.values()[field.offset..field.offset + field.len].iter().fold(0.0, |most: f64, v| most.max(v.abs()))
        };
        shown.push((query.is_relative(), of(FieldKind::Use), of(FieldKind::Cost)));
    }
    let ((first, whole_use, whole_cost), (last, use_left, cost_left)) = (shown[0], *shown.last().unwrap());
    assert!(!first && last, "whole at first, differences at last");
    assert!(use_left < 0.02 * whole_use && cost_left < 0.05 * whole_cost, "{shown:?}");
}

#[test]
fn consecutive_rounds_under_the_same_ranges_send_differences_and_the_sums_are_the_same() {
    let mut deltas = 0;
    for case in fleet_cases() {
        let count = case.fleet.assets().len();
        if count < 3 {
            continue;
        }
        let options = Options { tolerance: 1e-3, strict: true, ..Options::default() };
        let mut world = World::on(&case.fleet, count.min(4) as u8, Method::Admm, &options, |_| {});
        world.run(|_, _| false);
        let mut participants: Vec<_> =
            case.fleet.assets().iter().map(|asset| Participant::new(asset).unwrap()).collect();
        let mut method = coordinator(Method::Admm, case.fleet.coupling(), count, &options).unwrap();
        let sum = &mut FixedPointSum::new(WIDTH, count as u32);
        let goes_on = &mut |_: &RoundQuery, _: &_| std::ops::ControlFlow::Continue(());
        let expected = run(method.as_mut(), &mut participants, sum, goes_on).unwrap();
        assert_eq!(world.outcome(), expected, "{}", case.name);
        deltas += queries(&world).iter().filter(|(mode, _)| matches!(mode, Mode::Delta { .. })).count();
    }
    assert!(deltas > 50, "{deltas} rounds of differences");
}
