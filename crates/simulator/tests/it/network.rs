use cosmosmesh_simulator::link::{Channel, Delivery, Happening, LinkQuality, Network, PAYLOAD_BYTES_MAX, Windows};
use cosmosmesh_simulator::report::Span;

const NAMES: [&str; 4] = ["base", "rover", "relay", "drone"];

struct Wire {
    ends: (usize, usize),
    quality: LinkQuality,
    contacts: Windows,
    outages: Windows,
}

fn wire(a: usize, b: usize) -> Wire {
    let quality = LinkQuality { delay_ms: 5, rate_bps: 1_000_000.0, loss: 0.0 };
    Wire { ends: (a, b), quality, contacts: Windows::always(), outages: Windows::default() }
}

fn network(seed: u64, wires: &[Wire]) -> Network {
    let channel = |w: &Wire, from: usize, to: usize| {
        let ends = ((from, NAMES[from]), (to, NAMES[to]));
        Channel::new(seed, ends.0, ends.1, w.quality, w.contacts.clone(), w.outages.clone())
    };
    let channels = wires.iter().flat_map(|w| [channel(w, w.ends.0, w.ends.1), channel(w, w.ends.1, w.ends.0)]);
    Network::new(NAMES.iter().map(|name| (*name).to_owned()).collect(), channels.collect())
}

fn spans(list: &[(i64, i64)]) -> Windows {
    Windows::of(list.iter().map(|&(start_ms, end_ms)| Span { start_ms, end_ms }))
}

fn message(size: usize) -> Vec<u8> {
    (0..size).map(|k| (k * 7 % 256) as u8).collect()
}

/// Sends one message and says when it arrived.
fn arrival(network: &mut Network, from: usize, to: usize, bytes: &[u8]) -> Option<(i64, u32)> {
    network.send(from, to, bytes);
    let happening = network.advance()?;
    let Happening::Delivery(Delivery { from: f, to: t, bytes: received, hops }) = happening else {
        panic!("no timer was set");
    };
    assert_eq!((f, t, received == bytes), (from, to, true), "the message arrives at its destination unchanged");
    Some((network.now_ms(), hops))
}

#[test]
fn time_is_size_by_rate_plus_delay() {
    let mut net = network(1, &[wire(0, 1)]);
    // 10,000 bytes are ten packets with headers of 32 bytes: 10,320 bytes are 82.56 ms at 1 Mb/s, and 5 ms of way.
    assert_eq!(arrival(&mut net, 0, 1, &message(10_000)), Some((88, 1)));
    assert_eq!(net.retransmissions_total(), 0);
}

#[test]
fn small_packets_on_a_fast_link_are_not_rounded_up_one_by_one() {
    let mut fast = wire(0, 1);
    fast.quality.rate_bps = 100e6;
    // 1,000 packets of 1,056 bytes: 84.48 ms.
    assert_eq!(arrival(&mut network(1, &[fast]), 0, 1, &message(1000 * PAYLOAD_BYTES_MAX)), Some((90, 1)));
}

#[test]
fn messages_are_relayed_along_the_shortest_path() {
    let mut net = network(1, &[wire(0, 2), wire(2, 1), wire(1, 3)]);
    let (time_ms, hops) = arrival(&mut net, 0, 3, &message(100)).expect("a chain of three links");
    // 132 bytes are 1.056 ms a hop, rounded up to the millisecond at each, and 5 ms of way.
    assert_eq!((time_ms, hops), (21, 3));
    let mut with_short_cut = network(1, &[wire(0, 2), wire(2, 1), wire(1, 3), wire(0, 3)]);
    assert_eq!(arrival(&mut with_short_cut, 0, 3, &message(100)), Some((7, 1)));
}

#[test]
fn loss_costs_time_and_never_a_message() {
    let time = |loss: f64, seed: u64| {
        let mut lossy = wire(0, 1);
        lossy.quality.loss = loss;
        let mut net = network(seed, &[lossy]);
        let arrived = arrival(&mut net, 0, 1, &message(200_000)).expect("delivered in spite of loss");
        (arrived.0, net.retransmissions_total())
    };
    let clean = time(0.0, 1);
    for seed in 0..20 {
        let (time_ms, again) = time(0.3, seed);
        assert!(time_ms > clean.0 && again > 50, "seed {seed}: {time_ms} ms, {again} packets again");
    }
    assert_eq!(time(0.3, 4), time(0.3, 4), "one seed, one course");
    assert_ne!(time(0.3, 4), time(0.3, 5));
}

#[test]
fn a_message_waits_for_its_window_and_goes_on_in_the_next() {
    let mut passing = wire(0, 1);
    // The window closes in the middle of the fifth of ten packets.
    passing.contacts = spans(&[(1_000, 1_040), (9_000, 9_500)]);
    let mut net = network(1, &[passing]);
    let (time_ms, _) = arrival(&mut net, 0, 1, &message(10_000)).expect("two windows are enough");
    // Four packets of 8.448 ms fit the first window; six, one of them shorter, need the second: 48.768 ms and 5 of way.
    assert_eq!(time_ms, 9_000 + 54);
}

#[test]
fn nothing_gets_through_a_link_that_is_cut() {
    let mut cut = wire(0, 1);
    cut.outages = spans(&[(2_000, Windows::FOREVER_MS)]);
    let mut net = network(1, &[cut]);
    net.timer(3_000, 7);
    assert_eq!(net.advance(), Some(Happening::Timer(7)));
    assert_eq!(arrival(&mut net, 0, 1, &message(10)), None);
    net.timer(net.now_ms(), 8);
    assert_eq!(net.advance(), Some(Happening::Timer(8)));
    let outage = net.outage(0, 1).expect("the link is down");
    assert_eq!((outage.link.as_str(), outage.since_ms), ("base -> rover", 2_000));
}

#[test]
fn a_cut_link_is_gone_round_if_there_is_another_way() {
    let mut cut = wire(0, 1);
    // Down while the message is half sent.
    cut.outages = spans(&[(40, Windows::FOREVER_MS)]);
    let mut net = network(1, &[cut, wire(0, 2), wire(2, 1)]);
    let (_, hops) = arrival(&mut net, 0, 1, &message(10_000)).expect("by way of the relay");
    assert_eq!(hops, 2);
}
