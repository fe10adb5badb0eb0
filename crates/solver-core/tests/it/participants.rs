use cosmosmesh_contracts::round::{Ask, ColumnKey, FieldKind, Metric, Mix, QueryPoint, ReportLayout, RoundQuery};
use cosmosmesh_contracts::traits::Sum;
use cosmosmesh_solver_core::{Participant, ParticipantError, PlainSum};

use crate::fleets::{Kind, random};

fn first_query(rows: usize) -> RoundQuery {
    let point = |barrier| QueryPoint { prices: vec![0.0; rows], barrier };
    RoundQuery {
        round: 1,
        row_count: rows as u32,
        row_scale: None,
        points: vec![point(1.0), point(0.1)],
        ask: Ask::Path { base: None, metric: Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 } },
        bound_points: vec![1],
        ray: None,
        retain: vec![],
    }
}

#[test]
fn the_same_query_gets_the_same_answer() {
    let fleet = random(Kind::Strong, 1, 3, 1);
    let mut participant = Participant::new(&fleet.assets()[0]).expect("convex");
    let query = first_query(3);
    let once = participant.answer(&query).expect("an answer");
    let steps = participant.newton_steps();
    assert_eq!(participant.answer(&query).expect("the same answer"), once);
    assert_eq!(participant.newton_steps(), steps, "nothing was solved again");
}

/// What a report says of a plan is what the plan does.
#[test]
fn reports_tell_the_truth_about_plans() {
    let fleet = random(Kind::Degenerate, 4, 5, 9);
    let mut participants: Vec<Participant> =
        fleet.assets().iter().map(|a| Participant::new(a).expect("convex")).collect();
    let query = first_query(5);
    let answers: Vec<_> = participants.iter_mut().map(|p| p.answer(&query).expect("an answer")).collect();
    let sum = PlainSum.sum(&query, &mut answers.into_iter()).expect("a sum");
    assert_eq!(sum.contributors(), 4);
    for (slot, kind, cost) in [
        (0, FieldKind::Use, FieldKind::Cost),
        (1, FieldKind::Use, FieldKind::Cost),
        (2, FieldKind::BoundUse, FieldKind::BoundCost),
    ] {
        let mix = Mix::single(ColumnKey { round: 1, slot });
        let x: Vec<Vec<f64>> = participants.iter().map(|p| p.plan(&mix).expect("kept").x).collect();
        let point = if slot == 2 { 0 } else { slot };
        for (told, true_use) in sum.field(kind, point).iter().zip(fleet.coupling_values(&x)) {
            assert!((told - true_use).abs() < 1e-9, "slot {slot}: {told} against {true_use}");
        }
        assert!((sum.scalar(cost, point) - fleet.objective(&x)).abs() < 1e-8);
        for (asset, x) in fleet.assets().iter().zip(&x) {
            assert!(asset.local.violation(x) < 1e-9, "every answer is locally feasible");
        }
    }
}

#[test]
fn refusals_are_named() {
    let fleet = random(Kind::Strong, 1, 3, 1);
    let mut participant = Participant::new(&fleet.assets()[0]).expect("convex");
    let good = first_query(3);
    assert!(matches!(participant.answer(&first_query(4)), Err(ParticipantError::RowCount { expected: 3, found: 4 })));
    let mut bad = good.clone();
    bad.points[0].barrier = f64::NAN;
    assert!(matches!(participant.answer(&bad), Err(ParticipantError::Query { .. })));
    let mut early = good.clone();
    early.round = 2;
    early.ask = Ask::Path { base: Some(0), metric: Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 } };
    assert!(matches!(participant.answer(&early), Err(ParticipantError::Missed { round: 2 })));
    let unknown = Mix::single(ColumnKey { round: 7, slot: 0 });
    assert!(matches!(participant.plan(&unknown), Err(ParticipantError::UnknownColumn(_))));
    assert!(participant.answer(&good).is_ok(), "a refused query does no harm");
}

#[test]
fn old_plans_are_forgotten_unless_named() {
    let fleet = random(Kind::Strong, 1, 3, 1);
    let mut participant = Participant::new(&fleet.assets()[0]).expect("convex");
    participant.answer(&first_query(3)).expect("an answer");
    let (kept, dropped) = (ColumnKey { round: 1, slot: 1 }, ColumnKey { round: 1, slot: 0 });
    for round in 2..=RoundQuery::WINDOW + 2 {
        let mut query = first_query(3);
        query.round = round;
        query.ask = Ask::Path { base: Some(0), metric: Metric { stiffness: 2.0, shift: 1.0, floor: 0.01 } };
        query.retain = vec![kept];
        participant.answer(&query).expect("an answer");
    }
    assert!(participant.plan(&Mix::single(kept)).is_ok());
    assert!(participant.plan(&Mix::single(dropped)).is_err());
}

#[test]
fn layout_is_a_function_of_the_query() {
    let query = first_query(3);
    let layout = ReportLayout::of(&query).expect("a layout");
    // Contributors, local failures, norms, count; per point 3 m + m(m+1)/2 + 4; one bound of m + 3.
    assert_eq!(layout.len(), 2 + 3 + 1 + 2 * (9 + 6 + 4) + 6);
}
