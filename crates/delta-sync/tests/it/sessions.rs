//! What two replicas say to each other, message by message.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_delta_sync::{Contact, Event, Interest, SessionConfig, Topic};

use crate::pair::{config, contact, draft, equal, reconcile, session, session_with, write};

#[test]
fn a_warm_pair_needs_one_leg_and_an_equal_one_a_beacon() {
    let (mut a, mut b) = (session(1), session(2));
    let mut now = MissionTime(1_000);
    for k in 0..20 {
        write(&mut a, 1_000 + k, b"from a");
        write(&mut b, 1_000 + k, b"from b");
    }
    let cold = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&a, &b));
    assert_eq!(cold.legs, 2, "{cold:?}");
    assert!(cold.events.iter().any(|event| matches!(event, Event::Settled { .. })));

    for k in 0..20 {
        write(&mut a, now.as_ms() + k, b"more from a");
        write(&mut b, now.as_ms() + k, b"more from b");
    }
    let warm = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&a, &b));
    assert_eq!((warm.legs, warm.messages), (1, 4), "a batch and an acknowledgement each way");
    assert!(warm.bytes_after <= 2 * 64);

    let idle = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert_eq!((idle.legs, idle.messages), (0, 2), "both say that they are there, and neither answers");
    assert!(idle.frames.iter().all(|frame| frame.len() <= 64), "{:?}", idle.frames);
}

#[test]
fn an_announcement_to_an_equal_peer_is_not_answered() {
    use cosmosmesh_contracts::traits::Engine;
    let (mut a, mut b) = (session(1), session(2));
    let mut now = MissionTime(1_000);
    write(&mut a, 1, b"x");
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    let (me, you) = crate::pair::ids();
    a.contact_open(now, you, contact());
    let beacon = a.poll_transmit(now).unwrap();
    assert!(beacon.bytes.len() <= 64, "{}", beacon.bytes.len());
    assert_eq!(a.poll_transmit(now), None);
    b.contact_open(now, me, contact());
    while b.poll_transmit(now).is_some() {}
    b.handle_input(now, me, &beacon.bytes);
    assert_eq!(b.poll_transmit(now), None, "an equal peer says nothing");
}

#[test]
fn a_lost_batch_is_a_gap_that_the_next_summary_shows() {
    let small = || SessionConfig { batch_bytes_max: 600, ..SessionConfig::default() };
    let (mut a, mut b) = (session_with(1, config(), small()), session_with(2, config(), small()));
    let mut now = MissionTime(1_000);
    for k in 0..60 {
        write(&mut a, k, &[k as u8; 40]);
    }
    let mut batches = 0;
    let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, frame| {
        batches += u32::from(frame[2] == 3);
        frame[2] != 3 || batches % 3 != 1
    });
    assert!(equal(&a, &b), "{traffic:?}");
}

#[test]
fn a_contact_cut_in_a_batch_goes_on_where_it_stopped() {
    let small = || SessionConfig { batch_bytes_max: 1_000, ..SessionConfig::default() };
    let (mut a, mut b) = (session_with(1, config(), small()), session_with(2, config(), small()));
    let mut now = MissionTime(1_000);
    for k in 0..200 {
        write(&mut a, k, &[k as u8; 40]);
    }
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, frame| frame[2] != 3);
    assert_eq!(b.replica().entry_count(), 0);
    let short = |now: MissionTime| Contact {
        rate_bps: Some(8_000),
        until: Some(now.plus_ms(6_000)),
        delay_ms: 10,
        ..Contact::new("short")
    };
    let mut held = 0;
    for _ in 0..12 {
        let contact = short(now);
        let traffic = reconcile(&mut a, &mut b, &mut now, &contact, |_, _, _| true);
        let sent: usize = traffic.frames.iter().map(Vec::len).sum();
        assert!(sent <= 2 * 6_000, "six seconds of a thousand bytes each way: {sent}");
        assert!(b.replica().entry_count() > held || equal(&a, &b), "every contact brings it further");
        held = b.replica().entry_count();
        now = now.plus_ms(10_000);
    }
    assert!(equal(&a, &b));
}

#[test]
fn what_is_urgent_goes_first() {
    use cosmosmesh_contracts::message::Priority;
    let (mut a, mut b) = (session(1), session(2));
    let mut now = MissionTime(1_000);
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    for k in 0..100_u8 {
        let mut draft = draft(0, &crate::random::Random(u64::from(k)).bytes(100));
        draft.priority = if k == 70 {
            Priority::Emergency
        } else if k == 80 {
            Priority::Expedited
        } else {
            Priority::Normal
        };
        a.append(now, draft).unwrap();
    }
    // Room for some entries only.
    let contact =
        Contact { rate_bps: Some(8_000), until: Some(now.plus_ms(1_500)), delay_ms: 10, ..Contact::new("thin") };
    reconcile(&mut a, &mut b, &mut now, &contact, |_, _, _| true);
    let log = a.replica().logs().next().unwrap();
    let have = b.replica().have(&log);
    assert!(have.contains(70) && have.contains(80) && have.contains(0), "{have:?}");
    assert!(have.count() < 20);
}

#[test]
fn a_rover_asks_for_its_own_topics() {
    let some = |topics: &[u16]| {
        let mut config = config();
        config.interest = Interest::Only(topics.iter().map(|&topic| Topic(topic)).collect());
        config
    };
    let mut base = session(1);
    let mut rover = session_with(2, some(&[2, 3]), SessionConfig::default());
    let mut now = MissionTime(1_000);
    for topic in 0..6 {
        base.append(now, draft(topic, b"body")).unwrap();
    }
    rover.append(now, draft(2, b"mine")).unwrap();
    reconcile(&mut base, &mut rover, &mut now, &contact(), |_, _, _| true);
    assert_eq!(rover.replica().entry_count(), 3, "its own entry and one of each topic");
    assert_eq!(base.replica().entry_count(), 7);
    base.append(now, draft(5, b"not for the rover")).unwrap();
    let idle = reconcile(&mut base, &mut rover, &mut now, &contact(), |_, _, _| true);
    assert_eq!(idle.messages, 2, "what the rover does not want makes no difference: {idle:?}");
    base.append(now, draft(3, b"for the rover")).unwrap();
    let warm = reconcile(&mut base, &mut rover, &mut now, &contact(), |_, _, _| true);
    assert_eq!((warm.messages, rover.replica().entry_count()), (4, 4));
}

#[test]
fn a_peer_without_room_is_sent_nothing() {
    let full = SessionConfig { room_kib: 0, ..SessionConfig::default() };
    let (mut a, mut b) = (session(1), session_with(2, config(), full));
    let mut now = MissionTime(1_000);
    write(&mut a, 1, b"x");
    let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert_eq!(b.replica().entry_count(), 0);
    assert!(traffic.events.iter().any(|event| matches!(event, Event::Cut { entries_left: 1, .. })));
    b.set_room(1);
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert_eq!(b.replica().entry_count(), 1);
}

#[test]
fn an_entry_longer_than_a_batch_travels_alone_and_keeps_nothing_back() {
    let narrow = SessionConfig { batch_bytes_max: 400, ..SessionConfig::default() };
    let (mut a, mut b) = (session_with(1, config(), narrow), session(2));
    let mut now = MissionTime(1_000);
    let long: Vec<u8> = (0..3_000_u32).map(|k| (k.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    write(&mut a, 1, b"before");
    write(&mut a, 2, &long);
    write(&mut a, 3, b"after");
    let traffic = reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&a, &b), "{:?}", traffic.events);
    assert_eq!(traffic.frames.iter().filter(|frame| frame.len() > 400).count(), 1, "only it goes beyond the bound");
    // What does not fit into the contact's bytes stays for a better one.
    write(&mut a, 4, &long);
    let thin = Contact { rate_bps: Some(8_000), until: Some(now.plus_ms(500)), delay_ms: 10, ..Contact::new("thin") };
    let traffic = reconcile(&mut a, &mut b, &mut now, &thin, |_, _, _| true);
    assert!(traffic.events.iter().any(|event| matches!(event, Event::Cut { entries_left: 1, .. })));
    reconcile(&mut a, &mut b, &mut now, &contact(), |_, _, _| true);
    assert!(equal(&a, &b));
}
