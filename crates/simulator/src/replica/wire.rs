use crate::link::{LinkQuality, Windows};
use crate::random::Stream;

/// One direction of a link as a replica sees it: a frame arrives in time, or not at all.
pub(super) struct Wire {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) name: String,
    pub(super) quality: LinkQuality,
    /// By everybody's plan.
    pub(super) contacts: Windows,
    /// What is left of it where the link is not down.
    pub(super) open: Windows,
    busy_until_ms: i64,
    random: Stream,
}

/// A frame longer than this travels as several packets, and is lost with any of them.
pub(super) const PACKET_BYTES: usize = 1_024;

impl Wire {
    pub(super) fn new(seed: u64, channel: &crate::link::Channel) -> Self {
        Self {
            from: channel.from,
            to: channel.to,
            name: channel.name.clone(),
            quality: channel.quality,
            contacts: channel.contacts.clone(),
            open: channel.contacts.without(&channel.outages),
            busy_until_ms: 0,
            random: Stream::new(seed, &format!("replica {}", channel.name)),
        }
    }

    /// When a frame sent now arrives; nothing if it is lost, or the link is not open from its first bit to its last.
    pub(super) fn send(&mut self, now_ms: i64, bytes: usize) -> Option<i64> {
        let start_ms = now_ms.max(self.busy_until_ms);
        let sending_ms = (bytes as f64 * 8e3 / self.quality.rate_bps).ceil() as i64;
        let end_ms = start_ms.saturating_add(sending_ms.max(1));
        self.busy_until_ms = end_ms;
        let packets = bytes.div_ceil(PACKET_BYTES).max(1) as i32;
        let lost = self.random.chance(1.0 - (1.0 - self.quality.loss).powi(packets));
        let open = self.open.at(start_ms).is_some_and(|span| end_ms <= span.end_ms);
        (open && !lost).then(|| end_ms.saturating_add(i64::from(self.quality.delay_ms)))
    }

    /// A contact begins: what an earlier one did not get out is gone.
    pub(super) fn begin(&mut self, now_ms: i64) {
        self.busy_until_ms = now_ms;
    }
}
