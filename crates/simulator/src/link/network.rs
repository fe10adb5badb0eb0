use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::packet::{ACKNOWLEDGEMENT_BYTES, Assembly, Packet};
use super::{Channel, Windows, route};
use crate::clock::Clock;
use crate::queue::EventQueue;

/// A message that has arrived whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it.
    pub from: usize,
    /// Who has it now.
    pub to: usize,
    /// What it says.
    pub bytes: Vec<u8>,
    /// Over how many links its last packet came.
    pub hops: u32,
}

/// Something the world outside the network has to act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A message arrived.
    Delivery(Delivery),
    /// A timer ran out.
    Timer(u64),
}

/// A link that is down although the contact plan says it is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    /// The channel, as `from -> to`.
    pub link: String,
    /// Since when.
    pub since_ms: i64,
}

/// All nodes and channels of a simulation, with the messages that are under way.
///
/// Each hop keeps a packet until the next one acknowledges it, so loss costs time and never a message.
pub struct Network {
    clock: Clock,
    names: Vec<String>,
    channels: Vec<Channel>,
    reverse: Vec<Option<usize>>,
    waiting: Vec<VecDeque<u64>>,
    busy_until_us: Vec<i64>,
    events: EventQueue<Event>,
    custody: BTreeMap<u64, Custody>,
    custody_next: u64,
    message_next: u64,
    stranded: Vec<u64>,
    seen: BTreeSet<(usize, u64)>,
    assemblies: BTreeMap<u64, Assembly>,
    complete: BTreeSet<u64>,
    retransmissions: BTreeMap<(usize, usize), u64>,
    routes: BTreeMap<(usize, usize), Option<usize>>,
}

struct Custody {
    packet: Rc<Packet>,
    node: usize,
    hops: u32,
    attempts: u32,
}

enum Event {
    Timer(u64),
    Open(usize),
    Close(usize),
    Arrive { channel: usize, custody: u64, packet: Rc<Packet>, hops: u32 },
    Acknowledged(u64),
    Retry(u64, u32),
}

impl Network {
    /// A network at rest, at time zero.
    pub fn new(names: Vec<String>, channels: Vec<Channel>) -> Self {
        let mut events = EventQueue::new();
        for (k, channel) in channels.iter().enumerate() {
            for span in channel.open.spans() {
                for (time_ms, event) in [(span.start_ms, Event::Open(k)), (span.end_ms, Event::Close(k))] {
                    if (0..Windows::FOREVER_MS).contains(&time_ms) {
                        events.push(time_ms, event);
                    }
                }
            }
        }
        let opposite = |c: &Channel| channels.iter().position(|r| (r.from, r.to) == (c.to, c.from));
        Self {
            clock: Clock::new(),
            reverse: channels.iter().map(opposite).collect(),
            waiting: channels.iter().map(|_| VecDeque::new()).collect(),
            busy_until_us: vec![0; channels.len()],
            names,
            channels,
            events,
            custody: BTreeMap::new(),
            custody_next: 0,
            message_next: 0,
            stranded: Vec::new(),
            seen: BTreeSet::new(),
            assemblies: BTreeMap::new(),
            complete: BTreeSet::new(),
            retransmissions: BTreeMap::new(),
            routes: BTreeMap::new(),
        }
    }

    /// The present instant.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// The nodes' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Packets sent again so far on behalf of messages from one node to another.
    pub fn retransmissions(&self, from: usize, to: usize) -> u64 {
        self.retransmissions.get(&(from, to)).copied().unwrap_or(0)
    }

    /// Packets sent again so far, all together.
    pub fn retransmissions_total(&self) -> u64 {
        self.retransmissions.values().sum()
    }

    /// Sends a message now.
    pub fn send(&mut self, from: usize, to: usize, bytes: &[u8]) {
        assert_ne!(from, to, "a message to oneself needs no network");
        let message = self.message_next;
        self.message_next += 1;
        for packet in Packet::cut(message, from, to, bytes) {
            self.take(packet, from, 0);
        }
    }

    /// Asks for [`Happening::Timer`] at an instant.
    pub fn timer(&mut self, time_ms: i64, token: u64) {
        self.events.push(time_ms, Event::Timer(token));
    }

    /// Moves time on to the next thing the outside has to act on; `None` once nothing can happen any more.
    pub fn advance(&mut self) -> Option<Happening> {
        while let Some((time_ms, event)) = self.events.pop() {
            self.clock.advance(time_ms);
            match event {
                Event::Timer(token) => return Some(Happening::Timer(token)),
                Event::Open(k) => {
                    self.routes.clear();
                    for custody in std::mem::take(&mut self.stranded) {
                        self.forward(custody);
                    }
                    self.pump(k);
                }
                Event::Close(k) => {
                    self.routes.clear();
                    for custody in std::mem::take(&mut self.waiting[k]) {
                        self.forward(custody);
                    }
                }
                Event::Arrive { channel, custody, packet, hops } => {
                    if let Some(delivery) = self.arrive(channel, custody, packet, hops) {
                        return Some(Happening::Delivery(delivery));
                    }
                }
                Event::Acknowledged(custody) => {
                    self.custody.remove(&custody);
                }
                Event::Retry(custody, attempt) => self.retry(custody, attempt),
            }
        }
        None
    }

    /// The outage that keeps messages from getting from one node to another now, if there is one on the planned path.
    pub fn outage(&self, from: usize, to: usize) -> Option<Outage> {
        let now_ms = self.now_ms();
        let path = route::earliest(&self.channels, self.names.len(), (from, to), now_ms * 1000, 1, &|_| false);
        path.into_iter().map(|k| &self.channels[k]).find_map(|channel| {
            let span = channel.outages.at(now_ms)?;
            Some(Outage { link: channel.name.clone(), since_ms: span.start_ms.max(0) })
        })
    }

    fn take(&mut self, packet: Rc<Packet>, node: usize, hops: u32) {
        let id = self.custody_next;
        self.custody_next += 1;
        self.custody.insert(id, Custody { packet, node, hops, attempts: 0 });
        self.forward(id);
    }

    /// Puts a packet into the queue of its next hop.
    fn forward(&mut self, id: u64) {
        let Some(custody) = self.custody.get(&id) else { return };
        let (node, to, bytes) = (custody.node, custody.packet.to, custody.packet.bytes_on_air());
        match self.next_hop(node, to, bytes) {
            Some(k) => {
                self.waiting[k].push_back(id);
                self.pump(k);
            }
            None => self.stranded.push(id),
        }
    }

    // The contact plan is everybody's knowledge; that a link is down in spite of it, only its own sender notices.
    fn next_hop(&mut self, node: usize, to: usize, bytes: usize) -> Option<usize> {
        if let Some(&known) = self.routes.get(&(node, to)) {
            return known;
        }
        let now_ms = self.now_ms();
        let silent = |k: usize| {
            let channel = &self.channels[k];
            channel.from == node && channel.contacts.at(now_ms).is_some() && channel.open.at(now_ms).is_none()
        };
        let path = |avoid: &dyn Fn(usize) -> bool| {
            let ends = (node, to);
            route::earliest(&self.channels, self.names.len(), ends, now_ms * 1000, bytes, avoid).first().copied()
        };
        let hop = path(&silent).or_else(|| path(&|_| false));
        self.routes.insert((node, to), hop);
        hop
    }

    /// Sends what waits, as far as the present window reaches.
    fn pump(&mut self, k: usize) {
        let now_us = self.now_ms() * 1000;
        while let Some(&id) = self.waiting[k].front() {
            let Some(custody) = self.custody.get(&id) else {
                self.waiting[k].pop_front();
                continue;
            };
            let channel = &mut self.channels[k];
            let start_us = now_us.max(self.busy_until_us[k]);
            let end_us = start_us + channel.serialisation_us(custody.packet.bytes_on_air());
            let window = channel.open.at(start_us.div_euclid(1000));
            if window.is_none_or(|span| end_us > span.end_ms * 1000) {
                break;
            }
            self.waiting[k].pop_front();
            self.busy_until_us[k] = end_us;
            if !channel.random.chance(channel.quality.loss) {
                let arrival_us = end_us + i64::from(channel.quality.delay_ms) * 1000;
                let (packet, hops) = (custody.packet.clone(), custody.hops + 1);
                self.events.push(ceil_ms(arrival_us), Event::Arrive { channel: k, custody: id, packet, hops });
            }
            self.events.push(ceil_ms(end_us + channel.timeout_us()), Event::Retry(id, custody.attempts));
        }
    }

    fn arrive(&mut self, k: usize, custody: u64, packet: Rc<Packet>, hops: u32) -> Option<Delivery> {
        let node = self.channels[k].to;
        self.acknowledge(k, custody);
        // The same transfer twice; a packet that comes round again by another path is not a repetition.
        if !self.seen.insert((node, custody)) {
            return None;
        }
        if node != packet.to {
            self.take(packet, node, hops);
            return None;
        }
        if self.complete.contains(&packet.message) {
            return None;
        }
        let (message, from, to) = (packet.message, packet.from, packet.to);
        let assembly = self.assemblies.entry(message).or_insert_with(|| Assembly::of(&packet));
        let bytes = assembly.accept(packet)?;
        self.assemblies.remove(&message);
        self.complete.insert(message);
        Some(Delivery { from, to, bytes, hops })
    }

    // An acknowledgement goes back ahead of the queue; it takes its time and is lost like any packet.
    fn acknowledge(&mut self, k: usize, custody: u64) {
        let now_ms = self.now_ms();
        let Some(back) = self.reverse[k].map(|r| &mut self.channels[r]) else { return };
        if back.open.at(now_ms).is_none() || back.random.chance(back.quality.loss) {
            return;
        }
        let delay_us = i64::from(back.quality.delay_ms) * 1000 + back.serialisation_us(ACKNOWLEDGEMENT_BYTES);
        self.events.push(ceil_ms(now_ms * 1000 + delay_us), Event::Acknowledged(custody));
    }

    fn retry(&mut self, id: u64, attempt: u32) {
        let Some(custody) = self.custody.get_mut(&id) else { return };
        if custody.attempts != attempt {
            return;
        }
        custody.attempts += 1;
        let ends = (custody.packet.from, custody.packet.to);
        *self.retransmissions.entry(ends).or_default() += 1;
        self.forward(id);
    }
}

fn ceil_ms(time_us: i64) -> i64 {
    time_us.div_euclid(1000) + i64::from(time_us.rem_euclid(1000) != 0)
}
