use std::collections::BTreeSet;

use super::Channel;

/// The path on which a packet arrives first by the contact plan: the channels in order; empty if there is none.
///
/// Ties go to fewer hops, then to the channel listed first.
/// `avoid` names channels that are known not to work now.
/// # Source
/// Earliest arrival and hop count are the first two keys of CCSDS 734.3-B-1 (schedule-aware bundle routing).
pub(super) fn earliest(
    channels: &[Channel],
    node_count: usize,
    (from, to): (usize, usize),
    now_us: i64,
    bytes: usize,
    avoid: &dyn Fn(usize) -> bool,
) -> Vec<usize> {
    let mut label: Vec<(i64, u32)> = vec![(i64::MAX, u32::MAX); node_count];
    let mut through: Vec<Option<usize>> = vec![None; node_count];
    label[from] = (now_us, 0);
    let mut open = BTreeSet::from([(now_us, 0_u32, from)]);
    while let Some((time_us, hops, node)) = open.pop_first() {
        if node == to {
            break;
        }
        if (time_us, hops) > label[node] {
            continue;
        }
        for (k, channel) in channels.iter().enumerate().filter(|(k, channel)| channel.from == node && !avoid(*k)) {
            let Some((_, end_us)) = channel.planned_slot_us(time_us, bytes) else { continue };
            let arrival = (end_us + i64::from(channel.quality.delay_ms) * 1000, hops + 1);
            if arrival < label[channel.to] {
                label[channel.to] = arrival;
                through[channel.to] = Some(k);
                open.insert((arrival.0, arrival.1, channel.to));
            }
        }
    }
    let mut path = Vec::new();
    let mut node = to;
    while let Some(k) = through[node] {
        path.push(k);
        node = channels[k].from;
        if node == from {
            path.reverse();
            return path;
        }
    }
    Vec::new()
}

/// Whether a packet sent at the epoch would arrive by an instant, by the contact plan.
pub fn reachable(channels: &[Channel], node_count: usize, ends: (usize, usize), deadline_ms: i64) -> bool {
    let bytes = super::HEADER_BYTES;
    let path = earliest(channels, node_count, ends, 0, bytes, &|_| false);
    let arrival = path.iter().try_fold(0, |time_us, &k| {
        let (_, end_us) = channels[k].planned_slot_us(time_us, bytes)?;
        Some(end_us + i64::from(channels[k].quality.delay_ms) * 1000)
    });
    !path.is_empty() && arrival.is_some_and(|arrival_us| arrival_us <= deadline_ms.saturating_mul(1000))
}
