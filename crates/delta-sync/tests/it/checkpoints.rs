//! A quorum closes the past; below it hashes are enough, and whoever comes late loses nothing.

use std::collections::BTreeSet;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::{Engine, Store};
use cosmosmesh_delta_sync::checkpoint::{
    CONTROL_TOPIC, CertificateError, Quorum, QuorumError, REBASED_KIND, Snapshot, late_of,
};
use cosmosmesh_delta_sync::frame::{Compression, Frame, Piece, Votes};
use cosmosmesh_delta_sync::receipt::RECEIPTS_STREAM;
use cosmosmesh_delta_sync::state::{Fold, Notice, Operation};
use cosmosmesh_delta_sync::{
    CodecError, Contact, Draft, Entry, EntryId, Event, LogId, ProposeError, RangeSet, Receipt, Refusal, Replica,
    ReplicaError, Session, SessionConfig, Verdict,
};

use crate::fleet::{END, Fleet, adoptions, closing_config, count, open, quorum};
use crate::keys::{TestHasher, keys, node};
use crate::pair::{MISSION, TestSession, contact, draft, reconcile};

fn snapshot_of(session: &TestSession) -> Snapshot {
    let replica = session.replica();
    Snapshot { certificate: replica.certificate().unwrap(), state: replica.base().unwrap().unwrap().state }
}

/// Three nodes with a past, and a fourth that was away with two late entries of its own and two that only it has of a fifth.
fn late_fleet() -> (Fleet, Vec<EntryId>) {
    let mut fleet = Fleet::new(5);
    for k in 0..5 {
        fleet.write(k, 1);
    }
    fleet.gather();
    let late = [fleet.write(4, 10), fleet.write(4, 20), fleet.write(3, 300), fleet.write(3, 4_000)];
    fleet.meet(3, 4);
    fleet.present = (0..3).collect();
    for round in 0..40 {
        fleet.write(round % 3, 7);
    }
    fleet.gather();
    (fleet, late.iter().map(Entry::id).collect())
}

pub(crate) struct Closing {
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) snapshot: Snapshot,
    pub(crate) carrier: Vec<u8>,
}

/// What is said when the past is closed and somebody comes late: for the corpus.
pub(crate) fn closing() -> Closing {
    let (mut fleet, _) = late_fleet();
    fleet.close();
    fleet.prune(0..3);
    let snapshot = snapshot_of(&fleet.nodes[0]);
    let frames = fleet.meet(0, 3).frames;
    let entries = fleet.nodes[3].replica().read_all().unwrap();
    let mut carrier = Vec::new();
    entries.iter().find(|entry| entry.header().kind == REBASED_KIND).unwrap().encode(&mut carrier);
    Closing { frames, snapshot, carrier }
}

#[test]
fn a_quorum_closes_the_past_and_whoever_prunes_stays_equal() {
    let mut fleet = Fleet::new(4);
    for round in 0..60 {
        fleet.write(round % 4, round as i64);
    }
    fleet.gather();
    let before = fleet.digest(0);
    let adopted = adoptions(&fleet.close());
    assert_eq!(adopted.len(), 4, "everybody adopts, voter or not");
    assert!(adopted.iter().all(|adoption| adoption.rebased.is_empty() && adoption.conflicts.is_empty()));
    assert_eq!((0..4).map(|k| fleet.number(k)).collect::<Vec<_>>(), [1; 4]);
    fleet.assert_equal();
    assert_eq!(fleet.digest(0), before, "closing changes nothing of what is said");
    let everything: Vec<Entry> = fleet.nodes[0].replica().read_all().unwrap();
    let root = fleet.nodes[1].replica().root(&Default::default());
    let haves: Vec<(LogId, RangeSet)> = {
        let replica = fleet.nodes[1].replica();
        replica.logs().map(|log| (log, replica.have(&log))).collect()
    };

    let pruned = fleet.nodes[1].prune().unwrap();
    assert_eq!(pruned.entries, 60);
    let replica = fleet.nodes[1].replica();
    assert_eq!(replica.root(&Default::default()), root);
    assert!(haves.iter().all(|(log, have)| replica.have(log) == *have));
    assert!(replica.read_all().unwrap().iter().all(|entry| entry.id().log.topic == CONTROL_TOPIC), "bodies are gone");
    fleet.assert_equal();
    assert_eq!(fleet.nodes[1].prune().unwrap().entries, 0, "once is enough");

    // Those who prune and those who do not go on together.
    let idle = fleet.meet(0, 1);
    assert_eq!((idle.legs, idle.messages), (0, 2), "equal is equal: two beacons");
    assert!(idle.frames.iter().all(|frame| frame.len() <= 64));
    for round in 0..20 {
        fleet.write(round % 4, 1);
    }
    fleet.gather();
    fleet.assert_equal();

    // The fold of the whole history, which the unpruned still have, is the same.
    let mut whole = Fold::new();
    for entry in everything.iter().chain(&fleet.nodes[0].replica().read_all().unwrap()) {
        if entry.header().kind == 1 {
            whole.take(entry).unwrap();
        }
    }
    assert_eq!(whole.state(END).digest(&TestHasher), fleet.digest(1));

    // A second checkpoint goes on from the first, at a pruned proposer too, and after a restart.
    let store = fleet.take_store(0);
    fleet.restart(0, store);
    fleet.nodes[0].prune().unwrap();
    let second = adoptions(&fleet.close());
    assert_eq!(second.len(), 4);
    assert!((0..4).all(|k| fleet.number(k) == 2));
    fleet.prune(0..4);
    fleet.assert_equal();
    for k in 0..4 {
        let store = fleet.take_store(k);
        fleet.restart(k, store);
    }
    fleet.assert_equal();
    assert_eq!(whole.state(END).digest(&TestHasher), fleet.digest(3));
}

#[test]
fn whoever_comes_late_takes_the_state_and_carries_its_entries_on() {
    let (mut fleet, late) = late_fleet();
    fleet.close();
    fleet.prune(0..3);
    fleet.present = (0..4).collect();
    let events = fleet.gather();
    let adopted = adoptions(&events);
    assert_eq!(adopted.len(), 1);
    let carried: Vec<EntryId> = adopted[0].rebased.iter().map(|(late, _)| *late).collect();
    assert_eq!(carried, late, "in the order in which they were written, whoever wrote them");
    for (old, new) in &adopted[0].rebased {
        let found = fleet.nodes[0].replica().read(&new.log, new.sequence, new.sequence + 1, 1).unwrap();
        assert_eq!(late_of(&found[0]), Some(*old), "everybody has what is carried on");
        assert!(new.log.author == node(4) && new.log.epoch > 0, "in a new epoch, since the old numbers are taken");
    }
    fleet.assert_equal();
    for k in 0..4 {
        assert_eq!(fleet.counter(k, 3), 4_301);
        assert_eq!(fleet.counter(k, 4), 31);
    }

    // The author of two of them was away as well and carries them on itself: they count once.
    fleet.present = (0..5).collect();
    let adopted = adoptions(&fleet.gather());
    assert_eq!(adopted.len(), 1);
    assert_eq!(adopted[0].rebased.len(), 4);
    fleet.assert_equal();
    assert_eq!((fleet.counter(2, 3), fleet.counter(2, 4)), (4_301, 31));
    let mut fold = fleet.nodes[2].replica().fold().unwrap();
    assert!(late.iter().all(|id| fold.state(END).has_carried(id)));
    let repeated: Vec<EntryId> = fold
        .notices()
        .filter_map(|(_, notice)| match notice {
            Notice::Repeated { entry, .. } => Some(*entry),
            _ => None,
        })
        .collect();
    assert_eq!(repeated.len(), 4, "and that they came twice is told");

    // What has acted is remembered over the next checkpoint, and everybody writes on.
    fleet.write(4, 100_000);
    fleet.write(3, 100_000);
    fleet.gather();
    fleet.close();
    fleet.prune(0..5);
    fleet.assert_equal();
    assert_eq!((fleet.counter(2, 3), fleet.counter(2, 4)), (104_301, 100_031));
    assert!(late.iter().all(|id| snapshot_of(&fleet.nodes[1]).state.has_carried(id)));
}

#[test]
fn late_entries_are_refused_by_those_who_closed_the_past_and_their_holder_is_told() {
    // Nobody has pruned: the late one needs no state, only to know.
    let (mut fleet, late) = late_fleet();
    fleet.close();
    fleet.present = (0..5).collect();
    let events = fleet.gather();
    let adopted = adoptions(&events);
    assert_eq!(adopted.len(), 2);
    assert!(adopted.iter().all(|adoption| adoption.rebased.len() == late.len() || adoption.rebased.len() == 4));
    fleet.assert_equal();
    assert_eq!((fleet.counter(0, 3), fleet.counter(0, 4)), (4_301, 31));
    for id in &late {
        assert!(!fleet.nodes[0].replica().have(&id.log).contains(id.sequence));
    }
    // Whoever reads the receipts of those who refused them sees it there too.
    let refused: u64 = events
        .iter()
        .filter_map(|event| match event {
            Event::Refused { refusal: Refusal::Late, count, .. } => Some(count),
            _ => None,
        })
        .sum();
    let records: Vec<Receipt> = (0..5)
        .flat_map(|k| fleet.take_store(k).read(RECEIPTS_STREAM, 0, usize::MAX).unwrap())
        .map(|record| Receipt::decode(&record).unwrap())
        .collect();
    assert!(refused >= late.len() as u64, "{refused}");
    assert_eq!(records.iter().map(|receipt| receipt.late).sum::<u64>(), refused);
    assert!(records.iter().all(|receipt| receipt.late <= receipt.refused));
}

#[test]
fn a_receipt_says_late_only_where_something_was() {
    let numbers = |refused, late| Receipt {
        at: MissionTime(5),
        from: node(1),
        link: "test".into(),
        bytes: 900,
        new: 1,
        duplicate: 0,
        quarantined: 0,
        forks: 0,
        refused,
        latency_sum_ms: 0,
        latency_ms_max: 0,
        late,
    };
    let (mut without, mut with) = (Vec::new(), Vec::new());
    numbers(3, 0).encode(&mut without);
    numbers(3, 2).encode(&mut with);
    assert_eq!(with, [&without[..], &[2]].concat(), "a record from before reads as one that has none");
    assert_eq!(Receipt::decode(&with), Ok(numbers(3, 2)));
    for late in [0, 4, 0x7f] {
        let bytes = [&without[..], &[late]].concat();
        assert_eq!(Receipt::decode(&bytes), Err(CodecError::Contradiction), "{late} of 3");
    }
}

#[test]
fn a_snapshot_is_cut_by_the_contact_and_resumed_in_the_next() {
    let mut fleet = Fleet::new(4);
    for k in 0..400_u32 {
        let value = (0..40).map(|j| (k * 37 + j * 11) as u8).collect();
        let body = Operation::Write { key: k.to_be_bytes().to_vec(), value, over: None }.encode().unwrap();
        fleet.now = fleet.now.plus_ms(10);
        let now = fleet.now;
        fleet.nodes[0].append(now, Draft { kind: 1, body, ..Draft::default() }).unwrap();
    }
    fleet.present = (0..3).collect();
    fleet.gather();
    fleet.close();
    fleet.prune(0..3);
    let mut bytes = Vec::new();
    snapshot_of(&fleet.nodes[0]).encode(&mut bytes);
    let whole = bytes.len() as u64;
    assert!(whole > 30_000, "{whole}");

    // Contacts of some 8 kB each, of which every seventh frame is lost; two peers take turns.
    let (mut contacts, mut sent, mut k) = (0, 0, 0_usize);
    while fleet.number(3) == 0 {
        contacts += 1;
        assert!(contacts < 30, "it comes to an end");
        let contact = Contact {
            delay_ms: 100,
            rate_bps: Some(16_000),
            until: Some(fleet.now.plus_ms(4_000)),
            ..Contact::new("thin")
        };
        let traffic = fleet.meet_over(contacts % 2, 3, &contact, |_, _, _| {
            k += 1;
            k % 7 != 0
        });
        for frame in &traffic.frames {
            if let Ok(Frame::Piece(piece)) = Frame::decode(frame, &mut Compression::new(), &TestHasher) {
                sent += piece.bytes.len() as u64;
            }
        }
        // It goes on where it was over a restart as well.
        let store = fleet.take_store(3);
        fleet.restart(3, store);
    }
    assert!(contacts >= 4, "{contacts}: one contact is too short for it");
    assert!(sent < whole * 2, "{sent} bytes for {whole}: what came is not sent again");
    fleet.present = (0..4).collect();
    fleet.gather();
    fleet.assert_equal();
}

#[test]
fn a_snapshot_that_no_quorum_vouches_for_is_refused() {
    let mut fleet = Fleet::new(4);
    fleet.present = (0..3).collect();
    (0..9).for_each(|k| drop(fleet.write(k % 3, 5)));
    fleet.gather();
    fleet.close();
    let snapshot = snapshot_of(&fleet.nodes[0]);
    let certificate = &snapshot.certificate;
    let keys = keys(4);
    assert_eq!(certificate.verify(&quorum(), &keys), Ok(()));
    let checkpoint = certificate.checkpoint.hash(&TestHasher);
    let (me, other) = (node(4), node(2));

    let mut few = certificate.clone();
    few.votes.truncate(1);
    assert_eq!(few.verify(&quorum(), &keys), Err(CertificateError::TooFew { votes: 1, needed: 2 }));
    let mut twice = certificate.clone();
    twice.votes[1] = twice.votes[0].clone();
    assert!(matches!(twice.verify(&quorum(), &keys), Err(CertificateError::Vote { .. })));
    let mut changed = certificate.clone();
    changed.checkpoint.at = changed.checkpoint.at.plus_ms(1);
    assert!(matches!(changed.verify(&quorum(), &keys), Err(CertificateError::Vote { .. })));
    let strangers = Quorum::new(node(7), [7, 8, 9].map(node).into(), 2).unwrap();
    assert!(matches!(certificate.verify(&strangers, &keys), Err(CertificateError::Vote { .. })));

    let mission = MISSION.0[..8].try_into().unwrap();
    let mut session = open(4, MemoryStore::new(), MissionTime(0), &quorum());
    session.contact_open(fleet.now, other, contact());
    let say = |session: &mut TestSession, frame: Vec<u8>| -> Vec<Event> {
        session.handle_input(fleet.now, other, &frame);
        while session.poll_transmit(fleet.now).is_some() {}
        std::iter::from_fn(|| session.poll_event()).collect()
    };
    let votes = |votes: Vec<Entry>| {
        let mut out = Vec::new();
        Votes { mission, number: 1, checkpoint, pieces_follow: true, votes }.encode(&mut out);
        out
    };
    let refused = Event::Refused { from: other, refusal: Refusal::Certificate, count: 1 };
    assert_eq!(say(&mut session, votes(few.votes)), std::slice::from_ref(&refused));
    let pieces = |bytes: &[u8]| {
        let mut out = Vec::new();
        let length = bytes.len() as u64;
        Piece { mission, number: 1, checkpoint, length, offset: 0, bytes }.encode(&mut out);
        out
    };
    let mut front = Vec::new();
    snapshot.encode(&mut front);
    let mut tail = Vec::new();
    Snapshot { certificate: few_certificate(&snapshot), state: snapshot.state.clone() }.encode(&mut tail);
    front.truncate(tail.len() - 1);
    assert_eq!(say(&mut session, pieces(&front)), [], "without votes no piece is taken");
    assert_eq!(say(&mut session, votes(certificate.votes.clone())), []);
    let mut forged = front.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(say(&mut session, pieces(&forged)), [refused], "the state is another than was voted for");
    assert_eq!(session.replica().checkpoint(), None);
    // The honest one is taken after it.
    assert_eq!(say(&mut session, votes(certificate.votes.clone())), []);
    let events = say(&mut session, pieces(&front));
    assert_eq!(adoptions(&events).len(), 1, "{events:?}");
    assert_eq!(session.replica().checkpoint(), Some(&certificate.checkpoint));
    assert_eq!(session.replica().me(), me);
    assert!(session.replica().fold().unwrap().state(END).counter(&[1]) > 0);

    assert_eq!(
        Quorum::new(node(1), (0..4).map(node).collect(), 2),
        Err(QuorumError::Needed { needed: 2, voters: 4 }),
        "half is not enough"
    );
}

/// The same snapshot without votes: one byte longer than what travels in pieces.
fn few_certificate(snapshot: &Snapshot) -> cosmosmesh_delta_sync::checkpoint::Certificate {
    let mut certificate = snapshot.certificate.clone();
    certificate.votes.clear();
    certificate
}

#[test]
fn what_was_pruned_is_known_by_its_hash() {
    let mut fleet = Fleet::new(3);
    let first = fleet.write(0, 1);
    (0..2_100).for_each(|_| drop(fleet.write(0, 1)));
    fleet.gather();
    fleet.close();
    let now = fleet.now;
    let entries = fleet.nodes[0].replica().read(&first.id().log, 0, u64::MAX, usize::MAX).unwrap();
    assert_eq!(entries.len(), 2_101);
    fleet.nodes[0].prune().unwrap();
    for at in [0, 1, 1_023, 1_024, 2_047, 2_048, 2_100] {
        assert_eq!(fleet.nodes[0].take(now, &entries[at]), Ok(Verdict::Duplicate), "{at}");
    }
    // The author's second story, from a copy of its beginnings.
    let mut liar = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), closing_config()).unwrap();
    let lie = liar.append(MissionTime(1), draft(0, b"another story")).unwrap();
    assert_eq!(lie.id(), first.id());
    assert_eq!(fleet.nodes[0].take(now, &lie), Ok(Verdict::Refused(Refusal::Pruned)));
    // Where the bodies are there, it is proof; what the checkpoint has stays all the same.
    let before = fleet.digest(1);
    assert_eq!(fleet.nodes[1].take(now, &lie), Ok(Verdict::Fork(lie.id())));
    assert_eq!(fleet.digest(1), before);
    fleet.gather();
    assert!(fleet.nodes.iter().all(|node| node.replica().forks().count() == 1), "everybody is told");
    fleet.assert_equal();
    assert_eq!(fleet.digest(2), before);
}

#[test]
fn a_proposal_is_refused_where_it_would_close_too_much() {
    let mut fleet = Fleet::new(4);
    let propose = |fleet: &mut Fleet, k: usize, at: MissionTime| {
        let now = fleet.now;
        match fleet.nodes[k].propose(now, at) {
            Err(ReplicaError::Propose(error)) => Err(error),
            other => Ok(other.unwrap().number),
        }
    };
    let entry = fleet.write(0, 1);
    let (now, at) = (fleet.now, fleet.now.plus_ms(-1));
    assert_eq!(propose(&mut fleet, 1, at), Err(ProposeError::NotProposer));
    assert_eq!(propose(&mut fleet, 0, now), Err(ProposeError::Future));
    fleet.now = fleet.now.plus_ms(60_000);
    // A hole: the second of two entries is here and the first is not.
    let first = fleet.write(3, 1);
    let second = fleet.write(3, 2);
    let now = fleet.now;
    fleet.nodes[0].take(now, &second).unwrap();
    fleet.now = fleet.now.plus_ms(60_000);
    assert_eq!(propose(&mut fleet, 0, now), Err(ProposeError::Hole { log: second.id().log }));
    assert_eq!(propose(&mut fleet, 0, now.plus_ms(-20)), Ok(1), "what is before the hole can be closed");
    assert_eq!(propose(&mut fleet, 0, now.plus_ms(-20)), Err(ProposeError::Pending { number: 1 }));
    fleet.gather();
    assert_eq!(fleet.number(2), 1);
    assert_eq!(propose(&mut fleet, 0, now.plus_ms(-30)), Err(ProposeError::Closed { at: now.plus_ms(-20) }));
    assert_eq!(propose(&mut fleet, 0, now), Ok(2), "the hole is filled");
    let reserved = Draft { kind: REBASED_KIND, ..Draft::default() };
    assert!(matches!(fleet.nodes[0].append(now, reserved), Err(ReplicaError::Draft(_))));
    let reserved = Draft { topic: CONTROL_TOPIC, ..Draft::default() };
    assert!(matches!(fleet.nodes[0].append(now, reserved), Err(ReplicaError::Draft(_))));
    assert!(fleet.nodes[0].replica().have(&entry.id().log).contains(0) && first.id().sequence == 0);
    let day = 86_400_000;
    assert_eq!(Replica::<MemoryStore>::proposal_time(MissionTime(3 * day + 5), day, day), MissionTime(2 * day));
    assert_eq!(Replica::<MemoryStore>::proposal_time(MissionTime(5), day, day), MissionTime(-day));
}

#[test]
fn a_proposal_that_voters_can_never_share_is_given_up_and_made_again() {
    let mut fleet = Fleet::new(4);
    // Node 4 writes twice in one place: the proposer has one story, the voters know both.
    let common = fleet.write(3, 1);
    fleet.gather();
    let store = fleet.take_store(3);
    fleet.restart(3, store.clone());
    let one = fleet.write(3, 2);
    fleet.restart(3, store);
    let other = fleet.write(3, 3);
    assert_eq!((one.id(), common.id().sequence), (other.id(), 0));
    let now = fleet.now;
    fleet.nodes[0].take(now, &one).unwrap();
    for k in [1, 2] {
        fleet.nodes[k].take(now, &one).unwrap();
        assert_eq!(fleet.nodes[k].take(now, &other), Ok(Verdict::Fork(one.id())));
    }
    fleet.now = fleet.now.plus_ms(1_000);
    let later = fleet.now;
    fleet.nodes[0].propose(later, now).unwrap();
    fleet.present = (0..3).collect();
    fleet.gather();
    assert_eq!(fleet.number(0), 0, "two of three know better");
    assert_eq!(fleet.nodes[0].replica().forks().count(), 1);
    let again = fleet.nodes[0].propose(fleet.now, now).unwrap();
    assert_eq!((again.number, again.cut.end(&one.id().log)), (1, 1), "up to the fork only");
    fleet.gather();
    assert!((0..3).all(|k| fleet.number(k) == 1));
    fleet.assert_equal();
}

/// Replicas that stop at any write, with any part of it kept, open again as they were or as they will be.
#[test]
fn a_crash_at_any_write_leaves_an_older_or_an_equal_replica() {
    for late in [false, true] {
        let (mut fleet, ids) = late_fleet();
        if late {
            fleet.close();
            fleet.prune(0..3);
        } else {
            let at = fleet.now;
            fleet.now = fleet.now.plus_ms(1_000);
            fleet.nodes[0].propose(fleet.now, at).unwrap();
            fleet.meet(0, 2);
        }
        // Whose store fails: the late one, or one that finds the checkpoint certified.
        let k = if late { 3 } else { 1 };
        fleet.nodes[k].replica().root(&Default::default());
        let subject = fleet.take_store(k);
        let rest: Vec<MemoryStore> = (0..3).map(|j| fleet.take_store(j)).collect();
        let (mut writes, mut done) = (0, false);
        let mut outcomes = BTreeSet::new();
        while !done {
            for kept in [0, 1, 2, 5, usize::MAX] {
                for j in (0..3).filter(|j| *j != k) {
                    fleet.restart(j, rest[j].clone());
                }
                let mut store = subject.clone();
                store.fail_after(writes);
                let mut failing = open_failing(k as u64 + 1, store, fleet.now);
                done = match &mut failing {
                    Ok(session) => {
                        let contact = Contact { delay_ms: 1_000, ..Contact::new("test") };
                        let mut now = fleet.now;
                        let events = reconcile(&mut fleet.nodes[0], session, &mut now, &contact, |_, _, _| true).events;
                        let failed = events.iter().any(|event| matches!(event, Event::StoreFailed(_)));
                        session.prune().is_ok() && !failed
                    }
                    Err(_) => false,
                };
                let store = match failing {
                    Ok(session) => session.into_replica().into_store(),
                    Err(store) => store,
                };
                let unsynced = store.unsynced();
                fleet.restart(k, store.crash(kept.min(unsynced)));
                let number = fleet.number(k);
                outcomes.insert((number, fleet.nodes[k].replica().read_all().unwrap().len() > 20));
                // Whatever it is, it goes on, and nothing of what was late is lost, nor comes twice.
                fleet.present = (0..3).chain([k]).collect();
                fleet.gather();
                fleet.assert_equal();
                assert_eq!(fleet.number(k), 1, "writes {writes}, kept {kept}");
                if late {
                    let counters = (fleet.counter(0, 3), fleet.counter(0, 4));
                    assert_eq!(counters, (4_301, 31), "writes {writes}, kept {kept}");
                    let carriers: Vec<EntryId> =
                        fleet.nodes[0].replica().read_all().unwrap().iter().filter_map(late_of).collect();
                    assert_eq!(carriers.len(), ids.len(), "writes {writes}, kept {kept}: {carriers:?}");
                }
            }
            writes += 1;
        }
        assert!(writes > 8, "{writes} writes");
        assert!(outcomes.len() >= 2, "{outcomes:?}: it is found on both sides of the checkpoint");
    }
}

fn open_failing(number: u64, store: MemoryStore, now: MissionTime) -> Result<TestSession, MemoryStore> {
    let copy = store.clone();
    let replica = Replica::open(now, store, keys(number), closing_config()).map_err(|_| copy)?;
    Ok(Session::new(replica, SessionConfig { batch_bytes_max: 4_000, ..SessionConfig::default() }).unwrap())
}

#[test]
fn pruning_lets_the_store_go_whatever_order_the_entries_came_in() {
    let mut fleet = Fleet::new(3);
    let mut entries: Vec<Entry> = (0..50).map(|_| fleet.write(0, 1)).collect();
    let at = fleet.now;
    fleet.now = fleet.now.plus_ms(5_000);
    entries.extend((0..10).map(|_| fleet.write(0, 1)));
    // Node 3 gets them backwards, so that what is to stay stands before what is to go.
    let now = fleet.now;
    for entry in entries.iter().rev() {
        assert_eq!(fleet.nodes[2].take(now, entry), Ok(Verdict::New));
    }
    fleet.nodes[0].propose(now, at).unwrap();
    fleet.gather();
    assert!((0..3).all(|k| fleet.number(k) == 1));
    for k in [0, 2] {
        assert_eq!(fleet.nodes[k].prune().unwrap().entries, 50);
        let log = entries[0].id().log;
        let stream = format!("log/{}/{}/{}", log.author, log.epoch, log.topic.0);
        let store = fleet.take_store(k);
        let there = (0..store.len(&stream).unwrap()).filter(|at| store.read(&stream, *at, 1).is_ok()).count();
        assert_eq!(there, 10, "only what stays is there");
        fleet.restart(k, store);
        let kept = fleet.nodes[k].replica().read(&log, 0, 99, 99).unwrap();
        assert_eq!(kept, entries[50..], "and can be read");
    }
    fleet.gather();
    fleet.assert_equal();
}

#[test]
fn what_is_carried_must_be_its_authors() {
    let mut fleet = Fleet::new(3);
    let honest = fleet.write(1, 5);
    let mut body = Vec::new();
    honest.encode(&mut body);
    // Changed after it was signed: ten times as much.
    let at = body.len() - 1;
    body[at] = body[at].wrapping_add(20);
    let mut forger = Replica::open(MissionTime(0), MemoryStore::new(), keys(3), closing_config()).unwrap();
    let seed = forger.append(MissionTime(5), draft(0, b"")).unwrap();
    let mut header = seed.header().clone();
    header.kind = REBASED_KIND;
    let now = fleet.now;
    let forged = Entry::sign(header.clone(), body, &keys(3)).unwrap();
    assert_eq!(fleet.nodes[0].take(now, &forged), Ok(Verdict::Refused(Refusal::Carried)));
    let rubbish = Entry::sign(header.clone(), b"nothing".to_vec(), &keys(3)).unwrap();
    assert_eq!(fleet.nodes[0].take(now, &rubbish), Ok(Verdict::Refused(Refusal::Carried)));
    let mut body = Vec::new();
    honest.encode(&mut body);
    let proper = Entry::sign(header, body, &keys(3)).unwrap();
    assert_eq!(fleet.nodes[0].take(now, &proper), Ok(Verdict::New));
    // It was not late: what is carried without need says nothing.
    fleet.nodes[0].take(now, &honest).unwrap();
    assert_eq!(fleet.counter(0, 1), 5);
}

#[test]
fn what_is_said_of_checkpoints_is_no_operation() {
    let mut writer = Replica::open(MissionTime(0), MemoryStore::new(), keys(1), closing_config()).unwrap();
    let entry = writer.append(MissionTime(5), count(1, 5)).unwrap();
    let mut header = entry.header().clone();
    let mut fold = Fold::new();
    assert_eq!(fold.take(&entry), Ok(true));
    header.id.log.topic = CONTROL_TOPIC;
    // A vote whose bytes are by chance those of an operation.
    let note = Entry::sign(header, entry.body().unwrap().to_vec(), &keys(1)).unwrap();
    assert_eq!(fold.take(&note), Ok(false));
    assert_eq!(fold.state(END).counter(&[1]), 5);
}
