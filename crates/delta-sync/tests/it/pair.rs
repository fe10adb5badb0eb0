//! Two replicas and a link between them that counts legs, messages and bytes.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::conformance::MemoryStore;
use cosmosmesh_contracts::traits::Engine;
use cosmosmesh_delta_sync::{
    Contact, Draft, Entry, Event, MissionId, Replica, ReplicaConfig, Session, SessionConfig, Topic,
};

use crate::keys::{keys, node};

pub(crate) const MISSION: MissionId = MissionId(*b"test mission 001");
pub(crate) type TestSession = Session<MemoryStore>;

pub(crate) fn config() -> ReplicaConfig {
    ReplicaConfig::new(MISSION)
}

pub(crate) fn session_with(number: u64, config: ReplicaConfig, session: SessionConfig) -> TestSession {
    let replica = Replica::open(MissionTime(0), MemoryStore::new(), keys(number), config).unwrap();
    Session::new(replica, session).unwrap()
}

pub(crate) fn session(number: u64) -> TestSession {
    session_with(number, config(), SessionConfig::default())
}

pub(crate) fn draft(topic: u16, body: &[u8]) -> Draft {
    Draft { topic: Topic(topic), kind: 7, body: body.to_vec(), ..Draft::default() }
}

pub(crate) fn write(session: &mut TestSession, now: i64, body: &[u8]) -> Entry {
    session.append(MissionTime(now), draft(0, body)).unwrap()
}

/// What passed over the link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Traffic {
    /// One-way flights until both held the same.
    pub(crate) legs: u32,
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    /// What followed only to say that it had arrived.
    pub(crate) bytes_after: usize,
    pub(crate) events: Vec<Event>,
    pub(crate) frames: Vec<Vec<u8>>,
}

/// Both open a contact at once; every leg, what each has to say crosses. `pass` decides which frames arrive.
pub(crate) fn reconcile(
    a: &mut TestSession,
    b: &mut TestSession,
    now: &mut MissionTime,
    contact: &Contact,
    mut pass: impl FnMut(u32, usize, &[u8]) -> bool,
) -> Traffic {
    let (me, you) = (a.replica().me(), b.replica().me());
    a.contact_open(*now, you, contact.clone());
    b.contact_open(*now, me, contact.clone());
    let mut traffic = Traffic::default();
    let mut leg = 0;
    loop {
        let mut crossing = [Vec::new(), Vec::new()];
        while let Some(transmit) = a.poll_transmit(*now) {
            assert_eq!(transmit.to, you);
            crossing[0].push(transmit.bytes);
        }
        while let Some(transmit) = b.poll_transmit(*now) {
            assert_eq!(transmit.to, me);
            crossing[1].push(transmit.bytes);
        }
        if crossing.iter().all(Vec::is_empty) {
            let deadline = [a.poll_timeout(), b.poll_timeout()].into_iter().flatten().min();
            match deadline {
                Some(at) if contact.until.is_none_or(|until| at < until) => {
                    *now = at.max(*now);
                    a.handle_timeout(*now);
                    b.handle_timeout(*now);
                    continue;
                }
                _ => break,
            }
        }
        leg += 1;
        *now = now.plus_ms(contact.delay_ms.max(1));
        let settled = a.replica().root(&Default::default()) == b.replica().root(&Default::default());
        for (side, frames) in crossing.into_iter().enumerate() {
            for (k, frame) in frames.into_iter().enumerate() {
                traffic.messages += 1;
                *if settled { &mut traffic.bytes_after } else { &mut traffic.bytes } += frame.len();
                traffic.frames.push(frame.clone());
                if pass(leg, k, &frame) {
                    let (to, from) = if side == 0 { (&mut *b, me) } else { (&mut *a, you) };
                    to.handle_input(*now, from, &frame);
                }
            }
        }
        if !settled {
            traffic.legs = leg;
        }
        for side in [&mut *a, &mut *b] {
            traffic.events.extend(std::iter::from_fn(|| side.poll_event()));
        }
        assert!(leg < 200, "the two never stop talking");
    }
    a.contact_close(you);
    b.contact_close(me);
    traffic
}

pub(crate) fn contact() -> Contact {
    Contact { delay_ms: 1_200_000, ..Contact::new("test") }
}

pub(crate) fn equal(a: &TestSession, b: &TestSession) -> bool {
    a.replica().root(&Default::default()) == b.replica().root(&Default::default())
}

pub(crate) fn ids() -> (cosmosmesh_contracts::key::NodeId, cosmosmesh_contracts::key::NodeId) {
    (node(1), node(2))
}
