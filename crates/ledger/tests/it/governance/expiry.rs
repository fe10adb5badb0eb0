//! An expired root approves nothing but the next root, and stops nothing.

use cosmosmesh_ledger::governance::{Approval, Decision, Governance, Refusal, Statement};

use super::house::*;
use crate::house::NOW;

fn at(issued_posix_s: u64, statement: Statement) -> Statement {
    Statement { issued_posix_s, ..statement }
}

#[test]
fn what_was_issued_after_the_end_is_refused_and_the_next_root_is_not() {
    let mut state = founded();
    let admission = statement(&state, admit("rover-1", ROVER));
    let refused = refusal(&state, &at(EXPIRES, admission.clone()), &[ALICE, BOB, CAROL, ROVER]);
    assert!(matches!(refused, Refusal::Expired { .. }), "{refused}");
    // Issued before, logged whenever a contact comes: the log's order counts, not the reader's clock.
    accept(&mut state, &signed(&at(EXPIRES - 1, admission), &[ALICE, BOB, ROVER]));
    let mut next = first_root();
    let expired = statement(&state, Decision::Root(next.clone()));
    let refused = refusal(&state, &at(EXPIRES, expired), &[ALICE, BOB]);
    assert!(refused.to_string().contains("has expired when it is issued"), "{refused}");
    next.expires_posix_s = EXPIRES + 1_000;
    let renewal = statement(&state, Decision::Root(next));
    accept(&mut state, &signed(&at(EXPIRES + 1, renewal), &[BOB, CAROL]));
    let late = at(EXPIRES + 2, statement(&state, admit("drone-1", DRONE)));
    accept(&mut state, &signed(&late, &[ALICE, BOB, DRONE]));
}

#[test]
fn everything_decided_stays_in_force_after_the_end() {
    let state = manned();
    // The state knows no clock, so no clock can take anything out of it.
    assert_eq!(state.approval(u64::MAX, 0), Approval::RootOnly { expired_s: u64::MAX - EXPIRES });
    assert_eq!(state.members["rover-1"].node(), Some(node(ROVER)));
    assert!(state.root.is_some());
}

#[test]
fn a_doubtful_clock_is_said_to_be_one() {
    let state = founded();
    let check = |now, uncertainty, expected| assert_eq!(state.approval(now, uncertainty), expected);
    check(NOW, 0, Approval::Open { left_s: 1_000_000 });
    check(NOW, 999_999, Approval::Open { left_s: 1 });
    check(NOW, 1_000_000, Approval::Uncertain);
    check(EXPIRES, 0, Approval::RootOnly { expired_s: 0 });
    check(EXPIRES, 1, Approval::Uncertain);
    check(EXPIRES + 7, 7, Approval::RootOnly { expired_s: 0 });
    assert_eq!(Governance::new().approval(NOW, 0), Approval::Unfounded);
}
