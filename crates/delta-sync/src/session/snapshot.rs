//! Snapshots on their way to peers that were away too long, and from them.

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::checkpoint::SNAPSHOT_BYTES_MAX;
use crate::entry::Entry;
use crate::frame::{PIECE_HEAD_BYTES_MAX, Piece, Votes, WANTED_RANGES_MAX, Wanted};
use crate::range::RangeSet;
use crate::replica::{Adoption, Closed, Landed, ReplicaError};

use super::outgoing::{Outgoing, Round, VOTES_EVERY};
use super::peer::Peer;
use super::{BATCH_BYTES_MIN, Event, Session};

impl<S: Store> Session<S> {
    /// Proposes a checkpoint and has it sent to every open contact.
    ///
    /// # Errors
    /// As [`crate::Replica::propose`].
    pub fn propose(
        &mut self,
        now: MissionTime,
        at: MissionTime,
    ) -> Result<crate::checkpoint::Checkpoint, ReplicaError> {
        let checkpoint = self.replica.propose(now, at)?;
        self.changed();
        self.attend(now).map_err(ReplicaError::Store)?;
        Ok(checkpoint)
    }

    /// Claims a ballot of the next checkpoint for this replica, and has it sent to every open contact.
    ///
    /// # Errors
    /// As [`crate::Replica::claim`].
    pub fn claim(&mut self, now: MissionTime) -> Result<u64, ReplicaError> {
        let ballot = self.replica.claim(now)?;
        self.changed();
        self.attend(now).map_err(ReplicaError::Store)?;
        Ok(ballot)
    }

    /// Does what is due to close the past, and has what it says sent to every open contact.
    ///
    /// # Errors
    /// As [`crate::Replica::close_past`].
    pub fn close_past(
        &mut self,
        now: MissionTime,
        schedule: &crate::replica::Schedule,
    ) -> Result<crate::replica::PastStep, ReplicaError> {
        let step = self.replica.close_past(now, schedule)?;
        if !matches!(step, crate::replica::PastStep::Waited(_)) {
            self.changed();
            self.attend(now).map_err(ReplicaError::Store)?;
        }
        Ok(step)
    }

    /// Drops what the checkpoint in force covers, and keeps its hashes.
    ///
    /// # Errors
    /// As [`crate::Replica::prune`].
    pub fn prune(&mut self) -> Result<crate::replica::Pruned, StoreError> {
        let pruned = self.replica.prune()?;
        self.changed();
        Ok(pruned)
    }

    /// Votes and adopts where that is due, and tells what came of it.
    pub(super) fn attend(&mut self, now: MissionTime) -> Result<(), StoreError> {
        let before: u64 = self.replica.entry_count();
        match self.replica.attend(now) {
            Ok(adopted) => {
                for adoption in adopted {
                    self.adopted(adoption);
                }
            }
            Err(ReplicaError::Store(error)) => return Err(error),
            // Without its key a replica does not vote; the rest goes on.
            Err(error) => self.tell(Event::Unattended { detail: error.to_string() }),
        }
        if self.replica.entry_count() != before {
            self.changed();
        }
        Ok(())
    }

    fn adopted(&mut self, adoption: Adoption) {
        self.tell(Event::Checkpoint(adoption));
        self.changed();
        for peer in self.peers.values_mut().filter(|peer| peer.contact.is_some()) {
            peer.wants.summary = true;
            peer.settled = None;
        }
    }

    /// A peer has an older checkpoint or none: it is told who voted for ours, and gets the snapshot at once if it lacks what was dropped here, unless that is on its way.
    pub(super) fn offer_snapshot(&mut self, now: MissionTime, to: NodeId) {
        let Some(Closed { hash, front_bytes, .. }) = self.replica.closed() else { return };
        let (checkpoint, length) = (*hash, *front_bytes);
        let whole = self.lacks_what_was_dropped(&to);
        let peer = self.peer(to);
        let round_trip = peer.contact.as_ref().map_or(0, |open| open.contact.delay_ms.saturating_mul(2));
        let under_way = peer.outgoing.as_ref().is_some_and(|outgoing| {
            outgoing.checkpoint == checkpoint
                && (!outgoing.pending.is_empty() || outgoing.votes || outgoing.sent_at.plus_ms(round_trip) >= now)
        });
        if !under_way {
            let pending = if whole { RangeSet::from_range(0, length) } else { RangeSet::new() };
            peer.outgoing = Some(Outgoing { checkpoint, votes: true, pending, from: 0, since_votes: 0, sent_at: now });
        }
    }

    /// A way without answers opens: nobody will ask for the snapshot, so it goes out by itself to a peer that is not known to have what was dropped here.
    ///
    /// It goes round: each contact goes on where the last one ended, and begins again at the end, since nobody says what has arrived.
    pub(super) fn broadcast_snapshot(&mut self, now: MissionTime, to: NodeId) {
        let Some(Closed { hash, front_bytes, .. }) = self.replica.closed() else { return };
        let (checkpoint, length) = (*hash, *front_bytes);
        if !self.lacks_what_was_dropped(&to) {
            return;
        }
        let peer = self.peer(to);
        let from = peer.round.filter(|round| round.checkpoint == checkpoint).map_or(0, |round| round.from);
        let pending = RangeSet::from_range(0, length);
        peer.outgoing = Some(Outgoing { checkpoint, votes: true, pending, from, since_votes: 0, sent_at: now });
    }

    /// Whether a peer that says it holds `theirs` lacks what was dropped here.
    pub(super) fn lacks_what_was_dropped(&self, peer: &NodeId) -> bool {
        let Some(known) = self.peers.get(peer) else { return false };
        let scope = self.scope(known);
        self.replica.indices().any(|(id, log)| {
            let mut dropped = log.have();
            dropped.truncate(log.base);
            let dropped = match known.theirs.get(id) {
                Some(theirs) => dropped.minus(theirs),
                None => dropped,
            };
            scope.covers(id.topic) && !dropped.is_empty()
        })
    }

    /// The next frame of a snapshot for a peer.
    pub(super) fn piece_for(
        &mut self,
        now: MissionTime,
        peer: &mut Peer,
        left: u64,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let room = peer.room_bytes.unwrap_or(u64::MAX);
        let limit = usize::try_from(left.min(room)).unwrap_or(usize::MAX).min(self.config.batch_bytes_max);
        let Some(outgoing) = &mut peer.outgoing else { return Ok(None) };
        let mission = self.replica.config.mission.tag();
        let Some(closed) = self.replica.closed().filter(|closed| closed.hash == outgoing.checkpoint) else {
            peer.outgoing = None;
            return Ok(None);
        };
        let mut out = Vec::new();
        if outgoing.votes {
            let votes: Vec<Entry> = closed.votes.clone();
            let (number, checkpoint, pieces_follow) = (closed.number(), closed.hash, !outgoing.pending.is_empty());
            Votes { mission, number, checkpoint, pieces_follow, votes }.encode(&mut out);
            if out.len() as u64 > left.min(room) {
                return Ok(None);
            }
            outgoing.votes = false;
        } else {
            let Some((offset, end)) = outgoing.next() else { return Ok(None) };
            if limit < BATCH_BYTES_MIN {
                return Ok(None);
            }
            let bytes_max = (limit - PIECE_HEAD_BYTES_MAX).min(usize::try_from(end - offset).unwrap_or(usize::MAX));
            let bytes = self.replica.snapshot_piece(offset, bytes_max)?;
            let (number, checkpoint, length) = (closed.number(), closed.hash, closed.front_bytes);
            Piece { mission, number, checkpoint, length, offset, bytes: &bytes }.encode(&mut out);
            let sent = offset + bytes.len() as u64;
            outgoing.pending = outgoing.pending.minus(&RangeSet::from_range(offset, sent));
            if peer.contact.as_ref().is_some_and(|open| !open.contact.two_way) {
                let checkpoint = outgoing.checkpoint;
                outgoing.from = if sent < length { sent } else { 0 };
                outgoing.since_votes += 1;
                outgoing.votes = outgoing.since_votes.is_multiple_of(VOTES_EVERY) && !outgoing.pending.is_empty();
                peer.round = Some(Round { checkpoint, from: outgoing.from });
            }
        }
        outgoing.sent_at = now;
        if let Some(room) = &mut peer.room_bytes {
            *room = room.saturating_sub(out.len() as u64);
        }
        peer.arm(now, out.len() as u64);
        Ok(Some(out))
    }

    /// Which parts of the snapshot that is coming are missing here, as a frame.
    pub(super) fn wanted(&self) -> Option<Vec<u8>> {
        let incoming = self.replica.incoming()?;
        let missing = incoming.missing().lowest(WANTED_RANGES_MAX);
        let mut out = Vec::new();
        Wanted { mission: self.replica.config.mission.tag(), checkpoint: incoming.checkpoint, missing }
            .encode(&mut out);
        Some(out)
    }

    pub(super) fn receive_votes(&mut self, now: MissionTime, from: NodeId, votes: &Votes) -> Result<(), StoreError> {
        if let Some(refusal) = self.replica.take_votes(votes)? {
            self.tell(Event::Refused { from, refusal, count: 1 });
            return Ok(());
        }
        // With the votes alone it may be enough.
        self.attend(now)?;
        if votes.pieces_follow {
            self.expect_pieces(now, from);
        } else {
            let coming = self.replica.incoming().is_some();
            self.peer(from).wants.pieces |= coming;
        }
        Ok(())
    }

    pub(super) fn receive_piece(
        &mut self,
        now: MissionTime,
        from: NodeId,
        piece: &Piece<'_>,
    ) -> Result<(), StoreError> {
        match self.replica.take_piece(now, piece)? {
            Landed::Nothing | Landed::Part => self.expect_pieces(now, from),
            Landed::Whole(adoption) => {
                self.adopted(adoption);
                self.attend(now)?;
            }
            Landed::Refused(refusal) => self.tell(Event::Refused { from, refusal, count: 1 }),
        }
        Ok(())
    }

    /// Asks for what is missing when nothing has come for longer than a piece takes.
    fn expect_pieces(&mut self, now: MissionTime, from: NodeId) {
        let bytes = self.config.batch_bytes_max as u64 * 2;
        let coming = self.replica.incoming().is_some();
        let peer = self.peer(from);
        peer.pieces_due = None;
        if let (true, Some(open)) = (coming, &peer.contact) {
            peer.pieces_due = Some(now.plus_ms(open.patience_ms(0, bytes)));
        }
    }

    pub(super) fn receive_wanted(&mut self, now: MissionTime, from: NodeId, wanted: &Wanted) {
        let Some(Closed { hash, front_bytes, .. }) = self.replica.closed() else { return };
        if *hash != wanted.checkpoint {
            self.offer_snapshot(now, from);
            return;
        }
        let (checkpoint, mut pending) = (*hash, wanted.missing.clone());
        pending.truncate((*front_bytes).min(SNAPSHOT_BYTES_MAX));
        let peer = self.peer(from);
        peer.outgoing = Some(Outgoing { checkpoint, votes: false, pending, from: 0, since_votes: 0, sent_at: now });
    }
}
