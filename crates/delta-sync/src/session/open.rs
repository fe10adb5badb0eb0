//! Contacts opening and closing, and what is remembered of peers between them.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::codec::{CodecError, Reader, put_u64};
use crate::entry::{put_log, read_log};
use crate::interest::Interest;
use crate::range::RangeSet;
use crate::replica::damaged;

use super::contact::OpenContact;
use super::peer::{Inbox, Peer};
use super::{Contact, PEER_RANGES_MAX, Session};

/// What each peer was last known to hold; the newest record of a peer counts.
const PEERS_STREAM: &str = "peers";
/// After so many records they are written together anew.
const PEER_RECORDS_MAX: u64 = 512;

impl<S: Store> Session<S> {
    /// A link to a peer is there. What goes out first depends on what is known of the peer:
    /// what it lacks, if that is known; a beacon, if it lacks nothing; our summary, if nothing is known or a cut contact left it open.
    pub fn contact_open(&mut self, now: MissionTime, peer: NodeId, contact: Contact) {
        if !self.halted
            && let Err(error) = self.attend(now)
        {
            self.halt(error);
        }
        let repeat_max = self.config.repeat_bytes_max;
        let coming = self.replica.incoming().is_some();
        let id = peer;
        let peer = self.peer(id);
        let two_way = contact.two_way;
        peer.contact = Some(OpenContact::new(contact, now));
        peer.inbox = Inbox { flight: peer.inbox.flight, answered: true, ..Inbox::default() };
        peer.stale = true;
        peer.told = None;
        peer.sketched = None;
        peer.sketch_heard = None;
        peer.cut_told = false;
        peer.acknowledge = None;
        peer.room_bytes = None;
        peer.outgoing = None;
        peer.pieces_due = None;
        peer.repeats = 0;
        // What came of a snapshot in an earlier contact, or from another peer, is not sent again.
        peer.wants.pieces = coming;
        peer.wants.reply = false;
        if let Some(cut) = peer.sending.take() {
            peer.push_flight(cut);
        }
        let doubt = !peer.flights.is_empty();
        if !two_way {
            peer.flights.clear();
        }
        peer.held = false;
        if !peer.known {
            peer.wants.summary = true;
            // Without an answer to come, all goes out at once.
            peer.held = two_way;
        } else if doubt && two_way {
            peer.wants.summary = true;
            peer.wants.reply = true;
            if repeat_max > 0 {
                peer.flights.clear();
            }
        } else {
            // Goes out only if nothing else does.
            peer.wants.beacon = true;
        }
        peer.attempts = 0;
        peer.heard = None;
        peer.arm(now, 0);
        if !two_way {
            self.broadcast_snapshot(now, id);
        }
    }

    /// The link is gone. What was sent and not answered counts as doubtful; what the peer holds is written down.
    pub fn contact_close(&mut self, peer: NodeId) {
        let Some(known) = self.peers.get_mut(&peer) else { return };
        known.contact = None;
        if let Some(cut) = known.sending.take() {
            known.push_flight(cut);
        }
        known.pending.clear();
        if known.unsaved && !self.halted {
            let record = encode_peer(&peer, known);
            if let Some(known) = self.peers.get_mut(&peer) {
                known.unsaved = false;
            }
            if let Err(error) = self.write_peer(&record) {
                self.halt(error);
            }
        }
    }

    fn write_peer(&mut self, record: &[u8]) -> Result<(), StoreError> {
        let at = self.replica.store.append(PEERS_STREAM, record)?;
        if at % PEER_RECORDS_MAX == PEER_RECORDS_MAX - 1 {
            for (id, peer) in self.peers.iter().filter(|(_, peer)| peer.known) {
                self.replica.store.append(PEERS_STREAM, &encode_peer(id, peer))?;
            }
            self.replica.store.sync()?;
            self.replica.store.trim(PEERS_STREAM, at + 1)?;
        }
        Ok(())
    }

    pub(super) fn read_peers(&mut self) -> Result<(), StoreError> {
        let mut at = 0;
        loop {
            let records = match self.replica.store.read(PEERS_STREAM, at, 64) {
                Err(StoreError::Trimmed { first }) => {
                    at = first;
                    continue;
                }
                other => other?,
            };
            if records.is_empty() {
                return Ok(());
            }
            at += records.len() as u64;
            for record in records {
                let (id, peer) = decode_peer(&record).map_err(|_| damaged(PEERS_STREAM))?;
                *self.peer(id) = peer;
            }
        }
    }
}

fn encode_peer(id: &NodeId, peer: &Peer) -> Vec<u8> {
    let mut out = id.as_bytes().to_vec();
    match &peer.interest {
        None => out.push(0),
        Some(interest) => {
            out.push(1);
            interest.encode(&mut out);
        }
    }
    put_u64(&mut out, u64::from(peer.flight_number));
    // What went out and was not answered makes the next opening a question: one bit of it survives a restart.
    out.push(u8::from(!peer.flights.is_empty()));
    put_u64(&mut out, peer.theirs.len() as u64);
    for (log, have) in &peer.theirs {
        put_log(&mut out, log);
        put_u64(&mut out, peer.their_forks.get(log).map_or(0, |fork| fork + 1));
        have.encode(&mut out);
    }
    out
}

fn decode_peer(bytes: &[u8]) -> Result<(NodeId, Peer), CodecError> {
    let mut reader = Reader::new(bytes);
    let id = reader.node()?;
    let interest = if reader.flag()? { Some(Interest::read(&mut reader)?) } else { None };
    let flight_number = reader.u32()?;
    let doubt = reader.flag()?;
    let mut peer = Peer { interest, flight_number, known: !doubt, ..Peer::default() };
    for _ in 0..reader.count(36)? {
        let log = read_log(&mut reader)?;
        if let Some(fork) = reader.u64()?.checked_sub(1) {
            peer.their_forks.insert(log, fork);
        }
        peer.theirs.insert(log, RangeSet::decode(&mut reader, PEER_RANGES_MAX)?);
    }
    reader.finish()?;
    Ok((id, peer))
}
