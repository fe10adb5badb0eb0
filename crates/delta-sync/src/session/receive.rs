//! What comes in from a peer.

use std::collections::BTreeMap;

use cosmosmesh_contracts::MissionTime;
use cosmosmesh_contracts::key::NodeId;
use cosmosmesh_contracts::traits::{Store, StoreError};

use crate::entry::LogId;
use crate::frame::{Beacon, Frame, SHORT_BYTES, Summary};
use crate::range::RangeSet;
use crate::replica::{Closed, Fork, Refusal, Root};

use super::peer::Entries;
use super::{Event, PEER_RANGES_MAX, Session};

/// How often a peer may say the same before nothing more is sent to it in this contact.
const REPEATS_MAX: u32 = 16;

impl<S: Store> Session<S> {
    pub(super) fn receive(&mut self, now: MissionTime, from: NodeId, bytes: &[u8]) -> Result<(), StoreError> {
        let hasher = self.replica.keys.hasher.clone();
        let decoded = Frame::decode(bytes, &mut self.compression, &*hasher);
        let frame = match decoded {
            Ok(frame) if frame.mission_tag() == self.replica.config.mission.tag() => frame,
            Ok(_) => {
                self.tell(Event::Refused { from, refusal: Refusal::Mission, count: 1 });
                return Ok(());
            }
            Err(error) => {
                self.tell(Event::Malformed { from, error });
                return Ok(());
            }
        };
        match frame {
            Frame::Beacon(beacon) => self.receive_beacon(now, from, &beacon),
            Frame::Summary(summary) => self.receive_summary(now, from, &summary),
            Frame::Batch(batch) => return self.receive_batch(now, from, bytes.len(), &batch),
            Frame::Evidence(evidence) => return self.receive_fork(from, evidence.fork),
            Frame::Sketch(sketch) => return self.receive_sketch(now, from, &sketch),
            Frame::Votes(votes) => return self.receive_votes(now, from, &votes),
            Frame::Piece(piece) => return self.receive_piece(now, from, &piece),
            Frame::Wanted(wanted) => self.receive_wanted(now, from, &wanted),
        }
        Ok(())
    }

    /// The root over what the peer's frame is over; nothing if the two do not mean the same topics.
    pub(super) fn root_for(&mut self, from: NodeId, tag: [u8; 4]) -> Option<Root> {
        let scope = {
            let peer = self.peer(from);
            let interest = peer.interest.clone();
            match interest {
                Some(theirs) => self.replica.config.interest.shared(&theirs),
                None => self.replica.config.interest.clone(),
            }
        };
        (self.scope_tag(&scope) == tag).then(|| self.replica.root(&scope))
    }

    fn receive_beacon(&mut self, now: MissionTime, from: NodeId, beacon: &Beacon) {
        let mine = self.root_for(from, beacon.scope);
        let peer = self.peer(from);
        peer.room_bytes = Some(u64::from(beacon.room_kib) << 10);
        if mine == Some(beacon.root) {
            self.settle(from, beacon.root);
            let peer = self.peer(from);
            peer.wants.beacon |= beacon.reply;
            return;
        }
        if let Some(mine) = mine {
            peer.hear(mine, beacon.root);
        }
        // It answers a flight: it holds what we held then.
        if let Some(at) = peer.flights.iter().position(|flight| flight.root == beacon.root) {
            let answered: Vec<Entries> = peer.flights.drain(..=at).map(|flight| flight.entries).collect();
            for (log, ranges) in answered.into_iter().flatten() {
                for &(start, end) in ranges.ranges() {
                    peer.learn(log, start, end);
                }
            }
            peer.probe = None;
            peer.stale = true;
            if !beacon.reply && !peer.held {
                return;
            }
        }
        peer.wants.summary = true;
        peer.arm(now, 0);
    }

    fn settle(&mut self, from: NodeId, root: Root) {
        let holdings: Vec<(LogId, Option<u64>, RangeSet)> = {
            let scope = self.peers.get(&from).map(|peer| self.scope(peer)).unwrap_or_default();
            let logs = self.replica.indices().filter(|(id, _)| scope.covers(id.topic));
            logs.map(|(id, log)| (*id, log.fork, log.have())).collect()
        };
        let peer = self.peer(from);
        let news = peer.settled != Some(root);
        peer.settled = Some(root);
        peer.known = true;
        peer.held = false;
        peer.flights.clear();
        peer.sending = None;
        peer.forced.clear();
        peer.probe = None;
        peer.acknowledge = None;
        peer.stale = true;
        if news {
            peer.unsaved = true;
            peer.theirs = holdings.iter().map(|(id, _, have)| (*id, have.clone())).collect();
            peer.their_forks = holdings.iter().filter_map(|(id, fork, _)| fork.map(|fork| (*id, fork))).collect();
            self.tell(Event::Settled { peer: from, root });
        }
    }

    fn receive_summary(&mut self, now: MissionTime, from: NodeId, summary: &Summary<'_>) {
        let short = self.by_short_name();
        let interest = self.replica.config.interest.shared(&summary.interest);
        let mut theirs = Entries::new();
        let mut forks = BTreeMap::new();
        let mut ranges_left = PEER_RANGES_MAX;
        let mut unknown = false;
        // Decoded once already: it does not fail here.
        let _ = summary.for_each(PEER_RANGES_MAX, |log| {
            let author = match <[u8; 32]>::try_from(log.author) {
                Ok(whole) => Some(NodeId::from_bytes(whole)),
                Err(_) => short.get(log.author).copied().flatten(),
            };
            let known = author.map(|author| LogId { author, epoch: log.epoch, topic: log.topic });
            let Some(id) = known.filter(|id| interest.covers(id.topic) && self.replica.index_of(id).is_some()) else {
                // A log of which nothing is here, so that nothing of it needs to be remembered.
                unknown = true;
                return;
            };
            let count = log.have.ranges().len();
            if count <= ranges_left {
                ranges_left -= count;
                theirs.insert(id, log.have);
                if let Some(fork) = log.fork {
                    forks.insert(id, fork);
                }
            }
        });
        let peer = self.peer(from);
        peer.interest = Some(summary.interest.clone());
        peer.room_bytes = Some(u64::from(summary.room_kib) << 10);
        let mine = self.root_for(from, summary.scope);
        if mine == Some(summary.root) {
            self.settle(from, summary.root);
            self.peer(from).wants.beacon |= summary.reply;
            return;
        }
        let number = self.replica.closed().map_or(0, Closed::number);
        let more_there = unknown
            || summary.number > number
            || theirs.iter().any(|(id, have)| {
                self.replica.index_of(id).is_none_or(|log| {
                    let mut more = have.minus(&log.have());
                    if let Some(fork) = log.fork {
                        more.truncate(fork);
                    }
                    !more.is_empty()
                })
            })
            || forks
                .iter()
                .any(|(id, fork)| self.replica.index_of(id).is_none_or(|log| log.fork.is_none_or(|mine| mine > *fork)));
        let scope = self.replica.config.interest.shared(&summary.interest);
        let mine_now = self.replica.root(&scope);
        let peer = self.peer(from);
        peer.hear(mine_now, summary.root);
        peer.theirs = theirs;
        peer.their_forks = forks;
        peer.known = true;
        peer.unsaved = true;
        // A peer that does not take what it lacks is not sent it for ever.
        peer.held = peer.repeats > REPEATS_MAX;
        peer.explicit = summary.hashes;
        peer.settled = None;
        peer.drop_answered(now);
        if summary.hashes {
            peer.flights.clear();
        }
        peer.stale = true;
        peer.cut_told = false;
        if summary.reply || more_there && peer.told != Some(mine_now) {
            peer.wants.summary = true;
        }
        if more_there {
            peer.arm(now, 0);
        } else {
            peer.probe = None;
        }
        // Something is still on its way: look again when its answer is due.
        if !peer.flights.is_empty() {
            peer.arm(now, 0);
        }
        if self.replica.incoming().is_some() && self.peer(from).wants.summary {
            self.peer(from).wants.pieces = true;
        }
        if summary.number < number {
            self.offer_snapshot(now, from);
        }
        let same_scope = mine.is_some() && summary.number == number;
        if same_scope && !more_there {
            self.sketch_if_nothing_else_helps(from, summary.root);
        }
    }

    /// The authors known here by the beginning of their keys; nothing for a beginning that two share.
    fn by_short_name(&self) -> BTreeMap<[u8; SHORT_BYTES], Option<NodeId>> {
        let mut names = BTreeMap::new();
        for id in self.replica.logs() {
            let mut short = [0; SHORT_BYTES];
            short.copy_from_slice(&id.author.as_bytes()[..SHORT_BYTES]);
            names
                .entry(short)
                .and_modify(|known| {
                    if *known != Some(id.author) {
                        *known = None;
                    }
                })
                .or_insert(Some(id.author));
        }
        names
    }

    fn receive_fork(&mut self, from: NodeId, fork: Fork) -> Result<(), StoreError> {
        let (at, place) = (fork.at(), self.replica.fork_place(&fork));
        let taken = self.replica.take_fork(fork)?;
        // What nobody signed, or of strangers, is not worth remembering.
        if self.replica.fork(&at.log).is_some() {
            let known = self.peer(from).their_forks.entry(at.log).or_insert(place);
            *known = (*known).min(place);
        }
        if taken {
            self.replica.sync()?;
            self.changed();
            self.tell(Event::Fork { at, from });
            // Roots differ now by what the peer knows already: say where we stand.
            self.peer(from).wants.beacon = true;
        }
        Ok(())
    }
}
