//! The session: one replica and the peers that it reconciles with.

mod contact;
mod event;
mod flight;
mod intake;
mod open;
mod outgoing;
mod peer;
mod receive;
mod sketching;
mod snapshot;

use std::collections::{BTreeMap, VecDeque};

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Engine, Store, StoreError, Transmit};

use crate::entry::Entry;
use crate::frame::Compression;
use crate::interest::Interest;
use crate::replica::{Draft, Replica, ReplicaError, Verdict};

pub use contact::Contact;
pub use event::Event;
use peer::Peer;

/// Brings replicas together: what [`Engine`] asks for, around one [`Replica`].
///
/// # Cost
/// Memory beyond the replica's: at most [`PEERS_MAX`] peers, and of each what it holds, as stretches, at most [`PEER_RANGES_MAX`] of them.
#[derive(Debug)]
pub struct Session<S> {
    replica: Replica<S>,
    config: SessionConfig,
    peers: BTreeMap<NodeId, Peer>,
    events: VecDeque<Event>,
    missed: u64,
    compression: Compression,
    /// The peer that was served last, so that all get their turn.
    served: Option<NodeId>,
    halted: bool,
    salts: u64,
}

/// What a session is told when it starts.
#[derive(Clone, Debug)]
pub struct SessionConfig {
    /// The longest batch sent, in bytes; an entry that is longer travels alone.
    pub batch_bytes_max: usize,
    /// Whether batches are compressed.
    pub compress: bool,
    /// How many KiB this replica takes from a peer at a time; zero asks for silence.
    pub room_kib: u32,
    /// After a cut contact: up to so many bytes that may have arrived are sent again before the peer says what it has.
    pub repeat_bytes_max: u64,
    /// What nobody else knows: it keys sketches.
    pub secret: [u8; 32],
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self { batch_bytes_max: 60 << 10, compress: true, room_kib: 64 << 10, repeat_bytes_max: 0, secret: [0; 32] }
    }
}

/// The most peers that are remembered; beyond them, those without a contact are forgotten first.
pub const PEERS_MAX: usize = 256;
/// The most stretches that are remembered of what one peer holds.
pub const PEER_RANGES_MAX: usize = 65_536;
/// The most events that wait.
pub const EVENTS_MAX: usize = 4_096;
/// The smallest batch worth sending: one small entry.
const BATCH_BYTES_MIN: usize = 256;

impl<S: Store> Session<S> {
    /// A session around a replica; it remembers the peers that the store knows of.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub fn new(replica: Replica<S>, config: SessionConfig) -> Result<Self, StoreError> {
        let mut session = Self {
            replica,
            config,
            peers: BTreeMap::new(),
            events: VecDeque::new(),
            missed: 0,
            compression: Compression::new(),
            served: None,
            halted: false,
            salts: 0,
        };
        session.read_peers()?;
        Ok(session)
    }

    /// Appends an entry of our own and has it sent to every open contact.
    ///
    /// # Errors
    /// As [`Replica::append`].
    pub fn append(&mut self, now: MissionTime, draft: Draft) -> Result<Entry, ReplicaError> {
        let entry = self.replica.append(now, draft)?;
        self.changed();
        Ok(entry)
    }

    /// Takes in an entry that came another way than through this session, and has it sent to every open contact.
    ///
    /// # Errors
    /// As [`Replica::take`].
    pub fn take(&mut self, now: MissionTime, entry: &Entry) -> Result<Verdict, StoreError> {
        let verdict = self.replica.take(now, entry)?;
        self.changed();
        self.attend(now)?;
        Ok(verdict)
    }

    /// The replica.
    pub fn replica(&self) -> &Replica<S> {
        &self.replica
    }

    /// The replica, as a crash would leave it.
    pub fn into_replica(self) -> Replica<S> {
        self.replica
    }

    /// How many KiB this replica takes from a peer from now on.
    pub fn set_room(&mut self, room_kib: u32) {
        self.config.room_kib = room_kib;
    }

    /// Says to a peer, once: I am here, and this is the hash of what I hold. It costs less than 64 bytes and no answer if the peer holds the same.
    pub fn announce(&mut self, peer: NodeId) {
        self.peer(peer).wants.beacon = true;
    }

    /// Whether the peer was last known to hold what we hold now.
    pub fn is_settled(&self, peer: &NodeId) -> bool {
        let Some(known) = self.peers.get(peer) else { return false };
        known.settled == Some(self.replica.root(&self.scope(known)))
    }

    fn peer(&mut self, id: NodeId) -> &mut Peer {
        if !self.peers.contains_key(&id) && self.peers.len() >= PEERS_MAX {
            let idle = self.peers.iter().find(|(_, peer)| peer.contact.is_none()).map(|(id, _)| *id);
            if let Some(idle) = idle.or_else(|| self.peers.keys().next().copied()) {
                self.peers.remove(&idle);
            }
        }
        self.peers.entry(id).or_default()
    }

    /// Which topics this replica and the peer both want.
    fn scope(&self, peer: &Peer) -> Interest {
        match &peer.interest {
            Some(theirs) => self.replica.config.interest.shared(theirs),
            None => self.replica.config.interest.clone(),
        }
    }

    fn scope_tag(&self, scope: &Interest) -> [u8; 4] {
        scope.tag(&*self.replica.keys.hasher)
    }

    /// Plans are made anew after the replica changed.
    fn changed(&mut self) {
        for peer in self.peers.values_mut() {
            peer.stale = true;
        }
    }

    fn tell(&mut self, event: Event) {
        if self.events.len() == EVENTS_MAX {
            self.events.pop_front();
            self.missed += 1;
        }
        self.events.push_back(event);
    }

    fn halt(&mut self, error: StoreError) {
        if !self.halted {
            self.halted = true;
            self.tell(Event::StoreFailed(error));
        }
    }
}

impl<S: Store> Engine for Session<S> {
    type Event = Event;

    fn handle_input(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) {
        if !self.halted
            && let Err(error) = self.receive(now, from, bytes)
        {
            self.halt(error);
        }
    }

    fn handle_timeout(&mut self, now: MissionTime) {
        for peer in self.peers.values_mut() {
            peer.handle_timeout(now);
        }
    }

    fn poll_transmit(&mut self, now: MissionTime) -> Option<Transmit> {
        if self.halted {
            return None;
        }
        // Nothing leaves that a crash could make untrue.
        if let Err(error) = self.replica.sync() {
            self.halt(error);
            return None;
        }
        let mut turns: Vec<NodeId> =
            self.peers.iter().filter(|(_, peer)| peer.contact.is_some()).map(|(id, _)| *id).collect();
        if let Some(served) = self.served {
            let after = turns.partition_point(|id| *id <= served);
            turns.rotate_left(after);
        }
        for id in turns {
            match self.next_frame(now, id) {
                Ok(Some(bytes)) => {
                    self.served = Some(id);
                    return Some(Transmit { to: id, bytes });
                }
                Ok(None) => {}
                Err(error) => {
                    self.halt(error);
                    return None;
                }
            }
        }
        None
    }

    fn poll_event(&mut self) -> Option<Event> {
        if self.missed > 0 {
            return Some(Event::Missed { count: core::mem::take(&mut self.missed) });
        }
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<MissionTime> {
        self.peers.values().filter_map(Peer::deadline).min()
    }
}
