//! Links without a way back: what goes out is all that there is.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::traits::Engine as _;
use cosmosmesh_delta_sync::state::Operation;
use cosmosmesh_delta_sync::{Contact, Draft, Event};

use crate::fleet::{Fleet, adoptions};
use crate::random::Random;

/// One contact from `a` to `b`; what `b` says is heard by nobody. Gives the bytes sent and what happened at `b`.
fn send(
    fleet: &mut Fleet,
    (a, b): (usize, usize),
    contact: &Contact,
    random: &mut Random,
    loss: u64,
) -> (u64, Vec<Event>) {
    let (from, to) = (fleet.nodes[a].replica().me(), fleet.nodes[b].replica().me());
    let (mut bytes, mut events) = (0, Vec::new());
    let now = fleet.now;
    fleet.nodes[a].contact_open(now, to, contact.clone());
    while let Some(transmit) = fleet.nodes[a].poll_transmit(fleet.now) {
        bytes += transmit.bytes.len() as u64;
        if !random.chance(loss) {
            let now = fleet.now.plus_ms(contact.delay_ms);
            fleet.nodes[b].handle_input(now, from, &transmit.bytes);
            assert!(fleet.nodes[b].poll_transmit(now).is_none(), "it has no link");
        }
        events.extend(std::iter::from_fn(|| fleet.nodes[b].poll_event()));
    }
    fleet.nodes[a].contact_close(to);
    fleet.now = contact.until.unwrap_or(fleet.now).plus_ms(60_000);
    (bytes, events)
}

fn thin(now: MissionTime, seconds: i64) -> Contact {
    Contact {
        delay_ms: 500,
        rate_bps: Some(16_000),
        until: Some(now.plus_ms(seconds * 1_000)),
        two_way: false,
        ..Contact::new("broadcast")
    }
}

/// Four nodes, of which three have closed and pruned a long past, and a fourth that was away with one entry of its own.
fn closed() -> Fleet {
    let mut fleet = Fleet::new(4);
    for k in 0..400_u32 {
        let value = (0..40).map(|j| (k * 37 + j * 11) as u8).collect();
        let body = Operation::Write { key: k.to_be_bytes().to_vec(), value, over: None }.encode().unwrap();
        fleet.now = fleet.now.plus_ms(10);
        let now = fleet.now;
        fleet.nodes[0].append(now, Draft { kind: 1, body, ..Draft::default() }).unwrap();
    }
    fleet.write(3, 30);
    fleet.present = (0..3).collect();
    fleet.gather();
    fleet.close();
    fleet.prune(0..3);
    fleet
}

#[test]
fn a_snapshot_comes_over_a_link_without_a_way_back_however_many_contacts_it_takes() {
    for loss in [0, 10, 30] {
        let mut fleet = closed();
        let mut random = Random(loss + 1);
        let (mut contacts, mut events, mut sent) = (0, Vec::new(), 0);
        while fleet.number(3) == 0 {
            contacts += 1;
            assert!(contacts < 60, "loss {loss}: it comes to an end");
            // Some 16 kB: less than half of the snapshot.
            let contact = thin(fleet.now, 8);
            let (bytes, told) = send(&mut fleet, (0, 3), &contact, &mut random, loss);
            assert!(bytes <= 16_000, "{bytes}: no more than the contact carries");
            sent += bytes;
            events.extend(told);
            let store = fleet.take_store(3);
            fleet.restart(3, store);
        }
        assert!(contacts >= 3, "{contacts}: one is too short for it");
        if loss == 0 {
            assert!(sent < 80_000, "{sent}: without loss once round is enough");
        }
        let adopted = adoptions(&events);
        assert_eq!((adopted.len(), adopted[0].rebased.len()), (1, 1), "its own entry is carried on");
        // With a way back all are equal, and nothing more of the snapshot goes to one that said what it has.
        fleet.present = (0..4).collect();
        fleet.gather();
        fleet.assert_equal();
        assert_eq!(fleet.counter(0, 3), 30);
        fleet.meet(0, 3);
        let contact = thin(fleet.now, 8);
        let (bytes, _) = send(&mut fleet, (0, 3), &contact, &mut random, 0);
        assert!(bytes < 100, "{bytes}: it is known to hold everything");
    }
}
