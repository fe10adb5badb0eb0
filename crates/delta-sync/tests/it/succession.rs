//! A proposer is lost at any step, and another goes on; no number ever has two certificates that disagree.

use std::collections::{BTreeMap, BTreeSet};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::key::Digest;
use cosmosmesh_delta_sync::checkpoint::{CLAIM_KIND, CONTROL_TOPIC, PROMISE_KIND, PROPOSERS_MAX, Quorum, QuorumError};
use cosmosmesh_delta_sync::{
    Event, LogId, PastStep, ProposeError, Replica, ReplicaConfig, ReplicaError, Schedule, Session, SessionConfig,
    Verdict,
};

use crate::fleet::{Fleet, adoptions, count};
use crate::keys::{TestHasher, keys, node};
use crate::pair::{TestSession, config, reconcile};
use crate::random::Random;

/// The first three propose, in this order; the second to the fourth vote, and two are needed.
fn quorum() -> Quorum {
    let quorum = Quorum::new(node(1), (2..=4).map(node).collect(), 2).unwrap();
    quorum.with_successors(&[node(2), node(3)]).unwrap()
}

/// Which checkpoint was ever seen in force under each number.
#[derive(Default)]
struct Certified(BTreeMap<u64, Digest>);

impl Certified {
    #[track_caller]
    fn note(&mut self, session: &TestSession, when: &str) {
        let Some(certificate) = session.replica().certificate() else { return };
        let (number, hash) = (certificate.checkpoint.number, certificate.checkpoint.hash(&TestHasher));
        certificate.verify(session.replica().config().quorum.as_ref().unwrap(), &keys(9)).unwrap();
        let first = *self.0.entry(number).or_insert(hash);
        assert_eq!(first, hash, "{when}: two checkpoints {number} are certified");
    }

    #[track_caller]
    fn note_all(&mut self, fleet: &Fleet, when: &str) {
        fleet.nodes.iter().for_each(|node| self.note(node, when));
    }
}

fn propose(fleet: &mut Fleet, k: usize, at: MissionTime) -> Result<Digest, ProposeError> {
    let now = fleet.now;
    match fleet.nodes[k].propose(now, at) {
        Err(ReplicaError::Propose(error)) => Err(error),
        other => Ok(other.unwrap().hash(&TestHasher)),
    }
}

fn claim(fleet: &mut Fleet, k: usize) -> Result<u64, ProposeError> {
    let now = fleet.now;
    match fleet.nodes[k].claim(now) {
        Err(ReplicaError::Propose(error)) => Err(error),
        other => Ok(other.unwrap()),
    }
}

/// Five nodes that have written and met; the moment up to which the past may be closed.
fn written() -> (Fleet, MissionTime) {
    let mut fleet = Fleet::with(5, quorum());
    for round in 0..20 {
        fleet.write(round % 5, 1 + round as i64);
    }
    fleet.gather();
    let at = fleet.now;
    fleet.now = fleet.now.plus_ms(60_000);
    (fleet, at)
}

#[test]
fn nobody_has_heard_what_the_lost_one_proposed() {
    let (mut fleet, at) = written();
    let lost = propose(&mut fleet, 0, at).unwrap();
    fleet.present = (1..5).collect();
    assert_eq!(propose(&mut fleet, 1, at), Err(ProposeError::Unclaimed { number: 1 }));
    assert_eq!(claim(&mut fleet, 1), Ok(2));
    assert_eq!(claim(&mut fleet, 1), Err(ProposeError::Claimed { number: 1 }));
    assert_eq!(propose(&mut fleet, 1, at), Err(ProposeError::Claimed { number: 1 }), "nobody has promised yet");
    fleet.gather();
    // What is closed is another past than the lost one meant.
    let other = propose(&mut fleet, 1, at.plus_ms(-50)).unwrap();
    assert_ne!(other, lost);
    fleet.gather();
    let mut certified = Certified::default();
    certified.note_all(&fleet, "without the lost one");
    assert_eq!(certified.0.get(&1), Some(&other));
    // The lost one comes back: its proposal is past.
    fleet.present = (0..5).collect();
    fleet.gather();
    certified.note_all(&fleet, "with it");
    fleet.assert_equal();
    assert_eq!((fleet.number(0), certified.0.len()), (1, 1));
    assert_eq!(propose(&mut fleet, 0, at), Err(ProposeError::Nothing { at }), "votes alone are not worth closing");
    fleet.write(2, 1);
    let at = fleet.now;
    fleet.now = fleet.now.plus_ms(10);
    fleet.meet(0, 2);
    propose(&mut fleet, 0, at).expect("the first goes on with the next number");
    fleet.gather();
    assert_eq!(fleet.number(4), 2);
}

#[test]
fn what_may_be_certified_is_proposed_again() {
    let (mut fleet, at) = written();
    let first = propose(&mut fleet, 0, at).unwrap();
    // One of the three voters hears of it and votes; then it is lost.
    fleet.meet(0, 3);
    fleet.write(1, 500);
    fleet.write(4, 500);
    fleet.present = [1, 3, 4].into();
    assert_eq!(claim(&mut fleet, 1), Ok(2));
    fleet.gather();
    let now = fleet.now;
    assert_eq!(propose(&mut fleet, 1, now.plus_ms(-1)), Ok(first), "whatever it was asked for");
    // What they said, byte for byte.
    let said = |author: u64, kind: u16| -> Vec<Vec<u8>> {
        let log = LogId { author: node(author), epoch: 0, topic: CONTROL_TOPIC };
        let entries = fleet.nodes[1].replica().read(&log, 0, u64::MAX, usize::MAX).unwrap();
        entries.iter().filter(|entry| entry.header().kind == kind).map(|entry| entry.body().unwrap().to_vec()).collect()
    };
    assert_eq!(said(2, CLAIM_KIND), [[1, 2]], "number and ballot");
    assert_eq!(said(2, PROMISE_KIND), [[1, 2, 0]], "number, ballot, no vote");
    assert_eq!(said(4, PROMISE_KIND), [[&[1, 2, 1, 1][..], first.as_bytes()].concat()], "and one in ballot 1");
    fleet.gather();
    assert_eq!(fleet.number(4), 1);
    fleet.present = (0..5).collect();
    fleet.gather();
    fleet.assert_equal();
    let mut certified = Certified::default();
    certified.note_all(&fleet, "in the end");
    assert_eq!(certified.0, BTreeMap::from([(1, first)]));
}

#[test]
fn a_vote_that_was_not_reported_gives_way() {
    let (mut fleet, at) = written();
    let first = propose(&mut fleet, 0, at).unwrap();
    fleet.meet(0, 3);
    // The one that voted is away as well; the two others are enough.
    fleet.present = [1, 2, 4].into();
    assert_eq!(claim(&mut fleet, 1), Ok(2));
    fleet.gather();
    let second = propose(&mut fleet, 1, at.plus_ms(-50)).unwrap();
    assert_ne!(first, second);
    fleet.gather();
    let mut certified = Certified::default();
    fleet.present = (0..5).collect();
    fleet.gather();
    certified.note_all(&fleet, "in the end");
    fleet.assert_equal();
    assert_eq!(certified.0, BTreeMap::from([(1, second)]));
}

#[test]
fn a_promise_binds_over_a_restart_and_lower_ballots_get_no_vote() {
    let (mut fleet, at) = written();
    assert_eq!(claim(&mut fleet, 2), Ok(3));
    fleet.present = [2, 3].into();
    fleet.gather();
    for k in [2, 3] {
        let store = fleet.take_store(k);
        fleet.restart(k, store);
    }
    // The first proposes in its own ballot meanwhile, and those who promised do not vote there.
    propose(&mut fleet, 0, at).unwrap();
    fleet.present = [0, 2, 3].into();
    fleet.gather();
    assert_eq!([0, 2, 3].map(|k| fleet.number(k)), [0; 3]);
    assert_eq!(
        propose(&mut fleet, 0, at),
        Err(ProposeError::Unclaimed { number: 1 }),
        "it knows that it was overtaken"
    );
    let third = propose(&mut fleet, 2, at.plus_ms(-20)).unwrap();
    fleet.gather();
    fleet.present = (0..5).collect();
    fleet.gather();
    let mut certified = Certified::default();
    certified.note_all(&fleet, "in the end");
    assert_eq!(certified.0, BTreeMap::from([(1, third)]));
    fleet.assert_equal();
}

#[test]
fn what_can_never_be_certified_binds_nobody() {
    let (mut fleet, _) = written();
    // Node 5 writes twice in one place: the first proposer and one voter have one story, the other voters know both.
    let store = fleet.take_store(4);
    fleet.restart(4, store.clone());
    let one = fleet.write(4, 2);
    fleet.restart(4, store);
    let other = fleet.write(4, 3);
    let now = fleet.now;
    for k in [0, 3] {
        assert_eq!(fleet.nodes[k].take(now, &one), Ok(Verdict::New));
    }
    for k in [1, 2] {
        fleet.nodes[k].take(now, &one).unwrap();
        assert_eq!(fleet.nodes[k].take(now, &other), Ok(Verdict::Fork(one.id())));
    }
    fleet.now = fleet.now.plus_ms(1_000);
    let first = propose(&mut fleet, 0, now).unwrap();
    fleet.meet(0, 3);
    fleet.present = [1, 2, 3].into();
    fleet.gather();
    assert_eq!(claim(&mut fleet, 1), Ok(2));
    fleet.gather();
    // One voter reports its vote for the first proposal; the two others said that they will never share it.
    let second = propose(&mut fleet, 1, now).unwrap();
    assert_ne!(first, second);
    fleet.gather();
    assert_eq!([1, 2, 3].map(|k| fleet.number(k)), [1; 3]);
    fleet.present = (0..4).collect();
    fleet.gather();
    fleet.assert_equal();
    let mut certified = Certified::default();
    certified.note_all(&fleet, "in the end");
    assert_eq!(certified.0, BTreeMap::from([(1, second)]));
}

const SCHEDULE: Schedule = Schedule { period_ms: 60_000, age_ms: 60_000, patience_ms: 1_800_000 };

/// The present meet and close the past by the schedule until a number is in force at all of them.
fn close_until(fleet: &mut Fleet, number: u64, certified: &mut Certified, when: &str) {
    for _ in 0..24 {
        for k in fleet.present.clone() {
            let now = fleet.now;
            fleet.nodes[k].close_past(now, &SCHEDULE).unwrap();
        }
        fleet.gather();
        certified.note_all(fleet, when);
        if fleet.present.iter().all(|k| fleet.number(*k) >= number) {
            return;
        }
        fleet.now = fleet.now.plus_ms(600_000);
    }
    let numbers: Vec<u64> = (0..fleet.nodes.len()).map(|k| fleet.number(k)).collect();
    panic!("{when}: checkpoint {number} never came: {numbers:?}");
}

#[test]
fn a_schedule_alone_closes_the_past_and_stands_in_for_whoever_is_lost() {
    let (mut fleet, _) = written();
    let mut certified = Certified::default();
    // As long as the first is there, nobody stands in.
    for round in 0..4 {
        close_until(&mut fleet, round + 1, &mut certified, "all are there");
        fleet.write(1, 1);
        fleet.now = fleet.now.plus_ms(120_000);
    }
    close_until(&mut fleet, 5, &mut certified, "all are there");
    let now = fleet.now;
    for k in [1, 2] {
        let step = fleet.nodes[k].close_past(now, &SCHEDULE).unwrap();
        assert!(matches!(step, PastStep::Waited(_)), "{step:?}");
    }
    assert_eq!(fleet.nodes[3].close_past(now, &SCHEDULE), Ok(PastStep::Waited(ProposeError::NotProposer)));
    // Without the first two the third does.
    fleet.present = (2..5).collect();
    let reached = fleet.number(2);
    for more in 1..4 {
        fleet.write(2, 1);
        fleet.now = fleet.now.plus_ms(1_800_000);
        close_until(&mut fleet, reached + more, &mut certified, "two are lost");
    }
    fleet.present = (0..5).collect();
    fleet.gather();
    certified.note_all(&fleet, "all are back");
    fleet.assert_equal();
}

#[test]
fn a_hole_whose_author_is_lost_is_given_up_and_what_comes_after_all_is_carried_on() {
    let (mut fleet, _) = written();
    let first = fleet.write(4, 1_000);
    let second = fleet.write(4, 2_000);
    fleet.present = (0..4).collect();
    let now = fleet.now;
    assert_eq!(fleet.nodes[0].take(now, &second), Ok(Verdict::New));
    fleet.gather();
    fleet.now = fleet.now.plus_ms(180_000);
    let now = fleet.now;
    let step = fleet.nodes[0].close_past(now, &SCHEDULE).unwrap();
    assert_eq!(step, PastStep::Waited(ProposeError::Hole { log: second.id().log }), "it may come yet");
    let mut certified = Certified::default();
    fleet.now = fleet.now.plus_ms(SCHEDULE.patience_ms);
    close_until(&mut fleet, 1, &mut certified, "given up");
    let checkpoint = fleet.nodes[0].replica().checkpoint().unwrap().clone();
    assert!(checkpoint.cut.contains(&second.id()) && !checkpoint.cut.contains(&first.id()));
    fleet.prune(0..4);
    // The author was not lost after all.
    fleet.present = (0..5).collect();
    let events = fleet.gather();
    let carried: Vec<_> = adoptions(&events).into_iter().flat_map(|adoption| adoption.rebased).collect();
    assert_eq!(carried.len(), 1, "{carried:?}");
    assert_eq!(carried[0].0, first.id());
    fleet.assert_equal();
    assert_eq!(fleet.counter(3, 4), 3_000 + 5 + 10 + 15 + 20);
    // And the next checkpoint goes on over the hole that the last one has.
    fleet.now = fleet.now.plus_ms(900_000);
    close_until(&mut fleet, 2, &mut certified, "the next");
    fleet.assert_equal();
}

fn open_failing(number: u64, store: MemoryStore, now: MissionTime) -> Result<TestSession, MemoryStore> {
    let copy = store.clone();
    let config = ReplicaConfig { quorum: Some(quorum()), ..config() };
    let replica = Replica::open(now, store, keys(number), config).map_err(|_| copy)?;
    Ok(Session::new(replica, SessionConfig { batch_bytes_max: 4_000, ..SessionConfig::default() }).unwrap())
}

/// A proposer stops at any of its writes while it closes the past, with any part of what it wrote kept, and is lost.
///
/// The others go on; it comes back as it was at its last breath, and nothing that was certified changes.
#[test]
fn a_proposer_lost_at_any_write_is_stood_in_for() {
    // Who is lost: the first, which proposes by right, or the second, which stands in for the first.
    for lost in [0, 1] {
        let (mut fleet, at) = written();
        if lost == 1 {
            // The first got as far as one vote, so that the second may be bound.
            propose(&mut fleet, 0, at).unwrap();
            fleet.meet(0, 3);
        }
        let stores: Vec<MemoryStore> = (0..5).map(|k| fleet.take_store(k)).collect();
        let begun = fleet.now;
        let (mut writes, mut done) = (0, false);
        let mut reached = BTreeSet::new();
        while !done {
            for kept in [0, 1, 2, usize::MAX] {
                let when = format!("{lost} lost after {writes} writes, {kept} kept");
                let mut certified = Certified::default();
                fleet.now = begun;
                (0..5).for_each(|k| fleet.restart(k, stores[k].clone()));
                let mut store = stores[lost].clone();
                store.fail_after(writes);
                let opened = open_failing(lost as u64 + 1, store, fleet.now);
                let (finished, store) = match opened {
                    Ok(mut session) => {
                        let finished = close_with_failing(&mut fleet, lost, &mut session, at, &mut certified, &when);
                        (finished, session.into_replica().into_store())
                    }
                    Err(store) => (false, store),
                };
                done = finished;
                fleet.present = (lost + 1..5).collect();
                reached.insert(fleet.present.iter().map(|k| fleet.number(*k)).max());
                fleet.now = fleet.now.plus_ms(1_200_000);
                close_until(&mut fleet, 1, &mut certified, &when);
                let unsynced = store.unsynced();
                fleet.restart(lost, store.crash(kept.min(unsynced)));
                certified.note_all(&fleet, &when);
                fleet.present = (0..5).collect();
                fleet.gather();
                certified.note_all(&fleet, &when);
                fleet.assert_equal();
                fleet.write(lost, 1);
                fleet.now = fleet.now.plus_ms(1_200_000);
                let next = fleet.number(0) + 1;
                close_until(&mut fleet, next, &mut certified, &when);
                fleet.assert_equal();
            }
            writes += 1;
        }
        assert!(writes > 5, "{writes} writes");
        assert_eq!(reached.len(), 2, "it is lost before and after the others have a certificate");
    }
}

/// A proposer whose store may fail closes the past with two voters; whether it came to the end.
fn close_with_failing(
    fleet: &mut Fleet,
    lost: usize,
    session: &mut TestSession,
    at: MissionTime,
    certified: &mut Certified,
    when: &str,
) -> bool {
    let contact = crate::pair::contact();
    for _ in 0..4 {
        let now = fleet.now;
        match session.propose(now, at) {
            Err(ReplicaError::Propose(ProposeError::Unclaimed { .. })) => {
                if !matches!(session.claim(now), Ok(_) | Err(ReplicaError::Propose(_))) {
                    return false;
                }
            }
            Ok(_) | Err(ReplicaError::Propose(_)) => {}
            Err(_) => return false,
        }
        for k in [2, 3] {
            let mut now = fleet.now;
            let events = reconcile(&mut fleet.nodes[k], session, &mut now, &contact, |_, _, _| true).events;
            fleet.now = now;
            certified.note_all(fleet, when);
            if events.iter().any(|event| matches!(event, Event::StoreFailed(_))) {
                return false;
            }
        }
    }
    certified.note(session, when);
    assert_eq!(lost, if session.replica().me() == node(1) { 0 } else { 1 });
    session.replica().checkpoint().is_some()
}

/// Proposers that compete at random, stores that are lost in part, meetings that break off: one certificate a number.
#[test]
fn competing_proposers_certify_one_checkpoint_a_number() {
    let (mut numbers, mut claims) = (0, 0);
    for seed in 0..200 {
        let mut random = Random(seed);
        let mut fleet = Fleet::with(5, quorum());
        let mut certified = Certified::default();
        let when = format!("seed {seed}");
        for step in 0..60 {
            fleet.now = fleet.now.plus_ms(500 << random.below(8));
            let k = random.below(5) as usize;
            let now = fleet.now;
            match random.below(12) {
                0 | 1 => drop(fleet.write(k, step)),
                2 | 3 => {
                    let at = now.plus_ms(-(1 << random.below(17)));
                    match fleet.nodes[k].propose(now, at) {
                        Ok(_) | Err(ReplicaError::Propose(_)) => {}
                        Err(error) => panic!("{when}: {error}"),
                    }
                }
                4 => match fleet.nodes[k].claim(now) {
                    Ok(_) => claims += 1,
                    Err(ReplicaError::Propose(_)) => {}
                    Err(error) => panic!("{when}: {error}"),
                },
                5 => {
                    let store = fleet.take_store(k);
                    let kept = random.below(store.unsynced() as u64 + 1) as usize;
                    fleet.restart(k, store.crash(kept));
                }
                6 => drop(fleet.nodes[k].prune().unwrap()),
                _ => {
                    let other = (k + 1 + random.below(4) as usize) % 5;
                    let loss = random.below(60);
                    let mut dice = Random(random.next());
                    let contact = cosmosmesh_delta_sync::Contact {
                        delay_ms: 1_000,
                        until: Some(now.plus_ms(4_000 << random.below(5))),
                        ..cosmosmesh_delta_sync::Contact::new("rough")
                    };
                    fleet.meet_over(k, other, &contact, |_, _, _| !dice.chance(loss));
                }
            }
            certified.note_all(&fleet, &when);
        }
        fleet.gather();
        certified.note_all(&fleet, &when);
        fleet.assert_equal();
        let next = fleet.number(0) + 1;
        fleet.write(0, 1);
        fleet.now = fleet.now.plus_ms(3_600_000);
        close_until(&mut fleet, next, &mut certified, &when);
        fleet.assert_equal();
        numbers += certified.0.len();
    }
    assert!(numbers > 250 && claims > 250, "{numbers} checkpoints, {claims} claims");
}

#[test]
fn proposers_that_are_none_are_refused() {
    let quorum = || Quorum::new(node(1), (2..=4).map(node).collect(), 2).unwrap();
    assert_eq!(quorum().with_successors(&[node(2), node(1)]), Err(QuorumError::Twice { node: node(1) }));
    let many: Vec<_> = (2..2 + PROPOSERS_MAX as u64).map(node).collect();
    assert_eq!(quorum().with_successors(&many), Err(QuorumError::TooManyProposers { proposers: PROPOSERS_MAX + 1 }));
    let two = quorum().with_successors(&[node(5)]).unwrap();
    assert_eq!((1..=4).map(|ballot| two.owner(ballot)).collect::<Vec<_>>(), [1, 5, 1, 5].map(node));
    // Restored from a copy, a proposer may have forgotten a claim too.
    let config = ReplicaConfig { quorum: Some(two), restored: true, ..config() };
    let mut replica = Replica::open(MissionTime(9), MemoryStore::new(), keys(5), config).unwrap();
    replica.append(MissionTime(10), count(1, 1)).unwrap();
    assert_eq!(replica.claim(MissionTime(11)), Err(ReplicaError::Propose(ProposeError::Restored)));
}
